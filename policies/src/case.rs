use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{
    Access, Asset, AssetId, AssetKind, Attribute, Basis, Class, Columns, Confidence, Flow, Inventory, Place,
    Protection, Relation, RelationKind, Severity, Tag, Value, Verdict,
};
use serde::Deserialize;

use crate::reads::Side;

/// One case: a few assets, one request, and what each named policy must say of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) assets: BTreeMap<String, Given>,
    pub(crate) request: Asked,
    #[serde(default)]
    pub(crate) residency: BTreeSet<String>,
    pub(crate) expect: BTreeMap<String, Verdict>,
    #[serde(default)]
    pub(crate) severity: BTreeMap<String, Severity>,
}

/// An asset in short: `kind`, `holds`, and every other key is an attribute.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Given {
    kind: String,
    #[serde(default)]
    holds: Holds,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    in_tests: bool,
    #[serde(default)]
    member_of: Vec<String>,
    #[serde(flatten)]
    pub(crate) attributes: BTreeMap<String, serde_json::Value>,
}

/// Classes, or classes with what protects them: `[phi.mrn]`, `{phi.mrn: keyed}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Holds {
    Plain(Vec<String>),
    Protected(BTreeMap<String, Protection>),
}

impl Default for Holds {
    fn default() -> Self {
        Holds::Plain(Vec::new())
    }
}

/// The request: the name of an asset (is it configured as it must be?), or who does what to what.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Asked {
    Posture(String),
    Relation(Related),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Related {
    principal: String,
    action: String,
    resource: String,
    #[serde(default)]
    carries: Holds,
    #[serde(default)]
    pub(crate) context: BTreeMap<String, serde_json::Value>,
}

impl Case {
    fn kind(&self, name: &str) -> Result<AssetKind, String> {
        let given = self.assets.get(name).ok_or_else(|| format!("there is no asset `{name}`"))?;
        given.kind.parse().map_err(|error: aedile_model::UnknownKind| error.to_string())
    }

    fn id(&self, name: &str) -> AssetId {
        self.kind(name)
            .map_or_else(|_| AssetId::new(AssetKind::Bucket, "", name), |kind| AssetId::new(kind, "case", name))
    }

    pub(crate) fn resource(&self) -> AssetId {
        match &self.request {
            Asked::Posture(name) => self.id(name),
            Asked::Relation(related) => self.id(&related.resource),
        }
    }

    /// The small platform of the case.
    pub(crate) fn inventory(&self) -> Result<Inventory, String> {
        let mut inventory = Inventory::default();
        let path: Arc<str> = "case".into();
        for (name, given) in &self.assets {
            let id = self.id(name);
            let address = given.address.clone().unwrap_or_else(|| name.clone());
            let mut asset = Asset::new(id.clone(), self.kind(name)?, address, name);
            // What the request is not about stands without a place, so that nobody asks about its configuration.
            asset.place = (self.resource() == id).then(|| Place::file(&path));
            asset.in_tests = given.in_tests;
            asset.attributes = attributes(&given.attributes);
            given.holds.tags().into_iter().for_each(|tag| asset.add_tag(tag));
            for group in &given.member_of {
                inventory.relate(Relation::new(RelationKind::MemberOf, id.clone(), self.id(group), None));
            }
            inventory.add(asset);
        }
        if let Asked::Relation(related) = &self.request {
            inventory.relate(self.relation(related)?);
        }
        inventory.settle();
        Ok(inventory)
    }

    fn relation(&self, related: &Related) -> Result<Relation, String> {
        let access = [Access::Read, Access::Write, Access::Administer, Access::Share];
        let access = access.into_iter().find(|access| access.as_str() == related.action);
        let kind = match related.action.as_str() {
            "process" => RelationKind::Reads,
            "train" => RelationKind::Trains,
            "send" | "log" => RelationKind::SendsTo,
            "deploy" | "publish" => RelationKind::Releases,
            _ if access.is_some() => RelationKind::Grants,
            other => return Err(format!("there is no action `{other}`")),
        };
        let (from, to) = (self.id(&related.principal), self.id(&related.resource));
        self.kind(&related.principal)?;
        self.kind(&related.resource)?;
        let mut relation = Relation::new(kind, from, to, None);
        relation.access = access.into_iter().collect();
        relation.carries = related.carries.tags();
        relation.attributes = attributes(&related.context);
        if kind == RelationKind::SendsTo {
            relation.flow = Some(Flow::new(Columns::All));
        }
        Ok(relation)
    }
}

impl Holds {
    fn tags(&self) -> Vec<Tag> {
        let sure = |class: &str| Tag::new(Class::new(class), Basis::Declared, Confidence::percent(100));
        match self {
            Holds::Plain(classes) => classes.iter().map(|class| sure(class)).collect(),
            Holds::Protected(classes) => {
                let protect =
                    |(class, protection): (&String, &Protection)| Tag { protection: *protection, ..sure(class) };
                classes.iter().map(protect).collect()
            }
        }
    }
}

/// Attributes; a text that begins with `?` is an expression without a value.
fn attributes(given: &BTreeMap<String, serde_json::Value>) -> BTreeMap<String, Attribute> {
    given.iter().map(|(name, value)| (name.clone(), Attribute { value: value_of(value), place: None })).collect()
}

fn value_of(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(|| Value::Text(number.to_string()), Value::Int)
        }
        serde_json::Value::String(text) => match text.strip_prefix('?') {
            Some(expression) => Value::unknown(expression, "the case gives it no value"),
            None => Value::Text(text.clone()),
        },
        serde_json::Value::Array(items) => Value::List(items.iter().map(value_of).collect()),
        serde_json::Value::Object(members) => {
            Value::Map(members.iter().map(|(key, value)| (key.clone(), value_of(value))).collect())
        }
    }
}

impl Case {
    /// The attributes given on the side of the request that `side` names.
    pub(crate) fn given(&self, side: Side) -> Option<&BTreeMap<String, serde_json::Value>> {
        let asset = |name: &String| self.assets.get(name).map(|given| &given.attributes);
        match (&self.request, side) {
            (Asked::Posture(name), Side::Resource) => asset(name),
            (Asked::Posture(_), _) => None,
            (Asked::Relation(related), Side::Resource) => asset(&related.resource),
            (Asked::Relation(related), Side::Principal) => asset(&related.principal),
            (Asked::Relation(related), Side::Context) => Some(&related.context),
        }
    }
}
