//! Where data comes from and goes to: the recorded relations as edges from column to column.
//!
//! A direct edge gives a value, an indirect one only decides which rows or which value there is. Direct edges are
//! followed from asset to asset; indirect ones are told where they end.

mod draw;
mod table;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use crate::record::{Asset, Place, Relation, Run};

pub(crate) use draw::{dot, mermaid};
pub(crate) use table::text;

/// The columns that are not known by name.
pub(crate) const STAR: &str = "*";

/// Assets that one answer follows.
const NODES: usize = 20_000;

/// One side of an edge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct End {
    /// `Table`, `Dataset`, `Sink`, `Model`, …
    pub kind: String,
    /// The asset's address.
    pub asset: String,
    /// The column; `*` for those not known by name, none where the asset as a whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// One way of data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// Where it comes from.
    pub from: End,
    /// Where it goes.
    pub to: End,
    /// `direct`: the value goes along; `indirect`: it only decides.
    #[serde(rename = "type")]
    pub class: &'static str,
    /// `identity`, `transformation`, `aggregation`; `filter`, `join`, `group_by`, `sort`, `window`, `conditional`;
    /// `as feature`, `as label`, … or `trains` where a model learns, `serves`.
    pub transform: String,
    /// A rung of the protection ladder: `none`, `formatted`, `truncated`, `hashed`, `keyed`, `aggregated`, `dropped`.
    pub protection: String,
    /// The address of the pipeline that does it, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Classes of data that go along.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub carries: Vec<String>,
    /// Where it is said: `path:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Edge {
    /// Whether the value goes along.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.class == "direct"
    }
}

/// What is asked about: an asset, or a column of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The holder's id.
    id: String,
    /// Its address.
    pub asset: String,
    /// Its kind.
    pub kind: String,
    /// The column.
    pub column: Option<String>,
}

/// The answer: edges into the asset and out of it, the nearest first.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Where its data comes from, and what decides over it.
    pub upstream: Vec<Edge>,
    /// Where its data goes.
    pub downstream: Vec<Edge>,
    /// Whether there is more than is told.
    pub cut: bool,
}

/// The edges of a run by their ends.
pub struct Map<'a> {
    assets: BTreeMap<&'a str, &'a Asset>,
    edges: Vec<(Side<'a>, Side<'a>, Edge)>,
    into: BTreeMap<&'a str, Vec<usize>>,
    out: BTreeMap<&'a str, Vec<usize>>,
}

/// The holder's id and the column's name.
type Side<'a> = (&'a str, Option<&'a str>);

impl<'a> Map<'a> {
    /// The edges of `run`.
    #[must_use]
    pub fn new(run: &'a Run) -> Map<'a> {
        let assets: BTreeMap<&str, &Asset> = run.assets.iter().map(|asset| (asset.id.as_str(), asset)).collect();
        let mut map = Map { assets, edges: Vec::new(), into: BTreeMap::new(), out: BTreeMap::new() };
        map.fill(run);
        for (at, (from, to, _)) in map.edges.iter().enumerate() {
            map.out.entry(from.0).or_default().push(at);
            map.into.entry(to.0).or_default().push(at);
        }
        map
    }

    /// Every edge, sorted.
    pub fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().map(|(.., edge)| edge)
    }

    fn fill(&mut self, run: &'a Run) {
        let holders: BTreeMap<&str, &str> = run
            .relations
            .iter()
            .filter(|relation| relation.kind == "part-of")
            .map(|relation| (relation.from.as_str(), relation.to.as_str()))
            .collect();
        let columns: BTreeMap<&str, &str> = run
            .assets
            .iter()
            .filter(|asset| asset.kind == "Column")
            .map(|asset| (asset.id.as_str(), asset.name.as_str()))
            .collect();
        let side = |id: &'a str| -> Side<'a> {
            match (holders.get(id), columns.get(id)) {
                (Some(holder), Some(name)) => (holder, Some(name)),
                _ => (id, None),
            }
        };
        // Pairs of which columns are told need no telling as a whole.
        let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut found = Vec::new();
        let of_columns = |relation: &&Relation| columns.contains_key(relation.from.as_str());
        for relation in
            run.relations.iter().filter(|relation| matches!(relation.kind.as_str(), "derived-from" | "depends-on"))
        {
            if !columns.contains_key(relation.to.as_str()) || !(relation.kind == "depends-on" || of_columns(&relation))
            {
                continue;
            }
            let (from, to) = (side(&relation.to), side(&relation.from));
            let protection = relation.flow.as_ref().and_then(|flow| flow.protections.values().next());
            if relation.kind == "derived-from" {
                told.insert((from.0, to.0));
            }
            found.push((from, to, self.edge(from, to, relation, protection.map(String::as_str), None)));
        }
        let mut reads: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut passed: BTreeSet<(&str, &str)> = BTreeSet::new();
        for relation in run.relations.iter().filter(|relation| relation.kind == "reads") {
            reads.entry(&relation.from).or_default().insert(&relation.to);
        }
        for relation in &run.relations {
            let mut whole = |source: &'a str, target: &'a str, via: Option<&'a str>| {
                if let Some(via) = via {
                    passed.insert((via, source));
                }
                if source == target || (told.contains(&(source, target)) && !is_all(relation)) {
                    return;
                }
                for (column, output, protection) in travelling(relation) {
                    let (from, to) = ((source, column), (target, output));
                    found.push((from, to, self.edge(from, to, relation, protection, via)));
                }
            };
            match relation.kind.as_str() {
                "derived-from" if !of_columns(&relation) => whole(&relation.to, &relation.from, None),
                "serves" => whole(&relation.to, &relation.from, None),
                "writes" | "sends-to" | "trains" => {
                    let flow = relation.flow.as_ref();
                    let sources: Vec<&str> = match flow {
                        Some(flow) if !flow.sources.is_empty() => flow.sources.iter().map(String::as_str).collect(),
                        // Named columns of an unknown source come from the code itself.
                        Some(flow) if flow.columns == "named" => vec![relation.from.as_str()],
                        _ if relation.kind == "sends-to" => vec![relation.from.as_str()],
                        _ => reads.get(relation.from.as_str()).into_iter().flatten().copied().collect(),
                    };
                    for source in sources {
                        whole(source, &relation.to, Some(&relation.from));
                    }
                }
                _ => {}
            }
        }
        // Code that reads and passes nothing on is where the data goes.
        for relation in run.relations.iter().filter(|relation| relation.kind == "reads") {
            if passed.contains(&(relation.from.as_str(), relation.to.as_str())) {
                continue;
            }
            for (column, _, protection) in travelling(relation) {
                let (from, to) = ((relation.to.as_str(), column), (relation.from.as_str(), None));
                found.push((from, to, self.edge(from, to, relation, protection, None)));
            }
        }
        found.sort_by(|a, b| (&a.2, a.0, a.1).cmp(&(&b.2, b.0, b.1)));
        found.dedup_by(|a, b| (&a.2, a.0, a.1) == (&b.2, b.0, b.1));
        self.edges = found;
    }

    fn edge(
        &self,
        from: Side<'_>,
        to: Side<'_>,
        relation: &Relation,
        protection: Option<&str>,
        via: Option<&str>,
    ) -> Edge {
        let end = |side: Side<'_>| End {
            kind: self.assets.get(side.0).map_or_else(String::new, |asset| asset.kind.clone()),
            asset: self.address(side.0).to_owned(),
            column: side.1.map(str::to_owned),
        };
        let said = |name: &str| relation.attributes.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let protection = protection.unwrap_or("none");
        let transform = said("influence").or_else(|| said("transformation")).unwrap_or_else(|| {
            match (relation.kind.as_str(), protection) {
                // Of a training, the part that the columns play in it.
                ("trains", _) => {
                    return said("columnPart").map_or("trains".to_owned(), |part| format!("as {part}"));
                }
                ("serves", _) => "serves",
                (_, "none") => "identity",
                (_, "aggregated") => "aggregation",
                _ => "transformation",
            }
            .to_owned()
        });
        Edge {
            from: end(from),
            to: end(to),
            class: if relation.kind == "depends-on" { "indirect" } else { "direct" },
            transform,
            protection: protection.to_owned(),
            via: via.filter(|via| *via != from.0).map(|via| self.address(via).to_owned()),
            carries: relation.carries.clone(),
            place: relation.place.as_ref().map(place),
        }
    }

    fn address(&self, id: &'a str) -> &'a str {
        self.assets.get(id).map_or(id, |asset| asset.address.as_str())
    }

    /// The asset or column that `name` means, or the names near to it.
    ///
    /// # Errors
    /// Names of what there is, nearest first, if nothing or more than one thing is called so.
    pub fn find(&self, name: &str) -> Result<Asked, Vec<String>> {
        let lower = name.to_lowercase();
        let of = |id: &str, column: Option<&str>| -> Asked {
            let (address, kind) = self.assets.get(id).map_or((id, ""), |asset| (&asset.address, &asset.kind));
            Asked {
                id: id.to_owned(),
                asset: address.to_owned(),
                kind: kind.to_owned(),
                column: column.map(str::to_owned),
            }
        };
        let holders = || self.assets.values().filter(|asset| asset.kind != "Column");
        let is_named = |asset: &Asset, name: &str| {
            asset.address.to_lowercase() == name
                || asset.id.to_lowercase() == name
                || asset.names.iter().any(|held| held.to_lowercase() == name)
        };
        let mut found: Vec<&Asset> = holders().copied().filter(|asset| is_named(asset, &lower)).collect();
        if found.is_empty() {
            found = holders().copied().filter(|asset| asset.name.to_lowercase() == lower).collect();
        }
        if let [asset] = found.as_slice() {
            return Ok(of(&asset.id, None));
        }
        if found.len() > 1 {
            // Of several the one with lineage is meant, if there is one.
            let lively: Vec<&&Asset> = found
                .iter()
                .filter(|asset| self.into.contains_key(asset.id.as_str()) || self.out.contains_key(asset.id.as_str()))
                .collect();
            return match lively.as_slice() {
                [asset] => Ok(of(&asset.id, None)),
                _ => Err(found.iter().map(|asset| asset.id.clone()).collect()),
            };
        }
        if let Some((holder, column)) = lower.rsplit_once('.') {
            let candidates: Vec<&Asset> = holders()
                .copied()
                .filter(|asset| is_named(asset, holder) || asset.name.to_lowercase() == holder)
                .filter(|asset| self.has_column(&asset.id, column))
                .collect();
            match candidates.as_slice() {
                [asset] => return Ok(of(&asset.id, Some(column))),
                [] => {}
                _ => return Err(candidates.iter().map(|asset| format!("{}.{column}", asset.address)).collect()),
            }
        }
        Err(self.near(&lower))
    }

    fn has_column(&self, holder: &str, column: &str) -> bool {
        let of = |map: &BTreeMap<&str, Vec<usize>>, into: bool| {
            map.get(holder).into_iter().flatten().filter_map(|at| self.edges.get(*at)).any(|(from, to, _)| {
                let side = if into { to } else { from };
                side.1.is_some_and(|held| held.eq_ignore_ascii_case(column))
            })
        };
        let id = format!("Column:{holder}/{column}");
        of(&self.into, true) || of(&self.out, false) || self.assets.keys().any(|held| held.eq_ignore_ascii_case(&id))
    }

    fn near(&self, name: &str) -> Vec<String> {
        let short = name.rsplit(['.', '/']).next().unwrap_or(name);
        let mut near: Vec<(usize, &str)> = self
            .assets
            .values()
            .filter(|asset| asset.kind != "Column")
            .filter(|asset| self.into.contains_key(asset.id.as_str()) || self.out.contains_key(asset.id.as_str()))
            .map(|asset| {
                let (address, own) = (asset.address.to_lowercase(), asset.name.to_lowercase());
                let within = address.contains(name) || (short.len() > 2 && address.contains(short));
                let far = distance(&own, short).min(distance(&address, name));
                (if within { 0 } else { far }, asset.address.as_str())
            })
            .filter(|(far, address)| *far <= 3.min(address.len() / 2))
            .collect();
        near.sort_unstable();
        near.dedup();
        near.into_iter().take(5).map(|(_, address)| address.to_owned()).collect()
    }

    /// Follows the data of `asked` both ways.
    #[must_use]
    pub fn answer(&self, asked: &Asked, depth: usize) -> Answer {
        let (upstream, cut_up) = self.follow(asked, depth, true);
        let (downstream, cut_down) = self.follow(asked, depth, false);
        Answer { upstream, downstream, cut: cut_up || cut_down }
    }

    fn follow(&self, asked: &Asked, depth: usize, up: bool) -> (Vec<Edge>, bool) {
        let start = (asked.id.as_str(), asked.column.clone());
        let mut seen = BTreeSet::from([start.clone()]);
        let mut waiting = VecDeque::from([(start, 0)]);
        let (mut edges, mut told): (Vec<Edge>, BTreeSet<usize>) = (Vec::new(), BTreeSet::new());
        let mut cut = false;
        while let Some(((id, column), distance)) = waiting.pop_front() {
            if distance >= depth || seen.len() > NODES {
                cut = true;
                continue;
            }
            let near = if up { self.into.get(id) } else { self.out.get(id) };
            for &at in near.into_iter().flatten() {
                let Some((from, to, edge)) = self.edges.get(at) else { continue };
                let (here, there) = if up { (to, from) } else { (from, to) };
                // A way of a whole asset is one of each column, under its own name as far as anybody knows.
                let at_end = here.1.or(if up && edge.is_direct() { from.1 } else { None });
                let fits = match (&column, at_end) {
                    (Some(column), Some(held)) => held == STAR || held.eq_ignore_ascii_case(column),
                    _ => true,
                };
                if !fits {
                    continue;
                }
                if told.insert(at) {
                    edges.push(edge.clone());
                }
                // What only decides is not the data.
                if !edge.is_direct() {
                    continue;
                }
                let next = match there.1 {
                    Some(STAR) | None => {
                        column.clone().or_else(|| from.1.filter(|held| *held != STAR).map(str::to_owned))
                    }
                    Some(held) => Some(held.to_owned()),
                };
                let next = (there.0, next);
                if seen.insert(next.clone()) {
                    waiting.push_back((next, distance + 1));
                }
            }
        }
        (edges, cut)
    }
}

fn place(place: &Place) -> String {
    match place.cell {
        Some(cell) => format!("{}:cell {}:{}", place.path, cell + 1, place.start.line),
        None => format!("{}:{}", place.path, place.start.line),
    }
}

fn is_all(relation: &Relation) -> bool {
    relation.flow.as_ref().is_some_and(|flow| flow.columns == "all")
}

/// The columns that go along with `relation`: source column, the name under which it arrives, what is done to it.
fn travelling(relation: &Relation) -> Vec<(Option<&str>, Option<&str>, Option<&str>)> {
    let Some(flow) = &relation.flow else { return vec![(None, None, None)] };
    let mut columns: Vec<(Option<&str>, Option<&str>, Option<&str>)> = flow
        .made
        .iter()
        .flat_map(|(name, of)| of.iter().map(move |(column, rung)| (name, column, rung)))
        .map(|(name, column, rung)| (Some(column.as_str()), Some(name.as_str()), Some(rung.as_str())))
        .collect();
    match flow.columns.as_str() {
        "named" => {
            let said: BTreeSet<&str> = columns.iter().filter_map(|(column, ..)| *column).collect();
            // A sink and a model have no columns.
            let named = flow.protections.iter().filter(|(column, _)| !said.contains(column.as_str()));
            let named: Vec<_> = named
                .map(|(column, rung)| (Some(column.as_str()), Some(column.as_str()), Some(rung.as_str())))
                .collect();
            columns.extend(named);
        }
        "all" => columns.push((Some(STAR), Some(STAR), None)),
        _ => columns.push((None, None, None)),
    }
    if matches!(relation.kind.as_str(), "sends-to" | "trains") {
        columns.iter_mut().for_each(|(_, output, _)| *output = None);
    }
    columns
}

/// How many letters differ (Levenshtein); names longer than 64 letters are far from everything.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let [above, left, before] =
                [row.get(j + 1), next.get(j), row.get(j)].map(|held| held.copied().unwrap_or(0));
            next.push((above + 1).min(left + 1).min(before + usize::from(from != to)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_letters() {
        assert_eq!((distance("users", "users"), distance("usres", "users"), distance("", "ab")), (0, 2, 2));
    }
}
