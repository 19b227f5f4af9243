//! `aedile scan`.

use std::path::PathBuf;

use aedile_audit::Checkpoint;
use aedile_crawl::Progress;
use aedile_exchange::anchor;
use miette::{Report, miette};
use time::macros::time;
use time::{Date, OffsetDateTime};

use super::{outputs, write};
use crate::baseline::Baseline;
use crate::cli::{ScanArgs, TargetArgs};
use crate::compare::Compare;
use crate::config::{Loaded, parse_date};
use crate::facts::FactStore;
use crate::gate::Threshold;
use crate::git::{self, GitError, Repository};
use crate::overrides::Overrides;
use crate::record::Run;
use crate::report::Detail;
use crate::run::{Judged, Packs, Request, ScanError, judge, scan};
use crate::signer::borrowed;
use crate::{ledger, terminal};

pub(super) fn run(args: &ScanArgs, detail: Detail) -> Result<u8, Report> {
    let given: Vec<String> = if args.format.is_empty() { vec!["text".to_owned()] } else { args.format.clone() };
    let outputs = outputs(&given)?;
    let detail = if args.summary { Detail::Summary } else { detail };
    let baseline = args.baseline.as_deref().map(Baseline::read).transpose()?;
    if args.fail_on_new.is_some() && baseline.is_none() && args.diff.is_none() {
        return Err(miette!(
            code = "aedile::usage",
            help = "add `--diff REF` or `--baseline FILE`, or use `--fail-on`",
            "`--fail-on-new` needs something that says which findings are new"
        ));
    }
    let signers = super::log::signers(&args.key)?;
    let asked = Asked {
        fail_on: args.fail_on.as_deref(),
        fail_on_new: args.fail_on_new.as_deref(),
        strict: args.strict,
        baseline,
        diff: args.diff.as_deref(),
        cache: args.cache.as_deref(),
        keep: true,
    };
    let (mut run, loaded) = scanned(&args.target, asked, detail)?;

    let recorded = match ledger_path(args, &loaded) {
        None => Ok(()),
        Some(path) => ledger::append(&run, &path, OffsetDateTime::now_utc(), &borrowed(&signers))
            .map(|standing| run.ledger = Some(standing))
            .and_then(|()| super::tell_history(&mut run, &outputs, &path))
            .map_err(|error| {
                miette!(
                    code = "aedile::ledger",
                    help = error.help().unwrap_or("`aedile log verify` says more"),
                    "the run could not be recorded in `{}`: {error}",
                    path.display()
                )
            }),
    };
    // The findings are shown even if they could not be recorded.
    write(&run, &outputs, terminal::look(detail))?;
    if outputs.iter().all(|output| output.file.is_some()) && detail > Detail::Quiet {
        for output in &outputs {
            terminal::note(&format!("wrote {} ({})", output.file.as_deref().unwrap_or_default(), output.format.name));
        }
    }
    recorded?;
    // The job's log is a place that the ledger's writer cannot reach later: the line is an anchor.
    if let Some(checkpoint) = run.ledger.as_ref().and_then(|ledger| Checkpoint::parse(&ledger.checkpoint).ok()) {
        terminal::note(&anchor::line(&checkpoint));
    }
    Ok(run.summary.exit_code)
}

fn ledger_path(args: &ScanArgs, loaded: &Loaded) -> Option<PathBuf> {
    match (args.ledger.as_deref(), loaded.config.ledger.as_deref()) {
        (Some("none"), _) | (None, Some("none")) => None,
        (Some(path), _) => Some(PathBuf::from(path)),
        (None, Some(path)) => Some(loaded.folder().join(path)),
        (None, None) => Some(PathBuf::from(".aedile/ledger.db")),
    }
}

/// What a scan is asked to do beside the target.
#[derive(Debug, Default)]
pub(super) struct Asked<'a> {
    pub(super) fail_on: Option<&'a str>,
    pub(super) fail_on_new: Option<&'a str>,
    pub(super) strict: bool,
    pub(super) baseline: Option<Baseline>,
    /// A revision; empty for the one that the environment names.
    pub(super) diff: Option<&'a str>,
    pub(super) cache: Option<&'a str>,
    /// Whether facts of unchanged files are kept there too.
    pub(super) keep: bool,
}

/// Scans what `target` names and gives the run with the configuration in force.
pub(super) fn scanned(target: &TargetArgs, asked: Asked<'_>, detail: Detail) -> Result<(Run, Loaded), Report> {
    let request = request(target, asked)?;
    let run = on_threads(target, detail, |watch| scan(&request, watch))?;
    if let (Some(facts), Detail::Verbose) = (&request.facts, detail) {
        let (kept, made) = facts.counts();
        terminal::note(&format!("python: {made} interpretations made, {kept} kept from earlier scans"));
        let (asked, known) = facts.memory().asked();
        terminal::note(&format!("policies: {} questions asked, {known} answered in earlier scans", asked - known));
    }
    Ok((run, request.loaded))
}

/// Scans and judges what `target` names and gives the inventory itself, with what judged it.
pub(super) fn judged(target: &TargetArgs, detail: Detail) -> Result<(Judged, Packs, Loaded), Report> {
    let request = request(target, Asked { fail_on: Some("never"), ..Asked::default() })?;
    let packs = Packs::load(&request.loaded)?;
    let judged = on_threads(target, detail, |watch| judge(&packs, &request, watch))?;
    Ok((judged, packs, request.loaded))
}

fn request(target: &TargetArgs, asked: Asked<'_>) -> Result<Request, Report> {
    let overrides = Overrides::new(target)?;
    let mut loaded = Loaded::find(target.config.as_deref(), &folders(target))?;
    let compare = asked.diff.map(|reference| compared(reference, target, &loaded, overrides.clone(), asked.cache));
    overrides.apply(&mut loaded.config);
    let facts = if asked.keep { facts(asked.cache, &target.paths) } else { None };
    let new = asked.fail_on_new.or(loaded.config.fail_on_new.as_deref()).map(|word| threshold(Some(word)));
    let threshold = threshold(asked.fail_on.or(loaded.config.fail_on.as_deref()))?;
    let strict = asked.strict || loaded.config.strict;
    let (as_of, started) = clock(target.as_of.as_deref())?;
    Ok(Request {
        roots: target.paths.clone(),
        loaded,
        as_of,
        started,
        threshold,
        threshold_new: new.transpose()?,
        strict,
        baseline: asked.baseline,
        compare: compare.transpose()?,
        facts,
    })
}

fn on_threads<T: Send>(
    target: &TargetArgs,
    detail: Detail,
    work: impl FnOnce(&(dyn Fn(Progress) + Sync)) -> Result<T, ScanError> + Send,
) -> Result<T, Report> {
    let bar = terminal::progress(detail == Detail::Quiet);
    let watch = |progress| bar.set_message(told(progress));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(target.jobs)
        // Parsers recurse within their nesting limit; Cedar's and the SQL parser's frames are large in debug builds.
        .stack_size(16 << 20)
        .build()
        .map_err(|error| miette!("the threads cannot be started: {error}"))?;
    let done = pool.install(|| work(&watch))?;
    bar.finish_and_clear();
    Ok(done)
}

/// What fails the gate; `high` and above if nobody says.
pub(super) fn threshold(word: Option<&str>) -> Result<Threshold, Report> {
    let Some(word) = word else { return Ok(Threshold::At(aedile_model::Severity::High)) };
    Threshold::parse(word).ok_or_else(|| {
        miette!(code = "aedile::usage", help = "use low, medium, high, critical or never", "`{word}` is not a severity")
    })
}

/// What the scan is compared with: `reference`, or what the environment names if that is empty.
fn compared(
    reference: &str,
    target: &TargetArgs,
    loaded: &Loaded,
    overrides: Overrides,
    cache: Option<&str>,
) -> Result<Compare, Report> {
    let named = Some(reference.to_owned()).filter(|reference| !reference.is_empty());
    let named = named.or_else(|| git::default_reference(&|name| std::env::var(name).ok()));
    let repository = Repository::around(&target.paths)?;
    let revision = repository.revision(&named.ok_or(GitError::Unnamed)?)?;
    let cache = cache_folder(cache, &repository)?;
    Ok(Compare { repository, revision, cache, config: loaded.path.clone(), overrides })
}

/// Where results are kept: the folder named, else the user's own cache. None for `none`, and where there is no home.
fn cache_folder(given: Option<&str>, repository: &Repository) -> Result<Option<PathBuf>, Report> {
    match given {
        Some("none") => Ok(None),
        Some(folder) => {
            let folder = std::path::absolute(folder).unwrap_or_else(|_| PathBuf::from(folder));
            if repository.holds(&folder)? {
                return Err(miette!(
                    code = "aedile::cache",
                    help = "name a folder that git ignores, or one outside of the repository",
                    "the cache `{}` holds files of the repository: whoever writes a change could write results into it",
                    folder.display()
                ));
            }
            Ok(Some(folder))
        }
        None => Ok(users_cache()),
    }
}

/// The user's own cache; none where there is no home.
fn users_cache() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    home.map(|home| home.join("aedile"))
}

/// Where facts are kept between scans of `roots`.
fn facts(given: Option<&str>, roots: &[PathBuf]) -> Option<FactStore> {
    let folder = match given {
        Some("none") => return None,
        Some(folder) => PathBuf::from(folder),
        None => users_cache()?,
    };
    let store = FactStore::new(&folder, roots);
    if store.is_none() && given.is_some() {
        terminal::note(&format!("facts are not kept: {} lies in what is scanned", folder.display()));
    }
    store
}

fn told(progress: Progress) -> String {
    match progress {
        Progress::Walking => "walking".to_owned(),
        Progress::Reading { files, of, bytes } => {
            format!("reading {files} of {of} files, {}", indicatif::HumanBytes(bytes))
        }
        Progress::Crawling { crawler, done, of } => format!("{crawler} ({} of {of} crawlers)", done + 1),
        Progress::Linking => "linking".to_owned(),
    }
}

fn folders(target: &TargetArgs) -> Vec<PathBuf> {
    let first = target
        .paths
        .first()
        .map(|path| if path.is_dir() { path.clone() } else { path.parent().map_or_else(PathBuf::new, PathBuf::from) });
    first.into_iter().chain([PathBuf::from(".")]).collect()
}

/// The date to judge by and the start of the run: the machine's clock, or midnight of the date given.
pub(super) fn clock(as_of: Option<&str>) -> Result<(Date, OffsetDateTime), Report> {
    match as_of {
        None => {
            let now = OffsetDateTime::now_utc();
            Ok((now.date(), now.replace_nanosecond(0).unwrap_or(now)))
        }
        Some(text) => {
            let date = parse_date(text).ok_or_else(|| {
                miette!(code = "aedile::usage", help = "write it as YYYY-MM-DD", "`{text}` is not a date")
            })?;
            Ok((date, date.with_time(time!(00:00)).assume_utc()))
        }
    }
}
