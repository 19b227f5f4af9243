//! Python: scripts, Databricks sources, and the code cells of notebooks.
//!
//! A file becomes a [`Module`] of blocks (the whole script, or one block a cell). Nothing is executed:
//! [`interpret`] walks the statements with abstract values, in which strings keep their known parts and
//! data frames are known by the columns of the datasets they hold.

mod apply;
mod argument;
mod base;
mod branch;
mod call;
mod chosen;
mod column;
mod decorated;
mod expression;
mod frame;
mod gate;
mod interpret;
mod magic;
mod model;
mod movement;
mod nesting;
mod part;
mod protect;
mod recall;
mod setting;
mod shell;
mod sql_text;
mod state;
mod statement;
mod string;
mod value;
mod world;

use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};
use ruff_python_ast::{PySourceType, Stmt};
use ruff_python_parser::parse_unchecked_source;

pub(crate) use base::base;
pub(crate) use interpret::{Outcome, evaluate};
pub(crate) use state::States;
pub(crate) use world::World;

use crate::code::origin::{Offsets, Origin};
use crate::code::sql;

/// A Python file or a notebook.
#[derive(Debug)]
pub(crate) struct Module {
    /// Path relative to the root.
    pub(crate) path: Arc<str>,
    /// Whether it is a notebook file.
    pub(crate) notebook: bool,
    /// Whether it lies among tests.
    pub(crate) in_tests: bool,
    /// The blocks, in the order of execution.
    pub(crate) blocks: Vec<Block>,
    /// What did not parse.
    pub(crate) gaps: Vec<Gap>,
}

/// A piece of a module: a script, a cell.
#[derive(Debug)]
pub(crate) struct Block {
    /// Where its text stands.
    pub(crate) at: Origin,
    /// The text.
    pub(crate) text: Arc<str>,
    /// What it is.
    pub(crate) body: Body,
}

/// The content of a [`Block`].
#[derive(Debug)]
pub(crate) enum Body {
    /// Statements.
    Python(Vec<Stmt>),
    /// SQL of a `%%sql` cell or `# MAGIC %sql` block; the result may be bound to a name.
    Sql {
        /// The statements.
        script: sql::Script,
        /// The variable of `%%bigquery df`.
        into: Option<String>,
    },
    /// Shell lines of a `%%bash` cell.
    Shell,
}

/// A script, with its Databricks cells taken apart if it has any.
pub(crate) fn script(path: &Arc<str>, text: &Arc<str>, in_tests: bool, nesting: usize) -> Module {
    let mut module = Module { path: Arc::clone(path), notebook: false, in_tests, blocks: Vec::new(), gaps: Vec::new() };
    if magic::is_databricks(text) {
        for cell in magic::databricks_cells(text) {
            module.add(
                Origin { path: Arc::clone(path), cell: None, base: cell.base },
                &cell.text,
                cell.language,
                nesting,
            );
        }
    } else {
        module.add_python(Origin { path: Arc::clone(path), cell: None, base: 0 }, text, PySourceType::Python, nesting);
    }
    module
}

impl Module {
    /// Adds the cell `text` in the language its first line says.
    pub(crate) fn add(&mut self, at: Origin, text: &str, language: magic::Language, nesting: usize) {
        match language {
            magic::Language::Python => self.add_python(at, text, PySourceType::Ipynb, nesting),
            magic::Language::Sql { skip, into } => {
                let at = Origin { base: at.base + skip, ..at };
                let text = text.get(skip..).unwrap_or_default();
                let script = sql::Script::parse(text, Offsets::origin(at.clone()), &mut self.gaps);
                self.blocks.push(Block { at, text: text.into(), body: Body::Sql { script, into } });
            }
            magic::Language::Shell => self.blocks.push(Block { at, text: text.into(), body: Body::Shell }),
            magic::Language::Text => {}
        }
    }

    /// Adds the notebook cell number `cell`.
    pub(crate) fn add_cell(&mut self, cell: u32, text: &str, language: magic::Language, nesting: usize) {
        self.add(Origin { path: Arc::clone(&self.path), cell: Some(cell), base: 0 }, text, language, nesting);
    }

    fn add_python(&mut self, at: Origin, text: &str, kind: PySourceType, nesting: usize) {
        if let Some((offset, why)) = nesting::too_deep(text, nesting) {
            self.gaps.push(Gap {
                place: at.place(offset, offset),
                kind: GapKind::Limit,
                message: format!("python not parsed: {why}"),
            });
            return;
        }
        let parsed = parse_unchecked_source(text, kind);
        let mut broken: Vec<Place> = Vec::new();
        for error in parsed.errors() {
            let place = at.of(error.location);
            // One broken statement gives several errors; one gap a line is enough to find it.
            let line = |place: &Place| {
                let end = (place.span.start as usize).saturating_sub(at.base);
                text.as_bytes().get(..end).map_or(0, |before| before.iter().filter(|byte| **byte == b'\n').count())
            };
            if broken.iter().any(|held| line(held) == line(&place)) {
                continue;
            }
            broken.push(place.clone());
            self.gaps.push(Gap {
                place,
                kind: GapKind::Unparsed,
                message: "a python statement does not parse".to_owned(),
            });
        }
        let body = parsed.into_suite().into_iter().collect();
        self.blocks.push(Block { at, text: text.into(), body: Body::Python(body) });
    }

    /// The whole file as a place.
    pub(crate) fn place(&self) -> Place {
        Place::file(&self.path)
    }
}

pub(crate) use magic::{Language, cell_language};

#[cfg(test)]
mod tests;
