//! How findings in infrastructure code are repaired: packs `fixes/*.yaml`.
//!
//! A pack begins with `pack: fixes` and holds a list `fixes:` of blocks. A new repair is a line in a block:
//!
//! ```yaml
//! pack: fixes
//! fixes:
//!   - types: [aws_s3_bucket]               # types of `resources/*.yaml`
//!     source: terraform
//!     repairs:
//!       - makes: {versioned: true}         # the normalised attributes that have these values afterwards
//!         by:                              # ways, tried in order; the first that can be gone is taken
//!           - {in: versioning, set: versioning_configuration.status, to: Enabled}     # in an existing companion
//!           - {when: {path: versioning, exists: true}, set: versioning.enabled, to: true}
//!           - add: |                       # a resource after this one
//!               resource "aws_s3_bucket_versioning" "{name}" {
//!                 bucket = {self}.id
//!                 …
//!               }
//!         warns: "…"                       # what a person must know before applying it
//!       - {makes: {customerManagedKey: true}, needs: "the ARN of a key"}   # only a person can give it
//!     examples: ['resource "aws_s3_bucket" "b" {}']
//! ```
//!
//! Most repairs need no line: where the first reader of an attribute reads one argument as a truth value or by a
//! `map`, writing that argument is the repair, see [`derived`]. An argument inside of a block is written only where
//! the block is there, because what else the block needs is not known. A line of a pack takes the place of the
//! derived repairs of its attributes.
//!
//! Which of its attributes a resource must change follows from the policy: it is asked again with the values
//! that a repair `makes`.
//!
//! **Ways** are a step or a list of steps, all of which must be possible:
//!
//! - `set: PATH, to: VALUE` writes an attribute; blocks or mappings on the way are created. A segment that ends
//!   with `=` (`default_arguments=.--enable-metrics`) is a map and no block. Lists on the way are entered: the
//!   step is done in every item, and `[]` after a segment (`containers[]`) demands that there is one.
//! - `remove: PATH` takes an attribute or key away; one that is not there is no obstacle.
//! - `append: PATH, to: VALUE` adds an item to a list, which is made if it is missing.
//! - `add: TEXT` adds a resource; `{name}` is our local name, `{self}` the reference to us. `count`, `for_each`,
//!   `provider` and `region` of the resource are repeated in it.
//! - `in: COMPANION` does the step in each existing companion of that name, and is possible only if there is one.
//! - `when: CONDITION` is that of [readers](crate::Reader).
//!
//! **Values** are scalars, lists and maps; `{reference: aws_kms_key.arn}` refers to the only resource of that
//! type in the module and is impossible if there is none or more than one; `{expression: TEXT}` is written as
//! it stands, `{name}` and `{self}` filled in.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::resource::{Condition, Literal, Reader, Reading, ResourceSource, ResourceType};
use crate::{PackError, PackInfo, PackSource};

/// Our packs, sorted by name.
pub(crate) const PACKS: &[(&str, &str)] = &[
    ("fixes/aws.yaml", include_str!("../fixes/aws.yaml")),
    ("fixes/azure.yaml", include_str!("../fixes/azure.yaml")),
    ("fixes/cloudformation.yaml", include_str!("../fixes/cloudformation.yaml")),
    ("fixes/google.yaml", include_str!("../fixes/google.yaml")),
    ("fixes/kubernetes.yaml", include_str!("../fixes/kubernetes.yaml")),
    ("fixes/lakehouse.yaml", include_str!("../fixes/lakehouse.yaml")),
];

/// One pack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pack {
    #[expect(dead_code, reason = "the header, read by `PackSource::is`")]
    pack: String,
    pub(crate) fixes: Vec<Fix>,
}

/// The repairs of some resource types.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// The types, in the source's words.
    pub types: Vec<String>,
    /// Whose types they are.
    pub source: ResourceSource,
    /// What can be repaired.
    pub repairs: Vec<Repair>,
    /// Sources in which repairs are possible, beside the examples of the types; `{type}` is each of them.
    #[serde(default)]
    pub examples: Vec<String>,
}

/// How attributes get the values that a policy asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    /// Normalised attributes and their values afterwards.
    pub makes: BTreeMap<String, Literal>,
    /// Ways to it, tried in order; none if only a person can do it.
    #[serde(default)]
    pub by: Vec<Way>,
    /// What a person must give, as a noun: "the ARN of a key".
    pub needs: Option<String>,
    /// What a person must know before applying it, one sentence.
    pub warns: Option<String>,
}

/// Steps that are done together.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Way {
    /// One step.
    One(Box<Step>),
    /// Several, in this order.
    Many(Vec<Step>),
}

impl Way {
    /// Its steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        match self {
            Way::One(step) => std::slice::from_ref(step),
            Way::Many(steps) => steps,
        }
    }
}

/// A change of one resource's text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When it is possible.
    pub when: Option<Condition>,
    /// The companion that is changed; this resource if absent.
    #[serde(rename = "in")]
    pub companion: Option<String>,
    /// The path that is written.
    pub set: Option<String>,
    /// The path of the list that gets an item.
    pub append: Option<String>,
    /// What is written.
    pub to: Option<Content>,
    /// The path that is taken away.
    pub remove: Option<String>,
    /// The resource that is added.
    pub add: Option<String>,
}

/// What a step writes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// A scalar.
    Literal(Literal),
    /// A list.
    List(Vec<Content>),
    /// A reference to the only resource of a type.
    Reference(Reference),
    /// Text of the source's language.
    Expression(Expression),
    /// A map.
    Map(BTreeMap<String, Content>),
}

/// See [`Content::Reference`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Type and attribute, `aws_kms_key.arn`.
    pub reference: String,
}

/// See [`Content::Expression`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expression {
    /// The text; `{name}` and `{self}` are filled in.
    pub expression: String,
}

/// Why a block does not hold, as a clause and as advice.
pub(crate) fn fault(fix: &Fix) -> Option<(String, &'static str)> {
    if fix.types.is_empty() || fix.repairs.is_empty() {
        return Some(("it repairs nothing".to_owned(), "give `types:` and `repairs:`"));
    }
    for repair in &fix.repairs {
        let named = repair.makes.keys().cloned().collect::<Vec<_>>().join(", ");
        if repair.makes.is_empty() {
            return Some(("a repair makes nothing".to_owned(), "give the attributes and their values under `makes:`"));
        }
        if repair.by.is_empty() == repair.needs.is_none() {
            let advice = "give `by:` with ways, or `needs:` with what only a person can give";
            return Some((format!("the repair of {named} has no way, or a way and a need"), advice));
        }
        for step in repair.by.iter().flat_map(Way::steps) {
            let verbs = [step.set.is_some(), step.append.is_some(), step.remove.is_some(), step.add.is_some()];
            let written = step.set.is_some() || step.append.is_some();
            if verbs.iter().filter(|verb| **verb).count() != 1 || step.to.is_some() != written {
                let advice = "a step has one of `set` and `append` (both with `to`), `remove`, `add`";
                return Some((format!("a step of the repair of {named} does not one thing"), advice));
            }
            if step.add.is_some() && step.companion.is_some() {
                return Some((format!("a step of the repair of {named} adds in a companion"), "leave out `in`"));
            }
        }
    }
    None
}

/// What must be known before any data is encrypted anew.
const ENCRYPTION: &str = "switching encryption on may replace the resource: read the plan, and keep a copy of the data";

/// The repairs that follow from how the attributes of `rule` are read, but for those that `held` makes.
pub(crate) fn derived(rule: &ResourceType, held: &[Repair]) -> Vec<Repair> {
    let mut repairs = Vec::new();
    for (attribute, readers) in &rule.attributes {
        if held.iter().any(|repair| repair.makes.contains_key(attribute)) {
            continue;
        }
        let mut found: Vec<(Literal, Step)> = Vec::new();
        // A companion that is there decides before the resource itself, so that both are told.
        for reader in readers {
            found.extend(written(reader));
            if reader.from.is_none() || found.is_empty() {
                break;
            }
        }
        let mut values: Vec<Literal> = Vec::new();
        for (value, _) in &found {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        for value in values {
            let steps =
                found.iter().filter(|(made, _)| *made == value).map(|(_, step)| Way::One(Box::new(step.clone())));
            let encrypts = attribute == "encryptedAtRest" && value == Literal::Bool(true);
            repairs.push(Repair {
                makes: BTreeMap::from([(attribute.clone(), value.clone())]),
                by: steps.collect(),
                needs: None,
                warns: encrypts.then(|| ENCRYPTION.to_owned()),
            });
        }
    }
    repairs
}

/// The values that a reader can be made to give, and how.
fn written(reader: &Reader) -> Vec<(Literal, Step)> {
    let (Some(path), None, None) = (&reader.path, &reader.when, &reader.unknown) else {
        return case(reader).into_iter().collect();
    };
    let step = |to: Literal| Step {
        companion: reader.from.clone(),
        set: Some(in_place(path)),
        to: Some(Content::Literal(to)),
        ..Step::default()
    };
    if path.contains('*') {
        return Vec::new();
    }
    if !reader.map.is_empty() {
        let truths = reader.map.iter().filter(|(_, value)| matches!(value, Literal::Bool(_)));
        return truths.map(|(word, value)| (value.clone(), step(Literal::Text(word.clone())))).collect();
    }
    let both = [true, false].map(Literal::Bool);
    match reader.reading {
        Reading::Bool => both.map(|truth| (truth.clone(), step(truth))).into(),
        Reading::Not => {
            [(true, false), (false, true)].map(|(made, to)| (Literal::Bool(made), step(Literal::Bool(to)))).into()
        }
        _ => Vec::new(),
    }
}

/// A case that hangs on one argument having one value.
fn case(reader: &Reader) -> Option<(Literal, Step)> {
    let (condition, is) = (reader.when.as_ref()?, reader.is.as_ref()?);
    let alone = condition.all.is_empty() && condition.any.is_empty() && condition.not.is_none();
    let path = condition.path.as_ref().filter(|path| alone && !path.contains('*'))?;
    let to = condition.equals.clone().filter(|to| !matches!(to, Literal::Text(text) if text.is_empty()))?;
    let step = Step {
        companion: condition.from.clone(),
        set: Some(in_place(path)),
        to: Some(Content::Literal(to)),
        ..Step::default()
    };
    matches!(is, Literal::Bool(_)).then(|| (is.clone(), step))
}

/// `path` with every key but the last as one that must be there.
fn in_place(path: &str) -> String {
    match path.rsplit_once('.') {
        Some((way, last)) => format!("{}[].{last}", way.replace('.', "[].")),
        None => path.to_owned(),
    }
}

/// The blocks of the pack `source`.
pub(crate) fn read(source: &PackSource, packs: &mut Vec<PackInfo>) -> Result<Vec<Fix>, PackError> {
    let pack: Pack = source.parse()?;
    for block in &pack.fixes {
        if let Some((reason, advice)) = fault(block) {
            let first = block.types.first().map_or("", String::as_str);
            return Err(source.invalid(first, reason, advice));
        }
    }
    packs.push(source.info(pack.fixes.iter().map(|block| block.repairs.len()).sum()));
    Ok(pack.fixes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_packs_hold_and_speak_of_types_that_there_are() {
        assert!(PACKS.is_sorted(), "the table of packs is sorted");
        let rules = crate::Rules::load(&[]).unwrap_or_else(|error| panic!("{error:?}"));
        for source in PACKS.iter().map(PackSource::embedded) {
            for block in read(&source, &mut Vec::new()).unwrap_or_else(|error| panic!("{error:?}")) {
                for id in &block.types {
                    let rule = rules.resources.resource(block.source, id).unwrap_or_else(|| panic!("there is no {id}"));
                    for step in block.repairs.iter().flat_map(|repair| &repair.by).flat_map(Way::steps) {
                        let held = step.companion.as_ref().is_none_or(|name| rule.companions.contains_key(name));
                        assert!(held, "{id} has no companion {:?}", step.companion);
                    }
                }
            }
        }
    }

    #[test]
    fn a_step_does_one_thing_and_a_repair_has_a_way_or_a_need() {
        let pack = |repair: &str| {
            let text = format!("pack: fixes\nfixes:\n  - types: [a]\n    source: terraform\n    repairs: [{repair}]\n");
            read(&PackSource { name: "user.yaml".to_owned(), text: text.into() }, &mut Vec::new())
        };
        assert!(pack("{makes: {versioned: true}, by: [{set: a, to: 1}, [{remove: b}, {append: c, to: d}]]}").is_ok());
        for wrong in [
            "{makes: {versioned: true}}",
            "{makes: {versioned: true}, by: [{set: a}]}",
            "{makes: {versioned: true}, by: [{set: a, to: 1, remove: b}]}",
            "{makes: {}, needs: nothing}",
        ] {
            assert!(pack(wrong).is_err(), "{wrong}");
        }
    }
}
