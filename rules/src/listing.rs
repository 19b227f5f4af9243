//! What rules there are, and whether they recognise their own examples.

use crate::api::Api;
use crate::identifier::form::Strength;
use crate::{ModuleRule, ResourceSource, ResourceType, Rules};

/// A rule as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleInfo {
    /// Unique within its kind.
    pub id: String,
    /// `identifier`, `secret`, `resource`, `module` or `api`.
    pub kind: &'static str,
    /// The pack that it comes from.
    pub pack: String,
    /// The data class it gives; empty for kinds that give none.
    pub class: String,
    /// In a few words.
    pub title: String,
    /// Where shape, check and chance are from.
    pub source: String,
    /// Column names, each once, sorted; keywords of secrets; attributes of resource types; calls.
    pub names: Vec<String>,
    /// How many examples it shows.
    pub examples: usize,
    /// How many counter-examples it shows.
    pub counter_examples: usize,
}

/// A rule that does not do what its examples say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFailure {
    /// The rule's id.
    pub rule: String,
    /// Its pack.
    pub pack: String,
    /// The example as the pack has it.
    pub example: String,
    /// What should be, as a clause.
    pub expected: String,
    /// What is, as a clause.
    pub got: String,
}

impl Rules {
    /// Every identifier, secret, resource type, module of a registry and library call, in that order, each sorted by id.
    #[must_use]
    pub fn list(&self) -> Vec<RuleInfo> {
        let mut all = self.identifiers.list();
        all.extend(self.secrets.list());
        all.extend(self.resources.types().map(resource));
        all.extend(self.resources.modules().iter().map(module));
        all.extend(self.apis.list().zip(self.apis.rules()).map(|((_, pack, _), rule)| api(pack, rule)));
        all
    }

    /// Holds every identifier and secret against its own examples and counter-examples. Empty if all is well.
    /// Those of resource types and library calls need a parser; the crawlers' tests run them.
    #[must_use]
    pub fn test(&self) -> Vec<RuleFailure> {
        self.identifiers.test().into_iter().chain(self.secrets.test()).collect()
    }
}

impl crate::Identifiers {
    /// Every rule, sorted by id.
    #[must_use]
    pub fn list(&self) -> Vec<RuleInfo> {
        let info = |rule: &crate::identifier::Rule| {
            let mut names: Vec<String> = rule.spec.names.values().flatten().cloned().collect();
            names.sort();
            names.dedup();
            RuleInfo {
                id: rule.spec.id.clone(),
                kind: "identifier",
                pack: rule.pack.clone(),
                class: rule.spec.class.clone(),
                title: rule.spec.title.clone(),
                source: rule.spec.source.clone(),
                names,
                examples: rule.spec.examples.len(),
                counter_examples: rule.spec.counter_examples.len(),
            }
        };
        self.rules.iter().map(info).collect()
    }

    /// Cells of a rule must have its shape, pass its check or be in its word list; names must be decided
    /// for its class by name, or be among its names where the name is weak or several rules share it. Counter-examples must not.
    #[must_use]
    pub fn test(&self) -> Vec<RuleFailure> {
        let mut failures = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let mut expect = |example: &str, wanted: bool, got: bool, what: &str| {
                if wanted != got {
                    let clause = |truth: bool| format!("{what}: {}", if truth { "yes" } else { "no" });
                    failures.push(RuleFailure {
                        rule: rule.spec.id.clone(),
                        pack: rule.pack.clone(),
                        example: example.to_owned(),
                        expected: clause(wanted),
                        got: clause(got),
                    });
                }
            };
            for (samples, wanted) in [(&rule.spec.examples, true), (&rule.spec.counter_examples, false)] {
                for cell in &samples.cells {
                    expect(cell, wanted, self.recognises(at, cell), "the cell is recognised");
                }
                for name in &samples.names {
                    expect(name, wanted, self.names_it(at, name), "the name is recognised");
                }
            }
        }
        failures
    }

    fn recognises(&self, at: usize, cell: &str) -> bool {
        let Ok(number) = u16::try_from(at) else {
            return false;
        };
        let Some(rule) = self.rule(number) else {
            return false;
        };
        let cell = cell.trim();
        let mut listed = Vec::new();
        self.look_up(cell, &mut listed);
        let shaped = self.shapes.of(cell.as_bytes()).contains(&number) && rule.passes(cell.as_bytes());
        shaped || listed.contains(&number)
    }

    fn names_it(&self, at: usize, name: &str) -> bool {
        let Some(rule) = self.rules.get(at) else {
            return false;
        };
        if rule.spec.name_strength == Strength::Weak {
            return self.names.read(name).matches.iter().any(|hit| hit.rule == at);
        }
        let decision = self.decide(name, None, &[]);
        let decided =
            decision.tags.iter().any(|tag| tag.class == rule.class) || decision.technical.as_ref() == Some(&rule.class);
        // Several countries have a number of one name (`dni`); the cells say whose it is.
        let matches = self.names.read(name).matches;
        let shared = matches.first().is_some_and(|first| {
            matches.iter().any(|hit| hit.rule == at && hit.span == first.span && hit.strength == first.strength)
        });
        decided || shared
    }
}

impl crate::Secrets {
    /// Every rule, sorted by id.
    #[must_use]
    pub fn list(&self) -> Vec<RuleInfo> {
        let info = |rule: &crate::secret::Rule| RuleInfo {
            id: rule.spec.id.clone(),
            kind: "secret",
            pack: rule.pack.clone(),
            class: rule.class.as_str().to_owned(),
            title: rule.spec.title.clone(),
            source: rule.spec.source.clone(),
            names: rule.spec.keywords.clone(),
            examples: rule.spec.examples.len(),
            counter_examples: rule.spec.counter_examples.len(),
        };
        self.rules.iter().map(info).collect()
    }

    /// An example must hold a secret of the rule that is no placeholder, a counter-example must not.
    #[must_use]
    pub fn test(&self) -> Vec<RuleFailure> {
        let mut failures = Vec::new();
        for rule in &self.rules {
            for (samples, wanted) in [(&rule.spec.examples, true), (&rule.spec.counter_examples, false)] {
                for example in samples {
                    let hits = self.scan(example);
                    let found = hits.iter().find(|hit| hit.rule == rule.spec.id && !hit.placeholder);
                    if found.is_some() == wanted {
                        continue;
                    }
                    let got = hits
                        .iter()
                        .map(|hit| format!("{}{}", hit.rule, if hit.placeholder { " (placeholder)" } else { "" }));
                    let got: Vec<String> = got.collect();
                    failures.push(RuleFailure {
                        rule: rule.spec.id.clone(),
                        pack: rule.pack.clone(),
                        example: example.clone(),
                        expected: if wanted { "a secret of this rule" } else { "no secret of this rule" }.to_owned(),
                        got: if got.is_empty() { "nothing".to_owned() } else { got.join(", ") },
                    });
                }
            }
        }
        failures
    }
}

fn resource(rule: &ResourceType) -> RuleInfo {
    RuleInfo {
        id: rule.id.clone(),
        kind: "resource",
        pack: match rule.source {
            ResourceSource::Terraform => "terraform".to_owned(),
            ResourceSource::Arm => "arm".to_owned(),
            ResourceSource::Kubernetes => "kubernetes".to_owned(),
            ResourceSource::CloudFormation => "cloudformation".to_owned(),
            ResourceSource::Compose => "compose".to_owned(),
            ResourceSource::Dockerfile => "dockerfile".to_owned(),
        },
        class: String::new(),
        title: rule.asset.map_or_else(|| "grants only".to_owned(), |asset| format!("becomes a {asset}")),
        source: rule.docs.clone(),
        names: rule.attributes.keys().cloned().collect(),
        examples: rule.examples.len(),
        counter_examples: rule.counter_examples.len(),
    }
}

fn module(rule: &ModuleRule) -> RuleInfo {
    let versions = if rule.versions.is_empty() { "all versions" } else { &rule.versions };
    RuleInfo {
        id: rule.source.clone(),
        kind: "module",
        pack: "terraform".to_owned(),
        class: String::new(),
        title: format!("told by what it makes, {versions}"),
        source: rule.docs.clone(),
        names: Vec::new(),
        examples: rule.examples.len(),
        counter_examples: 0,
    }
}

fn api(pack: &str, rule: &Api) -> RuleInfo {
    RuleInfo {
        id: rule.id.clone(),
        kind: "api",
        pack: pack.to_owned(),
        class: String::new(),
        title: rule.title.clone(),
        source: rule.source.clone(),
        names: rule.call.iter().chain(&rule.methods).cloned().collect(),
        examples: rule.examples.len(),
        counter_examples: rule.counter_examples.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(kind: &str) -> Vec<String> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(kind);
        let names =
            std::fs::read_dir(folder).unwrap().map(|entry| format!("{kind}/{}", entry.unwrap().file_name().display()));
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn every_pack_in_the_folders_is_embedded() {
        let rules = Rules::load(&[]).unwrap();
        for kind in ["identifiers", "secrets"] {
            let embedded: Vec<String> =
                rules.packs.iter().map(|pack| pack.name.clone()).filter(|name| name.starts_with(kind)).collect();
            assert_eq!(embedded, folder(kind));
        }
    }

    #[test]
    fn every_rule_recognises_its_examples_and_no_counter_example() {
        let failures = Rules::load(&[]).unwrap().test();
        let lines: Vec<String> = failures
            .iter()
            .map(|f| format!("{} ({}): `{}` expected {}, got {}", f.rule, f.pack, f.example, f.expected, f.got))
            .collect();
        assert!(lines.is_empty(), "{} examples fail:\n{}", lines.len(), lines.join("\n"));
    }

    #[test]
    fn every_rule_cites_its_source() {
        for info in Rules::load(&[]).unwrap().list() {
            assert!(!info.source.is_empty(), "{} {}", info.kind, info.id);
        }
    }
}
