//! What it costs to load the rules, to observe a cell, to decide a column, to read a name and to search a text.
//!
//! `cargo bench -p aedile-rules --bench cells [-- twelve]`: with a word, only what has that word in its name.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement prints, and fails on broken rules")]

use std::hint::black_box;
use std::time::Instant;

use aedile_rules::{PackSource, Rules};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Cells of twelve kinds in turn, all distinct, so that no cell is remembered.
fn cells(count: u64) -> Vec<String> {
    let cell = |n: u64| match n % 12 {
        0 => format!("person{n}@mail.org"),
        1 => format!("{}", 4_000_000_000_000_000 + n * 7_919),
        2 => format!("19{:02}-{:02}-{:02}", n % 100, 1 + n % 12, 1 + n % 28),
        3 => format!("{}", 1_700_000_000 + n),
        4 => format!("{:08x}-e89b-12d3-a456-{:012x}", n, n * 77),
        5 => format!("0.{n}"),
        6 => format!("10.0.{}.{}", n % 256, n / 256 % 256),
        7 => format!("order {n} was shipped and arrived on time"),
        8 => format!("{:03}-{:02}-{:04}", n % 900, n % 90, n % 9999),
        9 => format!("Anna Maria {n}"),
        10 => format!("+49 30 {n:07}"),
        _ => format!("{n:064x}"),
    };
    (0..count).map(cell).collect()
}

/// What [`cells`] gives in turn.
const KINDS: [&str; 12] =
    ["address", "card", "date", "epoch", "uuid", "float", "ip", "text", "ssn", "name", "phone", "digest"];

/// The best of many short runs, in seconds: what else the machine does makes a run longer, never shorter.
fn best<T>(runs: usize, mut run: impl FnMut() -> T) -> f64 {
    let once = |_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    };
    (0..runs).map(once).min().unwrap_or_default().as_secs_f64()
}

/// The time that each of `count` things takes of the seconds that `took` gives, in the unit that fits.
fn show(what: &str, took: impl FnOnce() -> f64, count: usize, wanted: &str) {
    if std::env::args().skip(1).any(|word| word != "--bench" && !what.contains(&word)) {
        return;
    }
    let each = took() / count as f64;
    let (value, unit) = [(1.0, "s"), (1e3, "ms"), (1e6, "µs"), (1e9, "ns")]
        .into_iter()
        .map(|(scale, unit)| (each * scale, unit))
        .find(|(value, _)| *value >= 1.0)
        .unwrap_or((each * 1e9, "ns"));
    println!("{what:32} {value:8.1} {unit}  {wanted}");
}

fn main() {
    show("load", || best(5, || Rules::load(black_box(&[] as &[PackSource])).is_ok()), 1, "");
    let rules = Rules::load(&[]).unwrap();
    let first = || {
        let rules = Rules::load(&[]).unwrap();
        let start = Instant::now();
        rules.identifiers.observe(&mut rules.identifiers.profile(), Some("person@mail.org"));
        start.elapsed()
    };
    show("first cell", || (0..5).map(|_| first()).min().unwrap_or_default().as_secs_f64(), 1, "");
    let name = || rules.identifiers.decide(black_box("customerEmailAddress"), None, &["id", "birth_date"]);
    show("a name", || best(200, name), 1, "");

    let cells = cells(24_000);
    let observed = |cells: &[&String]| {
        let mut profile = rules.identifiers.profile();
        let mut observer = rules.identifiers.observer(&mut profile);
        for cell in cells {
            observer.cell(Some(cell));
        }
        drop(observer);
        profile
    };
    let all: Vec<&String> = cells.iter().collect();
    show("a cell of twelve kinds in turn", || best(200, || observed(&all)), all.len(), "wanted: 60 ns");
    // A column holds one kind of cell.
    for (nth, kind) in KINDS.iter().enumerate() {
        let column: Vec<&String> = cells.iter().skip(nth).step_by(KINDS.len()).collect();
        let length = column.iter().map(|cell| cell.len()).sum::<usize>() / column.len();
        show(&format!("a cell: {kind}, {length} bytes"), || best(200, || observed(&column)), column.len(), "");
        let profile = observed(&column);
        let decide = || rules.identifiers.decide("column", Some(&profile), &[]);
        show(&format!("a column: {kind}"), || best(20, decide), 1, "");
    }
    let few: Vec<&String> = cells.iter().take(60).cycle().take(24_000).collect();
    show("one of 60 cells", || best(200, || observed(&few)), few.len(), "");

    if std::env::args().skip(1).any(|word| word != "--bench") {
        return;
    }
    let text = cells.join("\n");
    let megabytes = |took: f64, bytes: usize| bytes as f64 / 1e6 / took;
    println!("cells as a text: {:.0} MB/s", megabytes(best(10, || rules.identifiers.scan_text(&text)), text.len()));
    let code = "def load(path):\n    token = os.environ['TOKEN']\n    return pd.read_csv(path, storage_options={'key': key})\n".repeat(2_000);
    println!("secrets in code: {:.0} MB/s", megabytes(best(20, || rules.secrets.scan(&code)), code.len()));
}
