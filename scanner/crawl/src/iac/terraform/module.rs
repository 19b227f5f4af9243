//! A module as it is declared: the files of one folder.

use std::collections::BTreeMap;

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, BlockLabel, Structure};

use super::parse::{Origin, Source};

/// A block with where its spans count from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared<'a> {
    pub(super) block: &'a Block,
    pub(super) origin: &'a Origin,
    pub(super) in_tests: bool,
}

/// An expression with where its spans count from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) expression: &'a Expression,
    pub(super) origin: &'a Origin,
}

/// The declarations of one folder.
#[derive(Debug, Default)]
pub(super) struct Module<'a> {
    pub(super) folder: String,
    pub(super) variables: BTreeMap<&'a str, Declared<'a>>,
    pub(super) locals: BTreeMap<&'a str, Written<'a>>,
    pub(super) outputs: BTreeMap<&'a str, Declared<'a>>,
    /// Resources by type and name.
    pub(super) resources: BTreeMap<&'a str, BTreeMap<&'a str, Declared<'a>>>,
    /// Data sources by type and name.
    pub(super) data: BTreeMap<&'a str, BTreeMap<&'a str, Declared<'a>>>,
    pub(super) calls: BTreeMap<&'a str, Declared<'a>>,
    pub(super) providers: Vec<Declared<'a>>,
    /// `required_providers`: what version of each provider is asked for.
    pub(super) versions: BTreeMap<&'a str, Written<'a>>,
    /// Values of `terraform.tfvars` and `*.auto.tfvars`, the later files over the earlier.
    pub(super) values: BTreeMap<&'a str, Written<'a>>,
    /// Whether every file of it stands in a folder of tests or examples.
    pub(super) in_tests: bool,
}

/// The label at `index` of a block.
pub(super) fn label(block: &Block, index: usize) -> Option<&str> {
    block.labels.get(index).map(|label| match label {
        BlockLabel::Ident(ident) => ident.as_str(),
        BlockLabel::String(text) => text.as_str(),
    })
}

impl Declared<'_> {
    /// The block's header: its word and labels.
    pub(super) fn header(&self) -> Option<aedile_model::Place> {
        let start = self.block.ident.span()?.start;
        let end = self.block.labels.last().and_then(|label| label.span()).or_else(|| self.block.ident.span())?.end;
        self.origin.place(Some(start..end))
    }
}

/// Modules by folder, from parsed files sorted by path.
pub(super) fn modules<'a>(files: &'a [(&'a crate::File, Source)]) -> BTreeMap<String, Module<'a>> {
    let mut modules: BTreeMap<String, Module<'a>> = BTreeMap::new();
    let mut later: Vec<(&str, &'a Source)> = Vec::new();
    for (file, source) in files {
        let module = modules.entry(file.folder().to_owned()).or_insert_with(|| Module {
            folder: file.folder().to_owned(),
            in_tests: true,
            ..Module::default()
        });
        if file.extension() == "tfvars" {
            let name = file.name();
            if name == "terraform.tfvars" {
                module.take_values(source);
            } else if name.ends_with(".auto.tfvars") {
                later.push((file.folder(), source));
            }
            continue;
        }
        module.in_tests &= file.in_tests;
        for (structure, origin) in &source.parts {
            if let Structure::Block(block) = structure {
                module.take(Declared { block, origin, in_tests: file.in_tests });
            }
        }
    }
    for (folder, source) in later {
        if let Some(module) = modules.get_mut(folder) {
            module.take_values(source);
        }
    }
    modules.retain(|_, module| !module.is_empty());
    modules
}

impl<'a> Module<'a> {
    fn take(&mut self, declared: Declared<'a>) {
        let Declared { block, origin, .. } = declared;
        match (block.ident.as_str(), label(block, 0), label(block, 1)) {
            ("variable", Some(name), _) => {
                self.variables.insert(name, declared);
            }
            ("output", Some(name), _) => {
                self.outputs.insert(name, declared);
            }
            ("module", Some(name), _) => {
                self.calls.insert(name, declared);
            }
            ("provider", Some(_), _) => self.providers.push(declared),
            ("resource", Some(kind), Some(name)) => {
                self.resources.entry(kind).or_default().insert(name, declared);
            }
            ("data", Some(kind), Some(name)) => {
                self.data.entry(kind).or_default().insert(name, declared);
            }
            ("locals", ..) => {
                for attribute in block.body.attributes() {
                    self.locals.insert(attribute.key.as_str(), Written { expression: &attribute.value, origin });
                }
            }
            ("terraform", ..) => {
                for providers in block.body.get_blocks("required_providers") {
                    for attribute in providers.body.attributes() {
                        self.versions.insert(attribute.key.as_str(), Written { expression: &attribute.value, origin });
                    }
                }
            }
            _ => {}
        }
    }

    /// The resource or data source of that type and name, with both as the source spells them.
    pub(super) fn resource(&self, data: bool, kind: &str, name: &str) -> Option<(&'a str, &'a str, Declared<'a>)> {
        let declared = if data { &self.data } else { &self.resources };
        let (&kind, names) = declared.get_key_value(kind)?;
        let (&name, &declared) = names.get_key_value(name)?;
        Some((kind, name, declared))
    }

    fn take_values(&mut self, source: &'a Source) {
        for (structure, origin) in &source.parts {
            if let Structure::Attribute(attribute) = structure {
                self.values.insert(attribute.key.as_str(), Written { expression: &attribute.value, origin });
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.calls.is_empty() && self.outputs.is_empty() && self.variables.is_empty()
    }
}

/// The folder that the module source `source` names from `folder`; `None` for sources that are not local.
pub(super) fn local_folder(folder: &str, source: &str) -> Option<String> {
    if !(source.starts_with("./") || source.starts_with("../") || source == "." || source == "..") {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in source.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
