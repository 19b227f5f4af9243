use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Access, Asset, AssetId, Value};
use serde_json::json;

use super::dialect::{Dialects, IamDialect, is};
use super::inventory::{Map, unfit};
use super::{Draft, LeftOut};

/// What one principal needs.
#[derive(Default)]
struct Needs<'a> {
    statements: BTreeMap<(&'a [String], &'static str), BTreeSet<String>>,
    /// Stores whose use nobody saw: they stay reachable as a whole.
    unseen: BTreeSet<&'a str>,
}

/// A policy document for every machine identity, narrowed to the objects that its code was seen reading and writing.
pub(super) fn draft(map: &Map<'_>, dialects: &Dialects, left_out: &mut Vec<LeftOut>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for dialect in &dialects.iam {
        let mut needs: BTreeMap<&AssetId, Needs<'_>> = BTreeMap::new();
        for (grant, from, to) in map.grants() {
            let ours = dialect.principals.iter().any(|glob| is(glob, &from.type_name))
                && dialect.stores.iter().any(|glob| is(glob, &to.type_name));
            if !ours {
                continue;
            }
            if let Some(why) = unfit(grant, from) {
                let what = format!("the grant of {} on {}", from.address, to.address);
                left_out.push(LeftOut { what, why: why.to_owned() });
                // The principal's document is written without it.
                needs.entry(&from.id).or_default();
                continue;
            }
            let used = grant.attributes.get("used").map(|used| &used.value) == Some(&Value::Bool(true));
            let needs = needs.entry(&from.id).or_default();
            for access in grant.access.iter().copied() {
                let objects = if used { seen(map, dialect, &from.id, to, access) } else { whole(access) };
                needs.add(dialect, to, access, &objects);
            }
            if !used {
                needs.unseen.insert(&to.address);
            }
        }
        drafts.extend(needs.iter().filter_map(|(id, needs)| needs.draft(map.inventory.asset(id)?)));
    }
    drafts
}

/// All objects, for an access that has actions of its own.
fn whole(access: Access) -> BTreeSet<String> {
    match access {
        Access::Read | Access::Write => BTreeSet::from(["*".to_owned()]),
        Access::Administer | Access::Share => BTreeSet::new(),
    }
}

/// The keys of the objects in `store` that code which acts as `principal` reads or writes.
fn seen<'a>(
    map: &Map<'a>,
    dialect: &IamDialect,
    principal: &'a AssetId,
    store: &Asset,
    access: Access,
) -> BTreeSet<String> {
    let prefix = format!("{}{}", dialect.scheme, store.name);
    let acting = map.acting(principal);
    let touched = map.touched(&acting, access);
    let inside = touched.iter().filter(|id| map.chain(id).iter().any(|asset| asset.id == store.id));
    inside
        .map(|id| {
            let asset = map.inventory.asset(id);
            let names = asset.into_iter().flat_map(|asset| asset.names.iter().chain([&asset.address, &asset.name]));
            let key =
                names.filter_map(|name| name.strip_prefix(&prefix)?.strip_prefix('/')).find(|key| !key.is_empty());
            match key {
                // A folder or a file: what is written under it belongs to it.
                Some(key) if key.rsplit('/').next().is_some_and(|last| last.contains('.')) => key.to_owned(),
                Some(key) => format!("{}/*", key.trim_end_matches('/')),
                None => "*".to_owned(),
            }
        })
        .collect()
}

impl<'a> Needs<'a> {
    fn add(&mut self, dialect: &'a IamDialect, store: &'a Asset, access: Access, objects: &BTreeSet<String>) {
        let filled =
            |template: &str, object: &str| template.replace("{store}", &store.name).replace("{object}", object);
        for statement in dialect.statements.iter().filter(|statement| statement.access == access) {
            let resources = objects.iter().map(|object| filled(&statement.resource, object));
            if !objects.is_empty() {
                self.statements.entry((statement.actions.as_slice(), access.as_str())).or_default().extend(resources);
            }
        }
        if access == Access::Read && !objects.is_empty() {
            let listed = filled(&dialect.listing.resource, "");
            self.statements.entry((dialect.listing.actions.as_slice(), "list")).or_default().insert(listed);
        }
    }

    fn draft(&self, principal: &Asset) -> Option<Draft> {
        let statements: Vec<serde_json::Value> = self
            .statements
            .iter()
            .map(|((actions, sid), resources)| {
                let sid =
                    format!("{}{}", sid.get(..1).unwrap_or_default().to_uppercase(), sid.get(1..).unwrap_or_default());
                json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources })
            })
            .collect();
        if statements.is_empty() {
            return None;
        }
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let text = serde_json::to_string_pretty(&document).ok()? + "\n";
        let name: String = principal
            .name
            .chars()
            .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
            .collect();
        let mut about = vec![principal.address.clone()];
        about.extend(self.unseen.iter().map(|store| format!("{store} (use not seen)")));
        Some(Draft { path: format!("iam/{}.json", name.trim_matches('-')), dialect: "iam".to_owned(), about, text })
    }
}
