//! A module as it is declared: the files of one folder, and all modules by folder.

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};

use super::listed::Listed;
use super::overrides;
use super::parse::{Origin, Source};
use super::syntax::{Block, Expression};
use crate::File;

/// A block with the file it stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared<'a> {
    pub(super) block: &'a Block,
    pub(super) origin: &'a Origin,
    pub(super) in_tests: bool,
}

/// An expression with the file it stands in.
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
    /// The name that a pack lists it under, for a module that stands in no scanned file.
    pub(super) listed: Option<String>,
    /// What is declared more than once.
    pub(super) gaps: Vec<Gap>,
}

/// Everything that calls and expressions may name.
pub(super) struct Library<'a> {
    /// Modules by folder.
    pub(super) modules: BTreeMap<String, Module<'a>>,
    /// Modules that packs describe.
    pub(super) listed: &'a Listed<'a>,
    /// Every file that was read, by path.
    pub(super) files: BTreeMap<&'a str, &'a File>,
}

impl Declared<'_> {
    /// The block's header: its word and labels.
    pub(super) fn header(&self) -> Option<Place> {
        self.origin.place(self.block.header)
    }
}

/// Merges override files into what they override; see [`overrides`].
pub(super) fn merged(files: Vec<(&File, Source)>) -> Vec<(&File, Source)> {
    let (mut base, mut over): (Vec<_>, Vec<_>) = files.into_iter().partition(|(file, _)| !overrides::is_override(file));
    let tofu: std::collections::BTreeSet<String> =
        base.iter().filter_map(|(file, _)| file.path.strip_suffix(".tofu").map(str::to_owned)).collect();
    // OpenTofu reads `x.tofu` instead of `x.tf`.
    base.retain(|(file, _)| file.path.strip_suffix(".tf").is_none_or(|stem| !tofu.contains(stem)));
    for (file, source) in &mut over {
        let left = overrides::apply(&mut base, file, source);
        source.body.blocks = left;
    }
    base.append(&mut over);
    base.sort_by(|a, b| a.0.path.cmp(&b.0.path));
    base
}

/// Modules by folder, from parsed files sorted by path.
pub(super) fn modules<'a>(files: &'a [(&'a File, Source)]) -> BTreeMap<String, Module<'a>> {
    let mut modules: BTreeMap<String, Module<'a>> = BTreeMap::new();
    let mut later: Vec<(&str, &'a Source)> = Vec::new();
    for (file, source) in files {
        let module = modules.entry(file.folder().to_owned()).or_insert_with(|| Module {
            folder: file.folder().to_owned(),
            in_tests: true,
            ..Module::default()
        });
        let name = file.name();
        let name = name.strip_suffix(".json").unwrap_or(name);
        if name.ends_with(".tfvars") {
            if name == "terraform.tfvars" {
                module.take_values(source);
            } else if name.ends_with(".auto.tfvars") {
                later.push((file.folder(), source));
            }
            continue;
        }
        module.in_tests &= file.in_tests;
        for block in &source.body.blocks {
            module.take(Declared { block, origin: block.home(&source.origin), in_tests: file.in_tests });
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
    pub(super) fn take(&mut self, declared: Declared<'a>) {
        let Declared { block, origin, .. } = declared;
        let held = match (block.word.as_str(), block.label(0), block.label(1)) {
            ("variable", Some(name), _) => self.variables.insert(name, declared),
            ("output", Some(name), _) => self.outputs.insert(name, declared),
            ("module", Some(name), _) => self.calls.insert(name, declared),
            ("provider", Some(_), _) => {
                self.providers.push(declared);
                None
            }
            ("resource", Some(kind), Some(name)) => self.resources.entry(kind).or_default().insert(name, declared),
            ("data", Some(kind), Some(name)) => self.data.entry(kind).or_default().insert(name, declared),
            ("locals", ..) => {
                for attribute in &block.body.attributes {
                    let written = Written { expression: &attribute.value, origin: attribute.home(origin) };
                    if self.locals.insert(&attribute.name, written).is_some() {
                        let place = written.origin.place(attribute.span);
                        self.twice(place, &format!("the local value `{}`", attribute.name));
                    }
                }
                None
            }
            ("terraform", ..) => {
                for providers in block.body.blocks("required_providers") {
                    for attribute in &providers.body.attributes {
                        let written = Written { expression: &attribute.value, origin };
                        self.versions.insert(&attribute.name, written);
                    }
                }
                None
            }
            // They move, import, check or remove what other blocks declare.
            ("check" | "ephemeral" | "import" | "moved" | "removed" | "run", ..) => None,
            (word @ ("data" | "module" | "output" | "provider" | "resource" | "variable"), ..) => {
                if let Some(place) = declared.header() {
                    let message = format!("the block `{word}` is not read: a label is missing");
                    self.gaps.push(Gap { place, kind: GapKind::Unparsed, message });
                }
                None
            }
            (word, ..) => {
                if let Some(place) = declared.header() {
                    let message = format!("the block `{word}` is not read: there is no such block");
                    self.gaps.push(Gap { place, kind: GapKind::Unsupported, message });
                }
                None
            }
        };
        if held.is_some() {
            self.twice(declared.header(), &format!("`{} {}`", block.word, block.labels.join(".")));
        }
    }

    fn twice(&mut self, place: Option<Place>, what: &str) {
        if let Some(place) = place {
            let message = format!("{what} is declared more than once in this folder; the last counts");
            self.gaps.push(Gap { place, kind: GapKind::Unparsed, message });
        }
    }

    /// The resource or data source of that type and name, with both as the source spells them.
    pub(super) fn resource(&self, data: bool, kind: &str, name: &str) -> Option<(&'a str, &'a str, Declared<'a>)> {
        let declared = if data { &self.data } else { &self.resources };
        let (&kind, names) = declared.get_key_value(kind)?;
        let (&name, &declared) = names.get_key_value(name)?;
        Some((kind, name, declared))
    }

    /// Whether a pack describes it, rather than files.
    pub(super) fn is_listed(&self) -> bool {
        self.listed.is_some()
    }

    fn take_values(&mut self, source: &'a Source) {
        for attribute in &source.body.attributes {
            let written = Written { expression: &attribute.value, origin: &source.origin };
            self.values.insert(&attribute.name, written);
        }
    }

    fn is_empty(&self) -> bool {
        self.resources.is_empty()
            && self.calls.is_empty()
            && self.outputs.is_empty()
            && self.variables.is_empty()
            && self.gaps.is_empty()
    }
}

impl<'a> Library<'a> {
    /// Where the module at `path` (`lake.bucket`) of the root `root` is installed, as Terraform's own list says.
    pub(super) fn installed(&self, root: &str, path: &str) -> Option<String> {
        let folder = if root.is_empty() { String::new() } else { format!("{root}/") };
        let list = self.files.get(format!("{folder}.terraform/modules/modules.json").as_str())?;
        let list: serde_json::Value = serde_json::from_str(list.text.as_ref()?).ok()?;
        let entry = list
            .get("Modules")?
            .as_array()?
            .iter()
            .find(|entry| entry.get("Key").and_then(serde_json::Value::as_str) == Some(path))?;
        let installed = entry.get("Dir")?.as_str()?;
        local_folder(root, &format!("./{installed}"))
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

/// Whether `folder` holds what Terraform installed, which is configuration only by being called.
pub(super) fn is_installed(folder: &str) -> bool {
    folder.split('/').any(|part| part == ".terraform")
}

/// An origin without a file.
pub(super) fn nowhere(text: &str) -> Origin {
    Origin { path: None, text: Arc::from(text) }
}
