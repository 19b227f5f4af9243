//! Where an expression stands: the module instance, and the names that `for`, instances and dynamic blocks
//! bring in.

use std::sync::Arc;

use aedile_model::{Place, Span};

use super::parse::Origin;
use crate::iac::datum::{Datum, Key};

/// Where an expression stands.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// Index of the module instance.
    pub(super) instance: usize,
    pub(super) names: Names,
}

impl Scope {
    /// The scope of a module's own expressions.
    pub(super) fn of(instance: usize) -> Scope {
        Scope { instance, names: Names::default() }
    }

    /// The same with one name more.
    pub(super) fn with(&self, name: &str, value: Datum) -> Scope {
        Scope { instance: self.instance, names: self.names.with(name, value) }
    }
}

/// `each`, `count` and the variables of `for` and dynamic blocks, the innermost first. Copies share.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(Option<Arc<Frame>>);

#[derive(Debug)]
struct Frame {
    name: String,
    value: Datum,
    outer: Names,
}

impl Names {
    /// These and one more, which hides those of its name.
    pub(super) fn with(&self, name: &str, value: Datum) -> Names {
        Names(Some(Arc::new(Frame { name: name.to_owned(), value, outer: self.clone() })))
    }

    /// The value of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Datum> {
        let mut at = self.0.as_ref();
        while let Some(frame) = at {
            if frame.name == name {
                return Some(&frame.value);
            }
            at = frame.outer.0.as_ref();
        }
        None
    }
}

/// One instance of a resource or module: its key and what `each` and `count` are there.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) key: Key,
    pub(super) names: Names,
}

/// The slot of that key; `slots` are sorted by key, or a single one stands for all.
pub(super) fn slot<'s>(slots: &'s [Slot], key: &Key) -> Option<&'s Slot> {
    match slots.binary_search_by(|slot| slot.key.cmp(key)) {
        Ok(at) => slots.get(at),
        Err(_) => slots.first().filter(|slot| slot.key == Key::Any),
    }
}

/// The text of an expression, made only when it is needed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here<'o> {
    pub(super) origin: &'o Origin,
    pub(super) span: Span,
}

impl Here<'_> {
    /// The expression's text on one line.
    pub(super) fn snippet(self) -> String {
        self.origin.snippet(self.span)
    }

    /// The expression's place.
    pub(super) fn place(self) -> Option<Place> {
        self.origin.place(self.span)
    }
}

/// A value of one's own or one that others hold too.
#[derive(Debug, Clone)]
pub(super) enum Held {
    Own(Datum),
    Shared(Arc<Datum>),
}

impl Held {
    /// The value itself, copied if others hold it.
    pub(super) fn into_datum(self) -> Datum {
        match self {
            Held::Own(datum) => datum,
            Held::Shared(datum) => (*datum).clone(),
        }
    }
}

impl std::ops::Deref for Held {
    type Target = Datum;

    fn deref(&self) -> &Datum {
        match self {
            Held::Own(datum) => datum,
            Held::Shared(datum) => datum,
        }
    }
}
