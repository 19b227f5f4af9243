//! What the interpretation of a module rests on, as digests, so that its facts can be kept.
//!
//! The top levels of all modules are walked every time. What they give each other is compared value by value: where all
//! that an interpretation looked at is what it was, its facts are what they were.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::OnceLock;

use aedile_rules::Rules;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::base::Base;
use super::interpret::{FunctionKey, Outcome, Seen, evaluate, functions};
use super::value::{Class, Function, Value};
use super::{Body, Module, World};
use crate::Facts;
use crate::kept::{self, Digest, Kept};

/// Something that an interpretation looked at. Modules go by their path, see [`States::ids`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Look {
    /// A module: its text and the names of its top level.
    Module(String),
    /// An instance that the walk of a module made, by the order of their making.
    Instance(String, usize),
    /// What decorators say of a parameter, or a widget.
    Parameter(String),
    /// The file that a module calls so.
    File(String, String),
    /// The module that a module imports under a name with so many dots before it.
    Import(String, String, u32),
    /// The notebook that a module runs.
    Notebook(String, String),
}

/// The facts of a module, and what they rest on beside the module.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    looks: Vec<Look>,
    state: Digest,
    facts: Facts,
    /// See [`Outcome::followed`]: by module, block and place.
    followed: BTreeMap<String, Vec<(usize, u32)>>,
    /// See [`Outcome::waiting`]: by block and place.
    waiting: Vec<(usize, u32)>,
}

/// The state of everything that interpretations may look at.
pub(crate) struct States<'w> {
    world: &'w World<'w>,
    base: &'w Base<'w>,
    rules: &'w Rules,
    kept: &'w Kept,
    /// By module: its path, and which of those that have it, a notebook may write a module that is there.
    ids: Vec<String>,
    /// The same the other way.
    numbers: BTreeMap<String, usize>,
    /// By module: its text.
    texts: Vec<Digest>,
    /// By module: its text and its names.
    modules: Vec<OnceLock<Digest>>,
    /// Credentials that are written in the modules.
    secrets: OnceLock<Vec<String>>,
    /// Instances of the base by maker and order.
    instances: BTreeMap<(usize, usize), usize>,
    /// The same the other way.
    makers: Vec<(usize, usize)>,
    /// What every interpretation rests on: the names of parameters, the tables, the limits.
    common: Digest,
}

impl<'w> States<'w> {
    /// The states of `world`, whose modules give each other `base`. `nesting` is the limit that they were parsed with.
    pub(crate) fn new(
        world: &'w World<'w>,
        base: &'w Base<'w>,
        rules: &'w Rules,
        kept: &'w Kept,
        nesting: usize,
    ) -> States<'w> {
        let mut made: BTreeMap<usize, usize> = BTreeMap::new();
        let mut makers = Vec::with_capacity(base.heap.len());
        for instance in &base.heap {
            let nth = made.entry(instance.maker).or_default();
            makers.push((instance.maker, *nth));
            *nth += 1;
        }
        let instances = makers.iter().enumerate().map(|(number, maker)| (*maker, number)).collect();
        let mut of_path: BTreeMap<&str, usize> = BTreeMap::new();
        let ids: Vec<String> = world
            .modules
            .iter()
            .map(|module| {
                let nth = of_path.entry(&module.path).or_default();
                *nth += 1;
                if *nth == 1 { module.path.to_string() } else { format!("{}\0{nth}", module.path) }
            })
            .collect();
        let numbers = ids.iter().enumerate().map(|(number, id)| (id.clone(), number)).collect();
        let mut all = String::new();
        for key in base.parameters.keys() {
            let _ = writeln!(all, "{key:?}");
        }
        for (name, columns) in world.schemas.tables() {
            let _ = writeln!(all, "{name:?} {columns:?}");
        }
        let _ = writeln!(all, "{nesting}");
        States {
            world,
            base,
            rules,
            kept,
            ids,
            numbers,
            texts: world.modules.par_iter().map(text).collect(),
            modules: world.modules.iter().map(|_| OnceLock::new()).collect(),
            secrets: OnceLock::new(),
            instances,
            makers,
            common: kept::digest("aedile.python.common.v1", [all.as_bytes()]),
        }
    }

    /// What [`evaluate`] gives for the same arguments: as it was kept, where all that it rests on is as it was.
    pub(crate) fn evaluate(&self, entry: usize, cold: Option<&[FunctionKey]>) -> Outcome {
        let name = self.name(entry, cold);
        if let Some(held) = self.kept.find::<Entry>(&name)
            && self.state(&held.looks) == Some(held.state)
            && let Some(outcome) = self.outcome(entry, held)
        {
            self.kept.reuse(name);
            return outcome;
        }
        let (outcome, seen) = evaluate(self.world, self.base, entry, cold);
        let looks = self.looks(&seen);
        let Some(state) = self.state(&looks) else { return outcome };
        let mut followed: BTreeMap<String, Vec<(usize, u32)>> = BTreeMap::new();
        for (module, block, start) in &outcome.followed {
            followed.entry(self.id(*module).to_owned()).or_default().push((*block, *start));
        }
        let waiting: Vec<(usize, u32)> = outcome.waiting.iter().map(|(_, block, start)| (*block, *start)).collect();
        let held = Entry { looks, state, facts: outcome.facts, followed, waiting };
        let text = kept::written(&held).filter(|text| !self.quotes_secret(text, &held.looks));
        self.kept.add(name, text);
        Outcome { facts: held.facts, followed: outcome.followed, waiting: outcome.waiting }
    }

    /// The outcome as it was kept; `None` if it speaks of a module that is not there.
    fn outcome(&self, entry: usize, held: Entry) -> Option<Outcome> {
        let mut followed = BTreeSet::new();
        for (id, functions) in held.followed {
            let module = *self.numbers.get(&id)?;
            followed.extend(functions.into_iter().map(|(block, start)| (module, block, start)));
        }
        let waiting = held.waiting.into_iter().map(|(block, start)| (entry, block, start)).collect();
        Some(Outcome { facts: held.facts, followed, waiting })
    }

    /// The name of the entry: what is known to be looked at before the module is interpreted.
    fn name(&self, entry: usize, cold: Option<&[FunctionKey]>) -> String {
        let Some(module) = self.world.modules.get(entry) else { return String::new() };
        let cold = cold.map(|keys| keys.iter().map(|(_, block, start)| (*block, *start)).collect::<Vec<_>>());
        let mut own = format!("{:?} {} {} {cold:?}\n", self.id(entry), module.notebook, module.in_tests);
        for (_, function, _) in functions(entry, module) {
            own.push(if self.world.mentioned.contains(function.def.name.as_str()) { '1' } else { '0' });
        }
        let text = self.texts.get(entry).map_or(&[][..], |text| &text[..]);
        self.kept.name(&[b"python", &self.common, text, own.as_bytes()])
    }

    fn id(&self, module: usize) -> &str {
        self.ids.get(module).map_or("", String::as_str)
    }

    fn looks(&self, seen: &Seen) -> Vec<Look> {
        let id = |module: &usize| self.id(*module).to_owned();
        let instances = seen.instances.iter().filter_map(|number| self.makers.get(*number));
        let modules = seen.modules.iter().map(|module| Look::Module(id(module)));
        let imports = seen.imports.iter().map(|(from, name, level)| Look::Import(id(from), name.clone(), *level));
        modules
            .chain(instances.map(|(maker, nth)| Look::Instance(id(maker), *nth)))
            .chain(seen.parameters.iter().map(|key| Look::Parameter(key.clone())))
            .chain(seen.files.iter().map(|(from, path)| Look::File(id(from), path.clone())))
            .chain(imports)
            .chain(seen.notebooks.iter().map(|(from, path)| Look::Notebook(id(from), path.clone())))
            .collect()
    }

    /// What all of `looks` see now; `None` if there is no such module or instance.
    fn state(&self, looks: &[Look]) -> Option<Digest> {
        let states: Option<Vec<Digest>> = looks.iter().map(|look| self.one(look)).collect();
        Some(kept::digest("aedile.python.state.v1", states?.iter().map(|state| &state[..])))
    }

    fn one(&self, look: &Look) -> Option<Digest> {
        let number = |id: &String| self.numbers.get(id).copied();
        let mut said = String::new();
        match look {
            Look::Module(id) => return self.module(number(id)?),
            Look::Instance(maker, nth) => {
                let instance = self.base.heap.get(*self.instances.get(&(number(maker)?, *nth))?)?;
                self.class(&instance.class, &mut said);
                let _ = write!(said, "{}", instance.changes);
                for (name, value) in &instance.fields {
                    let _ = write!(said, "{name:?}=");
                    self.say(value, &mut said);
                }
            }
            Look::Parameter(key) => self.say(self.base.parameters.get(key)?, &mut said),
            Look::File(from, path) => {
                let file = self.world.file(number(from)?, path);
                let _ = write!(said, "{:?}", file.map(|file| (&file.path, &file.text)));
            }
            Look::Import(from, name, level) => {
                let found = self.world.module(number(from)?, name, *level);
                let _ = write!(said, "{:?}", found.map(|found| self.id(found)));
            }
            Look::Notebook(from, path) => {
                let found = self.world.notebook(number(from)?, path);
                let _ = write!(said, "{:?}", found.map(|found| self.id(found)));
            }
        }
        Some(kept::digest("aedile.python.look.v1", [said.as_bytes()]))
    }

    /// The text of a module and the names of its top level.
    fn module(&self, number: usize) -> Option<Digest> {
        let (held, text) = (self.modules.get(number)?, self.texts.get(number)?);
        let state = held.get_or_init(|| {
            let mut said = String::new();
            for (name, value) in self.base.globals.get(&number).into_iter().flatten() {
                let _ = write!(said, "{name:?}=");
                self.say(value, &mut said);
            }
            kept::digest("aedile.python.module.v1", [&text[..], said.as_bytes()])
        });
        Some(*state)
    }

    /// Everything that tells `value` from another.
    fn say(&self, value: &Value<'w>, said: &mut String) {
        match value {
            Value::Function(function) => self.function(function, said),
            Value::Class(class) => self.class(class, said),
            Value::Instance(number) => self.instance(*number, said),
            Value::Module(number) => {
                let _ = write!(said, "Module{:?};", self.id(*number));
            }
            Value::Partial(partial) => {
                said.push_str("Partial");
                self.say(&partial.function, said);
                self.say_all("", &partial.positional, said);
                self.say_named(&partial.keywords, said);
            }
            Value::Either(items) => self.say_all("Either", items, said),
            Value::List(items) => self.say_all("List", items, said),
            Value::Map(items) => self.say_named(items, said),
            Value::Object(object) => {
                let _ = write!(said, "Object{:?}{:?}{:?}", object.kind, object.data, object.made);
                for (name, field) in object.fields.iter() {
                    let _ = write!(said, "{name:?}=");
                    self.say(field, said);
                }
                said.push(';');
            }
            Value::Unknown
            | Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Text(_)
            | Value::Data(..)
            | Value::Expression(_)
            | Value::External(_)
            | Value::Lambda(_) => {
                let _ = write!(said, "{value:?};");
            }
        }
    }

    fn say_all(&self, word: &str, items: &[Value<'w>], said: &mut String) {
        let _ = write!(said, "{word}[{}:", items.len());
        items.iter().for_each(|item| self.say(item, said));
    }

    fn say_named(&self, items: &[(String, Value<'w>)], said: &mut String) {
        let _ = write!(said, "Map[{}:", items.len());
        for (name, item) in items {
            let _ = write!(said, "{name:?}=");
            self.say(item, said);
        }
    }

    /// A function by where it is written: whoever enters it looks at its module.
    fn function(&self, function: &Function<'w>, said: &mut String) {
        let Function { def, module, block, receiver, owner, scope: _ } = function;
        // Whether it is a property is asked without entering it.
        let said_of_it = (&def.range, &def.name, &def.decorator_list);
        let _ = write!(said, "Function{:?}.{block}.{said_of_it:?}", self.id(*module));
        if let Some(number) = receiver {
            self.instance(*number, said);
        }
        if let Some(class) = owner {
            self.class(class, said);
        }
        said.push(';');
    }

    fn class(&self, class: &Class<'w>, said: &mut String) {
        let Class { def, module, block } = class;
        let _ = write!(said, "Class{:?}.{block}.{:?}{:?};", self.id(*module), def.range, def.name);
    }

    fn instance(&self, number: usize, said: &mut String) {
        let maker = self.makers.get(number).map(|(maker, nth)| (self.id(*maker), nth));
        let _ = write!(said, "Instance{maker:?};");
    }

    /// Whether `text` quotes a credential that is written in a module, or in a file that was looked at: such facts are not
    /// kept.
    fn quotes_secret(&self, text: &str, looks: &[Look]) -> bool {
        let written = self.secrets.get_or_init(|| {
            let blocks = self.world.modules.par_iter().flat_map_iter(|module| &module.blocks);
            blocks.flat_map_iter(|block| self.secrets_of(&block.text)).collect()
        });
        let files = looks.iter().filter_map(|look| match look {
            Look::File(from, path) => self.world.file(*self.numbers.get(from)?, path)?.text.as_deref(),
            Look::Module(_) | Look::Instance(..) | Look::Parameter(_) | Look::Import(..) | Look::Notebook(..) => None,
        });
        let quotes = |secret: &String| text.contains(secret.as_str());
        written.iter().any(quotes) || files.flat_map(|file| self.secrets_of(file)).any(|secret| quotes(&secret))
    }

    /// The credentials in `text`, as they stand in an entry.
    fn secrets_of(&self, text: &str) -> Vec<String> {
        let hits = self.rules.secrets.scan(text).into_iter();
        let found = hits.filter_map(|hit| serde_json::to_string(text.get(hit.span)?).ok());
        found.map(|quoted| quoted.trim_matches('"').to_owned()).collect()
    }
}

/// The digest of what stands in `module`, and where.
fn text(module: &Module) -> Digest {
    let mut all = String::new();
    for block in &module.blocks {
        let kind = match &block.body {
            Body::Python(_) => "python",
            Body::Sql { .. } => "sql",
            Body::Shell => "shell",
        };
        let _ = writeln!(all, "{kind} {:?} {} {}", block.at.cell, block.at.base, block.text.len());
        all.push_str(&block.text);
    }
    kept::digest("aedile.python.text.v1", [module.path.as_bytes(), all.as_bytes()])
}
