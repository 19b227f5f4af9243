//! Evaluations and gates that stand in another file, or another task, than the training or the release they belong to.
//!
//! - `evaluated`, `evaluatedByGroup`, `explained`, `dataSplit`, `dataRecorded` on a training: code does it that belongs
//!   to the training, because one orchestration runs both, because it loads the model, or because it calls the function that trains.
//!   `comparedColumns`: by which columns that code compares groups.
//! - `gated` on a release: whether it is reached only by a condition on how good the model is, or by a person. Unknown
//!   where a task before it cannot be read.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Attribute, Inventory, Place, Relation, RelationKind, Value};

use crate::task::{self, Gate, TASKS, Task};

/// What may be done by other code than that of the training.
const DONE: [&str; 5] = ["dataRecorded", "dataSplit", "evaluated", "evaluatedByGroup", "explained"];

/// Writes onto trainings and releases what belongs to them. Running it again changes nothing.
pub fn assess(inventory: &mut Inventory) {
    let map = Map::new(inventory);
    let mut found: Vec<(usize, &str, Attribute)> = Vec::new();
    for (at, relation) in inventory.relations.iter().enumerate() {
        match relation.kind {
            RelationKind::Trains => map.training(relation, |name, attribute| found.push((at, name, attribute))),
            RelationKind::Releases => found.extend(map.gated(relation).map(|attribute| (at, "gated", attribute))),
            _ => {}
        }
    }
    for (at, name, attribute) in found {
        if let Some(relation) = inventory.relations.get_mut(at) {
            relation.attributes.insert(name.to_owned(), attribute);
        }
    }
}

type Ids<'a> = BTreeSet<&'a AssetId>;

/// The tasks of an orchestration by what is asked of them.
struct Orchestration<'a> {
    /// What they run.
    code: Ids<'a>,
    /// For each task, whether something before it decides.
    decided: Vec<Value>,
}

/// For each of `tasks` whether something before it decides: a gate, or code that stops where a model is not good enough. Linear
/// in the tasks and in what they wait for.
fn decided(tasks: &[Task], stops: impl Fn(&Task) -> bool) -> Vec<Value> {
    let places: BTreeMap<&str, usize> = tasks.iter().zip(0..).map(|(task, at)| (task.key.as_str(), at)).collect();
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); tasks.len()];
    for (task, at) in tasks.iter().zip(0..) {
        for first in task.after.iter().filter_map(|key| places.get(key.as_str())) {
            if let Some(behind) = behind.get_mut(*first) {
                behind.push(at);
            }
        }
    }
    // For each task the first of those before it, or itself, that is such a one.
    let reached = |is: &dyn Fn(&Task) -> bool, itself: bool| {
        let mut reached: Vec<Option<&Task>> = vec![None; tasks.len()];
        for (source, at) in tasks.iter().zip(0..).filter(|(task, _)| is(task)) {
            let mut open = if itself { vec![at] } else { behind.get(at).cloned().unwrap_or_default() };
            while let Some(at) = open.pop() {
                let Some(held @ None) = reached.get_mut(at) else { continue };
                *held = Some(source);
                open.extend(behind.get(at).into_iter().flatten());
            }
        }
        reached
    };
    let gates = reached(&|task| matches!(task.gate, Some(Gate::Measure | Gate::Approval)), true);
    let stops = reached(&stops, false);
    let persons = reached(&|task| task.gate == Some(Gate::Person), true);
    let unread = reached(&|task| task.unread.is_some(), false);
    let all = gates.into_iter().zip(stops).zip(persons.into_iter().zip(unread));
    all.map(|((gate, stop), (person, unread))| {
        match (gate.or(stop), person, unread.and_then(|task| task.unread.clone())) {
            (Some(_), ..) => Value::Bool(true),
            (None, Some(person), _) => {
                Value::unknown(person.key.clone(), "whether a person has to approve is set outside of the sources")
            }
            (None, None, Some(what)) => Value::unknown(what, "a task before the release is not in the sources"),
            (None, None, None) => Value::Bool(false),
        }
    })
    .collect()
}

/// The inventory by what is asked of it.
struct Map<'a> {
    inventory: &'a Inventory,
    orchestrations: Vec<Orchestration<'a>>,
    /// Path of code → the tasks that run it, by orchestration and number.
    running: BTreeMap<String, Vec<(usize, usize)>>,
    /// Model → code that loads it.
    loading: BTreeMap<&'a AssetId, Ids<'a>>,
    /// Where something is trained or released → the code that does it there.
    acting: BTreeMap<(RelationKind, &'a Place), Ids<'a>>,
    /// The same, each with whether a gate stands before it.
    own: BTreeMap<(&'a AssetId, &'a Place), bool>,
}

impl<'a> Map<'a> {
    fn new(inventory: &'a Inventory) -> Map<'a> {
        let mut map = Map {
            inventory,
            orchestrations: Vec::new(),
            running: BTreeMap::new(),
            loading: BTreeMap::new(),
            acting: BTreeMap::new(),
            own: BTreeMap::new(),
        };
        let mut loads: BTreeMap<&str, Ids<'_>> = BTreeMap::new();
        let mut trained: BTreeMap<&str, Ids<'_>> = BTreeMap::new();
        for asset in inventory.assets.values() {
            if let Some(tasks) = asset.value(TASKS) {
                map.orchestrate(&task::read(tasks));
            }
            for name in asset.value(LOADS).into_iter().flat_map(Value::items).filter_map(Value::as_text) {
                loads.entry(name).or_default().insert(&asset.id);
            }
        }
        for relation in &inventory.relations {
            if !matches!(relation.kind, RelationKind::Trains | RelationKind::Releases) {
                continue;
            }
            let Some(place) = &relation.place else { continue };
            map.acting.entry((relation.kind, place)).or_default().insert(&relation.from);
            if relation.kind == RelationKind::Releases {
                let gated = map.own.entry((&relation.from, place)).or_insert(true);
                *gated &= is_true(&relation.attributes, "gated");
            } else if let Some(model) = inventory.asset(&relation.to) {
                for name in model.names.iter().filter(|name| !name.contains('{')) {
                    trained.entry(name).or_default().insert(&model.id);
                }
            }
        }
        for (name, models) in trained {
            // A name that several models are written under tells none of them.
            if let (1, Some(code)) = (models.len(), loads.get(name)) {
                models.into_iter().for_each(|model| map.loading.entry(model).or_default().extend(code));
            }
        }
        map
    }

    fn training(&self, relation: &'a Relation, mut say: impl FnMut(&'static str, Attribute)) {
        let others: Vec<&Asset> = self.others(relation).into_iter().filter_map(|id| self.inventory.asset(id)).collect();
        for name in DONE {
            let done = others.iter().find(|code| is_true(&code.attributes, name));
            if let Some(attribute) = done.and_then(|code| code.attributes.get(name)) {
                say(name, attribute.clone());
            }
        }
        const COMPARED: &str = "comparedColumns";
        let own = self.inventory.asset(&relation.from).into_iter();
        let compared: Vec<&Attribute> = own.chain(others).filter_map(|code| code.attributes.get(COMPARED)).collect();
        let columns: BTreeSet<&str> =
            compared.iter().flat_map(|one| one.value.items()).filter_map(Value::as_text).collect();
        if let Some(first) = compared.first() {
            let value = Value::List(columns.into_iter().map(Value::from).collect());
            say(COMPARED, Attribute { value, place: first.place.clone() });
        }
    }

    /// Code beside the one that trains that belongs to the same training.
    fn others(&self, relation: &'a Relation) -> Ids<'a> {
        let mut others: Ids<'a> = self.loading.get(&relation.to).cloned().unwrap_or_default();
        let place = relation.place.as_ref();
        others.extend(place.and_then(|place| self.acting.get(&(RelationKind::Trains, place))).into_iter().flatten());
        let own = self.address(&relation.from);
        let tasks = self.running.get(own).into_iter().flatten();
        let within: BTreeSet<usize> = tasks.map(|(orchestration, _)| *orchestration).collect();
        for orchestration in within.into_iter().filter_map(|at| self.orchestrations.get(at)) {
            others.extend(&orchestration.code);
        }
        others.remove(&relation.from);
        others
    }

    /// Whether a release is reached only by a gate; `None` for what is no release of code.
    fn gated(&self, relation: &'a Relation) -> Option<Attribute> {
        let code = self.inventory.asset(&relation.from)?;
        if !matches!(code.kind, AssetKind::Pipeline | AssetKind::Notebook) || is_true(&relation.attributes, "logged") {
            return None;
        }
        // What waits for a person is not out yet.
        if let Some(attribute) = relation.attributes.get("approval") {
            match &attribute.value {
                Value::Text(text) if text.to_ascii_lowercase().contains("pending") => {
                    return Some(Attribute { value: Value::Bool(true), place: attribute.place.clone() });
                }
                Value::Unknown(unknown) => {
                    return Some(Attribute { value: Value::Unknown(unknown.clone()), place: attribute.place.clone() });
                }
                _ => {}
            }
        }
        if let Some(gated) = relation.attributes.get("gated").filter(|gated| gated.value != Value::Bool(false)) {
            return Some(gated.clone());
        }
        let value = self.around(&relation.from).or_else(|| self.called(relation)).unwrap_or(Value::Bool(false));
        Some(Attribute { value, place: relation.place.clone() })
    }

    /// Where other code calls the function in which the release stands: whether all of that is behind a gate.
    fn called(&self, relation: &'a Relation) -> Option<Value> {
        let place = relation.place.as_ref()?;
        let callers = self.acting.get(&(RelationKind::Releases, place))?;
        let callers: Vec<&AssetId> = callers.iter().copied().filter(|caller| **caller != relation.from).collect();
        // Only of the file in which it stands: a caller answers for itself.
        if callers.is_empty() || *place.path != *self.address(&relation.from) {
            return None;
        }
        let gated = |caller: &&AssetId| self.own.get(&(*caller, place)).copied().unwrap_or_default();
        let around = |caller: &&AssetId| self.around(caller) == Some(Value::Bool(true));
        Some(Value::Bool(callers.iter().all(|caller| gated(caller) || around(caller))))
    }

    /// Whether the orchestrations that run `code` decide before; the worst of them, `None` where none runs it.
    fn around(&self, code: &AssetId) -> Option<Value> {
        let tasks = self.running.get(self.address(code)).into_iter().flatten();
        let decided = tasks.filter_map(|(at, task)| self.orchestrations.get(*at)?.decided.get(*task));
        decided.cloned().reduce(|worst, one| match (worst, one) {
            (Value::Bool(false), _) | (_, Value::Bool(false)) => Value::Bool(false),
            (unknown @ Value::Unknown(_), _) => unknown,
            (_, one) => one,
        })
    }

    /// Adds the orchestration of these tasks.
    fn orchestrate(&mut self, tasks: &[Task]) {
        let stops = |task: &Task| task.runs.iter().any(|path| self.code(path).any(|code| self.is_stop(code)));
        let decided = decided(tasks, stops);
        let code = tasks.iter().flat_map(|task| &task.runs).flat_map(|path| self.code(path)).collect();
        for (number, task) in tasks.iter().enumerate() {
            for path in &task.runs {
                self.running.entry(path.clone()).or_default().push((self.orchestrations.len(), number));
            }
        }
        self.orchestrations.push(Orchestration { code, decided });
    }

    fn is_stop(&self, id: &AssetId) -> bool {
        self.inventory.asset(id).is_some_and(|code| is_true(&code.attributes, "stopsOnMeasure"))
    }

    fn address(&self, id: &'a AssetId) -> &'a str {
        self.inventory.asset(id).map_or("", |asset| asset.address.as_str())
    }

    /// The code of the file at `path`.
    fn code(&self, path: &str) -> impl Iterator<Item = &'a AssetId> {
        let ids = [AssetKind::Pipeline, AssetKind::Notebook].map(|kind| AssetId::new(kind, "", path));
        let inventory = self.inventory;
        ids.into_iter().filter_map(move |id| inventory.assets.get_key_value(&id).map(|(id, _)| id))
    }
}

/// Names of models that code loads.
pub(crate) const LOADS: &str = "loadsModels";

fn is_true(attributes: &BTreeMap<String, Attribute>, name: &str) -> bool {
    attributes.get(name).is_some_and(|attribute| attribute.value == Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(key: &str, after: &[&str], gate: Option<Gate>) -> Task {
        Task { key: key.into(), after: after.iter().map(|&key| key.into()).collect(), gate, ..Task::default() }
    }

    #[test]
    fn what_stands_before_a_task_decides_and_what_stands_behind_does_not() {
        let tasks = [
            task("train", &[], None),
            task("check", &["train"], Some(Gate::Measure)),
            task("ask", &["train"], Some(Gate::Person)),
            Task { unread: Some("an image".into()), ..task("image", &["train"], None) },
            task("a", &["check"], None),
            task("b", &["a", "ask"], None),
            task("c", &["ask", "image"], None),
            task("d", &["image"], None),
            task("e", &["train", "f"], None),
            task("f", &["e"], None),
            task("stop", &[], None),
            task("g", &["stop"], None),
        ];
        let found = decided(&tasks, |task| task.key == "stop");
        let of = |key: &str| found[tasks.iter().position(|task| task.key == key).unwrap()].clone();
        for key in ["check", "a", "b", "g"] {
            assert_eq!(of(key), Value::Bool(true), "{key}");
        }
        for key in ["train", "image", "e", "f", "stop"] {
            assert_eq!(of(key), Value::Bool(false), "{key}");
        }
        assert!(matches!(of("c"), Value::Unknown(unknown) if unknown.expression == "ask"));
        assert!(matches!(of("d"), Value::Unknown(unknown) if unknown.expression == "an image"));
    }
}
