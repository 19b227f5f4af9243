//! Stacks: templates with values for their parameters; what names mean in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place, Unknown};
use aedile_rules::Resources;

mod reference;

use super::given::{Given, Values};
use super::serverless;
use super::template::{Source, Template};
use crate::iac::bound::Bound;
use crate::iac::condition::Truth;
use crate::iac::datum::{Datum, Kind, hole_for};
use crate::{File, yaml};

/// Evaluation inside evaluation: functions in functions, outputs in outputs, stacks in stacks.
const DEPTH: usize = 128;

/// Nodes that all templates together may evaluate.
const BUDGET: usize = 8_000_000;

/// Everything that is known of the templates and stacks.
pub(super) struct Evaluator<'a> {
    pub(super) rules: &'a Resources,
    /// Values given on the command line or in `aedile.yaml`.
    given: &'a BTreeMap<String, String>,
    files: Vec<&'a Given>,
    /// Whole templates by path.
    pub(super) templates: BTreeMap<&'a str, &'a Template>,
    /// Parts of templates by path.
    pub(super) fragments: BTreeMap<&'a str, &'a Template>,
    pub(super) used_fragments: BTreeSet<&'a str>,
    pub(super) stacks: Vec<Stack<'a>>,
    pub(super) gaps: Vec<Gap>,
    pub(super) exports: Option<Arc<Vec<Export<'a>>>>,
    /// For each stack another one that it belongs together with; itself for the first.
    groups: Vec<usize>,
    parameters: BTreeMap<(usize, &'a str), Memo<Datum>>,
    outputs: BTreeMap<(usize, &'a str), Memo<Datum>>,
    conditions: BTreeMap<(usize, &'a str), Memo<Truth>>,
    running: BTreeSet<(usize, String)>,
    pub(super) bound: Bound,
    /// Resources made so far, over all stacks.
    pub(super) made: usize,
    /// Turns of loops so far, over all stacks.
    pub(super) turns: usize,
}

/// A template with values for its parameters.
pub(super) struct Stack<'a> {
    pub(super) template: &'a Template,
    /// The address in its parent with a dot at the end; empty for one of its own.
    pub(super) prefix: String,
    /// The path that its resources' addresses are unique in.
    pub(super) unit: Arc<str>,
    /// For a nested stack: what its parent gives, and where that stands.
    pub(super) inputs: Option<(Option<&'a yaml::Node>, Scope)>,
    pub(super) depth: usize,
    pub(super) declared: Arc<Vec<Declared<'a>>>,
    pub(super) by_id: BTreeMap<String, usize>,
    /// Nested stacks by their address here.
    pub(super) nested: BTreeMap<String, usize>,
    /// What `Globals` of the Serverless Application Model give.
    pub(super) serverless: bool,
    pub(super) values: Values<'a>,
}

/// A resource as it is declared.
#[derive(Debug, Clone)]
pub(super) struct Declared<'a> {
    pub(super) id: String,
    pub(super) type_name: &'a str,
    pub(super) node: &'a yaml::Node,
    pub(super) place: Place,
    pub(super) scope: Scope,
}

/// Where a node stands: its stack, its file, and what the identifiers of loops are there.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) stack: usize,
    pub(super) path: Arc<str>,
    pub(super) names: Arc<BTreeMap<String, Datum>>,
}

/// A value that other stacks import.
#[derive(Debug)]
pub(super) struct Export<'a> {
    pub(super) name: String,
    pub(super) stack: usize,
    pub(super) output: &'a str,
}

enum Memo<T> {
    Running,
    Known(T),
}

impl<'a> Evaluator<'a> {
    /// An evaluator with a stack for every template that no other one nests.
    pub(super) fn new(
        parsed: &'a [(&'a File, Source)],
        rules: &'a Resources,
        given: &'a BTreeMap<String, String>,
    ) -> Evaluator<'a> {
        let mut evaluator = Evaluator {
            rules,
            given,
            files: parsed.iter().filter_map(|(_, source)| source.given.as_ref()).collect(),
            templates: BTreeMap::new(),
            fragments: BTreeMap::new(),
            used_fragments: BTreeSet::new(),
            stacks: Vec::new(),
            gaps: Vec::new(),
            exports: None,
            groups: Vec::new(),
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
            conditions: BTreeMap::new(),
            running: BTreeSet::new(),
            bound: Bound::new(DEPTH, BUDGET),
            made: 0,
            turns: 0,
        };
        let mut all: Vec<&Template> = Vec::new();
        for template in parsed.iter().flat_map(|(_, source)| &source.templates) {
            if template.fragment {
                evaluator.fragments.insert(&template.path, template);
            } else {
                evaluator.templates.insert(&template.path, template);
                all.push(template);
            }
        }
        let called = super::nested::called(&evaluator.templates);
        for template in all {
            // Several parts of one file of the Serverless Framework are stacks of their own.
            if !called.contains(&*template.path) {
                evaluator.begin(template, String::new(), Arc::clone(&template.path), None, 0);
            }
        }
        evaluator
    }

    /// Adds a stack and gives its index.
    pub(super) fn begin(
        &mut self,
        template: &'a Template,
        prefix: String,
        unit: Arc<str>,
        inputs: Option<(Option<&'a yaml::Node>, Scope)>,
        depth: usize,
    ) -> usize {
        let at = self.stacks.len();
        let group = inputs.as_ref().map_or(at, |(_, scope)| scope.stack);
        let alone = self.templates.values().filter(|other| other.folder == template.folder).nth(1).is_none();
        let values = Values::of(&template.path, &template.folder, alone, &self.files);
        self.groups.push(group);
        self.stacks.push(Stack {
            serverless: serverless::is(template),
            template,
            prefix,
            unit,
            inputs,
            depth,
            declared: Arc::default(),
            by_id: BTreeMap::new(),
            nested: BTreeMap::new(),
            values,
        });
        at
    }

    /// The first stack of those that belong together with the one at `at`.
    pub(super) fn group(&self, at: usize) -> usize {
        let mut at = at;
        while let Some(&parent) = self.groups.get(at).filter(|&&parent| parent != at) {
            at = parent;
        }
        at
    }

    /// Notes that two stacks belong together.
    pub(super) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.group(one), self.group(other));
        let (first, last) = (one.min(other), one.max(other));
        if let Some(parent) = self.groups.get_mut(last) {
            *parent = first;
        }
    }

    /// The accounts that the configuration says are its own.
    pub(super) fn own_accounts(&self) -> BTreeSet<String> {
        self.given.get("AWS::AccountId").into_iter().cloned().collect()
    }

    /// Goes a level deeper, from `place`; false if a bound is reached.
    pub(super) fn enter(&mut self, place: impl FnOnce() -> Place) -> bool {
        let is_in = self.bound.enter();
        if !is_in {
            self.bound.note(|| Some(place()));
        }
        is_in
    }

    pub(super) fn gap(&mut self, place: Place, kind: GapKind, message: impl Into<String>) {
        self.gaps.push(Gap { place, kind, message: message.into() });
    }

    pub(super) fn section(&self, at: usize, name: &str) -> Option<&'a yaml::Node> {
        self.stacks.get(at)?.template.root.get(name)
    }

    /// Where the sections of a stack's own template stand.
    pub(super) fn scope(&self, at: usize) -> Option<Scope> {
        let path = Arc::clone(&self.stacks.get(at)?.template.path);
        Some(Scope { stack: at, path, names: Arc::default() })
    }
}

/// Something that is given, but not known.
pub(super) fn computed(expression: &str, why: &str) -> Datum {
    let text = hole_for(expression);
    Kind::Computed { text, why: Unknown { expression: expression.to_owned(), why: why.to_owned() } }.into()
}
