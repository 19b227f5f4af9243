//! What `dbt_project.yml` sets for the models of a folder: `+meta`, `+tags`, `+grants`, `+contract`, `+access`, `+group`.
//!
//! Source: docs.getdbt.com/reference/model-configs, "Using a project file"; tags add up, `meta` adds up and the nearer key
//! wins, `grants` of the nearer folder replace those above unless the privilege is written with `+`.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, Label};

use super::declared;
use crate::File;
use crate::yaml::Node;

/// Folders in folders that are followed.
const LEVELS: usize = 16;

/// What one level of the project file sets.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// The project or package, then folders, then perhaps the model; empty for all of a kind.
    of: Vec<String>,
    labels: Vec<Label>,
    /// By privilege: whether they are added to those above, and who gets it.
    grants: BTreeMap<String, (bool, Vec<String>)>,
    attributes: Vec<(String, aedile_model::Attribute)>,
}

/// What holds for one model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    labels: Vec<Label>,
    /// Privileges, each with who gets it.
    pub(super) grants: BTreeSet<(String, String)>,
    attributes: BTreeMap<String, aedile_model::Attribute>,
}

/// The settings of a project file, those of folders above before those below.
pub(super) fn read(file: &File, document: &Node) -> Vec<Setting> {
    let mut settings = Vec::new();
    for kind in ["models", "seeds", "snapshots"] {
        if let Some(node) = document.get(kind) {
            level(file, node, &[], LEVELS, &mut settings);
        }
    }
    settings
}

fn level(file: &File, node: &Node, of: &[String], levels: usize, settings: &mut Vec<Setting>) {
    let mut setting = Setting { of: of.to_vec(), labels: Vec::new(), grants: BTreeMap::new(), attributes: Vec::new() };
    let get = |key: &str| node.get(&format!("+{key}")).or_else(|| node.get(key).filter(|_| is_config(key, node)));
    if let Some(meta) = get("meta") {
        declared::meta(file, meta, &mut setting.labels);
    }
    if let Some(tags) = get("tags") {
        declared::tags(file, tags, &mut setting.labels);
    }
    for entry in get("grants").map(Node::entries).unwrap_or_default() {
        let Some(privilege) = entry.key.str() else { continue };
        let names = entry.value.items().iter().filter_map(Node::str).chain(entry.value.str());
        let names = names.filter(|name| !name.is_empty() && !name.contains("{{")).map(str::to_owned).collect();
        setting.grants.insert(privilege.trim_start_matches('+').to_owned(), (privilege.starts_with('+'), names));
    }
    let text = |key: &str, attribute: &str| {
        let node = get(key)?;
        let word = node.str().filter(|word| !word.contains("{{"))?;
        let value = aedile_model::Value::from(word);
        Some((attribute.to_owned(), aedile_model::Attribute { value, place: Some(super::yaml::place(file, node)) }))
    };
    setting.attributes.extend(text("access", "visibility"));
    setting.attributes.extend(text("group", "owner"));
    if let Some(node) = get("contract").and_then(|contract| contract.get("enforced"))
        && let Some(truth) = node.bool()
    {
        let place = Some(super::yaml::place(file, node));
        setting
            .attributes
            .push(("contractEnforced".to_owned(), aedile_model::Attribute { value: truth.into(), place }));
    }
    settings.push(setting);
    if levels == 0 {
        return;
    }
    for entry in node.entries() {
        let Some(key) = entry.key.str().filter(|key| !key.starts_with('+')) else { continue };
        if !entry.value.entries().is_empty() && !is_config(key, node) {
            let mut inner = of.to_vec();
            inner.push(key.to_owned());
            level(file, &entry.value, &inner, levels - 1, settings);
        }
    }
}

/// Whether a key without `+` is a setting and not a folder of that name: `meta` and `grants` with values, not with folders.
fn is_config(key: &str, node: &Node) -> bool {
    let values = |node: &Node| node.entries().iter().all(|entry| entry.value.entries().is_empty());
    matches!(key, "meta" | "tags" | "grants" | "contract" | "access" | "group") && node.get(key).is_some_and(values)
}

/// What holds for the model whose path within the project is `fqn`: project, folders, name.
pub(super) fn of(settings: &[Setting], fqn: &[String]) -> Settings {
    let mut found = Settings::default();
    for setting in settings.iter().filter(|setting| fqn.starts_with(&setting.of)) {
        let keys: BTreeSet<&str> = setting
            .labels
            .iter()
            .filter(|label| label.source == declared::META)
            .map(|label| label.key.as_str())
            .collect();
        found.labels.retain(|held: &Label| held.source != declared::META || !keys.contains(held.key.as_str()));
        found.labels.extend(setting.labels.iter().cloned());
        for (privilege, (adds, names)) in &setting.grants {
            if !adds {
                found.grants.retain(|(held, _)| held != privilege);
            }
            found.grants.extend(names.iter().map(|name| (privilege.clone(), name.clone())));
        }
        found.attributes.extend(setting.attributes.iter().cloned());
    }
    found
}

impl Settings {
    /// Puts labels and attributes on the model's table, where it does not say the same itself.
    pub(super) fn describe(&self, table: &mut Asset) {
        table.labels.extend(self.labels.iter().cloned());
        for (name, attribute) in &self.attributes {
            table.attributes.entry(name.clone()).or_insert_with(|| attribute.clone());
        }
    }
}
