//! What several formats say alike.

use serde_json::Value;
use sha1::{Digest, Sha1};

use super::RenderError;
use crate::record::{Finding, Place, Run};

/// `value` as indented JSON with a line feed at its end.
pub(super) fn pretty(value: &Value, format: &'static str) -> Result<String, RenderError> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| RenderError { format, reason: error.to_string() })
}

/// A UUID of version 5 (RFC 9562, 5.5) for `name`, under the name space of URLs: the same name, the same UUID.
pub(super) fn uuid(name: &str) -> String {
    const URL: [u8; 16] =
        [0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];
    let mut sha = Sha1::new_with_prefix(URL);
    sha.update(b"urn:aedile:");
    sha.update(name.as_bytes());
    let hex: String = sha
        .finalize()
        .iter()
        .take(16)
        .enumerate()
        .map(|(nth, byte)| match nth {
            6 => format!("{:02x}", (byte & 0x0f) | 0x50),
            8 => format!("{:02x}", (byte & 0x3f) | 0x80),
            _ => format!("{byte:02x}"),
        })
        .collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// `text` with a capital at its start and a full stop at its end.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let start = letters.next().map_or_else(String::new, |first| first.to_uppercase().collect());
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{start}{}{stop}", letters.as_str())
}

/// `path` as a relative URI reference (RFC 3986): all but unreserved characters and `/` in percent form.
pub(super) fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// The first `most` characters of `text`, with an ellipsis if there are more.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// `1 finding`, `2 findings`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

impl Place {
    /// `path:line:column`, with the cell of a notebook; the path alone for a whole file.
    pub(crate) fn at(&self) -> String {
        let cell = self.cell.map_or_else(String::new, |cell| format!(" cell {cell}"));
        if self.is_whole_file() {
            format!("{}{cell}", self.path)
        } else {
            format!("{}{cell}:{}:{}", self.path, self.start.line, self.start.column)
        }
    }

    /// Whether it is an empty place at the beginning: the file as a whole.
    pub(crate) fn is_whole_file(&self) -> bool {
        self.start == self.end && self.start.line == 1 && self.start.column == 1
    }

    /// The last line that it touches.
    pub(crate) fn last_line(&self) -> u32 {
        // The end is one past the last character: at the start of a line that line is not touched.
        let past = self.end.column == 1 && self.end.line > self.start.line;
        self.end.line.saturating_sub(u32::from(past)).max(self.start.line)
    }
}

impl Finding {
    /// The severity, or `undecided`.
    pub(crate) fn word(&self) -> &str {
        if self.verdict == "fail" { &self.severity } else { "undecided" }
    }

    /// `open`, `waived`, `known`, `unchanged` or `moved`.
    pub(crate) fn state(&self) -> &str {
        match (&self.waiver, self.baseline_state.as_deref(), self.diff_state.as_deref()) {
            (Some(_), ..) => "waived",
            (None, Some("known"), _) => "known",
            (None, _, Some(state @ ("unchanged" | "moved"))) => state,
            _ => "open",
        }
    }
}

impl Run {
    /// `path`, as reports show it, relative to the top of the repository where the roots lie in one.
    pub(crate) fn in_repository(&self, path: &str) -> String {
        let below = self.run.below.iter().filter(|(shown, _)| path.starts_with(shown.as_str()));
        below.max_by_key(|(shown, _)| shown.len()).map_or_else(
            || path.to_owned(),
            |(shown, real)| format!("{real}{}", path.get(shown.len()..).unwrap_or_default()),
        )
    }

    /// Waivers that end within a month, one line each.
    pub(crate) fn ending(&self) -> Vec<String> {
        let soon = self.waivers.iter().filter(|waiver| waiver.ends_soon());
        soon.map(|waiver| format!("the waiver of {} for {}: {}", waiver.policy, waiver.scope, waiver.told())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_of_version_five_and_stable() {
        let one = uuid("finding/1");
        assert_eq!(one, uuid("finding/1"));
        assert_ne!(one, uuid("finding/2"));
        assert_eq!((one.len(), &one[14..15]), (36, "5"));
        assert!("89ab".contains(&one[19..20]));
    }

    #[test]
    fn a_place_that_ends_at_the_start_of_a_line_does_not_touch_it() {
        let position = |line, column| crate::record::Position { line, column };
        let place = |start, end| Place { path: "a".into(), start, end, cell: None, snippet: None };
        assert_eq!(place(position(3, 1), position(5, 1)).last_line(), 4);
        assert_eq!(place(position(3, 1), position(3, 1)).last_line(), 3);
    }
}
