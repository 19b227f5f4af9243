//! The form of `identifiers/*.yaml`, and what a rule must have before it is let in.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::column::Reads;
use crate::{PackError, PackSource};

/// How many examples, and how many counter-examples, a rule shows at the least.
const LEAST_EXAMPLES: usize = 5;

/// A pack of identifiers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pack {
    #[expect(dead_code, reason = "read by the header; named here so that other unknown keys are refused")]
    pack: String,
    /// Names that are evidence of nothing, for every rule: `verified` anywhere, `*_count` at the
    /// end, `is_*` at the start.
    #[serde(default)]
    pub(crate) vetoes: Vec<String>,
    #[serde(default)]
    pub(crate) identifiers: Vec<Identifier>,
}

/// A rule: one kind of value, and how columns of it are called.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identifier {
    /// Snake case, unique.
    pub(crate) id: String,
    /// Dotted class; `technical.*` is a label for what is not personal.
    pub(crate) class: String,
    pub(crate) title: String,
    /// Where the shape, the check and the chance are from.
    #[serde(default)]
    pub(crate) source: String,
    /// Names by language, each a sequence of whole words.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) name_strength: Strength,
    /// Whole-cell byte patterns.
    #[serde(default)]
    pub(crate) shapes: Vec<String>,
    /// Name of a function of `validate`.
    #[serde(default)]
    pub(crate) validator: Option<String>,
    /// How many of a thousand chance strings of the shape pass.
    #[serde(default = "generic")]
    pub(crate) chance_permille: u32,
    /// Whether values alone never decide.
    #[serde(default)]
    pub(crate) needs_name: bool,
    /// Whether a value of it inside running text is evidence; unsaid: if values alone decide with a
    /// small chance.
    #[serde(default)]
    pub(crate) in_text: Option<bool>,
    /// Name of a word list.
    #[serde(default)]
    pub(crate) dictionary: Option<String>,
    /// What the cells read like to the model of letters, where lists cannot know all of them.
    #[serde(default)]
    pub(crate) reads: Option<Reads>,
    #[serde(default)]
    pub(crate) distribution: Distribution,
    /// Further names that are no evidence for this rule.
    #[serde(default)]
    pub(crate) veto: Vec<String>,
    #[serde(default)]
    pub(crate) examples: Samples,
    #[serde(default)]
    pub(crate) counter_examples: Samples,
}

fn generic() -> u32 {
    1000
}

/// What a name alone is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Strength {
    /// Nothing without values or neighbours.
    #[default]
    Weak,
    /// A tag at 60 %.
    Medium,
    /// A tag at 80 %.
    Strong,
}

/// A distribution that the values of a column must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Distribution {
    /// Any.
    #[default]
    None,
    /// Dates spread over decades.
    BirthDates,
}

/// Cells and column names that must, or must not, be recognised.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Samples {
    #[serde(default)]
    pub(crate) cells: Vec<String>,
    #[serde(default)]
    pub(crate) names: Vec<String>,
}

impl Samples {
    pub(crate) fn len(&self) -> usize {
        self.cells.len() + self.names.len()
    }
}

impl Identifier {
    /// Whether the rule is a label for what is not personal.
    pub(crate) fn is_technical(&self) -> bool {
        self.class.starts_with("technical.")
    }

    /// Refuses a rule that shows too little, or names what does not exist.
    pub(crate) fn check(&self, source: &PackSource) -> Result<(), PackError> {
        let refuse = |reason: String, help: &str| Err(source.invalid(&self.id, reason, help));
        if !is_id(&self.id, '_') {
            return refuse("the id is not lower-case words joined by `_`".into(), "write it like `us_ssn`");
        }
        if !is_class(&self.class) {
            return refuse(
                format!("`{}` is no class", self.class),
                "write a dotted class of two parts or more, like `pii.contact.email`",
            );
        }
        if self.names.values().all(Vec::is_empty) && self.shapes.is_empty() && self.dictionary.is_none() {
            return refuse("it recognises nothing".into(), "give it `names`, `shapes` or a `dictionary`");
        }
        if self.chance_permille > 1000 {
            return refuse(
                format!("a chance of {} in a thousand", self.chance_permille),
                "`chance_permille` lies between 0 and 1000",
            );
        }
        for (samples, what) in [(&self.examples, "examples"), (&self.counter_examples, "counter-examples")] {
            if samples.len() < LEAST_EXAMPLES {
                return refuse(
                    format!("it has {} {what}", samples.len()),
                    &format!("give at least {LEAST_EXAMPLES} {what}, cells and names together"),
                );
            }
        }
        if let Some(name) = &self.validator
            && crate::validate::lookup(name).is_none()
        {
            return refuse(
                format!("there is no validator `{name}`"),
                "use one of the functions listed in rules/src/validate.rs",
            );
        }
        if let Some(name) = &self.dictionary
            && crate::dictionary::lookup(name).is_none()
        {
            return refuse(
                format!("there is no dictionary `{name}`"),
                "use one of the word lists in rules/src/dictionary",
            );
        }
        if self.validator.is_some() && self.shapes.is_empty() {
            return refuse(
                "it has a validator and no shape".into(),
                "give the `shapes` that the validator is asked about",
            );
        }
        for shape in &self.shapes {
            if let Err(error) = super::shape::parse(shape) {
                return refuse(
                    format!("the shape `{shape}` is no pattern: {error}"),
                    "use a byte pattern without look-around, anchors and `\\b`",
                );
            }
        }
        Ok(())
    }
}

/// Whether `text` is lower-case words and digits joined by `joint`.
pub(crate) fn is_id(text: &str, joint: char) -> bool {
    !text.is_empty()
        && text
            .split(joint)
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

/// Whether `text` is a dotted class of at least two parts.
pub(crate) fn is_class(text: &str) -> bool {
    text.contains('.') && text.split('.').all(|part| is_id(part, '_'))
}

#[cfg(test)]
mod tests {
    use crate::{PackSource, Rules};

    const GOOD: &str = "pack: identifiers
identifiers:
  - id: badge
    class: pii.id.badge
    title: badge
    names: {en: [badge number]}
    shapes: ['B\\d{6}']
    validator: email
    examples: {cells: [B000001, B000002, B000003], names: [badge_number, badgeNumber]}
    counter_examples: {cells: [B1, C000001], names: [badge, number, badger]}
";

    fn refusal(change: &str, into: &str) -> String {
        assert!(GOOD.contains(change), "{change}");
        let text = GOOD.replace(change, into);
        let pack = PackSource { name: "user.yaml".into(), text: text.into() };
        Rules::load(&[pack]).unwrap_err().to_string()
    }

    #[test]
    fn a_rule_that_shows_or_names_too_little_is_refused() {
        for (change, into, says) in [
            ("cells: [B000001, B000002, B000003], ", "", "2 examples"),
            (", names: [badge, number, badger]", "", "2 counter-examples"),
            ("validator: email", "validator: nothing", "no validator `nothing`"),
            ("validator: email", "dictionary: nothing", "no dictionary `nothing`"),
            ("B\\d{6}", "B(", "no pattern"),
            ("B\\d{6}", "^B", "anchor"),
            ("pii.id.badge", "badge", "no class"),
            ("pii.id.badge", "PII.badge", "no class"),
            ("id: badge", "id: Badge", "the id"),
            ("title: badge", "title: badge\n    colour: red", "colour"),
            ("validator: email", "chance_permille: 1001", "1001"),
        ] {
            let error = refusal(change, into);
            assert!(error.contains(says), "{into}: {error}");
        }
    }

    #[test]
    fn an_id_that_stands_twice_is_refused_and_a_later_pack_replaces() {
        let rule = GOOD.split_once("identifiers:\n").unwrap().1;
        let twice = PackSource { name: "user.yaml".into(), text: format!("{GOOD}{rule}").into() };
        assert!(Rules::load(&[twice]).unwrap_err().to_string().contains("twice"));
        let pack = |name: &str, title: &str| PackSource {
            name: name.into(),
            text: GOOD.replace("title: badge", title).into(),
        };
        let rules = Rules::load(&[pack("a.yaml", "title: one"), pack("b.yaml", "title: two")]).unwrap();
        let list = rules.list();
        let badge = list.iter().find(|info| info.id == "badge").unwrap();
        assert_eq!((badge.title.as_str(), badge.pack.as_str()), ("two", "b.yaml"));
        assert!(rules.packs.iter().any(|pack| pack.name == "a.yaml"));
    }

    #[test]
    fn a_rule_is_held_against_its_examples() {
        let pack = PackSource { name: "user.yaml".into(), text: GOOD.into() };
        let failures = Rules::load(&[pack]).unwrap().test();
        let wrong: Vec<&str> = failures.iter().filter(|f| f.rule == "badge").map(|f| f.example.as_str()).collect();
        assert_eq!(wrong, ["B000001", "B000002", "B000003"], "none of them is an e-mail address");
    }
}
