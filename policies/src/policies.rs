use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;
use sha2::{Digest, Sha256};

use crate::control::{Body, Control, PolicyInfo};
use crate::documents::Documents;
use crate::frameworks::Frameworks;
use crate::index::{Index, types};
use crate::intended::{Intended, as_intended};
use crate::lint::{Lint, Set};
use crate::nearest::advice;
use crate::packs::{CONTROLS, REMOVED};
use crate::parse::{Statement, died, on_large_stack, statements};
use crate::schema::Contract;
use crate::taxonomy::Taxonomy;
use crate::{PolicyError, PolicySource, built_in};

/// How many entity references a policy may follow: the asset, and what it holds.
const LEVEL: u32 = 2;

/// A set of policies over one index.
#[derive(Debug)]
pub(crate) struct Judges {
    pub(crate) controls: Vec<Control>,
    pub(crate) index: Index,
}

/// Validated policies: the built-in guardrails, the user's, and the user's intended access.
#[derive(Debug)]
pub struct Policies {
    pub(crate) taxonomy: Taxonomy,
    documents: Documents,
    pub(crate) guardrails: Judges,
    /// `None` if the organisation wrote none: nothing is then said about intended access.
    pub(crate) intended: Option<Intended>,
    pub(crate) as_intended: Arc<PolicyInfo>,
    /// The frameworks that findings cite.
    pub(crate) frameworks: Frameworks,
    packs: Vec<(String, String)>,
}

impl Policies {
    /// The built-in policies together with `user` guardrails and additions to the taxonomy; `intended` is the organisation's intended access.
    ///
    /// The built-in ones were validated and indexed when the program was made ([`Policies::load_validating_all`]); Cedar
    /// parses those that a question needs: doing it all again would be more than half of what a small scan costs.
    ///
    /// # Errors
    /// Everything that is wrong with any of the files, together.
    pub fn load(user: &[PolicySource], intended: &[PolicySource]) -> Result<Policies, PolicyError> {
        Ok(Self::load_citing_nothing(user, intended)?.cite(&Frameworks::load(&[])?))
    }

    /// As [`Policies::load`], for [`Policies::cite`] to follow.
    ///
    /// # Errors
    /// Everything that is wrong with any of the files, together.
    pub fn load_citing_nothing(user: &[PolicySource], intended: &[PolicySource]) -> Result<Policies, PolicyError> {
        on_large_stack(|| Self::load_with(user, intended, false))?
    }

    /// As [`Policies::load`], with the built-in policies validated too.
    ///
    /// # Errors
    /// Everything that is wrong with any of the files, together.
    pub fn load_validating_all(user: &[PolicySource], intended: &[PolicySource]) -> Result<Policies, PolicyError> {
        Ok(on_large_stack(|| Self::load_with(user, intended, true))??.cite(&Frameworks::load(&[])?))
    }

    fn load_with(user: &[PolicySource], intended: &[PolicySource], all: bool) -> Result<Policies, PolicyError> {
        Contract::begin();
        let (additions, controls): (Vec<&PolicySource>, Vec<&PolicySource>) =
            user.iter().partition(|source| source.is_taxonomy());
        let taxonomy = Taxonomy::extended(&additions)?;
        let removed: BTreeMap<String, String> =
            serde_yaml::from_str(REMOVED).map_err(|error| PolicyError::BuiltIn(format!("removed.yaml: {error}")))?;
        let schemas = Schemas::default();
        let loader = || Loader {
            taxonomy: &taxonomy,
            removed: &removed,
            faults: Vec::new(),
            schemas: &schemas,
            validate_built_in: all,
        };
        let ours = || CONTROLS.iter().map(|(name, text, _)| PolicySource::new(*name, *text));
        let mut known = if all { Vec::new() } else { built_in::controls()? };
        let built_in = ours().filter(|_| all).map(|source| (source, Set::Guardrails { built_in: true }));
        let own = controls.into_iter().map(|source| (source.clone(), Set::Guardrails { built_in: false }));
        let sources: Vec<(PolicySource, Set)> = built_in.chain(own).collect();
        // Threads of their own, not of a pool: whoever waits here may be the pool's only thread.
        let shares: Vec<Result<Share, PolicyError>> = std::thread::scope(|scope| {
            let read = |share: &[(PolicySource, Set)]| {
                let mut loader = loader();
                let read = share.iter().flat_map(|(source, set)| loader.read(source, *set)).collect();
                Share { read, faults: loader.faults }
            };
            let running: Vec<_> = shares(&sources, |(source, _)| source.text.len())
                .into_iter()
                .map(|share| scope.spawn(move || on_large_stack(|| read(share))))
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(died()))).collect()
        });
        let (mut controls, mut faults) = (Vec::new(), Vec::new());
        for share in shares {
            let share = share?;
            controls.extend(share.read);
            faults.extend(share.faults);
        }
        let mut loader = Loader { faults, ..loader() };
        known.iter_mut().filter(|control| control.applies.is_empty()).for_each(|control| loader.applies(control));
        let files =
            known.iter().map(|control| (control.info.id.clone(), format!("controls/{}.cedar", control.info.theme)));
        loader.refuse_twice(files.collect(), &controls);
        let permits: Vec<Read> = intended.iter().flat_map(|source| loader.read(source, Set::Intended)).collect();
        loader.refuse_twice(BTreeMap::new(), &permits);
        if let Some(error) = PolicyError::gathered(loader.faults) {
            return Err(error);
        }
        let sorted = |known: Vec<Control>, read: Vec<Read>| -> Vec<Control> {
            let mut all: Vec<Control> = known.into_iter().chain(read.into_iter().map(|read| read.control)).collect();
            all.sort_by(|a, b| a.info.id.cmp(&b.info.id));
            all
        };
        let guardrails = Judges::new(sorted(known, controls)).map_err(PolicyError::BuiltIn)?;
        let permitted = match permits.is_empty() {
            true => None,
            false => Some(Intended::new(&sorted(Vec::new(), permits)).map_err(PolicyError::BuiltIn)?),
        };
        let mut packs = vec![
            ("schema.cedarschema".to_owned(), sha256(include_str!("../schema.cedarschema"))),
            ("taxonomy.yaml".to_owned(), sha256(include_str!("../taxonomy.yaml"))),
            ("documents.yaml".to_owned(), sha256(include_str!("../documents.yaml"))),
        ];
        packs.extend(CONTROLS.iter().map(|(name, text, _)| ((*name).to_owned(), sha256(text))));
        packs.extend(user.iter().chain(intended).map(|source| (source.name.clone(), sha256(&source.text))));
        packs.sort();
        let as_intended = Arc::new(as_intended()?);
        let frameworks = Frameworks::default();
        let documents = Documents::built_in()?;
        Ok(Policies { taxonomy, documents, guardrails, intended: permitted, as_intended, frameworks, packs })
    }

    /// How many guardrails `source` holds, if nothing is wrong with it; they are not added.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self, source: &PolicySource) -> Result<usize, PolicyError> {
        on_large_stack(|| {
            let removed = BTreeMap::new();
            let schemas = Schemas::default();
            let mut loader = Loader {
                taxonomy: &self.taxonomy,
                removed: &removed,
                faults: Vec::new(),
                schemas: &schemas,
                validate_built_in: false,
            };
            let read = loader.read(source, Set::Guardrails { built_in: false });
            loader.refuse_twice(BTreeMap::new(), &read);
            PolicyError::gathered(loader.faults).map_or(Ok(read.len()), Err)
        })?
    }

    /// The same policies, citing `frameworks` (by default they cite the built-in ones).
    #[must_use]
    pub fn cite(mut self, frameworks: &Frameworks) -> Policies {
        for control in &mut self.guardrails.controls {
            frameworks.cite(Arc::make_mut(&mut control.info));
        }
        frameworks.cite(Arc::make_mut(&mut self.as_intended));
        self.frameworks = frameworks.clone();
        self
    }

    /// Every guardrail in force and `access-as-intended`, sorted by id.
    #[must_use]
    pub fn info(&self) -> Vec<Arc<PolicyInfo>> {
        let guardrails = self.guardrails.controls.iter().map(|control| Arc::clone(&control.info));
        let mut all: Vec<Arc<PolicyInfo>> = guardrails.chain([Arc::clone(&self.as_intended)]).collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// Every file that judges, by name, with the SHA-256 of its text in lower-case hex.
    #[must_use]
    pub fn packs(&self) -> &[(String, String)] {
        &self.packs
    }

    /// What declared documents must say.
    #[must_use]
    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    /// What classes, regions and purposes lie in.
    #[must_use]
    pub fn taxonomy(&self) -> &Taxonomy {
        &self.taxonomy
    }
}

impl Judges {
    fn new(controls: Vec<Control>) -> Result<Judges, String> {
        let index = Index::new(&controls)?;
        Ok(Judges { controls, index })
    }

    /// Parses side by side what the entries `asked` need and is not parsed yet.
    pub(crate) fn parse(&self, asked: BTreeSet<usize>) {
        let members = asked.into_iter().filter_map(|at| self.index.at(at)).flat_map(|entry| &entry.controls);
        let members: BTreeSet<usize> = members.copied().collect();
        let waiting =
            members.into_iter().filter_map(|at| self.controls.get(at)).filter(|control| control.is_unparsed());
        let waiting: Vec<&Control> = waiting.collect();
        std::thread::scope(|scope| {
            for share in shares(&waiting, |control| control.info.text.len()) {
                // A control that its thread did not come to is parsed where it is asked.
                scope.spawn(|| on_large_stack(|| share.iter().for_each(|control| control.parse_here())));
            }
        });
    }
}

/// `things` in their order, cut into as many parts of like length as there are threads.
fn shares<T>(things: &[T], length_of: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let whole: usize = things.iter().map(&length_of).sum();
    let most = whole.div_ceil(rayon::current_num_threads().clamp(1, 8)).max(1);
    let mut shares = Vec::new();
    let (mut start, mut length) = (0, 0);
    for (at, thing) in things.iter().enumerate() {
        length += length_of(thing);
        if length >= most {
            shares.extend(things.get(start..=at));
            (start, length) = (at + 1, 0);
        }
    }
    shares.extend(things.get(start..).filter(|rest| !rest.is_empty()));
    shares
}

/// The SHA-256 of `text` in lower-case hex.
pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A control with what is needed to point at it.
struct Read {
    control: Control,
    statement: Statement,
    source: PolicySource,
}

/// What one thread read.
struct Share {
    read: Vec<Read>,
    faults: Vec<PolicyError>,
}

/// The schema as far as a set of actions needs it, made once for each.
#[derive(Default)]
struct Schemas(Mutex<BTreeMap<BTreeSet<String>, Schema>>);

impl Schemas {
    fn of(&self, actions: BTreeSet<String>) -> Result<Schema, PolicyError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(schema) = known.get(&actions) {
            return Ok(schema.clone());
        }
        let schema = Contract::built_in()?.narrowed(&actions)?;
        known.insert(actions, schema.clone());
        Ok(schema)
    }
}

/// Reads files and collects what is wrong with them.
struct Loader<'a> {
    taxonomy: &'a Taxonomy,
    removed: &'a BTreeMap<String, String>,
    faults: Vec<PolicyError>,
    schemas: &'a Schemas,
    validate_built_in: bool,
}

impl Loader<'_> {
    fn read(&mut self, source: &PolicySource, set: Set) -> Vec<Read> {
        let found = match statements(source) {
            Ok(found) => found,
            Err(fault) => {
                self.faults.push(fault);
                return Vec::new();
            }
        };
        let lint = Lint { taxonomy: self.taxonomy, removed: self.removed, source, set };
        let mut read = Vec::new();
        for statement in found {
            match lint.control(&statement) {
                Ok(control) => {
                    let mut one = Read { control, statement, source: source.clone() };
                    let known = self.faults.len();
                    if self.validate_built_in || !one.control.info.built_in {
                        self.validate(&one);
                    }
                    if self.faults.len() == known {
                        self.applies(&mut one.control);
                    }
                    read.push(one);
                }
                Err(faults) => self.faults.extend(faults),
            }
        }
        read
    }

    /// Strict validation, and validation that the entities we hand over suffice. Warnings are faults too:
    /// a policy that can never fire would be a pass for everybody.
    fn validate(&mut self, read: &Read) {
        let Ok(body) = read.control.body() else { return };
        let Ok(set) = PolicySet::from_policies([body.policy.clone()]) else { return };
        let schema = match self.schema(body) {
            Ok(schema) => schema,
            Err(fault) => return self.faults.push(fault),
        };
        let validator = Validator::new(schema);
        let result = validator.validate_with_level(&set, ValidationMode::Strict, LEVEL);
        let errors = result.validation_errors().map(|error| (error.to_string(), error.help().map(|it| it.to_string())));
        let warnings = result.validation_warnings().map(|it| (it.to_string(), it.help().map(|it| it.to_string())));
        let prefix = format!("for policy `{}`, ", read.control.info.id);
        let mut said: Vec<(String, Option<String>)> = errors.chain(warnings).collect();
        said.sort();
        said.dedup();
        for (reason, advice) in said {
            let reason = reason.strip_prefix(&prefix).unwrap_or(&reason).to_owned();
            self.invalid(read, reason, advice);
        }
        for uid in body.policy.entity_literals() {
            let id: &str = uid.id().unescaped();
            let known: Vec<&str> = match uid.type_name().basename() {
                "DataClass" => self.taxonomy.classes().collect(),
                "Region" => self.taxonomy.regions().collect(),
                _ => continue,
            };
            if !known.contains(&id) {
                let advice = match crate::nearest::nearest(id, known.iter().copied()) {
                    Some(_) => advice(id, &known),
                    None => "the names are in policies/taxonomy.yaml".to_owned(),
                };
                self.invalid(read, format!("{uid} is not in the taxonomy"), Some(advice));
            }
        }
    }

    /// Enters where the twin of `control` can be satisfied.
    ///
    /// INVARIANT: on the large stack: a deep policy that the type checker cannot follow to its end would apply
    /// nowhere, and never be asked.
    fn applies(&mut self, control: &mut Control) {
        let Ok(body) = control.body() else { return };
        match self.schema(body) {
            Ok(schema) => control.applies = body.twin.get_valid_request_envs(&schema).map(types).collect(),
            Err(fault) => self.faults.push(fault),
        }
    }

    fn schema(&self, body: &Body) -> Result<Schema, PolicyError> {
        self.schemas.of(body.actions())
    }

    fn invalid(&mut self, read: &Read, reason: String, advice: Option<String>) {
        self.faults.push(PolicyError::Invalid {
            policy: read.control.info.id.clone(),
            reason,
            advice,
            source_code: read.source.code(),
            at: read.statement.whole(),
        });
    }

    /// `seen`: ids that are taken, and the files that take them.
    fn refuse_twice(&mut self, mut seen: BTreeMap<String, String>, read: &[Read]) {
        for one in read {
            let id = one.control.info.id.as_str();
            if let Some(first) = seen.insert(id.to_owned(), one.source.name.clone()) {
                self.faults.push(PolicyError::Lint {
                    what: format!("two policies have the id `{id}`"),
                    advice: format!("the other one is in `{first}`: give one of them another id"),
                    source_code: one.source.code(),
                    at: one.statement.annotation_span("id"),
                });
            }
        }
    }
}
