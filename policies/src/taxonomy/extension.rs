//! What an organisation adds to the taxonomy. It can add and tighten: what lies in a group by the built-in taxonomy stays
//! there, and nothing can be made to count as not sensitive or as lying in a region where it does not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{File, Group, prefixes};
use crate::{PolicyError, PolicySource};

/// A file of additions: `taxonomy.yaml`, `NAME.taxonomy.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Extension {
    groups: BTreeMap<String, Vec<String>>,
    classes: Vec<String>,
    purposes: Vec<String>,
    regions: BTreeMap<String, Group>,
}

/// Adds what `source` says to `file`.
///
/// # Errors
/// It does not parse, names what it may not, or closes a circle.
pub(super) fn add(source: &PolicySource, file: &mut File) -> Result<(), PolicyError> {
    source.check_limits()?;
    let added: Extension = serde_yaml::from_str(&source.text).map_err(|error| PolicyError::Unparsed {
        name: source.name.clone(),
        reason: error.to_string(),
        advice: Some("it may say `groups`, `classes`, `purposes` and `regions`".to_owned()),
        source_code: source.code(),
        at: error.location().map(|at| (at.index(), 0).into()),
    })?;
    let refused = |name: &str, what: String, advice: &str| {
        let at = source.text.find(name).map_or((0, 0), |at| (at, name.len()));
        let advice = advice.to_owned();
        Err(PolicyError::Lint { what, advice, source_code: source.code(), at: at.into() })
    };
    let named = added.groups.iter().flat_map(|(group, members)| std::iter::once(group).chain(members));
    for name in named.chain(&added.classes).chain(&added.purposes) {
        if !well_formed(name) {
            let what = format!("`{name}` is no name of a class or purpose");
            return refused(name, what, "write lower-case words joined by dots, `acme.loyalty_number`");
        }
    }
    for group in added.groups.keys() {
        if file.negative.iter().any(|negative| prefixes(group).any(|part| part == negative)) {
            let what = format!("nothing can be put into `{group}`: what lies there counts as not sensitive");
            return refused(group, what, "waive the finding, with a reason, if a column is not what it seems");
        }
    }
    let placed: BTreeSet<&String> = file.regions.values().flat_map(|group| &group.members).collect();
    for (group, of) in &added.regions {
        if file.regions.contains_key(group) {
            let what = format!("the region group `{group}` is the taxonomy's own");
            return refused(group, what, "give your group another name, and put it into the other by `in`");
        }
        if let Some(member) =
            of.members.iter().find(|member| placed.contains(member) || file.regions.contains_key(*member))
            && !of.within.is_empty()
        {
            let what = format!("`{member}` has its place: a group that holds it cannot lie in another");
            return refused(member, what, "leave `in` empty for a group of known regions");
        }
    }
    for (group, members) in added.groups {
        file.groups.entry(group).or_default().extend(members);
    }
    file.classes.extend(added.classes);
    file.purposes.extend(added.purposes);
    file.regions.extend(added.regions);
    if let Some(circle) = circle(file) {
        let name = circle.first().cloned().unwrap_or_default();
        let what = format!("classes lie in each other: {}", circle.join(" in "));
        return refused(&name, what, "take one of these out of the group");
    }
    Ok(())
}

fn well_formed(name: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c))
    };
    name.len() <= 100 && name.split('.').all(word)
}

/// Classes of which each lies in the next and the last in the first, if there are any.
fn circle(file: &File) -> Option<Vec<String>> {
    let mut above: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (group, members) in &file.groups {
        for member in members {
            above.entry(member).or_default().insert(group);
        }
    }
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in file.groups.values().flatten().chain(file.groups.keys()) {
        // The way from `start` to what is looked at; each step with what is left to look at from there.
        let mut way: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut next = Some(start.as_str());
        loop {
            if let Some(class) = next.take() {
                if let Some(at) = way.iter().position(|(known, _)| *known == class) {
                    let mut names: Vec<String> = way.iter().skip(at).map(|(name, _)| (*name).to_owned()).collect();
                    names.push(class.to_owned());
                    return Some(names);
                }
                if !done.contains(class) {
                    let groups = above.get(class).into_iter().flatten().copied();
                    let parent = class.rsplit_once('.').map(|(parent, _)| parent);
                    way.push((class, groups.chain(parent).collect()));
                }
            }
            let Some((class, left)) = way.last_mut() else { break };
            next = left.pop();
            if next.is_none() {
                done.insert(class);
                way.pop();
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::Taxonomy;
    use super::*;

    fn with(text: &str) -> Result<Taxonomy, String> {
        Taxonomy::extended(&[&PolicySource::new("taxonomy.yaml", text)]).map_err(|error| error.to_string())
    }

    #[test]
    fn the_built_in_taxonomy_has_no_circle() {
        assert_eq!(circle(&File::built_in().unwrap()), None);
    }

    #[test]
    fn classes_groups_purposes_and_regions_are_added() {
        let taxonomy = with(
            "classes: [acme.loyalty.number]\ngroups: {personal: [acme.loyalty], ours: [pii.contact]}\n\
             purposes: [fraud.scoring]\nregions: {OURS: {in: [], members: [eu-west-1, rack-1]}, HALL: {in: [EEA], members: [rack-2]}}\n",
        )
        .unwrap();
        for group in ["acme.loyalty", "acme", "personal", "sensitive"] {
            assert!(taxonomy.is_in("acme.loyalty.number", group), "{group}");
        }
        assert!(taxonomy.is_in("pii.contact.email", "ours") && taxonomy.is_in("pii.contact.email", "personal"));
        assert!(taxonomy.purposes().any(|purpose| purpose == "fraud"));
        assert!(taxonomy.region("eu-west-1").unwrap().contains("OURS"));
        assert!(!taxonomy.region("rack-1").unwrap().contains("EEA"));
        assert!(taxonomy.region("rack-2").unwrap().contains("EEA"));
    }

    #[test]
    fn what_would_weaken_is_refused() {
        let message = |text: &str| with(text).unwrap_err();
        assert!(message("groups: {technical: [pii.contact]}").contains("counts as not sensitive"));
        assert!(message("groups: {technical.ours: [pii.contact]}").contains("counts as not sensitive"));
        assert!(message("regions: {EEA: {in: [], members: [us-east-1]}}").contains("the taxonomy's own"));
        assert!(message("regions: {NEAR: {in: [EEA], members: [us-east-1]}}").contains("has its place"));
        assert!(message("classes: [Acme Loyalty]").contains("no name"));
        assert!(message("negative: [pii]").contains("unknown field"));
    }

    #[test]
    fn a_circle_is_refused_with_its_way() {
        let message = with("groups: {one: [two], two: [three], three: [one]}").unwrap_err();
        assert_eq!(message, "classes lie in each other: two in one in three in two");
        assert!(with("groups: {pii.contact.email: [pii]}").unwrap_err().contains("pii"));
        assert!(with("groups: {phi: [sensitive]}").unwrap_err().contains("lie in each other"));
    }
}
