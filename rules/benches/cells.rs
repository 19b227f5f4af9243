//! What it costs to load the rules, to observe a cell, to read a name and to search a text.

use std::hint::black_box;

use aedile_rules::{PackSource, Rules};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

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

fn benches(bench: &mut Criterion) {
    bench.bench_function("load", |b| b.iter(|| Rules::load(black_box(&[] as &[PackSource])).is_ok()));
    let Ok(rules) = Rules::load(&[]) else { return };
    bench.bench_function("first cell", |b| {
        b.iter_with_setup(
            || Rules::load(&[]),
            |rules| {
                if let Ok(rules) = rules {
                    rules.identifiers.observe(&mut rules.identifiers.profile(), Some("person@mail.org"));
                }
            },
        );
    });
    bench.bench_function("name", |b| {
        b.iter(|| rules.identifiers.decide(black_box("customerEmailAddress"), None, &["id", "birth_date"]))
    });

    let cells = cells(120_000);
    let bytes: usize = cells.iter().map(String::len).sum();
    let mut group = bench.benchmark_group("cells");
    let observed = |cells: &[&String]| {
        let mut profile = rules.identifiers.profile();
        let mut observer = rules.identifiers.observer(&mut profile);
        cells.iter().for_each(|cell| observer.cell(Some(cell)));
        drop(observer);
        profile
    };
    let all: Vec<&String> = cells.iter().collect();
    group.throughput(Throughput::Elements(all.len() as u64));
    group.bench_function("observe", |b| b.iter(|| observed(&all)));
    // A column holds one kind of cell.
    for (nth, kind) in KINDS.iter().enumerate() {
        let column: Vec<&String> = cells.iter().skip(nth).step_by(KINDS.len()).collect();
        group.throughput(Throughput::Elements(column.len() as u64));
        group.bench_function(format!("observe {kind}"), |b| b.iter(|| observed(&column)));
    }
    let few: Vec<&String> = cells.iter().take(60).cycle().take(120_000).collect();
    group.throughput(Throughput::Elements(few.len() as u64));
    group.bench_function("observe 60 again and again", |b| b.iter(|| observed(&few)));
    group.throughput(Throughput::Bytes(bytes as u64));
    let text = cells.join("\n");
    group.bench_function("scan_text", |b| b.iter(|| rules.identifiers.scan_text(&text)));
    group.finish();

    let code = "def load(path):\n    token = os.environ['TOKEN']\n    return pd.read_csv(path, storage_options={'key': key})\n".repeat(10_000);
    let mut group = bench.benchmark_group("secrets");
    group.throughput(Throughput::Bytes(code.len() as u64));
    group.bench_function("scan", |b| b.iter(|| rules.secrets.scan(&code)));
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
