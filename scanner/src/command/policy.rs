//! `aedile policy`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use std::sync::Arc;

use aedile_policies::{Policies, PolicyError, PolicyInfo, PolicySource};
use miette::{IntoDiagnostic, Report, miette};
use serde_json::json;

use crate::cli::PolicyCommand;
use crate::report::Detail;
use crate::run::{Judges, is_cases, judges, policy_packs, texts};
use crate::terminal;

pub(super) fn run(command: &PolicyCommand, detail: Detail) -> Result<u8, Report> {
    let here = Path::new("");
    match command {
        PolicyCommand::Check { paths } => {
            let Judges { policies, frameworks, .. } = load(paths, here)?;
            refuse_untested(&policies, paths, here)?;
            terminal::print(&format!(
                "{} policies and {} frameworks hold\n",
                policies.info().len(),
                frameworks.iter().count()
            ))
            .into_diagnostic()?;
            Ok(0)
        }
        PolicyCommand::Test { paths } => test(paths, here),
        PolicyCommand::List { paths, format } => {
            let policies = load(paths, here)?.policies;
            let text = match format.as_str() {
                "json" => {
                    serde_json::to_string_pretty(
                        &policies.info().iter().map(|policy| entry(policy)).collect::<Vec<_>>(),
                    )
                    .into_diagnostic()?
                        + "\n"
                }
                "markdown" => markdown(&policies.info()),
                _ => list(&policies.info()),
            };
            terminal::print(&text).into_diagnostic()?;
            Ok(0)
        }
        PolicyCommand::Prove(args) => super::prove::run(args, detail),
        PolicyCommand::Explain { id, paths } => {
            let policies = load(paths, here)?.policies;
            let known = policies.info();
            let policy = known.iter().find(|policy| policy.id == *id).ok_or_else(|| {
                let near: Vec<&str> =
                    known.iter().map(|policy| policy.id.as_str()).filter(|known| shares_a_word(known, id)).collect();
                let help = if near.is_empty() {
                    "`aedile policy list` lists them".to_owned()
                } else {
                    format!("do you mean {}?", near.join(", "))
                };
                miette!(code = "aedile::policy::unknown", help = help, "there is no policy `{id}`")
            })?;
            terminal::print(&explained(policy)).into_diagnostic()?;
            Ok(0)
        }
    }
}

/// What is to be said of the policy `id`, or of those that list it as another tool's id; `None` if there are none.
pub(super) fn told(id: &str, paths: &[PathBuf]) -> Result<Option<String>, Report> {
    let policies = load(paths, Path::new(""))?.policies;
    let known = policies.info();
    let named = known.iter().filter(|policy| policy.id == id || policy.aliases.iter().any(|alias| alias == id));
    let told: Vec<String> = named.map(|policy| explained(policy)).collect();
    Ok((!told.is_empty()).then(|| told.join("\n")))
}

fn load(paths: &[PathBuf], folder: &Path) -> Result<Judges, Report> {
    let (controls, frameworks) = policy_packs(paths, folder)?;
    Ok(judges(&controls, &[], &frameworks)?)
}

/// The user's cases under `paths`.
fn own_cases(paths: &[PathBuf], folder: &Path) -> Result<Vec<PolicySource>, Report> {
    let own = texts(paths, folder, &["yaml", "yml"])?.into_iter().filter(|(name, _)| is_cases(name));
    Ok(own.map(|(name, text)| PolicySource::new(name, text)).collect())
}

/// Refuses policies of the user whose cases do not show every verdict that they can give.
fn refuse_untested(policies: &Policies, paths: &[PathBuf], folder: &Path) -> Result<(), Report> {
    let (controls, _) = policy_packs(paths, folder)?;
    let mut untested = policies.cases(&own_cases(paths, folder)?)?.untested;
    untested.retain(|(policy, _)| policies.info().iter().any(|info| info.id == *policy && !info.built_in));
    let faults = untested.into_iter().filter_map(|(policy, missing)| {
        let annotation = format!("@id(\"{policy}\")");
        let (source, at) = controls.iter().find_map(|source| Some((source, source.text.find(&annotation)?)))?;
        Some(PolicyError::Lint {
            what: format!("`{policy}`: {missing}"),
            advice: "add the case to a file that ends in .cases.yaml beside the policy".to_owned(),
            source_code: source.code(),
            at: (at, annotation.len()).into(),
        })
    });
    let faults: Vec<PolicyError> = faults.collect();
    if faults.is_empty() { Ok(()) } else { Err(PolicyError::Several(faults).into()) }
}

fn test(paths: &[PathBuf], folder: &Path) -> Result<u8, Report> {
    let policies = load(paths, folder)?.policies;
    let mut cases = Policies::built_in_cases();
    cases.extend(own_cases(paths, folder)?);
    let report = policies.cases(&cases)?;
    let mut text = String::new();
    for failure in &report.failures {
        let _ = writeln!(text, "{}: {}: {}", failure.file, failure.case, failure.message);
    }
    for (policy, missing) in &report.untested {
        let _ = writeln!(text, "{policy}: {missing}");
    }
    let wrong = report.failures.len() + report.untested.len();
    let _ = writeln!(
        text,
        "{} expectations, {} failed, {} missing",
        report.checked,
        report.failures.len(),
        report.untested.len()
    );
    terminal::print(&text).into_diagnostic()?;
    Ok(u8::from(wrong > 0))
}

fn shares_a_word(known: &str, asked: &str) -> bool {
    asked.split('-').filter(|word| word.len() > 3).any(|word| known.contains(word))
}

fn entry(policy: &PolicyInfo) -> serde_json::Value {
    json!({
        "id": policy.id,
        "title": policy.summary(),
        "theme": policy.theme,
        "severity": policy.severity,
        "severities": policy.severities,
        "aliases": policy.aliases,
        "since": policy.since,
        "cites": policy.cites.iter().map(|citation| &citation.obligation).collect::<Vec<_>>(),
        "built_in": policy.built_in,
    })
}

fn list(policies: &[Arc<PolicyInfo>]) -> String {
    let mut text = String::new();
    for policy in policies {
        let _ = writeln!(
            text,
            "{:<44} {:<9} {:<18} {}",
            policy.id,
            policy.severity.as_str(),
            policy.theme,
            policy.summary()
        );
    }
    text
}

fn severities(policy: &PolicyInfo) -> String {
    let variants: Vec<String> =
        policy.severities.iter().map(|(held, severity)| format!("{severity} for {held}")).collect();
    if variants.is_empty() {
        policy.severity.to_string()
    } else {
        format!("{}; {}", policy.severity, variants.join(", "))
    }
}

fn explained(policy: &PolicyInfo) -> String {
    let mut text = format!("{}\n{}\n\n", policy.id, policy.summary());
    if !policy.rationale.is_empty() {
        let _ = writeln!(text, "{}\n", policy.rationale);
    }
    let _ =
        writeln!(text, "severity   {}\ntheme      {}\nremedy     {}", severities(policy), policy.theme, policy.remedy);
    if !policy.since.is_empty() {
        let _ = writeln!(text, "since      {}", policy.since);
    }
    if !policy.aliases.is_empty() {
        let _ = writeln!(text, "elsewhere  {}", policy.aliases.join(", "));
    }
    for citation in &policy.cites {
        let _ = writeln!(text, "evidence   {}  {}", citation.obligation, citation.title);
    }
    let _ = writeln!(text, "\n{}", policy.text.trim());
    text
}

fn markdown(policies: &[Arc<PolicyInfo>]) -> String {
    let mut text = String::from(
        "# Controls\n\nWritten by `aedile policy list --format markdown`. Severities after the semicolon are those for what the asset really holds.\n",
    );
    let mut themes: Vec<&str> = policies.iter().map(|policy| policy.theme.as_str()).collect();
    themes.sort_unstable();
    themes.dedup();
    for theme in themes {
        let _ = writeln!(text, "\n## {theme}");
        for policy in policies.iter().filter(|policy| policy.theme == theme) {
            let _ =
                writeln!(text, "\n### {}\n\n{}. {}\n", policy.id, capital(&policy.summary()), policy.rationale.trim());
            let _ = writeln!(text, "- severity: {}\n- remedy: {}", severities(policy), policy.remedy);
            if !policy.cites.is_empty() {
                let cites: Vec<&str> = policy.cites.iter().map(|citation| citation.obligation.as_str()).collect();
                let _ = writeln!(text, "- evidence for: {}", cites.join(", "));
            }
            if !policy.aliases.is_empty() {
                let _ = writeln!(text, "- elsewhere: {}", policy.aliases.join(", "));
            }
        }
    }
    text
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
