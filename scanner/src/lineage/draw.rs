//! Edges as pictures: Graphviz and Mermaid.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Edge;

/// Columns that the label of one arrow names.
const LABELS: usize = 6;

/// Pairs of assets with what their arrow says; indirect ones apart.
type Arrows<'a> = BTreeMap<(&'a str, &'a str, bool), BTreeSet<String>>;

fn arrows(edges: &[Edge]) -> (BTreeMap<&str, &str>, Arrows<'_>) {
    let (mut nodes, mut arrows) = (BTreeMap::new(), Arrows::new());
    for edge in edges {
        nodes.insert(edge.from.asset.as_str(), edge.from.kind.as_str());
        nodes.insert(edge.to.asset.as_str(), edge.to.kind.as_str());
        let column = edge.from.column.as_deref().unwrap_or_default();
        let done = match (edge.is_direct(), edge.protection.as_str()) {
            (false, _) => edge.transform.as_str(),
            (true, "none") => "",
            (true, rung) => rung,
        };
        let label = [column, done].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(": ");
        let held = arrows.entry((edge.from.asset.as_str(), edge.to.asset.as_str(), edge.is_direct())).or_default();
        if !label.is_empty() {
            held.insert(label);
        }
    }
    (nodes, arrows)
}

fn label(words: &BTreeSet<String>) -> Vec<String> {
    let mut label: Vec<String> = words.iter().take(LABELS).cloned().collect();
    if words.len() > LABELS {
        label.push(format!("and {} more", words.len() - LABELS));
    }
    label
}

/// A digraph in Graphviz's language; what only decides is dashed.
pub(crate) fn dot(edges: &[Edge]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " "));
    let (nodes, arrows) = arrows(edges);
    let mut text = "digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for (address, kind) in nodes {
        let shape = match kind {
            "Sink" => " [shape=house]",
            "Pipeline" | "Notebook" => " [shape=component]",
            "Model" | "Endpoint" => " [shape=ellipse]",
            _ => "",
        };
        let _ = writeln!(text, "  {}{shape};", quoted(address));
    }
    for ((from, to, direct), words) in arrows {
        let style = if direct { "" } else { ", style=dashed" };
        let words = quoted(&label(&words).join(", "));
        let _ = writeln!(text, "  {} -> {} [label={words}{style}];", quoted(from), quoted(to));
    }
    text.push_str("}\n");
    text
}

/// A flowchart in Mermaid's language; what only decides is dotted.
pub(crate) fn mermaid(edges: &[Edge]) -> String {
    // Mermaid reads entities in quoted labels, so that names cannot end one.
    let quoted = |text: &str| {
        let safe: String = text
            .chars()
            .map(|c| match c {
                '"' => "#quot;".to_owned(),
                '#' => "#35;".to_owned(),
                '<' => "#lt;".to_owned(),
                '>' => "#gt;".to_owned(),
                '\n' => " ".to_owned(),
                other => other.to_string(),
            })
            .collect();
        format!("\"{safe}\"")
    };
    let (nodes, arrows) = arrows(edges);
    let ids: BTreeMap<&str, usize> = nodes.keys().enumerate().map(|(at, address)| (*address, at)).collect();
    let mut text = "flowchart LR\n".to_owned();
    for (address, kind) in &nodes {
        let id = ids.get(address).copied().unwrap_or_default();
        let name = quoted(address);
        let _ = match *kind {
            "Sink" => writeln!(text, "  n{id}>{name}]"),
            "Pipeline" | "Notebook" => writeln!(text, "  n{id}[[{name}]]"),
            "Model" | "Endpoint" => writeln!(text, "  n{id}([{name}])"),
            _ => writeln!(text, "  n{id}[{name}]"),
        };
    }
    for ((from, to, direct), words) in arrows {
        let at = |address: &str| ids.get(address).copied().unwrap_or_default();
        let words = label(&words);
        let said = if words.is_empty() { String::new() } else { format!("|{}|", quoted(&words.join(", "))) };
        let arrow = if direct { "-->" } else { "-.->" };
        let _ = writeln!(text, "  n{} {arrow}{said} n{}", at(from), at(to));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::{Edge, End};
    use super::{dot, mermaid};

    #[test]
    fn names_cannot_leave_their_quotes() {
        let end = |asset: &str| End { kind: "Table".into(), asset: asset.into(), column: None };
        let edge = Edge {
            from: end("a\"];evil[\""),
            to: end("b"),
            class: "direct",
            transform: "identity".into(),
            protection: "none".into(),
            via: None,
            carries: Vec::new(),
            place: None,
        };
        assert!(dot(std::slice::from_ref(&edge)).contains("\"a\\\"];evil[\\\"\" -> \"b\""));
        assert!(mermaid(&[edge]).contains("n0[\"a#quot;];evil[#quot;\"]"));
    }
}
