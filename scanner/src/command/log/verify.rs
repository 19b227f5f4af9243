//! Verifying: a ledger, a directory of tiles, a report, a proof, an attestation.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aedile_audit::{Checkpoint, Fork, InclusionProof, MAX_ENTRY, Statement, Status, VerifyingKey};
use aedile_exchange::policy::Policy;
use aedile_exchange::{dsse, tiles};
use miette::{IntoDiagnostic, Report, miette};
use serde::Serialize;
use serde_json::{Value, json};

use super::{keys, ledger_error, open};
use crate::cli::AnchorArgs;
use crate::{proof, terminal};

/// `aedile log verify`.
pub(super) fn ledger(path: &Path, args: &AnchorArgs) -> Result<u8, Report> {
    let (anchors, keys, policy) = given(args)?;
    let ledger = open(path)?;
    let found = ledger.verify(&anchors, &keys).map_err(ledger_error)?;
    let newest = ledger.signed_checkpoint().map_err(ledger_error)?;
    let judged = policy.as_ref().map(|policy| judged(policy, newest.as_ref(), found.internal.status));
    let whose = format!(
        "ledger {} of {}: {} entries, root {}",
        path.display(),
        aedile_audit::shown(found.origin.as_deref().unwrap_or("unknown origin")),
        found.size,
        found.root
    );
    let statements = [&found.internal, &found.anchored, &found.signed];
    told(&found, &whose, statements, judged, &found.forks, &args.format)
}

/// `aedile log verify --tlog`.
pub(super) fn tiles(folder: &Path, args: &AnchorArgs) -> Result<u8, Report> {
    let (anchors, keys, policy) = given(args)?;
    let found = tiles::verify(folder, &anchors, &keys).map_err(tiles_error)?;
    let checkpoint = tiles::checkpoint(folder).map_err(tiles_error)?;
    let judged = policy.as_ref().map(|policy| judged(policy, Some(&checkpoint), found.internal.status));
    let whose = format!(
        "log {} of {}: {} leaves, root {}",
        folder.display(),
        aedile_audit::shown(&found.origin),
        found.size,
        found.root
    );
    let statements = [&found.internal, &found.anchored, &found.signed];
    told(&found, &whose, statements, judged, &found.forks, &args.format)
}

pub(super) fn tiles_error(error: tiles::TilesError) -> Report {
    miette!(
        code = "aedile::tlog",
        help = "a C2SP tlog-tiles directory has `checkpoint` and `tile/0/…`; `aedile log export DIR` writes one",
        "{error}"
    )
}

/// The anchors as text, the keys expected and the policy.
type Given = (Vec<String>, Vec<VerifyingKey>, Option<Policy>);

fn given(args: &AnchorArgs) -> Result<Given, Report> {
    let mut keys = keys(&args.key)?;
    let anchors = args.checkpoint.iter().map(|word| proof::checkpoints(word)).collect::<Result<Vec<_>, Report>>()?;
    let policy = args.policy.as_deref().map(policy).transpose()?;
    for key in policy.iter().flat_map(Policy::keys) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok((anchors.concat(), keys, policy))
}

/// The trust policy in `file`.
pub(super) fn policy(file: &Path) -> Result<Policy, Report> {
    let bytes = std::fs::read(file).into_diagnostic()?;
    Policy::parse(&bytes).map_err(|error| {
        miette!(
            code = "aedile::tlog::policy",
            help =
                "lines are: log VKEY [URL] · witness NAME VKEY [URL] · group NAME all|any|K NAME… · quorum NAME|none",
            "`{}`: {error}",
            file.display()
        )
    })
}

fn judged(policy: &Policy, checkpoint: Option<&Checkpoint>, internal: Status) -> Statement {
    let unshown =
        |sentence: &str| Statement { status: Status::Fails, sentence: sentence.to_owned(), details: Vec::new() };
    match checkpoint {
        None => unshown("the ledger has no signed checkpoint that a policy could judge"),
        // A checkpoint is worth as much as the statement that the entries lead to it.
        Some(_) if internal == Status::Fails => unshown("the entries do not lead to the checkpoint"),
        Some(checkpoint) => policy.judge(checkpoint),
    }
}

fn told<T: Serialize>(
    found: &T,
    whose: &str,
    statements: [&Statement; 3],
    judged: Option<Statement>,
    forks: &[Fork],
    format: &str,
) -> Result<u8, Report> {
    let text = if format == "json" {
        let mut value = serde_json::to_value(found).into_diagnostic()?;
        if let (Some(members), Some(judged)) = (value.as_object_mut(), &judged) {
            members.insert("policy".to_owned(), json!(judged));
        }
        serde_json::to_string_pretty(&value).into_diagnostic()? + "\n"
    } else {
        let mut text = format!("{whose}\n");
        let titles = ["1 internally consistent", "2 consistent with the anchors", "3 signed by the keys expected"];
        for (title, statement) in titles.into_iter().zip(statements) {
            tell(&mut text, title, statement);
        }
        if let Some(judged) = &judged {
            tell(&mut text, "the trust policy", judged);
        }
        for fork in forks {
            let _ = writeln!(
                text,
                "proof of a fork: both are signed and cannot both be true\n---\n{}\n---\n{}",
                fork.one, fork.other
            );
        }
        text
    };
    terminal::print(&text).into_diagnostic()?;
    let failed = statements.into_iter().chain(&judged).any(|statement| statement.status == Status::Fails);
    Ok(if failed || !forks.is_empty() { 2 } else { 0 })
}

fn tell(text: &mut String, title: &str, statement: &Statement) {
    let status = match statement.status {
        Status::Holds => "HOLDS",
        Status::Fails => "FAILS",
        Status::NotShown => "NOT SHOWN",
    };
    let _ = writeln!(text, "{title}: {status}\n  {}", statement.sentence);
    for detail in &statement.details {
        let _ = writeln!(text, "  - {detail}");
    }
}

/// `aedile log verify-proof`.
pub(super) fn proof(file: &Path, entry: Option<&Path>, words: &[String]) -> Result<u8, Report> {
    let keys = keys(words)?;
    let text = proof::read(file)?;
    let verified = if let Ok(proof) = InclusionProof::parse(&text) {
        included(&proof, &beside(file, entry), &keys)?
    } else if text.contains(dsse::IN_TOTO) {
        attested(&text, &keys, file)?
    } else {
        proof::verify_report(&text, &keys).map_err(|reason| {
            miette!(
                code = "aedile::proof",
                help = "give a JSON or HTML report of a recorded run, a .tlog-proof or an attestation",
                "`{}` cannot be verified: {reason}",
                file.display()
            )
        })?
    };
    let mut out = String::new();
    for (title, statement) in &verified {
        tell(&mut out, title, statement);
    }
    terminal::print(&out).into_diagnostic()?;
    Ok(if verified.iter().any(|(_, statement)| statement.status == Status::Fails) { 2 } else { 0 })
}

/// Where the entry of a proof lies.
fn beside(file: &Path, entry: Option<&Path>) -> PathBuf {
    entry.map_or_else(|| file.with_extension("entry.json"), Path::to_path_buf)
}

type Statements = Vec<(String, Statement)>;

fn included(proof: &InclusionProof, entry: &Path, keys: &[VerifyingKey]) -> Result<Statements, Report> {
    let bytes = std::fs::read(entry).map_err(|error| {
        miette!(
            code = "aedile::proof::entry",
            help = "a .tlog-proof does not hold its entry: give it with `--entry FILE`",
            "the entry `{}` cannot be read: {error}",
            entry.display()
        )
    })?;
    // An editor or a shell may have added a line's end; an entry never has one.
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    if bytes.len() > MAX_ENTRY {
        return Err(miette!(code = "aedile::proof::entry", "`{}` is larger than any entry", entry.display()));
    }
    let verified = proof.verify(bytes, keys);
    Ok(vec![
        ("included in the log".to_owned(), verified.included),
        ("signed by the keys expected".to_owned(), verified.signed),
    ])
}

fn attested(text: &str, keys: &[VerifyingKey], file: &Path) -> Result<Statements, Report> {
    let statement = |status, sentence| Statement { status, sentence, details: Vec::new() };
    let signed = match dsse::open(text, keys) {
        Ok((_, signers)) => {
            let names: Vec<&str> = signers.iter().map(|key| key.name()).collect();
            statement(Status::Holds, format!("the attestation is signed by {}", names.join(", ")))
        }
        Err(dsse::EnvelopeError::Untrusted) if keys.is_empty() => {
            statement(Status::NotShown, "no key was given: whose attestation it is was not checked".to_owned())
        }
        Err(error @ dsse::EnvelopeError::Malformed(_)) => {
            return Err(miette!(code = "aedile::proof", "`{}`: {error}", file.display()));
        }
        Err(error) => statement(Status::Fails, format!("the attestation is refused: {error}")),
    };
    let mut statements = vec![("signed by the keys expected".to_owned(), signed)];
    // The bare statement is shown in few words, so that a person sees what was attested.
    if let Ok((value, _)) = dsse::open(text, keys) {
        let gist = |member: &str| value.pointer(member).and_then(Value::as_str).map(aedile_audit::shown);
        let sentence = format!(
            "{} for the run {}",
            gist("/predicate/result").unwrap_or_default(),
            gist("/predicate/run").unwrap_or_default()
        );
        statements.push(("what it says".to_owned(), statement(Status::Holds, sentence)));
    }
    Ok(statements)
}
