//! Cards that lie beside models and data without being declared: what they are about, and what they lack.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Inventory, Value};
use aedile_policies::Documents;
use time::Date;

use super::document::{complete, follows, last};
use super::matching;
use crate::config::{Loaded, parse_date};

/// The `type_name` of documents that are found, not declared.
const CARD: &str = "card";

/// Judges the cards that nobody declared by what they say, and says of models and data which is theirs.
pub(super) fn judge(loaded: &Loaded, kinds: &Documents, as_of: Date, inventory: &mut Inventory) {
    let is_card = |asset: &&Asset| asset.kind == AssetKind::Document && asset.type_name == CARD;
    let cards: Vec<Asset> = inventory.assets.values().filter(is_card).cloned().collect();
    if cards.is_empty() {
        return;
    }
    let subjects = Subjects::of(inventory);
    // What was declared to be changed, and when.
    let changed: Vec<(Date, BTreeSet<AssetId>)> = loaded
        .config
        .declare
        .iter()
        .filter_map(|declaration| Some((declaration, declaration.changed.as_deref().and_then(parse_date)?)))
        .map(|(declaration, day)| (day, matching(declaration, inventory).into_iter().collect()))
        .collect();
    for card in cards {
        let about = subjects.described(&card);
        let name = if card.name == "datasheet" { "datasheet" } else { "modelCard" };
        for subject in &about {
            let subject = inventory.assets.get_mut(subject).filter(|asset| asset.value(name).is_none());
            if let Some(asset) = subject {
                asset.set(name, card.address.as_str(), card.place.clone());
            }
        }
        if card.value("discovered") == Some(&Value::Bool(false)) {
            continue;
        }
        let changed = changed.iter().filter(|(_, ids)| about.iter().any(|id| ids.contains(id)));
        let changed = changed.map(|(day, _)| *day).max();
        let Some(asset) = inventory.assets.get_mut(&card.id) else { continue };
        asset.set("discovered", true, None);
        let texts = |name: &str| -> Vec<String> {
            let items = card.value(name).into_iter().flat_map(Value::items);
            items.filter_map(|item| item.as_text().map(str::to_owned)).collect()
        };
        complete(asset, kinds.kind(&card.name), texts("written"), texts("waiting"));
        follows(asset, last(texts("days").iter().map(String::as_str), as_of), as_of, changed);
    }
}

/// Models and data by what a card may say of them; `true` stands for models.
struct Subjects {
    by_name: BTreeMap<(bool, String), BTreeSet<AssetId>>,
    by_path: BTreeMap<(bool, String), BTreeSet<AssetId>>,
}

impl Subjects {
    fn of(inventory: &Inventory) -> Subjects {
        let mut subjects = Subjects { by_name: BTreeMap::new(), by_path: BTreeMap::new() };
        for asset in inventory.assets.values() {
            let is_model = match asset.kind {
                AssetKind::Model => true,
                AssetKind::Dataset | AssetKind::Table => false,
                _ => continue,
            };
            for name in asset.names.iter().chain([&asset.name, &asset.address]) {
                subjects.by_name.entry((is_model, name.to_lowercase())).or_default().insert(asset.id.clone());
            }
            if let Some(place) = &asset.place {
                subjects.by_path.entry((is_model, place.path.to_string())).or_default().insert(asset.id.clone());
            }
        }
        subjects
    }

    /// The models, or the data, that `card` is about: by name, or else in its folder and below.
    fn described(&self, card: &Asset) -> BTreeSet<AssetId> {
        let is_model = card.name != "datasheet";
        let about = card.value("about").into_iter().flat_map(Value::items).filter_map(Value::as_text);
        let named = about.filter_map(|name| self.by_name.get(&(is_model, name.to_lowercase())));
        let named: BTreeSet<AssetId> = named.flatten().cloned().collect();
        let Some((folder, _)) = card.address.rsplit_once('/') else { return named };
        if !named.is_empty() {
            return named;
        }
        let folder = format!("{folder}/");
        let below = self.by_path.range((is_model, folder.clone())..);
        let below = below.take_while(|((model, path), _)| *model == is_model && path.starts_with(&folder));
        below.flat_map(|(_, ids)| ids.clone()).collect()
    }
}
