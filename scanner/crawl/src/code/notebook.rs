//! Notebooks: cells as code, and their saved outputs as samples of data.

mod output;

use std::sync::Arc;

use aedile_model::{Cell, Gap, GapKind};
use serde_json::Value;

use super::python::{Language, Module, cell_language};
use crate::crawler::Context;
use crate::{Facts, File};

/// A notebook as it was read.
#[derive(Debug)]
pub(crate) struct Notebook {
    /// Its code.
    pub(crate) module: Module,
    /// Files that `%%writefile` cells write: code that runs elsewhere.
    pub(crate) written: Vec<Module>,
    /// What its saved outputs show.
    pub(crate) outputs: Option<Facts>,
    /// What was not read.
    pub(crate) gaps: Vec<Gap>,
}

/// The cells of a notebook in the order of the file: code, prose and raw text alike, so that a cell's
/// number is its place in this list. Empty if `text` is no notebook.
pub(crate) fn cells(text: &str) -> Vec<Cell> {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    cell_values(&value).into_iter().map(|cell| Cell { text: source(cell).into() }).collect()
}

/// A text in a notebook: the source of a cell, or one form of a saved output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotebookText {
    /// The cell, from 1.
    pub cell: u64,
    /// The output of the cell, from 1; `None` for its source.
    pub output: Option<u64>,
    /// The form of the output (`text/plain`, `text/html`, `stream`, `traceback`); `None` for sources.
    pub form: Option<String>,
    /// The text.
    pub text: String,
}

/// The sources and saved outputs of the notebook `text` (nbformat 3 or 4), in its order; pictures and other bytes that are
/// encoded as text are left out. `None` if it is no notebook.
#[must_use]
pub fn notebook_texts(text: &str) -> Option<Vec<NotebookText>> {
    let value = serde_json::from_str::<Value>(text).ok()?;
    if value.get("cells").is_none() && value.get("worksheets").is_none() {
        return None;
    }
    let mut texts = Vec::new();
    for (cell, number) in cell_values(&value).into_iter().zip(1..) {
        texts.push(NotebookText { cell: number, output: None, form: None, text: source(cell) });
        let outputs = cell.get("outputs").and_then(Value::as_array).into_iter().flatten();
        for (output, nth) in outputs.zip(1..) {
            let form = |(form, text)| NotebookText { cell: number, output: Some(nth), form: Some(form), text };
            texts.extend(output::forms(output).into_iter().map(form));
        }
    }
    texts.retain(|text| !text.text.is_empty());
    Some(texts)
}

/// The cells of nbformat 4, and of 3, where they stand in worksheets.
fn cell_values(notebook: &Value) -> Vec<&Value> {
    let list = |value: &'_ Value| value.get("cells").and_then(Value::as_array).is_some();
    if list(notebook) {
        return notebook.get("cells").and_then(Value::as_array).into_iter().flatten().collect();
    }
    let sheets = notebook.get("worksheets").and_then(Value::as_array).into_iter().flatten();
    sheets.filter_map(|sheet| sheet.get("cells").and_then(Value::as_array)).flatten().collect()
}

/// A cell's text: a string or a list of lines; `input` in nbformat 3.
fn source(cell: &Value) -> String {
    joined(cell.get("source").or_else(|| cell.get("input")).unwrap_or(&Value::Null))
}

/// A string, or a list of strings joined.
fn joined(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

impl Notebook {
    /// Reads the notebook `text` of `file`.
    pub(crate) fn parse(file: &File, text: &str, context: Context<'_>) -> Notebook {
        let nesting = context.options.limits.nesting;
        let module = Module {
            path: Arc::clone(&file.path),
            notebook: true,
            in_tests: file.in_tests,
            blocks: Vec::new(),
            gaps: Vec::new(),
        };
        let mut notebook = Notebook { module, written: Vec::new(), outputs: None, gaps: Vec::new() };
        let mut gap = |kind, message: String| notebook.gaps.push(Gap { place: file.place(0, 0), kind, message });
        let value = match serde_json::from_str::<Value>(text) {
            Ok(value) => value,
            Err(error) => {
                match error.to_string().starts_with("recursion limit") {
                    true => gap(GapKind::Limit, "not read: JSON that is nested more than 128 deep".to_owned()),
                    false => gap(GapKind::Unparsed, format!("the notebook is not JSON: line {}", error.line())),
                }
                return notebook;
            }
        };
        let cells = cell_values(&value);
        if cells.is_empty() && value.get("cells").is_none() {
            gap(GapKind::Unsupported, "the file has no cells of nbformat 3 or 4".to_owned());
        }
        let python = kernel_is_python(&value);
        if !python {
            gap(GapKind::Unsupported, "the notebook's language is not python; its code is not read".to_owned());
        }
        for (number, cell) in cells.iter().enumerate() {
            let Ok(number) = u32::try_from(number) else { break };
            if python && cell.get("cell_type").and_then(Value::as_str) == Some("code") {
                notebook.add_cell(number, &source(cell), nesting);
            }
        }
        notebook.outputs = output::facts(file, &cells, context);
        notebook
    }

    fn add_cell(&mut self, number: u32, text: &str, nesting: usize) {
        let first = text.trim_start().lines().next().unwrap_or_default();
        if let Some(target) = first.strip_prefix("%%writefile") {
            self.add_written(number, text, target.trim_start_matches(" -a").trim(), nesting);
            return;
        }
        let mut language = cell_language(text);
        // `%%time` and the like: the rest of the cell is Python, the magic line a comment.
        let text = if language == Language::Python && first.starts_with("%%") {
            text.replacen("%%", "# ", 1)
        } else {
            text.to_owned()
        };
        if language == Language::Text && first.starts_with("%%local") {
            language = Language::Python;
        }
        self.module.add_cell(number, &text, language, nesting);
    }

    /// The file that a cell writes, as a module of its own whose places are in the cell.
    fn add_written(&mut self, number: u32, text: &str, target: &str, nesting: usize) {
        if !target.ends_with(".py") {
            return;
        }
        let folder = self.module.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let target = target.trim_start_matches("./");
        let path: Arc<str> = if folder.is_empty() { target.into() } else { format!("{folder}/{target}").into() };
        let mut module =
            Module { path, notebook: false, in_tests: self.module.in_tests, blocks: Vec::new(), gaps: Vec::new() };
        // The first line becomes a comment of the same length, so that offsets are those of the cell.
        let body = text.replacen("%%", "# ", 1);
        let at = super::origin::Origin { path: Arc::clone(&self.module.path), cell: Some(number), base: 0 };
        module.add(at, &body, Language::Python, nesting);
        self.written.push(module);
    }
}

fn kernel_is_python(notebook: &Value) -> bool {
    let metadata = notebook.get("metadata");
    let named = |path: [&str; 2]| -> Option<&str> {
        path.iter().try_fold(metadata?, |held, key| held.get(key)).and_then(Value::as_str)
    };
    let language = named(["kernelspec", "language"]).or_else(|| named(["language_info", "name"])).unwrap_or("python");
    matches!(language.to_ascii_lowercase().as_str(), "python" | "ipython" | "pyspark" | "python3")
}

#[cfg(test)]
mod tests;
