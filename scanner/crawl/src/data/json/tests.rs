use super::super::RULES;
use super::super::packing::Packing;
use super::*;
use crate::File;

fn opened(file: &File) -> Stream<'_> {
    Stream::open(file, Packing::None, true, 1 << 20).unwrap()
}

#[test]
fn nested_members_are_dotted_columns() {
    let file = File::in_memory("a.jsonl", "{\"a\":{\"b\":1},\"tags\":[\"x\",\"y\"]}\n\n{\"a\":null}\nnot json\n");
    let rules = &*RULES;
    let table = lines(opened(&file), &Limits::default(), rules);
    let counts = |name: &str| (table.column(name).total(), table.column(name).nulls());
    assert_eq!(counts("a.b"), (2, 1));
    assert_eq!(counts("tags"), (2, 0), "two items of the first row; the second row adds none");
    assert_eq!((table.rows_total, table.gaps.len()), (Some(2), 1));
    let all = Limits { dataset_rows: usize::MAX, ..Limits::default() };
    assert_eq!(lines(opened(&file), &all, rules).columns(), table.columns());
}

/// Objects of 40 of the members `m0`, `m1`, …, in an order of their own, and now and then one of very many.
fn wide(objects: usize, members: u64, many: usize) -> String {
    let mut random = super::super::sample::SplitMix(3);
    let member = |n: u64| format!("\"m{n}\":\"{}@mailbox.org\"", n * 7);
    (0..objects)
        .map(|nth| {
            let few: Vec<String> = (0..40).map(|_| member(random.next() % members)).collect();
            let more: Vec<String> = match nth % 997 {
                0 => (0..many).map(|n| format!("\"z{nth}-{n}\":{n}")).collect(),
                _ => Vec::new(),
            };
            format!("{{{}}}\n", [few, more].concat().join(","))
        })
        .collect()
}

#[test]
fn columns_beyond_the_limit_are_the_same_on_any_number_of_threads() {
    let all = Limits { dataset_rows: usize::MAX, dataset_bytes: u64::MAX, ..Limits::default() };
    for text in [wide(3_000, 6_000, 0), wide(3_000, 90, 30_000), wide(3_000, 90, 3_000)] {
        assert!(text.len() > 8 << 18, "blocks enough for all threads");
        let file = File::in_memory("a.jsonl", &text);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| lines(Stream::open(&file, Packing::None, true, u64::MAX).unwrap(), &all, &RULES))
        };
        let (one, four) = (on(1), on(4));
        let names: Vec<&str> = one.columns().iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.is_sorted() && names.len() == 4096 && names.contains(&"m0"), "{}", names.len());
        assert_eq!((one.rows_read, &one.gaps), (3_000, &four.gaps));
        assert_eq!(one.gaps.len(), 1, "{:?}", one.gaps);
        assert!(one.columns() == four.columns());
    }
}

#[test]
fn only_arrays_of_like_objects_are_tables() {
    let rules = &*RULES;
    for rows in [10_000, usize::MAX] {
        let limits = Limits { dataset_rows: rows, ..Limits::default() };
        let read = |text: &str| array(opened(&File::in_memory("a.json", text)), &limits, rules);
        assert_eq!(read(r#"[{"a":1,"b":2},{"a":3,"b":null}]"#).unwrap().rows_read, 2);
        assert!(read(r#"[{"a":1}]"#).is_none(), "one object is no table");
        assert!(read(r#"[{"a":1},2]"#).is_none());
        assert!(read(r#"[{"a":1},{"b":1},{"c":1}]"#).is_none());
        assert!(read(r#"{"a":1}"#).is_none());
    }
}

#[test]
fn bundles_are_tables_by_type_and_wrapped_rows_are_a_table() {
    for limits in [Limits::default(), Limits { dataset_rows: usize::MAX, ..Limits::default() }] {
        bundles(&limits);
    }
}

fn bundles(limits: &Limits) {
    let read = |text: &str| document(opened(&File::in_memory("a.json", text)), limits, &RULES);
    let bundle = r#"{"resourceType":"Bundle","total":3,"entry":[
            {"fullUrl":"u","resource":{"resourceType":"Patient","birthDate":"1980-02-03","name":[{"family":"Lee"}]}},
            {"resource":{"resourceType":"Observation","status":"final"}},
            {"resource":{"resourceType":"Observation","status":"final"}}]}"#;
    let tables = read(bundle);
    let parts: Vec<(&str, u64)> = tables.iter().map(|table| (table.part.as_str(), table.rows_read)).collect();
    assert_eq!(parts, [("Observation", 2), ("Patient", 1)]);
    assert_eq!(tables[1].column("name.family").total(), 1);
    let wrapped = read(r#"{"page":1,"data":[{"email":"a@b.org"},{"email":"c@d.org"}],"next":null}"#);
    assert_eq!((wrapped.len(), wrapped[0].part.as_str(), wrapped[0].rows_read), (1, "", 2));
    assert!(read(r#"{"a":{"b":[{"c":1}]}}"#).is_empty());
}

#[test]
fn deep_nesting_is_no_panic() {
    let deep = format!("[{0}{1},{0}{1}]", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    let file = File::in_memory("a.json", &deep);
    assert!(array(opened(&file), &Limits::default(), &RULES).is_none());
}
