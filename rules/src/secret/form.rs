//! The form of `secrets/*.yaml`, and what a rule must have before it is let in.

use serde::Deserialize;

use crate::identifier::form::is_id;
use crate::{PackError, PackSource};

/// How many examples, and how many counter-examples, a rule shows at the least.
const LEAST_EXAMPLES: usize = 3;

/// The least bytes of a keyword: shorter ones stand on every line.
const SHORTEST_KEYWORD: usize = 3;

/// A pack of secrets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pack {
    #[expect(dead_code, reason = "read by the header; named here so that other unknown keys are refused")]
    pack: String,
    #[serde(default)]
    pub(crate) secrets: Vec<SecretRule>,
}

/// A rule: one kind of credential.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretRule {
    /// Kebab case, unique.
    pub(crate) id: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) source: String,
    /// `credential.key`, `credential.token` or `credential.password`; unsaid: by the id.
    #[serde(default)]
    pub(crate) class: Option<String>,
    /// Literals, one of which must stand near.
    pub(crate) keywords: Vec<String>,
    #[serde(default)]
    pub(crate) ignore_case: bool,
    /// Byte pattern; the group `secret`, or the whole, is the span.
    pub(crate) pattern: String,
    /// Name of a function of `validate`.
    #[serde(default)]
    pub(crate) check: Option<String>,
    /// Least Shannon entropy of the span in tenths of a bit a byte.
    #[serde(default)]
    pub(crate) min_entropy_tenths: Option<u32>,
    #[serde(default)]
    pub(crate) examples: Vec<String>,
    #[serde(default)]
    pub(crate) counter_examples: Vec<String>,
}

impl SecretRule {
    /// Refuses a rule that shows too little, or names what does not exist.
    pub(crate) fn check(&self, source: &PackSource) -> Result<(), PackError> {
        let refuse = |reason: String, help: &str| Err(source.invalid(&self.id, reason, help));
        if !is_id(&self.id, '-') {
            return refuse("the id is not lower-case words joined by `-`".into(), "write it like `aws-access-key-id`");
        }
        if self.class.as_deref().is_some_and(|class| !class.starts_with("credential.")) {
            return refuse(
                "its class is no credential".into(),
                "use `credential.key`, `credential.token` or `credential.password`",
            );
        }
        if self.keywords.is_empty() {
            return refuse("it has no keyword".into(), "give literals one of which stands in every match");
        }
        if let Some(keyword) = self.keywords.iter().find(|keyword| keyword.len() < SHORTEST_KEYWORD) {
            return refuse(
                format!("the keyword `{keyword}` is shorter than {SHORTEST_KEYWORD} bytes"),
                "shorter literals stand on every line",
            );
        }
        for (samples, what) in [(&self.examples, "examples"), (&self.counter_examples, "counter-examples")] {
            if samples.len() < LEAST_EXAMPLES {
                return refuse(
                    format!("it has {} {what}", samples.len()),
                    &format!("give at least {LEAST_EXAMPLES} {what}"),
                );
            }
        }
        if let Some(name) = &self.check
            && crate::validate::lookup(name).is_none()
        {
            return refuse(
                format!("there is no check `{name}`"),
                "use one of the functions listed in rules/src/validate.rs",
            );
        }
        if let Err(error) = super::parse(&self.pattern) {
            return refuse(
                format!("its pattern does not parse: {error}"),
                "use a byte pattern; Unicode classes are off",
            );
        }
        Ok(())
    }

    /// The class, said or by the id.
    pub(crate) fn class(&self) -> &str {
        let has = |words: &[&str]| words.iter().any(|word| self.id.contains(word));
        match &self.class {
            Some(class) => class,
            None if has(&["password", "url", "connection", "basic-auth", "dsn"]) => "credential.password",
            None if has(&["token", "jwt", "bearer", "webhook", "pat"]) => "credential.token",
            None => "credential.key",
        }
    }
}
