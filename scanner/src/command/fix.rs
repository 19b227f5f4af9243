//! `aedile fix`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aedile_crawl::{composed, located, parses, patched};
use aedile_model::{Patch, Place, Severity};
use globset::Glob;
use miette::{IntoDiagnostic, Report, miette};

use super::scan::{Asked, scanned};
use crate::cli::FixArgs;
use crate::diff::unified;
use crate::fixing::sha256;
use crate::record::{Finding, Run};
use crate::report::Detail;
use crate::run::options;
use crate::terminal;

/// A file that is to be changed.
struct Change {
    path: String,
    disk: PathBuf,
    /// The bytes before and after.
    old: Vec<u8>,
    new: Vec<u8>,
}

/// The byte order mark that editors of some systems write before UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) fn run(args: &FixArgs, detail: Detail) -> Result<u8, Report> {
    let (run, loaded) = scanned(&args.target, Asked { fail_on: Some("never"), ..Asked::default() }, detail)?;
    let wanted = wanted(args, &run)?;
    let fixable: Vec<&Finding> =
        wanted.iter().copied().filter(|finding| !finding.remediation.patches.is_empty()).collect();
    let patches: Vec<Vec<Patch>> = fixable.iter().map(|finding| edits(finding)).collect();
    let slices: Vec<&[Patch]> = patches.iter().map(Vec::as_slice).collect();
    let (all, taken) = composed(&slices);
    let taken: BTreeSet<usize> = taken.into_iter().collect();

    let hashes: BTreeMap<&str, &str> = fixable
        .iter()
        .flat_map(|finding| &finding.remediation.patches)
        .filter_map(|patch| Some((patch.place.path.as_str(), patch.sha256.as_deref()?)))
        .collect();
    let disks = located(&hashes.keys().copied().collect(), &options(&args.target.paths, &loaded))?;
    let mut changes = Vec::new();
    for (path, hash) in &hashes {
        let disk = disks.get(*path).ok_or_else(|| changed(path))?;
        changes.push(change(path, disk, hash, &all)?);
    }
    let mut shown = String::new();
    let colour = terminal::look(detail).colour && !args.write;
    for change in &changes {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        shown.push_str(&coloured(&unified(&change.path, &text(&change.old), &text(&change.new)), colour));
    }
    terminal::print(&shown).into_diagnostic()?;
    if args.write {
        for change in &changes {
            write(change)?;
        }
    }
    if detail > Detail::Quiet {
        terminal::note(&told(args, &wanted, &fixable, &taken, &changes));
    }
    Ok(u8::from(!changes.is_empty() && !args.write))
}

/// The open findings that the filters leave, in the run's order.
fn wanted<'r>(args: &FixArgs, run: &'r Run) -> Result<Vec<&'r Finding>, Report> {
    let least = match &args.severity {
        None => Severity::Low,
        Some(word) => word.parse().map_err(|_| {
            miette!(code = "aedile::usage", help = "use low, medium, high or critical", "`{word}` is not a severity")
        })?,
    };
    for id in &args.only {
        if !run.controls.iter().any(|control| control.id == *id || control.aliases.contains(id)) {
            return Err(miette!(
                code = "aedile::usage",
                help = "`aedile policy list` lists them",
                "there is no policy `{id}`"
            ));
        }
    }
    let globs = args.asset.iter().map(|glob| Glob::new(&glob.replace('[', "\\[").replace(']', "\\]")));
    let globs = globs.collect::<Result<Vec<Glob>, _>>().map_err(|error| {
        miette!(code = "aedile::usage", help = "`*` matches any letters", "`--asset` is not a glob: {}", error.kind())
    })?;
    let globs: Vec<_> = globs.iter().map(Glob::compile_matcher).collect();
    let named = |finding: &Finding| {
        globs.is_empty()
            || globs.iter().any(|glob| glob.is_match(&finding.asset.address) || glob.is_match(&finding.asset.id))
    };
    let asked = |finding: &Finding| {
        args.only.is_empty() || args.only.iter().any(|id| *id == finding.policy || finding.aliases.contains(id))
    };
    let open = run.findings.iter().filter(|finding| finding.is_open());
    Ok(open
        .filter(|finding| finding.severity.parse::<Severity>().is_ok_and(|severity| severity >= least))
        .filter(|finding| asked(finding) && named(finding))
        .collect())
}

fn edits(finding: &Finding) -> Vec<Patch> {
    let edit = |patch: &crate::record::Patch| {
        let bytes = patch.bytes?;
        let path: Arc<str> = patch.place.path.as_str().into();
        let place = Place::new(&path, bytes.start as usize, bytes.end as usize);
        Some(Patch { place, replacement: patch.replacement.clone() })
    };
    finding.remediation.patches.iter().filter_map(edit).collect()
}

fn changed(path: &str) -> Report {
    miette!(
        code = "aedile::fix::changed",
        help = "nothing was written; run `aedile fix` again",
        "`{path}` is not any more what was read"
    )
}

/// The file at `disk` with its edits, if it is still the text that was read.
fn change(path: &str, disk: &Path, hash: &str, edits: &[Patch]) -> Result<Change, Report> {
    let old = fs::read(disk).map_err(|error| {
        miette!(code = "aedile::fix::unreadable", help = "nothing was written", "`{path}` cannot be read: {error}")
    })?;
    let (mark, body) = match old.strip_prefix(MARK) {
        Some(body) => (MARK, body),
        None => (&[][..], old.as_slice()),
    };
    let text = std::str::from_utf8(body).ok().filter(|text| sha256(text) == hash).ok_or_else(|| changed(path))?;
    let text = patched(path, text, edits);
    if !parses(path, &text) {
        return Err(miette!(
            code = "aedile::fix::broken",
            help = "choose fewer patches with `--only` or `--asset`; nothing was written",
            "`{path}` would not parse with all patches together"
        ));
    }
    let new = [mark, text.as_bytes()].concat();
    Ok(Change { path: path.to_owned(), disk: disk.to_path_buf(), old, new })
}

/// Writes a file beside the old one, with its permissions, and puts it in its place.
fn write(change: &Change) -> Result<(), Report> {
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        miette!(
            code = "aedile::fix::unwritable",
            help = "what was written before this file stays; run `aedile fix` again",
            "`{}` {what}: {error}",
            change.path
        )
    };
    let held = fs::symlink_metadata(&change.disk).map_err(|error| failed("cannot be looked at", &error))?;
    if !held.is_file() || fs::canonicalize(&change.disk).ok().as_deref() != Some(change.disk.as_path()) {
        return Err(changed(&change.path));
    }
    if fs::read(&change.disk).map_err(|error| failed("cannot be read", &error))? != change.old {
        return Err(changed(&change.path));
    }
    let name = change.disk.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = change.disk.with_file_name(format!(".{name}.aedile-{}", std::process::id()));
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        file.write_all(&change.new)?;
        file.set_permissions(held.permissions())?;
        file.sync_all()?;
        fs::rename(&beside, &change.disk)
    })();
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed("cannot be written", &error)
    })
}

/// Added lines green, removed ones red.
fn coloured(diff: &str, colour: bool) -> String {
    if !colour {
        return diff.to_owned();
    }
    let mut out = String::with_capacity(diff.len() + 256);
    for line in diff.split_inclusive('\n') {
        let code = match line.as_bytes().first() {
            Some(b'+') => "\u{1b}[32m",
            Some(b'-') => "\u{1b}[31m",
            Some(b'@') => "\u{1b}[36m",
            _ => "",
        };
        let body = line.trim_end_matches('\n');
        let _ = if code.is_empty() { writeln!(out, "{body}") } else { writeln!(out, "{code}{body}\u{1b}[0m") };
    }
    out
}

/// What was done, what must be known, and what has no patch and why.
fn told(
    args: &FixArgs,
    wanted: &[&Finding],
    fixable: &[&Finding],
    taken: &BTreeSet<usize>,
    changes: &[Change],
) -> String {
    let mut out = String::new();
    let (done, waiting): (Vec<_>, Vec<_>) = fixable.iter().enumerate().partition(|(at, _)| taken.contains(at));
    let verb = if args.write { "fixed" } else { "can be fixed" };
    let _ = writeln!(out, "{} of {} findings {verb} in {} files", done.len(), wanted.len(), changes.len());
    for (_, finding) in &done {
        let _ = writeln!(out, "  {:<8} {}  {}", finding.severity, finding.asset.address, finding.policy);
        if let Some(warning) = &finding.remediation.warning {
            let _ = writeln!(out, "           beware: {warning}");
        }
    }
    if !waiting.is_empty() {
        let _ = writeln!(out, "{} more touch the same lines: run `aedile fix` again afterwards", waiting.len());
    }
    let mut without: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for finding in wanted.iter().filter(|finding| finding.remediation.patches.is_empty()) {
        let why = finding
            .remediation
            .unpatched
            .clone()
            .unwrap_or_else(|| "no repair is known; its remedy tells what to do".to_owned());
        without.entry((finding.policy.as_str(), why)).or_default().push(&finding.asset.address);
    }
    if !without.is_empty() {
        let count: usize = without.values().map(Vec::len).sum();
        let _ = writeln!(out, "{count} without a patch");
        for ((policy, why), assets) in &without {
            let first = assets.first().copied().unwrap_or_default();
            let more = if assets.len() > 1 { format!(" and {} more", assets.len() - 1) } else { String::new() };
            let _ = writeln!(out, "  {policy}: {why} ({first}{more})");
        }
    }
    if !args.write && !changes.is_empty() {
        out.push_str("`aedile fix --write` applies the patches\n");
    }
    out.trim_end().to_owned()
}
