//! `aedile init`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, Report, miette};

use super::scan::judged;
use crate::cli::{InitArgs, TargetArgs};
use crate::config::FILE_NAMES;
use crate::init::{ACCESS, Start, start};
use crate::report::Detail;
use crate::terminal;

pub(super) fn run(args: &InitArgs, detail: Detail) -> Result<u8, Report> {
    let folder = &args.folder;
    if !folder.is_dir() {
        return Err(miette!(
            code = "aedile::init",
            help = "give the folder of the platform",
            "`{}` is not a folder",
            folder.display()
        ));
    }
    let target = TargetArgs::of(folder, args.as_of.clone());
    let (judged, packs, _) = judged(&target, detail)?;
    let files = start(folder, &judged.crawl.inventory, packs.judges.policies.taxonomy())?;
    let mut said = String::new();
    for file in &files {
        let (place, kept) = place(folder, file);
        if kept {
            let _ = writeln!(said, "kept {}, which is there already", place.display());
            continue;
        }
        write(&place, &file.text)?;
        let _ = writeln!(said, "wrote {}: {}", place.display(), file.what);
    }
    let (open, access) = (judged.judgement.findings.len(), folder.join(ACCESS));
    let folder = folder.display();
    let mut steps = vec![
        "read aedile.yaml: declare residency, owners, purposes and risk classes, and remove the `#`".to_owned(),
        format!("`aedile scan {folder}` judges it ({open} findings as things stand)"),
        format!("`aedile baseline create {folder}` lets what is known pass, so that the gate holds for what is new"),
        format!(
            "`aedile gaps --framework gdpr` says what a law still misses; `aedile suggest {folder}` how to close it"
        ),
    ];
    // Nothing is drafted where nobody is granted anything.
    if access.is_file() {
        steps.insert(1, format!("read {}: strike what nobody intended", access.display()));
    }
    said.push_str("\nnext\n");
    for (at, step) in steps.iter().enumerate() {
        let _ = writeln!(said, "  {}. {step}", at + 1);
    }
    terminal::print(&said).into_diagnostic()?;
    Ok(0)
}

/// Where `file` goes, and whether something stands there: a configuration may have another ending.
fn place(folder: &Path, file: &Start) -> (PathBuf, bool) {
    let place = folder.join(file.path);
    let others = FILE_NAMES.iter().filter(|_| file.path == "aedile.yaml").map(|name| folder.join(name));
    match others.chain([place.clone()]).find(|path| path.symlink_metadata().is_ok()) {
        Some(found) => (found, true),
        None => (place, false),
    }
}

/// Writes a file that is not there; a link in its place is not followed.
fn write(place: &Path, text: &str) -> Result<(), Report> {
    let made = place.parent().map_or(Ok(()), std::fs::create_dir_all);
    let written = made.and_then(|()| {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(place)?;
        std::io::Write::write_all(&mut file, text.as_bytes())
    });
    written.map_err(|error| {
        miette!(
            code = "aedile::output",
            help = "check that the folder can be written",
            "`{}` cannot be written: {error}",
            place.display()
        )
    })
}
