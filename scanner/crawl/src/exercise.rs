//! How access is exercised: what grants are used for, and what is read without one. Facts that no single file gives,
//! written onto the relations they are about, where enough is known to say anything.
//!
//! - `used` on a grant: code that acts as the principal reads or writes what is granted. Said only of roles and accounts
//!   that code alone acts as, all of which is seen moving data: what people do with a grant is in no source.
//! - `sharesOutside` on a grant: code that acts as the principal sends data to a third party, or writes it where anybody
//!   or another account can read.
//! - `granted` on a read: an identity of the code may read it. Said only where every identity is defined in the sources,
//!   has none of the rights that reach everything, and is granted something else of that kind.
//! - `trainedBySame` on a release: the code that releases a model trained it, or acts as the one that did.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Access, Asset, AssetId, AssetKind, Attribute, Inventory, Relation, RelationKind, Value};

/// Attributes of a principal that reach more than its grants list.
const REACHES_ALL: [&str; 4] = ["adminWildcard", "dataWildcard", "fullAccessPolicy", "primitiveRole"];

/// The facts that are written here.
const FACTS: [&str; 4] = ["granted", "sharesOutside", "trainedBySame", "used"];

/// Writes onto grants, reads and releases how access is exercised. Running it again changes nothing.
pub fn exercise(inventory: &mut Inventory) {
    for relation in &mut inventory.relations {
        FACTS.iter().for_each(|fact| drop(relation.attributes.remove(*fact)));
    }
    let found: Vec<(usize, &str, bool)> = Map::new(inventory).facts();
    for (at, fact, truth) in found {
        if let Some(relation) = inventory.relations.get_mut(at) {
            relation.attributes.insert(fact.to_owned(), Attribute { value: Value::Bool(truth), place: None });
        }
    }
}

type Ids<'a> = BTreeSet<&'a AssetId>;

/// The inventory by what is asked of it.
struct Map<'a> {
    inventory: &'a Inventory,
    /// Store, from what lies in it.
    above: BTreeMap<&'a AssetId, Vec<&'a AssetId>>,
    grants: BTreeMap<&'a AssetId, Vec<&'a Relation>>,
    reads: BTreeMap<&'a AssetId, Ids<'a>>,
    writes: BTreeMap<&'a AssetId, Ids<'a>>,
    trainers: BTreeMap<&'a AssetId, Ids<'a>>,
    /// Code that sends to third parties.
    senders: Ids<'a>,
    /// Code → the principals it acts as.
    identities: BTreeMap<&'a AssetId, Ids<'a>>,
    /// Principal → the code that acts as it.
    acting: BTreeMap<&'a AssetId, Ids<'a>>,
    /// Principals that somebody else than code of the sources may become.
    shared: Ids<'a>,
    /// Code that is seen moving data, itself or by what it runs.
    seen: Ids<'a>,
    /// What anybody or another account can read.
    open: Ids<'a>,
}

impl<'a> Map<'a> {
    fn new(inventory: &'a Inventory) -> Map<'a> {
        let mut map = Map {
            inventory,
            above: BTreeMap::new(),
            grants: BTreeMap::new(),
            reads: BTreeMap::new(),
            writes: BTreeMap::new(),
            trainers: BTreeMap::new(),
            senders: BTreeSet::new(),
            identities: BTreeMap::new(),
            acting: BTreeMap::new(),
            shared: BTreeSet::new(),
            seen: BTreeSet::new(),
            open: BTreeSet::new(),
        };
        let mut also: BTreeMap<&AssetId, Ids<'_>> = BTreeMap::new();
        let mut runs: BTreeMap<&AssetId, Ids<'_>> = BTreeMap::new();
        for relation in &inventory.relations {
            map.note(relation);
            let (from, to) = (&relation.from, &relation.to);
            match relation.kind {
                RelationKind::RunsAs | RelationKind::MemberOf => drop(also.entry(from).or_default().insert(to)),
                // What a workflow deploys has an identity of its own; code that it runs has not.
                RelationKind::Runs if map.is(to, &[AssetKind::Pipeline, AssetKind::Notebook]) => {
                    also.entry(to).or_default().insert(from);
                    runs.entry(from).or_default().insert(to);
                }
                _ => {}
            }
        }
        let mut code: Ids<'_> = also.keys().chain(map.reads.keys()).chain(map.writes.keys()).copied().collect();
        code.retain(|id| !map.is_principal(id));
        for id in code {
            let moves = |id: &&AssetId| map.reads.contains_key(*id) || map.writes.contains_key(*id);
            if closure(id, &runs).iter().any(moves) {
                map.seen.insert(id);
            }
            let identities: Ids<'_> = closure(id, &also).into_iter().filter(|it| map.is_principal(it)).collect();
            for identity in &identities {
                map.acting.entry(identity).or_default().insert(id);
            }
            map.identities.insert(id, identities);
        }
        map
    }

    fn note(&mut self, relation: &'a Relation) {
        let (from, to) = (&relation.from, &relation.to);
        let sources = relation.flow.iter().flat_map(|flow| &flow.sources);
        match relation.kind {
            RelationKind::PartOf | RelationKind::StoredIn => self.above.entry(from).or_default().push(to),
            RelationKind::Grants => {
                self.grants.entry(from).or_default().push(relation);
                let cross = relation.attributes.get("crossAccount").map(|cross| &cross.value);
                let outside = self.is(from, &[AssetKind::AnyOne]) || cross == Some(&Value::Bool(true));
                if outside && relation.access.contains(&Access::Read) {
                    self.open.insert(to);
                }
            }
            RelationKind::Reads => drop(self.reads.entry(from).or_default().insert(to)),
            RelationKind::Writes => drop(self.writes.entry(from).or_default().insert(to)),
            RelationKind::Trains => {
                self.trainers.entry(to).or_default().insert(from);
                self.reads.entry(from).or_default().extend(sources);
            }
            RelationKind::SendsTo => {
                let third = self.inventory.asset(to).and_then(|sink| sink.value("thirdParty"));
                if third == Some(&Value::Bool(true)) {
                    self.senders.insert(from);
                }
                self.reads.entry(from).or_default().extend(sources);
            }
            // A trust is a membership of the one who is trusted.
            RelationKind::MemberOf if self.is_principal(from) => drop(self.shared.insert(to)),
            _ => {}
        }
    }

    fn is(&self, id: &AssetId, kinds: &[AssetKind]) -> bool {
        self.inventory.asset(id).is_some_and(|asset| kinds.contains(&asset.kind))
    }

    fn is_principal(&self, id: &AssetId) -> bool {
        self.inventory.asset(id).is_some_and(|asset| asset.kind.is_principal())
    }

    fn facts(&self) -> Vec<(usize, &'static str, bool)> {
        let mut facts = Vec::new();
        let mut known: BTreeMap<&AssetId, Exercised<'_>> = BTreeMap::new();
        for (at, relation) in self.inventory.relations.iter().enumerate() {
            let mut say = |fact: &'static str, truth: Option<bool>| facts.extend(truth.map(|truth| (at, fact, truth)));
            match relation.kind {
                RelationKind::Grants if !relation.attributes.contains_key("inherited") => {
                    let exercised = known.entry(&relation.from).or_insert_with(|| self.exercised(&relation.from));
                    say("used", self.used(relation, exercised));
                    let reads = relation.access.contains(&Access::Read);
                    say("sharesOutside", exercised.outside.filter(|_| reads));
                }
                RelationKind::Reads => say("granted", self.granted(relation)),
                RelationKind::Releases => say("trainedBySame", self.trained_by_same(relation)),
                _ => {}
            }
        }
        facts
    }

    /// What the code that acts as `principal` does, as far as it is seen.
    fn exercised(&self, principal: &AssetId) -> Exercised<'a> {
        let none = BTreeSet::new();
        let acting = self.acting.get(principal).unwrap_or(&none);
        let machine = self.is(principal, &[AssetKind::Role, AssetKind::ServiceAccount]);
        let seen = acting.iter().any(|code| self.seen.contains(code));
        let mut exercised = Exercised {
            whole: machine && seen && !self.shared.contains(principal) && acting.is_subset(&self.seen),
            ..Exercised::default()
        };
        let mut outside = false;
        for code in acting {
            exercised.reads.extend(self.reads.get(code).into_iter().flatten());
            let written: Ids<'_> = self.writes.get(code).into_iter().flatten().copied().collect();
            outside |= self.senders.contains(code);
            outside |= written.iter().any(|id| closure(id, &self.above).iter().any(|it| self.open.contains(it)));
            exercised.writes.extend(written);
        }
        exercised.outside = (machine && seen).then_some(outside);
        for (direct, through) in
            [(&exercised.reads, &mut exercised.reads_through), (&exercised.writes, &mut exercised.writes_through)]
        {
            direct.iter().for_each(|id| through.extend(closure(id, &self.above)));
        }
        exercised
    }

    fn used(&self, grant: &Relation, exercised: &Exercised<'_>) -> Option<bool> {
        let moves = grant.access.contains(&Access::Read) || grant.access.contains(&Access::Write);
        if !exercised.whole || !moves {
            return None;
        }
        let inside = closure(&grant.to, &self.above);
        let touched = |through: &Ids<'_>, direct: &Ids<'_>| through.contains(&grant.to) || !inside.is_disjoint(direct);
        Some(
            (grant.access.contains(&Access::Read) && touched(&exercised.reads_through, &exercised.reads))
                || (grant.access.contains(&Access::Write) && touched(&exercised.writes_through, &exercised.writes)),
        )
    }

    fn granted(&self, read: &Relation) -> Option<bool> {
        let identities = self.identities.get(&read.from).filter(|identities| !identities.is_empty())?;
        let assets: Vec<&Asset> = identities.iter().filter_map(|id| self.inventory.asset(id)).collect();
        let chain = closure(&read.to, &self.above);
        let public = |id: &&AssetId| {
            self.open.contains(*id)
                || self.inventory.asset(id).and_then(|asset| asset.value("public")) == Some(&Value::Bool(true))
        };
        let own = identities.iter().filter_map(|id| self.grants.get(id)).flatten();
        let reading: Vec<&AssetId> = own
            .filter(|grant| grant.access.contains(&Access::Read) || grant.access.contains(&Access::Administer))
            .map(|grant| &grant.to)
            .collect();
        let reaches = |to: &&AssetId| chain.contains(*to) || closure(to, &self.above).contains(&read.to);
        if reading.iter().any(reaches) || chain.iter().any(public) {
            return Some(true);
        }
        let bounded = |asset: &&Asset| {
            let reaches_all = |name: &&str| !matches!(asset.value(name), None | Some(Value::Bool(false) | Value::Null));
            asset.place.is_some() && !REACHES_ALL.iter().any(reaches_all)
        };
        let stores = chain
            .iter()
            .filter_map(|id| self.inventory.asset(id))
            .filter(|asset| asset.place.is_some() && matches!(asset.kind, AssetKind::Bucket | AssetKind::Database));
        let kinds: BTreeSet<AssetKind> = stores.map(|asset| asset.kind).collect();
        let alike = reading.iter().filter_map(|id| self.inventory.asset(id)).any(|asset| kinds.contains(&asset.kind));
        (assets.iter().all(bounded) && alike).then_some(false)
    }

    fn trained_by_same(&self, release: &Relation) -> Option<bool> {
        let trainers = self.trainers.get(&release.to)?;
        if trainers.contains(&release.from) {
            return Some(true);
        }
        let own = self.identities.get(&release.from).filter(|own| !own.is_empty())?;
        let mut same = false;
        for trainer in trainers {
            let theirs = self.identities.get(trainer).filter(|theirs| !theirs.is_empty())?;
            same |= !theirs.is_disjoint(own);
        }
        Some(same)
    }
}

/// What the code that acts as a principal does.
#[derive(Debug, Default)]
struct Exercised<'a> {
    /// Whether all that is done with its rights is seen.
    whole: bool,
    reads: Ids<'a>,
    writes: Ids<'a>,
    /// With the stores that they lie in.
    reads_through: Ids<'a>,
    writes_through: Ids<'a>,
    outside: Option<bool>,
}

/// `start` and everything that `next` leads to from it.
fn closure<'a, T>(start: &'a AssetId, next: &BTreeMap<&'a AssetId, T>) -> Ids<'a>
where
    for<'t> &'t T: IntoIterator<Item = &'t &'a AssetId>,
{
    let mut found = BTreeSet::from([start]);
    let mut waiting = vec![start];
    while let Some(at) = waiting.pop() {
        for &id in next.get(at).into_iter().flatten() {
            if found.insert(id) {
                waiting.push(id);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: AssetKind = AssetKind::Role;
    const CODE: AssetKind = AssetKind::Pipeline;
    const BUCKET: AssetKind = AssetKind::Bucket;

    fn id(kind: AssetKind, name: &str) -> AssetId {
        AssetId::new(kind, "", name)
    }

    /// A platform where `job` runs `script` as `etl`, which may read and write `raw` and read `spare`.
    fn platform() -> Inventory {
        let mut inventory = Inventory::default();
        let place = aedile_model::Place::file(&"a.tf".into());
        for (kind, name) in
            [(ROLE, "etl"), (CODE, "job"), (CODE, "script"), (BUCKET, "raw"), (BUCKET, "spare"), (BUCKET, "other")]
        {
            let mut asset = Asset::new(id(kind, name), kind, name, name);
            asset.place = Some(place.clone());
            inventory.add(asset);
        }
        for name in ["in-raw", "in-other"] {
            inventory.add(Asset::new(id(AssetKind::Dataset, name), AssetKind::Dataset, name, name));
        }
        let mut relate = |kind, from: AssetId, to: AssetId, access: &[Access]| {
            let mut relation = Relation::new(kind, from, to, None);
            relation.access = access.iter().copied().collect();
            inventory.relate(relation);
        };
        relate(RelationKind::StoredIn, id(AssetKind::Dataset, "in-raw"), id(BUCKET, "raw"), &[]);
        relate(RelationKind::StoredIn, id(AssetKind::Dataset, "in-other"), id(BUCKET, "other"), &[]);
        relate(RelationKind::RunsAs, id(CODE, "job"), id(ROLE, "etl"), &[]);
        relate(RelationKind::Runs, id(CODE, "job"), id(CODE, "script"), &[]);
        relate(RelationKind::Reads, id(CODE, "script"), id(AssetKind::Dataset, "in-raw"), &[]);
        relate(RelationKind::Grants, id(ROLE, "etl"), id(BUCKET, "raw"), &[Access::Read, Access::Write]);
        relate(RelationKind::Grants, id(ROLE, "etl"), id(BUCKET, "spare"), &[Access::Read]);
        inventory
    }

    fn fact(inventory: &Inventory, kind: RelationKind, to: AssetId, name: &str) -> Option<bool> {
        let relation = inventory.relations.iter().find(|it| it.kind == kind && it.to == to).expect("the relation");
        relation.attributes.get(name).and_then(|attribute| attribute.value.as_bool())
    }

    #[test]
    fn a_grant_is_used_by_the_code_that_a_job_runs_as_its_role() {
        let mut inventory = platform();
        exercise(&mut inventory);
        assert_eq!(fact(&inventory, RelationKind::Grants, id(BUCKET, "raw"), "used"), Some(true));
        assert_eq!(fact(&inventory, RelationKind::Grants, id(BUCKET, "spare"), "used"), Some(false));
        assert_eq!(fact(&inventory, RelationKind::Reads, id(AssetKind::Dataset, "in-raw"), "granted"), Some(true));
    }

    #[test]
    fn nothing_is_said_of_a_role_that_people_may_assume_or_whose_code_is_not_seen() {
        let mut people = platform();
        people.add(Asset::new(id(AssetKind::User, "amy"), AssetKind::User, "amy", "amy"));
        people.relate(Relation::new(RelationKind::MemberOf, id(AssetKind::User, "amy"), id(ROLE, "etl"), None));
        let mut unseen = platform();
        unseen.add(Asset::new(id(CODE, "image"), CODE, "image", "image"));
        unseen.relate(Relation::new(RelationKind::RunsAs, id(CODE, "image"), id(ROLE, "etl"), None));
        for mut inventory in [people, unseen] {
            exercise(&mut inventory);
            assert_eq!(fact(&inventory, RelationKind::Grants, id(BUCKET, "spare"), "used"), None);
        }
    }

    #[test]
    fn a_read_without_a_grant_is_told_unless_the_role_reaches_everything() {
        let mut inventory = platform();
        let other = id(AssetKind::Dataset, "in-other");
        inventory.relate(Relation::new(RelationKind::Reads, id(CODE, "script"), other.clone(), None));
        exercise(&mut inventory);
        assert_eq!(fact(&inventory, RelationKind::Reads, other.clone(), "granted"), Some(false));
        inventory.assets.get_mut(&id(ROLE, "etl")).expect("the role").set("adminWildcard", true, None);
        exercise(&mut inventory);
        assert_eq!(fact(&inventory, RelationKind::Reads, other, "granted"), None);
    }

    #[test]
    fn who_reads_and_sends_to_a_vendor_shares_outside() {
        let mut inventory = platform();
        exercise(&mut inventory);
        assert_eq!(fact(&inventory, RelationKind::Grants, id(BUCKET, "raw"), "sharesOutside"), Some(false));
        let mut sink = Asset::new(id(AssetKind::Sink, "vendor"), AssetKind::Sink, "vendor", "vendor");
        sink.set("thirdParty", true, None);
        inventory.relate(Relation::new(RelationKind::SendsTo, id(CODE, "script"), sink.id.clone(), None));
        inventory.add(sink);
        exercise(&mut inventory);
        assert_eq!(fact(&inventory, RelationKind::Grants, id(BUCKET, "raw"), "sharesOutside"), Some(true));
    }

    #[test]
    fn a_model_released_by_the_identity_that_trained_it_is_told() {
        let mut inventory = platform();
        let model = id(AssetKind::Model, "m");
        inventory.add(Asset::new(model.clone(), AssetKind::Model, "m", "m"));
        inventory.relate(Relation::new(RelationKind::Trains, id(CODE, "script"), model.clone(), None));
        inventory.relate(Relation::new(RelationKind::Releases, id(CODE, "job"), model.clone(), None));
        exercise(&mut inventory);
        assert_eq!(fact(&inventory, RelationKind::Releases, model, "trainedBySame"), Some(true));
    }
}
