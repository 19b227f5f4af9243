//! `aedile classify`.

use std::fs;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aedile_crawl::{Classified, Content, File, Limits, Options, Pipe, classify, listed};
use aedile_model::GapKind;
use aedile_rules::Rules;
use globset::GlobBuilder;
use indicatif::ProgressBar;
use miette::{IntoDiagnostic, Report, miette};

use crate::classified::{self, Columns, Dataset, Spans, Unread};
use crate::cli::ClassifyArgs;
use crate::report::Detail;
use crate::run::rule_packs;
use crate::terminal;

pub(super) fn run(args: &ClassifyArgs, detail: Detail) -> Result<u8, Report> {
    let rules = Rules::load(&rule_packs(&args.rules, Path::new(""))?)?;
    let mut gaps = Vec::new();
    let targets = targets(args, &mut gaps)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.jobs)
        .stack_size(16 << 20)
        .build()
        .map_err(|error| miette!("the threads cannot be started: {error}"))?;
    let bar = terminal::progress(detail == Detail::Quiet);
    let text = match args.text {
        true => pool.install(|| spans(&targets, &rules, gaps, &bar, args))?,
        false => pool.install(|| columns(&targets, &rules, gaps, &bar, args))?,
    };
    bar.finish_and_clear();
    terminal::print(&text).into_diagnostic()?;
    Ok(0)
}

/// A file to look at.
struct Target {
    /// As it is called in the result.
    path: String,
    from: From,
    /// Whether it was named itself: then it must be what it is taken for.
    named: bool,
}

impl Target {
    /// Bytes of the file, if they can be known beforehand.
    fn size(&self) -> Option<u64> {
        match &self.from {
            From::Disk(path) => fs::metadata(path).ok().map(|file| file.len()).filter(|size| *size > 0),
            From::StandardInput => None,
        }
    }
}

enum From {
    Disk(PathBuf),
    StandardInput,
}

/// The files that `args` name: files, what lies below folders, what globs match.
fn targets(args: &ClassifyArgs, gaps: &mut Vec<Unread>) -> Result<Vec<Target>, Report> {
    let mut targets = Vec::new();
    for path in &args.paths {
        let shown = path.to_string_lossy().replace('\\', "/");
        if shown == "-" {
            targets.push(Target { path: shown, from: From::StandardInput, named: true });
        } else if path.is_dir() {
            targets.extend(below(path, &shown, args, gaps)?);
        } else if path.exists() || !shown.contains(['*', '?', '[', '{']) {
            let found = fs::metadata(path).map_err(|error| {
                miette!(
                    code = "aedile::classify::path",
                    help = "give a file, a folder, a glob in quotes, or `-` for standard input",
                    "cannot read `{shown}`: {error}"
                )
            })?;
            if !found.is_file() {
                return Err(miette!(
                    code = "aedile::classify::path",
                    help = "pass it through standard input: `aedile classify - < PIPE`",
                    "`{shown}` is neither a file nor a folder"
                ));
            }
            targets.push(Target { path: shown, from: From::Disk(path.clone()), named: true });
        } else {
            targets.extend(matching(&shown, args, gaps)?);
        }
    }
    if targets.iter().filter(|target| matches!(target.from, From::StandardInput)).count() > 1 {
        return Err(miette!(code = "aedile::usage", help = "give `-` once", "standard input can be read once only"));
    }
    Ok(targets)
}

/// The files below the folder at `path`, called `shown`.
fn below(path: &Path, shown: &str, args: &ClassifyArgs, gaps: &mut Vec<Unread>) -> Result<Vec<Target>, Report> {
    let defaults = Options::default();
    let exclude = defaults.exclude.iter().chain(&args.exclude).cloned().collect();
    let listed = listed(&Options { roots: vec![path.to_path_buf()], exclude, ..defaults })?;
    let folder = shown.trim_end_matches('/');
    let inside = |name: &str| if folder == "." { name.to_owned() } else { format!("{folder}/{name}") };
    gaps.extend(listed.gaps.iter().map(|gap| Unread::new(&inside(&gap.place.path), gap.kind, &gap.message)));
    let target = |(name, disk): (String, PathBuf)| Target { path: inside(&name), from: From::Disk(disk), named: false };
    Ok(listed.files.into_iter().map(target).collect())
}

/// The files that the glob `pattern` matches; at least one.
fn matching(pattern: &str, args: &ClassifyArgs, gaps: &mut Vec<Unread>) -> Result<Vec<Target>, Report> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build().map_err(|error| {
        miette!(
            code = "aedile::usage",
            help = "`*` matches within a name, `**` across folders",
            "`{pattern}` is not a glob: {}",
            error.kind()
        )
    })?;
    let matcher = glob.compile_matcher();
    // The folders before the first sign of a glob.
    let plain = pattern.find(['*', '?', '[', '{']).and_then(|sign| pattern.get(..sign)).unwrap_or_default();
    let folder = plain.rsplit_once('/').map_or(".", |(folder, _)| if folder.is_empty() { "/" } else { folder });
    let mut found = match Path::new(folder).is_dir() {
        true => below(Path::new(folder), folder, args, gaps)?,
        false => Vec::new(),
    };
    found.retain(|target| matcher.is_match(&target.path));
    if found.is_empty() {
        return Err(miette!(
            code = "aedile::classify::path",
            help = "nothing lies there; `*` does not go into folders, `**` does",
            "no file matches `{pattern}`"
        ));
    }
    Ok(found)
}

fn columns(
    targets: &[Target],
    rules: &Rules,
    mut gaps: Vec<Unread>,
    bar: &ProgressBar,
    args: &ClassifyArgs,
) -> Result<String, Report> {
    let mut datasets = Vec::new();
    for (nth, target) in targets.iter().enumerate() {
        let content = match &target.from {
            From::Disk(path) => Content::Disk(path.as_path().into()),
            From::StandardInput => Content::Piped(Arc::new(Pipe::new(std::io::stdin()))),
        };
        let found = match File::head_of(&named(&target.path, args), content) {
            Ok(file) => watched(bar, target, &file, (nth + 1, targets.len()), || classify(&file, &limits(args), rules)),
            Err(error) if target.named => {
                return Err(miette!(code = "aedile::classify::path", "cannot read `{}`: {error}", target.path));
            }
            Err(error) => {
                gaps.push(Unread::new(&target.path, GapKind::Unreadable, error.to_string()));
                continue;
            }
        };
        if target.named && found.iter().all(is_nothing) {
            return Err(nothing(target, &found));
        }
        for table in &found {
            let unread = table.gaps.iter().map(|(kind, message)| Unread::new(&target.path, *kind, message));
            gaps.extend(unread);
            if !table.format.is_empty() {
                datasets.push(Dataset::new(&target.path, table));
            }
        }
    }
    if datasets.is_empty() {
        return Err(miette!(
            code = "aedile::classify::nothing",
            help = "docs/classify.md lists what is read; `--text` searches any text",
            "{} files were looked at and none is a dataset",
            targets.len()
        ));
    }
    let found = Columns::new(datasets, gaps);
    match args.format.as_str() {
        "json" => json(&found),
        _ => Ok(classified::columns(&found, args.explain)),
    }
}

/// The name that chooses the reader; standard input without `--as` is what its content says, or else delimited text.
fn named(path: &str, args: &ClassifyArgs) -> String {
    match (path, &args.input) {
        ("-", Some(name)) => format!("-.{name}"),
        ("-", None) => "-.csv".to_owned(),
        (path, _) => path.to_owned(),
    }
}

/// Whether nothing of a table was read.
fn is_nothing(table: &Classified) -> bool {
    table.columns.is_empty() && table.rows_read == 0 && !table.gaps.is_empty()
}

/// The error of a file that was named and of which nothing was read.
fn nothing(target: &Target, found: &[Classified]) -> Report {
    let why: Vec<&str> =
        found.iter().flat_map(|table| &table.gaps).map(|(_, message)| message.as_str()).take(3).collect();
    let why = if why.is_empty() { "it is no dataset".to_owned() } else { why.join("; ") };
    miette!(
        code = "aedile::classify::nothing",
        help = "docs/classify.md lists what is read; `--text` searches any text",
        "nothing of `{}` can be classified: {why}",
        target.path
    )
}

fn limits(args: &ClassifyArgs) -> Limits {
    let default = Limits::default();
    match args.full {
        true => Limits { dataset_rows: usize::MAX, dataset_bytes: u64::MAX, ..default },
        false => Limits {
            dataset_rows: args.rows.unwrap_or(default.dataset_rows),
            dataset_seed: args.seed.unwrap_or(default.dataset_seed),
            ..default
        },
    }
}

/// How much was read of so many bytes. What is read twice, as the footers of columnar files are, does not count beyond all.
fn how_far(read: u64, size: Option<u64>) -> String {
    match size {
        Some(size) => {
            let read = read.min(size);
            let percent = u128::from(read) * 100 / u128::from(size.max(1));
            format!("{} of {} read ({percent} %)", indicatif::HumanBytes(read), indicatif::HumanBytes(size))
        }
        None => format!("{} read", indicatif::HumanBytes(read)),
    }
}

/// A stream that tells how far it was read.
struct Told<'a, R> {
    stream: R,
    read: u64,
    size: Option<u64>,
    bar: &'a ProgressBar,
    /// What is read, for the message.
    what: String,
}

impl<R: std::io::Read> std::io::Read for Told<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.read += count as u64;
        if !self.bar.is_hidden() {
            self.bar.set_message(format!("{}, {}", self.what, how_far(self.read, self.size)));
        }
        Ok(count)
    }
}

/// What `work` gives, while `bar` tells how far it is.
fn watched<T: Send>(
    bar: &ProgressBar,
    target: &Target,
    file: &File,
    (nth, of): (usize, usize),
    work: impl FnOnce() -> T + Send,
) -> T {
    let size = target.size();
    bar.set_message(format!("{} ({nth} of {of})", target.path));
    if bar.is_hidden() {
        return work();
    }
    let (done, wait) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while wait.recv_timeout(Duration::from_millis(200)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let read = how_far(file.read.count(), size);
                bar.set_message(format!("{} ({nth} of {of}), {read}", target.path));
            }
        });
        let result = work();
        drop(done);
        result
    })
}

fn spans(
    targets: &[Target],
    rules: &Rules,
    mut gaps: Vec<Unread>,
    bar: &ProgressBar,
    args: &ClassifyArgs,
) -> Result<String, Report> {
    let mut files = Vec::new();
    for (nth, target) in targets.iter().enumerate() {
        let what = format!("{} ({} of {})", target.path, nth + 1, targets.len());
        bar.set_message(what.clone());
        let told = |stream: Box<dyn std::io::Read>| Told { stream, read: 0, size: target.size(), bar, what };
        let found = match &target.from {
            From::StandardInput => {
                classified::find(&target.path, told(Box::new(std::io::stdin().lock())), rules, &mut gaps)
            }
            From::Disk(path) => fs::File::open(path).and_then(|mut file| {
                let mut head = Vec::new();
                file.by_ref().take(File::HEAD as u64).read_to_end(&mut head)?;
                if is_notebook(&target.path)
                    && let Some(found) = notebook(target, &head, &mut file, rules, &mut gaps)?
                {
                    return Ok(found);
                }
                if head.contains(&0) {
                    gaps.push(Unread::new(&target.path, GapKind::Undecodable, "not searched: it is no text"));
                    return Ok(classified::SpanFile { path: target.path.clone(), bytes: 0, spans: Vec::new() });
                }
                classified::find(&target.path, told(Box::new(std::io::Cursor::new(head).chain(file))), rules, &mut gaps)
            }),
        };
        match found {
            Ok(found) => files.push(found),
            Err(error) if target.named => {
                return Err(miette!(code = "aedile::classify::path", "cannot read `{}`: {error}", target.path));
            }
            Err(error) => gaps.push(Unread::new(&target.path, GapKind::Unreadable, error.to_string())),
        }
    }
    if files.iter().all(|file| file.bytes == 0) && !gaps.is_empty() {
        return Err(miette!(
            code = "aedile::classify::nothing",
            help = "without `--text`, datasets in binary formats are read too",
            "nothing of what was named is text"
        ));
    }
    let found = Spans::new(files, gaps);
    match args.format.as_str() {
        "json" => json(&found),
        _ => Ok(classified::spans(&found)),
    }
}

fn is_notebook(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end.eq_ignore_ascii_case("ipynb"))
}

/// Bytes of the largest notebook whose cells are told apart.
const NOTEBOOK: u64 = 64 << 20;

/// The spans of a notebook by cell and output, of which `head` was read; `None` if it must be searched as plain text, and why.
fn notebook(
    target: &Target,
    head: &[u8],
    file: &mut fs::File,
    rules: &Rules,
    gaps: &mut Vec<Unread>,
) -> std::io::Result<Option<classified::SpanFile>> {
    let mut bytes = head.to_vec();
    file.take(NOTEBOOK).read_to_end(&mut bytes)?;
    let found = match bytes.len() as u64 > NOTEBOOK {
        true => None,
        false => classified::find_in_notebook(&target.path, &bytes, rules, gaps),
    };
    if found.is_none() {
        let why = "searched as plain text: too large or no notebook, so cells and outputs are not told apart";
        gaps.push(Unread::new(&target.path, GapKind::Unparsed, why));
        file.seek(std::io::SeekFrom::Start(head.len() as u64))?;
    }
    Ok(found)
}

fn json(found: &impl serde::Serialize) -> Result<String, Report> {
    Ok(serde_json::to_string_pretty(found).into_diagnostic()? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_in_bytes_and_percent() {
        assert_eq!(how_far(512, Some(2048)), "512 B of 2.00 KiB read (25 %)");
        assert_eq!(how_far(4096, Some(2048)), "2.00 KiB of 2.00 KiB read (100 %)");
        assert_eq!(how_far(1024, None), "1.00 KiB read");
    }
}
