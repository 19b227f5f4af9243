use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

/// Why policies, their cases or a framework were refused.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum PolicyError {
    /// The file is longer than [`crate::PolicySource::MAX_BYTES`].
    #[error("`{name}` is {bytes} bytes long; at most {limit} are read")]
    #[diagnostic(code(aedile::policies::too_large), help("split the file by theme"))]
    TooLarge {
        /// The file.
        name: String,
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Brackets or operators nest deeper than the parser may be asked to follow.
    #[error("`{name}` {what} {limit}")]
    #[diagnostic(code(aedile::policies::too_deep), help("split the policy into several"))]
    TooDeep {
        /// The file.
        name: String,
        /// What is too deep.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// The text.
        #[source_code]
        source_code: NamedSource<Arc<str>>,
        /// Where the limit is passed.
        #[label("here")]
        at: SourceSpan,
    },
    /// The text is not Cedar, not YAML, or not of the expected form.
    #[error("`{name}` does not parse: {reason}")]
    #[diagnostic(code(aedile::policies::unparsed))]
    Unparsed {
        /// The file.
        name: String,
        /// What the parser says.
        reason: String,
        /// What to do, if the parser knows.
        #[help]
        advice: Option<String>,
        /// The text.
        #[source_code]
        source_code: NamedSource<Arc<str>>,
        /// Where.
        #[label("here")]
        at: Option<SourceSpan>,
    },
    /// A policy breaks a convention that verdicts, reports or waivers rest on.
    #[error("{what}")]
    #[diagnostic(code(aedile::policies::lint))]
    Lint {
        /// What is wrong.
        what: String,
        /// What to do.
        #[help]
        advice: String,
        /// The text.
        #[source_code]
        source_code: NamedSource<Arc<str>>,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// The schema does not allow what a policy says, or warns that it can never mean anything.
    #[error("policy `{policy}` does not fit the schema: {reason}")]
    #[diagnostic(code(aedile::policies::invalid))]
    Invalid {
        /// The policy.
        policy: String,
        /// What the validator says.
        reason: String,
        /// What to do, if the validator knows.
        #[help]
        advice: Option<String>,
        /// The text.
        #[source_code]
        source_code: NamedSource<Arc<str>>,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// A framework names something that does not exist, or says something twice.
    #[error("framework `{framework}`: {what}")]
    #[diagnostic(code(aedile::policies::framework))]
    Framework {
        /// The framework.
        framework: String,
        /// What is wrong.
        what: String,
        /// What to do.
        #[help]
        advice: String,
        /// The text.
        #[source_code]
        source_code: NamedSource<Arc<str>>,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// A file that is part of the program is broken: a fault of the build, not of the user.
    #[error("a built-in file is broken: {0}")]
    #[diagnostic(code(aedile::policies::built_in), help("report this as a fault of the program"))]
    BuiltIn(String),
    /// Several of the above.
    #[error("{} faults in policies", .0.len())]
    #[diagnostic(code(aedile::policies::several))]
    Several(#[related] Vec<PolicyError>),
}

impl PolicyError {
    /// One error for `faults`; `None` if there are none.
    pub(crate) fn gathered(mut faults: Vec<PolicyError>) -> Option<PolicyError> {
        match faults.len() {
            0 => None,
            1 => faults.pop(),
            _ => Some(PolicyError::Several(faults)),
        }
    }
}
