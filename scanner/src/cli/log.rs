//! `aedile log`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Which ledger.
#[derive(Debug, Clone, Args)]
pub struct LedgerArgs {
    /// The ledger.
    #[arg(long, value_name = "FILE", default_value = ".aedile/ledger.db", env = "AEDILE_LEDGER")]
    pub ledger: PathBuf,
}

/// Who signs, and who acts.
#[derive(Debug, Clone, Args)]
pub struct SignArgs {
    /// What signs the checkpoint; repeatable: a key file, env:NAME (the variable holds the key) or exec:PROGRAM
    /// (`PROGRAM key` prints the verifier key, `PROGRAM sign` signs its standard input and prints base64).
    #[arg(long, value_name = "KEY", env = "AEDILE_KEY")]
    pub key: Vec<String>,
    /// Who does this, as the entry will say.
    #[arg(long, value_name = "WHO", env = "AEDILE_ACTOR", default_value = "aedile log")]
    pub by: String,
}

/// What a log is compared with.
#[derive(Debug, Clone, Args)]
pub struct AnchorArgs {
    /// A checkpoint kept elsewhere; repeatable: a note, a job's log, a SARIF, JSON or HTML report, or the line
    /// `aedile-checkpoint: …` itself.
    #[arg(long, value_name = "FILE|LINE")]
    pub checkpoint: Vec<String>,
    /// A verifier key (`name+hash+base64`) or a file with one; repeatable. Of a log or of a witness.
    #[arg(long, value_name = "VKEY|FILE")]
    pub key: Vec<String>,
    /// A trust policy (C2SP tlog-policy): logs, witnesses and how many of them must have cosigned.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// `text` or `json`.
    #[arg(long, default_value = "text", value_parser = ["json", "text"])]
    pub format: String,
}

/// How a witness runs.
#[derive(Debug, Clone, Args)]
pub struct WitnessArgs {
    /// Where it listens. Only the loopback address keeps it from other machines.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7380")]
    pub listen: String,
    /// The key that cosigns; one that signs no log: a key file, env:NAME or exec:PROGRAM.
    #[arg(long, value_name = "KEY")]
    pub key: String,
    /// A log to watch: its verifier key, whose name is its origin, or a file with it; repeatable.
    #[arg(long, value_name = "VKEY|FILE", required = true)]
    pub log: Vec<String>,
    /// What it has seen; made if missing. Losing it means trusting every log afresh.
    #[arg(long, value_name = "FILE", default_value = "witness.db")]
    pub state: PathBuf,
    /// Stop after so many connections.
    #[arg(long, value_name = "N")]
    pub connections: Option<usize>,
}

/// What can be done with the ledger.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Make a ledger and, with --key, say in it which key signs.
    ///
    /// A ledger needs neither: the first scan makes one, and without a key it works and verification says "unsigned".
    /// With `--key FILE` a missing key file is made, mode 0600, and never beside the ledger: who copies the ledger must
    /// not get the key with it. In CI, `--key env:NAME` takes the key from a secret and `--key exec:PROGRAM` leaves it in
    /// a key store or device.
    #[command(after_help = "\
Example:  aedile log init --origin example.org/clinic --key ~/.config/aedile/clinic.key
Then:     aedile scan --key ~/.config/aedile/clinic.key")]
    Init {
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
        /// The log's name on its checkpoints; best a URL without scheme.
        #[arg(long, value_name = "ORIGIN", default_value = "aedile/platform")]
        origin: String,
        /// `rollback`: one file that can be copied. `wal`: readers and a writer do not wait for each other.
        #[arg(long, default_value = "rollback", value_parser = ["rollback", "wal"])]
        journal: String,
    },
    /// Recompute everything from the stored entries and say, in three statements, what holds.
    ///
    /// 1 the ledger agrees with itself; 2 it continues the checkpoints given, without which a cut end or a rewrite is not
    /// excluded; 3 it is signed by the keys given or by keys that those have introduced. Exit code 2 if one fails.
    Verify {
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
        /// Verify this C2SP tlog-tiles directory instead, ours or a stranger's.
        #[arg(long, value_name = "DIR")]
        tlog: Option<PathBuf>,
        /// What it is compared with.
        #[command(flatten)]
        anchors: AnchorArgs,
    },
    /// Check the proofs inside a report (JSON or HTML), a .tlog-proof with its entry, or an attestation, without the ledger.
    VerifyProof {
        /// The report, proof or attestation.
        file: PathBuf,
        /// The entry's bytes, for a .tlog-proof; otherwise FILE with the ending .entry.json.
        #[arg(long, value_name = "FILE")]
        entry: Option<PathBuf>,
        /// A verifier key or a file with one; repeatable.
        #[arg(long, value_name = "VKEY|FILE")]
        key: Vec<String>,
    },
    /// Print entries.
    Show {
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
        /// Only entries of this run; `latest` for the newest.
        #[arg(long)]
        run: Option<String>,
        /// Only entries of this kind (`finding`, `run-start`, …).
        #[arg(long)]
        kind: Option<String>,
        /// Only findings and waivers of this policy.
        #[arg(long)]
        policy: Option<String>,
        /// Only findings about this asset, by its id.
        #[arg(long)]
        asset: Option<String>,
        /// Only entries of this day (UTC) or later.
        #[arg(long, value_name = "YYYY-MM-DD")]
        since: Option<String>,
        /// Only entries of this day (UTC) or earlier.
        #[arg(long, value_name = "YYYY-MM-DD")]
        until: Option<String>,
        /// `text`, `json` (one entry a line, byte for byte as hashed) or `csv`.
        #[arg(long, default_value = "text", value_parser = ["csv", "json", "text"])]
        format: String,
    },
    /// Tell what became of findings over the runs: first seen, fixed, reopened, waived.
    History {
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
        /// Only this finding, by the beginning of its fingerprint.
        fingerprint: Option<String>,
        /// Only findings of this policy.
        #[arg(long)]
        policy: Option<String>,
        /// Only findings about this asset, by its id.
        #[arg(long)]
        asset: Option<String>,
        /// `text`, `json` or `csv`.
        #[arg(long, default_value = "text", value_parser = ["csv", "json", "text"])]
        format: String,
    },
    /// Print the newest checkpoint: keep it where the ledger's writer cannot reach it.
    Checkpoint {
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
        /// `note` (the signed note) or `line` (one line, for a job's log).
        #[arg(long, default_value = "note", value_parser = ["line", "note"])]
        format: String,
    },
    /// Print the inclusion proof of an entry, or write those of a run's findings beside a report.
    Prove {
        /// The entry's index.
        #[arg(required_unless_present = "run", conflicts_with = "run")]
        index: Option<u64>,
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
        /// All findings of this run; `latest` for the newest.
        #[arg(long, requires = "output")]
        run: Option<String>,
        /// The folder for FINGERPRINT.tlog-proof and FINGERPRINT.entry.json.
        #[arg(long, short, value_name = "DIR")]
        output: Option<PathBuf>,
    },
    /// Write the log as a C2SP tlog-tiles directory, or what was added since it was last written.
    ///
    /// Any static web server can then serve it, and any transparency-log client verify it.
    Export {
        /// The directory.
        dir: PathBuf,
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
    },
    /// Print an in-toto statement of a run's result, signed (DSSE) if there is a key.
    Statement {
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
        /// The run; `latest` for the newest.
        #[arg(long, default_value = "latest")]
        run: String,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Make a signing key (Ed25519) and print its verifier key.
    Key {
        /// The name that signatures carry, for example `audit.example.org`.
        name: String,
        /// Where the secret key goes; mode 0600, never overwritten.
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
        /// Print the verifier key of a witness.
        #[arg(long)]
        witness: bool,
    },
    /// Introduce a new signing key: the old one, given by --key, vouches for it. Both are in force until one is retired.
    Rotate {
        /// The new key; a missing key file is made.
        #[arg(long, value_name = "KEY")]
        to: String,
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// End the use of a key; another one in force, given by --key, vouches for that.
    Retire {
        /// The verifier key that ends, or a file with it.
        vkey: String,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Delete the sealed payload of a run and record that; all proofs stay valid.
    ///
    /// The entries stay: they hold no personal data. The payload is the whole recorded run, which `aedile report` needs.
    /// Copies of the file made before are beyond its reach.
    Erase {
        /// The run.
        run: String,
        /// Why, as the entry will say.
        #[arg(long)]
        reason: String,
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Forbid erasing a run's payload (legal hold), or allow it again.
    Hold {
        /// The run.
        run: String,
        /// Allow erasing again.
        #[arg(long)]
        lift: bool,
        /// Why, as the entry will say.
        #[arg(long)]
        reason: String,
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
        /// Who signs.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Be a witness: remember the largest state of each log seen, and cosign what continues it (C2SP tlog-witness).
    ///
    /// Run it on a second machine, with a key of its own. It answers POST /add-checkpoint and nothing else.
    Witness(WitnessArgs),
    /// Ask the witnesses of a policy to cosign the newest signed checkpoint, and keep what they say.
    Cosign {
        /// The trust policy (C2SP tlog-policy); witnesses with a URL are asked.
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
    },
    /// Have the newest checkpoint time-stamped (RFC 3161), or check a time stamp.
    ///
    /// What is checked is that the stamp is about the checkpoint. The authority's signature and certificates are not
    /// checked here; the command that does is printed.
    Timestamp {
        /// The authority's address, http or https.
        #[arg(long, value_name = "URL", required_unless_present_any = ["query", "reply"])]
        url: Option<String>,
        /// Only write the request to this file, to be sent by other means.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "reply"])]
        query: Option<PathBuf>,
        /// Check this answer against --checkpoint instead of asking.
        #[arg(long, value_name = "FILE", conflicts_with = "url", requires = "checkpoint")]
        reply: Option<PathBuf>,
        /// The note that was stamped.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// Where FILE.checkpoint and FILE.tsr go.
        #[arg(long, short, value_name = "FILE", default_value = "aedile")]
        output: PathBuf,
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
    },
    /// Verify a ledger of an older layout and give it the tables of this version. Its entries and root stay.
    Migrate {
        /// Which ledger.
        #[command(flatten)]
        ledger: LedgerArgs,
    },
}
