use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::str::FromStr;

use cedar_policy::{Policy, PolicySet};
use miette::{Diagnostic, SourceSpan};

use crate::{PolicyError, PolicySource};

/// Parsing recurses on the stack; the limits of [`PolicySource`] keep it far below this.
pub(crate) const STACK_BYTES: usize = 256 * 1024 * 1024;

/// One policy of a file, where it stands, and the comment above it.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) policy: Policy,
    pub(crate) span: Range<usize>,
    pub(crate) written: Written,
}

/// What people wrote of a policy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Taken once: Cedar parses the key of each that it is asked for.
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) text: String,
    /// What stands in `//` above it, one paragraph.
    pub(crate) comment: String,
}

/// Runs `work` on a stack that is large enough for whatever the limits let through.
///
/// # Errors
/// [`PolicyError::BuiltIn`] if no thread can be made or it dies.
pub(crate) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, PolicyError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        thread.map_err(|_| died())?.join().map_err(|_| died())
    })
}

/// What is said if a thread that reads policies cannot be made or dies.
pub(crate) fn died() -> PolicyError {
    PolicyError::BuiltIn("the thread that reads policies could not run".to_owned())
}

/// The policies of `source` in the order of the text.
///
/// Must run inside [`on_large_stack`].
///
/// # Errors
/// A passed limit or the parser's first complaint.
pub(crate) fn statements(source: &PolicySource) -> Result<Vec<Statement>, PolicyError> {
    source.check_limits()?;
    let set = PolicySet::from_str(&source.text).map_err(|errors| unparsed(source, &errors))?;
    if let Some(template) = set.templates().next() {
        return Err(PolicyError::Unparsed {
            name: source.name.clone(),
            reason: format!("`{}` is a template", template.id()),
            advice: Some("write the policy without `?principal` and `?resource`".to_owned()),
            source_code: source.code(),
            at: None,
        });
    }
    let mut policies: Vec<(Range<usize>, Policy)> = set
        .policies()
        .map(|policy| {
            let span = policy.as_ref().loc().map_or(0..0, |loc| {
                let start = loc.span.offset();
                start..start + loc.span.len()
            });
            (span, policy.clone())
        })
        .collect();
    policies.sort_by_key(|(span, _)| span.start);
    Ok(policies
        .into_iter()
        .map(|(span, policy)| {
            let annotations = policy.annotations().map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
            Statement { written: Written::at(&source.text, &span, annotations), policy, span }
        })
        .collect())
}

/// The unbroken run of `//` lines that ends `before`, without the slashes, one paragraph.
fn comment_above(before: &str) -> String {
    let mut lines: Vec<&str> = before
        .trim_end()
        .lines()
        .rev()
        .map_while(|line| line.trim().strip_prefix("//"))
        .map(|line| line.trim_start_matches('/').trim())
        .collect();
    lines.reverse();
    lines.join(" ").trim().to_owned()
}

fn unparsed(source: &PolicySource, errors: &cedar_policy::ParseErrors) -> PolicyError {
    let first = errors.iter().next();
    let at = first.and_then(|error| error.labels()).and_then(|mut labels| labels.next()).map(|label| *label.inner());
    PolicyError::Unparsed {
        name: source.name.clone(),
        reason: first.map_or_else(|| errors.to_string(), ToString::to_string),
        advice: first.and_then(|error| error.help()).map(|help| help.to_string()),
        source_code: source.code(),
        at,
    }
}

impl Written {
    /// The policy at `span` of `text`.
    pub(crate) fn at(text: &str, span: &Range<usize>, annotations: BTreeMap<String, String>) -> Written {
        Written {
            annotations,
            text: text.get(span.clone()).unwrap_or_default().to_owned(),
            comment: comment_above(text.get(..span.start).unwrap_or_default()),
        }
    }

    /// What its annotation `key` says.
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }
}

impl Statement {
    /// The span of the annotation `key`, or of the first line.
    pub(crate) fn annotation_span(&self, key: &str) -> SourceSpan {
        let found = self.written.text.find(&format!("@{key}")).map(|at| (self.span.start + at, key.len() + 1));
        found.unwrap_or((self.span.start, self.written.text.lines().next().map_or(1, str::len))).into()
    }

    /// The span of the whole policy.
    pub(crate) fn whole(&self) -> SourceSpan {
        (self.span.start, self.span.len()).into()
    }

    /// The keys of its annotations.
    pub(crate) fn keys(&self) -> BTreeSet<&str> {
        self.written.annotations.keys().map(String::as_str).collect()
    }

    /// What its annotation `key` says.
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.written.annotation(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_has_its_text_and_the_comment_above() {
        let source = PolicySource::new(
            "a.cedar",
            "// about the file\n\n// Why it\n// exists.\n@id(\"a\")\npermit (principal, action, resource);\n\
             @id(\"b\") forbid (principal, action, resource);",
        );
        let found = statements(&source).unwrap();
        let found: Vec<Written> = found.into_iter().map(|statement| statement.written).collect();
        assert_eq!(found[0].comment, "Why it exists.");
        assert!(found[0].text.starts_with("@id(\"a\")") && found[0].text.ends_with(");"), "{}", found[0].text);
        assert_eq!(found[1].comment, "");
        assert!(found[1].text.starts_with("@id(\"b\")"));
    }
}
