use std::collections::BTreeMap;
use std::str::FromStr;

use aedile_model::Severity;
use cedar_policy::{ActionConstraint, Effect, PolicyId};
use miette::SourceSpan;
use serde_json::Value;

use crate::control::{Control, PolicyInfo};
use crate::nearest::advice;
use crate::parse::Statement;
use crate::taxonomy::Taxonomy;
use crate::words::PLACEHOLDERS;
use crate::{PolicyError, PolicySource};

/// The annotations that a policy may carry, beside `severity_<word>`.
const KEYS: &[&str] = &["aliases", "cites", "id", "remedy", "severity", "since", "title"];
/// The annotations that a guardrail must carry.
const REQUIRED: &[&str] = &["id", "remedy", "severity", "title"];

/// Which convention a file of policies follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    /// Forbids over a blanket permit.
    Guardrails {
        /// Whether they come with the program.
        built_in: bool,
    },
    /// What the organisation intends to allow.
    Intended,
}

/// Reads annotations by our conventions, which Cedar does not check.
pub(crate) struct Lint<'a> {
    pub(crate) taxonomy: &'a Taxonomy,
    pub(crate) removed: &'a BTreeMap<String, String>,
    pub(crate) source: &'a PolicySource,
    pub(crate) set: Set,
}

impl Lint<'_> {
    /// The control that `statement` states.
    ///
    /// # Errors
    /// Every broken convention of it.
    pub(crate) fn control(&self, statement: &Statement) -> Result<Control, Vec<PolicyError>> {
        let mut faults = Vec::new();
        self.check_keys(statement, &mut faults);
        let json = statement.policy.to_json();
        self.check_form(statement, json.as_ref().ok(), &mut faults);
        let id = self.id(statement, &mut faults);
        for key in statement.keys().into_iter().filter(|key| *key == "severity" || key.starts_with("severity_")) {
            self.check_severity(key, statement, &mut faults);
        }
        let text = |key: &str| statement.annotation(key).unwrap_or_default().trim().to_owned();
        if !text("since").is_empty() && !is_version(&text("since")) {
            let what = format!("`{}` is not a version", text("since"));
            faults.push(self.fault(what, "write it as 0.1.0", statement.annotation_span("since")));
        }
        for key in ["title", "remedy"] {
            self.check_placeholders(key, &text(key), statement, &mut faults);
        }
        let built_in = self.set == Set::Guardrails { built_in: true };
        let info = PolicyInfo::of(&statement.written, self.source.theme(), built_in);
        let control = json
            .map_err(|error| error.to_string())
            .and_then(|json| Control::new(info, statement.policy.new_id(PolicyId::new(&id)), json));
        match control {
            Ok(control) if faults.is_empty() => Ok(control),
            Ok(_) => Err(faults),
            Err(reason) => {
                faults.push(self.fault(reason, "simplify the policy", statement.whole()));
                Err(faults)
            }
        }
    }

    fn fault(&self, what: impl Into<String>, advice: impl Into<String>, at: SourceSpan) -> PolicyError {
        PolicyError::Lint { what: what.into(), advice: advice.into(), source_code: self.source.code(), at }
    }

    fn check_keys(&self, statement: &Statement, faults: &mut Vec<PolicyError>) {
        let required: &[&str] = if self.set == Set::Intended { &["id"] } else { REQUIRED };
        for key in required {
            if statement.annotation(key).is_none_or(|text| text.trim().is_empty()) {
                let what = format!("a policy has no @{key}");
                faults.push(self.fault(what, format!("add @{key}(\"…\") above it"), statement.annotation_span("id(")));
            }
        }
        let mut known: Vec<String> = KEYS.iter().map(|key| (*key).to_owned()).collect();
        known.extend(self.taxonomy.severity_words().map(|word| format!("severity_{word}")));
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        for key in statement.keys() {
            if !known.contains(&key) {
                let at = statement.annotation_span(key);
                faults.push(self.fault(format!("no annotation is called @{key}"), advice(key, &known), at));
            }
        }
    }

    fn check_form(&self, statement: &Statement, json: Option<&Value>, faults: &mut Vec<PolicyError>) {
        if self.set == Set::Intended {
            return;
        }
        if statement.policy.effect() == Effect::Permit {
            let advice = "write what must not be as `forbid`; permits belong to the intended access";
            faults.push(self.fault("a guardrail permits", advice, statement.whole()));
        }
        if statement.policy.action_constraint() == ActionConstraint::Any {
            let advice = "name the action: action == Aedile::Action::\"operate\"";
            faults.push(self.fault("a guardrail speaks of every action", advice, statement.whole()));
        }
        let conditions = json.and_then(|json| json.get("conditions")).and_then(Value::as_array);
        let clauses = conditions.map_or(0, |clauses| {
            clauses.iter().filter(|clause| clause.get("kind").is_some_and(|kind| kind == "unless")).count()
        });
        if clauses > 1 {
            let advice = "`when` says to whom it applies, one `unless` says what is required: join them by `||`";
            faults.push(self.fault("a guardrail has several `unless`", advice, statement.whole()));
        }
    }

    fn id(&self, statement: &Statement, faults: &mut Vec<PolicyError>) -> String {
        let id = statement.annotation("id").unwrap_or_default().to_owned();
        let kebab = id.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        let at = statement.annotation_span("id");
        if !id.is_empty() && (!kebab || !id.starts_with(|first: char| first.is_ascii_lowercase())) {
            let advice = "use words of a–z and 0–9 joined by `-`, saying what should hold";
            faults.push(self.fault(format!("`{id}` is not an id"), advice, at));
        }
        if let Some(why) = self.removed.get(&id) {
            let what = format!("`{id}` was the id of a policy that was removed: {why}");
            faults.push(self.fault(what, "an id is never used again: choose another", at));
        }
        id
    }

    fn check_severity(&self, key: &str, statement: &Statement, faults: &mut Vec<PolicyError>) {
        let word = statement.annotation(key).unwrap_or_default();
        if Severity::from_str(word).is_err() {
            let known = Severity::ALL.map(Severity::as_str);
            let at = statement.annotation_span(key);
            faults.push(self.fault(format!("`{word}` is not a severity"), advice(word, &known), at));
        }
    }

    fn check_placeholders(&self, key: &str, text: &str, statement: &Statement, faults: &mut Vec<PolicyError>) {
        for part in text.split('{').skip(1) {
            let word = part.split('}').next().unwrap_or_default();
            if !PLACEHOLDERS.contains(&word) {
                let at = statement.annotation_span(key);
                faults.push(self.fault(format!("`{{{word}}}` stands for nothing"), advice(word, PLACEHOLDERS), at));
            }
        }
    }
}

/// Whether `text` is three numbers with points between them.
fn is_version(text: &str) -> bool {
    let numbers: Vec<&str> = text.split('.').collect();
    numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok())
}
