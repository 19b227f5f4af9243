use super::*;

fn one(text: &str) -> Node {
    let (mut documents, error) = parse(text, 64);
    assert_eq!(error, None, "{text}");
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

fn raw(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

#[test]
fn spans_count_bytes_after_non_ascii_text() {
    let text = "name: Zoë\nspec:\n  owner: \"team é\"\n  image: x # note\nlist:\n- a\n- b: 1\n";
    let root = one(text);
    assert_eq!(raw(text, root.get("name").unwrap().span), "Zoë");
    assert_eq!(raw(text, root.at("spec.owner").unwrap().span), "\"team é\"");
    assert_eq!(raw(text, root.at("spec.image").unwrap().span), "x");
    assert_eq!(raw(text, root.get("spec").unwrap().span), "owner: \"team é\"\n  image: x");
    assert_eq!(raw(text, root.key_span("list").unwrap()), "list");
    assert_eq!(root.get("list").unwrap().items().len(), 2);
    assert_eq!(root.get("list").unwrap().items()[1].get("b").unwrap().value(), Value::Int(1));
}

#[test]
fn flow_collections_and_block_scalars_have_spans() {
    let text = "a: [1, {b: c}]\nd: |\n  one\n  two\ne: f\n";
    let root = one(text);
    assert_eq!(raw(text, root.get("a").unwrap().span), "[1, {b: c}]");
    assert_eq!(root.get("d").unwrap().str(), Some("one\ntwo\n"));
    assert!(raw(text, root.get("d").unwrap().span).ends_with("two"));
    assert_eq!(root.get("e").unwrap().str(), Some("f"));
}

#[test]
fn plain_words_are_read_by_yaml_1_1_and_quoted_ones_are_text() {
    let root = one("a: yes\nb: 'yes'\nc: 7\nd: ~\ne: 1.5\nf:\ng: \"7\"\n");
    let value = |key: &str| root.get(key).unwrap().value();
    assert_eq!(value("a"), Value::Bool(true));
    assert_eq!(value("b"), Value::from("yes"));
    assert_eq!(value("c"), Value::Int(7));
    assert_eq!(value("d"), Value::Null);
    assert_eq!(value("e"), Value::from("1.5"));
    assert_eq!(value("f"), Value::Null);
    assert_eq!(value("g"), Value::from("7"));
}

#[test]
fn tags_are_kept() {
    let root = one("a: !Ref Bucket\nb: !Sub\n  - x\n  - {y: 1}\nc: !!str 7\n");
    assert_eq!(root.get("a").unwrap().tag.as_deref(), Some("Ref"));
    assert_eq!(root.get("b").unwrap().tag.as_deref(), Some("Sub"));
    assert_eq!(root.get("c").unwrap().tag, None);
    assert_eq!(root.get("c").unwrap().value(), Value::from("7"));
}

#[test]
fn aliases_and_merge_keys_are_resolved() {
    let root = one("base: &b {x: 1, y: 2}\nuse: *b\nmore:\n  <<: *b\n  y: 3\n");
    assert_eq!(root.at("use.x").unwrap().value(), Value::Int(1));
    assert!(root.get("use").unwrap().shared);
    assert_eq!(root.at("more.x").unwrap().value(), Value::Int(1));
    assert_eq!(root.at("more.y").unwrap().value(), Value::Int(3));
}

#[test]
fn the_last_of_duplicate_keys_counts_and_the_others_are_named() {
    let text = "a: 1\nb:\n  c: 1\n  c: 2\na: 3\n";
    let root = one(text);
    assert_eq!(root.get("a").unwrap().value(), Value::Int(3));
    let named: Vec<String> = root.duplicates().into_iter().map(|(key, _)| key).collect();
    assert_eq!(named, ["c", "a"]);
}

#[test]
fn a_broken_document_does_not_lose_its_neighbours() {
    let text = "a: 1\n---\nb: [1\n---\nc: 3\n---\nd: {{ x }}\ne: f: g\n---\nh: 4\n";
    let (documents, errors) = parse_all(text, 64);
    assert!(documents.iter().any(|d| d.get("a").is_some()));
    assert!(documents.iter().any(|d| d.get("c").is_some()), "{documents:?} {errors:?}");
    assert_eq!(documents.last().unwrap().get("h").unwrap().value(), Value::Int(4));
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors.iter().all(|error| !error.limit), "{errors:?}");
    assert!(parse(text, 64).1.unwrap().message.ends_with("(and 1 more in this file)"));
}

#[test]
fn an_alias_bomb_is_bounded() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let refs = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
    }
    let (_, error) = parse(&text, 64);
    let error = error.unwrap();
    assert!(error.limit && error.message.contains("expand"));
}

#[test]
fn deep_nesting_is_an_error_in_every_style() {
    for text in ["[".repeat(200_000), "- ".repeat(5_000), "{a: ".repeat(100_000)] {
        let (documents, error) = parse(&text, 64);
        assert!(documents.is_empty() && error.is_some_and(|error| error.limit));
    }
    let mut chain = String::from("a0: &a0 [x]\n");
    for level in 1..500 {
        chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(parse(&chain, 64).1.unwrap().message.contains("nest"));
}

#[test]
fn hostile_texts_do_not_panic() {
    for text in [
        "",
        "\u{feff}a: 1",
        "*x",
        "&a *a",
        "a: &x\n  b: *x",
        "\0",
        "? ",
        "- - -\n",
        ": :",
        "%TAG ! x\n---\n",
        "---",
        "...\n---\n\n--- é",
    ] {
        let _ = parse_all(text, 8);
    }
}

#[test]
fn brackets_may_close_where_their_key_begins() {
    let text =
        "command: [\n  \"a\", # é\n  \"b\"\n]\nargs: {\nx: 1,\n  y: [2,\n3]\n}\nlast: 'é'\n---\nb: [1 # one\n]\n";
    let (documents, errors) = parse_all(text, 64);
    assert_eq!(errors, []);
    let first = &documents[0];
    assert_eq!(first.get("command").unwrap().items().len(), 2);
    assert_eq!(first.get("args").unwrap().at("y").unwrap().items()[1].str(), Some("3"));
    let last = first.key_span("last").unwrap();
    assert_eq!(&text[last.start as usize..last.end as usize], "last", "places stay where they are");
}
