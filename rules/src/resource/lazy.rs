//! Our own packs, parsed when a type of theirs is asked for: a scan needs few of them, and YAML is slow to read.
//!
//! An index tells by a look at the text which types stand in which pack. Packs of the user are read at once, because
//! what is wrong with them must be said; that ours hold together is a test.

use std::sync::OnceLock;

use super::form::{ModuleRule, Pack, ResourceSource, ResourceType};
use crate::PackSource;

/// A pack with nothing but types and modules.
#[derive(Debug)]
pub(super) struct LazyPack {
    source: PackSource,
    parsed: OnceLock<Option<Pack>>,
}

/// What the text of a pack tells without being parsed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// Source and id of each type, in the order of the text.
    pub(super) types: Vec<(ResourceSource, String)>,
    /// Old names and the types that they stand for.
    pub(super) aliases: Vec<((ResourceSource, String), String)>,
    /// How many modules it tells.
    pub(super) modules: usize,
}

impl LazyPack {
    pub(super) fn new(source: PackSource) -> LazyPack {
        LazyPack { source, parsed: OnceLock::new() }
    }

    fn pack(&self) -> Option<&Pack> {
        self.parsed.get_or_init(|| self.source.parse().ok()).as_ref()
    }

    /// The type at `at`, as the index counts.
    pub(super) fn resource(&self, at: usize) -> Option<&ResourceType> {
        self.pack()?.resources.get(at)
    }

    /// The modules that it tells.
    pub(super) fn modules(&self) -> &[ModuleRule] {
        self.pack().map_or(&[], |pack| &pack.modules)
    }
}

/// The index of a pack; `None` if it holds lists that are always needed, or is written in a way that only the parser
/// understands.
pub(super) fn index(text: &str) -> Option<Index> {
    let mut index = Index::default();
    let mut section = "";
    let mut indent = None;
    let mut open: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') || line == "---" {
            continue;
        }
        let depth = line.len() - trimmed.len();
        if depth == 0 && !trimmed.starts_with('-') {
            let (key, rest) = trimmed.split_once(':')?;
            let known = matches!((key, rest.trim()), ("pack", "resources") | ("resources" | "modules", ""));
            if !known || open.is_some() {
                return None;
            }
            section = key;
            indent = None;
            continue;
        }
        if section == "pack" {
            return None;
        }
        let items = *indent.get_or_insert(depth);
        if depth == items {
            let first = trimmed.strip_prefix("- ")?;
            match section {
                "resources" => {
                    let id = first.strip_prefix("id:")?.split(" #").next()?.trim().trim_matches(['"', '\'']);
                    if open.replace(id.to_owned()).is_some() {
                        return None;
                    }
                }
                _ => index.modules += 1,
            }
        } else if section == "resources"
            && depth == items + 2
            && let Some(source) = trimmed.strip_prefix("source:")
        {
            let source = match source.split(" #").next()?.trim() {
                "terraform" => ResourceSource::Terraform,
                "kubernetes" => ResourceSource::Kubernetes,
                "arm" => ResourceSource::Arm,
                "cloudformation" => ResourceSource::CloudFormation,
                "compose" => ResourceSource::Compose,
                "dockerfile" => ResourceSource::Dockerfile,
                _ => return None,
            };
            index.types.push((source, open.take()?));
        } else if section == "resources"
            && depth == items + 2
            && let Some(names) = trimmed.strip_prefix("aliases:")
        {
            let (source, id) = index.types.last().filter(|_| open.is_none())?;
            let names = names.trim().strip_prefix('[')?.strip_suffix(']')?.split(',');
            let named = names.map(|name| ((*source, name.trim().to_owned()), id.clone()));
            index.aliases.extend(named);
        }
    }
    open.is_none().then_some(index)
}
