//! Facts kept between scans change nothing but the time that a scan takes.

use std::fs;
use std::path::Path;

use crate::program::{AS_OF, aedile, code, platform, sample, samples, stderr};

/// The report of scanning `folder`, and how many interpretations of Python were made and kept. `cache` is a folder or `none`.
fn scanned(folder: &Path, cache: &str, more: &[&str]) -> (Vec<u8>, Option<(usize, usize)>) {
    let mut all = vec!["-v", "scan", ".", "--as-of", AS_OF, "--ledger", "none", "--format", "json", "--cache", cache];
    all.extend(more);
    let output = aedile(folder, &all);
    assert!(code(&output) < 2 && !output.stdout.is_empty(), "{}", stderr(&output));
    let told = stderr(&output).lines().find(|line| line.starts_with("python: ")).map(str::to_owned);
    let counts = told.map(|line| {
        let mut numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
        (numbers.next().expect("it says how many were made"), numbers.next().expect("and how many were kept"))
    });
    (output.stdout, counts)
}

/// Scans `folder` without and with the cache; the reports are the same. Gives what was made and kept.
fn same(folder: &Path, cache: &Path, what: &str, more: &[&str]) -> (usize, usize) {
    let (cold, none) = scanned(folder, "none", more);
    assert_eq!(none, None, "{what}: nothing is kept");
    let (warm, counts) = scanned(folder, cache.to_str().expect("the path is text"), more);
    assert!(cold == warm, "{what}: another report with the cache");
    counts.expect("the cache says what it did")
}

#[test]
fn a_second_scan_of_a_sample_gives_the_same_bytes() {
    for name in samples() {
        let cache = tempfile::tempdir().expect("a temporary folder can be made");
        let (made, kept) = same(&sample(&name), cache.path(), &name, &[]);
        assert_eq!(kept, 0, "{name}: the cache was empty");
        let (again, kept) = same(&sample(&name), cache.path(), &name, &[]);
        // What quotes a credential is never kept.
        assert!(kept + again == made && again * 4 <= made, "{name}: {made} made at first, then {again}, {kept} kept");
    }
}

const SETTINGS: &str = "BUCKET = 's3://lake'\nclass Job:\n    root = BUCKET\n    def __init__(self, name):\n        \
                        self.name = name\n    def path(self):\n        return f'{self.root}/{self.name}.parquet'\n";
const LOAD: &str = "import pandas as pd\nfrom etl.settings import Job\n\ndef load(name):\n    return \
                    pd.read_parquet(Job(name).path())\n";
const TRAIN: &str = "from etl.load import load\n\ndef train():\n    frame = load('patients')\n    \
                     frame[['id', 'diagnosis']].to_csv('s3://out/train.csv')\n\nif __name__ == '__main__':\n    train()\n";
const REPORT: &str = "import yaml\nimport pandas as pd\n\nwith open('conf/report.yaml') as file:\n    conf = \
                      yaml.safe_load(file)\n\nframe = pd.read_csv(conf['source'])\nframe.to_csv('s3://out/report.csv')\n";
const QUERY: &str = "def rows(spark):\n    frame = spark.sql('select * from clinic.visits')\n    \
                     frame.write.parquet('s3://out/visits')\n";
const ALONE: &str = "import pandas as pd\npd.read_csv('s3://lake/a.csv').to_csv('s3://out/a.csv')\n";

fn pipeline() -> tempfile::TempDir {
    platform(&[
        ("etl/settings.py", SETTINGS),
        ("etl/load.py", LOAD),
        ("etl/train.py", TRAIN),
        ("jobs/report.py", REPORT),
        ("jobs/conf/report.yaml", "source: s3://lake/report.csv\n"),
        ("jobs/query.py", QUERY),
        ("jobs/alone.py", ALONE),
        ("ddl/visits.sql", "create table clinic.visits (id int, email text);\n"),
    ])
}

/// One edit after another, each with how many modules it must touch at least, and whether some must stay kept.
#[test]
fn every_edit_gives_the_report_of_a_scan_from_nothing() {
    let (folder, cache) = (pipeline(), tempfile::tempdir().expect("a temporary folder can be made"));
    let cache = cache.path();
    let at = |path: &str| folder.path().join(path);
    let write = |path: &str, text: &str| fs::write(at(path), text).expect("files can be written");
    let check = |what: &str| same(folder.path(), cache, what, &[]);

    let (all, kept) = check("at first");
    assert!(all >= 6 && kept == 0, "{all} made, {kept} kept");
    assert_eq!(check("unchanged"), (0, all));

    write("jobs/alone.py", &ALONE.replace("a.csv", "b.csv"));
    assert_eq!(check("a module that nobody imports"), (1, all - 1));
    write("jobs/alone.py", &format!("# a comment moves every place\n{ALONE}"));
    assert_eq!(check("a comment"), (1, all - 1));

    write("etl/settings.py", &SETTINGS.replace("s3://lake", "s3://pond"));
    let (made, kept) = check("a module that others import through others");
    assert!(made >= 3 && kept >= 3, "{made} made, {kept} kept");
    write("etl/load.py", &LOAD.replace("read_parquet", "read_orc"));
    let (made, kept) = check("a function that others call");
    assert!(made >= 2 && kept >= 3, "{made} made, {kept} kept");

    write("jobs/conf/report.yaml", "source: s3://lake/other.csv\n");
    assert_eq!(check("a file of settings"), (1, all - 1));
    fs::remove_file(at("jobs/conf/report.yaml")).expect("files can be removed");
    assert_eq!(check("a file of settings that is gone"), (1, all - 1));
    write("ddl/visits.sql", "create table clinic.visits (id int, email text, diagnosis text);\n");
    assert!(check("a table").0 >= 1);

    write("jobs/alone.py", &format!("{ALONE}\nfrom etl.load import load\nprint(load('x').email)\n"));
    assert!(check("a new import").0 >= 1);
    fs::rename(at("etl/load.py"), at("etl/fetch.py")).expect("files can be renamed");
    let (made, kept) = check("a module of another name");
    assert!(made >= 3 && kept >= 3, "{made} made, {kept} kept");
    write("etl/load.py", "def load(name):\n    return None\n");
    assert!(check("another module of the old name").0 >= 3);
    write("jobs/beside.py", "import numpy\n");
    assert_eq!(check("a module beside the others").0, 1);
    fs::remove_file(at("etl/settings.py")).expect("files can be removed");
    assert!(check("a module that is gone").0 >= 1);
    assert_eq!(check("unchanged at the end").0, 0);
}

const OWN: &str = r#"pack: apis
rules:
  - id: own-log
    title: a value is told to our own log
    call: [ownlib.tell]
    effect: log
    data: [all]
    sink: {kind: log}
    source: https://example.org/ownlib
    examples:
      - code: |
          import ownlib
          import pandas as pd
          ownlib.tell(pd.read_csv("data/a.csv")["email"])
        gives: ["reads data/a.csv [*]", "sends log [email]"]
    counter_examples:
      - code: |
          import ownlib
          ownlib.tell("done")
"#;

#[test]
fn other_rules_or_limits_find_their_own_facts() {
    let (folder, cache) = (pipeline(), tempfile::tempdir().expect("a temporary folder can be made"));
    let (all, _) = same(folder.path(), cache.path(), "at first", &[]);
    let rules = tempfile::tempdir().expect("a temporary folder can be made");
    let pack = rules.path().join("own.yaml");
    fs::write(&pack, OWN).expect("files can be written");
    let given = ["--rules", pack.to_str().expect("the path is text")];
    assert_eq!(same(folder.path(), cache.path(), "other rules", &given), (all, 0));
    assert_eq!(same(folder.path(), cache.path(), "the same rules again", &given), (0, all));
    fs::write(folder.path().join("aedile.yaml"), "version: 1\nlimits:\n  nesting: 60\n").expect("files can be written");
    assert_eq!(same(folder.path(), cache.path(), "another limit", &given), (all, 0));
}

#[test]
fn what_others_left_in_the_folder_is_not_believed() {
    let (folder, cache) = (pipeline(), tempfile::tempdir().expect("a temporary folder can be made"));
    let (all, _) = same(folder.path(), cache.path(), "at first", &[]);
    let file = || {
        let mut files = fs::read_dir(cache.path()).expect("readable").flatten().map(|entry| entry.path());
        files.find(|path| path.to_string_lossy().contains("facts-")).expect("facts are kept")
    };
    let whole = fs::read_to_string(file()).expect("facts are text");
    for (what, text) in [
        ("an empty file", String::new()),
        ("half a file", whole[..whole.len() / 2].to_owned()),
        ("a changed file", whole.replace("s3://out", "s3://own")),
    ] {
        fs::write(file(), text).expect("files can be written");
        assert_eq!(same(folder.path(), cache.path(), what, &[]), (all, 0));
    }
    assert_eq!(same(folder.path(), cache.path(), "mended", &[]), (0, all));
}

const STORE: &str = "resource \"aws_s3_bucket\" \"lake\" {\n  bucket = \"lake\"\n}\n\nresource \"aws_db_instance\" \"app\" {\n  \
                     storage_encrypted = true\n}\n";

/// How many questions were asked of policies, and how many were answered in earlier scans.
fn asked(folder: &Path, cache: &Path) -> (usize, usize) {
    let cache = cache.to_str().expect("the path is text");
    let output = aedile(folder, &["-v", "scan", ".", "--as-of", AS_OF, "--ledger", "none", "--cache", cache]);
    let told = stderr(&output);
    let line = told.lines().find(|line| line.starts_with("policies: ")).expect("it says what was asked");
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
    (numbers.next().expect("how many were asked"), numbers.next().expect("and how many answered before"))
}

#[test]
fn only_what_changed_is_judged_again() {
    let (folder, cache) = (pipeline(), tempfile::tempdir().expect("a temporary folder can be made"));
    let write = |text: &str| {
        fs::create_dir_all(folder.path().join("infra")).expect("folders can be made");
        fs::write(folder.path().join("infra/main.tf"), text).expect("files can be written");
    };
    write(STORE);
    let (all, before) = asked(folder.path(), cache.path());
    assert!(all > 5 && before == 0, "{all} asked, {before} answered before");
    assert_eq!(asked(folder.path(), cache.path()), (0, all));
    write(&STORE.replace("= true", "= false"));
    let (again, before) = asked(folder.path(), cache.path());
    assert!((1..=3).contains(&again) && again + before == all, "{again} asked, {before} answered before");
    same(folder.path(), cache.path(), "after a change", &[]);

    // Who changes an answer, and leaves the rest, is not believed.
    let file = || {
        let mut files = fs::read_dir(cache.path()).expect("readable").flatten().map(|entry| entry.path());
        files.find(|path| path.to_string_lossy().contains("answers-")).expect("answers are kept")
    };
    let whole = fs::read_to_string(file()).expect("answers are text");
    let changed: String = whole.lines().map(|line| line.replace('f', "p") + "\n").collect();
    for text in [String::new(), whole[..whole.len() / 2].to_owned(), changed] {
        fs::write(file(), text).expect("files can be written");
        assert_eq!(asked(folder.path(), cache.path()), (all, 0));
    }
    fs::write(folder.path().join("aedile.yaml"), "version: 1\nresidency: [EEA]\n").expect("files can be written");
    assert!(asked(folder.path(), cache.path()).0 >= all, "where data may lie is part of every question");
}

#[test]
fn facts_among_what_is_scanned_are_not_read() {
    let folder = pipeline();
    for _ in 0..2 {
        let output = aedile(folder.path(), &["-v", "scan", ".", "--ledger", "none", "--cache", "mine"]);
        assert!(stderr(&output).contains("facts are not kept"), "{}", stderr(&output));
        assert!(!stderr(&output).contains("python: "), "{}", stderr(&output));
    }
    assert!(!folder.path().join("mine").exists());
}

#[test]
fn a_credential_in_code_is_not_kept() {
    let secret = ["sk", "live", "4eC39HqLyjWDarjtT1zdp7dc9Kx2"].join("_");
    let code = format!(
        "import pandas as pd\nKEY = '{secret}'\npd.read_csv(f's3://lake/{{KEY}}/a.csv').to_csv('s3://out/a.csv')\n"
    );
    let folder = platform(&[("job.py", &code), ("other.py", ALONE)]);
    let cache = tempfile::tempdir().expect("a temporary folder can be made");
    same(folder.path(), cache.path(), "at first", &[]);
    assert_eq!(same(folder.path(), cache.path(), "again", &[]), (1, 1), "one is made anew each time");
    for entry in fs::read_dir(cache.path()).expect("readable").flatten() {
        let text = fs::read_to_string(entry.path()).expect("facts are text");
        assert!(!text.contains(&secret), "{text}");
        let facts = entry.file_name().to_string_lossy().starts_with("facts-");
        assert_eq!(text.contains("s3://out/a.csv"), facts, "answers hold no facts: {text}");
    }
}

#[test]
fn scans_at_the_same_time_do_not_disturb_each_other() {
    let (folder, cache) = (pipeline(), tempfile::tempdir().expect("a temporary folder can be made"));
    let cache = cache.path().to_str().expect("the path is text");
    let (cold, _) = scanned(folder.path(), "none", &[]);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..6).map(|_| scope.spawn(|| scanned(folder.path(), cache, &[]).0)).collect();
        for one in all {
            assert!(cold == one.join().expect("a scan ends"), "another report beside others");
        }
    });
    assert_eq!(scanned(folder.path(), cache, &[]).1.map(|(made, _)| made), Some(0));
}
