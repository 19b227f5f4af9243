//! Labels become declared classes, and what is declared is held against what was found.

use std::collections::{BTreeMap, BTreeSet};

use aedile_crawl::Wanted;
use aedile_model::{
    Asset, AssetId, AssetKind, Basis, Class, Confidence, Inventory, Label, Place, Protection, RelationKind, Tag,
    Unknown, Value,
};
use aedile_policies::Taxonomy;
use aedile_rules::{Identifiers, Labels, Meaning};

use super::step::sources;

/// The book of labels that `aedile.yaml` is.
pub(super) const CONFIGURATION: &str = "configuration";

/// Cells that must have been looked at before their silence says anything.
const ENOUGH: i64 = 20;

/// Characters of a label that are shown.
const SHOWN: usize = 80;

/// Steps back along lineage to columns that were looked at.
const STEPS: usize = 16;

/// Gives every asset the classes that its labels mean.
pub(crate) fn read(inventory: &mut Inventory, labels: &Labels) {
    for asset in inventory.assets.values_mut() {
        for label in asset.labels.clone() {
            let Some(Meaning::Class(class)) = labels.meaning(&label.key, &label.word) else { continue };
            let mut tag = Tag::new(Class::new(&class), Basis::Declared, Confidence::CERTAIN);
            let written = if label.key.is_empty() { &label.word } else { &label.key };
            tag.reasons.push(format!("declared by {} `{written}`", label.source));
            asset.add_tag(tag);
        }
        purposes(asset, labels);
    }
}

/// The purposes that labels of data say, where nobody declared any elsewhere.
fn purposes(asset: &mut Asset, labels: &Labels) {
    let name = match asset.kind {
        AssetKind::Dataset | AssetKind::Table => "purposes",
        AssetKind::FeatureView => "purpose",
        _ => return,
    };
    if ["purpose", "purposes"].iter().any(|name| asset.attributes.contains_key(*name)) {
        return;
    }
    let said = asset.labels.iter().map(|label| (labels.purposes(&label.key, &label.word), label.place.clone()));
    let said: Vec<(Vec<String>, Option<Place>)> = said.filter(|(words, _)| !words.is_empty()).collect();
    let Some((first, place)) = said.first().cloned() else { return };
    let all: BTreeSet<String> = said.into_iter().flat_map(|(words, _)| words).collect();
    match (name, first.into_iter().next()) {
        ("purpose", Some(one)) => asset.set(name, one, place),
        _ => asset.set(name, all.into_iter().map(Value::Text).collect::<Vec<_>>(), place),
    }
}

/// What labels and findings are compared with.
pub(crate) struct Comparison<'a> {
    pub(crate) taxonomy: &'a Taxonomy,
    pub(crate) labels: &'a Labels,
    pub(crate) identifiers: &'a Identifiers,
}

/// What came out for a table, dataset or feature view.
#[derive(Debug, Default)]
struct Outcome {
    /// Whether a book of declarations describes it.
    described: Option<Place>,
    is_described: bool,
    /// Columns of which a person said what they are.
    declared: usize,
    /// Columns whose values say otherwise.
    wrong: Vec<Said>,
    /// Columns that hold more than is said of them.
    silent: Vec<Said>,
    /// The classes that are said of none of them.
    missing: Wanted,
    /// The first label of the table or a column of it.
    label: Option<Label>,
    /// Columns that are said to hold what nothing in them shows.
    empty: Vec<Said>,
    /// A label that nobody can read.
    unknown: Option<(Unknown, Option<Place>)>,
}

/// What is said of a column, in words, and where the column is described.
#[derive(Debug)]
struct Said {
    text: String,
    place: Option<Place>,
}

/// Writes the outcome of the comparison into `inventory`: `declaredColumns`, `misdeclaredColumns`, `described`,
/// `undeclaredColumns`, `unfoundColumns`.
pub(super) fn compare(comparison: &Comparison<'_>, inventory: &mut Inventory) {
    for (id, outcome) in comparison.outcomes(inventory) {
        let Some(asset) = inventory.assets.get_mut(&id) else { continue };
        let all = |said: &[Said]| said.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join(", ");
        let first = |said: &[Said]| said.iter().find_map(|said| said.place.clone());
        if outcome.declared > 0 {
            asset.set("declaredColumns", i64::try_from(outcome.declared).unwrap_or(i64::MAX), None);
        }
        if outcome.is_described {
            asset.set("described", true, outcome.described.clone());
        }
        for (name, said) in [
            ("misdeclaredColumns", &outcome.wrong),
            ("undeclaredColumns", &outcome.silent),
            ("unfoundColumns", &outcome.empty),
        ] {
            if !said.is_empty() {
                asset.set(name, all(said), first(said));
            } else if let Some((unknown, place)) = outcome.unknown.as_ref().filter(|_| name == "undeclaredColumns") {
                asset.set(name, Value::Unknown(unknown.clone()), place.clone());
            }
        }
    }
}

/// What is not declared of one table, and where it would be.
#[derive(Debug)]
pub(crate) struct Missing {
    /// Where a book describes the table, if one does so as a whole.
    pub(crate) described: Option<Place>,
    /// A label of the table or of one of its columns.
    pub(crate) label: Option<Label>,
    /// Column → classes.
    pub(crate) wanted: Wanted,
}

impl Comparison<'_> {
    /// What is found and not declared, by table.
    pub(crate) fn missing(&self, inventory: &Inventory) -> BTreeMap<AssetId, Missing> {
        let with_any = self.outcomes(inventory).into_iter().filter(|(_, outcome)| !outcome.silent.is_empty());
        let missing = |(id, outcome): (AssetId, Outcome)| {
            let mut wanted = outcome.missing;
            // What lies in another class that is declared anyway needs no word of its own.
            for classes in wanted.values_mut() {
                let all = classes.clone();
                classes.retain(|class| {
                    !all.iter()
                        .any(|other| other.strip_prefix(class.as_str()).is_some_and(|rest| rest.starts_with('.')))
                });
            }
            (id, Missing { described: outcome.described, label: outcome.label, wanted })
        };
        with_any.map(missing).collect()
    }

    fn outcomes(&self, inventory: &Inventory) -> BTreeMap<AssetId, Outcome> {
        let is_declared = |asset: &Asset| {
            !asset.labels.is_empty()
                || asset.kind == AssetKind::FeatureView
                || asset.attributes.contains_key("described")
        };
        if !inventory.assets.values().any(is_declared) {
            return BTreeMap::new();
        }
        let sources = sources(inventory);
        let mut outcomes: BTreeMap<AssetId, Outcome> = BTreeMap::new();
        for asset in inventory.assets.values().filter(|asset| holds_columns(asset.kind)) {
            let said_so = asset.attributes.get("described").filter(|said| said.value == Value::Bool(true));
            // A feature store is a book of its own: its views have a place for tags.
            let is_view = asset.kind == AssetKind::FeatureView && asset.type_name.starts_with("feast");
            if said_so.is_some() || is_view || self.is_labelled(asset) {
                let outcome = outcomes.entry(asset.id.clone()).or_default();
                outcome.is_described = true;
                outcome.described = said_so.and_then(|said| said.place.clone());
                outcome.unknown = self.unreadable(asset);
                outcome.label = self.first_label(asset);
            }
        }
        for relation in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::PartOf) {
            let (Some(column), Some(holder)) = (inventory.asset(&relation.from), inventory.asset(&relation.to)) else {
                continue;
            };
            if holds_columns(holder.kind) {
                let outcome = outcomes.entry(holder.id.clone()).or_default();
                self.column(column, holder, inventory, &sources, outcome);
            }
        }
        for (id, outcome) in &mut outcomes {
            if let Some(holder) = inventory.asset(id).filter(|_| outcome.is_described) {
                self.without_column(holder, inventory, outcome);
            }
        }
        // What no book speaks of has nothing to be compared with.
        outcomes.retain(|_, outcome| outcome.is_described || outcome.declared > 0 || !outcome.wrong.is_empty());
        for outcome in outcomes.values_mut() {
            if !outcome.is_described {
                outcome.silent.clear();
                outcome.unknown = None;
            }
            for said in [&mut outcome.wrong, &mut outcome.silent, &mut outcome.empty] {
                said.sort_by(|a, b| a.text.cmp(&b.text));
                said.dedup_by(|a, b| a.text == b.text);
            }
        }
        outcomes
    }

    fn column(
        &self,
        column: &Asset,
        holder: &Asset,
        inventory: &Inventory,
        sources: &BTreeMap<AssetId, BTreeSet<AssetId>>,
        outcome: &mut Outcome,
    ) {
        let said = |text: String| Said { text, place: column.place.clone().or_else(|| holder.place.clone()) };
        let own = self.classes(column);
        let declares = column.tags.iter().any(|tag| tag.basis == Basis::Declared);
        outcome.declared += usize::from(declares);
        outcome.is_described |= self.is_labelled(column);
        if outcome.label.is_none() {
            outcome.label = self.first_label(column);
        }
        if outcome.unknown.is_none() {
            outcome.unknown = self.unreadable(column);
        }
        let of_table = self.classes(holder);
        let covered = |class: &str| own.iter().chain(&of_table).any(|declared| self.says_enough(declared, class));
        let held = column.tags.iter().filter(|tag| {
            self.taxonomy.counts(tag)
                && self.taxonomy.is_in(tag.class.as_str(), "sensitive")
                && tag.protection < Protection::Keyed
        });
        for tag in held.filter(|tag| !covered(tag.class.as_str())) {
            let Some(evidence) = evidence(tag, column, inventory) else { continue };
            // What values say against the word of a person is a finding of its own.
            if seen(tag) && !own.is_empty() {
                outcome.wrong.push(said(column.name.clone()));
                continue;
            }
            let instead = match (own.iter().next(), of_table.iter().next()) {
                (Some(class), _) | (None, Some(class)) => format!("declared {class}"),
                (None, None) => "undeclared".to_owned(),
            };
            outcome.silent.push(said(format!("{} ({}, {evidence}, {instead})", column.name, tag.class)));
            outcome.missing.entry(column.name.clone()).or_default().insert(tag.class.to_string());
        }
        for class in own.iter().filter(|class| !holder.in_tests && self.nothing_of(class, column, inventory, sources)) {
            outcome.empty.push(said(format!("{} (declared {class})", column.name)));
        }
    }

    /// What comes into `holder` from columns that no column of it is known for: where a book lists some columns of a table,
    /// the others arrive under the names that they have.
    fn without_column(&self, holder: &Asset, inventory: &Inventory, outcome: &mut Outcome) {
        let of_table = self.classes(holder);
        let prefix = AssetId::column(&holder.id, "");
        let held = holder.tags.iter().filter(|tag| {
            self.taxonomy.counts(tag)
                && self.taxonomy.is_in(tag.class.as_str(), "sensitive")
                && tag.protection < Protection::Keyed
                && !of_table.iter().any(|declared| self.says_enough(declared, tag.class.as_str()))
                && !tag.origins.iter().any(|origin| origin.as_str().starts_with(prefix.as_str()))
        });
        for tag in held {
            for origin in tag.origins.iter().filter_map(|origin| inventory.asset(origin)) {
                let shows = |held: &Tag| held.class == tag.class && (seen(held) || held.basis == Basis::Declared);
                let known = inventory.assets.contains_key(&AssetId::column(&holder.id, &origin.name.to_lowercase()));
                if origin.kind != AssetKind::Column || known || !origin.tags.iter().any(shows) {
                    continue;
                }
                let text = format!("{} ({}, from `{}`, undeclared)", origin.name, tag.class, origin.address);
                outcome.silent.push(Said { text, place: holder.place.clone() });
                outcome.missing.entry(origin.name.clone()).or_default().insert(tag.class.to_string());
            }
        }
    }

    /// The classes that the labels of `asset` mean.
    fn classes(&self, asset: &Asset) -> BTreeSet<String> {
        let class = |label: &Label| match self.labels.meaning(&label.key, &label.word) {
            Some(Meaning::Class(class)) => Some(class),
            Some(Meaning::Nothing | Meaning::Unknown) | None => None,
        };
        asset.labels.iter().filter_map(class).collect()
    }

    /// Whether a book of the platform's own labels `asset`. What aedile.yaml adds is no such book: it fills gaps of them.
    fn is_labelled(&self, asset: &Asset) -> bool {
        self.first_label(asset).is_some()
    }

    fn first_label(&self, asset: &Asset) -> Option<Label> {
        let says =
            |label: &&Label| label.source != CONFIGURATION && self.labels.meaning(&label.key, &label.word).is_some();
        asset.labels.iter().find(says).cloned()
    }

    /// The first label of `asset` in words that the vocabulary does not have.
    fn unreadable(&self, asset: &Asset) -> Option<(Unknown, Option<Place>)> {
        let label =
            asset.labels.iter().find(|label| self.labels.meaning(&label.key, &label.word) == Some(Meaning::Unknown))?;
        let why = format!("no vocabulary has this {} of `{}`; `labels` in aedile.yaml can", label.source, asset.name);
        // A text of the source: cut, for it may be long.
        let expression: String = label.written().chars().take(SHOWN).collect();
        Some((Unknown { expression, why }, label.place.clone()))
    }

    /// Whether the label of `declared` says that data of `class` is there.
    fn says_enough(&self, declared: &str, class: &str) -> bool {
        let is_in = |class: &str, group: &str| self.taxonomy.is_in(class, group);
        is_in(class, declared)
            || is_in(declared, class)
            || self.labels.covered(declared).any(|group| is_in(class, group))
    }

    /// Whether enough of `column`, or of all that it is made of, was looked at to say that nothing in it is of `class`.
    fn nothing_of(
        &self,
        class: &str,
        column: &Asset,
        inventory: &Inventory,
        sources: &BTreeMap<AssetId, BTreeSet<AssetId>>,
    ) -> bool {
        let related = |tag: &Tag| {
            let found = tag.basis != Basis::Declared || tag.hits > 0 || !foreign(tag, &column.id).is_empty();
            found && (self.says_enough(class, tag.class.as_str()) || self.says_enough(tag.class.as_str(), class))
        };
        self.identifiers.told_by_values(class)
            && !column.tags.iter().any(related)
            && self.is_silent(class, column, inventory, sources)
    }

    /// Whether the cells of `column` were looked at and none is of `class`, or those of every column that it is made of. Each
    /// column on the way is looked at once, by whatever many ways it is reached.
    fn is_silent(
        &self,
        class: &str,
        column: &Asset,
        inventory: &Inventory,
        sources: &BTreeMap<AssetId, BTreeSet<AssetId>>,
    ) -> bool {
        let found = |tag: &Tag| tag.basis != Basis::Declared || tag.hits > 0;
        let of = |tag: &Tag| found(tag) && self.says_enough(class, tag.class.as_str());
        let (mut seen, mut level, mut is_read) = (BTreeSet::from([&column.id]), vec![column], false);
        for _ in 0..=STEPS {
            let mut next = Vec::new();
            for column in std::mem::take(&mut level) {
                if column.value("cellsRead").and_then(Value::as_int).is_some_and(|cells| cells >= ENOUGH) {
                    if column.tags.iter().any(of) {
                        return false;
                    }
                    is_read = true;
                    continue;
                }
                let Some(from) = sources.get(&column.id).filter(|from| !from.is_empty()) else { return false };
                for id in from {
                    let Some(source) = inventory.asset(id) else { return false };
                    if seen.insert(&source.id) {
                        next.push(source);
                    }
                }
            }
            level = next;
        }
        is_read && level.is_empty()
    }
}

fn holds_columns(kind: AssetKind) -> bool {
    matches!(kind, AssetKind::Dataset | AssetKind::Table | AssetKind::FeatureView)
}

/// Whether cells of the asset itself showed the class.
fn seen(tag: &Tag) -> bool {
    matches!(tag.basis, Basis::Value | Basis::NameAndValue) || tag.hits > 0
}

/// The origins of `tag` other than the column `own`.
fn foreign<'t>(tag: &'t Tag, own: &AssetId) -> Vec<&'t AssetId> {
    tag.origins.iter().filter(|origin| *origin != own).collect()
}

/// On what `tag` rests that is more than a name: cells, or a column that it comes from, whose cells or labels say so.
fn evidence(tag: &Tag, column: &Asset, inventory: &Inventory) -> Option<String> {
    if seen(tag) {
        return Some(match tag.of {
            0 => "by its values".to_owned(),
            of => format!("{} of {of} cells", tag.hits),
        });
    }
    let speaks = |id: &&&AssetId| {
        let tags = inventory.asset(id).map(|origin| origin.tags.as_slice()).unwrap_or_default();
        tags.iter().any(|held| held.class == tag.class && (seen(held) || held.basis == Basis::Declared))
    };
    let origins = foreign(tag, &column.id);
    let origin = inventory.asset(origins.iter().find(speaks)?)?;
    Some(format!("from `{}`", origin.address))
}
