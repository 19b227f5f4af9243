//! What people declare of models and columns in YAML of dbt: labels, masks, grants, and what models promise.
//!
//! Since dbt 1.10 `meta` and `tags` stand under `config` as well; both places are read.
//! Source: docs.getdbt.com/reference/resource-configs/{meta,tags,grants,access,contract}, and
//! docs.getdbt.com/reference/resource-configs/bigquery-configs for `policy_tags`.

use aedile_model::{Attribute, Label, Place, Value};

use super::yaml::place;
use crate::File;
use crate::yaml::Node;

/// The book of labels that `meta` is.
pub(super) const META: &str = "dbt meta";
/// The book of labels that `tags` are.
pub(super) const TAG: &str = "dbt tag";

/// Levels of mappings in `meta` that are followed.
const LEVELS: usize = 3;

/// The labels of a model, source or column: `meta`, `tags`, and both under `config`.
pub(super) fn labels(file: &File, node: &Node) -> Vec<Label> {
    let mut labels = Vec::new();
    for meta in [node.get("meta"), node.at("config.meta")].into_iter().flatten() {
        self::meta(file, meta, &mut labels);
    }
    for tags in [node.get("tags"), node.at("config.tags")].into_iter().flatten() {
        self::tags(file, tags, &mut labels);
    }
    labels
}

/// The labels of a mapping of `meta`.
pub(super) fn meta(file: &File, meta: &Node, labels: &mut Vec<Label>) {
    within(file, meta, LEVELS, labels);
}

fn within(file: &File, meta: &Node, levels: usize, labels: &mut Vec<Label>) {
    for entry in meta.entries() {
        let Some(key) = entry.key.str() else { continue };
        let one = |node: &Node| node.str().map(|word| Label::new(META, key, word, Some(place(file, node))));
        labels.extend(one(&entry.value));
        labels.extend(entry.value.items().iter().filter_map(one));
        if levels > 1 {
            within(file, &entry.value, levels - 1, labels);
        }
    }
}

/// The labels of `tags`, a word or a list of words.
pub(super) fn tags(file: &File, tags: &Node, labels: &mut Vec<Label>) {
    let one = |node: &Node| node.str().map(|word| Label::new(TAG, "", word, Some(place(file, node))));
    labels.extend(one(tags));
    labels.extend(tags.items().iter().filter_map(one));
}

/// Where it is said that a column is masked: by policy tags, or in `meta`.
pub(super) fn masked(file: &File, column: &Node) -> Option<Place> {
    let policy_tags = [column.get("policy_tags"), column.at("config.policy_tags")];
    let tags = policy_tags.into_iter().flatten().find(|tags| !tags.items().is_empty());
    let metas = [column.get("meta"), column.at("config.meta")].into_iter().flatten();
    let said = |meta: &Node| -> Option<Place> {
        let policy = meta.get("masking_policy").filter(|policy| policy.str().is_some_and(|name| !name.is_empty()));
        let masked = meta.get("masked").filter(|masked| masked.bool() == Some(true));
        policy.or(masked).map(|node| place(file, node))
    };
    tags.map(|tags| place(file, tags)).or_else(|| metas.filter_map(said).next())
}

/// Privileges under `config.grants`, each with who gets it.
pub(super) fn grants(node: &Node) -> Vec<(String, String)> {
    node.at("config.grants").map(grants_in).unwrap_or_default()
}

/// Privileges with who gets them, from a mapping of one to a name or a list of names.
pub(super) fn grants_in(grants: &Node) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in grants.entries() {
        let Some(privilege) = entry.key.str() else { continue };
        let names = entry.value.items().iter().filter_map(Node::str).chain(entry.value.str());
        let names = names.filter(|name| !name.is_empty() && !name.contains("{{"));
        found.extend(names.map(|name| (privilege.trim_start_matches('+').to_owned(), name.to_owned())));
    }
    found
}

/// Whether a model keeps a contract, who may build on it, and which group owns it.
pub(super) fn promises(file: &File, node: &Node) -> Vec<(String, Attribute)> {
    let at = |keys: [&str; 2]| keys.iter().find_map(|key| node.at(key));
    let mut found = Vec::new();
    if let Some(enforced) = at(["config.contract.enforced", "contract.enforced"])
        && let Some(truth) = enforced.bool()
    {
        found.push((
            "contractEnforced".to_owned(),
            Attribute { value: truth.into(), place: Some(place(file, enforced)) },
        ));
    }
    for (attribute, keys) in [("visibility", ["config.access", "access"]), ("owner", ["config.group", "group"])] {
        if let Some(node) = at(keys)
            && let Some(word) = node.str().filter(|word| !word.contains("{{"))
        {
            found.push((attribute.to_owned(), Attribute { value: Value::from(word), place: Some(place(file, node)) }));
        }
    }
    found
}
