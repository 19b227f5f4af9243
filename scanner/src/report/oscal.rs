//! OSCAL assessment results (NIST OSCAL 1.2.1, JSON) for governance tools.
//!
//! Each control is an observation with its population; each finding is an observation and a risk; each obligation
//! that was assessed is a finding with a target. Waived findings are risks with an approved deviation. Identifiers
//! are UUIDs of version 5 over stable names, so that two runs can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::wording::{plural, pretty, sentence, uuid};
use super::{Look, RenderError};
use crate::record::{Control, Finding, Framework, Obligation, Run};

const VERSION: &str = "1.2.1";

/// The name space of properties that are ours.
const OURS: &str = "urn:aedile:oscal";

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let id = |what: &str| uuid(&format!("{}/{what}", run.run.id));
    let title = run.run.entity.as_deref().unwrap_or("Platform audit");
    let mut result = Map::new();
    let mut put = |name: &str, value: Value| {
        // The form knows no empty lists.
        if value.as_array().is_none_or(|items| !items.is_empty()) {
            result.insert(name.to_owned(), value);
        }
    };
    put("uuid", json!(id("result")));
    put("title", json!(format!("Run {}", run.run.id)));
    put("description", json!(description(run)));
    put("start", json!(run.run.started));
    put("end", json!(run.run.started));
    put("props", json!(props(run)));
    let items = inventory(run);
    if !items.is_empty() {
        put("local-definitions", json!({ "inventory-items": items }));
    }
    put("reviewed-controls", reviewed(run));
    let observations = run.controls.iter().filter_map(|control| of_control(run, control));
    let observations: Vec<Value> =
        observations.chain(run.findings.iter().map(|finding| observation(run, finding))).collect();
    put("observations", json!(observations));
    put("risks", json!(run.findings.iter().map(|finding| risk(run, finding)).collect::<Vec<_>>()));
    put("findings", json!(findings(run)));
    let plan = id("plan");
    let document = json!({ "assessment-results": {
        "uuid": id("document"),
        "metadata": {
            "title": format!("{title}: assessment results"),
            "last-modified": run.run.started,
            "version": run.run.id,
            "oscal-version": VERSION,
        },
        "import-ap": { "href": format!("#{plan}"), "remarks": "No assessment plan was given; the scope stands in the resource." },
        "results": [result],
        "back-matter": { "resources": [{
            "uuid": plan,
            "title": "Scope of the scan",
            "description": format!(
                "Roots {}; as of {}; configuration SHA-256 {}.", run.run.roots.join(", "), run.run.as_of, run.run.config_sha256
            ),
        }] },
    }});
    pretty(&document, "oscal")
}

fn description(run: &Run) -> String {
    format!(
        "{} read, {} found, {} not read. Gate {}. That nothing was found is not a statement of compliance.",
        plural(run.summary.files, "file"),
        plural(run.summary.assets, "asset"),
        plural(run.summary.gaps, "thing"),
        run.verdict()
    )
}

fn prop(name: &str, value: &str) -> Value {
    let value = line(value);
    json!({ "name": name, "ns": OURS, "value": if value.is_empty() { "-" } else { &value } })
}

/// `text` on one line, without blanks at its ends.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn props(run: &Run) -> Vec<Value> {
    let mut props = vec![
        prop("tool", &format!("{} {}", run.tool.name, run.tool.version)),
        prop("gate", &run.verdict()),
        prop("findings", &run.summary.findings.to_string()),
        prop("waived", &run.summary.waived.to_string()),
        prop("gaps", &run.summary.gaps.to_string()),
    ];
    props.extend(run.run.commit.iter().map(|commit| prop("commit", commit)));
    if let Some(ledger) = &run.ledger {
        props.push(prop("ledger-origin", &ledger.origin));
        props.push(prop("ledger-root", &ledger.root));
    }
    let unused = run.waivers.iter().filter(|waiver| waiver.findings == 0 || waiver.ends_soon());
    props
        .extend(unused.map(|waiver| prop("waiver", &format!("{} {}: {}", waiver.policy, waiver.scope, waiver.told()))));
    props
}

/// The assets that findings are about.
fn inventory(run: &Run) -> Vec<Value> {
    let subjects: BTreeMap<&str, &Finding> =
        run.findings.iter().map(|finding| (finding.asset.id.as_str(), finding)).collect();
    let item = |(id, finding): (&str, &Finding)| {
        json!({
            "uuid": asset(id),
            "description": finding.asset.address,
            "props": [prop("kind", &finding.asset.kind), prop("asset-id", id)],
        })
    };
    subjects.into_iter().map(item).collect()
}

fn asset(id: &str) -> String {
    uuid(&format!("asset/{id}"))
}

fn reviewed(run: &Run) -> Value {
    let assessed: BTreeSet<String> =
        assessed(run).map(|(framework, obligation)| control_id(framework, obligation)).collect();
    if assessed.is_empty() {
        return json!({ "control-selections": [{ "description": "No control of a framework was assessed.", "include-all": {} }] });
    }
    let included: Vec<Value> = assessed.iter().map(|id| json!({ "control-id": id })).collect();
    json!({ "control-selections": [{ "include-controls": included }] })
}

fn assessed(run: &Run) -> impl Iterator<Item = (&Framework, &Obligation)> {
    let all = run.frameworks.iter().flat_map(|framework| framework.obligations.iter().map(move |one| (framework, one)));
    all.filter(|(_, obligation)| obligation.status != "not-assessed")
}

/// The id of an obligation as a token: NIST SP 800-53 controls as their catalog writes them (`si-12.1`), others
/// with their framework before them.
fn control_id(framework: &Framework, obligation: &Obligation) -> String {
    let (_, number) = obligation.id.split_once(':').unwrap_or(("", &obligation.id));
    let is_nist = framework.id.starts_with("nist-800-53") || framework.id.starts_with("nist-sp-800-53");
    let words = if is_nist {
        number.to_ascii_lowercase().replace('(', ".").replace(')', "")
    } else {
        format!("{}_{number}", framework.id)
    };
    let token: String = words
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' })
        .collect();
    let token = token.trim_end_matches('-');
    if token.starts_with(|c: char| c.is_ascii_alphabetic()) { token.to_owned() } else { format!("_{token}") }
}

fn subject(finding: &Finding) -> Value {
    json!([{ "subject-uuid": asset(&finding.asset.id), "type": "inventory-item", "title": line(&finding.asset.address) }])
}

fn of_control(run: &Run, control: &Control) -> Option<Value> {
    let tally = run.verdicts.get(&control.id)?;
    let tested = tally.pass + tally.fail + tally.inconclusive;
    (tested > 0).then(|| {
        json!({
            "uuid": uuid(&format!("{}/control/{}", run.run.id, control.id)),
            "title": control.id,
            "description": format!(
                "Population {tested}, tested {tested}, exceptions {}, undecided {}. {}", tally.fail, tally.inconclusive, sentence(&control.rationale)
            ),
            "methods": ["TEST"],
            "types": ["control-objective"],
            "collected": run.run.started,
        })
    })
}

fn observation(run: &Run, finding: &Finding) -> Value {
    let mut evidence: Vec<Value> = finding
        .places
        .iter()
        .map(|place| json!({ "description": format!("{} {}", run.in_repository(&place.path), place.start.line) }))
        .collect();
    evidence.extend(finding.evidence.iter().map(|text| json!({ "description": text })));
    let mut observation = json!({
        "uuid": uuid(&format!("{}/observation/{}", run.run.id, finding.fingerprint)),
        "title": line(&finding.title),
        "description": sentence(&finding.title),
        "props": [prop("policy", &finding.policy), prop("verdict", &finding.verdict), prop("state", finding.state())],
        "methods": ["TEST"],
        "types": ["finding"],
        "subjects": subject(finding),
        "collected": run.run.started,
    });
    if let Some(object) = observation.as_object_mut().filter(|_| !evidence.is_empty()) {
        object.insert("relevant-evidence".to_owned(), json!(evidence));
    }
    observation
}

fn risk(run: &Run, finding: &Finding) -> Value {
    let mut props = vec![prop("severity", &finding.severity), prop("fingerprint", &finding.fingerprint)];
    let status = match &finding.waiver {
        Some(waiver) => {
            props.push(prop("deviation", &waiver.told()));
            "deviation-approved"
        }
        None if finding.verdict == "fail" => "open",
        None => "investigating",
    };
    json!({
        "uuid": uuid(&format!("{}/risk/{}", run.run.id, finding.fingerprint)),
        "title": line(&finding.title),
        "description": sentence(&finding.title),
        "statement": statement(finding),
        "props": props,
        "status": status,
        "remediations": [{
            "uuid": uuid(&format!("{}/remedy/{}", run.run.id, finding.fingerprint)),
            "lifecycle": "recommendation",
            "title": "Remedy",
            "description": sentence(&finding.remediation.text),
        }],
        "related-observations": [{ "observation-uuid": uuid(&format!("{}/observation/{}", run.run.id, finding.fingerprint)) }],
    })
}

fn statement(finding: &Finding) -> String {
    let steps: Vec<&str> = finding.path.iter().map(|step| step.text.as_str()).collect();
    if steps.is_empty() {
        sentence(&finding.title)
    } else {
        format!("{} How it got there: {}.", sentence(&finding.title), steps.join("; "))
    }
}

/// One for each obligation that was assessed.
fn findings(run: &Run) -> Vec<Value> {
    assessed(run)
        .map(|(framework, obligation)| {
            let related =
                |finding: &&Finding| finding.citations.iter().any(|citation| citation.obligation == obligation.id);
            let findings: Vec<&Finding> = run.findings.iter().filter(related).collect();
            let tested = obligation.controls.iter().filter(|control| {
                run.verdicts.get(*control).is_some_and(|tally| tally.pass + tally.fail + tally.inconclusive > 0)
            });
            let observations = tested
                .map(|control| format!("control/{control}"))
                .chain(findings.iter().map(|finding| format!("observation/{}", finding.fingerprint)))
                .map(|name| json!({ "observation-uuid": uuid(&format!("{}/{name}", run.run.id)) }));
            let risks = findings
                .iter()
                .map(|finding| json!({ "risk-uuid": uuid(&format!("{}/risk/{}", run.run.id, finding.fingerprint)) }));
            let mut value = json!({
                "uuid": uuid(&format!("{}/obligation/{}", run.run.id, obligation.id)),
                "title": line(&obligation.id),
                "description": sentence(&obligation.title),
                "target": {
                    "type": "objective-id",
                    "target-id": control_id(framework, obligation),
                    "status": {
                        "state": if obligation.status == "satisfied" { "satisfied" } else { "not-satisfied" },
                        "remarks": sentence(&obligation.why),
                    },
                },
            });
            if let Some(object) = value.as_object_mut() {
                for (name, list) in
                    [("related-observations", observations.collect::<Vec<_>>()), ("related-risks", risks.collect())]
                {
                    if !list.is_empty() {
                        object.insert(name.to_owned(), json!(list));
                    }
                }
            }
            value
        })
        .collect()
}
