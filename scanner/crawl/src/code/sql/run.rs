//! What the statements of a script do, in order.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{
    Access, Asset, AssetId, AssetKind, Attribute, Columns, Flow, Place, Protection, RelationKind, Value,
};
use sqlparser::ast::{
    self, AssignmentTarget, FromTable, MergeAction, MergeInsertKind, MergeUpdateKind, TableFactor, TableObject,
    UpdateTableFromKind,
};

use super::lineage::{Lineage, Scope, last_part, name_of, put, rename_in_order};
use super::{Content, Schemas, Script, Statement, copy, grant, mask};
use crate::code::flow::{Data, Part};
use crate::code::origin::Offsets;
use crate::code::output::Pipeline;
use crate::{Link, Ref};

/// What a script does.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Assets that it defines.
    pub(crate) assets: Vec<Asset>,
    /// Lineage between tables and columns, grants, memberships.
    pub(crate) links: Vec<Link>,
    /// Datasets read by queries whose result goes to whoever runs the script.
    pub(crate) reads: Vec<(Ref, Part, Place)>,
    /// Datasets written, with what is written.
    pub(crate) writes: Vec<(Ref, Data, Place)>,
    /// What the last query gives.
    pub(crate) result: Data,
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
    for statement in &script.statements {
        let place = offsets
            .place(statement.start, statement.end)
            .or_else(|| fallback.cloned())
            .unwrap_or_else(|| Place::file(&"".into()));
        let mut step = Step { run: &mut run, schemas, place, statement, offsets };
        match &statement.content {
            Content::Ast(ast) => step.statement(ast, views),
            Content::Grant(grant) => step.grant(grant, &mut grants),
            Content::Mask(mask) => step.mask(mask),
            Content::Copy(copy) => step.copy(copy, views),
        }
    }
    run.links.extend(grants.links);
    run
}

#[derive(Default)]
struct Grants {
    links: Vec<Link>,
}

struct Step<'a> {
    run: &'a mut Run,
    schemas: &'a Schemas,
    place: Place,
    statement: &'a Statement,
    offsets: &'a Offsets,
}

impl Step<'_> {
    fn statement(&mut self, statement: &ast::Statement, views: &mut BTreeMap<String, Data>) {
        match statement {
            ast::Statement::Query(query) => {
                let mut lineage = Lineage::new(self.schemas, views);
                let mut data = lineage.query(query);
                let touched = lineage.touched;
                data.step(self.place.clone());
                self.reads(&data, touched.keys());
                self.run.result = data;
            }
            ast::Statement::CreateTable(table) => {
                let name = self.schemas.canonical(&name_of(&table.name));
                if table.temporary
                    && let Some(query) = &table.query
                {
                    let data = self.source(query, views);
                    views.insert(name, data);
                    return;
                }
                self.define(&name, "table", &table.columns);
                if let Some(location) = &table.location {
                    let stored = Ref::named(AssetKind::Dataset, crate::code::output::dataset_name(location));
                    let mut link =
                        Link::new(RelationKind::DerivedFrom, table_ref(&name), stored, Some(self.place.clone()));
                    link.flow = Some(crate::code::output::all_columns(Vec::new()));
                    self.run.links.push(link);
                }
                if let Some(query) = &table.query {
                    let data = self.source(query, views);
                    self.written(&name, data);
                } else if let Some(source) = &table.clone {
                    let data = self.whole(&name_of(source));
                    self.written(&name, data);
                }
            }
            ast::Statement::CreateView(view) => {
                let name = self.schemas.canonical(&name_of(&view.name));
                let mut data = self.source(&view.query, views);
                let names: Vec<&ast::Ident> = view.columns.iter().map(|column| &column.name).collect();
                rename_in_order(&mut data, &view.query.body, &names);
                if view.temporary {
                    views.insert(name, data);
                    return;
                }
                self.define(&name, "view", &[]);
                self.written(&name, data);
            }
            ast::Statement::Insert(insert) => {
                let TableObject::TableName(name) = &insert.table else { return };
                let name = self.schemas.canonical(&name_of(name));
                let Some(source) = &insert.source else { return };
                let mut data = self.source(source, views);
                let columns: Vec<ast::Ident> = insert
                    .columns
                    .iter()
                    .filter_map(|name| name.0.last().and_then(|part| part.as_ident()).cloned())
                    .collect();
                rename_in_order(&mut data, &source.body, &columns.iter().collect::<Vec<_>>());
                self.written(&name, data);
            }
            ast::Statement::Merge(merge) => {
                let mut lineage = Lineage::new(self.schemas, views);
                let mut scope = Scope::default();
                lineage.add(&merge.source, &mut scope);
                let mut all = Scope::default();
                lineage.add(&merge.source, &mut all);
                lineage.add(&merge.table, &mut all);
                let mut data = Data::default();
                for clause in &merge.clauses {
                    match &clause.action {
                        MergeAction::Insert(insert) => match &insert.kind {
                            MergeInsertKind::Values(values) => {
                                for row in &values.rows {
                                    for (column, value) in insert.columns.iter().zip(row.content.iter()) {
                                        let made = lineage.expression(value, &scope);
                                        put(&mut data, last_part(&name_of(column)), made);
                                    }
                                }
                            }
                            MergeInsertKind::Row | MergeInsertKind::Wildcard => data.join(&lineage.all_of(&scope)),
                        },
                        MergeAction::Update(update) => {
                            if let MergeUpdateKind::Set(assignments) = &update.kind {
                                assign(&mut lineage, assignments, &scope, &mut data);
                            } else {
                                data.join(&lineage.all_of(&scope));
                            }
                        }
                        MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => {}
                    }
                }
                if let Some(name) = factor_name(&merge.table) {
                    let name = self.schemas.canonical(&name);
                    self.written(&name, data);
                }
            }
            ast::Statement::Update(update) => {
                let Some(name) = factor_name(&update.table.relation) else { return };
                let mut lineage = Lineage::new(self.schemas, views);
                let mut scope = match &update.from {
                    Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => {
                        lineage.scope(from)
                    }
                    None => Scope::default(),
                };
                lineage.add(&update.table.relation, &mut scope);
                let mut data = Data::default();
                assign(&mut lineage, &update.assignments, &scope, &mut data);
                let name = self.schemas.canonical(&name);
                // A table that is changed from itself alone gets nothing from elsewhere.
                data.parts.remove(&table_ref(&name));
                self.written(&name, data);
            }
            ast::Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
                for table in from {
                    if let Some(name) = factor_name(&table.relation) {
                        let name = self.schemas.canonical(&name);
                        self.run.writes.push((table_ref(&name), Data::default(), self.place.clone()));
                    }
                }
            }
            _ => {}
        }
    }

    fn source(&mut self, query: &ast::Query, views: &BTreeMap<String, Data>) -> Data {
        let mut lineage = Lineage::new(self.schemas, views);
        let mut data = lineage.query(query);
        let touched = lineage.touched;
        data.step(self.place.clone());
        self.reads(&data, touched.keys());
        data
    }

    fn whole(&self, name: &str) -> Data {
        let name = self.schemas.canonical(name);
        let part = match self.schemas.columns(&name) {
            Some(columns) => Part::named(columns.iter().map(String::as_str)),
            None => Part::all(),
        };
        Data::read(table_ref(&name), part, Some(self.place.clone()))
    }

    fn reads<'r>(&mut self, data: &Data, touched: impl Iterator<Item = &'r Ref>) {
        for dataset in touched {
            let part = data.parts.get(dataset).cloned().unwrap_or_default();
            self.run.reads.push((dataset.clone(), part, self.place.clone()));
        }
    }

    /// The table or view `name` with its columns.
    fn define(&mut self, name: &str, type_name: &str, columns: &[ast::ColumnDef]) {
        let mut asset = table_asset(name, type_name);
        asset.place = Some(self.place.clone());
        let id = asset.id.clone();
        for column in columns {
            let place = self.ident_place(&column.name);
            let masked = column.options.iter().any(|option| {
                let text = option.option.to_string().to_uppercase();
                text.contains("MASKING POLICY") || text.starts_with("MASK ") || text.contains("MASKED WITH")
            });
            if masked {
                asset.set("masked", true, Some(place.clone()));
            }
            let column_name = column.name.value.to_lowercase();
            let column_id = AssetId::column(&id, &column_name);
            let mut column_asset =
                Asset::new(column_id.clone(), AssetKind::Column, format!("{name}.{column_name}"), &*column_name);
            column_asset.type_name = column.data_type.to_string().to_lowercase();
            column_asset.place = Some(place.clone());
            self.run.assets.push(column_asset);
            self.run.links.push(Link::new(RelationKind::PartOf, Ref::Id(column_id), Ref::Id(id.clone()), Some(place)));
        }
        self.run.assets.push(asset);
    }

    /// Where an identifier of this statement stands.
    fn ident_place(&self, ident: &ast::Ident) -> Place {
        let offset = |location: sqlparser::tokenizer::Location| -> Option<usize> {
            let line = usize::try_from(location.line).ok()?.checked_sub(1)?;
            let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
            let start = self.statement.text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
            let rest = self.statement.text.get(start..)?;
            Some(start + rest.chars().take(column).map(char::len_utf8).sum::<usize>())
        };
        offset(ident.span.start)
            .zip(offset(ident.span.end))
            .and_then(|(start, end)| self.offsets.place(self.statement.start + start, self.statement.start + end))
            .unwrap_or_else(|| self.place.clone())
    }

    /// `data` goes into the table `name`: the write, the table's lineage, and the lineage of its columns.
    fn written(&mut self, name: &str, data: Data) {
        lineage_links(self.run, name, &data, &self.place);
        self.run.writes.push((table_ref(name), data, self.place.clone()));
    }

    fn copy(&mut self, copy: &copy::Copy, views: &BTreeMap<String, Data>) {
        let files = Ref::named(AssetKind::Dataset, copy.files.clone());
        if !copy.unload {
            let data = Data::read(files.clone(), Part::all(), Some(self.place.clone()));
            self.run.reads.push((files, Part::all(), self.place.clone()));
            if let Some(table) = &copy.table {
                let name = self.schemas.canonical(table);
                self.written(&name, data);
            }
            return;
        }
        let data = match (&copy.query, &copy.table) {
            (Some(statement), _) => match &**statement {
                ast::Statement::Query(query) => self.source(query, views),
                _ => Data::default(),
            },
            (None, Some(table)) => {
                let data = self.whole(table);
                for (dataset, part) in &data.parts {
                    self.run.reads.push((dataset.clone(), part.clone(), self.place.clone()));
                }
                data
            }
            (None, None) => Data::default(),
        };
        self.run.writes.push((files, data, self.place.clone()));
    }

    fn mask(&mut self, mask: &mask::Mask) {
        let name = self.schemas.canonical(&mask.table);
        let mut asset = table_asset(&name, "table");
        asset.set("masked", !mask.unset, Some(self.place.clone()));
        if let Some(column) = &mask.column {
            let mut column_asset = Asset::new(
                AssetId::column(&asset.id, column),
                AssetKind::Column,
                format!("{name}.{column}"),
                column.as_str(),
            );
            column_asset.set("masked", !mask.unset, Some(self.place.clone()));
            self.run.links.push(Link::new(
                RelationKind::PartOf,
                Ref::Id(column_asset.id.clone()),
                Ref::Id(asset.id.clone()),
                Some(self.place.clone()),
            ));
            self.run.assets.push(column_asset);
        }
        self.run.assets.push(asset);
    }

    fn grant(&mut self, grant: &grant::Grant, grants: &mut Grants) {
        match grant {
            grant::Grant::Principal { kind, name } => {
                let asset = self.principal(*kind, name);
                self.run.assets.push(asset);
            }
            grant::Grant::Membership { revoke, roles, members } => {
                for role in roles {
                    let role = self.principal(AssetKind::Role, role);
                    for (kind, member) in members {
                        let member = self.principal(*kind, member);
                        let link = Link::new(
                            RelationKind::MemberOf,
                            Ref::Id(member.id.clone()),
                            Ref::Id(role.id.clone()),
                            Some(self.place.clone()),
                        );
                        if *revoke {
                            grants.links.retain(|held| {
                                !(held.kind == link.kind && held.from == link.from && held.to == link.to)
                            });
                        } else {
                            self.run.assets.push(member);
                            grants.links.push(link);
                        }
                    }
                    self.run.assets.push(role);
                }
            }
            grant::Grant::Privileges { revoke, access, objects, grantees, option, columns } => {
                for (object_kind, object) in objects {
                    let object = match object_kind {
                        AssetKind::Table => Ref::named(AssetKind::Table, self.schemas.canonical(object)),
                        kind => Ref::named(*kind, object.clone()),
                    };
                    for (kind, name) in grantees {
                        let principal = self.principal(*kind, name);
                        let from = Ref::Id(principal.id.clone());
                        if *revoke {
                            // A privilege on columns that is taken away leaves the one on the whole table.
                            if columns.is_none() {
                                revoke_from(&mut grants.links, &from, &object, access);
                            }
                            continue;
                        }
                        if access.is_empty() {
                            continue;
                        }
                        self.run.assets.push(principal);
                        let mut link = Link::new(RelationKind::Grants, from, object.clone(), Some(self.place.clone()));
                        link.access.clone_from(access);
                        link.flow = columns.as_ref().map(|columns| {
                            Flow::new(Columns::Named(
                                columns.iter().map(|name| (name.clone(), Protection::None)).collect(),
                            ))
                        });
                        if *option {
                            link.access.insert(Access::Share);
                            link.attributes.insert(
                                "grantOption".to_owned(),
                                Attribute { value: Value::Bool(true), place: Some(self.place.clone()) },
                            );
                        }
                        grants.links.push(link);
                    }
                }
            }
        }
    }

    fn principal(&self, kind: AssetKind, name: &str) -> Asset {
        let mut asset = Asset::new(AssetId::new(kind, "", name), kind, name, name);
        asset.type_name = "sql".to_owned();
        asset.names.insert(name.to_owned());
        if kind != AssetKind::AnyOne {
            asset.place = Some(self.place.clone());
        }
        asset
    }
}

/// The links that say that the table `name` is made from `data`, whole and by columns.
pub(crate) fn lineage_links(run: &mut Run, name: &str, data: &Data, place: &Place) {
    let target = AssetId::new(AssetKind::Table, "", name);
    for (source, flow) in data.flows() {
        if source == table_ref(name) {
            continue;
        }
        let mut link = Link::new(RelationKind::DerivedFrom, table_ref(name), source, Some(place.clone()));
        link.flow = Some(flow);
        run.links.push(link);
    }
    for (source, part) in &data.parts {
        let Ref::Named { kind: AssetKind::Table, name: source_name } = source else { continue };
        if source_name == name {
            continue;
        }
        let source_id = AssetId::new(AssetKind::Table, "", source_name);
        for (output, origin) in &part.columns {
            if output == "?" || output == "*" {
                continue;
            }
            let from = column_of(run, &target, name, output, place);
            for (column, protection) in origin {
                let to = column_of(run, &source_id, source_name, column, place);
                let mut link =
                    Link::new(RelationKind::DerivedFrom, Ref::Id(from.clone()), Ref::Id(to), Some(place.clone()));
                link.flow = Some(Flow {
                    steps: vec![place.clone()],
                    ..Flow::new(Columns::Named(BTreeMap::from([(column.clone(), *protection)])))
                });
                run.links.push(link);
            }
        }
    }
}

/// The column asset `column` of the table `table`, known by this reference at least.
fn column_of(run: &mut Run, table: &AssetId, table_name: &str, column: &str, place: &Place) -> AssetId {
    let id = AssetId::column(table, column);
    if !run.assets.iter().any(|asset| asset.id == id) {
        run.assets.push(Asset::new(id.clone(), AssetKind::Column, format!("{table_name}.{column}"), column));
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

fn table_ref(name: &str) -> Ref {
    Ref::named(AssetKind::Table, name)
}

fn factor_name(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, .. } => Some(name_of(name)),
        _ => None,
    }
}

fn assign(lineage: &mut Lineage<'_>, assignments: &[ast::Assignment], scope: &Scope, data: &mut Data) {
    for assignment in assignments {
        let made = lineage.expression(&assignment.value, scope);
        match &assignment.target {
            AssignmentTarget::ColumnName(name) => put(data, last_part(&name_of(name)), made),
            AssignmentTarget::Tuple(names) => {
                for name in names {
                    put(data, last_part(&name_of(name)), made.clone());
                }
            }
        }
    }
}

fn revoke_from(links: &mut Vec<Link>, from: &Ref, object: &Ref, access: &BTreeSet<Access>) {
    for link in
        links.iter_mut().filter(|link| link.kind == RelationKind::Grants && link.from == *from && link.to == *object)
    {
        link.access.retain(|held| !access.contains(held));
        if link.access.iter().all(|held| *held == Access::Share) {
            link.access.clear();
        }
    }
    links.retain(|link| link.kind != RelationKind::Grants || !link.access.is_empty());
}
