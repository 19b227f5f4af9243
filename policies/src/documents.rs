use std::collections::BTreeMap;

use serde::Deserialize;

use crate::PolicyError;

/// What documents of one kind must say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentKind {
    /// Its name, "register of processing".
    pub title: String,
    /// Who asks for the parts.
    pub source: String,
    /// Name of a part → words of which one stands in its heading, in lower case.
    pub parts: BTreeMap<String, Vec<String>>,
}

/// The kinds of documents that can be declared, by id: `documents.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Documents {
    kinds: BTreeMap<String, DocumentKind>,
}

impl Documents {
    /// # Errors
    /// [`PolicyError::BuiltIn`] if the file does not parse.
    pub(crate) fn built_in() -> Result<Documents, PolicyError> {
        let kinds = serde_yaml::from_str(include_str!("../documents.yaml"))
            .map_err(|error| PolicyError::BuiltIn(format!("documents.yaml: {error}")))?;
        Ok(Documents { kinds })
    }

    /// The kind `id`.
    #[must_use]
    pub fn kind(&self, id: &str) -> Option<&DocumentKind> {
        self.kinds.get(id)
    }
}

impl DocumentKind {
    /// The parts that none of `headings` names, in order of their names.
    #[must_use]
    pub fn missing(&self, headings: &[String]) -> Vec<&str> {
        let headings: Vec<String> = headings.iter().map(|heading| heading.to_lowercase()).collect();
        let named =
            |words: &Vec<String>| words.iter().any(|word| headings.iter().any(|heading| heading.contains(word)));
        self.parts.iter().filter(|(_, words)| !named(words)).map(|(name, _)| name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_without_limits_lacks_them() {
        let documents = Documents::built_in().unwrap();
        let card = documents.kind("model-card").unwrap();
        let headings = ["Intended use", "Training data", "Evaluation", "Ethics", "Contact"].map(str::to_owned);
        assert_eq!(card.missing(&headings), ["limits"]);
        assert!(documents.kind("contract").unwrap().missing(&[]).is_empty());
    }
}
