use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use aedile_model::{Asset, RelationKind};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::Limits;

fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| Rules::load(&[]).unwrap())
}

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn options(root: &Path) -> Options {
    Options { roots: vec![root.to_path_buf()], ..Options::default() }
}

fn crawled(options: &Options) -> Crawl {
    crawl(options, rules(), &|_| {}).unwrap()
}

fn gaps(crawl: &Crawl) -> Vec<(GapKind, String)> {
    crawl.inventory.gaps.iter().map(|gap| (gap.kind, gap.place.path.to_string())).collect()
}

fn dataset<'a>(crawl: &'a Crawl, path: &str) -> Option<&'a Asset> {
    crawl.inventory.asset(&AssetId::new(AssetKind::Dataset, "", path))
}

#[test]
fn a_missing_root_is_an_error_with_advice() {
    let error = crawl(&options(Path::new("/nowhere/at/all")), rules(), &|_| {}).unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all"));
    assert!(miette::Diagnostic::help(&error).is_some());
}

#[test]
fn a_single_file_is_a_root() {
    let folder = folder(&[("data/a.csv", b"id,name\n1,Ann\n")]);
    let crawl = crawled(&options(&folder.path().join("data/a.csv")));
    assert_eq!(crawl.coverage.files, 1);
    assert!(dataset(&crawl, "a.csv").is_some());
}

#[test]
fn several_roots_have_names_of_their_own() {
    let folder = folder(&[("x/data/a.csv", b"id,n\n1,A\n"), ("y/data/a.csv", b"id,n\n1,A\n")]);
    let roots = ["x/data", "y/data", "x/data"].map(|root| folder.path().join(root)).to_vec();
    let crawl = crawled(&Options { roots, ..Options::default() });
    assert!(dataset(&crawl, "data/a.csv").is_some() && dataset(&crawl, "data-2/a.csv").is_some());
    assert_eq!(crawl.coverage.files, 2, "a root that is given twice is read once");
}

#[test]
fn what_is_excluded_is_counted() {
    let folder = folder(&[
        ("a.csv", b"a,b\n1,2\n"),
        ("node_modules/x/y.csv", b"a,b\n1,2\n"),
        ("b/.git/config", b"x"),
        ("notes.tmp", b"x"),
    ]);
    let mut options = options(folder.path());
    options.exclude.push("*.tmp".to_owned());
    let crawl = crawled(&options);
    assert_eq!(crawl.coverage.files, 1);
    let excluded: Vec<(&str, usize)> =
        crawl.coverage.excluded.iter().map(|(pattern, count)| (pattern.as_str(), *count)).collect();
    assert_eq!(excluded, [("*.tmp", 1), (".git/", 1), ("node_modules/", 1)]);
    options.exclude.clear();
    assert_eq!(crawled(&options).coverage.files, 4);
}

#[test]
fn every_file_is_accounted_for() {
    let folder = folder(&[
        ("a.csv", b"id,name\n1,Ann\n"),
        ("b.png", b"\x89PNG\0\0"),
        ("c.py", b"caf\xe9 = 1"),
        ("d.xyz", b"text"),
        ("e.csv", b"<!DOCTYPE html><html></html>"),
        ("f.csv", b""),
        ("g", b""),
    ]);
    let crawl = crawled(&options(folder.path()));
    assert_eq!((crawl.coverage.files, crawl.coverage.parsed["dataset"]), (7, 3));
    assert_eq!(gaps(&crawl), [(GapKind::Undecodable, "c.py".into()), (GapKind::Unparsed, "e.csv".into())]);
    assert_eq!(
        (crawl.coverage.unclaimed["png"], crawl.coverage.unclaimed["xyz"], crawl.coverage.unclaimed[""]),
        (1, 1, 1)
    );
    assert_eq!(crawl.coverage.datasets["a.csv"], crate::Rows { read: 1, total: Some(1) });
}

#[cfg(unix)]
#[test]
fn links_that_lead_astray_are_gaps_and_others_are_counted() {
    use std::os::unix::fs::symlink;
    let outside = folder(&[("secret.csv", b"id,name\n1,Ann\n")]);
    let inside = folder(&[("data/a.csv", b"id,name\n1,Ann\n"), ("build/b.csv", b"id,name\n1,Ann\n")]);
    let root = inside.path();
    symlink(outside.path().join("secret.csv"), root.join("out.csv")).unwrap();
    symlink(outside.path(), root.join("out")).unwrap();
    symlink("..", root.join("data/up")).unwrap();
    symlink("self", root.join("self")).unwrap();
    symlink("nothing", root.join("dangling")).unwrap();
    symlink("data/a.csv", root.join("in.csv")).unwrap();
    symlink("build/b.csv", root.join("excluded.csv")).unwrap();
    let crawl = crawled(&options(root));
    assert_eq!((crawl.coverage.files, crawl.coverage.links), (1, 1));
    let links: Vec<String> = gaps(&crawl).into_iter().map(|(kind, path)| format!("{kind:?} {path}")).collect();
    assert_eq!(
        links,
        ["dangling", "data/up", "excluded.csv", "out", "out.csv", "self"].map(|path| format!("Link {path}"))
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_is_never_opened() {
    let folder = folder(&[]);
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.csv")).status();
    if made.is_ok_and(|status| status.success()) {
        let crawl = crawled(&options(folder.path()));
        assert_eq!(gaps(&crawl), [(GapKind::Unsupported, "pipe.csv".into())]);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_a_gap() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("closed/a.csv", b"a,b\n1,2\n")]);
    let closed = folder.path().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let readable = fs::read_dir(&closed).is_ok();
    let crawl = crawled(&options(folder.path()));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    // The superuser may enter every folder.
    if !readable {
        assert_eq!(gaps(&crawl), [(GapKind::Unreadable, "closed".into())]);
    }
}

#[cfg(unix)]
#[test]
fn a_root_without_permission_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("closed/a.csv", b"a,b\n1,2\n")]);
    let closed = folder.path().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let readable = fs::read_dir(&closed).is_ok();
    let error = crawl(&options(&closed), rules(), &|_| {}).err();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    // The superuser may enter every folder.
    if !readable {
        assert!(matches!(error, Some(CrawlError::Root { reason, .. }) if reason.contains("ermission denied")));
    }
}

#[cfg(unix)]
#[test]
fn names_with_control_characters_are_spelt_out() {
    let folder = folder(&[("a\u{1b}[2J\n.csv", b"id,name\n1,Ann\n")]);
    let crawl = crawled(&options(folder.path()));
    assert!(dataset(&crawl, "a\\u{1b}[2J\\u{a}.csv").is_some());
}

#[test]
fn limits_that_are_reached_are_gaps() {
    let folder = folder(&[
        ("a.py", b"x = 1 # aaaaaaaaaaaa"),
        ("b.csv", b"id,name\n1,Ann\n2,Bob\n"),
        ("d/e/f.csv", b"a,b\n1,2\n"),
        ("z.md", b"0123456789"),
    ]);
    let kinds = |limits: Limits| gaps(&crawled(&Options { limits, ..options(folder.path()) }));
    assert_eq!(
        kinds(Limits { text_bytes: 15, ..Limits::default() }),
        [(GapKind::Limit, "a.py".into())],
        "a dataset is read from disk"
    );
    assert_eq!(kinds(Limits { depth: 1, ..Limits::default() }), [(GapKind::Limit, "d/e".into())]);
    assert_eq!(kinds(Limits { files: 2, ..Limits::default() }).len(), 1);
    assert_eq!(kinds(Limits { total_bytes: 45, ..Limits::default() }).len(), 2);
}

#[test]
fn a_file_that_is_no_text_is_one_gap_whoever_reads_it() {
    let folder = folder(&[
        ("a.tf", b"resource \"x\" \"y\" {}\0"),
        ("b.tofu", b"\xff\xfe\xff"),
        ("c/Chart.yaml", b"name: c\n"),
        ("c/templates/t.yaml", b"a: \0"),
    ]);
    let gaps = gaps(&crawled(&options(folder.path())));
    let binary = |path: &str| (GapKind::Undecodable, path.to_owned());
    assert_eq!(gaps, ["a.tf", "b.tofu", "c/templates/t.yaml"].map(binary));
}

#[test]
fn a_bomb_and_a_line_without_end_are_bounded() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(b"id,name\n").unwrap();
    encoder.write_all(&b"1,Ann\n".repeat(4 << 20)).unwrap();
    let bomb = encoder.finish().unwrap();
    let line = vec![b'a'; 10 << 20];
    let deep = "[".repeat(100_000);
    let objects = format!("[{},{}]", "{\"a\":".repeat(100_000), 1);
    let folder = folder(&[
        ("bomb.csv.gz", &bomb),
        ("line.csv", &line),
        ("line.py", &line),
        ("deep.json", deep.as_bytes()),
        ("objects.json", objects.as_bytes()),
    ]);
    let limits = Limits { dataset_bytes: 4 << 20, ..Limits::default() };
    let start = std::time::Instant::now();
    let crawl = crawled(&Options { limits, ..options(folder.path()) });
    let found = gaps(&crawl);
    for path in ["bomb.csv.gz", "line.py", "deep.json", "objects.json"] {
        assert!(found.contains(&(GapKind::Limit, path.into())), "{path}: {found:?}");
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn latin_1_tables_and_utf_16_are_read() {
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("id,straße\n1,x\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let folder = folder(&[
        ("a.csv", b"id,stra\xdfe\n1,x\n"),
        ("b.csv", &utf16),
        ("c.csv", b"\xef\xbb\xbfid,stra\xc3\x9fe\n1,x\n"),
    ]);
    let crawl = crawled(&options(folder.path()));
    for path in ["a.csv", "b.csv", "c.csv"] {
        let column = AssetId::column(&AssetId::new(AssetKind::Dataset, "", path), "straße");
        assert!(crawl.inventory.asset(&column).is_some(), "{path}");
        assert!(crawl.inventory.from(RelationKind::PartOf, &column).next().is_some());
    }
    assert!(gaps(&crawl).is_empty());
}

/// Invariant I3, as far as this crate goes.
#[test]
fn no_cell_of_a_dataset_leaves_the_crawl() {
    let planted = "ZEBRA7314";
    let csv = format!("id,note,mail\n1,{planted},{planted}@clinic.org\n2,{planted} again,x@y.org\n");
    let lines = format!("{{\"id\":1,\"note\":\"{planted}\"}}\n{{\"id\":2,\"note\":\"{planted}\"}}\n");
    let array = format!("[{{\"id\":1,\"note\":\"{planted}\"}},{{\"id\":2,\"note\":\"x\"}}]");
    let nameless = format!("1,{planted}\n2,{planted}\n");
    let folder = folder(&[
        ("a.csv", csv.as_bytes()),
        ("b.jsonl", lines.as_bytes()),
        ("c.json", array.as_bytes()),
        ("d.csv", nameless.as_bytes()),
    ]);
    let mut crawl = crawled(&options(folder.path()));
    crate::propagate(&mut crawl.inventory, rules());
    let inventory = format!("{:?} {:?}", crawl.inventory, crawl.coverage);
    assert!(!inventory.contains(planted));
    for path in crawl.sources.paths() {
        assert!(!crawl.sources.source(path).unwrap().text.contains(planted), "{path}");
    }
    assert_eq!(
        &*crawl.sources.source("a.csv").unwrap().text,
        "id,note,mail",
        "the names stay, so that places have lines"
    );
}

#[test]
fn the_number_of_threads_leaves_no_trace() {
    let csv: String = (0..50).map(|n| format!("{n},Ann,a{n}@x.org\n")).collect();
    let mut files: Vec<(String, Vec<u8>)> =
        (0..40).map(|n| (format!("d{}/f{n}.csv", n % 5), format!("id,name,mail\n{csv}").into_bytes())).collect();
    files.extend((0..40).map(|n| (format!("s{n}.py"), b"import os\n# aedile:allow x reason=\"y\"\n".to_vec())));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let folder = folder(&files);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let crawl = pool.install(|| crawled(&options(folder.path())));
        assert_eq!(crawl.waivers.len(), 40);
        format!("{crawl:?}")
    };
    assert_eq!(with(1), with(8));
}

#[test]
fn progress_is_told() {
    let folder = folder(&[("a.csv", b"id,name\n1,Ann\n")]);
    let seen = std::sync::Mutex::new(Vec::new());
    crawl(&options(folder.path()), rules(), &|progress| seen.lock().unwrap().push(progress)).unwrap();
    let seen = seen.into_inner().unwrap();
    assert_eq!((seen.first(), seen.last()), (Some(&Progress::Walking), Some(&Progress::Linking)));
    assert!(seen.iter().any(|seen| matches!(seen, Progress::Reading { files: 1, of: 1, bytes: 1.. })));
}

/// Beginnings of formats.
const STARTS: &[&[u8]] = &[
    b"",
    b"id,name\n",
    b"[{\"a\":1},",
    b"{\"a\":1}\n{\"a\":",
    b"PAR1",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"#",
    b"'a','",
    b"apiVersion: v1\nkind: ",
    b"resource \"aws_s3_bucket\" \"x\" {",
    b"{\"cells\":[{\"cell_type\":\"code\",\"source\":",
    b"import pandas as pd\ndf = pd.read_csv(",
    b"select a from ",
];

/// Bytes that look like the beginning of a format and go on as they like.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let start = prop::sample::select(STARTS);
    (start, prop::collection::vec(any::<u8>(), 0..200)).prop_map(|(start, rest)| [start, &rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_bytes_make_a_reader_panic(files in prop::collection::vec(hostile(), 1..4)) {
        const NAMES: [&str; 11] = ["a.csv", "a.json", "a.jsonl", "a.parquet", "a.csv.gz", "a.txt", "a.yaml", "a.tf", "a.py", "a.ipynb", "a.sql"];
        let named: Vec<(String, &[u8])> = files
            .iter()
            .enumerate()
            .flat_map(|(nth, bytes)| NAMES.map(|name| (format!("{nth}/{name}"), bytes.as_slice())))
            .collect();
        let named: Vec<(&str, &[u8])> = named.iter().map(|(path, bytes)| (path.as_str(), *bytes)).collect();
        let folder = folder(&named);
        let mut crawl = crawled(&options(folder.path()));
        crate::propagate(&mut crawl.inventory, rules());
        prop_assert_eq!(crawl.coverage.files, named.len());
    }
}
