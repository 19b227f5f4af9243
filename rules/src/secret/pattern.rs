//! Byte patterns of secrets: what they tell before they are compiled.

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, HirKind};

/// What a pattern says about the lengths of its matches, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lengths {
    pub(super) least: usize,
    /// `None` for a pattern without a limit.
    pub(super) most: Option<usize>,
    /// The least of the group `secret`, or of the whole.
    pub(super) secret: usize,
}

fn syntax(ignore_case: bool) -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false).case_insensitive(ignore_case)
}

/// The lengths of `pattern`. Cheap: nothing is compiled.
///
/// # Errors
/// It is no pattern, or matches the empty text.
pub(super) fn parse(pattern: &str, ignore_case: bool) -> Result<Lengths, String> {
    let hir = syntax::parse_with(pattern, &syntax(ignore_case)).map_err(|error| error.to_string())?;
    let least = hir.properties().minimum_len().unwrap_or(0);
    if least == 0 {
        return Err("it matches the empty text".into());
    }
    Ok(Lengths { least, most: hir.properties().maximum_len(), secret: secret(&hir).unwrap_or(least) })
}

/// The least length of the group `secret`.
fn secret(hir: &Hir) -> Option<usize> {
    match hir.kind() {
        HirKind::Capture(group) if group.name.as_deref() == Some("secret") => group.sub.properties().minimum_len(),
        HirKind::Capture(group) => secret(&group.sub),
        HirKind::Repetition(repeated) => secret(&repeated.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().filter_map(secret).min(),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => None,
    }
}

/// `pattern`, compiled. `None` if it is too large to be.
pub(super) fn compile(pattern: &str, ignore_case: bool) -> Option<Regex> {
    Regex::builder().syntax(syntax(ignore_case)).configure(Regex::config().utf8_empty(false)).build(pattern).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_pattern_and_its_group() {
        let lengths = parse("ab(?P<secret>[0-9]{3,5}|x{9})(?:c|$)", false).unwrap();
        assert_eq!(lengths, Lengths { least: 5, most: Some(12), secret: 3 });
        assert_eq!(parse("a[0-9]{2,}", false).unwrap(), Lengths { least: 3, most: None, secret: 3 });
        assert!(parse("a*", false).is_err());
        assert!(parse("(", false).is_err());
    }
}
