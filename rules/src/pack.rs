//! Packs: YAML texts with rules, ours embedded, the user's handed in.

use std::sync::Arc;

use miette::{NamedSource, SourceSpan};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::packed;

/// The text of a pack and what to call it.
///
/// The first line that is not a comment must be `pack: identifiers|secrets|resources|apis|fixes`.
#[derive(Debug, Clone)]
pub struct PackSource {
    /// Path or embedded name (`identifiers/contact.yaml`).
    pub name: String,
    /// YAML.
    pub text: Arc<str>,
}

/// A pack that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackInfo {
    /// Path or embedded name.
    pub name: String,
    /// SHA-256 of the text, lower-case hex.
    pub sha256: String,
    /// How many rules it holds.
    pub rules: usize,
}

/// Why a rule pack was refused.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum PackError {
    /// The text is not YAML, or not of the pack's form.
    #[error("the pack `{name}` does not parse: {reason}")]
    #[diagnostic(code(aedile::rules::syntax), help("`aedile rules explain ID` prints a rule of ours to compare with"))]
    Syntax {
        /// The pack.
        name: String,
        /// The parser's words.
        reason: String,
        /// Its text.
        #[source_code]
        pack: NamedSource<Arc<str>>,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// A rule breaks the pack format.
    #[error("rule `{id}`: {reason}")]
    #[diagnostic(code(aedile::rules::invalid))]
    Invalid {
        /// The rule.
        id: String,
        /// What is wrong, lower case, no final period.
        reason: String,
        /// What to do.
        #[help]
        help: String,
        /// The pack's text.
        #[source_code]
        pack: NamedSource<Arc<str>>,
        /// The rule's id.
        #[label("this rule")]
        at: SourceSpan,
    },
}

impl PackSource {
    /// One of ours.
    pub(crate) fn embedded((name, text): &(&str, &str)) -> PackSource {
        PackSource { name: (*name).to_owned(), text: Arc::from(*text) }
    }

    /// Whether the pack holds rules of `kind` (`identifiers`), as its first line says. Not the YAML parser
    /// but a look at the text, because every loader asks it of every pack of the user.
    ///
    /// # Errors
    /// The first line that is not a comment is not `pack:` with one of the kinds.
    pub(crate) fn is(&self, kind: &str) -> Result<bool, PackError> {
        let mut at = 0;
        let lines = self.text.split_inclusive('\n').map(|line| {
            let start = at;
            at += line.len();
            (start, line.trim_end())
        });
        let mut telling = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#') && *line != "---");
        let (start, first) = telling.next().unwrap_or((0, ""));
        let named = first.strip_prefix("pack:").map(|rest| rest.split(" #").next().unwrap_or_default().trim());
        match named {
            Some("identifiers" | "secrets" | "resources" | "apis" | "fixes") => Ok(named == Some(kind)),
            _ => Err(PackError::Syntax {
                name: self.name.clone(),
                reason: "the first line must be `pack: identifiers`, `secrets`, `resources`, `apis` or `fixes`"
                    .to_owned(),
                pack: self.source(),
                at: (start, first.len()).into(),
            }),
        }
    }

    /// The pack as `T`.
    ///
    /// # Errors
    /// [`PackError::Syntax`] with the place.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, PackError> {
        if let Some(pack) = packed::json(&self.name, &self.text).and_then(|json| serde_json::from_str(json).ok()) {
            return Ok(pack);
        }
        serde_yaml::from_str(&self.text).map_err(|error| {
            let offset = error.location().map_or(0, |location| location.index()).min(self.text.len());
            PackError::Syntax {
                name: self.name.clone(),
                reason: error.to_string(),
                pack: self.source(),
                at: (offset, 1.min(self.text.len() - offset)).into(),
            }
        })
    }

    /// The error that the rule `id` of this pack is `reason`; the label is on the line `id: {id}`.
    pub(crate) fn invalid(&self, id: &str, reason: impl Into<String>, help: impl Into<String>) -> PackError {
        let at = self
            .text
            .match_indices(&format!("id: {id}"))
            .find(|(at, found)| {
                self.text
                    .get(at + found.len()..)
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-'))
            })
            .map_or((0, 0), |(at, found)| (at, found.len()));
        PackError::Invalid {
            id: id.to_owned(),
            reason: reason.into(),
            help: help.into(),
            pack: self.source(),
            at: at.into(),
        }
    }

    /// Whether it is one of ours, of which the tests said that it holds.
    pub(crate) fn is_ours(&self) -> bool {
        packed::json(&self.name, &self.text).is_some()
    }

    /// The record that this pack is in force with `rules` rules.
    pub(crate) fn info(&self, rules: usize) -> PackInfo {
        let digest = Sha256::digest(self.text.as_bytes());
        PackInfo { name: self.name.clone(), sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(), rules }
    }

    fn source(&self) -> NamedSource<Arc<str>> {
        NamedSource::new(&self.name, Arc::clone(&self.text)).with_language("yaml")
    }
}
