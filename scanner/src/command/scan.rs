//! `aedile scan`.

use std::path::PathBuf;

use aedile_audit::Checkpoint;
use aedile_crawl::Progress;
use aedile_exchange::anchor;
use miette::{Report, miette};
use time::macros::time;
use time::{Date, OffsetDateTime};

use super::{outputs, write};
use crate::cli::{ScanArgs, TargetArgs};
use crate::config::{Loaded, parse_date};
use crate::gate::{Baseline, Threshold};
use crate::record::Run;
use crate::report::Detail;
use crate::run::{Judged, Packs, Request, ScanError, judge, scan};
use crate::signer::borrowed;
use crate::{ledger, terminal};

pub(super) fn run(args: &ScanArgs, detail: Detail) -> Result<u8, Report> {
    let given: Vec<String> = if args.format.is_empty() { vec!["text".to_owned()] } else { args.format.clone() };
    let outputs = outputs(&given)?;
    let baseline = args.baseline.as_deref().map(Baseline::read).transpose()?;
    let signers = super::log::signers(&args.key)?;
    let (mut run, loaded) = scanned(&args.target, args.fail_on.as_deref(), args.strict, baseline, detail)?;

    let recorded = match ledger_path(args, &loaded) {
        None => Ok(()),
        Some(path) => ledger::append(&run, &path, OffsetDateTime::now_utc(), &borrowed(&signers))
            .map(|standing| run.ledger = Some(standing))
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

/// Scans what `target` names and gives the run with the configuration in force.
pub(super) fn scanned(
    target: &TargetArgs,
    fail_on: Option<&str>,
    strict: bool,
    baseline: Option<Baseline>,
    detail: Detail,
) -> Result<(Run, Loaded), Report> {
    let request = request(target, fail_on, strict, baseline)?;
    let run = on_threads(target, detail, |watch| scan(&request, watch))?;
    Ok((run, request.loaded))
}

/// Scans and judges what `target` names and gives the inventory itself, with what judged it.
pub(super) fn judged(target: &TargetArgs, detail: Detail) -> Result<(Judged, Packs, Loaded), Report> {
    let request = request(target, Some("never"), false, None)?;
    let packs = Packs::load(&request.loaded)?;
    let judged = on_threads(target, detail, |watch| judge(&packs, &request, watch))?;
    Ok((judged, packs, request.loaded))
}

fn request(
    target: &TargetArgs,
    fail_on: Option<&str>,
    strict: bool,
    baseline: Option<Baseline>,
) -> Result<Request, Report> {
    let mut loaded = Loaded::find(target.config.as_deref(), &folders(target))?;
    merge(&mut loaded, target)?;
    let threshold = threshold(fail_on.or(loaded.config.fail_on.as_deref()))?;
    let strict = strict || loaded.config.strict;
    let (as_of, started) = clock(target.as_of.as_deref())?;
    Ok(Request { roots: target.paths.clone(), loaded, as_of, started, threshold, strict, baseline })
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

fn told(progress: Progress) -> String {
    match progress {
        Progress::Walking => "walking".to_owned(),
        Progress::Reading { files, of } => format!("reading {files} of {of} files"),
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

/// Adds the command line to the configuration; paths given there are relative to the working directory.
fn merge(loaded: &mut Loaded, target: &TargetArgs) -> Result<(), Report> {
    let absolute = |paths: &[PathBuf]| -> Vec<PathBuf> {
        paths.iter().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone())).collect()
    };
    let config = &mut loaded.config;
    config.rules.extend(absolute(&target.rules));
    config.policies.extend(absolute(&target.policy));
    for glob in &target.exclude {
        globset::Glob::new(glob).map_err(|error| {
            miette!(
                code = "aedile::usage",
                help = "`*` matches within a name, `**` across folders",
                "`{glob}` is not a glob: {}",
                error.kind()
            )
        })?;
        config.exclude.push(glob.clone());
    }
    if !target.framework.is_empty() {
        config.frameworks.clone_from(&target.framework);
    }
    for variable in &target.variables {
        let (name, value) = variable.split_once('=').ok_or_else(|| {
            miette!(code = "aedile::usage", help = "write `--var region=eu-west-1`", "`{variable}` is not NAME=VALUE")
        })?;
        config.variables.insert(name.to_owned(), value.to_owned());
    }
    Ok(())
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
