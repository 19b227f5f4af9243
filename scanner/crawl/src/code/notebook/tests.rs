//! Whole notebooks.

use aedile_model::{GapKind, RelationKind};
use serde_json::json;

use super::cells;
use crate::code::tests::{facts_of, tells, told};

fn code(source: &str) -> serde_json::Value {
    json!({"cell_type": "code", "source": source.split_inclusive('\n').collect::<Vec<_>>(), "outputs": []})
}

fn notebook(cells: &[serde_json::Value]) -> String {
    json!({"nbformat": 4, "metadata": {}, "cells": cells}).to_string()
}

#[test]
fn cells_share_a_scope_and_places_name_the_cell() {
    let text = notebook(&[
        json!({"cell_type": "markdown", "source": "# Title"}),
        code("import pandas as pd\nP = 'data/a.csv'\n"),
        code("%matplotlib inline\ndf = pd.read_csv(P)\nprint(df['email'])\n"),
    ]);
    let facts = facts_of(&[("nb.ipynb", &text)]);
    tells(&told(&facts), &["reads data/a.csv [*]", "sends log [email]"]);
    let read = facts.links.iter().find(|link| link.kind == RelationKind::Reads).unwrap().place.clone().unwrap();
    assert_eq!(read.cell, Some(2));
    let cell = &cells(&text)[2].text;
    assert_eq!(&cell[read.span.start as usize..read.span.end as usize], "pd.read_csv(P)");
}

#[test]
fn sql_cells_magics_and_shell_lines_are_read() {
    let text = notebook(&[
        code("%%sql\nCREATE TABLE gold.p AS SELECT email FROM raw.p\n"),
        code("%%bigquery df --project x\nSELECT mrn FROM clinic.visits\n"),
        code("print(df)\n!aws s3 cp out.csv s3://share/out.csv\n"),
        code("%%writefile train.py\nimport pandas as pd\npd.read_csv('t.csv')\n"),
    ]);
    let facts = facts_of(&[("nb.ipynb", &text)]);
    tells(
        &told(&facts),
        &[
            "writes gold.p [email]",
            "reads clinic.visits [mrn]",
            "sends log [mrn]",
            "writes s3://share/out.csv [*]",
            "reads t.csv [*]",
        ],
    );
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
}

#[test]
fn saved_outputs_are_classified_and_no_value_leaves() {
    let html = "<table><thead><tr><th></th><th>email</th><th>visits</th></tr></thead><tbody><tr><th>0</th><td>ada.l@mail.example.org</td><td>3</td></tr><tr><th>1</th><td>bo.k@mail.example.org</td><td>4</td></tr></tbody></table>";
    let text = notebook(&[json!({
        "cell_type": "code", "source": "df.head()",
        "outputs": [{"output_type": "execute_result", "data": {"text/html": [html]}}]
    })]);
    let facts = facts_of(&[("nb.ipynb", &text)]);
    tells(&told(&facts), &["sends notebook-output/nb.ipynb [email]"]);
    assert!(!format!("{facts:?}").contains("ada.l"));
    let column = facts.assets.iter().find(|asset| asset.name == "email").unwrap();
    assert!(column.tags.iter().any(|tag| tag.class.as_str() == "pii.contact.email"));
}

#[test]
fn text_outputs_are_scanned() {
    let text = notebook(&[json!({
        "cell_type": "code", "source": "print(x)",
        "outputs": [{"output_type": "stream", "text": ["contact ada.l@mail.example.org now\n"]}]
    })]);
    tells(&told(&facts_of(&[("nb.ipynb", &text)])), &["sends notebook-output/nb.ipynb [*]"]);
}

#[test]
fn the_old_format_and_broken_files_are_tolerated() {
    let old = json!({"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "import pandas as pd\npd.read_csv('a.csv')", "outputs": []}]}]}).to_string();
    tells(&told(&facts_of(&[("old.ipynb", &old)])), &["reads a.csv [*]"]);
    for broken in ["{", "[]", "null", "{\"cells\": 3}", "{\"cells\": [null, 3, {\"cell_type\": \"code\"}]}"] {
        let facts = facts_of(&[("b.ipynb", broken)]);
        assert!(facts.gaps.iter().all(|gap| matches!(gap.kind, GapKind::Unparsed | GapKind::Unsupported)), "{broken}");
    }
}

#[test]
fn a_notebook_that_is_nested_too_deep_is_a_limit() {
    let text = format!("{{\"cells\": [{{\"cell_type\": \"code\", \"metadata\": {}", "[".repeat(5_000));
    let facts = facts_of(&[("deep.ipynb", &text)]);
    assert_eq!(facts.gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), [GapKind::Limit]);
}

#[test]
fn texts_of_a_notebook_are_its_sources_and_outputs_in_order() {
    let text = notebook(&[
        json!({"cell_type": "markdown", "source": ["# Title\n", "more"]}),
        json!({"cell_type": "code", "source": "f()", "outputs": [
            {"output_type": "stream", "text": ["one\n"]},
            {"output_type": "execute_result", "data": {"text/plain": "two", "image/png": "AAAA"}},
            {"output_type": "error", "evalue": "bad", "traceback": ["here\n", "there"]}
        ]}),
    ]);
    let told: Vec<String> = crate::notebook_texts(&text)
        .unwrap()
        .into_iter()
        .map(|text| {
            format!("{} {:?} {} {}", text.cell, text.output, text.form.unwrap_or_default(), text.text.escape_debug())
        })
        .collect();
    let expected = [
        "1 None  # Title\\nmore",
        "2 None  f()",
        "2 Some(1) stream one\\n",
        "2 Some(2) text/plain two",
        "2 Some(3) error bad",
        "2 Some(3) traceback here\\nthere",
    ];
    assert_eq!(told, expected);
    assert_eq!(crate::notebook_texts("{\"cells\": 3, \"a\": ["), None);
    assert_eq!(crate::notebook_texts("[]"), None);
}
