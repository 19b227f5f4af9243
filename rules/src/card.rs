//! By what cards of models and datasheets are known, and what says nothing in them: `cards.yaml`.

use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    model_card: Signs,
    datasheet: Signs,
    placeholders: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signs {
    files: Vec<String>,
    front: Vec<String>,
}

/// `None` if the embedded file does not parse, which a test holds.
static CARDS: LazyLock<Option<File>> = LazyLock::new(|| serde_yaml::from_str(include_str!("../cards.yaml")).ok());

/// The kind of document that a file of that name is: `model-card`, `datasheet`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static str> {
    let plain = name.to_lowercase().replace(['_', ' '], "-");
    kind(|signs| signs.files.iter().any(|sign| plain.contains(sign.as_str())))
}

/// The kind of document that a README with these keys at its head is.
#[must_use]
pub fn by_front(keys: &[&str]) -> Option<&'static str> {
    kind(|signs| signs.front.iter().any(|sign| keys.contains(&sign.as_str())))
}

fn kind(is: impl Fn(&Signs) -> bool) -> Option<&'static str> {
    let cards = CARDS.as_ref()?;
    let kinds = [("datasheet", &cards.datasheet), ("model-card", &cards.model_card)];
    kinds.into_iter().find(|(_, signs)| is(signs)).map(|(kind, _)| kind)
}

/// Whether `line` stands where a text is still to be written.
#[must_use]
pub fn is_placeholder(line: &str) -> bool {
    let is_mark = |c: char| !(c.is_alphanumeric() || c == '/');
    let plain = line.trim_matches(is_mark).to_lowercase();
    CARDS.as_ref().is_some_and(|cards| cards.placeholders.contains(&plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_known_by_their_names_and_heads() {
        assert_eq!(by_name("MODEL_CARD.md"), Some("model-card"));
        assert_eq!(by_name("churn-model-card.md"), Some("model-card"));
        assert_eq!(by_name("Datasheet.md"), Some("datasheet"));
        assert_eq!(by_name("model.md"), None);
        assert_eq!(by_front(&["license", "base_model"]), Some("model-card"));
        assert_eq!(by_front(&["license", "task_categories"]), Some("datasheet"));
        assert_eq!(by_front(&["title", "layout"]), None);
    }

    #[test]
    fn a_line_that_waits_for_a_text_says_nothing() {
        for line in ["TODO", "[More Information Needed]", "- tbd.", "*To be completed …*", "N/A"] {
            assert!(is_placeholder(line), "{line}");
        }
        for line in ["Not for decisions about single patients.", "TODO lists of nurses", "MIT"] {
            assert!(!is_placeholder(line), "{line}");
        }
    }
}
