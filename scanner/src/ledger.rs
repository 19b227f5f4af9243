//! Runs in the ledger: what is recorded of a run, and the proofs that a report carries.

use std::path::Path;

use aedile_audit::{Draft, EntryFilter, Hash, Kind, Ledger, LedgerError, Signer};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::record::{self, Finding, Run};

/// The origin of a ledger whose configuration names no entity.
const DEFAULT_ORIGIN: &str = "aedile/platform";

/// Records `run` in the ledger at `path`, which is made if it is missing, and says where it stands.
///
/// Entries: run-start (everything in force), a waiver entry for each waiver in force, a finding entry for each
/// finding, the verdicts of every control, run-end with the whole run as its payload.
///
/// # Errors
/// The ledger is locked, damaged or read-only; nothing of the run is then recorded.
pub fn append(
    run: &Run,
    path: &Path,
    at: OffsetDateTime,
    signers: &[&dyn Signer],
) -> Result<record::Ledger, LedgerError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // A folder that cannot be made is told by the ledger, which names the path.
        let _ = std::fs::create_dir_all(folder);
    }
    let mut ledger = Ledger::open_or_create(path, &origin(run))?;
    let appended = ledger.append(&drafts(run), at, signers)?;
    standing(run, &ledger, appended.last)
}

/// Where the recorded `run` stands in the ledger, with a proof for each of its findings.
///
/// # Errors
/// The ledger cannot be read or does not hold the run.
pub fn standing(run: &Run, ledger: &Ledger, run_end: u64) -> Result<record::Ledger, LedgerError> {
    let closing = ledger.prove(run_end)?;
    let checkpoint = closing.checkpoint;
    // A run id used twice is told apart by order: the last entries before `run_end` are this run's.
    let filter =
        EntryFilter { run: Some(run.run.id.clone()), kind: Some(Kind::Finding), from: None, until: Some(run_end) };
    let entries = ledger.entries(&filter)?;
    let own = entries.len().saturating_sub(run.findings.len());
    let mut proofs = Vec::with_capacity(run.findings.len());
    let own: Vec<_> = entries.into_iter().skip(own).collect();
    let indexes: Vec<u64> = own.iter().map(|stored| stored.index).collect();
    for (stored, proof) in own.into_iter().zip(ledger.prove_each(&indexes)?) {
        proofs.push(record::Proof {
            fingerprint: text(&stored.entry.data, "fingerprint"),
            index: stored.index,
            entry: String::from_utf8_lossy(&stored.body).into_owned(),
            hashes: proof.path.iter().map(Hash::hex).collect(),
        });
    }
    Ok(record::Ledger {
        origin: checkpoint.origin.clone(),
        size: checkpoint.size,
        root: checkpoint.root.hex(),
        checkpoint: checkpoint.note.clone().unwrap_or_else(|| checkpoint.text()),
        signed: checkpoint.note.is_some(),
        run_end,
        proofs,
    })
}

/// The run `id` as it was recorded (`latest` for the newest), with its standing. `None` if there is none
/// or its payload was erased.
///
/// # Errors
/// The ledger cannot be read.
pub fn recorded(ledger: &Ledger, id: &str) -> Result<Option<Run>, LedgerError> {
    let runs = ledger.entries(&EntryFilter { kind: Some(Kind::RunEnd), ..EntryFilter::default() })?;
    let found = runs.iter().rev().find(|stored| id == "latest" || stored.entry.run == id);
    let Some(end) = found else { return Ok(None) };
    let payload = end.entry.data.get("payload").and_then(Value::as_str).and_then(aedile_audit::Hash::from_hex);
    let Some(payload) = payload else { return Ok(None) };
    let Some(bytes) = ledger.payload(&payload)? else { return Ok(None) };
    let Ok(mut run) = serde_json::from_slice::<Run>(&bytes) else { return Ok(None) };
    run.ledger = Some(standing(&run, ledger, end.index)?);
    Ok(Some(run))
}

fn origin(run: &Run) -> String {
    let Some(entity) = &run.run.entity else { return DEFAULT_ORIGIN.to_owned() };
    let words = entity.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    let slug: Vec<String> = words.map(str::to_lowercase).collect();
    if slug.is_empty() { DEFAULT_ORIGIN.to_owned() } else { format!("aedile/{}", slug.join("-")) }
}

fn drafts(run: &Run) -> Vec<Draft> {
    let tool = json!({ "version": run.tool.version, "packs": run.tool.packs.len(), "schema": run.schema });
    let subject = json!({ "repo": run.run.roots.join(" "), "commit": run.run.commit.clone().unwrap_or_default() });
    let draft = |kind: Kind, data: Value, payload: Option<Vec<u8>>| Draft {
        kind,
        run: run.run.id.clone(),
        actor: "aedile scan".to_owned(),
        tool: tool.clone(),
        subject: subject.clone(),
        data,
        payload,
    };
    let mut drafts = vec![draft(
        Kind::RunStart,
        json!({
            "started": run.run.started,
            "as_of": run.run.as_of,
            "roots": run.run.roots.iter().map(|root| bounded(root)).collect::<Vec<_>>(),
            "config_sha256": run.run.config_sha256,
            "packs": packs(run),
            "fail_on": run.run.fail_on,
            "strict": run.run.strict,
        }),
        None,
    )];
    for waiver in run.waivers.iter().filter(|waiver| waiver.in_force) {
        let data = json!({
            "policy": bounded(&waiver.policy),
            "scope": bounded(&waiver.scope),
            "reason": waiver.reason.as_deref().map(bounded),
            "by": waiver.by.as_deref().map(bounded),
            "until": waiver.until,
            "findings": waiver.findings,
        });
        drafts.push(draft(Kind::Waiver, data, None));
    }
    drafts.extend(run.findings.iter().map(|finding| draft(Kind::Finding, finding_data(finding), None)));
    let verdicts: Vec<Value> = run
        .verdicts
        .iter()
        .map(|(policy, tally)| {
            json!([bounded(policy), tally.pass, tally.fail, tally.not_applicable, tally.inconclusive])
        })
        .collect();
    for some in verdicts.chunks(CHUNK) {
        drafts.push(draft(Kind::VerdictSummary, json!({ "verdicts": some }), None));
    }
    let closing = json!({
        "outcome": run.summary.outcome,
        "exit_code": run.summary.exit_code,
        "findings": run.summary.findings,
        "gaps": run.summary.gaps,
    });
    let recorded = Run { ledger: None, ..run.clone() };
    drafts.push(draft(Kind::RunEnd, closing, serde_json::to_vec(&recorded).ok()));
    drafts
}

/// What an entry says of a finding: enough to stand alone, no source text.
#[must_use]
pub fn finding_data(finding: &Finding) -> Value {
    let place = finding.places.first().map(|place| json!({ "path": bounded(&place.path), "line": place.start.line }));
    json!({
        "fingerprint": finding.fingerprint,
        "policy": bounded(&finding.policy),
        "severity": finding.severity,
        "verdict": finding.verdict,
        "asset": bounded(&finding.asset.id),
        "title": bounded(&finding.title),
        "place": place,
        "citations": finding.citations.iter().take(CHUNK).map(|citation| bounded(&citation.obligation)).collect::<Vec<_>>(),
        "waived": finding.waiver.is_some(),
        "baseline_state": finding.baseline_state,
    })
}

/// How many items one entry lists at most.
const CHUNK: usize = 200;

/// How many bytes of one text an entry repeats: a hostile name must not keep a run from being recorded.
const LONGEST: usize = 2_000;

/// `text`, or its beginning and its SHA-256 if it is too long for an entry.
fn bounded(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let start = text.get(..end).unwrap_or_default();
    format!("{start}… (sha256 {} of {} bytes)", Hash::of(&[text.as_bytes()]), text.len())
}

/// Every pack with its digest; of many, one digest over all, as `sha256sum` would list them.
fn packs(run: &Run) -> Value {
    let packs = &run.tool.packs;
    if packs.len() <= CHUNK {
        return json!(packs.iter().map(|pack| json!([bounded(&pack.name), pack.sha256])).collect::<Vec<_>>());
    }
    let list: String = packs.iter().map(|pack| format!("{}  {}\n", pack.sha256, pack.name)).collect();
    json!({ "count": packs.len(), "sha256": Hash::of(&[list.as_bytes()]) })
}

fn text(data: &Value, key: &str) -> String {
    data.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
