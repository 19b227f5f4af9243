//! How fast texts are searched for secrets and personal data with all rules, on one core, beside a pass of
//! memchr and beside plainer designs over the same bytes, in one run.
//!
//! The texts are this repository's own: its code, its configuration, its samples; without the packs of
//! secrets and identifiers, which are made of what is searched for.
//!
//! `cargo bench -p aedile-rules --bench text`

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement prints, and fails on a broken tree")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use aedile_rules::Rules;
use regex::bytes::{Regex, RegexBuilder};

/// Folders of the repository that are read.
const FOLDERS: [&str; 8] =
    ["audit", "docs", "policies", "rules/apis", "rules/resources", "rules/src", "samples", "scanner"];

/// Bytes that the plainest designs are run over; they would take minutes for all.
const SLICE: usize = 1 << 20;

fn read(folder: &Path, texts: &mut Vec<String>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let (kind, path) = (entry.file_type().unwrap(), entry.path());
        // What is hostile on purpose is no source code; links would be read twice.
        if kind.is_dir() && !path.ends_with("hostile") {
            read(&path, texts);
        } else if kind.is_file()
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            texts.push(text);
        }
    }
}

/// A rule as its pack has it, for the plainer designs.
struct Plain {
    keywords: Vec<String>,
    regex: Regex,
}

fn plain() -> Vec<Plain> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("secrets");
    let mut rules = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let pack: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        for rule in pack.get("secrets").and_then(|list| list.as_array()).unwrap() {
            let pattern = rule.get("pattern").and_then(|pattern| pattern.as_str()).unwrap();
            let any_case = rule.get("ignore_case").and_then(serde_json::Value::as_bool).unwrap_or(false);
            let regex = RegexBuilder::new(pattern).unicode(false).case_insensitive(any_case).build().unwrap();
            let keywords = rule.get("keywords").and_then(|list| list.as_array()).unwrap();
            let keywords = keywords.iter().filter_map(|word| Some(word.as_str()?.to_ascii_lowercase())).collect();
            rules.push(Plain { keywords, regex });
        }
    }
    rules
}

/// The best of `runs` runs.
fn best(runs: usize, mut run: impl FnMut() -> usize) -> (Duration, usize) {
    let once = |_| {
        let start = Instant::now();
        let found = black_box(run());
        (start.elapsed(), found)
    };
    (0..runs).map(once).min().unwrap()
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut texts = Vec::new();
    FOLDERS.iter().for_each(|folder| read(&root.join(folder), &mut texts));
    let bytes: usize = texts.iter().map(String::len).sum();
    let rules = Rules::load(&[]).unwrap();
    println!("{} texts, {:.1} MB, {} rules of secrets", texts.len(), bytes as f64 / 1e6, rules.secrets.list().len());

    let mut shown = Vec::new();
    let mut show = |name: &str, bytes: usize, (took, found): (Duration, usize)| {
        shown.push((name.to_owned(), bytes as f64 / 1e6 / took.as_secs_f64(), found));
    };
    let lines = || texts.iter().map(|text| memchr::memchr_iter(b'\n', text.as_bytes()).count()).sum();
    show("memchr of line ends", bytes, best(20, lines));
    let secrets = || texts.iter().map(|text| rules.secrets.scan(text).len()).sum();
    let values = || texts.iter().map(|text| rules.identifiers.scan_text(text).len()).sum();
    show("secrets", bytes, best(10, secrets));
    show("personal data", bytes, best(10, values));
    let both =
        || texts.iter().map(|text| rules.secrets.scan(text).len() + rules.identifiers.scan_text(text).len()).sum();
    show("secrets and personal data", bytes, best(10, both));

    let plain = plain();
    let mut slice = 0;
    let part: Vec<&String> =
        texts.iter().step_by(7).take_while(|text| (slice += text.len(), slice < SLICE).1).collect();
    let bytes: usize = part.iter().map(|text| text.len()).sum();
    let gated = || {
        let search = |text: &&String| {
            let lower = text.to_ascii_lowercase();
            let asked = plain.iter().filter(|rule| rule.keywords.iter().any(|word| lower.contains(word.as_str())));
            asked.map(|rule| rule.regex.find_iter(text.as_bytes()).count()).sum::<usize>()
        };
        part.iter().map(search).sum()
    };
    show("plain: a file with the keyword, then the pattern", bytes, best(2, gated));
    let every = || {
        let search =
            |text: &&String| plain.iter().map(|rule| rule.regex.find_iter(text.as_bytes()).count()).sum::<usize>();
        part.iter().map(search).sum()
    };
    show("plainest: every pattern over every file", bytes, best(2, every));

    let of = |at: usize| shown.get(at).map_or(f64::NAN, |(_, speed, _)| *speed);
    for (name, speed, found) in &shown {
        println!(
            "{name:50} {speed:9.1} MB/s {:8.1} x plainest {:7.4} x memchr   {found} found",
            speed / of(5),
            speed / of(0)
        );
    }
}
