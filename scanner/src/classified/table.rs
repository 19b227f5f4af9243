//! What was found, as text for people.

use std::fmt::Write as _;

use super::{Column, Columns, Dataset, Evidence, Span, Spans, Unread};

/// Columns as a table a dataset; with `explain`, the evidence under each column.
#[must_use]
pub fn columns(found: &Columns, explain: bool) -> String {
    let mut text = String::new();
    for dataset in &found.datasets {
        let _ = writeln!(text, "{}", head(dataset));
        let rows: Vec<[String; 6]> = dataset.columns.iter().flat_map(lines).collect();
        let header = ["column", "class", "sure", "protection", "basis", "cells"].map(str::to_owned);
        let widths = widths(&header, &rows);
        if !rows.is_empty() {
            line(&mut text, &header, &widths);
        }
        let mut rows = rows.iter();
        for column in &dataset.columns {
            for row in rows.by_ref().take(lines(column).len()) {
                line(&mut text, row, &widths);
            }
            if explain {
                evidence(&mut text, column);
            }
        }
        if let Some(quasi) = &dataset.quasi_identifiers {
            quasi.write(&mut text, explain);
        }
        text.push('\n');
    }
    gaps(&mut text, &found.gaps);
    let columns: Vec<&Column> = found.datasets.iter().flat_map(|dataset| &dataset.columns).collect();
    let sensitive = columns.iter().filter(|column| column.class.is_some()).count();
    let holding = columns.iter().filter(|column| column.class.is_none() && !column.holds.is_empty()).count();
    let _ = write!(
        text,
        "{}: {}, {sensitive} of them sensitive",
        counted(found.datasets.len(), "dataset"),
        counted(columns.len(), "column"),
    );
    if holding > 0 {
        let _ = write!(text, ", {holding} with sensitive values here and there");
    }
    if !found.gaps.is_empty() {
        let _ = write!(text, "; {} not read", counted(found.gaps.len(), "part"));
    }
    text.push('\n');
    text
}

/// Spans, one a line as compilers write places.
#[must_use]
pub fn spans(found: &Spans) -> String {
    let mut text = String::new();
    for file in &found.files {
        for span in &file.spans {
            let _ = write!(
                text,
                "{}:{}{}:{}: {} {} bytes {}..{} {}",
                file.path,
                place(span),
                span.line,
                span.column,
                span.class,
                span.rule,
                span.start,
                span.end,
                span.shape
            );
            if let Some(validator) = &span.validator {
                let _ = write!(text, " (passes `{validator}`)");
            }
            if let Some(mode) = span.mode {
                let _ = write!(text, " ({mode} mode)");
            }
            text.push_str(if span.placeholder { " (placeholder)\n" } else { "\n" });
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    gaps(&mut text, &found.gaps);
    let spans: usize = found.files.iter().map(|file| file.spans.len()).sum();
    let bytes: u64 = found.files.iter().map(|file| file.bytes).sum();
    let _ = writeln!(text, "{} in {}, {bytes} bytes", counted(spans, "span"), counted(found.files.len(), "text"));
    text
}

/// The cell and output of a notebook, before the line.
fn place(span: &Span) -> String {
    let output = |nth: u64| format!(", output {nth} ({})", span.form.as_deref().unwrap_or_default());
    span.cell.map(|cell| format!("cell {cell}{}:", span.output.map(output).unwrap_or_default())).unwrap_or_default()
}

/// The file with its format and how much of it was read.
fn head(dataset: &Dataset) -> String {
    let part = if dataset.part.is_empty() { String::new() } else { format!("#{}", dataset.part) };
    let rows = match dataset.rows_total {
        Some(total) => format!("{} of {total} rows", dataset.rows_read),
        None => format!("{} rows of an unknown total", dataset.rows_read),
    };
    format!("{}{part}  {}, {rows}, {}", dataset.path, dataset.format, counted(dataset.columns.len(), "column"))
}

/// The lines of a column: what it is, further tags, what it holds here and there.
fn lines(column: &Column) -> Vec<[String; 6]> {
    let by_name_alone = |one: &Evidence| one.basis == "name" && one.hits == 0;
    let counts = |one: &Evidence| match one.of {
        0 => String::new(),
        _ if by_name_alone(one) => String::new(),
        _ => format!("{} of {}", one.hits, one.of),
    };
    let row = |name: &str, class: String, one: &Evidence| {
        let protection = if one.protection == "none" { String::new() } else { one.protection.clone() };
        [name.to_owned(), class, format!("{} %", one.confidence), protection, one.basis.clone(), counts(one)]
    };
    let mut rows: Vec<[String; 6]> = Vec::new();
    for (nth, tag) in column.tags.iter().enumerate() {
        let name = if nth == 0 { column.name.as_str() } else { "" };
        let doubt = if nth == 0 && column.contradicted { " (values contradict)" } else { "" };
        rows.push(row(name, format!("{}{doubt}", tag.class), tag));
    }
    if rows.is_empty() {
        let what = column.technical.clone().unwrap_or_else(|| "·".to_owned());
        rows.push([column.name.clone(), what, String::new(), String::new(), String::new(), String::new()]);
    }
    rows.extend(column.holds.iter().map(|one| row("", format!("holds {}", one.class), one)));
    rows
}

/// Counts, shapes and reasons of a column.
fn evidence(text: &mut String, column: &Column) {
    let filled = column.cells - column.nulls;
    let _ = writeln!(text, "    {filled} filled, {} empty, {} distinct", column.nulls, column.distinct);
    if !column.shapes.is_empty() {
        let shapes: Vec<String> =
            column.shapes.iter().map(|shape| format!("`{}` {} %", shape.shape, shape.percent)).collect();
        let _ = writeln!(text, "    shapes {}", shapes.join(", "));
    }
    let held = column.holds.iter().flat_map(|one| &one.reasons);
    for reason in column.reasons.iter().chain(held) {
        let _ = writeln!(text, "    {reason}");
    }
}

fn gaps(text: &mut String, gaps: &[Unread]) {
    for gap in gaps {
        let _ = writeln!(text, "not read: {}: {} ({})", gap.path, gap.message, gap.kind);
    }
    if !gaps.is_empty() {
        text.push('\n');
    }
}

fn widths(header: &[String; 6], rows: &[[String; 6]]) -> [usize; 6] {
    let mut widths = [0; 6];
    for row in rows.iter().chain([header]) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

fn line(text: &mut String, row: &[String; 6], widths: &[usize; 6]) {
    let cells: Vec<String> =
        row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}", width = *width)).collect();
    let _ = writeln!(text, "  {}", cells.join("  ").trim_end());
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
