//! Datasets of Fides: collections and fields with the categories of data that they hold, and what systems use them for.
//!
//! Source: ethyca.com/docs, "System" resource: `privacy_declarations`; "Dataset" resource: `fides_key`, `collections[].name`, `fields[].data_categories`, fields in fields,
//! and `fides_meta.namespace` with the names that a warehouse has for the collection.

use aedile_model::{Asset, AssetId, AssetKind, Gap, Label, Place, RelationKind};

use super::document;
use crate::crawler::{Context, Crawler};
use crate::yaml::Node;
use crate::{Facts, File, Link, Ref};

/// The book of labels that Fides keeps.
pub(crate) const BOOK: &str = "Fides";

/// Fields in fields that are followed.
const NESTING: usize = 16;

/// Fields of one collection that are read; one with more is a gap.
const FIELDS: usize = 4_096;

/// The crawler of Fides datasets.
pub(crate) struct Fides;

/// What one file describes.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    collections: Vec<Collection>,
    /// The key of a dataset, and what a system uses it for.
    uses: Vec<(String, Label)>,
    gaps: Vec<Gap>,
}

/// A table as Fides describes it.
#[derive(Debug)]
struct Collection {
    /// The key of the dataset that it belongs to.
    dataset: String,
    /// What it may be called elsewhere, the fullest name first.
    names: Vec<String>,
    labels: Vec<Label>,
    fields: Vec<(String, Vec<Label>, Place)>,
    place: Place,
}

impl Crawler for Fides {
    type Parsed = Parsed;

    fn claims(file: &File) -> bool {
        let says = |text: &str| {
            text.contains("fides_key:") && (text.contains("collections:") || text.contains("privacy_declarations:"))
        };
        matches!(file.extension().as_str(), "yml" | "yaml") && file.text.as_ref().is_some_and(|text| says(text))
    }

    fn parse(file: &File, context: Context<'_>) -> Parsed {
        let Some(text) = &file.text else { return Parsed::default() };
        let (documents, mut gaps) = document::documents(file, text, "the dataset", context.options);
        let mut collections = Vec::new();
        for dataset in documents.iter().flat_map(datasets) {
            read(file, dataset, &mut collections, &mut gaps);
        }
        let systems = documents.iter().filter_map(|document| document.get("system")).flat_map(Node::items);
        let uses = systems.flat_map(|system| uses(file, system)).collect();
        Parsed { collections, uses, gaps }
    }

    fn resolve(parsed: Vec<(&File, Parsed)>, _: Context<'_>, facts: &mut Facts) {
        let uses: Vec<(String, Label)> = parsed.iter().flat_map(|(_, parsed)| parsed.uses.clone()).collect();
        for (file, parsed) in parsed {
            facts.gaps.extend(parsed.gaps);
            for mut collection in parsed.collections {
                let own = uses.iter().filter(|(dataset, _)| *dataset == collection.dataset);
                collection.labels.extend(own.map(|(_, label)| label.clone()));
                tell(file, collection, facts);
            }
        }
    }
}

/// The datasets of a document: under `dataset`, or the document itself.
fn datasets(document: &Node) -> Vec<&Node> {
    match document.get("dataset") {
        Some(list) if !list.items().is_empty() => list.items().iter().collect(),
        Some(one) => vec![one],
        None => vec![document],
    }
}

fn read(file: &File, dataset: &Node, collections: &mut Vec<Collection>, gaps: &mut Vec<Gap>) {
    let Some(key) = dataset.get("fides_key").and_then(Node::str) else { return };
    let namespace =
        ["fides_meta.namespace", "fidesctl_meta.namespace", "meta.namespace"].iter().find_map(|path| dataset.at(path));
    let part = |keys: [&str; 2]| keys.iter().find_map(|key| namespace?.get(key)?.str());
    let (database, schema) = (part(["project_id", "database_name"]), part(["dataset_id", "schema"]));
    let of_all = labels(file, dataset);
    for collection in dataset.get("collections").map(Node::items).unwrap_or_default() {
        let Some(name_node) = collection.get("name") else { continue };
        let Some(name) = name_node.str() else { continue };
        let mut names: Vec<String> = Vec::new();
        if let Some(schema) = schema {
            names.extend(database.map(|database| format!("{database}.{schema}.{name}").to_lowercase()));
            names.push(format!("{schema}.{name}").to_lowercase());
        }
        names.push(format!("{key}.{name}").to_lowercase());
        names.push(name.to_lowercase());
        let mut described = Collection {
            dataset: key.to_owned(),
            names,
            labels: of_all.iter().cloned().chain(labels(file, collection)).collect(),
            fields: Vec::new(),
            place: place(file, name_node),
        };
        fields(file, collection, "", NESTING, &mut described.fields);
        if described.fields.len() > FIELDS {
            described.fields.truncate(FIELDS);
            let message = format!("`{name}` has more than {FIELDS} fields: the rest is not read");
            gaps.push(Gap { place: described.place.clone(), kind: aedile_model::GapKind::Limit, message });
        }
        collections.push(described);
    }
}

/// What a system uses datasets for, as it declares: `privacy_declarations[].{data_use, dataset_references}`.
fn uses(file: &File, system: &Node) -> Vec<(String, Label)> {
    let declarations = system.get("privacy_declarations").map(Node::items).unwrap_or_default();
    let mut found = Vec::new();
    for declaration in declarations {
        let Some(used) = declaration.get("data_use") else { continue };
        let Some(word) = used.str() else { continue };
        let own = declaration.get("dataset_references").or_else(|| system.get("dataset_references"));
        for dataset in own.map(Node::items).unwrap_or_default().iter().filter_map(Node::str) {
            found.push((dataset.to_owned(), Label::new(BOOK, "data_use", word, Some(place(file, used)))));
        }
    }
    found
}

fn fields(file: &File, of: &Node, above: &str, nesting: usize, found: &mut Vec<(String, Vec<Label>, Place)>) {
    for field in of.get("fields").map(Node::items).unwrap_or_default() {
        let Some(name_node) = field.get("name") else { continue };
        let Some(name) = name_node.str().filter(|_| found.len() <= FIELDS) else { continue };
        let name = format!("{above}{}", name.to_lowercase());
        found.push((name.clone(), labels(file, field), place(file, name_node)));
        if nesting > 0 {
            fields(file, field, &format!("{name}."), nesting - 1, found);
        }
    }
}

fn labels(file: &File, node: &Node) -> Vec<Label> {
    let categories = node.get("data_categories").map(Node::items).unwrap_or_default();
    let one = |node: &Node| node.str().map(|word| Label::new(BOOK, "data_categories", word, Some(place(file, node))));
    categories.iter().filter_map(one).collect()
}

fn place(file: &File, node: &Node) -> Place {
    file.place(node.span.start as usize, node.span.end as usize)
}

/// Adds the labels to the table that the sources define under one of the collection's names, or to a new one.
fn tell(file: &File, collection: Collection, facts: &mut Facts) {
    let known = collection.names.iter().find_map(|name| defined(name, facts));
    let fullest = collection.names.first().cloned().unwrap_or_default();
    let name = known.as_ref().map_or(fullest, |(_, name)| name.clone());
    let id = known.map_or_else(|| AssetId::new(AssetKind::Table, "", &name), |(id, _)| id);
    let last = name.rsplit('.').next().unwrap_or(&name);
    let mut table = Asset::new(id.clone(), AssetKind::Table, &*name, last);
    table.type_name = "Fides collection".to_owned();
    table.names.insert(name.clone());
    table.place = Some(collection.place.clone());
    table.in_tests = file.in_tests;
    table.labels.extend(collection.labels);
    table.set("described", true, Some(collection.place));
    facts.assets.push(table);
    for (field, labels, place) in collection.fields {
        let column_id = AssetId::column(&id, &field);
        let mut column = Asset::new(column_id.clone(), AssetKind::Column, format!("{name}.{field}"), &*field);
        column.place = Some(place.clone());
        column.in_tests = file.in_tests;
        column.labels.extend(labels);
        facts.assets.push(column);
        facts.links.push(Link::new(RelationKind::PartOf, Ref::Id(column_id), Ref::Id(id.clone()), Some(place)));
    }
}

/// The one table of that name among the facts, or the one whose name ends with it; with its full name.
fn defined(name: &str, facts: &Facts) -> Option<(AssetId, String)> {
    let tables = || facts.assets.iter().filter(|asset| asset.kind == AssetKind::Table);
    let full = |asset: &Asset| asset.names.iter().max_by_key(|name| name.len()).cloned().unwrap_or_default();
    if let Some(table) = tables().find(|asset| asset.names.contains(name)) {
        return Some((table.id.clone(), name.to_owned()));
    }
    let end = format!(".{name}");
    let mut ids: Vec<(AssetId, String)> = tables()
        .filter(|asset| asset.names.iter().any(|held| held.ends_with(&end)))
        .map(|asset| (asset.id.clone(), full(asset)))
        .collect();
    ids.sort();
    ids.dedup_by(|a, b| a.0 == b.0);
    match ids.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iac::examples::RULES;

    const DATASET: &str = "dataset:
  - fides_key: shop_db
    name: shop
    collections:
      - name: customers
        fields:
          - name: email
            data_categories: [user.contact.email]
          - name: address
            fields:
              - name: street
                data_categories:
                  - user.contact.address.street
          - name: id
";

    fn facts(files: &[(&str, &str)]) -> Facts {
        let options = crate::Options::default();
        let context = Context::new(&RULES, &options);
        let files: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
        let mut facts = context.facts();
        crate::crawler::run::<crate::code::Code>(&files, context, &mut facts);
        crate::crawler::run::<Fides>(&files, context, &mut facts);
        facts
    }

    fn labels_of(facts: &Facts) -> Vec<String> {
        let columns = facts.assets.iter().filter(|asset| asset.kind == AssetKind::Column && !asset.labels.is_empty());
        columns.flat_map(|column| column.labels.iter().map(|label| format!("{} {}", column.id, label.word))).collect()
    }

    #[test]
    fn categories_of_fields_are_labels_also_in_nested_ones() {
        assert_eq!(
            labels_of(&facts(&[("fides/shop.yml", DATASET)])),
            [
                "Column:Table:shop_db.customers/email user.contact.email",
                "Column:Table:shop_db.customers/address.street user.contact.address.street"
            ]
        );
    }

    #[test]
    fn a_collection_is_the_table_that_the_sources_define() {
        let facts = facts(&[("fides/shop.yml", DATASET), ("ddl.sql", "CREATE TABLE shop.customers (email TEXT);")]);
        assert_eq!(
            labels_of(&facts).first().map(String::as_str),
            Some("Column:Table:shop.customers/email user.contact.email")
        );
    }

    #[test]
    fn yaml_of_others_is_left_alone() {
        assert!(!Fides::claims(&File::in_memory("a.yml", "collections:\n  - name: x\n")));
        assert!(Fides::claims(&File::in_memory("a.yml", DATASET)));
    }
}
