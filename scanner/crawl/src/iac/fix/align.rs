//! `=` signs under each other, as `terraform fmt` sets them: over adjacent lines that each hold one whole
//! attribute. A blank line, a comment or a value of several lines ends such a group.
//!
//! Source: hclwrite's format, which moves the tokens after `=` into a column only where their brackets balance.

/// A line that is one attribute: offsets of its first byte, of the end of its key and of its `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    start: usize,
    pub(crate) key_end: usize,
    pub(crate) equals: usize,
    end: usize,
}

impl Line {
    /// Characters before the `=` that it needs.
    pub(crate) fn width(&self, text: &str) -> usize {
        text.get(self.start..self.key_end).map_or(0, |key| key.chars().count())
    }
}

/// The attribute on the line that begins at `start`.
fn line(text: &str, start: usize) -> Option<Line> {
    let rest = text.get(start..)?;
    let raw = rest.get(..rest.find('\n').unwrap_or(rest.len()))?;
    let blanks = raw.len() - raw.trim_start().len();
    let body = raw.get(blanks..)?;
    let key = match body.strip_prefix('"') {
        Some(quoted) => quoted.find('"')? + 2,
        None => body.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))?,
    };
    let after = body.get(key..)?;
    let gap = after.len() - after.trim_start().len();
    let value = after.get(gap..)?.strip_prefix('=')?;
    let whole = key > 0 && !value.starts_with(['=', '>']) && balanced(value) && !value.trim().is_empty();
    let at = start + blanks + key;
    whole.then_some(Line { start, key_end: at, equals: at + gap, end: start + raw.len() })
}

/// Whether `value` closes every bracket that it opens, and begins no heredoc.
fn balanced(value: &str) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0i32, false, false);
    for c in value.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            '#' if !quoted => break,
            _ => {}
        }
    }
    depth == 0 && !value.trim_start().starts_with("<<")
}

/// The group of attributes that the line beginning at `start` stands in; empty if it is no attribute.
pub(crate) fn group(text: &str, start: usize) -> Vec<Line> {
    let Some(own) = line(text, start) else { return Vec::new() };
    let indent = |line: &Line| text.get(line.start..line.key_end).map(|key| key.len() - key.trim_start().len());
    let mut lines = vec![own];
    let mut at = own.start;
    while at > 0 {
        let before = text.get(..at - 1).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        match line(text, before).filter(|found| indent(found) == indent(&own)) {
            Some(found) => lines.insert(0, found),
            None => break,
        }
        at = before;
    }
    let mut at = own.end + 1;
    while let Some(found) = line(text, at).filter(|found| indent(found) == indent(&own)) {
        lines.push(found);
        at = found.end + 1;
    }
    lines
}

/// `text` with the groups of the lines that begin at `starts` aligned. Groups that were not aligned before
/// are left as their author has them, unless `starts` holds a line of theirs that is new.
pub(crate) fn aligned(text: &str, starts: &[usize]) -> String {
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for start in starts {
        let group = group(text, *start);
        let width = group.iter().map(|line| line.width(text)).max().unwrap_or(0);
        for line in &group {
            let blanks = " ".repeat(width - line.width(text) + 1);
            if text.get(line.key_end..line.equals) != Some(blanks.as_str()) {
                edits.push((line.key_end, line.equals, blanks));
            }
        }
    }
    edits.sort();
    edits.dedup();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end, blanks) in edits {
        out.push_str(text.get(at..start).unwrap_or_default());
        out.push_str(&blanks);
        at = end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_ends_at_blanks_comments_and_values_of_several_lines() {
        let text = "a = 1\nlonger = 2 # why\n\nc = 1\nd = {\n  e = 1\n}\nf = \"a = {\"\nfoo == 1\n";
        let keys = |at: usize| -> Vec<&str> { group(text, at).iter().map(|l| &text[l.start..l.key_end]).collect() };
        assert_eq!(keys(0), ["a", "longer"]);
        assert_eq!(keys(24), ["c"]);
        assert_eq!(keys(text.find("f =").unwrap()), ["f"]);
        assert!(group(text, text.find("d =").unwrap()).is_empty(), "its value has more lines");
        assert!(group(text, text.find("foo").unwrap()).is_empty(), "a comparison is no attribute");
    }

    #[test]
    fn equal_signs_stand_under_each_other() {
        assert_eq!(aligned("  a = 1\n  longer = 2\n", &[8]), "  a      = 1\n  longer = 2\n");
    }
}
