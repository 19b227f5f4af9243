use std::sync::Arc;

use miette::{NamedSource, SourceSpan};
use serde::{Deserialize, Serialize};

use crate::PolicyError;

/// A policy, cases or framework file as the caller read it. This crate opens no file itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySource {
    /// The path as it is shown to people, `/` as separator; its stem names the theme.
    pub name: String,
    /// The text.
    pub text: Arc<str>,
}

impl PolicySource {
    /// The source of that name and text.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        PolicySource { name: name.into(), text: text.into() }
    }

    /// The largest file that is read, in bytes: 256 KiB.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// The deepest nesting of brackets that is read. The parser below us recurses on the native stack.
    pub const MAX_DEPTH: usize = 64;

    /// The longest statement that is read, in bytes: chains of operators nest without brackets.
    pub const MAX_STATEMENT: usize = 16 * 1024;

    /// The file's stem: `encryption` of `controls/encryption.cedar`.
    #[must_use]
    pub fn theme(&self) -> &str {
        let file = self.name.rsplit('/').next().unwrap_or(&self.name);
        file.split('.').next().unwrap_or(file)
    }

    /// Whether it adds to the taxonomy: `taxonomy.yaml`, `NAME.taxonomy.yaml`.
    #[must_use]
    pub fn is_taxonomy(&self) -> bool {
        let file = self.name.rsplit('/').next().unwrap_or(&self.name);
        [".taxonomy.yaml", ".taxonomy.yml"].iter().any(|end| file.ends_with(end) || Some(file) == end.get(1..))
    }

    /// The text under its name, for errors that point into it.
    #[must_use]
    pub fn code(&self) -> NamedSource<Arc<str>> {
        NamedSource::new(&self.name, Arc::clone(&self.text))
    }

    /// Refuses what the parser must not see: too long, too deep, too long a statement.
    ///
    /// Brackets in strings and comments do not count.
    ///
    /// # Errors
    /// [`PolicyError::TooLarge`], [`PolicyError::TooDeep`].
    pub(crate) fn check_limits(&self) -> Result<(), PolicyError> {
        if self.text.len() > Self::MAX_BYTES {
            return Err(PolicyError::TooLarge {
                name: self.name.clone(),
                bytes: self.text.len(),
                limit: Self::MAX_BYTES,
            });
        }
        let refused = |at: usize, what: &'static str, limit: usize| PolicyError::TooDeep {
            name: self.name.clone(),
            what,
            limit,
            source_code: self.code(),
            at: SourceSpan::from((at, 1)),
        };
        let (mut depth, mut statement, mut bytes) = (0usize, 0usize, self.text.bytes().enumerate().peekable());
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    while let Some((_, inside)) = bytes.next() {
                        match inside {
                            b'\\' => drop(bytes.next()),
                            b'"' => break,
                            _ => {}
                        }
                    }
                }
                b'/' if bytes.peek().is_some_and(|(_, next)| *next == b'/') => {
                    for (_, inside) in bytes.by_ref() {
                        if inside == b'\n' {
                            break;
                        }
                    }
                }
                b'(' | b'[' | b'{' => {
                    depth += 1;
                    if depth > Self::MAX_DEPTH {
                        return Err(refused(at, "nests brackets deeper than", Self::MAX_DEPTH));
                    }
                }
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b';' => statement = at,
                _ => {}
            }
            if at.saturating_sub(statement) > Self::MAX_STATEMENT {
                return Err(refused(at, "has a statement longer than", Self::MAX_STATEMENT));
            }
        }
        Ok(())
    }
}
