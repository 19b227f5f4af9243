//! What it costs to follow Python: a hundred thousand lines of a package whose modules import each other.
//!
//! Wanted: 100 000 lines in under 2 s on two cores.

use std::fmt::Write;
use std::hint::black_box;

use aedile_crawl::{File, Options, crawl_files};
use aedile_rules::Rules;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Module number `at`: settings, a class, functions with branches and loops, and jobs that call two others' functions.
fn module(at: usize) -> String {
    let mut text = format!(
        "\"\"\"Module {at}.\"\"\"\nimport logging\nimport os\n\nimport pandas as pd\n\nfrom lake.m{a} import load as load_a\nfrom lake import m{b}\n\nlogger = logging.getLogger(__name__)\nBUCKET = os.getenv('BUCKET', 's3://lake')\nTABLES = {{'users': ['id', 'email'], 'orders': ['id', 'total']}}\n\n\nclass Job{at}:\n    root = BUCKET\n\n    def __init__(self, name, columns=None):\n        self.name = name\n        self.columns = columns or TABLES.get(name)\n\n    def path(self):\n        return f'{{self.root}}/{{self.name}}/{at}.parquet'\n\n    def read(self):\n        if self.columns:\n            return pd.read_parquet(self.path(), columns=self.columns)\n        return pd.read_parquet(self.path())\n\n\ndef load(name, day=None):\n    job = Job{at}(name)\n    df = job.read()\n    if day is not None:\n        df = df[df['day'] == day]\n    return df\n\n\n",
        a = at.saturating_sub(1),
        b = at.saturating_sub(7),
    );
    for n in 0..40 {
        let _ = write!(
            text,
            "def step_{n}(name, threshold={n}):\n    df = load(name)\n    other = load_a('orders')\n    for column in ['a', 'b', 'c']:\n        if column in df.columns:\n            df[column] = df[column].fillna(threshold)\n        else:\n            logger.info('no column %s', column)\n    try:\n        joined = df.merge(other, on='id')\n    except KeyError as error:\n        logger.warning('cannot join: %s', error)\n        raise\n    joined['total_{n}'] = joined['total'] * {n}\n    result = joined.groupby('id').agg({{'total_{n}': 'sum'}})\n    result.to_parquet(f'{{BUCKET}}/step_{n}/{at}.parquet')\n    return m{b}.load('users') if name else result\n\n\n",
            b = at.saturating_sub(7),
        );
    }
    text.push_str("if __name__ == '__main__':\n    step_0('users')\n");
    text
}

fn benches(bench: &mut Criterion) {
    let Ok(rules) = Rules::load(&[]) else { return };
    let options = Options::default();
    let files: Vec<File> = (0..126).map(|at| File::in_memory(&format!("lake/m{at}.py"), &module(at))).collect();
    let lines: usize = files.iter().filter_map(|file| file.text.as_ref()).map(|text| text.lines().count()).sum();
    let crawl = crawl_files(&files, &options, &rules);
    assert!(crawl.inventory.relations.len() >= 1_000, "{} relations", crawl.inventory.relations.len());
    let mut group = bench.benchmark_group("python");
    group.sample_size(10).throughput(Throughput::Elements(lines as u64));
    group.bench_function("modules that call each other", |b| {
        b.iter(|| crawl_files(black_box(&files), &options, &rules))
    });
    group.finish();
}

criterion_group!(python, benches);
criterion_main!(python);
