use std::collections::{BTreeMap, BTreeSet};

use aedile_model::Tag;
use serde::Deserialize;

use crate::{PolicyError, PolicySource};

mod extension;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    least_confidence: u8,
    negative: Vec<String>,
    groups: BTreeMap<String, Vec<String>>,
    classes: Vec<String>,
    #[serde(default)]
    fides: BTreeMap<String, String>,
    severities: BTreeMap<String, String>,
    log_sinks: BTreeSet<String>,
    purposes: Vec<String>,
    regions: BTreeMap<String, Group>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(rename = "in")]
    within: Vec<String>,
    members: Vec<String>,
}

impl File {
    fn built_in() -> Result<File, PolicyError> {
        serde_yaml::from_str(include_str!("../taxonomy.yaml"))
            .map_err(|error| PolicyError::BuiltIn(format!("taxonomy.yaml: {error}")))
    }
}

/// What classes, regions and purposes lie in: `taxonomy.yaml`.
#[derive(Debug)]
pub struct Taxonomy {
    least_confidence: u8,
    negative: Vec<String>,
    /// Direct groups by member, beside the dotted prefixes.
    groups: BTreeMap<String, Vec<String>>,
    classes: BTreeSet<String>,
    fides: BTreeMap<String, String>,
    severities: BTreeMap<String, String>,
    log_sinks: BTreeSet<String>,
    purposes: BTreeSet<String>,
    regions: BTreeMap<String, BTreeSet<String>>,
    /// What each of `classes` lies in: asked so often that it is worked out once.
    closures: BTreeMap<String, BTreeSet<String>>,
}

impl Taxonomy {
    /// Reads the built-in taxonomy.
    ///
    /// # Errors
    /// [`PolicyError::BuiltIn`] if the file does not parse.
    pub fn built_in() -> Result<Self, PolicyError> {
        Ok(Self::of(File::built_in()?))
    }

    /// The built-in taxonomy with what `sources` add to it.
    ///
    /// # Errors
    /// What is wrong with one of them: the first that does not parse, names what it may not, or closes a circle.
    pub(crate) fn extended(sources: &[&PolicySource]) -> Result<Self, PolicyError> {
        let mut file = File::built_in()?;
        for source in sources {
            extension::add(source, &mut file)?;
        }
        Ok(Self::of(file))
    }

    fn of(file: File) -> Self {
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (group, members) in &file.groups {
            for member in members {
                groups.entry(member.clone()).or_default().push(group.clone());
            }
        }
        let mut taxonomy = Taxonomy {
            least_confidence: file.least_confidence,
            negative: file.negative,
            groups,
            classes: BTreeSet::new(),
            fides: file.fides,
            severities: file.severities,
            log_sinks: file.log_sinks,
            purposes: BTreeSet::new(),
            regions: regions(&file.regions),
            closures: BTreeMap::new(),
        };
        let named = file.groups.iter().flat_map(|(group, members)| std::iter::once(group).chain(members));
        for class in named.chain(&file.classes) {
            let closure = taxonomy.closed(class);
            taxonomy.classes.extend(closure);
        }
        taxonomy.closures = taxonomy.classes.iter().map(|class| (class.clone(), taxonomy.closed(class))).collect();
        for purpose in &file.purposes {
            taxonomy.purposes.extend(prefixes(purpose).map(str::to_owned));
        }
        taxonomy
    }

    /// `class` and everything it lies in: its dotted prefixes and the groups of each, transitively.
    #[must_use]
    pub fn closure(&self, class: &str) -> BTreeSet<String> {
        self.closures.get(class).cloned().unwrap_or_else(|| self.closed(class))
    }

    fn closed(&self, class: &str) -> BTreeSet<String> {
        let mut known = BTreeSet::new();
        let mut waiting = vec![class.to_owned()];
        while let Some(next) = waiting.pop() {
            if let Some((parent, _)) = next.rsplit_once('.') {
                waiting.push(parent.to_owned());
            }
            if known.insert(next.clone())
                && let Some(groups) = self.groups.get(&next)
            {
                waiting.extend(groups.iter().cloned());
            }
        }
        known
    }

    /// Whether `class` lies in `group`.
    #[must_use]
    pub fn is_in(&self, class: &str, group: &str) -> bool {
        match self.closures.get(class) {
            Some(closure) => closure.contains(group),
            None => self.closed(class).contains(group),
        }
    }

    /// Whether policies may name `class`: it is in the taxonomy.
    #[must_use]
    pub fn knows_class(&self, class: &str) -> bool {
        self.classes.contains(class)
    }

    /// Every class and group that policies may name, sorted.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.classes.iter().map(String::as_str)
    }

    /// Whether `tag` counts as held: sure enough, and not a class that says "not sensitive".
    #[must_use]
    pub fn counts(&self, tag: &Tag) -> bool {
        let class = tag.class.as_str();
        tag.confidence.value() >= self.least_confidence
            && !self.negative.iter().any(|prefix| prefixes(class).any(|part| part == prefix))
    }

    /// The groups that `region` lies in, itself included; `None` for a region that is not in the taxonomy.
    #[must_use]
    pub fn region(&self, region: &str) -> Option<&BTreeSet<String>> {
        self.regions.get(region)
    }

    /// Every region and group of regions, sorted.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.regions.keys().map(String::as_str)
    }

    /// `purpose` and its dotted prefixes.
    #[must_use]
    pub fn purpose(&self, purpose: &str) -> BTreeSet<String> {
        prefixes(purpose).map(str::to_owned).collect()
    }

    /// Purposes that policies may name, sorted.
    pub fn purposes(&self) -> impl Iterator<Item = &str> {
        self.purposes.iter().map(String::as_str)
    }

    /// The class that the word of an annotation `@severity_<word>` stands for.
    #[must_use]
    pub fn severity_class(&self, word: &str) -> Option<&str> {
        self.severities.get(word).map(String::as_str)
    }

    /// Every word that may follow `@severity_`.
    pub fn severity_words(&self) -> impl Iterator<Item = &str> {
        self.severities.keys().map(String::as_str).chain(["none", "tests"])
    }

    /// Whether data sent to a sink of this kind is logged rather than sent.
    #[must_use]
    pub fn is_log(&self, sink_kind: &str) -> bool {
        self.log_sinks.contains(sink_kind)
    }

    /// The class of the Fides taxonomy (CC-BY-4.0) that means the same, of `class` or the nearest prefix.
    #[must_use]
    pub fn fides(&self, class: &str) -> Option<&str> {
        prefixes(class).find_map(|part| self.fides.get(part)).map(String::as_str)
    }
}

/// A dotted name and its prefixes, longest first.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |longer| longer.rsplit_once('.').map(|(prefix, _)| prefix))
}

fn regions(groups: &BTreeMap<String, Group>) -> BTreeMap<String, BTreeSet<String>> {
    let above = |group: &str| {
        let mut known = BTreeSet::new();
        let mut waiting = vec![group.to_owned()];
        while let Some(next) = waiting.pop() {
            if known.insert(next.clone())
                && let Some(found) = groups.get(&next)
            {
                waiting.extend(found.within.iter().cloned());
            }
        }
        known
    };
    let mut regions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (group, found) in groups {
        regions.insert(group.clone(), above(group));
        for member in &found.members {
            let mut within = above(group);
            within.insert(member.clone());
            regions.entry(member.clone()).or_default().extend(within);
        }
    }
    regions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnosis_is_health_special_personal_and_sensitive() {
        let taxonomy = Taxonomy::built_in().unwrap();
        for group in ["phi", "special.health", "special", "personal", "sensitive"] {
            assert!(taxonomy.is_in("phi.diagnosis", group), "{group}");
        }
        assert!(!taxonomy.is_in("phi.diagnosis", "direct-identifier"));
        assert!(taxonomy.is_in("pii.contact.email", "direct-identifier"));
        assert!(!taxonomy.is_in("credential.key", "personal"));
    }

    #[test]
    fn regions_lie_in_their_groups() {
        let taxonomy = Taxonomy::built_in().unwrap();
        assert!(taxonomy.region("eu-west-1").unwrap().contains("EEA"));
        assert!(!taxonomy.region("eu-west-2").unwrap().contains("EEA"));
        assert!(!taxonomy.region("eu-central-2").unwrap().contains("EU"));
        assert!(taxonomy.region("mars-north-1").is_none());
    }
}
