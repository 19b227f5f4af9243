//! What the statements of a script do, in order.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Gap, GapKind, Place, RelationKind, Value};
use aedile_rules::ColumnPart;
use sqlparser::ast;

use super::lineage::{Lineage, Session};
use super::model::Model;
use super::name::{column, lower, name_of, settled};
use super::permit::Grants;
use super::relation::{Influence, Item, Made, Relation};
use super::word::words;
use super::written::{Edge, edges, table_asset, table_ref, tagged};
use super::{Content, Schemas, Script, Statement, copy};
use crate::assessed::LOADS;
use crate::code::flow::{Data, Part};
use crate::code::origin::Offsets;
use crate::code::output::{Pipeline, all_columns, dataset_name, table_name};
use crate::{Link, Ref};

/// What a script does.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Assets that it defines.
    pub(crate) assets: Vec<Asset>,
    /// Lineage between tables and columns, grants, memberships.
    pub(crate) links: Vec<Link>,
    /// Datasets read by queries, with what is taken of them.
    pub(crate) reads: Vec<(Ref, Part, Place)>,
    /// Datasets written, with what is written.
    pub(crate) writes: Vec<(Ref, Data, Place)>,
    /// Models trained: the name, the part that columns play where it is said, the columns.
    pub(crate) trains: Vec<(String, Option<ColumnPart>, Data, Place)>,
    /// Models that are measured (`ML.EVALUATE(MODEL m, …)`), and where.
    pub(crate) measured: Vec<(String, Place)>,
    /// What the last query gives.
    pub(crate) result: Data,
    /// The same with the order of its columns.
    pub(crate) relation: Relation,
    /// Every way from a column to a column or table.
    pub(crate) edges: Vec<Edge>,
    /// The columns of the tables and views that it makes, in order.
    pub(crate) made: BTreeMap<String, Vec<String>>,
    /// What was left out.
    pub(crate) gaps: Vec<Gap>,
    /// Column assets that were added.
    pub(super) known: BTreeSet<AssetId>,
    /// Tables that were defined, by name.
    pub(super) defined: BTreeSet<String>,
}

impl Run {
    /// Tells all of it to the pipeline that runs the script.
    pub(crate) fn tell(&self, pipeline: &mut Pipeline) {
        for asset in &self.assets {
            pipeline.add(asset.clone());
        }
        for link in &self.links {
            pipeline.link(link.clone());
        }
        for (dataset, part, place) in &self.reads {
            pipeline.reads(dataset, part, place);
        }
        for (dataset, data, place) in &self.writes {
            pipeline.writes(dataset, data, place);
        }
        for (name, part, data, place) in &self.trains {
            let id = AssetId::new(AssetKind::Model, &pipeline.asset.address, name);
            let mut model = Asset::new(id.clone(), AssetKind::Model, name.as_str(), name.as_str());
            "sql".clone_into(&mut model.type_name);
            model.place = Some(place.clone());
            model.names.insert(name.clone());
            model.in_tests = pipeline.asset.in_tests;
            pipeline.add(model);
            pipeline.trains(&id, *part, data, place, &BTreeMap::new());
        }
        for (name, place) in &self.measured {
            pipeline.set("evaluated", Value::Bool(true), place);
            pipeline.lists(LOADS, vec![name.clone()], place);
        }
        for gap in &self.gaps {
            pipeline.gap(gap.clone());
        }
    }
}

/// Runs over `script`, whose text stands where `offsets` say (or at `fallback`). Temporary views of the
/// session are looked up and added.
pub(crate) fn run(
    script: &Script,
    offsets: &Offsets,
    fallback: Option<&Place>,
    schemas: &Schemas,
    views: &mut BTreeMap<String, Data>,
) -> Run {
    let mut run = Run::default();
    let mut grants = Grants::default();
    let mut session = Session::default();
    for statement in &script.statements {
        let place = offsets
            .place(statement.start, statement.end)
            .or_else(|| fallback.cloned())
            .unwrap_or_else(|| Place::file(&"".into()));
        run.measured.extend(measured(&statement.text).map(|name| (name, place.clone())));
        let ctes = BTreeMap::new();
        let mut step = Step { run: &mut run, schemas, session: &mut session, ctes, place, statement, offsets };
        match &statement.content {
            Content::Ast(ast) => step.statement(ast, views),
            Content::Grant(grant) => step.grant(grant, &mut grants),
            Content::Mask(mask) => step.mask(mask),
            Content::Copy(copy) => step.copy(copy, views),
            Content::Model(model) => step.model(model, views),
        }
    }
    run.made = session.made;
    run.links.extend(grants.links);
    run
}

/// One statement, and all that the script did before.
pub(super) struct Step<'a> {
    pub(super) run: &'a mut Run,
    pub(super) schemas: &'a Schemas,
    pub(super) session: &'a mut Session,
    /// Common table expressions that stand before the statement.
    pub(super) ctes: BTreeMap<String, Relation>,
    pub(super) place: Place,
    pub(super) statement: &'a Statement,
    pub(super) offsets: &'a Offsets,
}

impl Step<'_> {
    pub(super) fn statement(&mut self, statement: &ast::Statement, views: &mut BTreeMap<String, Data>) {
        match statement {
            ast::Statement::Query(query) => self.query(query, views),
            ast::Statement::CreateTable(table) => self.create_table(table, views),
            ast::Statement::CreateView(view) => {
                let mut relation = self.source(&view.query, views);
                let names: Vec<String> = view.columns.iter().map(|held| column(&held.name)).collect();
                let names = settled(&names);
                relation.rename_in_order(names.iter().map(String::as_str));
                self.made_of(&name_of(&view.name), "view", &relation, view.temporary, views);
                // ClickHouse: the view fills another table.
                if let Some(to) = &view.to {
                    let name = self.schemas.canonical(&name_of(to));
                    self.written(&name, &relation);
                }
            }
            ast::Statement::Cache { table_name, query: Some(query), .. } => {
                let relation = self.source(query, views);
                self.made_of(&name_of(table_name), "view", &relation, true, views);
            }
            ast::Statement::Insert(insert) => self.insert(insert, views),
            ast::Statement::Merge(merge) => self.merge(merge, views),
            ast::Statement::Update(update) => self.update(update, views),
            ast::Statement::Delete(delete) => self.delete(delete, views),
            ast::Statement::Truncate(truncate) => {
                for table in &truncate.table_names {
                    self.written_nothing(&name_of(&table.name));
                }
            }
            ast::Statement::RenameTable(renames) => {
                for rename in renames {
                    let relation = self.whole(&name_of(&rename.old_name));
                    let new = self.schemas.canonical(&name_of(&rename.new_name));
                    self.written(&new, &relation);
                }
            }
            ast::Statement::AlterTable(alter) => {
                for operation in &alter.operations {
                    // A table under a new name is the same data.
                    if let ast::AlterTableOperation::RenameTable { table_name } = operation {
                        let (ast::RenameTableNameKind::As(new) | ast::RenameTableNameKind::To(new)) = table_name;
                        let relation = self.whole(&name_of(&alter.name));
                        let new = self.schemas.canonical(&name_of(new));
                        self.written(&new, &relation);
                    }
                }
            }
            _ => {}
        }
    }

    /// A lineage that knows the script so far.
    pub(super) fn lineage<'l>(&'l self, views: &'l BTreeMap<String, Data>) -> Lineage<'l> {
        let mut lineage = Lineage::new(self.schemas, views, self.session, self.statement.dialect);
        lineage.ctes.clone_from(&self.ctes);
        lineage
    }

    fn query(&mut self, query: &ast::Query, views: &mut BTreeMap<String, Data>) {
        // `WITH … INSERT`, and changes inside a `WITH`.
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            if let Some(change) = change_in(&cte.query.body) {
                self.statement(change, views);
            }
        }
        if let Some(change) = change_in(&query.body) {
            if let Some(with) = &query.with {
                let mut lineage = self.lineage(views);
                lineage.with(with);
                let (touched, cut) = (lineage.touched, lineage.cut);
                self.ctes = lineage.ctes;
                self.reads(&Relation::default(), touched);
                self.cut(cut);
            }
            self.statement(change, views);
            return;
        }
        let mut relation = self.source(query, views);
        if let Some(into) = into_of(&query.body).filter(|_| !self.statement.in_code) {
            for target in &into.targets {
                let name = match target {
                    ast::Expr::Identifier(ident) => lower(ident),
                    ast::Expr::CompoundIdentifier(parts) => parts.iter().map(lower).collect::<Vec<_>>().join("."),
                    _ => continue,
                };
                if name.starts_with('@') {
                    continue;
                }
                let temporary = into.temporary || name.starts_with('#');
                self.made_of(&name, "table", &relation, temporary, views);
            }
            return;
        }
        self.run.edges.extend(edges(&relation, None, &self.place));
        let mut data = relation.data();
        data.step(self.place.clone());
        self.run.result = data;
        self.run.relation = std::mem::take(&mut relation);
    }

    fn create_table(&mut self, table: &ast::CreateTable, views: &mut BTreeMap<String, Data>) {
        let written = name_of(&table.name);
        let name = self.schemas.canonical(&written);
        let temporary = table.temporary || written.starts_with('#');
        let names: Vec<String> = table.columns.iter().map(|held| column(&held.name)).collect();
        let names = settled(&names);
        if let Some(query) = &table.query {
            let mut relation = self.source(query, views);
            relation.rename_in_order(names.iter().map(String::as_str));
            if !temporary {
                self.define(&name, "table", &table.columns);
            }
            self.made_of(&written, "table", &relation, temporary, views);
        } else if temporary {
            let items = names.into_iter().map(|name| Item::Column { name, made: Made::default() }).collect();
            self.session.temporary.insert(written, Relation { items, ..Relation::default() });
            return;
        } else {
            self.define(&name, "table", &table.columns);
            if !names.is_empty() {
                self.session.made.insert(name.clone(), names);
            }
            if let Some(source) = &table.clone {
                let relation = self.whole(&name_of(source));
                self.written(&name, &relation);
            }
        }
        if let Some(tags) = &table.with_tags {
            let mut asset = table_asset(&name, "table");
            asset.labels.extend(tagged(tags, &self.place));
            self.run.assets.push(asset);
        }
        if let Some(location) = &table.location {
            let stored = Ref::named(AssetKind::Dataset, dataset_name(location));
            let mut link = Link::new(RelationKind::DerivedFrom, table_ref(&name), stored, Some(self.place.clone()));
            link.flow = Some(all_columns(Vec::new()));
            self.run.links.push(link);
        }
    }

    /// A table or view of that name is made of `relation`.
    fn made_of(
        &mut self,
        written: &str,
        type_name: &str,
        relation: &Relation,
        temporary: bool,
        views: &mut BTreeMap<String, Data>,
    ) {
        if temporary {
            views.insert(written.to_owned(), relation.data());
            self.session.temporary.insert(written.to_owned(), relation.clone());
            return;
        }
        self.session.temporary.remove(written);
        let name = self.schemas.canonical(written);
        if type_name == "view" || !self.run.defined.contains(&name) {
            self.define(&name, type_name, &[]);
        }
        if let Some(names) = relation.names() {
            self.session.made.insert(name.clone(), names);
        }
        self.written(&name, relation);
    }

    /// What `query` gives; the datasets that it names are read.
    pub(super) fn source(&mut self, query: &ast::Query, views: &BTreeMap<String, Data>) -> Relation {
        let mut lineage = self.lineage(views);
        let mut relation = lineage.query(query);
        relation.settle(None);
        let (touched, cut) = (lineage.touched, lineage.cut);
        self.reads(&relation, touched);
        self.cut(cut);
        relation
    }

    /// A bound that was reached is a gap.
    pub(super) fn cut(&mut self, cut: bool) {
        if cut {
            self.run.gaps.push(Gap {
                place: self.place.clone(),
                kind: GapKind::Limit,
                message: "the lineage of a sql statement is followed in part: it is too large".to_owned(),
            });
        }
    }

    /// All of the table `name`, which is read.
    pub(super) fn whole(&mut self, name: &str) -> Relation {
        let name = self.schemas.canonical(name);
        let source = table_ref(&name);
        let made = self.session.made.get(&name).map(Vec::as_slice);
        let relation = Relation::of(&source, made.or_else(|| self.schemas.columns(&name)));
        self.reads(&relation, [source]);
        relation
    }

    pub(super) fn reads(&mut self, relation: &Relation, touched: impl IntoIterator<Item = Ref>) {
        let data = relation.data();
        for dataset in touched {
            let part = data.parts.get(&dataset).cloned().unwrap_or_default();
            self.run.reads.push((dataset, part, self.place.clone()));
        }
    }

    /// Rows of `name` are taken away.
    pub(super) fn written_nothing(&mut self, name: &str) {
        let name = self.schemas.canonical(name);
        self.run.writes.push((table_ref(&name), Data::default(), self.place.clone()));
    }

    fn copy(&mut self, copy: &copy::Copy, views: &mut BTreeMap<String, Data>) {
        let files = Ref::named(AssetKind::Dataset, copy.files.clone());
        if !copy.unload {
            let Some(table) = &copy.table else {
                self.run.reads.push((files, Part::all(), self.place.clone()));
                return;
            };
            let name = self.schemas.canonical(table);
            let mut relation = match copy.query.as_deref() {
                Some(ast::Statement::Query(query)) => self.source(query, views),
                _ => {
                    let relation = Relation::of(&files, None);
                    self.reads(&relation, [files]);
                    relation
                }
            };
            let columns = match self.target_columns(&name) {
                Some(columns) if copy.columns.is_empty() => columns,
                _ => copy.columns.clone(),
            };
            relation.rename_in_order(columns.iter().map(String::as_str));
            self.written(&name, &relation);
            return;
        }
        let relation = match (copy.query.as_deref(), &copy.table) {
            (Some(ast::Statement::Query(query)), _) => self.source(query, views),
            (None, Some(table)) if copy.columns.is_empty() => self.whole(table),
            (None, Some(table)) => {
                let name = self.schemas.canonical(table);
                let source = table_ref(&name);
                let relation = Relation::of(&source, Some(&copy.columns));
                self.reads(&relation, [source]);
                relation
            }
            _ => Relation::default(),
        };
        self.run.edges.extend(edges(&relation, Some(&files), &self.place));
        let mut data = relation.data();
        data.step(self.place.clone());
        self.run.writes.push((files, data, self.place.clone()));
    }

    /// The model learns to say its labels from every other column; without a word about labels, from all.
    fn model(&mut self, model: &Model, views: &BTreeMap<String, Data>) {
        let relation = match (model.query.as_deref(), &model.table) {
            (Some(ast::Statement::Query(query)), _) => self.source(query, views),
            (_, Some(table)) => self.whole(table),
            _ => return,
        };
        let mut data = relation.data();
        data.step(self.place.clone());
        let mut labels = model.labels.clone();
        // BigQuery: a column of that name is the label where nobody says another.
        let listed = data.parts.values().any(|part| part.columns.contains_key("label"));
        labels.extend((labels.is_empty() && listed).then(|| "label".to_owned()));
        let mut told = |part, data: Data| self.run.trains.push((model.name.clone(), part, data, self.place.clone()));
        if labels.is_empty() && model.identifiers.is_empty() {
            told(None, data);
            return;
        }
        for (part, names) in [(ColumnPart::Label, &labels), (ColumnPart::Identifier, &model.identifiers)] {
            let columns = data.select(names);
            data.drop(names);
            if !columns.is_empty() {
                told(Some(part), columns);
            }
        }
        if !data.is_empty() {
            told(Some(ColumnPart::Feature), data);
        }
    }

    /// The columns of the table `name`, in order, where they are known.
    pub(super) fn target_columns(&self, name: &str) -> Option<Vec<String>> {
        let made = self.session.made.get(name).map(Vec::as_slice);
        made.or_else(|| self.schemas.columns(name)).map(<[String]>::to_vec)
    }
}

/// Functions of BigQuery ML that say how good a model is.
const MEASURES: [&str; 3] = ["ML.EVALUATE", "ML.CONFUSION_MATRIX", "ML.ROC_CURVE"];

/// The model that a statement measures.
fn measured(text: &str) -> Option<String> {
    // Most statements are spared the splitting into words.
    if !text.contains("ML.") && !text.contains("ml.") {
        return None;
    }
    let words = words(text);
    let at = words.iter().position(|word| MEASURES.contains(&word.upper.as_str()))?;
    let model = words.iter().skip(at).position(|word| word.upper == "MODEL")?;
    words.get(at + model + 1).map(|word| table_name(&word.text))
}

/// The change of data that stands where a query could.
fn change_in(body: &ast::SetExpr) -> Option<&ast::Statement> {
    match body {
        ast::SetExpr::Insert(statement)
        | ast::SetExpr::Update(statement)
        | ast::SetExpr::Delete(statement)
        | ast::SetExpr::Merge(statement) => Some(statement),
        ast::SetExpr::Query(query) if query.with.is_none() => change_in(&query.body),
        _ => None,
    }
}

/// The `INTO` of the first select.
fn into_of(body: &ast::SetExpr) -> Option<&ast::SelectInto> {
    match body {
        ast::SetExpr::Select(select) => select.into.as_ref(),
        ast::SetExpr::Query(query) => into_of(&query.body),
        ast::SetExpr::SetOperation { left, .. } => into_of(left),
        _ => None,
    }
}

/// Whether anything comes from `name` itself.
pub(super) fn uses(relation: &Relation, name: &str) -> bool {
    let own = table_ref(name);
    edges(relation, None, &Place::file(&"".into())).iter().any(|edge| edge.source.0 == own)
}

/// Lets all of `decided` decide over the rows in this way.
pub(super) fn decide(relation: &mut Relation, decided: Made, influence: Influence) {
    super::relation::unite(&mut relation.influences, decided.deciding(influence));
}
