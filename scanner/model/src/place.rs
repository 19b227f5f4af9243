use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

/// A range of bytes, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `range`; offsets beyond 4 GiB are clipped (no source text is that long).
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let clip = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { start: clip(start), end: clip(end) }
    }
}

/// Where something stands: bytes of a source text.
///
/// In a notebook `cell` is the index of the cell (0-based) and the span counts within the cell's text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Path relative to the root, `/` as separator.
    pub path: Arc<str>,
    /// The bytes.
    pub span: Span,
    /// The notebook cell, if the source is a notebook.
    pub cell: Option<u32>,
}

impl Place {
    /// The bytes `start..end` of the file at `path`.
    #[must_use]
    pub fn new(path: &Arc<str>, start: usize, end: usize) -> Self {
        Place { path: Arc::clone(path), span: Span::new(start, end), cell: None }
    }

    /// The whole file, for facts that no line carries (a binary dataset).
    #[must_use]
    pub fn file(path: &Arc<str>) -> Self {
        Place::new(path, 0, 0)
    }

    /// The same span, counted within the notebook cell `cell`.
    #[must_use]
    pub fn in_cell(mut self, cell: usize) -> Self {
        self.cell = u32::try_from(cell).ok();
        self
    }
}

/// A line and a column, both 1-based; the column counts characters (Unicode scalar values).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// 1-based line.
    pub line: u32,
    /// 1-based column in characters.
    pub column: u32,
}

/// A place as people read it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// Path relative to the root.
    pub path: String,
    /// First character, counted within the cell where there is one.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// The notebook cell, 1-based as notebooks show them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cell: Option<u32>,
}

/// One notebook cell's text and where its lines stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The cell's source, lines joined.
    pub text: Arc<str>,
}

/// A source text that places point into.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// The decoded text; empty for binary files.
    pub text: Arc<str>,
    /// The cells, if the source is a notebook.
    pub cells: Vec<Cell>,
}

/// All texts that places point into, by path.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    texts: BTreeMap<Arc<str>, Held>,
}

/// A source with where its lines begin, found when somebody asks.
#[derive(Debug, Clone)]
struct Held {
    source: Source,
    lines: Lines,
    cells: Vec<Lines>,
}

/// Offsets of the first bytes of all lines but the first.
type Lines = OnceLock<Vec<usize>>;

impl Sources {
    /// Keeps `source` under `path`.
    pub fn insert(&mut self, path: Arc<str>, source: Source) {
        let cells = source.cells.iter().map(|_| Lines::new()).collect();
        self.texts.insert(path, Held { source, lines: Lines::new(), cells });
    }

    /// The source at `path`.
    #[must_use]
    pub fn source(&self, path: &str) -> Option<&Source> {
        self.texts.get(path).map(|held| &held.source)
    }

    /// The text that the span of `place` counts in: the cell's or the file's.
    #[must_use]
    pub fn text(&self, place: &Place) -> Option<&Arc<str>> {
        let source = self.source(&place.path)?;
        match place.cell {
            Some(cell) => source.cells.get(cell as usize).map(|cell| &cell.text),
            None => Some(&source.text),
        }
    }

    /// `place` as lines and columns. Without a text (a binary file) it is line 1, column 1.
    #[must_use]
    pub fn locate(&self, place: &Place) -> Location {
        let text = self.text(place).map_or("", |text| &**text);
        let lines = self.texts.get(&place.path).and_then(|held| match place.cell {
            Some(cell) => held.cells.get(cell as usize),
            None => Some(&held.lines),
        });
        let lines = lines.map_or(&[][..], |lines| lines.get_or_init(|| starts(text)));
        Location {
            path: place.path.to_string(),
            start: position(text, lines, place.span.start as usize),
            end: position(text, lines, place.span.end.max(place.span.start) as usize),
            cell: place.cell.map(|cell| cell + 1),
        }
    }

    /// Every path, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &Arc<str>> {
        self.texts.keys()
    }
}

/// Where the lines of `text` but the first begin.
fn starts(text: &str) -> Vec<usize> {
    text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect()
}

/// Line and column of the byte `offset`, which is moved back to a character boundary and into the text, whose `lines`
/// but the first begin at those bytes.
fn position(text: &str, lines: &[usize], offset: usize) -> Position {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let line = lines.partition_point(|start| *start <= at);
    let line_start = line.checked_sub(1).and_then(|before| lines.get(before)).copied().unwrap_or(0);
    let clip = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position { line: clip(line + 1), column: clip(text.get(line_start..at).unwrap_or_default().chars().count() + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_count_characters_and_cells_from_one() {
        let path: Arc<str> = "a.ipynb".into();
        let mut sources = Sources::default();
        sources
            .insert(path.clone(), Source { text: "{}".into(), cells: vec![Cell { text: "é = 1\nprint(é)".into() }] });
        let at = sources.locate(&Place::new(&path, 7, 12).in_cell(0));
        assert_eq!((at.start.line, at.start.column, at.cell), (2, 1, Some(1)));
        let first = sources.locate(&Place::new(&path, 2, 3).in_cell(0));
        assert_eq!((first.start.line, first.start.column), (1, 2));
        let columns = |at: usize| {
            let start = sources.locate(&Place::new(&path, at, at).in_cell(0)).start;
            (start.line, start.column)
        };
        assert_eq!([columns(6), columns(7), columns(8)], [(1, 6), (2, 1), (2, 2)], "a line ends with its newline");
    }

    #[test]
    fn a_place_beyond_the_text_is_its_end() {
        let path: Arc<str> = "a.tf".into();
        let mut sources = Sources::default();
        sources.insert(path.clone(), Source { text: "ab".into(), cells: vec![] });
        assert_eq!(sources.locate(&Place::new(&path, 90, 99)).start, Position { line: 1, column: 3 });
    }
}
