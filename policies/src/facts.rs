use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use aedile_model::{Asset, Attribute, Protection, Tag, Unknown, Value};
use cedar_policy::{Entity, EntityUid, RestrictedExpression};

use crate::schema::{Kind, entity};
use crate::taxonomy::Taxonomy;

/// A value in the schema's terms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Known {
    Bool(bool),
    Long(i64),
    Text(String),
    Longs(BTreeSet<i64>),
    Region(String),
    Purpose(String),
    Purposes(BTreeSet<String>),
}

/// What is known, and what is not, of an asset or a relation.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) known: BTreeMap<String, Known>,
    pub(crate) unknown: BTreeMap<String, Unknown>,
    /// Classes held or carried, each with its rung of protection.
    pub(crate) held: BTreeMap<String, i64>,
}

impl Facts {
    /// The attributes that `kinds` declares, out of `attributes`.
    ///
    /// A value that is not of the declared type is unknown: it is never a pass. What the schema does
    /// not declare is left out, and so is `null`.
    pub(crate) fn read<'a>(
        attributes: impl IntoIterator<Item = (&'a String, &'a Attribute)>,
        kinds: &BTreeMap<String, Kind>,
        taxonomy: &Taxonomy,
        residency: &BTreeSet<String>,
    ) -> Facts {
        let mut facts = Facts::default();
        for (name, attribute) in attributes {
            let Some(kind) = kinds.get(name) else { continue };
            if *kind == Kind::Derived {
                continue;
            }
            match known(name, &attribute.value, *kind, taxonomy, residency) {
                Ok(Some(known)) => {
                    facts.known.insert(name.clone(), known);
                }
                Ok(None) => {}
                Err(unknown) => {
                    facts.unknown.insert(name.clone(), unknown);
                }
            }
        }
        facts
    }

    /// The facts of `asset`.
    pub(crate) fn of(
        asset: &Asset,
        kinds: &BTreeMap<String, Kind>,
        taxonomy: &Taxonomy,
        residency: &BTreeSet<String>,
    ) -> Facts {
        let mut facts = Facts::read(&asset.attributes, kinds, taxonomy, residency);
        facts.replicas(asset, kinds, taxonomy, residency);
        facts.known.insert("name".to_owned(), Known::Text(asset.name.clone()));
        facts.known.insert("address".to_owned(), Known::Text(asset.address.clone()));
        facts.known.insert("inTests".to_owned(), Known::Bool(asset.in_tests));
        facts.held = held(&asset.tags, taxonomy);
        facts
    }
}

impl Facts {
    /// Whether every region of `replicaRegions` lies in the declared residency: Cedar cannot ask that of a set.
    fn replicas(
        &mut self,
        asset: &Asset,
        kinds: &BTreeMap<String, Kind>,
        taxonomy: &Taxonomy,
        residency: &BTreeSet<String>,
    ) {
        const DERIVED: &str = "replicasInResidency";
        let Some(replicas) = asset.attributes.get("replicaRegions").map(|attribute| &attribute.value) else { return };
        if residency.is_empty() || !kinds.contains_key(DERIVED) {
            return;
        }
        if let Some(unknown) = replicas.first_unknown() {
            self.unknown.insert(DERIVED.to_owned(), unknown.clone());
            return;
        }
        let mut inside = true;
        for region in replicas.items().iter().filter_map(Value::as_text).map(str::to_ascii_lowercase) {
            let Some(groups) = taxonomy.region(&region) else {
                let why = "the taxonomy knows no region of that name".to_owned();
                let unknown = Unknown { expression: format!("replicaRegions = {region}"), why };
                self.unknown.insert(DERIVED.to_owned(), unknown);
                return;
            };
            inside &= residency.contains(&region) || groups.iter().any(|group| residency.contains(group));
        }
        self.known.insert(DERIVED.to_owned(), Known::Bool(inside));
    }
}

/// The classes of `tags` that count, without those dropped on the way.
pub(crate) fn held(tags: &[Tag], taxonomy: &Taxonomy) -> BTreeMap<String, i64> {
    let mut held: BTreeMap<String, i64> = BTreeMap::new();
    for tag in tags.iter().filter(|tag| taxonomy.counts(tag) && tag.protection != Protection::Dropped) {
        let rung = held.entry(tag.class.as_str().to_owned()).or_insert(i64::MAX);
        *rung = (*rung).min(tag.protection.rung());
    }
    held
}

fn known(
    name: &str,
    value: &Value,
    kind: Kind,
    taxonomy: &Taxonomy,
    residency: &BTreeSet<String>,
) -> Result<Option<Known>, Unknown> {
    if let Some(unknown) = value.first_unknown() {
        return Err(unknown.clone());
    }
    if *value == Value::Null {
        return Ok(None);
    }
    let text = || value.as_text().map(|text| text.trim().to_owned());
    let found = match kind {
        Kind::Bool => value.as_bool().map(Known::Bool),
        Kind::Long => value.as_int().map(Known::Long),
        Kind::Text => match value {
            Value::Text(text) => Some(Known::Text(text.clone())),
            Value::Bool(truth) => Some(Known::Text(truth.to_string())),
            Value::Int(number) => Some(Known::Text(number.to_string())),
            Value::Null | Value::List(_) | Value::Map(_) | Value::Unknown(_) => None,
        },
        Kind::Longs => value.items().iter().map(Value::as_int).collect::<Option<BTreeSet<_>>>().map(Known::Longs),
        Kind::Purpose => text().map(Known::Purpose),
        Kind::Purposes => match value {
            Value::List(items) => items
                .iter()
                .map(|item| item.as_text().map(|text| text.trim().to_owned()))
                .collect::<Option<BTreeSet<_>>>()
                .map(Known::Purposes),
            Value::Text(_) | Value::Bool(_) | Value::Int(_) | Value::Null | Value::Map(_) | Value::Unknown(_) => {
                text().map(|text| Known::Purposes(BTreeSet::from([text])))
            }
        },
        // Regions are written small, groups of them large.
        Kind::Region => match text().map(|text| match text.to_ascii_uppercase() {
            group if taxonomy.region(&group).is_some() => group,
            region => region.to_ascii_lowercase(),
        }) {
            Some(region) if taxonomy.region(&region).is_none() && !residency.contains(&region) => {
                return Err(Unknown {
                    expression: format!("{name} = {region}"),
                    why: "the taxonomy knows no region of that name".to_owned(),
                });
            }
            region => region.map(Known::Region),
        },
        Kind::Derived => None,
    };
    // The value itself is not repeated: an attribute may hold what nobody should read in a report.
    let mismatch = || Unknown { expression: name.to_owned(), why: format!("the value is not {}", expected(kind)) };
    found.map(Some).ok_or_else(mismatch)
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "true or false",
        Kind::Long => "a whole number",
        Kind::Text | Kind::Region | Kind::Purpose => "text",
        Kind::Longs => "a list of whole numbers",
        Kind::Purposes => "a list of texts",
        Kind::Derived => "for sources to say",
    }
}

/// The entities that one question needs, in the making.
#[derive(Debug, Default)]
pub(crate) struct Slice {
    entities: BTreeMap<EntityUid, Entity>,
    /// Entities that attributes of others name.
    named: BTreeSet<EntityUid>,
    fault: Option<String>,
}

impl Slice {
    /// Adds an entity. The first fault is kept and told by [`Slice::finish`].
    pub(crate) fn add(
        &mut self,
        uid: EntityUid,
        attributes: HashMap<String, RestrictedExpression>,
        parents: HashSet<EntityUid>,
    ) {
        match Entity::new(uid.clone(), attributes, parents) {
            Ok(entity) => {
                self.entities.insert(uid, entity);
            }
            Err(error) => self.fault = self.fault.take().or(Some(error.to_string())),
        }
    }

    /// A reference to the entity `id` of type `name`, which lies in `within` (its whole closure).
    pub(crate) fn reference(
        &mut self,
        name: &str,
        id: &str,
        within: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Option<RestrictedExpression> {
        let uid = entity(name, id)?;
        if !self.entities.contains_key(&uid) {
            let parents = within.into_iter().filter_map(|(name, id)| entity(name, &id)).filter(|up| *up != uid);
            self.add(uid.clone(), HashMap::new(), parents.collect());
        }
        self.named.insert(uid.clone());
        Some(RestrictedExpression::new_entity_uid(uid))
    }

    /// Notes that an attribute names `uid`, which must be added by somebody.
    #[cfg(test)]
    pub(crate) fn name(&mut self, uid: EntityUid) {
        self.named.insert(uid);
    }

    /// The entities, checked: nothing that is named is missing.
    ///
    /// # Errors
    /// What is missing: Cedar would take a reference to it for an entity without attributes or parents
    /// and allow the request without a word.
    pub(crate) fn finish(self, asked: &[&EntityUid]) -> Result<Vec<Entity>, String> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        match asked.iter().copied().chain(&self.named).find(|uid| !self.entities.contains_key(uid)) {
            Some(missing) => Err(format!("the entity {missing} is missing")),
            None => Ok(self.entities.into_values().collect()),
        }
    }

    /// `known` as an expression, with the entities it refers to added.
    pub(crate) fn expression(&mut self, known: &Known, taxonomy: &Taxonomy) -> Option<RestrictedExpression> {
        Some(match known {
            Known::Bool(truth) => RestrictedExpression::new_bool(*truth),
            Known::Long(number) => RestrictedExpression::new_long(*number),
            Known::Text(text) => RestrictedExpression::new_string(text.clone()),
            Known::Longs(numbers) => {
                RestrictedExpression::new_set(numbers.iter().map(|number| RestrictedExpression::new_long(*number)))
            }
            Known::Region(region) => {
                let groups = taxonomy.region(region).cloned().unwrap_or_default();
                self.reference("Region", region, groups.into_iter().map(|group| ("Region", group)))?
            }
            Known::Purpose(purpose) => {
                let within = taxonomy.purpose(purpose);
                self.reference("Purpose", purpose, within.into_iter().map(|group| ("Purpose", group)))?
            }
            Known::Purposes(purposes) => {
                let each = purposes.iter().map(|purpose| self.expression(&Known::Purpose(purpose.clone()), taxonomy));
                RestrictedExpression::new_set(each.collect::<Option<Vec<_>>>()?)
            }
        })
    }

    /// The holdings of `classes`, an entity that is in each of them and in whatever they lie in.
    pub(crate) fn holdings<'a>(
        &mut self,
        classes: impl IntoIterator<Item = &'a str>,
        taxonomy: &Taxonomy,
    ) -> Option<RestrictedExpression> {
        let classes: Vec<&str> = classes.into_iter().collect();
        let within = classes.iter().flat_map(|class| taxonomy.closure(class)).map(|class| ("DataClass", class));
        self.reference("Holdings", &classes.join(","), within.collect::<Vec<_>>())
    }
}
