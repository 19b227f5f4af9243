//! Rules of `identifiers/*.yaml`: what columns are.

pub(crate) mod cell;
pub(crate) mod form;
pub(crate) mod name;
mod packs;
pub(crate) mod shape;

use std::collections::BTreeMap;

use aedile_model::Class;

#[cfg(test)]
pub(crate) use packs::PACKS;

use crate::column::Calibration;
use crate::dictionary::{Lists, lists};
use crate::{PackError, PackInfo, PackSource};
use form::Identifier;
use name::NameIndex;
use shape::Shapes;

/// The rules of `identifiers/*.yaml`. Names are indexed on loading; the automaton of shapes is built
/// when the first cell is observed.
#[derive(Debug, Default)]
pub struct Identifiers {
    /// Sorted by id.
    pub(crate) rules: Vec<Rule>,
    pub(crate) names: NameIndex,
    pub(crate) shapes: Shapes,
    /// The shapes of those rules that are evidence in running text.
    pub(crate) text: crate::text::TextShapes,
    /// How often evidence is right.
    pub(crate) calibration: Calibration,
    /// Word lists with the rules that use them.
    dictionaries: Vec<(Lists, Vec<u16>)>,
}

/// A rule with what its names stand for.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) spec: Identifier,
    pub(crate) pack: String,
    pub(crate) class: Class,
    /// Whether one value inside a text is evidence.
    pub(crate) speaks: bool,
    validator: Option<fn(&[u8]) -> bool>,
}

impl Rule {
    /// Whether the validator passes a cell of the shape.
    pub(crate) fn passes(&self, cell: &[u8]) -> bool {
        self.validator.is_none_or(|validator| validator(cell))
    }
}

/// Whether one value of the rule inside a text is evidence.
fn speaks(spec: &Identifier) -> bool {
    let precise = match spec.validator {
        Some(_) => CHANCE_IN_TEXT_CHECKED,
        None => CHANCE_IN_TEXT,
    };
    // Addresses of machines are everywhere in logs and configuration.
    let alone = !spec.is_technical() && !spec.needs_name && !spec.class.starts_with("pii.online.ip");
    spec.in_text.unwrap_or(alone && spec.chance_permille <= precise)
}

/// A shape that fewer than so many of a thousand other values have tells what it is.
const TELLING: u32 = 500;

/// With a validator, one chance pass in seven is still told (a card number with its prefix and length).
const CHANCE_IN_TEXT_CHECKED: u32 = 150;

/// Without, the shape must be all but impossible by accident.
const CHANCE_IN_TEXT: u32 = 20;

impl Identifiers {
    /// Whether values alone would show that a column is of `class`: every rule for it, or for a class below it, has shapes
    /// that few other values have. Only then cells that are of none of them say anything against it.
    #[must_use]
    pub fn told_by_values(&self, class: &str) -> bool {
        let below = |rule: &&Rule| {
            let rest = rule.class.as_str().strip_prefix(class);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mut rules = self.rules.iter().filter(below).peekable();
        rules.peek().is_some()
            && rules.all(|rule| {
                let spec = &rule.spec;
                !spec.shapes.is_empty() && !spec.needs_name && spec.chance_permille < TELLING
            })
    }

    pub(crate) fn load(user: &[PackSource], packs: &mut Vec<PackInfo>) -> Result<Identifiers, PackError> {
        let mut sources: Vec<PackSource> = packs::PACKS.iter().map(PackSource::embedded).collect();
        for source in user {
            if source.is("identifiers")? {
                sources.push(source.clone());
            }
        }
        Ok(Identifiers { calibration: Calibration::ours(), ..Identifiers::of(&sources, packs)? })
    }

    /// The same rules, whose tags tell points of evidence instead of how often those are right. For fitting `calibration.yaml`.
    #[must_use]
    pub fn in_points(self) -> Identifiers {
        Identifiers { calibration: Calibration::default(), ..self }
    }

    /// The rules of `sources`, where a later rule replaces an earlier one of the same id.
    pub(crate) fn of(sources: &[PackSource], packs: &mut Vec<PackInfo>) -> Result<Identifiers, PackError> {
        let mut by_id: BTreeMap<String, Rule> = BTreeMap::new();
        let mut vetoes = Vec::new();
        for source in sources {
            read(source, &mut by_id, &mut vetoes, packs)?;
        }
        Ok(Identifiers::index(by_id.into_values().collect(), &vetoes))
    }

    fn index(rules: Vec<Rule>, vetoes: &[String]) -> Identifiers {
        let mut index = Identifiers::default();
        let mut dictionaries: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
        for (at, rule) in rules.iter().enumerate() {
            let number = u16::try_from(at).unwrap_or(u16::MAX);
            for name in rule.spec.names.values().flatten() {
                index.names.add(name, at, rule.spec.name_strength);
            }
            for veto in &rule.spec.veto {
                index.names.veto(veto, Some(at));
            }
            for shape in &rule.spec.shapes {
                index.shapes.add(shape, number, rule.speaks);
                if rule.speaks {
                    index.text.add(shape, number);
                }
            }
            if let Some(name) = &rule.spec.dictionary {
                dictionaries.entry(name).or_default().push(number);
            }
        }
        for veto in vetoes {
            index.names.veto(veto, None);
        }
        let listed =
            dictionaries.into_iter().filter_map(|(name, rules)| Some((crate::dictionary::lookup(name)?, rules)));
        index.dictionaries = listed.collect();
        index.rules = rules;
        index
    }

    pub(crate) fn rule(&self, number: u16) -> Option<&Rule> {
        self.rules.get(usize::from(number))
    }

    /// Whether `cell`, of the shape of the rule `number`, passes its check.
    pub(crate) fn passes(&self, number: u16, cell: &[u8]) -> bool {
        self.rule(number).is_some_and(|rule| rule.passes(cell))
    }

    /// The rules in whose word list `cell` is: whole, or at least half of its few words.
    pub(crate) fn look_up(&self, cell: &str, listed: &mut Vec<u16>) {
        if self.dictionaries.is_empty() || cell.len() > LONGEST_LISTED {
            return;
        }
        let words = name::Words::of(cell);
        let texts = words.texts();
        if texts.is_empty() || texts.len() > MOST_WORDS {
            return;
        }
        let whole = lists(&texts.join(" ")) | lists(&words.folded);
        // House numbers and initials are no words.
        let spoken = texts.iter().filter(|text| text.chars().nth(1).is_some_and(char::is_alphabetic));
        let spoken: Vec<Lists> = spoken.map(|text| lists(text)).collect();
        for (list, rules) in &self.dictionaries {
            let known = spoken.iter().filter(|lists| *lists & list != 0).count();
            if whole & list != 0 || (known > 0 && known * 2 >= spoken.len()) {
                listed.extend(rules);
            }
        }
        listed.sort_unstable();
    }
}

/// In bytes; what is longer is a sentence.
const LONGEST_LISTED: usize = 64;

/// More words are no name and no category.
const MOST_WORDS: usize = 5;

fn read(
    source: &PackSource,
    by_id: &mut BTreeMap<String, Rule>,
    vetoes: &mut Vec<String>,
    packs: &mut Vec<PackInfo>,
) -> Result<(), PackError> {
    let pack: form::Pack = source.parse()?;
    packs.push(source.info(pack.identifiers.len()));
    vetoes.extend(pack.vetoes);
    let mut here = std::collections::BTreeSet::new();
    for spec in pack.identifiers {
        spec.check(source)?;
        if !here.insert(spec.id.clone()) {
            return Err(source.invalid(&spec.id, "the id stands twice in this pack", "give each rule its own id"));
        }
        let validator = spec.validator.as_deref().and_then(crate::validate::lookup);
        let rule =
            Rule { class: Class::new(&spec.class), pack: source.name.clone(), validator, speaks: speaks(&spec), spec };
        by_id.insert(rule.spec.id.clone(), rule);
    }
    Ok(())
}
