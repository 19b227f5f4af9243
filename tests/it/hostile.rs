//! Input that must neither hang, crash nor pass in silence (invariants I7 and I10).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use aedile::record::Run;
use serde::Deserialize;

use crate::program::{AS_OF, aedile, sample, stderr, stdout};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    accounted: bool,
    seconds: u64,
    never_raw: Vec<String>,
    heavy: Vec<HeavyGap>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeavyGap {
    path: String,
    /// One kind, or several parted by `|`.
    kind: String,
    /// Met by anything below the path too.
    #[serde(default)]
    under: bool,
    #[serde(default)]
    optional: bool,
}

fn bounds() -> Bounds {
    let text = std::fs::read_to_string(sample("hostile").join("bounds.yaml")).expect("the bounds are readable");
    serde_yaml::from_str(&text).expect("the bounds are of their form")
}

/// Scans `folder` into every format and gives the run; nothing shown may hold a string of `never_raw`.
fn scanned(folder: &Path, bounds: &Bounds) -> Run {
    let target = folder.to_str().expect("the path is text");
    let out = tempfile::tempdir().expect("a temporary folder can be made");
    let begin = Instant::now();
    let output = aedile(
        out.path(),
        &["-v", "scan", target, "--as-of", AS_OF, "--format", "text,json=r.json,html=r.html,sarif=r.sarif"],
    );
    // A hang, not a speed, is what this tells: the limit is far above what a loaded machine takes.
    assert!(begin.elapsed() < Duration::from_secs(bounds.seconds * 6), "the scan took {:?}", begin.elapsed());
    let code = output.status.code();
    assert!(matches!(code, Some(0..=2)) && !stderr(&output).contains("panicked"), "{code:?}\n{}", stderr(&output));
    let read = |file: &str| {
        std::fs::read_to_string(out.path().join(file))
            .unwrap_or_else(|error| panic!("{file}: {error}\n{}", stderr(&output)))
    };
    // Markup means nothing to a terminal, which quotes source lines as they stand; what steers a terminal does.
    let steers = |raw: &&String| raw.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    for shown in [stdout(&output), stderr(&output)] {
        for raw in bounds.never_raw.iter().filter(steers) {
            assert!(!shown.contains(raw), "{raw:?} is shown as it stands");
        }
    }
    for shown in [read("r.html"), read("r.sarif")] {
        for raw in &bounds.never_raw {
            assert!(!shown.contains(raw), "{raw:?} is shown as it stands");
        }
    }
    serde_json::from_str(&read("r.json")).expect("the report is a run")
}

/// Every regular file is read by a crawler, of an extension nobody claims, or in a gap.
fn accounted(folder: &Path, run: &Run) {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_file()).count();
    let excluded: usize = run.coverage.excluded.values().sum();
    let gaps = run.coverage.gaps.iter().filter(|gap| gap.kind == "limit" || gap.kind == "unreadable").count();
    assert!(
        run.coverage.files + excluded + gaps >= files,
        "{files} files lie there; {} were seen, {excluded} excluded, {gaps} in gaps",
        run.coverage.files
    );
}

#[test]
fn the_committed_hostile_files_end_in_gaps() {
    let bounds = bounds();
    let run = scanned(&sample("hostile"), &bounds);
    assert!(bounds.accounted);
    accounted(&sample("hostile"), &run);
    assert!(run.summary.gaps >= 20, "only {} gaps", run.summary.gaps);
}

#[test]
fn the_heavy_hostile_files_end_in_gaps() {
    let bounds = bounds();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let made = Command::new("python3").arg(sample("hostile").join("make.py")).arg(folder.path()).status();
    assert!(made.expect("Python runs").success());
    let run = scanned(folder.path(), &bounds);
    let mut gaps: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for gap in &run.coverage.gaps {
        gaps.entry(gap.place.path.as_str()).or_default().push(&gap.kind);
    }
    for expected in bounds.heavy.iter().filter(|expected| !expected.optional) {
        let kinds: Vec<&str> = expected.kind.split('|').collect();
        let met = gaps.iter().any(|(path, found)| {
            let here = *path == expected.path || (expected.under && path.starts_with(&format!("{}/", expected.path)));
            here && found.iter().any(|kind| kinds.contains(kind))
        });
        assert!(met, "no {} gap for {}: {:#?}", expected.kind, expected.path, run.coverage.gaps);
    }
}
