//! Conditions that nobody knows before installation: what both branches give is known, the rest is not.

use super::*;

/// What a template gives, `now` being what nobody knows; with the messages of its gaps.
fn given(helpers: &str, template: &str) -> (Vec<Datum>, Vec<String>) {
    let rendered =
        chart(&[("values.yaml", "name: api\n"), ("templates/_h.tpl", helpers), ("templates/t.yaml", template)]);
    let gaps = rendered.gaps.into_iter().map(|gap| gap.message).collect();
    (rendered.objects.into_iter().map(|(_, object)| object).collect(), gaps)
}

/// A condition that is not known: it may hold or not.
const MAYBE: &str = "(eq (randAlpha 1) \"a\")";

/// The template with `MAYBE` for `?`.
fn maybe(text: &str) -> String {
    text.replace('?', MAYBE)
}

#[test]
fn what_both_branches_give_is_known() {
    for (template, wanted) in [
        ("a: {{ if ? }}x{{ else }}x{{ end }}\n", serde_json::json!({"a": "x"})),
        ("{{ if ? }}\na: 1\n{{ else }}\na: 1\n{{ end }}\nb: 2\n", serde_json::json!({"a": 1, "b": 2})),
        (
            "{{ $x := 1 }}{{ if ? }}{{ $x = 2 }}{{ else }}{{ $x = 2 }}{{ end }}a: {{ $x }}\n",
            serde_json::json!({"a": 2}),
        ),
        // What is declared in a branch ends there.
        ("{{ $x := 1 }}{{ if ? }}{{ $x := 2 }}{{ end }}a: {{ $x }}\n", serde_json::json!({"a": 1})),
        // A mapping that is changed in a branch and as much in the other.
        (
            "{{ $d := dict }}{{ if ? }}{{ $_ := set $d \"k\" 1 }}{{ else }}{{ $_ := set $d \"k\" 1 }}{{ end }}a: {{ toJson $d }}\n",
            serde_json::json!({"a": {"k": 1}}),
        ),
        // The chart itself excludes one of them.
        ("{{ if ? }}{{ fail \"never\" }}{{ end }}a: 1\n", serde_json::json!({"a": 1})),
        ("a: {{ if ? }}1{{ else }}{{ fail \"never\" }}{{ end }}\n", serde_json::json!({"a": 1})),
        // Nothing else matters.
        ("a: {{ if and ? false }}1{{ else }}2{{ end }}\n", serde_json::json!({"a": 2})),
        ("a: {{ if or ? true }}1{{ else }}2{{ end }}\n", serde_json::json!({"a": 1})),
        ("a: {{ if or ? .Values.none.none \"x\" }}1{{ else }}1{{ end }}\n", serde_json::json!({"a": 1})),
        ("a: {{ not (randAlpha 3) }}\n", serde_json::json!({"a": false})),
        ("{{ range $i := splitList \",\" (randAlpha 3) }}{{ end }}a: 1\n", serde_json::json!({"a": 1})),
    ] {
        let (objects, gaps) = given("", &maybe(template));
        assert_eq!(gaps, [""; 0], "{template}");
        assert_eq!(objects[0].json_holed(), wanted, "{template}");
        assert_eq!(objects[0].why_unknown(), None, "{template}");
    }
}

#[test]
fn what_they_do_not_give_alike_is_unknown_and_never_empty() {
    // Each with what stays known, and what does not.
    for (helpers, template) in [
        ("", "a: {{ if ? }}x{{ else }}y{{ end }}\nb: 1\n"),
        ("", "a: \"x{{ if ? }}-gpu{{ end }}\"\nb: 1\n"),
        ("", "{{- if ? }}\na: 1\n{{- else }}\na: 2\n{{- end }}\nb: 1\n"),
        ("{{ define \"h\" }}{{ if ? }}x{{ end }}{{ end }}", "a: {{ include \"h\" . }}\nb: 1\n"),
        ("{{ define \"h\" }}{{ if ? }}x{{ end }}{{ end }}", "a: {{ template \"h\" . }}\nb: 1\n"),
        (
            "{{ define \"h\" }}{{ if ? }}x{{ else }}y{{ end }}{{ end }}",
            "a: {{ include \"h\" . | upper | quote }}\nb: 1\n",
        ),
        ("{{ define \"h\" }}{{ if ? }}x{{ end }}{{ end }}", "a: {{ if include \"h\" . }}1{{ else }}2{{ end }}\nb: 1\n"),
        ("{{ define \"h\" }}{{ if ? }}x{{ end }}{{ end }}", "a: {{ include \"h\" . | default \"d\" }}\nb: 1\n"),
        ("{{ define \"h\" }}{{ if ? }}true{{ end }}{{ end }}", "a: {{ eq (include \"h\" .) \"true\" }}\nb: 1\n"),
        ("{{ define \"h\" }}{{ if ? }}true{{ end }}{{ end }}", "a: {{ not (include \"h\" .) }}\nb: 1\n"),
        ("", "a: {{ tpl \"{{ if ? }}x{{ end }}\" . | quote }}\nb: 1\n"),
        ("", "{{ $x := 1 }}{{ if ? }}{{ $x = 2 }}{{ end }}a: {{ $x }}\nb: 1\n"),
        ("", "{{ $d := dict }}{{ if ? }}{{ $_ := set $d \"k\" 1 }}{{ end }}a: {{ $d.k }}\nb: {{ len (list 1) }}\n"),
        (
            "",
            "{{ $d := dict \"k\" 1 }}{{ with ternary 1 \"\" ? }}{{ $_ := set $d \"k\" . }}{{ end }}a: {{ $d.k }}\nb: 1\n",
        ),
        ("", "{{ $x := 0 }}{{ range ternary (list 1 1) (list) ? }}{{ $x = . }}{{ end }}a: {{ $x }}\nb: 1\n"),
        ("{{ define \"h\" }}{{ if ? }}\nk: 1\n{{ end }}{{ end }}", "a: {{ (include \"h\" . | fromYaml).k }}\nb: 1\n"),
        (
            "{{ define \"h\" }}{{ if ? }}\nk: 1\n{{ end }}{{ end }}",
            "a: {{ hasKey (include \"h\" . | fromYaml) \"k\" }}\nb: 1\n",
        ),
        (
            "{{ define \"h\" }}{{ if ? }}\nk: 1\n{{ end }}{{ end }}",
            "a: {{ dig \"k\" \"none\" (include \"h\" . | fromYaml) }}\nb: 1\n",
        ),
    ] {
        let template = template.replace('?', MAYBE).replace("tpl \"", "tpl `").replace("{{ end }}\" .", "{{ end }}` .");
        let (objects, _) = given(&maybe(helpers), &template);
        let [object] = objects.as_slice() else { panic!("{template}: {objects:?}") };
        let a = object.member("a").unwrap_or_else(|| panic!("{template}: {object:?}"));
        assert!(a.why_unknown().is_some_and(|why| why.expression.contains("randAlpha")), "{template}: {a:?}");
        assert_eq!(object.member("b").and_then(Datum::int), Some(1), "{template}");
    }
}

#[test]
fn members_and_items_that_may_be_there_leave_their_place_open() {
    let (objects, gaps) = given(
        &maybe("{{ define \"labels\" }}\nl: 1\n{{- if ? }}\nm: 2\n{{- end }}\n{{- end }}"),
        &maybe(
            "spec:\n  a: 1\n  {{- if ? }}\n  # of the second\n  b: 2\n  {{- end }}\n  list:\n    - x\n    {{- if ? }}\n    - y\n    {{- end }}\n    - z\n  only:\n  {{- if ? }}\n    - name: n\n      value: v\n  {{- end }}\n  labels:\n    {{- include \"labels\" . | nindent 4 }}\n    n: 3\nend: 1\n",
        ),
    );
    let spec = objects[0].member("spec").unwrap();
    let open = |datum: &Datum| matches!(&datum.kind, crate::iac::datum::Kind::Map(map) if map.open.is_some());
    assert!(open(spec), "{spec:?}");
    assert_eq!(spec.member("a").unwrap().int(), Some(1));
    assert!(spec.member("b").is_none());
    let list = spec.member("list").unwrap().items();
    let known: Vec<Option<String>> = list.iter().map(Datum::text).collect();
    assert_eq!(known, [Some("x".to_owned()), None, Some("z".to_owned())]);
    assert!(list[1].why_unknown().is_some());
    assert!(spec.member("only").unwrap().why_unknown().is_some());
    let labels = spec.member("labels").unwrap();
    assert!(open(labels) && labels.member("l").is_some() && labels.member("n").is_some(), "{labels:?}");
    assert_eq!(objects[0].member("end").unwrap().int(), Some(1));
    assert!(!open(&objects[0]));
    // What is missing is told too, each where it stands.
    assert_eq!(gaps.len(), 4, "{gaps:?}");
    assert!(gaps.iter().all(|gap| gap.contains("`randAlpha`")));
}

#[test]
fn an_unknown_line_among_others_is_a_member_or_an_item() {
    let (objects, gaps) = given(
        "{{ define \"h\" }}{{ randAlpha 3 }}{{ end }}",
        "list:\n  - a\n  {{- include \"h\" . | nindent 2 }}\n  - b: 1\n    c: 2\nmap:\n  a: 1\n  {{- include \"h\" . | nindent 2 }}\n  b: 2\nonly:\n  {{- include \"h\" . | nindent 2 }}\nend: 1\n",
    );
    assert_eq!(gaps, [""; 0]);
    let list = objects[0].member("list").unwrap().items();
    assert_eq!((list.len(), list[0].text().as_deref()), (3, Some("a")));
    assert!(list[1].why_unknown().is_some() && list[2].why_unknown().is_none());
    let map = objects[0].member("map").unwrap();
    assert!(map.why_unknown().is_some());
    assert_eq!((map.member("a").unwrap().int(), map.member("b").unwrap().int()), (Some(1), Some(2)));
    assert!(objects[0].member("only").unwrap().why_unknown().is_some());
    assert_eq!(objects[0].member("end").unwrap().int(), Some(1));
}

#[test]
fn functions_of_an_unknown_list_or_mapping_give_an_unknown_value() {
    for action in [
        "append $x 1 | toJson",
        "concat (list 1) $x | toJson",
        "omit $x \"k\" | toYaml",
        "first $x",
        "merge (dict \"a\" $x) (dict \"b\" 1) | toJson",
        "keys $x | join \",\"",
        "(mergeOverwrite $x (dict \"b\" 1)).b",
        "$.Files.Get $x | quote",
        "tpl (print \"{{ `a` }}\" $x) . | quote",
        "tpl (print \"{{ `a` }}\" $x) . | sha256sum",
        "$.Capabilities.APIVersions.Has $x",
    ] {
        let (objects, gaps) = given("", &format!("{{{{ $x := randAlpha 3 }}}}a: {{{{ {action} }}}}\nb: 1\n"));
        assert_eq!(gaps, [""; 0], "{action}");
        assert!(objects[0].member("a").unwrap().why_unknown().is_some(), "{action}: {objects:?}");
        assert_eq!(objects[0].member("b").unwrap().int(), Some(1), "{action}");
    }
}

#[test]
fn members_that_may_be_there_are_ranged_over_as_such() {
    let (objects, gaps) = given(
        &maybe("{{ define \"h\" }}\na: 1\n{{- if ? }}\nb: 2\n{{- end }}\n{{- end }}"),
        "env:\n{{- range $k, $v := include \"h\" . | fromYaml }}\n  - name: {{ $k }}\n    value: {{ $v }}\n{{- end }}\nend: 1\n",
    );
    let env = objects[0].member("env").unwrap().items();
    assert_eq!((env.len(), env[0].member("name").unwrap().text().as_deref()), (2, Some("a")));
    assert!(env[1].why_unknown().is_some());
    assert_eq!(objects[0].member("end").unwrap().int(), Some(1));
    assert_eq!(gaps.len(), 2, "{gaps:?}");
}

#[test]
fn a_value_that_the_installation_takes_from_elsewhere_may_be_false() {
    let mut files = vec![
        File::in_memory("c/Chart.yaml", "name: c\nversion: 1.0.0\n"),
        File::in_memory("c/values.yaml", "flag: true\nname: a\n"),
        File::in_memory(
            "c/templates/t.yaml",
            "a: {{ if .Values.flag }}1{{ else }}2{{ end }}\nb: {{ if .Values.name }}1{{ else }}2{{ end }}\nc: {{ kindIs \"bool\" .Values.flag }}\n",
        ),
    ];
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let inline = vec!["flag: \"{var.flag}\"\nname: \"x-{var.name}\"\n".to_owned()];
    let rendered = render(&files, "c", &Installation { inline, ..Installation::default() }, 128);
    let (_, object) = &rendered.objects[0];
    assert!(object.member("a").unwrap().why_unknown().is_some_and(|why| why.expression == "var.flag"));
    assert_eq!(object.member("b").unwrap().int(), Some(1));
    assert!(object.member("c").unwrap().why_unknown().is_some());
}

#[test]
fn objects_that_may_be_there_are_gaps() {
    let (objects, gaps) = given("", &maybe("kind: A\n---\n{{- if ? }}\nkind: B\nspec: 1\n{{- end }}\n---\nkind: C\n"));
    let kinds: Vec<String> = objects.iter().filter_map(|object| object.member("kind")?.text()).collect();
    assert_eq!(kinds, ["A", "C"]);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
}

#[test]
fn both_branches_of_both_branches_are_bounded() {
    let deep =
        |depth: usize| format!("{}1{}", maybe("{{ if ? }}a: {{ else }}").repeat(depth), "{{ end }}".repeat(depth));
    let chain: String = (0..60)
        .map(|at| {
            let next = at + 1;
            maybe(&format!("{{{{ define \"h{at}\" }}}}{{{{ if ? }}}}{{{{ include \"h{next}\" . }}}}{{{{ else }}}}{{{{ include \"h{next}\" . }}}}{{{{ end }}}}{{{{ end }}}}\n"))
        })
        .collect();
    let flat = maybe("{{ if ? }}{{ range until 100 }}x{{ end }}{{ else }}{{ range until 100 }}y{{ end }}{{ end }}\n")
        .repeat(3_000);
    let itself =
        maybe("{{ define \"r\" }}{{ if ? }}{{ include \"r\" . }}{{ else }}{{ include \"r\" . }}{{ end }}{{ end }}");
    let long = maybe("{{ if ? }}{{ range until 90000 }}{{ range until 90000 }}x{{ end }}{{ end }}{{ end }}");
    let set = maybe(
        "{{ $d := dict }}{{ range until 9000 }}{{ $_ := set $d (toString .) . }}{{ end }}{{ range until 9000 }}{{ if ? }}{{ $_ := set $d (toString .) 0 }}{{ end }}{{ end }}",
    );
    for (name, helpers, template) in [
        ("nested a thousand deep", String::new(), deep(1_000)),
        ("nested as deep as templates may", String::new(), deep(90)),
        (
            "named templates that fan out",
            format!("{chain}{{{{ define \"h60\" }}}}1{{{{ end }}}}"),
            "{{ include \"h0\" . }}".to_owned(),
        ),
        ("one after the other", String::new(), flat),
        ("a template that includes itself in both", itself, "{{ include \"r\" . }}".to_owned()),
        ("a branch without end", String::new(), long),
        ("large mappings that are put back", String::new(), set),
        (
            "tpl in both",
            String::new(),
            maybe(
                "{{ define \"t\" }}{{ if ? }}{{ tpl \"{{ include `t` . }}\" . }}{{ else }}{{ tpl \"{{ include `t` . }}\" . }}{{ end }}{{ end }}{{ include \"t\" . }}",
            ),
        ),
    ] {
        let started = std::time::Instant::now();
        let (objects, gaps) = given(&helpers, &format!("{template}\n---\nafter: 1\n"));
        // It is told, or seen where it stands.
        let unknown = objects.first().is_some_and(|object| object.why_unknown().is_some());
        assert!(!gaps.is_empty() || unknown, "{name}");
        assert!(started.elapsed().as_secs() < 60, "{name} takes {:?}", started.elapsed());
    }
}
