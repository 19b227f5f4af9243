//! All Python modules of the repository, and how they import each other.

use std::collections::{BTreeMap, BTreeSet};

use aedile_rules::Apis;
use rayon::prelude::*;
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt};

use super::{Body, Module};
use crate::File;
use crate::code::sql::Schemas;

/// What interpretation may look at.
pub(crate) struct World<'w> {
    /// The modules, sorted by path.
    pub(super) modules: &'w [Module],
    /// The catalog of library calls.
    pub(super) apis: &'w Apis,
    /// Tables whose columns are known.
    pub(super) schemas: &'w Schemas,
    /// Every scanned file by its path.
    files: BTreeMap<&'w str, &'w File>,
    /// Modules by path without `.py` and without `/__init__`.
    paths: BTreeMap<&'w str, usize>,
    /// The same by the last name of the path.
    tails: BTreeMap<&'w str, Vec<(&'w str, usize)>>,
    /// Every name that is used somewhere other than where it is defined.
    pub(super) mentioned: BTreeSet<&'w str>,
}

impl<'w> World<'w> {
    /// The world of `modules`.
    pub(crate) fn new(modules: &'w [Module], files: &'w [File], apis: &'w Apis, schemas: &'w Schemas) -> World<'w> {
        let mut paths = BTreeMap::new();
        let mut tails: BTreeMap<&str, Vec<(&str, usize)>> = BTreeMap::new();
        for (number, module) in modules.iter().enumerate() {
            if let Some(stem) = module.path.strip_suffix(".py") {
                let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
                paths.insert(stem, number);
                tails.entry(stem.rsplit('/').next().unwrap_or(stem)).or_default().push((stem, number));
            }
        }
        let mentioned = modules.par_iter().map(mentions).reduce(BTreeSet::new, |mut all, mut more| {
            all.append(&mut more);
            all
        });
        let files = files.iter().map(|file| (&*file.path, file)).collect();
        World { modules, apis, schemas, files, paths, tails, mentioned }
    }

    /// The notebook or script that module number `from` runs as `path`, relative to its folder.
    pub(super) fn notebook(&self, from: usize, path: &str) -> Option<usize> {
        let mut folder =
            self.modules.get(from).map_or("", |module| &*module.path).rsplit_once('/').map_or("", |(f, _)| f);
        let mut rest = path;
        loop {
            if let Some(inner) = rest.strip_prefix("./") {
                rest = inner;
            } else if let Some(inner) = rest.strip_prefix("../") {
                rest = inner;
                folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
            } else {
                break;
            }
        }
        let whole = format!("{folder}/{rest}");
        let stem = whole.trim_start_matches('/');
        self.paths.get(stem).copied().or_else(|| {
            let file = format!("{stem}.ipynb");
            self.modules.iter().position(|module| *module.path == *file)
        })
    }

    /// The file that code of module number `from` calls `path`: from its folder or any above it, as a program may run.
    pub(super) fn file(&self, from: usize, path: &str) -> Option<&'w File> {
        let path = path.trim_start_matches("./");
        let mut folder = self.modules.get(from).map_or("", |module| &*module.path);
        while !folder.is_empty() {
            folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
            let whole = format!("{folder}/{path}");
            if let Some(file) = self.files.get(whole.trim_start_matches('/')) {
                return Some(file);
            }
        }
        None
    }

    /// The module that `dotted` names when module number `from` imports it; `level` counts leading dots.
    pub(super) fn module(&self, from: usize, dotted: &str, level: u32) -> Option<usize> {
        let path = dotted.replace('.', "/");
        let mut folder = self.modules.get(from).map_or("", |module| &*module.path);
        folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        if level > 0 {
            for _ in 1..level {
                folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
            }
            let joined = [folder, &path].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/");
            return self.paths.get(joined.as_str()).copied();
        }
        // Whatever is found ends in the last name.
        if path.is_empty() || !self.tails.contains_key(path.rsplit('/').next().unwrap_or(&path)) {
            return None;
        }
        // As Python would with the importer's folder, or any folder above it, on the path.
        loop {
            for candidate in [format!("{folder}/{path}"), format!("{folder}/src/{path}")] {
                if let Some(number) = self.paths.get(candidate.trim_start_matches('/')) {
                    return Some(*number);
                }
            }
            if folder.is_empty() {
                break;
            }
            folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
        // A package root elsewhere (`libs/core/pkg/mod.py`), if only one module fits; a bare name is too weak.
        let suffix = format!("/{path}");
        let tails = path.rsplit_once('/').and_then(|(_, tail)| self.tails.get(tail));
        let mut fitting = tails.into_iter().flatten().filter(|(held, _)| held.ends_with(&suffix));
        match (fitting.next(), fitting.next()) {
            (Some((_, number)), None) => Some(*number),
            _ => None,
        }
    }
}

/// Every name in use in `module`.
fn mentions(module: &Module) -> BTreeSet<&str> {
    let mut mentions = Mentions::default();
    for block in &module.blocks {
        if let Body::Python(statements) = &block.body {
            mentions.visit_body(statements);
        }
    }
    mentions.names
}

/// Gathers names in use.
#[derive(Default)]
struct Mentions<'w> {
    names: BTreeSet<&'w str>,
}

impl<'w> Visitor<'w> for Mentions<'w> {
    fn visit_expr(&mut self, expr: &'w Expr) {
        match expr {
            Expr::Name(name) => {
                self.names.insert(name.id.as_str());
            }
            Expr::Attribute(attribute) => {
                self.names.insert(attribute.attr.as_str());
            }
            _ => {}
        }
        walk_expr(self, expr);
    }

    fn visit_stmt(&mut self, statement: &'w Stmt) {
        ruff_python_ast::visitor::walk_stmt(self, statement);
    }
}
