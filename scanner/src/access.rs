//! Who can reach what: every grant of every source, with memberships before it and containment behind it.
//!
//! One answer over IAM, RBAC, catalogs and SQL, because all of them gave relations of one kind: a principal is a member
//! of, may assume, or (code) runs as another; a grant leads to a store or table; a store holds datasets and tables.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::record::{Place, Relation, Run};

/// Memberships in memberships, stores in stores; more are not followed.
const DEPTH: usize = 12;

/// The principal that stands for everybody.
const ANYONE: &str = "anyone";

/// One way from a principal to data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The principal's address, or that of the code that acts as one.
    pub principal: String,
    /// Its kind (`Role`, `Workload`).
    pub kind: String,
    /// `read`, `write`, `administer`, `share`, sorted.
    pub access: BTreeSet<String>,
    /// The address of what is granted.
    pub resource: String,
    /// Sensitive classes that lie there.
    pub classes: BTreeSet<String>,
    /// What lies in it that holds them, by address.
    pub holds: BTreeMap<String, BTreeSet<String>>,
    /// From the principal to the resource, one step a membership or grant.
    pub path: Vec<Step>,
}

/// A step of a [`Reach`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// In words, with the address it leads to.
    pub text: String,
    /// Where that is said.
    pub place: Option<Place>,
}

/// Every way from a principal to something that is granted to it, sorted by principal, resource and path. Grants on what
/// holds nothing sensitive are among them, without classes.
#[must_use]
pub fn reaches(run: &Run) -> Vec<Reach> {
    let map = Map::new(run);
    let mut found = Vec::new();
    for &start in map.assets.keys() {
        for (at, path) in map.identities(start) {
            for grant in map.grants.get(at).into_iter().flatten() {
                let mut path = path.clone();
                path.push(map.granted(grant));
                found.push(map.reach(start, &grant.to, grant.access.iter().cloned().collect(), &grant.carries, path));
            }
        }
    }
    found.extend(map.public());
    found.sort_by(|a, b| (&a.principal, &a.resource, a.path.len()).cmp(&(&b.principal, &b.resource, b.path.len())));
    found.dedup();
    found
}

/// The run's assets and relations, by what is asked of them.
struct Map<'a> {
    assets: BTreeMap<&'a str, &'a crate::record::Asset>,
    /// Principal or code → what it also is: memberships, assumed roles, identities.
    also: BTreeMap<&'a str, Vec<&'a Relation>>,
    grants: BTreeMap<&'a str, Vec<&'a Relation>>,
    /// Store → what lies in it.
    inside: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Map<'a> {
    fn new(run: &'a Run) -> Map<'a> {
        let mut map = Map {
            assets: run.assets.iter().map(|asset| (asset.id.as_str(), asset)).collect(),
            also: BTreeMap::new(),
            grants: BTreeMap::new(),
            inside: BTreeMap::new(),
        };
        for relation in &run.relations {
            match relation.kind.as_str() {
                "member-of" | "runs-as" => map.also.entry(&relation.from).or_default().push(relation),
                "grants" => map.grants.entry(&relation.from).or_default().push(relation),
                "stored-in" => map.inside.entry(&relation.to).or_default().push(&relation.from),
                _ => {}
            }
        }
        map
    }

    fn address(&self, id: &'a str) -> &'a str {
        self.assets.get(id).map_or(id, |asset| asset.address.as_str())
    }

    /// `start` itself and everything that it is a member of, may assume or runs as, each with the way there.
    fn identities(&self, start: &'a str) -> Vec<(&'a str, Vec<Step>)> {
        let mut seen = BTreeSet::from([start]);
        let mut found = Vec::new();
        let mut waiting = VecDeque::from([(start, Vec::new())]);
        while let Some((at, path)) = waiting.pop_front() {
            if path.len() < DEPTH {
                for relation in self.also.get(at).into_iter().flatten() {
                    if seen.insert(&relation.to) {
                        let verb =
                            if relation.kind == "runs-as" { "runs as" } else { "is a member of, or may assume," };
                        let mut path = path.clone();
                        let text = format!("{verb} `{}`", self.address(&relation.to));
                        path.push(Step { text, place: relation.place.clone() });
                        waiting.push_back((&relation.to, path));
                    }
                }
            }
            found.push((at, path));
        }
        found
    }

    fn granted(&self, grant: &'a Relation) -> Step {
        let text = format!("is granted {} on `{}`", grant.access.join(", "), self.address(&grant.to));
        Step { text, place: grant.place.clone() }
    }

    fn reach(
        &self,
        start: &'a str,
        resource: &'a str,
        access: BTreeSet<String>,
        carries: &[String],
        path: Vec<Step>,
    ) -> Reach {
        let holds = self.holds(resource);
        let mut classes: BTreeSet<String> = carries.iter().filter(|class| sensitive(class)).cloned().collect();
        classes.extend(holds.values().flatten().cloned());
        let start = self.assets.get(start).map(|asset| (asset.address.clone(), asset.kind.clone()));
        let (principal, kind) = start.unwrap_or_else(|| (ANYONE.to_owned(), "AnyOne".to_owned()));
        Reach { principal, kind, access, resource: self.address(resource).to_owned(), classes, holds, path }
    }

    /// What lies in `resource`, itself included, and holds sensitive classes.
    fn holds(&self, resource: &'a str) -> BTreeMap<String, BTreeSet<String>> {
        let mut seen = BTreeSet::from([resource]);
        let mut waiting = VecDeque::from([(resource, 0)]);
        let mut found = BTreeMap::new();
        while let Some((at, depth)) = waiting.pop_front() {
            let inside = self.inside.get(at).into_iter().flatten();
            let before = waiting.len();
            if depth < DEPTH {
                waiting.extend(inside.filter(|id| seen.insert(**id)).map(|&id| (id, depth + 1)));
            }
            let classes: BTreeSet<String> = self
                .assets
                .get(at)
                .into_iter()
                .flat_map(|asset| &asset.tags)
                .map(|tag| tag.tag.clone())
                .filter(|class| sensitive(class))
                .collect();
            // A store's classes are those of what lies in it: the innermost is named.
            if !classes.is_empty() && waiting.len() == before {
                found.insert(self.address(at).to_owned(), classes);
            }
        }
        found
    }

    /// What is public by its own settings, without a grant that says so.
    fn public(&self) -> Vec<Reach> {
        let open = self.assets.values().filter(|asset| {
            matches!(asset.kind.as_str(), "Bucket" | "Database" | "Registry")
                && asset.attributes.get("public") == Some(&serde_json::Value::Bool(true))
        });
        open.map(|asset| {
            let path = vec![Step { text: format!("`{}` is public", asset.address), place: asset.place.clone() }];
            self.reach("", &asset.id, BTreeSet::from(["read".to_owned()]), &[], path)
        })
        .collect()
    }
}

fn sensitive(class: &str) -> bool {
    !class.starts_with("technical")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(assets: &[(&str, &str, &[&str])], relations: &[(&str, &str, &str)]) -> Run {
        let assets: Vec<serde_json::Value> = assets
            .iter()
            .map(|(id, kind, tags)| {
                let tags: Vec<serde_json::Value> = tags
                    .iter()
                    .map(|tag| {
                        serde_json::json!({
                            "tag": tag, "confidence": 90, "basis": "name", "protection": "none", "hits": 0, "of": 0
                        })
                    })
                    .collect();
                serde_json::json!({
                    "id": id, "kind": kind, "address": id, "name": id, "attributes": {}, "tags": tags
                })
            })
            .collect();
        let relations: Vec<serde_json::Value> = relations
            .iter()
            .map(|(kind, from, to)| {
                let access: &[&str] = if *kind == "grants" { &["read"] } else { &[] };
                serde_json::json!({"kind": kind, "from": from, "to": to, "basis": "exact", "access": access})
            })
            .collect();
        let empty = crate::run::Packs::load(&crate::config::Loaded {
            config: crate::config::Config::default(),
            path: None,
            text: "".into(),
        })
        .expect("our packs load");
        let folder = tempfile::tempdir().expect("a folder");
        let request = crate::run::Request {
            roots: vec![folder.path().to_path_buf()],
            loaded: crate::config::Loaded { config: crate::config::Config::default(), path: None, text: "".into() },
            as_of: time::macros::date!(2026 - 11 - 01),
            started: time::macros::datetime!(2026-11-01 00:00 UTC),
            threshold: crate::gate::Threshold::Never,
            threshold_new: None,
            compare: None,
            facts: None,
            strict: false,
            baseline: None,
        };
        let mut run = crate::run::scan_with(&empty, &request, &|_| {}).expect("an empty folder can be scanned");
        run.assets = serde_json::from_value(assets.into()).expect("assets");
        run.relations = serde_json::from_value(relations.into()).expect("relations");
        run
    }

    #[test]
    fn a_user_reaches_through_groups_what_lies_in_a_schema_of_a_granted_database() {
        let run = run(
            &[
                ("amy", "User", &[]),
                ("analysts", "Group", &[]),
                ("staff", "Group", &[]),
                ("lake", "Database", &["phi.diagnosis"]),
                ("lake.gold", "Database", &["phi.diagnosis"]),
                ("lake.gold.visits", "Table", &["phi.diagnosis"]),
            ],
            &[
                ("member-of", "amy", "analysts"),
                ("member-of", "analysts", "staff"),
                ("grants", "staff", "lake"),
                ("stored-in", "lake.gold", "lake"),
                ("stored-in", "lake.gold.visits", "lake.gold"),
            ],
        );
        let found = reaches(&run);
        let amy = found.iter().find(|reach| reach.principal == "amy").expect("amy reaches something");
        assert_eq!(amy.resource, "lake");
        assert_eq!(amy.path.len(), 3);
        assert_eq!(amy.holds.keys().collect::<Vec<_>>(), ["lake.gold.visits"]);
        assert_eq!(found.len(), 3, "amy, analysts, staff");
    }

    #[test]
    fn members_of_each_other_end() {
        let run = run(
            &[("a", "Group", &[]), ("b", "Group", &[]), ("t", "Table", &["pii.contact.email"])],
            &[("member-of", "a", "b"), ("member-of", "b", "a"), ("grants", "b", "t"), ("stored-in", "t", "t")],
        );
        assert_eq!(reaches(&run).len(), 2);
    }
}
