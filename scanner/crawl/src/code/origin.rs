//! Where a text stands: the file, the cell, and for SQL inside strings the pieces of the string.

use std::sync::Arc;

use aedile_model::Place;
use ruff_text_size::TextRange;

/// The start of a text within a file or a notebook cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The file.
    pub(crate) path: Arc<str>,
    /// The notebook cell, 0-based.
    pub(crate) cell: Option<u32>,
    /// Bytes of the file or cell before the text.
    pub(crate) base: usize,
}

impl Origin {
    /// The start of the file at `path`.
    pub(crate) fn file(path: &Arc<str>) -> Origin {
        Origin { path: Arc::clone(path), cell: None, base: 0 }
    }

    /// The bytes `start..end` of the text as a place.
    pub(crate) fn place(&self, start: usize, end: usize) -> Place {
        let mut place = Place::new(&self.path, self.base + start, self.base + end);
        place.cell = self.cell;
        place
    }

    /// The place of a node.
    pub(crate) fn of(&self, range: TextRange) -> Place {
        self.place(range.start().to_usize(), range.end().to_usize())
    }
}

/// Where the pieces of a text stand, in order; text that was computed has no piece.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offsets {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
struct Piece {
    at: usize,
    len: usize,
    origin: Origin,
    /// For text that was made: how long what it stands for is, of which every part is the whole.
    tag: Option<usize>,
}

impl Offsets {
    /// A text that stands as it is from `origin` on.
    pub(crate) fn origin(origin: Origin) -> Offsets {
        Offsets::piece(origin, usize::MAX / 2)
    }

    /// A text of `len` bytes that stands as it is from `origin` on.
    pub(crate) fn piece(origin: Origin, len: usize) -> Offsets {
        Offsets { pieces: vec![Piece { at: 0, len, origin, tag: None }] }
    }

    /// A text of `len` bytes that was made of `tag` bytes from `origin` on.
    pub(crate) fn tag(origin: Origin, len: usize, tag: usize) -> Offsets {
        Offsets { pieces: vec![Piece { at: 0, len, origin, tag: Some(tag) }] }
    }

    /// Adds the pieces of a text that is put in after `shift` bytes.
    pub(crate) fn append(&mut self, shift: usize, other: &Offsets) {
        self.pieces.extend(other.pieces.iter().map(|piece| Piece { at: piece.at + shift, ..piece.clone() }));
    }

    /// Where the bytes `start..end` of the text stand; the end is cut to the piece of the start.
    pub(crate) fn place(&self, start: usize, end: usize) -> Option<Place> {
        let piece = self.pieces.iter().rev().find(|piece| piece.at <= start && start < piece.at + piece.len)?;
        if let Some(tag) = piece.tag {
            return Some(piece.origin.place(0, tag));
        }
        let end = end.clamp(start, piece.at + piece.len);
        Some(piece.origin.place(start - piece.at, end - piece.at))
    }
}
