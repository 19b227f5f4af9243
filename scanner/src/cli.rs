//! The command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

mod log;

pub use log::{AnchorArgs, LedgerArgs, LogCommand, SignArgs, WitnessArgs};

/// Governance and compliance scanner for data and ML platforms.
///
/// aedile reads pipeline code, infrastructure as code and dataset samples into one graph, tags the
/// sensitive columns, follows them, judges the platform by Cedar policies and records what it found
/// in a ledger that anybody can verify.
#[derive(Debug, Parser)]
#[command(
    name = "aedile",
    version,
    max_term_width = 100,
    after_help = "\
Exit codes: 0 clean at the gate · 1 findings at or above --fail-on · 2 the scan could not judge

Start with:  aedile scan .
In a pull request:  aedile scan --diff origin/main --format github --format sarif=aedile.sarif
For an auditor:  aedile scan --format html=report.html, then aedile log verify"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// More of everything; repeat for more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Only the closing lines.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan a platform, judge it, record the run and report it.
    Scan(ScanArgs),
    /// Say what the columns of datasets are, or which spans of texts are sensitive, without judging.
    Classify(ClassifyArgs),
    /// Show the patches of findings as a unified diff, or apply them.
    Fix(FixArgs),
    /// Tell everything of a finding, a policy or a rule.
    Explain(ExplainArgs),
    /// Keep known findings from failing the gate.
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Who can reach which class of data, and by which grants.
    Access(AccessArgs),
    /// Where an asset's data comes from and goes to, with masking on the way; or the lineage of a file of SQL alone.
    Lineage(Box<LineageArgs>),
    /// Write a first configuration from what is found, an intended access, a workflow and a hook; nothing is overwritten.
    Init(InitArgs),
    /// Draft least privilege from what was found: permits for the intended access, masks and grants for the stores.
    Suggest(SuggestArgs),
    /// Judge the inventory of a recorded run by a framework, without scanning again.
    Gaps(GapsArgs),
    /// Render a recorded run again.
    Report(ReportArgs),
    /// The ledger: verify it, look into it, hand it over, have it witnessed.
    #[command(subcommand)]
    Log(Box<LogCommand>),
    /// Rule packs: what recognises sensitive data, credentials, resources and library calls.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Policies: what must hold.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print the JSON Schema of a file that aedile reads or writes.
    Schema {
        /// `run` (the JSON report), `config` (aedile.yaml), `classify` or `spans` (aedile classify --text).
        #[arg(value_parser = ["classify", "config", "run", "spans"])]
        of: String,
    },
}

/// What is scanned and by what.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// Folders or files to scan.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// The configuration; otherwise aedile.yaml in the first path, then in the working directory.
    #[arg(long, value_name = "FILE", env = "AEDILE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Further rule packs: YAML files or folders of them.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Further policies and frameworks: .cedar and .yaml files or folders of them.
    #[arg(long, value_name = "PATH")]
    pub policy: Vec<PathBuf>,
    /// Report only these frameworks.
    #[arg(long, value_name = "ID", value_delimiter = ',', env = "AEDILE_FRAMEWORK")]
    pub framework: Vec<String>,
    /// Globs of what is not entered, relative to the root.
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// A value for an input variable of infrastructure code.
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub variables: Vec<String>,
    /// Judge expiry and applicability as of this date instead of today; makes reports reproducible.
    #[arg(long, value_name = "YYYY-MM-DD", env = "AEDILE_AS_OF")]
    pub as_of: Option<String>,
    /// Threads; 0 for one a core.
    #[arg(long, value_name = "N", default_value_t = 0, env = "AEDILE_JOBS")]
    pub jobs: usize,
}

impl TargetArgs {
    /// `folder` alone, with nothing said of how.
    #[must_use]
    pub fn of(folder: &Path, as_of: Option<String>) -> TargetArgs {
        TargetArgs {
            paths: vec![folder.to_path_buf()],
            config: None,
            rules: Vec::new(),
            policy: Vec::new(),
            framework: Vec::new(),
            exclude: Vec::new(),
            variables: Vec::new(),
            as_of,
            jobs: 0,
        }
    }
}

/// `aedile scan`.
#[derive(Debug, Clone, Args)]
pub struct ScanArgs {
    /// What is scanned.
    #[command(flatten)]
    pub target: TargetArgs,
    /// A report: FORMAT to standard output or FORMAT=FILE; repeatable.
    ///
    /// codequality, csv, cyclonedx, github, gitlab, html, json, junit, markdown, openlineage, oscal, sarif, sarif-audit, text
    #[arg(long, short, value_name = "FORMAT[=FILE]", env = "AEDILE_FORMAT", value_delimiter = ',')]
    pub format: Vec<String>,
    /// The lowest severity that gives exit code 1: low, medium, high, critical, never [default: high].
    #[arg(long, value_name = "SEVERITY", env = "AEDILE_FAIL_ON")]
    pub fail_on: Option<String>,
    /// The same for findings that are new against the baseline or the revision [default: as --fail-on].
    #[arg(long, value_name = "SEVERITY", env = "AEDILE_FAIL_ON_NEW")]
    pub fail_on_new: Option<String>,
    /// Compare with where this branch left REF: only what is new since then fails the gate.
    ///
    /// Both sides are read whole, the older one from git's objects; the work tree and the index are not touched. Without
    /// REF it is what a pull or merge request is for (GITHUB_BASE_REF, CI_MERGE_REQUEST_DIFF_BASE_SHA,
    /// CI_MERGE_REQUEST_TARGET_BRANCH_NAME).
    #[arg(long, value_name = "REF", num_args = 0..=1, default_missing_value = "")]
    pub diff: Option<String>,
    /// Where facts of unchanged files and the result of REF are kept for the next scan, or `none` [default: the user's cache].
    ///
    /// The result of a scan is the same with and without. Facts are not taken from a folder inside of what is scanned.
    #[arg(long, value_name = "DIR|none", env = "AEDILE_CACHE")]
    pub cache: Option<String>,
    /// Findings in this file do not fail the gate.
    #[arg(long, value_name = "FILE", env = "AEDILE_BASELINE")]
    pub baseline: Option<PathBuf>,
    /// Tell only counts: by control, law and severity.
    #[arg(long, conflicts_with_all = ["quiet", "verbose"])]
    pub summary: bool,
    /// Exit with 2 if anything could not be read or decided.
    #[arg(long, env = "AEDILE_STRICT")]
    pub strict: bool,
    /// Where the run is recorded, or `none` [default: .aedile/ledger.db].
    #[arg(long, value_name = "FILE|none", env = "AEDILE_LEDGER")]
    pub ledger: Option<String>,
    /// What signs the ledger's checkpoint; repeatable: a key file, env:NAME or exec:PROGRAM. See `aedile log init --help`.
    #[arg(long, value_name = "KEY", env = "AEDILE_KEY")]
    pub key: Vec<String>,
}

/// `aedile classify`.
#[derive(Debug, Args)]
#[command(after_help = "\
aedile classify data/patients.csv                    what each column is, how sure, of how many cells
aedile classify data/patients.csv --explain          counts, masked shapes, reasons; never a value
aedile classify 'lake/**/*.parquet' --format json    for machines; see `aedile schema classify`
aedile classify events.parquet --full                every row instead of a spread sample
psql -c \"COPY t TO STDOUT CSV HEADER\" | aedile classify -
aedile classify --text app.log                       places of sensitive values in any text

A column of no class shows what it is technically, or `·` if nothing is known. `holds` says that
some cells, or text inside them, are of a class. The same file, --rows and --seed give the same
sample.

Exit codes: 0 everything that was named was classified · 2 something that was named is not there,
cannot be read or is no dataset. What was not read of a dataset is told below, and as `gaps` in JSON.")]
pub struct ClassifyArgs {
    /// Files, folders, globs (in quotes), or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// `table`, or `json` (see `aedile schema classify`).
    #[arg(long, short, default_value = "table", value_parser = ["json", "table"])]
    pub format: String,
    /// Under each column its counts, masked shapes and what spoke for and against.
    #[arg(long)]
    pub explain: bool,
    /// Search lines of text instead: each span with its class, line, byte offsets and check.
    #[arg(long, conflicts_with_all = ["explain", "full", "rows", "seed"])]
    pub text: bool,
    /// Read every row of every dataset.
    #[arg(long, conflicts_with_all = ["rows", "seed"])]
    pub full: bool,
    /// Rows sampled of a dataset [default: 10000].
    #[arg(long, value_name = "N", value_parser = rows)]
    pub rows: Option<usize>,
    /// What chooses the sampled rows.
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// What standard input is, where its content does not tell: csv, json, jsonl, parquet … [default: csv].
    #[arg(long = "as", value_name = "EXTENSION", value_parser = ["csv", "json", "jsonl", "parquet", "sql", "tsv", "xlsx"])]
    pub input: Option<String>,
    /// Further rule packs: YAML files or folders of them.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Globs of what is not entered below folders.
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Threads; 0 for one a core.
    #[arg(long, value_name = "N", default_value_t = 0, env = "AEDILE_JOBS")]
    pub jobs: usize,
}

fn rows(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rows) if (1..=10_000_000).contains(&rows) => Ok(rows),
        _ => Err("a number from 1 to 10000000; `--full` reads every row".to_owned()),
    }
}

/// `aedile fix`.
///
/// Exit codes: 0 nothing to fix, or everything was written · 1 there are patches · 2 something went wrong.
#[derive(Debug, Clone, Args)]
pub struct FixArgs {
    /// What is scanned.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Apply the patches instead of only showing them.
    #[arg(long)]
    pub write: bool,
    /// Only findings of these policies; ids of other tools' checks count too.
    #[arg(long, value_name = "POLICY", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Only findings on assets whose address or id matches; `*` matches any letters; repeatable.
    #[arg(long, value_name = "GLOB")]
    pub asset: Vec<String>,
    /// Only findings of at least this severity: low, medium, high, critical.
    #[arg(long, value_name = "SEVERITY")]
    pub severity: Option<String>,
}

/// `aedile explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A finding's fingerprint or its beginning, a policy's id or another tool's id for it, or a rule's id.
    pub what: String,
    /// The run that the finding is looked up in, or `latest`.
    #[arg(long, default_value = "latest")]
    pub run: String,
    /// The ledger that the finding is looked up in.
    #[arg(long, value_name = "FILE", default_value = ".aedile/ledger.db", env = "AEDILE_LEDGER")]
    pub ledger: PathBuf,
    /// Further rule packs.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Further policies.
    #[arg(long, value_name = "PATH")]
    pub policy: Vec<PathBuf>,
}

/// `aedile baseline`.
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Scan and write every finding that is not waived as known.
    Create(BaselineArgs),
    /// Take new findings in, renew those whose asset has changed, drop those that are gone.
    Update(BaselineArgs),
    /// Drop the entries whose finding is gone; nothing is added.
    Prune(BaselineArgs),
}

/// What a baseline is made of and where it lies.
#[derive(Debug, Clone, Args)]
pub struct BaselineArgs {
    /// What is scanned.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The file.
    #[arg(long, short, value_name = "FILE", default_value = "aedile-baseline.json", env = "AEDILE_BASELINE")]
    pub output: PathBuf,
}

/// `aedile access`.
#[derive(Debug, Args)]
#[command(after_help = "\
aedile access samples/clinic                              the matrix: principals and the classes they reach
aedile access samples/clinic --who-can read --class phi   everybody who can read health data, with the path of grants
aedile access samples/clinic --what-can aws_iam_role.etl  everything that a role reaches")]
pub struct AccessArgs {
    /// What is scanned.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only ways that give this: read, write, administer, share. Shows paths instead of the matrix.
    #[arg(long, value_name = "ACCESS", value_parser = ["administer", "read", "share", "write"])]
    pub who_can: Option<String>,
    /// Only ways to this class or group of classes (`phi`, `special`, `pii.contact.email`).
    #[arg(long, value_name = "CLASS")]
    pub class: Option<String>,
    /// Only ways to resources whose address this glob matches.
    #[arg(long, value_name = "GLOB")]
    pub on: Option<String>,
    /// Only ways of principals whose address this glob matches. Shows paths instead of the matrix.
    #[arg(long, value_name = "GLOB")]
    pub what_can: Option<String>,
    /// `text`, or `json`: one object a way.
    #[arg(long, default_value = "text", value_parser = ["json", "text"])]
    pub format: String,
}

/// `aedile lineage`.
#[derive(Debug, Args)]
#[command(after_help = "\
aedile lineage clinic.patients                            scans `.`, then shows both ways of the table's data
aedile lineage clinic.patients.mrn samples/clinic         one column of another platform
aedile lineage dim_users --run latest --upstream          from the last recorded run, without scanning
aedile lineage --sql job.sql --dialect snowflake --schema tables.yaml --format json
                                                          SQL alone: sources, targets, columns")]
pub struct LineageArgs {
    /// An asset by address, id or name (`clinic.patients`, `s3://lake/raw.csv`), or a column (`clinic.patients.mrn`).
    #[arg(required_unless_present = "sql", conflicts_with = "sql")]
    pub asset: Option<String>,
    /// What is scanned.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only where it comes from.
    #[arg(long, conflicts_with = "downstream")]
    pub upstream: bool,
    /// Only where it goes.
    #[arg(long)]
    pub downstream: bool,
    /// Steps that are followed each way.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = depth)]
    pub depth: usize,
    /// A recorded run, or `latest`, instead of a scan.
    #[arg(long, value_name = "ID", conflicts_with = "sql")]
    pub run: Option<String>,
    /// The ledger that holds it.
    #[arg(long, value_name = "FILE", default_value = ".aedile/ledger.db", env = "AEDILE_LEDGER")]
    pub ledger: PathBuf,
    /// Analyse this file of SQL alone.
    #[arg(long, value_name = "FILE")]
    pub sql: Option<PathBuf>,
    /// The dialect of `--sql`: ansi, bigquery, databricks, duckdb, hive, mysql, postgres, redshift, snowflake, spark, tsql.
    #[arg(long, value_name = "NAME", requires = "sql")]
    pub dialect: Option<String>,
    /// Tables with their columns in order: CREATE TABLE statements (.sql), or `table: [column, …]` in YAML or JSON.
    #[arg(long, value_name = "FILE", requires = "sql")]
    pub schema: Option<PathBuf>,
    /// `text`, `json`, `dot`, `mermaid`, or `openlineage`.
    #[arg(long, default_value = "text", value_parser = ["dot", "json", "mermaid", "openlineage", "text"])]
    pub format: String,
}

/// `aedile init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The platform's folder.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// As of this date instead of today.
    #[arg(long, value_name = "YYYY-MM-DD", env = "AEDILE_AS_OF")]
    pub as_of: Option<String>,
}

/// `aedile suggest`.
#[derive(Debug, Args)]
#[command(after_help = "\
aedile suggest                                 every draft, one after the other
aedile suggest --write suggested               a file each: access/suggested.cedar, postgres.sql, iam/ROLE.json …
aedile suggest --dialect snowflake             for tables of which no source says what holds them")]
pub struct SuggestArgs {
    /// What is scanned.
    #[command(flatten)]
    pub target: TargetArgs,
    /// For tables whose system no source names: snowflake, databricks, bigquery, lake-formation, postgres.
    #[arg(long, value_name = "NAME")]
    pub dialect: Option<String>,
    /// Write the drafts below this folder; nothing is overwritten.
    #[arg(long, value_name = "DIR")]
    pub write: Option<PathBuf>,
    /// `text` or `json`.
    #[arg(long, default_value = "text", value_parser = ["json", "text"])]
    pub format: String,
}

/// `aedile gaps`.
///
/// Exit codes: 0 nothing at or above --fail-on stands against an obligation that applies · 1 something does · 2 it could not
/// be judged.
#[derive(Debug, Args)]
#[command(after_help = "\
aedile gaps --framework gdpr                                        the last run in the ledger
aedile gaps --framework new-act.yaml --policy new-act.cedar         a law that did not exist when it was recorded
aedile gaps --framework eu-ai-act --from report.json --as-of 2027-12-02   what will apply then")]
pub struct GapsArgs {
    /// A framework's id, or a file (.yaml) with one.
    #[arg(long, value_name = "ID|FILE")]
    pub framework: String,
    /// Further policies and frameworks: .cedar and .yaml files or folders of them.
    #[arg(long, value_name = "PATH")]
    pub policy: Vec<PathBuf>,
    /// The run's id, or `latest`.
    #[arg(long, default_value = "latest")]
    pub run: String,
    /// The JSON report of a run instead of the ledger.
    #[arg(long, value_name = "FILE", conflicts_with = "run")]
    pub from: Option<PathBuf>,
    /// The ledger.
    #[arg(long, value_name = "FILE", default_value = ".aedile/ledger.db", env = "AEDILE_LEDGER")]
    pub ledger: PathBuf,
    /// Judge which obligations apply, and which waivers still hold, as of this date instead of today.
    #[arg(long, value_name = "YYYY-MM-DD", env = "AEDILE_AS_OF")]
    pub as_of: Option<String>,
    /// The configuration with further policies and the intended access; otherwise aedile.yaml in the working directory.
    #[arg(long, value_name = "FILE", env = "AEDILE_CONFIG")]
    pub config: Option<PathBuf>,
    /// The lowest severity that gives exit code 1: low, medium, high, critical, never [default: high].
    #[arg(long, value_name = "SEVERITY", env = "AEDILE_FAIL_ON")]
    pub fail_on: Option<String>,
    /// Exit with 2 if anything could not be decided.
    #[arg(long, env = "AEDILE_STRICT")]
    pub strict: bool,
    /// `text`, `json` or `markdown`.
    #[arg(long, default_value = "text", value_parser = ["json", "markdown", "text"])]
    pub format: String,
}

/// `aedile report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run's id, or `latest`.
    #[arg(long, default_value = "latest")]
    pub run: String,
    /// FORMAT to standard output or FORMAT=FILE; repeatable.
    #[arg(long, short, value_name = "FORMAT[=FILE]", default_value = "text", value_delimiter = ',')]
    pub format: Vec<String>,
    /// The ledger.
    #[arg(long, value_name = "FILE", default_value = ".aedile/ledger.db", env = "AEDILE_LEDGER")]
    pub ledger: PathBuf,
}

/// `aedile rules`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Load every pack and say what is wrong with it.
    Check {
        /// Further packs.
        paths: Vec<PathBuf>,
    },
    /// Run every rule's examples and counter-examples.
    Test {
        /// Further packs.
        paths: Vec<PathBuf>,
    },
    /// List the rules.
    List {
        /// Further packs.
        paths: Vec<PathBuf>,
        /// `text`, `json` or `markdown`.
        #[arg(long, default_value = "text", value_parser = ["json", "markdown", "text"])]
        format: String,
    },
    /// Print what a rule recognises and by which source.
    Explain {
        /// The rule's id.
        id: String,
        /// Further packs.
        #[arg(long = "rules")]
        paths: Vec<PathBuf>,
    },
}

/// `aedile policy prove`.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The organisation's guardrails: files, or folders of `.cedar` files.
    pub paths: Vec<PathBuf>,
    /// The organisation's intended access; repeatable.
    #[arg(long, value_name = "PATH")]
    pub access: Vec<PathBuf>,
    /// Prove that no more may happen than by the same files at this revision (a pull request's base).
    #[arg(long, value_name = "REF")]
    pub against: Option<String>,
    /// The built-in policies too: some minutes.
    #[arg(long)]
    pub all: bool,
    /// The solver: cvc5, or a program called like it.
    #[arg(long, value_name = "PROGRAM", default_value = "cvc5", env = "CVC5")]
    pub solver: PathBuf,
    /// Seconds that one question may take.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub seconds: u32,
    /// `text` or `json`.
    #[arg(long, default_value = "text", value_parser = ["json", "text"])]
    pub format: String,
}

/// `aedile policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Load, validate and lint every policy and framework.
    Check {
        /// Further policies.
        paths: Vec<PathBuf>,
    },
    /// Run every policy's cases.
    Test {
        /// Further policies with their cases.
        paths: Vec<PathBuf>,
    },
    /// List the policies.
    List {
        /// Further policies.
        paths: Vec<PathBuf>,
        /// `text`, `json` or `markdown`.
        #[arg(long, default_value = "text", value_parser = ["json", "markdown", "text"])]
        format: String,
    },
    /// Prove what holds of every request: that policies never fail, can match, shadow no other, permit nothing new.
    ///
    /// Exit 0 if all is proved, 1 if something is refuted or could not be proved. Needs a build with the feature
    /// `prove` and the solver cvc5.
    Prove(ProveArgs),
    /// Print a policy with its rationale, its obligations and its remedy.
    Explain {
        /// The policy's id.
        id: String,
        /// Further policies.
        #[arg(long = "policy")]
        paths: Vec<PathBuf>,
    },
}

/// A number of steps: 1 to 65 535.
fn depth(word: &str) -> Result<usize, String> {
    match word.parse::<u16>() {
        Ok(0) | Err(_) => Err("it is a number from 1 to 65535".to_owned()),
        Ok(number) => Ok(usize::from(number)),
    }
}
