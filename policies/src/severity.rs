use aedile_model::Severity;

use crate::control::PolicyInfo;
use crate::question::Question;
use crate::taxonomy::Taxonomy;

/// How much is at stake in `question`, by the severities that the policy itself gives.
///
/// Among tests and examples `tests` decides; where nothing sensitive is held, `none`; else the most
/// severe word whose class is held; else the base. What counts as held is what a relation carries, or
/// what the asset holds.
pub(crate) fn severity(info: &PolicyInfo, question: &Question<'_>, taxonomy: &Taxonomy) -> Severity {
    let in_tests = question.principal.is_some_and(|asset| asset.in_tests) || question.resource.in_tests;
    if let Some(severity) = info.severities.get("tests").filter(|_| in_tests) {
        return *severity;
    }
    let held = if question.relation.is_some() { &question.context.held } else { &question.resource_facts.held };
    let holds = |group: &str| held.keys().any(|class| taxonomy.is_in(class, group));
    if let Some(severity) = info.severities.get("none").filter(|_| !holds("sensitive")) {
        return *severity;
    }
    let words = info.severities.iter().filter(|(word, _)| taxonomy.severity_class(word).is_some_and(holds));
    words.map(|(_, severity)| *severity).max().unwrap_or(info.severity)
}
