//! Rules of `secrets/*.yaml`: credentials in text.
//!
//! One pass of Aho-Corasick over the keywords of all rules ([`finder`]) picks the places; a look at the
//! bytes behind ([`guard`]) drops most of them; the rule's own pattern runs over what is left: the run, the
//! line or the block around the keyword, and no more than a match can touch ([`scan`]).

mod finder;
mod form;
mod guard;
mod packs;
mod pattern;
mod placeholder;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aedile_model::Class;
use regex_automata::meta::Regex;

#[cfg(test)]
pub(crate) use form::Pack;
#[cfg(test)]
pub(crate) use packs::PACKS;

use crate::{PackError, PackInfo, PackSource};
use finder::Finder;
use form::{PublicValue, SecretRule};
use pattern::Lengths;

pub use scan::SecretHit;

/// How far from a keyword its secret may lie, in bytes, so that lines of megabytes cost no more.
const WINDOW: usize = 4096;

/// The same for credentials of several lines.
const BLOCK: usize = 4 * WINDOW;

/// The rules of `secrets/*.yaml`. Patterns are compiled when their keyword is first met.
#[derive(Debug, Default)]
pub struct Secrets {
    /// Sorted by id.
    pub(crate) rules: Vec<Rule>,
    /// Keywords in lower case, sorted, with the rules that have them.
    keywords: Vec<(String, Vec<Asking>)>,
    finder: OnceLock<Option<Finder>>,
    /// Values that are made to be shown, by id.
    public: BTreeMap<String, Public>,
}

/// A form of values that are made to be shown.
#[derive(Debug)]
struct Public {
    spec: PublicValue,
    regex: OnceLock<Option<Regex>>,
}

impl Public {
    fn is(&self, value: &str) -> bool {
        let whole = || pattern::compile(&format!("^(?:{})$", self.spec.pattern), false);
        self.regex.get_or_init(whole).as_ref().is_some_and(|regex| regex.is_match(value.as_bytes()))
    }
}

/// A rule that asks to be tried at a keyword: its number, and the keyword as it writes it if its case counts.
type Asking = (usize, Option<String>);

/// A rule with its compiled pattern.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) spec: SecretRule,
    pub(crate) pack: String,
    pub(crate) class: Class,
    check: Option<fn(&[u8]) -> bool>,
    lengths: OnceLock<Lengths>,
    regex: OnceLock<Option<Regex>>,
    unless: OnceLock<Option<Regex>>,
    test_mode: OnceLock<Option<Regex>>,
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
        let mut public = BTreeMap::new();
        for source in sources {
            read(source, &mut by_id, &mut public, packs)?;
        }
        let rules: Vec<Rule> = by_id.into_values().collect();
        let mut keywords: BTreeMap<String, Vec<Asking>> = BTreeMap::new();
        for (at, rule) in rules.iter().enumerate() {
            for keyword in &rule.spec.keywords {
                let rules = keywords.entry(keyword.to_ascii_lowercase()).or_default();
                let exact = (!rule.spec.ignore_case).then(|| keyword.clone());
                if !rules.contains(&(at, exact.clone())) {
                    rules.push((at, exact));
                }
            }
        }
        Ok(Secrets { rules, keywords: keywords.into_iter().collect(), finder: OnceLock::new(), public })
    }

    fn finder(&self) -> Option<&Finder> {
        self.finder.get_or_init(|| Finder::of(self.keywords.iter().map(|(keyword, _)| keyword.as_str()))).as_ref()
    }
}

impl Rule {
    /// Of our patterns they are asked when the keyword is first met; that they parse is a test.
    fn lengths(&self) -> Lengths {
        let parse = || pattern::parse(&self.spec.pattern, self.spec.ignore_case);
        *self.lengths.get_or_init(|| parse().unwrap_or(Lengths { least: 1, most: None, secret: 1 }))
    }

    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| pattern::compile(&self.spec.pattern, self.spec.ignore_case)).as_ref()
    }

    fn unless(&self) -> Option<&Regex> {
        let build = || pattern::compile(self.spec.unless.as_deref()?, true);
        self.unless.get_or_init(build).as_ref()
    }

    fn test_mode(&self) -> Option<&Regex> {
        let build = || pattern::compile(self.spec.test_mode.as_deref()?, false);
        self.test_mode.get_or_init(build).as_ref()
    }
}

fn read(
    source: &PackSource,
    by_id: &mut BTreeMap<String, Rule>,
    public: &mut BTreeMap<String, Public>,
    packs: &mut Vec<PackInfo>,
) -> Result<(), PackError> {
    let pack: form::Pack = source.parse()?;
    packs.push(source.info(pack.secrets.len()));
    let mut here = std::collections::BTreeSet::new();
    let ours = source.is_ours();
    for spec in pack.secrets {
        if !ours {
            check(&spec, source)?;
        }
        if !here.insert(spec.id.clone()) {
            return Err(source.invalid(&spec.id, "the id stands twice in this pack", "give each rule its own id"));
        }
        let rule = Rule {
            class: Class::new(spec.class()),
            pack: source.name.clone(),
            check: spec.check.as_deref().and_then(crate::validate::lookup),
            lengths: OnceLock::new(),
            regex: OnceLock::new(),
            unless: OnceLock::new(),
            test_mode: OnceLock::new(),
            spec,
        };
        by_id.insert(rule.spec.id.clone(), rule);
    }
    for spec in pack.public {
        spec.check(source)?;
        public.insert(spec.id.clone(), Public { spec, regex: OnceLock::new() });
    }
    Ok(())
}

fn check(spec: &SecretRule, source: &PackSource) -> Result<(), PackError> {
    spec.check(source)?;
    pattern::parse(&spec.pattern, spec.ignore_case).map(drop).map_err(|error| {
        let reason = format!("its pattern does not parse: {error}");
        source.invalid(&spec.id, reason, "use a byte pattern; Unicode classes are off")
    })
}
