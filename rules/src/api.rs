//! Rules of `apis/*.yaml`: what a library call does with data.
//!
//! A rule names calls in three forms. `pandas.read_csv` is a function by its qualified name;
//! `<frame>.to_csv` is a method on a value of that type (a type is what another rule `returns`, or
//! the qualified name of a constructor); `methods: [xcom_push]` is a method on a value of unknown type,
//! for names distinctive enough to stand alone. A last segment `*` stands for every name below it.

mod form;
mod packs;

use std::collections::BTreeMap;

#[cfg(test)]
pub(crate) use form::Pack;
#[cfg(test)]
pub(crate) use packs::PACKS;

pub use form::{Api, ApiCondition, ApiExample, Argument, ColumnPart, Effect, FrameOp, Setting, SettingOf, SinkRule};

use crate::{PackError, PackInfo, PackSource};

/// The compiled rules of `apis/*.yaml`.
#[derive(Debug, Default)]
pub struct Apis {
    rules: Vec<(Api, String)>,
    calls: BTreeMap<String, usize>,
    methods: BTreeMap<String, usize>,
}

impl Apis {
    pub(crate) fn load(user: &[PackSource], packs: &mut Vec<PackInfo>) -> Result<Apis, PackError> {
        let mut by_id: BTreeMap<String, (Api, String)> = BTreeMap::new();
        let ours: Vec<PackSource> = packs::PACKS.iter().map(PackSource::embedded).collect();
        for source in ours.iter().chain(user) {
            if !source.is("apis")? {
                continue;
            }
            let pack: form::Pack = source.parse()?;
            let mut here = std::collections::BTreeSet::new();
            packs.push(source.info(pack.rules.len()));
            for rule in pack.rules {
                form::check(&rule, source)?;
                if !here.insert(rule.id.clone()) {
                    return Err(source.invalid(
                        &rule.id,
                        "the id stands twice in this pack",
                        "give each rule its own id",
                    ));
                }
                by_id.insert(rule.id.clone(), (rule, source.name.clone()));
            }
        }
        Ok(Apis::index(by_id.into_values().collect()))
    }

    fn index(rules: Vec<(Api, String)>) -> Apis {
        let mut apis = Apis { rules, ..Apis::default() };
        for (at, (rule, _)) in apis.rules.iter().enumerate() {
            for call in &rule.call {
                apis.calls.entry(call.clone()).or_insert(at);
            }
            for method in &rule.methods {
                apis.methods.entry(method.clone()).or_insert(at);
            }
        }
        apis
    }

    /// The rule for the function of that qualified name (`pandas.read_csv`), or for the method of a
    /// typed value (`<frame>.to_csv`). The longest pattern wins.
    #[must_use]
    pub fn lookup(&self, call: &str) -> Option<&Api> {
        self.find(call).or_else(|| {
            let typed = call.strip_prefix('<').and_then(|rest| rest.split_once(">."));
            let (name, method) = match typed {
                Some((name, method)) => (name, Some(method)),
                None => (call, None),
            };
            let mut prefix = name;
            while let Some((shorter, _)) = prefix.rsplit_once('.') {
                let pattern = match method {
                    Some(method) => format!("<{shorter}.*>.{method}"),
                    None => format!("{shorter}.*"),
                };
                if let Some(rule) = self.find(&pattern) {
                    return Some(rule);
                }
                prefix = shorter;
            }
            None
        })
    }

    fn find(&self, call: &str) -> Option<&Api> {
        self.calls.get(call).and_then(|&at| self.rules.get(at)).map(|(rule, _)| rule)
    }

    /// The rule for the method of that name on a value whose type is not known.
    #[must_use]
    pub fn lookup_method(&self, method: &str) -> Option<&Api> {
        self.methods.get(method).and_then(|&at| self.rules.get(at)).map(|(rule, _)| rule)
    }

    /// Every rule as (id, pack, title), sorted by id.
    pub fn list(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.rules.iter().map(|(rule, pack)| (rule.id.as_str(), pack.as_str(), rule.title.as_str()))
    }

    /// Every rule, sorted by id.
    pub fn rules(&self) -> impl Iterator<Item = &Api> {
        self.rules.iter().map(|(rule, _)| rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Apis {
        Apis::load(&[], &mut Vec::new()).unwrap()
    }

    #[test]
    fn every_pack_in_the_folder_is_embedded() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("apis");
        let mut on_disk: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| format!("apis/{}", entry.unwrap().file_name().display()))
            .collect();
        on_disk.sort();
        let embedded: Vec<&str> = packs::PACKS.iter().map(|(name, _)| *name).collect();
        assert_eq!(embedded, on_disk);
    }

    #[test]
    fn at_least_a_hundred_calls_are_known_and_none_is_claimed_twice() {
        let apis = ours();
        let named: usize = apis.rules().map(|rule| rule.call.len() + rule.methods.len()).sum();
        assert_eq!(named, apis.calls.len() + apis.methods.len(), "a call is claimed by two rules");
        assert!(named >= 100, "{named} calls");
    }

    #[test]
    fn a_rule_without_counter_example_does_not_load() {
        let text = "pack: apis\nrules:\n  - id: a\n    title: t\n    call: [m.f]\n    effect: log\n    source: https://example.org\n    examples:\n      - code: m.f(1)\n";
        let error =
            Apis::load(&[PackSource { name: "u.yaml".into(), text: text.into() }], &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("counter-example"), "{error}");
    }

    #[test]
    fn a_rule_of_the_user_replaces_ours() {
        let text = "pack: apis\nrules:\n  - id: builtin-print\n    title: theirs\n    call: [builtins.print]\n    effect: log\n    source: https://example.org\n    examples:\n      - code: print(1)\n    counter_examples:\n      - code: x = 1\n";
        let apis = Apis::load(&[PackSource { name: "u.yaml".into(), text: text.into() }], &mut Vec::new()).unwrap();
        assert_eq!(apis.lookup("builtins.print").unwrap().title, "theirs");
    }

    #[test]
    fn the_longest_pattern_wins() {
        let apis = ours();
        assert_eq!(apis.lookup("pandas.read_csv").unwrap().id, "pandas-read-file");
        assert!(apis.lookup("pandas.no_such_function").is_none());
    }
}
