//! The form of `secrets/*.yaml`, and what a rule must have before it is let in.

use serde::Deserialize;

use super::pattern;
use crate::identifier::form::is_id;
use crate::{PackError, PackSource};

/// How many examples, and how many counter-examples, a rule shows at the least.
const LEAST_EXAMPLES: usize = 5;

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
    /// Values that stand under telling names and are made to be shown.
    #[serde(default)]
    pub(crate) public: Vec<PublicValue>,
}

/// A value that its issuer means to be shown: publishable keys, ids of clients.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicValue {
    /// Kebab case, unique.
    pub(crate) id: String,
    #[expect(dead_code, reason = "for the reader of the pack")]
    pub(crate) title: String,
    #[expect(dead_code, reason = "for the reader of the pack")]
    pub(crate) source: String,
    /// Byte pattern that the whole value matches.
    pub(crate) pattern: String,
    pub(crate) examples: Vec<String>,
    pub(crate) counter_examples: Vec<String>,
}

impl PublicValue {
    /// Refuses a block that shows too little or whose pattern does not parse.
    pub(crate) fn check(&self, source: &PackSource) -> Result<(), PackError> {
        if let Err(error) = pattern::parse(&self.pattern, false) {
            let reason = format!("its pattern does not parse: {error}");
            return Err(source.invalid(&self.id, reason, "use a byte pattern; Unicode classes are off"));
        }
        if self.examples.len() < LEAST_EXAMPLES || self.counter_examples.len() < LEAST_EXAMPLES {
            let reason = "it has too few examples or counter-examples";
            return Err(source.invalid(&self.id, reason, format!("give at least {LEAST_EXAMPLES} of each")));
        }
        Ok(())
    }
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
    /// Literals, one of which stands in every match of the pattern.
    pub(crate) keywords: Vec<String>,
    #[serde(default)]
    pub(crate) ignore_case: bool,
    /// Where around a keyword the pattern is tried.
    #[serde(default)]
    pub(crate) window: Window,
    /// What the bytes behind a keyword must show before the pattern is tried.
    #[serde(default)]
    pub(crate) guard: Guard,
    /// Whether any value under a telling name matches, and not the form of one kind of credential.
    #[serde(default)]
    pub(crate) generic: bool,
    /// Byte pattern; the group `secret`, or the whole, is the span.
    pub(crate) pattern: String,
    /// Byte pattern which, found in the match before the secret, says that it is none.
    #[serde(default)]
    pub(crate) unless: Option<String>,
    /// Byte pattern which, found in the secret, says that it opens its issuer's sandbox and nothing else.
    #[serde(default)]
    pub(crate) test_mode: Option<String>,
    /// Name of a function of `validate`.
    #[serde(default)]
    pub(crate) check: Option<String>,
    /// Least Shannon entropy of the span in tenths of a bit a byte.
    #[serde(default)]
    pub(crate) min_entropy_tenths: Option<u32>,
    /// How sure a match is, in percent; unsaid: 100. Less where the issuer's documentation does not fix the form.
    #[serde(default)]
    pub(crate) confidence: Option<u8>,
    #[serde(default)]
    pub(crate) examples: Vec<String>,
    #[serde(default)]
    pub(crate) counter_examples: Vec<String>,
}

/// How much of the text around a keyword a match may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Window {
    /// The keyword is a part of the credential: the run without white space and quotes around it.
    Token,
    /// The line of the keyword.
    #[default]
    Line,
    /// The line of the keyword and the lines after it.
    Block,
}

/// A look at the bytes behind a keyword that costs less than the pattern. A pattern whose rule names one
/// must not match where it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Guard {
    /// None.
    #[default]
    None,
    /// An operator near, and near behind it a value as long as the secret.
    Assigned,
    /// The same, in quotes.
    Quoted,
    /// `…:…@` without white space, as in a URL.
    At,
}

impl SecretRule {
    /// Refuses a rule that shows too little, or names what does not exist. Its pattern is parsed elsewhere.
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
        if self.confidence.is_some_and(|confidence| !(50..100).contains(&confidence)) {
            return refuse("its confidence is not 50 to 99".into(), "leave it out where the form is certain");
        }
        if let Some(Err(error)) = self.test_mode.as_deref().map(|pattern| pattern::parse(pattern, false)) {
            return refuse(
                format!("`test_mode` does not parse: {error}"),
                "use a byte pattern; Unicode classes are off",
            );
        }
        if let Some(Err(error)) = self.unless.as_deref().map(|pattern| pattern::parse(pattern, self.ignore_case)) {
            return refuse(format!("`unless` does not parse: {error}"), "use a byte pattern; Unicode classes are off");
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
