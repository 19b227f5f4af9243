//! What a query gives: for every output column the source columns it is made of.

use std::collections::BTreeMap;

use aedile_model::{AssetKind, Protection};
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, TableFactor, TableWithJoins, Visit, Visitor, WildcardAdditionalOptions,
};

use super::Schemas;
use crate::Ref;
use crate::code::flow::{Data, Origin, Part, merge};
use crate::code::output::{dataset_name, table_name};

/// Queries inside each other that are followed.
const DEPTH: usize = 40;

/// What an expression is made of, by dataset.
pub(super) type Made = BTreeMap<Ref, Origin>;

/// The names that a query can see.
#[derive(Clone, Default)]
pub(super) struct Scope {
    /// Relations by alias, in the order of `FROM`.
    relations: Vec<(String, Data)>,
}

/// Follows queries.
pub(super) struct Lineage<'a> {
    pub(super) schemas: &'a Schemas,
    pub(super) views: &'a BTreeMap<String, Data>,
    /// Common table expressions in sight.
    ctes: BTreeMap<String, Data>,
    /// Every dataset named anywhere, with the part that reaches it.
    pub(super) touched: BTreeMap<Ref, ()>,
    depth: usize,
}

impl<'a> Lineage<'a> {
    pub(super) fn new(schemas: &'a Schemas, views: &'a BTreeMap<String, Data>) -> Lineage<'a> {
        Lineage { schemas, views, ctes: BTreeMap::new(), touched: BTreeMap::new(), depth: 0 }
    }

    /// What `query` gives.
    pub(super) fn query(&mut self, query: &Query) -> Data {
        if self.depth >= DEPTH {
            return Data::default();
        }
        self.depth += 1;
        let outer = self.ctes.clone();
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                let mut data = self.query(&cte.query);
                let names: Vec<&Ident> = cte.alias.columns.iter().map(|column| &column.name).collect();
                rename_in_order(&mut data, &cte.query.body, &names);
                self.ctes.insert(cte.alias.name.value.to_lowercase(), data);
            }
        }
        let data = self.body(&query.body);
        self.ctes = outer;
        self.depth -= 1;
        data
    }

    fn body(&mut self, body: &SetExpr) -> Data {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, right, .. } => {
                let mut data = self.body(left);
                // By position: columns of the right side stand under the left side's names.
                let mut more = self.body(right);
                rename_like(&mut more, right, left);
                data.join(&more);
                data
            }
            SetExpr::Table(table) => match &table.table_name {
                Some(name) => self.table(&name.to_lowercase()),
                None => Data::default(),
            },
            SetExpr::Values(_) | SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Data::default()
            }
        }
    }

    fn select(&mut self, select: &Select) -> Data {
        let scope = self.scope(&select.from);
        let mut result = Data::default();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let made = self.expression(expr, &scope);
                    put(&mut result, &output_name(expr), made);
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let made = self.expression(expr, &scope);
                    put(&mut result, &alias.value.to_lowercase(), made);
                }
                SelectItem::ExprWithAliases { expr, aliases } => {
                    let made = self.expression(expr, &scope);
                    for alias in aliases {
                        put(&mut result, &alias.value.to_lowercase(), made.clone());
                    }
                }
                SelectItem::Wildcard(options) => {
                    for (_, data) in &scope.relations {
                        let mut data = data.clone();
                        self.wildcard(&mut data, options, &scope);
                        result.join(&data);
                    }
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    if let Some(data) = scope.relation(&name_of(name)) {
                        let mut data = data.clone();
                        self.wildcard(&mut data, options, &scope);
                        result.join(&data);
                    }
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => {
                    let made = self.expression(expr, &scope);
                    put(&mut result, "*", made);
                }
            }
        }
        if let Some(condition) = &select.selection {
            self.visit_queries(condition);
        }
        result
    }

    /// `EXCLUDE`, `EXCEPT`, `REPLACE` and `RENAME` of a `*`.
    fn wildcard(&mut self, data: &mut Data, options: &WildcardAdditionalOptions, scope: &Scope) {
        let mut gone: Vec<String> = Vec::new();
        if let Some(except) = &options.opt_except {
            gone.push(except.first_element.value.to_lowercase());
            gone.extend(except.additional_elements.iter().map(|ident| ident.value.to_lowercase()));
        }
        match &options.opt_exclude {
            Some(sqlparser::ast::ExcludeSelectItem::Single(name)) => gone.push(last_part(&name_of(name)).to_owned()),
            Some(sqlparser::ast::ExcludeSelectItem::Multiple(names)) => {
                gone.extend(names.iter().map(|name| last_part(&name_of(name)).to_owned()))
            }
            None => {}
        }
        data.drop(&gone);
        if let Some(replace) = &options.opt_replace {
            for item in &replace.items {
                let made = self.expression(&item.expr, scope);
                let name = item.column_name.value.to_lowercase();
                data.drop(std::slice::from_ref(&name));
                put(data, &name, made);
            }
        }
        match &options.opt_rename {
            Some(sqlparser::ast::RenameSelectItem::Single(pair)) => {
                data.rename(&[(pair.ident.value.to_lowercase(), pair.alias.value.to_lowercase())])
            }
            Some(sqlparser::ast::RenameSelectItem::Multiple(pairs)) => {
                let pairs: Vec<(String, String)> = pairs
                    .iter()
                    .map(|pair| (pair.ident.value.to_lowercase(), pair.alias.value.to_lowercase()))
                    .collect();
                data.rename(&pairs);
            }
            None => {}
        }
    }

    /// The relations of a `FROM`.
    pub(super) fn scope(&mut self, from: &[TableWithJoins]) -> Scope {
        let mut scope = Scope::default();
        for table in from {
            self.add(&table.relation, &mut scope);
            for join in &table.joins {
                self.add(&join.relation, &mut scope);
            }
        }
        scope
    }

    /// Adds one relation to `scope`.
    pub(super) fn add(&mut self, factor: &TableFactor, scope: &mut Scope) {
        match factor {
            TableFactor::Table { name, alias, args, .. } => {
                let full = name_of(name);
                let data = match args {
                    Some(args) => self.table_function(&full, &args.args),
                    None => self.table(&full),
                };
                let alias = alias.as_ref().map_or_else(|| full.clone(), |alias| alias.name.value.to_lowercase());
                scope.relations.push((alias, data));
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let mut data = self.query(subquery);
                if let Some(alias) = alias {
                    let names: Vec<&Ident> = alias.columns.iter().map(|column| &column.name).collect();
                    rename_in_order(&mut data, &subquery.body, &names);
                }
                let alias = alias.as_ref().map_or_else(String::new, |alias| alias.name.value.to_lowercase());
                scope.relations.push((alias, data));
            }
            TableFactor::NestedJoin { table_with_joins, .. } => {
                self.add(&table_with_joins.relation, scope);
                for join in &table_with_joins.joins {
                    self.add(&join.relation, scope);
                }
            }
            TableFactor::Pivot { table, .. }
            | TableFactor::Unpivot { table, .. }
            | TableFactor::MatchRecognize { table, .. } => self.add(table, scope),
            _ => {}
        }
    }

    /// `read_csv('x.csv')`, `read_parquet('s3://…')`: a table function over files.
    fn table_function(&mut self, name: &str, args: &[FunctionArg]) -> Data {
        let files = name.starts_with("read_") || name.ends_with("_scan") || name.ends_with("_scan_auto");
        let first = args.first().and_then(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => value.value.clone().into_string(),
            _ => None,
        });
        match first {
            Some(path) if files => self.dataset(&path),
            _ => Data::default(),
        }
    }

    fn dataset(&mut self, path: &str) -> Data {
        let target = Ref::named(AssetKind::Dataset, dataset_name(path));
        self.touched.insert(target.clone(), ());
        Data::read(target, Part::all(), None)
    }

    /// The relation of that name: a common table expression, a view of the session, files, or a table.
    fn table(&mut self, name: &str) -> Data {
        if let Some(data) = self.ctes.get(name).or_else(|| self.views.get(name)) {
            return data.clone();
        }
        // Spark's `csv.`/path``, DuckDB's `'x.parquet'`, Snowflake's `@stage/x`.
        let files = ["csv.", "parquet.", "json.", "delta.", "orc.", "avro.", "text."]
            .iter()
            .find_map(|format| name.strip_prefix(format))
            .filter(|rest| rest.contains('/'));
        if let Some(path) = files {
            return self.dataset(path);
        }
        if name.starts_with('@')
            || name.contains("://")
            || (name.contains('/') && !name.contains(' '))
            || [".csv", ".parquet", ".json"].iter().any(|end| name.ends_with(end))
        {
            return self.dataset(name);
        }
        let full = self.schemas.canonical(&table_name(name));
        let target = Ref::named(AssetKind::Table, full.clone());
        self.touched.insert(target.clone(), ());
        let part = match self.schemas.columns(&full) {
            Some(columns) => Part::named(columns.iter().map(String::as_str)),
            None => Part::all(),
        };
        Data::read(target, part, None)
    }

    /// What `expr` is made of.
    pub(super) fn expression(&mut self, expr: &Expr, scope: &Scope) -> Made {
        match expr {
            Expr::Identifier(ident) => scope.column(None, &ident.value),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [.., qualifier, column] => {
                    let whole: Vec<String> =
                        parts.iter().take(parts.len() - 1).map(|part| part.value.to_lowercase()).collect();
                    let made = scope.column(Some(&whole.join(".")), &column.value);
                    // `struct_column.field`
                    if made.is_empty() { scope.column(None, &qualifier.value) } else { made }
                }
                _ => Made::new(),
            },
            Expr::Nested(inner)
            | Expr::Cast { expr: inner, .. }
            | Expr::Collate { expr: inner, .. }
            | Expr::Convert { expr: inner, .. } => self.expression(inner, scope),
            Expr::AtTimeZone { timestamp, .. } => self.expression(timestamp, scope),
            Expr::Named { expr, .. } | Expr::OuterJoin(expr) | Expr::Prior(expr) | Expr::UnaryOp { expr, .. } => {
                self.expression(expr, scope)
            }
            Expr::JsonAccess { value, .. } => self.expression(value, scope),
            Expr::CompoundFieldAccess { root, .. } => self.expression(root, scope),
            Expr::Trim { expr, .. } => raised(self.expression(expr, scope), Protection::Formatted),
            Expr::Substring { expr, .. }
            | Expr::Extract { expr, .. }
            | Expr::Floor { expr, .. }
            | Expr::Ceil { expr, .. } => raised(self.expression(expr, scope), Protection::Truncated),
            Expr::BinaryOp { left, op, right } => {
                use sqlparser::ast::BinaryOperator as Op;
                // A comparison gives a truth value.
                if matches!(op, Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq | Op::And | Op::Or | Op::Xor)
                {
                    return Made::new();
                }
                let mut made = self.expression(left, scope);
                unite(&mut made, self.expression(right, scope));
                made
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                let mut made = Made::new();
                // A searched `CASE` gives its results; of a simple one the operand is only compared.
                let _ = operand;
                for when in conditions {
                    unite(&mut made, self.expression(&when.result, scope));
                }
                if let Some(otherwise) = else_result {
                    unite(&mut made, self.expression(otherwise, scope));
                }
                made
            }
            Expr::Function(function) => self.function(function, scope),
            Expr::Subquery(query) => {
                let data = self.query(query);
                data.parts
                    .into_iter()
                    .map(|(target, part)| (target, part.everything()))
                    .filter(|(_, origin)| !origin.is_empty())
                    .collect()
            }
            Expr::Tuple(items) => {
                let mut made = Made::new();
                for item in items {
                    unite(&mut made, self.expression(item, scope));
                }
                made
            }
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsFalse(_)
            | Expr::InList { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::Exists { .. }
            | Expr::Value(_) => Made::new(),
            Expr::InSubquery { subquery, .. } => {
                self.query(subquery);
                Made::new()
            }
            // Every name in it, as it is: arrays, structs, maps and what is rare.
            other => {
                let mut names = Names(Vec::new());
                let _ = other.visit(&mut names);
                let mut made = Made::new();
                for name in names.0 {
                    unite(&mut made, scope.column(None, &name));
                }
                made
            }
        }
    }

    fn function(&mut self, function: &Function, scope: &Scope) -> Made {
        let name = name_of(&function.name);
        let short = last_part(&name);
        let mut made = Made::new();
        if let FunctionArguments::List(list) = &function.args {
            for argument in &list.args {
                let (FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg)) =
                    argument;
                match arg {
                    FunctionArgExpr::Expr(expr) => unite(&mut made, self.expression(expr, scope)),
                    // `count(*)`
                    FunctionArgExpr::Wildcard
                    | FunctionArgExpr::WildcardWithOptions(_)
                    | FunctionArgExpr::QualifiedWildcard(_) => {}
                }
            }
        }
        match self.schemas.function(short) {
            Some(rung) => raised(made, rung),
            None => made,
        }
    }

    /// Everything that the relations of `scope` hold.
    pub(super) fn all_of(&self, scope: &Scope) -> Data {
        let mut all = Data::default();
        for (_, data) in &scope.relations {
            all.join(data);
        }
        all
    }

    fn visit_queries(&mut self, expr: &Expr) {
        match expr {
            Expr::InSubquery { subquery, .. } | Expr::Exists { subquery, .. } | Expr::Subquery(subquery) => {
                self.query(subquery);
            }
            Expr::BinaryOp { left, right, .. } => {
                self.visit_queries(left);
                self.visit_queries(right);
            }
            Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => self.visit_queries(inner),
            _ => {}
        }
    }
}

impl Scope {
    fn relation(&self, name: &str) -> Option<&Data> {
        self.relations
            .iter()
            .find(|(alias, _)| alias == name || last_part(alias) == name || last_part(name) == alias)
            .map(|(_, data)| data)
    }

    /// What the column is made of; without a qualifier, of every relation that may have it.
    fn column(&self, qualifier: Option<&str>, name: &str) -> Made {
        let name = name.to_lowercase();
        let of = |data: &Data| -> Made {
            data.parts
                .iter()
                .map(|(target, part)| (target.clone(), part.column(&name)))
                .filter(|(_, origin)| !origin.is_empty())
                .collect()
        };
        if let Some(qualifier) = qualifier {
            return self.relation(qualifier).map(of).unwrap_or_default();
        }
        // A relation that lists the column is surer than one whose columns are unknown.
        let listed: Vec<&Data> = self
            .relations
            .iter()
            .map(|(_, data)| data)
            .filter(|data| data.parts.values().any(|part| part.columns.contains_key(&name)))
            .collect();
        let mut made = Made::new();
        let candidates: Vec<&Data> =
            if listed.is_empty() { self.relations.iter().map(|(_, data)| data).collect() } else { listed };
        for data in candidates {
            unite(&mut made, of(data));
        }
        made
    }
}

/// Gives the output column `name` what it is made of.
pub(super) fn put(result: &mut Data, name: &str, made: Made) {
    for (target, origin) in made {
        merge(result.parts.entry(target).or_default().columns.entry(name.to_owned()).or_default(), &origin);
    }
}

pub(super) fn unite(into: &mut Made, more: Made) {
    for (target, origin) in more {
        merge(into.entry(target).or_default(), &origin);
    }
}

fn raised(mut made: Made, least: Protection) -> Made {
    for rung in made.values_mut().flat_map(BTreeMap::values_mut) {
        *rung = (*rung).max(least);
    }
    made
}

/// A qualified name in lower case, without quotes.
pub(super) fn name_of(name: &ObjectName) -> String {
    let parts: Vec<String> = name
        .0
        .iter()
        .map(|part| match part {
            sqlparser::ast::ObjectNamePart::Identifier(ident) if ident.value.contains('/') => ident.value.clone(),
            sqlparser::ast::ObjectNamePart::Identifier(ident) => ident.value.to_lowercase(),
            sqlparser::ast::ObjectNamePart::Function(function) => function.name.value.to_lowercase(),
        })
        .collect();
    parts.join(".")
}

pub(super) fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The name of an output column without an alias.
fn output_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(ident) => ident.value.to_lowercase(),
        Expr::CompoundIdentifier(parts) => parts.last().map_or_else(String::new, |part| part.value.to_lowercase()),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => output_name(expr),
        Expr::Function(function) => last_part(&name_of(&function.name)).to_owned(),
        _ => "?".to_owned(),
    }
}

/// The output names of a select without wildcards, in order.
fn outputs(body: &SetExpr) -> Option<Vec<String>> {
    match body {
        SetExpr::Select(select) => select
            .projection
            .iter()
            .map(|item| match item {
                SelectItem::UnnamedExpr(expr) => Some(output_name(expr)),
                SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
                _ => None,
            })
            .collect(),
        SetExpr::Query(query) => outputs(&query.body),
        SetExpr::SetOperation { left, .. } => outputs(left),
        _ => None,
    }
}

/// Renames the outputs of `body` to `names`, by position.
pub(super) fn rename_in_order(data: &mut Data, body: &SetExpr, names: &[&Ident]) {
    if let Some(outputs) = outputs(body).filter(|_| !names.is_empty()) {
        let pairs: Vec<(String, String)> = outputs
            .into_iter()
            .zip(names)
            .map(|(old, new)| (old, new.value.to_lowercase()))
            .filter(|(old, new)| old != new)
            .collect();
        data.rename(&pairs);
    }
}

fn rename_like(data: &mut Data, body: &SetExpr, model: &SetExpr) {
    if let (Some(from), Some(to)) = (outputs(body), outputs(model)) {
        let pairs: Vec<(String, String)> = from.into_iter().zip(to).filter(|(old, new)| old != new).collect();
        data.rename(&pairs);
    }
}

struct Names(Vec<String>);

impl Visitor for Names {
    type Break = ();
    fn pre_visit_expr(&mut self, expr: &Expr) -> std::ops::ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => self.0.push(ident.value.clone()),
            Expr::CompoundIdentifier(parts) => self.0.extend(parts.last().map(|part| part.value.clone())),
            _ => {}
        }
        std::ops::ControlFlow::Continue(())
    }
}
