//! The record of processing activities (GDPR, Art. 30(1)) as far as code and configuration tell it.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{Asset, Run};

/// A pipeline, notebook or workload that works on sensitive data.
pub(super) struct Activity {
    pub(super) name: String,
    pub(super) purpose: String,
    pub(super) basis: String,
    pub(super) classes: BTreeSet<String>,
    pub(super) sources: BTreeSet<String>,
    pub(super) recipients: BTreeSet<String>,
    pub(super) retention: String,
    pub(super) safeguards: BTreeSet<String>,
}

/// Every activity, by address.
pub(super) fn activities(run: &Run) -> Vec<Activity> {
    let assets: BTreeMap<&str, &Asset> = run.assets.iter().map(|asset| (asset.id.as_str(), asset)).collect();
    let name = |id: &str| assets.get(id).map_or_else(|| id.to_owned(), |asset| asset.address.clone());
    let mut stores: BTreeMap<&str, &str> = BTreeMap::new();
    let mut keys: BTreeSet<&str> = BTreeSet::new();
    for relation in &run.relations {
        match relation.kind.as_str() {
            "stored-in" => drop(stores.insert(&relation.from, &relation.to)),
            "encrypted-with" => drop(keys.insert(&relation.from)),
            _ => {}
        }
    }
    let mut all: BTreeMap<&str, Activity> = BTreeMap::new();
    let moving = |kind: &str| matches!(kind, "reads" | "writes" | "sends-to" | "trains");
    for relation in run.relations.iter().filter(|relation| moving(&relation.kind)) {
        let classes: Vec<&String> = relation.carries.iter().filter(|class| super::reported(class)).collect();
        let Some(asset) = assets.get(relation.from.as_str()).filter(|_| !classes.is_empty()) else { continue };
        let activity = all.entry(&asset.address).or_insert_with(|| begun(asset));
        activity.classes.extend(classes.into_iter().cloned());
        let store = stores.get(relation.to.as_str()).copied().unwrap_or(&relation.to);
        if keys.contains(store) {
            activity.safeguards.insert(format!("{} is encrypted under a key of its own", name(store)));
        }
        let other = name(&relation.to);
        if relation.kind == "reads" {
            activity.sources.insert(other)
        } else {
            activity.recipients.insert(other)
        };
        if let Some(days) =
            assets.get(store).and_then(|asset| asset.attributes.get("retentionDays")).and_then(|days| days.as_i64())
        {
            activity.retention = format!("{days} days");
        }
    }
    all.into_values().collect()
}

fn begun(asset: &Asset) -> Activity {
    let said = |attribute: &str| {
        let value = asset.attributes.get(attribute).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
        value.unwrap_or("not declared").to_owned()
    };
    Activity {
        name: asset.address.clone(),
        purpose: said("purpose"),
        basis: said("legalBasis"),
        classes: BTreeSet::new(),
        sources: BTreeSet::new(),
        recipients: BTreeSet::new(),
        retention: "not told".to_owned(),
        safeguards: BTreeSet::new(),
    }
}
