//! State machines of Step Functions that deploy models: what is released, and whether a choice on how good the model is stands
//! before it.
//!
//! Source: states-language.net/spec.html, "Choice State", "State Machine"; docs.aws.amazon.com/step-functions, "Integrate with SageMaker".

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Asset, AssetId, AssetKind, Attribute, RelationKind, Value};
use aedile_rules::measure::is_measure;

use super::datum::{Datum, Kind};
use super::path::values;
use super::resource::Resource;
use crate::{Facts, Link, Ref};

/// The types of resources that are state machines.
const TYPES: [&str; 2] = ["aws_sfn_state_machine", "AWS::StepFunctions::StateMachine"];

/// Where the states stand, by the ways in which a machine is written.
const STATES: [&str; 3] = ["definition.States", "Definition.States", "DefinitionString.States"];

/// Actions that release something, and the members of their requests that name it.
const RELEASES: [(&str, AssetKind, &[&str]); 5] = [
    ("sagemaker:createModel", AssetKind::Model, &["ModelName"]),
    ("sagemaker:createModelPackage", AssetKind::Model, &["ModelPackageGroupName", "ModelPackageName"]),
    ("sagemaker:updateModelPackage", AssetKind::Model, &["ModelPackageArn"]),
    ("sagemaker:createEndpoint", AssetKind::Endpoint, &["EndpointName"]),
    ("sagemaker:updateEndpoint", AssetKind::Endpoint, &["EndpointName"]),
];

/// Actions that train, measure nothing by themselves and run nothing of ours that could end the machine.
const PLAIN: [&str; 5] = [
    "sagemaker:createTrainingJob",
    "sagemaker:createTransformJob",
    "sagemaker:createHyperParameterTuningJob",
    "sagemaker:createEndpointConfig",
    "sns:publish",
];

/// States of one machine that are looked at.
const MOST: usize = 10_000;

/// Writes what the state machine `resource`, the asset `own`, releases.
pub(super) fn write(resource: &Resource, own: &AssetId, facts: &mut Facts) {
    if !TYPES.contains(&resource.type_name.as_str()) {
        return;
    }
    let mut machine = Machine::default();
    for states in STATES.iter().flat_map(|path| values(&resource.body, path)) {
        machine.gather(&states, 0);
    }
    let first = STATES.iter().flat_map(|path| values(&resource.body, &path.replace("States", "StartAt")));
    let starts: Vec<String> = first.filter_map(|name| name.text()).collect();
    // Reached without a choice on a measure, and without what a person has to look into either.
    let ungated = machine.reached(&starts, |state| state.measures);
    let plainly = machine.reached(&starts, |state| state.measures || state.unread);
    for (name, state) in &machine.states {
        let Some((kind, request)) = &state.releases else { continue };
        let place = request.place.clone().or_else(|| resource.place.clone());
        let before = machine.states.iter().filter(|(other, state)| state.unread && *other != name);
        let gated = match (ungated.contains(name.as_str()), plainly.contains(name.as_str())) {
            (false, _) => Value::Bool(true),
            (true, true) => Value::Bool(false),
            (true, false) => {
                let what = before.map(|(other, _)| other.as_str()).next().unwrap_or_default();
                Value::unknown(what, "a state before the release is not in the sources")
            }
        };
        let named =
            RELEASES.iter().flat_map(|(.., members)| members.iter()).find_map(|key| request.member(key)?.text());
        let to = match named.filter(|name| !name.starts_with("{%")) {
            Some(name) => Ref::named(*kind, name),
            None => {
                let id = AssetId::new(*kind, &resource.address, name);
                let mut asset = Asset::new(id.clone(), *kind, format!("{}/{name}", resource.address), name.as_str());
                asset.place.clone_from(&place);
                asset.in_tests = resource.in_tests;
                facts.assets.push(asset);
                Ref::Id(id)
            }
        };
        let mut link = Link::new(RelationKind::Releases, Ref::Id(own.clone()), to, place.clone());
        link.attributes.insert("gated".to_owned(), Attribute { value: gated, place: place.clone() });
        if let Some(approval) = request.member("ModelApprovalStatus") {
            link.attributes.insert("approval".to_owned(), Attribute { value: approval.value(), place });
        }
        facts.links.push(link);
    }
}

/// The states of a machine and of all machines in it: their names are distinct.
#[derive(Debug, Default)]
struct Machine {
    states: BTreeMap<String, State>,
}

#[derive(Debug)]
struct State {
    next: Vec<String>,
    /// Whether it chooses by a measure.
    measures: bool,
    /// Whether it runs code that may end the machine and is not here.
    unread: bool,
    /// What it releases, and the request.
    releases: Option<(AssetKind, Datum)>,
}

impl Machine {
    fn gather(&mut self, states: &Datum, depth: usize) {
        let Kind::Map(map) = &states.decoded().kind else { return };
        for (name, state) in &map.members {
            if self.states.len() >= MOST || depth > 16 {
                return;
            }
            let text = |key: &str| state.member(key).and_then(Datum::text);
            let listed = |key: &str| state.member(key).map(Datum::items).unwrap_or_default();
            let mut next: Vec<String> = ["Next", "Default"].iter().filter_map(|key| text(key)).collect();
            for rule in listed("Choices").iter().chain(listed("Catch")) {
                next.extend(rule.member("Next").and_then(Datum::text));
            }
            let inside = listed("Branches").iter();
            for inner in inside.chain(["ItemProcessor", "Iterator"].iter().filter_map(|key| state.member(key))) {
                next.extend(inner.member("StartAt").and_then(Datum::text));
                if let Some(states) = inner.member("States") {
                    self.gather(states, depth + 1);
                }
            }
            let action = if text("Type").as_deref() == Some("Task") { text("Resource") } else { None };
            let action = action.as_deref().map(|action| action.split(".sync").next().unwrap_or(action));
            let is = |name: &str| action.is_some_and(|action| action.ends_with(name));
            let request = ["Parameters", "Arguments"].iter().find_map(|key| state.member(key));
            let releases = RELEASES.iter().find(|(name, ..)| is(name)).map(|(_, kind, _)| *kind);
            let releases = releases.map(|kind| (kind, request.cloned().unwrap_or_else(|| Datum::from_text(""))));
            let unread = action.is_some() && releases.is_none() && !PLAIN.iter().any(|name| is(name));
            let measures = listed("Choices").iter().any(|rule| asks(rule, 0));
            self.states.insert(name.clone(), State { next, measures, unread, releases });
        }
    }

    /// The states that are reached from `starts` without going through one of which `stops` holds.
    fn reached(&self, starts: &[String], stops: impl Fn(&State) -> bool) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&str> = starts.iter().map(String::as_str).collect();
        while let Some(name) = open.pop() {
            let Some((name, state)) = self.states.get_key_value(name) else { continue };
            if reached.insert(name.as_str()) && !stops(state) {
                open.extend(state.next.iter().map(String::as_str));
            }
        }
        reached
    }
}

/// Whether a rule of a choice holds a measure against a number.
fn asks(rule: &Datum, depth: usize) -> bool {
    if depth > 16 {
        return false;
    }
    let parts = ["And", "Or", "Not"].iter().filter_map(|key| rule.member(key)).flat_map(Datum::items);
    let names = |text: &str| text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(is_measure);
    let orders = match &rule.kind {
        Kind::Map(map) => map.members.keys().any(|key| {
            key.strip_prefix("Numeric").is_some_and(|rest| rest.starts_with("Greater") || rest.starts_with("Less"))
        }),
        _ => false,
    };
    let variable = rule.member("Variable").and_then(Datum::text).is_some_and(|variable| names(&variable));
    let condition = rule.member("Condition").and_then(Datum::text);
    (orders && variable)
        || condition.is_some_and(|condition| condition.contains(['<', '>']) && names(&condition))
        || parts.into_iter().any(|part| asks(part, depth + 1))
}

#[cfg(test)]
mod tests;
