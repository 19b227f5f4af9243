//! `aedile rules`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aedile_rules::{RuleInfo, Rules};
use miette::{IntoDiagnostic, Report, miette};
use serde_json::json;

use crate::cli::RulesCommand;
use crate::run::rule_packs;
use crate::terminal;

pub(super) fn run(command: &RulesCommand) -> Result<u8, Report> {
    match command {
        RulesCommand::Check { paths } => {
            let rules = load(paths)?;
            let count: usize = rules.packs.iter().map(|pack| pack.rules).sum();
            terminal::print(&format!("{count} rules in {} packs hold\n", rules.packs.len())).into_diagnostic()?;
            Ok(0)
        }
        RulesCommand::Test { paths } => {
            let rules = load(paths)?;
            let mut failures = rules.test();
            failures.extend(aedile_crawl::failing_examples(&rules));
            let mut text = String::new();
            for failure in &failures {
                let _ = writeln!(
                    text,
                    "{} ({}): `{}` should be {}, is {}",
                    failure.rule, failure.pack, failure.example, failure.expected, failure.got
                );
            }
            let examples: usize = rules.list().iter().map(|rule| rule.examples + rule.counter_examples).sum();
            let _ = writeln!(text, "{examples} examples and counter-examples, {} failed", failures.len());
            terminal::print(&text).into_diagnostic()?;
            Ok(u8::from(!failures.is_empty()))
        }
        RulesCommand::List { paths, format } => {
            let rules = load(paths)?.list();
            let text = match format.as_str() {
                "json" => {
                    serde_json::to_string_pretty(&rules.iter().map(entry).collect::<Vec<_>>()).into_diagnostic()? + "\n"
                }
                "markdown" => markdown(&rules),
                _ => rules
                    .iter()
                    .map(|rule| format!("{:<36} {:<12} {:<28} {}\n", rule.id, rule.kind, rule.class, rule.title))
                    .collect(),
            };
            terminal::print(&text).into_diagnostic()?;
            Ok(0)
        }
        RulesCommand::Explain { id, paths } => {
            let rules = load(paths)?.list();
            let rule = rules.iter().find(|rule| rule.id == *id).ok_or_else(|| {
                let near: Vec<&str> = rules
                    .iter()
                    .map(|rule| rule.id.as_str())
                    .filter(|known| known.contains(id.as_str()))
                    .take(5)
                    .collect();
                let help = if near.is_empty() {
                    "`aedile rules list` lists them".to_owned()
                } else {
                    format!("do you mean {}?", near.join(", "))
                };
                miette!(code = "aedile::rules::unknown", help = help, "there is no rule `{id}`")
            })?;
            terminal::print(&explained(rule)).into_diagnostic()?;
            Ok(0)
        }
    }
}

/// What is to be said of the rule `id`; `None` if there is none.
pub(super) fn told(id: &str, paths: &[PathBuf]) -> Result<Option<String>, Report> {
    Ok(load(paths)?.list().iter().find(|rule| rule.id == id).map(explained))
}

fn load(paths: &[PathBuf]) -> Result<Rules, Report> {
    Ok(Rules::load(&rule_packs(paths, Path::new(""))?)?)
}

fn entry(rule: &RuleInfo) -> serde_json::Value {
    json!({
        "id": rule.id,
        "kind": rule.kind,
        "pack": rule.pack,
        "class": rule.class,
        "title": rule.title,
        "source": rule.source,
        "names": rule.names,
        "examples": rule.examples,
        "counter_examples": rule.counter_examples,
    })
}

fn explained(rule: &RuleInfo) -> String {
    let mut text = format!("{}\n{}\n\nkind      {}\n", rule.id, rule.title, rule.kind);
    if !rule.class.is_empty() {
        let _ = writeln!(text, "class     {}", rule.class);
    }
    let _ = writeln!(text, "pack      {}\nsource    {}", rule.pack, rule.source);
    if !rule.names.is_empty() {
        let _ = writeln!(text, "names     {}", rule.names.join(", "));
    }
    let _ = writeln!(text, "tested by {} examples and {} counter-examples", rule.examples, rule.counter_examples);
    text
}

fn markdown(rules: &[RuleInfo]) -> String {
    let mut text = String::from("# Rules\n\nWritten by `aedile rules list --format markdown`.\n");
    let mut kinds: Vec<&str> = rules.iter().map(|rule| rule.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let of_kind: Vec<&RuleInfo> = rules.iter().filter(|rule| rule.kind == kind).collect();
        let _ =
            writeln!(text, "\n## {kind} ({})\n\n| rule | class | what | source |\n|---|---|---|---|", of_kind.len());
        for rule in of_kind {
            let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
            let _ =
                writeln!(text, "| `{}` | {} | {} | {} |", rule.id, rule.class, cell(&rule.title), cell(&rule.source));
        }
    }
    text
}
