//! Edges as text: one block for each pair of assets, one line for each pair of columns.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Edge, STAR};

/// Source, target, pipeline and place of a block.
type Key<'e> = (&'e str, &'e str, Option<&'e str>, Option<&'e str>);

/// The least that a column's name gets.
const NAME: usize = 10;

/// `edges` as text of at most `width` letters a line, as far as names allow; blocks in the order of the edges.
pub(crate) fn text(edges: &[Edge], width: usize) -> String {
    let mut blocks: BTreeMap<Key<'_>, Vec<&Edge>> = BTreeMap::new();
    let mut order = Vec::new();
    for edge in edges {
        let key: Key<'_> =
            (edge.from.asset.as_str(), edge.to.asset.as_str(), edge.via.as_deref(), edge.place.as_deref());
        let block = blocks.entry(key).or_default();
        if block.is_empty() {
            order.push(key);
        }
        block.push(edge);
    }
    // Room for both names: what the fixed columns leave (indent, arrow, gaps, the words of the ladder).
    let room = width.saturating_sub(2 + 4 + 2 + 14 + 2 + 10) / 2;
    let longest = |pick: fn(&Edge) -> String| edges.iter().map(|edge| pick(edge).chars().count()).max().unwrap_or(0);
    let from = longest(|edge| shown(edge.from.column.as_deref())).clamp(NAME, room.max(NAME));
    let to = longest(|edge| shown(edge.to.column.as_deref())).clamp(NAME, room.max(NAME));
    let mut text = String::new();
    for key in order {
        let (source, target, via, place) = key;
        let head = format!("{source} → {target}");
        let at = place.map(|place| format!("({place})")).unwrap_or_default();
        let gap = width.saturating_sub(head.chars().count() + at.chars().count());
        if at.is_empty() || gap < 2 {
            let _ = writeln!(text, "{head}");
            if !at.is_empty() {
                let _ = writeln!(text, "{at:>width$}");
            }
        } else {
            let _ = writeln!(text, "{head}{:gap$}{at}", "");
        }
        if let Some(via) = via {
            let _ = writeln!(text, "  by {via}");
        }
        for edge in blocks.get(&key).into_iter().flatten() {
            let columns = (shown(edge.from.column.as_deref()), shown(edge.to.column.as_deref()));
            let line = format!(
                "  {:from$}  → {:to$}  {:14}  {}",
                cut(&columns.0, from),
                cut(&columns.1, to),
                edge.transform,
                edge.protection,
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

fn shown(column: Option<&str>) -> String {
    match column {
        None => "(all rows)".to_owned(),
        Some(STAR) => "(all columns)".to_owned(),
        Some(column) => column.to_owned(),
    }
}

/// `name` in at most `width` letters, the middle left out.
fn cut(name: &str, width: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= width {
        return name.to_owned();
    }
    let (head, tail) = (width.saturating_sub(1).div_ceil(2), width.saturating_sub(1) / 2);
    letters.iter().take(head).chain(&['…']).chain(letters.iter().skip(letters.len() - tail)).collect()
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(cut("customer_email_address", 11), "custo…dress");
        assert_eq!(cut("email", 11), "email");
    }
}
