//! What a statement writes as facts: the table, its columns, the lineage of both, and the edges.

use std::collections::BTreeMap;

use aedile_model::{
    Asset, AssetId, AssetKind, Attribute, Columns, Flow, Label, Place, Protection, RelationKind, Value,
};
use sqlparser::ast;

use super::name::{column as key_of, last_part, name_of, settled};
use super::position::Positions;
use super::relation::{Influence, Item, Relation, STAR, Source, Transform};
use super::run::{Run, Step};
use crate::{Link, Ref};

/// How a source column takes part in what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// It gives its value.
    Direct(Transform),
    /// It decides.
    Indirect(Influence),
}

/// One way from a source column to a target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) source: Source,
    /// The table or files; `None` for the result of a query that nothing takes up.
    pub(crate) target: Option<Ref>,
    /// The column; `None` where it decides over all of them.
    pub(crate) column: Option<String>,
    pub(crate) part: Part,
    pub(crate) protection: Protection,
    /// Where it is said.
    pub(crate) place: Place,
}

/// The edges of `relation` into `target`.
pub(super) fn edges(relation: &Relation, target: Option<&Ref>, place: &Place) -> Vec<Edge> {
    let edge = |source: &Source, column: Option<&str>, part, protection| Edge {
        source: source.clone(),
        target: target.cloned(),
        column: column.map(str::to_owned),
        part,
        protection,
        place: place.clone(),
    };
    let mut edges = Vec::new();
    for item in &relation.items {
        let (name, made) = match item {
            Item::Column { name, made } => (name.as_str(), made),
            Item::Any(made) => (STAR, made),
            Item::Rest { source, least, .. } => {
                let transform =
                    if *least == Protection::None { Transform::Identity } else { Transform::Transformation };
                edges.push(edge(&(source.clone(), STAR.to_owned()), Some(STAR), Part::Direct(transform), *least));
                continue;
            }
        };
        for (source, how) in &made.direct {
            edges.push(edge(source, Some(name), Part::Direct(how.transform), how.protection));
        }
        for ((source, influence), protection) in &made.indirect {
            edges.push(edge(source, Some(name), Part::Indirect(*influence), *protection));
        }
    }
    for ((source, influence), protection) in &relation.influences {
        edges.push(edge(source, None, Part::Indirect(*influence), *protection));
    }
    edges.sort();
    edges.dedup();
    edges
}

impl Step<'_> {
    /// `relation` goes into the table `name`: the write, the table's lineage, and the lineage of its columns.
    pub(super) fn written(&mut self, name: &str, relation: &Relation) {
        let mut relation = relation.clone();
        relation.settle(self.target_columns(name).as_deref());
        lineage_links(self.run, name, &relation, &self.place);
        let target = table_ref(name);
        self.run.edges.extend(edges(&relation, Some(&target), &self.place));
        let mut data = relation.data();
        // What a table gets from itself is not new in it.
        data.parts.remove(&target);
        data.step(self.place.clone());
        self.run.writes.push((target, data, self.place.clone()));
    }

    /// The table or view `name` with its columns.
    pub(super) fn define(&mut self, name: &str, type_name: &str, columns: &[ast::ColumnDef]) {
        self.run.defined.insert(name.to_owned());
        let mut asset = table_asset(name, type_name);
        asset.place = Some(self.place.clone());
        let id = asset.id.clone();
        let names: Vec<String> = columns.iter().map(|column| key_of(&column.name)).collect();
        let positions = Positions::of(&self.statement.text);
        for (column, column_name) in columns.iter().zip(settled(&names)) {
            let place = self.ident_place(&column.name, &positions);
            let masked = column.options.iter().any(|option| {
                let text = option.option.to_string().to_uppercase();
                text.contains("MASKING POLICY") || text.starts_with("MASK ") || text.contains("MASKED WITH")
            });
            if masked {
                asset.set("masked", true, Some(place.clone()));
            }
            let column_id = AssetId::column(&id, &column_name);
            self.run.known.insert(column_id.clone());
            let mut column_asset =
                Asset::new(column_id.clone(), AssetKind::Column, format!("{name}.{column_name}"), &*column_name);
            column_asset.type_name = column.data_type.to_string().to_lowercase();
            column_asset.place = Some(place.clone());
            for option in &column.options {
                if let ast::ColumnOption::Tags(given) = &option.option {
                    column_asset.labels.extend(tagged(&given.tags, &place));
                }
            }
            self.run.assets.push(column_asset);
            self.run.links.push(Link::new(RelationKind::PartOf, Ref::Id(column_id), Ref::Id(id.clone()), Some(place)));
        }
        self.run.assets.push(asset);
    }

    /// Where an identifier of this statement stands.
    fn ident_place(&self, ident: &ast::Ident, positions: &Positions) -> Place {
        let (start, end) = (positions.byte(ident.span.start), positions.byte(ident.span.end));
        start
            .zip(end)
            .and_then(|(start, end)| self.offsets.place(self.statement.start + start, self.statement.start + end))
            .unwrap_or_else(|| self.place.clone())
    }
}

/// `WITH TAG (gov.pii = 'email')` as labels.
pub(super) fn tagged<'t>(tags: &'t [ast::Tag], place: &'t Place) -> impl Iterator<Item = Label> + 't {
    let label = |tag: &ast::Tag| {
        Label::new(super::permit::CATALOG, &name_of(&tag.key), tag.value.trim_matches('\''), Some(place.clone()))
    };
    tags.iter().map(label)
}

/// The links that say that the table `name` is made from `relation`, whole and by columns.
pub(crate) fn lineage_links(run: &mut Run, name: &str, relation: &Relation, place: &Place) {
    let target = AssetId::new(AssetKind::Table, "", name);
    let mut data = relation.data();
    data.step(place.clone());
    for (source, flow) in data.flows() {
        if source == table_ref(name) {
            continue;
        }
        let mut link = Link::new(RelationKind::DerivedFrom, table_ref(name), source, Some(place.clone()));
        link.flow = Some(flow);
        run.links.push(link);
    }
    for edge in edges(relation, None, place) {
        let (source, column) = &edge.source;
        let Ref::Named { kind: AssetKind::Table, name: source_name } = source else { continue };
        let output = edge.column.as_deref();
        if source_name == name || column == STAR || matches!(output, Some("?" | STAR)) {
            continue;
        }
        let source_id = AssetId::new(AssetKind::Table, "", source_name);
        let mut link = match (edge.part, output) {
            (Part::Direct(transform), Some(output)) => {
                let from = column_of(run, &target, name, output, "", place);
                let to = column_of(run, &source_id, source_name, column, "", place);
                let mut link = Link::new(RelationKind::DerivedFrom, Ref::Id(from), Ref::Id(to), Some(place.clone()));
                link.attributes = said("transformation", transform.as_str(), place);
                link
            }
            (Part::Direct(_), None) => continue,
            (Part::Indirect(influence), output) => {
                let from = match output {
                    Some(output) => Ref::Id(column_of(run, &target, name, output, "", place)),
                    None => table_ref(name),
                };
                let to = column_of(run, &source_id, source_name, column, "observed", place);
                let mut link = Link::new(RelationKind::DependsOn, from, Ref::Id(to), Some(place.clone()));
                link.attributes = said("influence", influence.as_str(), place);
                link
            }
        };
        link.flow = Some(Flow {
            steps: vec![place.clone()],
            ..Flow::new(Columns::Named(BTreeMap::from([(column.clone(), edge.protection)])))
        });
        run.links.push(link);
    }
}

fn said(name: &str, word: &str, place: &Place) -> BTreeMap<String, Attribute> {
    let attribute = Attribute { value: Value::Text(word.to_owned()), place: Some(place.clone()) };
    BTreeMap::from([(name.to_owned(), attribute)])
}

/// The column asset `column` of the table `table`, known by this reference at least.
fn column_of(
    run: &mut Run,
    table: &AssetId,
    table_name: &str,
    column: &str,
    type_name: &str,
    place: &Place,
) -> AssetId {
    let id = AssetId::column(table, column);
    if run.known.insert(id.clone()) {
        let mut asset = Asset::new(id.clone(), AssetKind::Column, format!("{table_name}.{column}"), column);
        type_name.clone_into(&mut asset.type_name);
        run.assets.push(asset);
        run.links.push(Link::new(
            RelationKind::PartOf,
            Ref::Id(id.clone()),
            Ref::named(AssetKind::Table, table_name),
            Some(place.clone()),
        ));
    }
    id
}

/// The asset of a table: its full name and the names it may be called by.
pub(crate) fn table_asset(name: &str, type_name: &str) -> Asset {
    let mut asset = Asset::new(AssetId::new(AssetKind::Table, "", name), AssetKind::Table, name, last_part(name));
    asset.type_name = type_name.to_owned();
    asset.names.insert(name.to_owned());
    asset
}

pub(super) fn table_ref(name: &str) -> Ref {
    Ref::named(AssetKind::Table, name)
}
