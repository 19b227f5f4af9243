//! Whether models with a risk class learn from data that is described, and are measured by the groups that the law protects.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Attribute, Inventory, Relation, RelationKind, Value};
use aedile_policies::Taxonomy;

/// The group of classes by which nobody may be discriminated.
const PROTECTED: &str = "protected-attribute";

/// Says of every training of a model with a declared risk class what that class is, whether all its data has a datasheet,
/// whether each protected attribute in the data is among the columns by which groups are compared, and which are not.
pub(super) fn compare(taxonomy: &Taxonomy, inventory: &mut Inventory) {
    let classes = risk_classes(inventory);
    let trainings: Vec<(usize, String)> = (0..)
        .zip(&inventory.relations)
        .filter(|(_, relation)| relation.kind == RelationKind::Trains)
        .filter_map(|(at, relation)| Some((at, classes.get(&relation.to)?.clone())))
        .collect();
    if trainings.is_empty() {
        return;
    }
    let (protected, reads) = (protected(taxonomy, inventory), reads(inventory));
    for (at, class) in trainings {
        let Some(relation) = inventory.relations.get(at) else { continue };
        let sources = sources(relation, &reads);
        let columns: BTreeSet<&String> = sources.iter().filter_map(|source| protected.get(*source)).flatten().collect();
        let sheets: Vec<Option<&Attribute>> =
            sources.iter().filter_map(|id| inventory.asset(id)).map(|data| data.attributes.get("datasheet")).collect();
        let mut found: Vec<(&str, Attribute)> =
            vec![("riskClass", Attribute { value: Value::Text(class), place: None })];
        if let Some(first) = sheets.first() {
            let place = first.and_then(|sheet| sheet.place.clone());
            found.push(("datasheet", Attribute { value: Value::Bool(sheets.iter().all(Option::is_some)), place }));
        }
        let own = inventory.asset(&relation.from).map(|code| &code.attributes);
        let facts = |name: &str| own.and_then(|own| own.get(name)).into_iter().chain(relation.attributes.get(name));
        if !columns.is_empty() {
            let (value, missing) = said(facts("comparedColumns"), facts("evaluatedByGroup"), &columns);
            let place = facts("comparedColumns").find_map(|attribute| attribute.place.clone());
            found.push(("groupsCompared", Attribute { value, place }));
            if !missing.is_empty() {
                found.push(("uncomparedColumns", Attribute { value: Value::Text(missing), place: None }));
            }
        }
        let Some(relation) = inventory.relations.get_mut(at) else { continue };
        relation.attributes.extend(found.into_iter().map(|(name, attribute)| (name.to_owned(), attribute)));
    }
}

/// The declared risk class of each model: its own, or that of a model that is made of it, as what serves under its name.
/// Of several the first by the alphabet: the classes of the AI Act stand in it from the strictest on.
fn risk_classes(inventory: &Inventory) -> BTreeMap<AssetId, String> {
    let models = inventory.assets.values().filter(|asset| asset.kind == AssetKind::Model);
    let mut classes: BTreeMap<AssetId, String> =
        models.filter_map(|model| Some((model.id.clone(), text(model, "riskClass")?.to_owned()))).collect();
    for relation in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::DerivedFrom) {
        let Some(class) = inventory.asset(&relation.from).and_then(|model| text(model, "riskClass")) else { continue };
        let held = classes.entry(relation.to.clone()).or_insert_with(|| class.to_owned());
        if class < held.as_str() {
            class.clone_into(held);
        }
    }
    classes
}

/// Whether groups are compared by each of `columns`, and those by which they are not.
fn said<'a>(
    compared: impl Iterator<Item = &'a Attribute>,
    mut evaluated: impl Iterator<Item = &'a Attribute>,
    columns: &BTreeSet<&String>,
) -> (Value, String) {
    let compared: BTreeSet<String> = compared
        .flat_map(|attribute| attribute.value.items())
        .filter_map(|column| Some(column.as_text()?.to_lowercase()))
        .collect();
    if compared.is_empty() && evaluated.any(|attribute| attribute.value != Value::Bool(false)) {
        let why = "by which columns groups are compared is not seen";
        return (Value::unknown("sensitive_features", why), String::new());
    }
    let missing: Vec<&str> = columns
        .iter()
        .map(|column| column.as_str())
        .filter(|column| !compared.contains(&column.to_lowercase()))
        .collect();
    (Value::Bool(missing.is_empty()), missing.join(", "))
}

/// The data of a training: what is said to flow, or all that the code reads.
fn sources<'a>(relation: &'a Relation, reads: &'a BTreeMap<AssetId, BTreeSet<AssetId>>) -> BTreeSet<&'a AssetId> {
    let said: BTreeSet<&AssetId> = relation.flow.iter().flat_map(|flow| &flow.sources).collect();
    if said.is_empty() { reads.get(&relation.from).into_iter().flatten().collect() } else { said }
}

fn reads(inventory: &Inventory) -> BTreeMap<AssetId, BTreeSet<AssetId>> {
    let mut reads: BTreeMap<AssetId, BTreeSet<AssetId>> = BTreeMap::new();
    for relation in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::Reads) {
        reads.entry(relation.from.clone()).or_default().insert(relation.to.clone());
    }
    reads
}

/// The columns of each dataset or table that hold a protected attribute.
fn protected(taxonomy: &Taxonomy, inventory: &Inventory) -> BTreeMap<AssetId, BTreeSet<String>> {
    let mut protected: BTreeMap<AssetId, BTreeSet<String>> = BTreeMap::new();
    for relation in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::PartOf) {
        let Some(column) = inventory.asset(&relation.from) else { continue };
        let counting = column.tags.iter().filter(|tag| taxonomy.counts(tag));
        if counting.into_iter().any(|tag| taxonomy.is_in(tag.class.as_str(), PROTECTED)) {
            protected.entry(relation.to.clone()).or_default().insert(column.name.clone());
        }
    }
    protected
}

fn text<'a>(asset: &'a Asset, name: &str) -> Option<&'a str> {
    asset.value(name).and_then(Value::as_text)
}
