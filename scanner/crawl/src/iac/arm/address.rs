//! Types, ids and addresses of resources: `Microsoft.Storage/storageAccounts/lake/blobServices/default`.

use std::collections::BTreeMap;

use aedile_rules::{ResourceSource, Resources};

use crate::iac::datum::Datum;

/// Types as the packs write them, by lower case: the provider takes any case.
#[derive(Debug, Default)]
pub(super) struct Types {
    known: BTreeMap<String, String>,
}

impl Types {
    /// The types of the packs and those of their companions.
    pub(super) fn new(rules: &Resources) -> Types {
        let names = rules.types_of(ResourceSource::Arm).flat_map(|rule| {
            rule.companions.values().map(|companion| &companion.type_name).chain(std::iter::once(&rule.id))
        });
        let deployments = std::iter::once(super::DEPLOYMENTS);
        let names = names.map(String::as_str).chain(deployments);
        Types { known: names.map(|name| (name.to_ascii_lowercase(), name.to_owned())).collect() }
    }

    /// `type_name` as the packs write it; lower case if they do not.
    pub(super) fn canonical(&self, type_name: &str) -> String {
        let lower = type_name.to_ascii_lowercase();
        self.known.get(&lower).cloned().unwrap_or(lower)
    }

    /// The address of what `resourceId` of `values` means: an optional subscription and group, a type and names.
    pub(super) fn resource_id(&self, values: &[Datum]) -> Option<String> {
        let is_type = |value: &Datum| value.text().is_some_and(|text| text.contains('/') && text.contains('.'));
        let at = values.iter().position(is_type)?;
        let type_name = values.get(at)?.text()?;
        let names: Vec<String> = values.get(at + 1..)?.iter().map(Datum::holed).collect::<Option<_>>()?;
        let names: Vec<&str> = names.iter().flat_map(|name| name.split('/')).collect();
        Some(self.address(&type_name, &names))
    }

    /// The address of the resource of `type_name` with that name for each part of the type.
    pub(super) fn address(&self, type_name: &str, names: &[&str]) -> String {
        let canonical = self.canonical(type_name);
        let mut parts = canonical.split('/');
        let mut out = parts.next().unwrap_or_default().to_owned();
        let mut left = names.iter();
        for part in parts {
            out.push('/');
            out.push_str(part);
            if let Some(name) = left.next() {
                out.push('/');
                out.push_str(&hole_free(name));
            }
        }
        for name in left {
            out.push('/');
            out.push_str(&hole_free(name));
        }
        out
    }

    /// The address in an id that is written out, or in the part of it after `providers/`:
    /// `Microsoft.Storage/storageAccounts/lake`.
    pub(super) fn written(&self, text: &str) -> Option<String> {
        let rest = text.rsplit_once("/providers/").map_or(text, |(_, rest)| rest);
        let parts: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
        let (namespace, pairs) = parts.split_first()?;
        if !namespace.contains('.') || pairs.is_empty() || pairs.len() % 2 != 0 || namespace.starts_with('{') {
            return None;
        }
        let types: Vec<&str> = pairs.iter().step_by(2).copied().collect();
        let names: Vec<&str> = pairs.iter().skip(1).step_by(2).copied().collect();
        Some(self.address(&format!("{namespace}/{}", types.join("/")), &names))
    }
}

/// A name whose holes are in `<>`, so that an address with it may itself stand in a hole.
pub(super) fn hole_free(name: &str) -> String {
    name.replace('{', "<").replace('}', ">")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_addresses_in_the_case_of_the_packs() {
        let mut types = Types::default();
        types.known.insert("microsoft.a/b/c".into(), "Microsoft.A/b/c".into());
        assert_eq!(types.address("microsoft.a/B/c", &["x", "y"]), "Microsoft.A/b/x/c/y");
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.A/b/x/c/y";
        assert_eq!(types.written(id).as_deref(), Some("Microsoft.A/b/x/c/y"));
        assert_eq!(types.written("Microsoft.A/b/{x}/c/y").as_deref(), Some("Microsoft.A/b/<x>/c/y"));
        assert_eq!(types.written("plain"), None);
        let values = ["g", "Microsoft.A/b/c", "x/y"].map(Datum::from_text);
        assert_eq!(types.resource_id(&values).as_deref(), Some("Microsoft.A/b/x/c/y"));
    }
}
