//! A witness: a second machine that remembers the largest state of a log it has seen and vouches only for what continues
//! it.
//!
//! Source: C2SP tlog-witness, <https://c2sp.org/tlog-witness>. What it has seen lies in an SQLite file of its own; checking
//! and remembering are one transaction, so that two requests at once cannot make it go back.

use std::path::Path;
use std::time::Duration;

use aedile_audit::merkle::verify_consistency;
use aedile_audit::{Checkpoint, Hash, NoteError, SignedNote, Signer, VerifyingKey, shown};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::http::{Request, Response};

/// The path at which checkpoints are taken.
pub const PATH: &str = "/add-checkpoint";
/// The media type of a size in an answer of status 409.
pub const SIZE: &str = "text/x.tlog.size";
/// The most hashes of a consistency proof. Source: C2SP tlog-witness.
const PROOF: usize = 63;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS latest (
      origin TEXT PRIMARY KEY,
      size   INTEGER NOT NULL CHECK (size >= 0),
      root   BLOB NOT NULL CHECK (length(root) = 32),
      note   TEXT NOT NULL
    ) STRICT;
    -- Two signed checkpoints that contradict each other: proof of a fork.
    CREATE TABLE IF NOT EXISTS forks (one TEXT NOT NULL, other TEXT NOT NULL, UNIQUE (one, other)) STRICT;
";

/// A witness with its memory.
pub struct Witness<'s> {
    connection: Connection,
    signer: &'s (dyn Signer + Sync),
    /// The keys of the logs that it watches; a key's name is its log's origin.
    logs: Vec<VerifyingKey>,
}

/// A request's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The size that the submitter thinks the witness has seen last.
    pub old: u64,
    /// The proof from there.
    pub proof: Vec<Hash>,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
}

impl Submission {
    /// Reads a body: `old N`, hashes in base64, an empty line and the note.
    pub fn parse(body: &[u8]) -> Option<Submission> {
        let (head, note) = std::str::from_utf8(body).ok()?.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let digits = lines.next()?.strip_prefix("old ")?;
        let old: u64 = digits.parse().ok().filter(|old: &u64| old.to_string() == digits)?;
        let proof: Vec<Hash> = lines.take(PROOF + 1).map(Hash::from_base64).collect::<Option<_>>()?;
        let checkpoint = Checkpoint::parse(note).ok().filter(|checkpoint| checkpoint.note.is_some())?;
        (proof.len() <= PROOF).then_some(Submission { old, proof, checkpoint })
    }
}

impl std::fmt::Display for Submission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", hash.base64()))?;
        write!(f, "\n{}", self.checkpoint.note.as_deref().unwrap_or_default())
    }
}

impl<'s> Witness<'s> {
    /// The witness that signs by `signer`, watches `logs` and remembers in `file`, which is made if it is missing.
    pub fn open(
        file: &Path,
        signer: &'s (dyn Signer + Sync),
        logs: Vec<VerifyingKey>,
    ) -> Result<Witness<'s>, rusqlite::Error> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "EXTRA")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Witness { connection, signer, logs })
    }

    /// Answers an HTTP request at `now`, in seconds since 1970.
    pub fn answer(&mut self, request: &Request, now: u64) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", PATH) => self.add_checkpoint(&request.body, now),
            (_, PATH) => Response::text(405, "send a checkpoint with POST\n"),
            _ => Response::text(404, "there is only /add-checkpoint\n"),
        }
    }

    /// Cosigns a checkpoint that continues what was seen last, or says why not.
    pub fn add_checkpoint(&mut self, body: &[u8], now: u64) -> Response {
        let Some(submission) = Submission::parse(body) else {
            return Response::text(400, "the body is not a submission: old size, proof, empty line, checkpoint\n");
        };
        let checkpoint = &submission.checkpoint;
        let of_origin = |key: &&VerifyingKey| key.name() == checkpoint.origin;
        let keys: Vec<VerifyingKey> = self.logs.iter().filter(of_origin).cloned().collect();
        if keys.is_empty() {
            return Response::text(404, "this witness does not watch that log\n");
        }
        match checkpoint.signers(&keys) {
            Ok(_) => {}
            Err(NoteError::Malformed(why)) => return Response::text(400, format!("{why}\n")),
            Err(error) => return Response::text(403, format!("{error}\n")),
        }
        if submission.old > checkpoint.size {
            return Response::text(400, "the old size is larger than the checkpoint's\n");
        }
        match self.remember(&submission) {
            Ok(None) => {}
            Ok(Some(response)) => return response,
            Err(error) => return Response::text(500, format!("the witness cannot remember: {error}\n")),
        }
        let note = checkpoint.note.as_deref().map(SignedNote::parse);
        match note.map(|note| note.and_then(|note| note.cosignature(self.signer, now))) {
            Some(Ok(line)) => Response::text(200, line),
            _ => Response::text(500, "the witness cannot sign\n"),
        }
    }

    /// Pairs of contradicting signed checkpoints that were submitted.
    pub fn forks(&self) -> Result<Vec<(String, String)>, rusqlite::Error> {
        let mut statement = self.connection.prepare("SELECT one, other FROM forks ORDER BY one, other")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    /// Makes the checkpoint the latest if it continues the one before; else the answer that says why not.
    fn remember(&mut self, submission: &Submission) -> Result<Option<Response>, rusqlite::Error> {
        let checkpoint = &submission.checkpoint;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let latest: Option<(i64, Vec<u8>, String)> = transaction
            .query_row("SELECT size, root, note FROM latest WHERE origin = ?1", [&checkpoint.origin], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let (size, root, note) =
            latest.unwrap_or((0, aedile_audit::merkle::empty_root().as_bytes().to_vec(), String::new()));
        let (size, root) = (size.unsigned_abs(), Hash::from_slice(&root).unwrap_or(Hash::ZERO));
        let conflict = || Response { status: 409, content_type: SIZE, body: format!("{size}\n") };
        let same_size_other_root = size == checkpoint.size && root != checkpoint.root;
        if same_size_other_root && size > 0 {
            let evidence = "INSERT INTO forks (one, other) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            transaction.execute(evidence, params![note, checkpoint.note])?;
            transaction.commit()?;
        } else if size == submission.old && !same_size_other_root {
            if !verify_consistency(size, checkpoint.size, &submission.proof, &root, &checkpoint.root) {
                return Ok(Some(Response::text(422, "the proof does not lead from the old size to the checkpoint\n")));
            }
            let Ok(new) = i64::try_from(checkpoint.size) else {
                return Ok(Some(Response::text(400, "the size is too large\n")));
            };
            transaction.execute(
                "INSERT INTO latest (origin, size, root, note) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note",
                params![checkpoint.origin, new, checkpoint.root.as_bytes(), checkpoint.note],
            )?;
            transaction.commit()?;
            return Ok(None);
        }
        Ok(Some(conflict()))
    }
}

impl std::fmt::Debug for Witness<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Witness({}, {} logs)", shown(&self.signer.verifying_key().to_string()), self.logs.len())
    }
}

#[cfg(test)]
mod tests;
