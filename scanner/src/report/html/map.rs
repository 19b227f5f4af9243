//! The data map as a drawing: where sensitive data lies, what works on it, where it goes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::escaped;
use crate::record::{Asset, Run};
use crate::report::wording::cut;

/// Boxes of a column; the table beside the drawing has all.
const MOST: usize = 24;
/// Letters of a name.
const LETTERS: usize = 30;
const WIDTH: usize = 232;
const GAP: usize = 64;
const HEIGHT: usize = 40;
const STEP: usize = 50;

/// Column titles with the kinds of assets that stand there.
const COLUMNS: [(&str, &[&str]); 4] = [
    ("data", &["Dataset", "Table", "FeatureView"]),
    ("stored in", &["Bucket", "Database"]),
    ("worked on by", &["Pipeline", "Notebook", "Workload"]),
    ("goes to", &["Sink", "Model", "Endpoint"]),
];

/// Relations that are drawn.
const DRAWN: [&str; 6] = ["stored-in", "reads", "writes", "sends-to", "trains", "derived-from"];

struct Node<'a> {
    asset: &'a Asset,
    column: usize,
    row: usize,
}

/// The drawing, and how many assets it leaves out; `None` if there is nothing to draw.
pub(super) fn drawing(run: &Run, classes: &BTreeMap<&str, BTreeSet<String>>) -> Option<(String, usize)> {
    let assets: BTreeMap<&str, &Asset> = run.assets.iter().map(|asset| (asset.id.as_str(), asset)).collect();
    let mut wanted: BTreeSet<&str> = classes.keys().copied().collect();
    for relation in run.relations.iter().filter(|relation| DRAWN.contains(&relation.kind.as_str())) {
        let touches = |id: &str| classes.contains_key(id);
        if touches(&relation.from) || touches(&relation.to) || !relation.carries.is_empty() {
            wanted.extend([relation.from.as_str(), relation.to.as_str()]);
        }
    }
    let mut rows = [0_usize; COLUMNS.len()];
    let mut nodes: BTreeMap<&str, Node<'_>> = BTreeMap::new();
    let mut left_out = 0;
    for asset in wanted.iter().filter_map(|id| assets.get(id)) {
        let Some(column) = COLUMNS.iter().position(|(_, kinds)| kinds.contains(&asset.kind.as_str())) else { continue };
        let Some(row) = rows.get_mut(column) else { continue };
        if *row >= MOST {
            left_out += 1;
            continue;
        }
        nodes.insert(&asset.id, Node { asset, column, row: *row });
        *row += 1;
    }
    if nodes.is_empty() {
        return None;
    }
    let height = rows.iter().max().copied().unwrap_or_default() * STEP + 34;
    let width = COLUMNS.len() * WIDTH + (COLUMNS.len() - 1) * GAP + 2;
    let mut out = format!(
        "<svg class=\"map\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"map-title\"><title id=\"map-title\">Data map: the same as the table below</title>"
    );
    edges(&mut out, run, &nodes);
    for (nth, (title, _)) in COLUMNS.iter().enumerate() {
        let _ = write!(out, "<text class=\"head\" x=\"{}\" y=\"16\">{title}</text>", nth * (WIDTH + GAP) + 1);
    }
    for node in nodes.values() {
        boxed(&mut out, node, classes.get(node.asset.id.as_str()));
    }
    out.push_str("</svg>");
    Some((out, left_out))
}

fn edges(out: &mut String, run: &Run, nodes: &BTreeMap<&str, Node<'_>>) {
    let mut drawn: BTreeSet<(&str, &str)> = BTreeSet::new();
    for relation in run.relations.iter().filter(|relation| DRAWN.contains(&relation.kind.as_str())) {
        let ends = (nodes.get(relation.from.as_str()), nodes.get(relation.to.as_str()));
        let (Some(from), Some(to)) = ends else { continue };
        if !drawn.insert((&relation.from, &relation.to)) {
            continue;
        }
        let (left, right) = if from.column <= to.column { (from, to) } else { (to, from) };
        let y = |node: &Node<'_>| node.row * STEP + 28 + HEIGHT / 2;
        let (y1, y2) = (y(left), y(right));
        let x1 = left.column * (WIDTH + GAP) + WIDTH + 1;
        let path = if left.column == right.column {
            // Within a column: an arc in the gap.
            format!("M{x1} {y1}C{0} {y1} {0} {y2} {x1} {y2}", x1 + GAP / 2)
        } else {
            let x2 = right.column * (WIDTH + GAP) + 1;
            let middle = (x1 + x2) / 2;
            format!("M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}")
        };
        let class = if relation.kind == "sends-to" { "edge out" } else { "edge" };
        let _ = write!(
            out,
            "<path class=\"{class}\" d=\"{path}\"><title>{} {} {}</title></path>",
            escaped(&from.asset.address),
            escaped(&relation.kind),
            escaped(&to.asset.address)
        );
    }
}

fn boxed(out: &mut String, node: &Node<'_>, classes: Option<&BTreeSet<String>>) {
    let (x, y) = (node.column * (WIDTH + GAP) + 1, node.row * STEP + 28);
    let told = match classes {
        Some(classes) => {
            let first = classes.iter().next().map_or("", String::as_str);
            if classes.len() > 1 { format!("{first} and {} more", classes.len() - 1) } else { first.to_owned() }
        }
        None => node.asset.kind.clone(),
    };
    let class = if classes.is_some() { "box held" } else { "box" };
    let _ = write!(
        out,
        "<g><title>{} {}</title><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"5\"/><text x=\"{2}\" y=\"{3}\">{4}</text><text class=\"small\" x=\"{2}\" y=\"{5}\">{6}</text></g>",
        escaped(&node.asset.kind),
        escaped(&node.asset.address),
        x + 9,
        y + 17,
        escaped(&tail(&node.asset.address)),
        y + 32,
        escaped(&cut(&told, LETTERS + 6)),
    );
}

/// The end of a long name says more than its beginning.
fn tail(name: &str) -> String {
    let count = name.chars().count();
    if count <= LETTERS {
        name.to_owned()
    } else {
        format!("…{}", name.chars().skip(count - LETTERS + 1).collect::<String>())
    }
}
