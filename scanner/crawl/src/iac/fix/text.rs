//! Positions in a text that is edited, and the edits.

use std::sync::Arc;

use aedile_model::{Patch, Place};

/// A file that edits are written for.
#[derive(Debug, Clone)]
pub(crate) struct Text<'t> {
    pub(crate) path: Arc<str>,
    pub(crate) text: &'t str,
}

impl<'t> Text<'t> {
    /// The replacement of `start..end` by `new`, with the file's own line ends.
    pub(crate) fn edit(&self, start: usize, end: usize, new: impl AsRef<str>) -> Patch {
        let new = new.as_ref();
        let replacement = if self.text.contains("\r\n") { new.replace('\n', "\r\n") } else { new.to_owned() };
        Patch { place: Place::new(&self.path, start, end), replacement }
    }

    /// Where the line of `at` begins.
    pub(crate) fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    /// Where the line of `at` ends, before its line end.
    pub(crate) fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let end = rest.find('\n').map_or(self.text.len(), |newline| at + newline);
        if self.text.get(..end).is_some_and(|before| before.ends_with('\r')) && end > at { end - 1 } else { end }
    }

    /// The blanks that the line of `at` begins with.
    pub(crate) fn indent(&self, at: usize) -> &'t str {
        let line = self.text.get(self.line_start(at)..).unwrap_or_default();
        let length = line.find(|c: char| c != ' ' && c != '\t').unwrap_or(line.len());
        line.get(..length).unwrap_or_default()
    }

    /// The text of `start..end`.
    pub(crate) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The whole lines of `start..end`, their last line end included.
    pub(crate) fn lines(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.line_start(start);
        let to = self.line_end(end);
        let rest = self.text.get(to..).unwrap_or_default();
        let newline = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
        (from, to + newline)
    }
}

/// `text` with `indent` before each line but blank ones and the first.
pub(crate) fn indented(text: &str, indent: &str) -> String {
    let mut lines = text.trim_end().split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(indent);
            out.push_str(line);
        }
    }
    out
}
