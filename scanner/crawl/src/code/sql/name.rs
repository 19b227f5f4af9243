//! Names in SQL. They are compared in lower case and without quotes in every dialect: where a dialect would tell two
//! names apart by case alone, taking them for one loses no flow.

use sqlparser::ast::{Expr, Ident, JsonPathElem, ObjectName, ObjectNamePart};

/// A qualified name in lower case, without quotes.
pub(super) fn name_of(name: &ObjectName) -> String {
    let parts: Vec<String> = name
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) if ident.value.contains('/') => ident.value.clone(),
            ObjectNamePart::Identifier(ident) => ident.value.to_lowercase(),
            // `IDENTIFIER('db.t')`
            ObjectNamePart::Function(function) => match function.args.first() {
                Some(sqlparser::ast::FunctionArg::Unnamed(sqlparser::ast::FunctionArgExpr::Expr(Expr::Value(
                    value,
                )))) => value.value.clone().into_string().unwrap_or_default().to_lowercase(),
                _ => function.name.value.to_lowercase(),
            },
        })
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(".")
}

/// What stands behind the last dot.
pub(super) fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// An identifier in lower case.
pub(super) fn lower(ident: &Ident) -> String {
    ident.value.to_lowercase()
}

/// The name of an output column without an alias; `?` where dialects differ.
pub(super) fn output_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(ident) => lower(ident),
        Expr::CompoundIdentifier(parts) => parts.last().map_or_else(String::new, lower),
        Expr::Named { name, .. } => lower(name),
        Expr::Cast { expr, .. } | Expr::Nested(expr) | Expr::Prior(expr) => output_name(expr),
        Expr::JsonAccess { path, .. } => match path.path.last() {
            Some(JsonPathElem::Dot { key, .. }) => key.to_lowercase(),
            _ => "?".to_owned(),
        },
        Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last() {
            Some(sqlparser::ast::AccessExpr::Dot(expr)) => output_name(expr),
            _ => "?".to_owned(),
        },
        Expr::Function(function) => last_part(&name_of(&function.name)).to_owned(),
        _ => "?".to_owned(),
    }
}
