//! Rules of `secrets/*.yaml`: credentials in text.
//!
//! One pass of Aho-Corasick over the keywords of all rules picks the places; the rule's own pattern runs
//! there, over the line and at most [`WINDOW`] bytes on either side.

mod form;
mod packs;
mod placeholder;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aedile_model::Class;
use aho_corasick::AhoCorasick;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use crate::{PackError, PackInfo, PackSource};
use form::SecretRule;

pub use scan::SecretHit;

/// How far from a keyword its secret may lie, in bytes, so that lines of megabytes cost no more.
const WINDOW: usize = 4096;

/// The rules of `secrets/*.yaml`. Patterns are compiled when their keyword is first met.
#[derive(Debug, Default)]
pub struct Secrets {
    /// Sorted by id.
    pub(crate) rules: Vec<Rule>,
    /// Keywords in lower case with the rules that have them, sorted.
    keywords: Vec<(String, Vec<usize>)>,
    finder: OnceLock<Option<AhoCorasick>>,
}

/// A rule with its compiled pattern.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) spec: SecretRule,
    pub(crate) pack: String,
    pub(crate) class: Class,
    check: Option<fn(&[u8]) -> bool>,
    /// Whether a match may go over several lines.
    over_lines: bool,
    regex: OnceLock<Option<Regex>>,
}

impl Secrets {
    pub(crate) fn load(user: &[PackSource], packs: &mut Vec<PackInfo>) -> Result<Secrets, PackError> {
        let mut sources: Vec<PackSource> = packs::PACKS.iter().map(PackSource::embedded).collect();
        for source in user {
            if source.is("secrets")? {
                sources.push(source.clone());
            }
        }
        Secrets::of(&sources, packs)
    }

    /// The rules of `sources`, where a later rule replaces an earlier one of the same id.
    pub(crate) fn of(sources: &[PackSource], packs: &mut Vec<PackInfo>) -> Result<Secrets, PackError> {
        let mut by_id: BTreeMap<String, Rule> = BTreeMap::new();
        for source in sources {
            read(source, &mut by_id, packs)?;
        }
        let rules: Vec<Rule> = by_id.into_values().collect();
        let mut keywords: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, rule) in rules.iter().enumerate() {
            for keyword in &rule.spec.keywords {
                let rules = keywords.entry(keyword.to_ascii_lowercase()).or_default();
                if rules.last() != Some(&at) {
                    rules.push(at);
                }
            }
        }
        Ok(Secrets { rules, keywords: keywords.into_iter().collect(), finder: OnceLock::new() })
    }

    fn finder(&self) -> Option<&AhoCorasick> {
        let build = || {
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .kind(Some(aho_corasick::AhoCorasickKind::DFA))
                .build(self.keywords.iter().map(|(keyword, _)| keyword))
                .ok()
        };
        self.finder.get_or_init(build).as_ref()
    }
}

impl Rule {
    fn regex(&self) -> Option<&Regex> {
        let build = || {
            Regex::builder()
                .syntax(bytes().case_insensitive(self.spec.ignore_case))
                .configure(Regex::config().utf8_empty(false))
                .build(&self.spec.pattern)
                .ok()
        };
        self.regex.get_or_init(build).as_ref()
    }
}

fn bytes() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

/// The error of a pattern that is none, or matches the empty text. Cheap: nothing is compiled.
fn parse(pattern: &str) -> Result<(), String> {
    let hir = syntax::parse_with(pattern, &bytes()).map_err(|error| error.to_string())?;
    match hir.properties().minimum_len() {
        Some(0) => Err("it matches the empty text".into()),
        _ => Ok(()),
    }
}

fn read(source: &PackSource, by_id: &mut BTreeMap<String, Rule>, packs: &mut Vec<PackInfo>) -> Result<(), PackError> {
    let pack: form::Pack = source.parse()?;
    packs.push(source.info(pack.secrets.len()));
    let mut here = std::collections::BTreeSet::new();
    for spec in pack.secrets {
        spec.check(source)?;
        if !here.insert(spec.id.clone()) {
            return Err(source.invalid(&spec.id, "the id stands twice in this pack", "give each rule its own id"));
        }
        let rule = Rule {
            class: Class::new(spec.class()),
            pack: source.name.clone(),
            check: spec.check.as_deref().and_then(crate::validate::lookup),
            over_lines: [r"\n", r"\s", "(?s", r"[^"].iter().any(|sign| spec.pattern.contains(sign))
                && spec.pattern.contains("-----"),
            regex: OnceLock::new(),
            spec,
        };
        by_id.insert(rule.spec.id.clone(), rule);
    }
    Ok(())
}
