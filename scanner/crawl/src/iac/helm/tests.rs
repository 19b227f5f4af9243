use proptest::prelude::*;

use super::archive::tests::packed;
use super::*;

/// A chart `c` of these files beside a plain `Chart.yaml`.
fn chart(files: &[(&str, &str)]) -> Rendered {
    let mut all =
        vec![File::in_memory("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.2.3\nappVersion: \"4.5\"\n")];
    all.extend(files.iter().map(|(path, text)| File::in_memory(&format!("c/{path}"), text)));
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all.dedup_by(|a, b| a.path == b.path);
    render(&all, "c", &Installation::default(), 128)
}

/// The text at `a` of the only object of a template that ends in `a: {{ … }}`.
fn shown(values: &str, action: &str) -> String {
    let rendered = chart(&[("values.yaml", values), ("templates/t.yaml", &format!("a: {action}\n"))]);
    assert!(rendered.gaps.is_empty(), "{action}: {:?}", rendered.gaps);
    let (_, object) = &rendered.objects[0];
    let found = object.member("a").unwrap_or_else(|| panic!("{action}: {object:?}"));
    found.holed().unwrap_or_else(|| format!("{:?}", found.value()))
}

#[test]
fn functions_give_what_they_give_in_helm() {
    let values = "name: api\nempty: \"\"\nn: 3\nf: 1.5\nset: true\nlist: [b, a, b]\nmap: {x: {y: 1}, z: two}\n";
    for (action, wanted) in [
        ("{{ .Values.name | upper | quote }}", "API"),
        ("{{ default \"d\" .Values.empty }}", "d"),
        ("{{ .Values.missing | default .Values.name }}", "api"),
        ("{{ ternary \"yes-it-is\" \"no\" .Values.set }}", "yes-it-is"),
        ("{{ printf \"%s-%d-%05d-%.2f\" .Values.name 3 7 .Values.f }}", "api-3-00007-1.50"),
        ("{{ printf \"%q\" .Values.name }}", "api"),
        ("{{ join \"+\" .Values.list }}", "b+a+b"),
        ("{{ .Values.list | uniq | sortAlpha | join \"\" }}", "ab"),
        ("{{ dig \"x\" \"y\" 0 .Values.map }}", "1"),
        ("{{ dig \"x\" \"q\" \"none\" .Values.map }}", "none"),
        ("{{ get .Values.map \"z\" }}", "two"),
        ("{{ hasKey .Values.map \"x\" }}", "true"),
        ("{{ (index .Values.list 1) }}", "a"),
        ("{{ index .Values \"map\" \"x\" \"y\" }}", "1"),
        ("{{ add 1 2 .Values.n }}", "6"),
        ("{{ sub 5 2 }}", "3"),
        ("{{ div 7 2 }}", "3"),
        ("{{ mod 7 2 }}", "1"),
        ("{{ max 1 9 3 }}", "9"),
        ("{{ \"a-b-c\" | replace \"-\" \"_\" }}", "a_b_c"),
        ("{{ \"abcdef\" | trunc 3 }}", "abc"),
        ("{{ \"abcdef\" | trunc -2 }}", "ef"),
        ("{{ \"a-\" | trimSuffix \"-\" }}", "a"),
        ("{{ \"vx\" | trimPrefix \"v\" }}", "x"),
        ("{{ regexReplaceAll \"[0-9]+\" \"a1b22\" \"-\" }}", "a-b-"),
        ("{{ regexMatch \"^a.c$\" \"abc\" }}", "true"),
        ("{{ b64enc \"hi\" }}", "aGk="),
        ("{{ \"aGk=\" | b64dec }}", "hi"),
        ("{{ sha256sum \"a\" | trunc 8 }}", "ca978112"),
        ("{{ semverCompare \">=1.21-0\" .Capabilities.KubeVersion.GitVersion }}", "true"),
        ("{{ .Capabilities.APIVersions.Has \"monitoring.coreos.com/v1\" }}", "false"),
        ("{{ .Release.Name }}-{{ .Chart.Name }}-{{ .Chart.Version }}", "release-name-c-1.2.3"),
        ("{{ .Chart.AppVersion | quote }}", "4.5"),
        ("{{ kindIs \"map\" .Values.map }}", "true"),
        ("{{ len .Values.list }}", "3"),
        ("{{ first .Values.list }}{{ last .Values.list }}", "bb"),
        ("{{ range $i, $x := .Values.list }}{{ $i }}{{ $x }}{{ end }}", "0b1a2b"),
        ("{{ range $k, $v := .Values.map }}{{ $k }}{{ end }}", "xz"),
        ("{{ range until 3 }}{{ . }}{{ end }}", "12"),
        ("{{ with .Values.map.x }}{{ .y }}{{ else }}none{{ end }}", "1"),
        ("{{ if and .Values.set (eq .Values.name \"api\") (not .Values.empty) }}all{{ end }}", "all"),
        ("{{ if or .Values.empty (gt (int .Values.n) 2) }}some{{ end }}", "some"),
        ("{{ $x := 1 }}{{ range .Values.list }}{{ $x = add $x 1 }}{{ end }}{{ $x }}", "4"),
        ("{{ $d := dict \"k\" \"v\" }}{{ $_ := set $d \"k\" \"w\" }}{{ $d.k }}", "w"),
        ("{{ (merge (dict \"a\" 1) (dict \"a\" 2 \"b\" 3)).b }}", "3"),
        ("{{ (mergeOverwrite (dict \"a\" 1) (dict \"a\" 2)).a }}", "2"),
        ("{{ tpl \"{{ .Values.name }}x\" . }}", "apix"),
        ("{{ coalesce .Values.empty .Values.missing \"c\" }}", "c"),
        ("{{ (split \"/\" \"a/b\")._1 }}", "b"),
        ("{{ splitList \",\" \"a,b\" | last }}", "b"),
        ("{{ toJson .Values.map | quote }}", "{\"x\":{\"y\":1},\"z\":\"two\"}"),
        ("{{ (fromYaml \"k: [1, 2]\").k | join \"\" }}", "12"),
        ("{{ list 1 2 3 | has 2 }}", "true"),
        ("{{ pick .Values.map \"z\" | toJson | squote }}", "{\"z\":\"two\"}"),
        ("{{ omit .Values.map \"x\" | toJson | squote }}", "{\"z\":\"two\"}"),
        ("{{ pluck \"z\" .Values.map | first }}", "two"),
        ("{{ lookup \"v1\" \"Secret\" \"ns\" \"x\" | empty }}", "true"),
        ("{{ \"a b\" | title | nospace }}", "AB"),
        ("{{ camelcase \"http_server\" }}{{ kebabcase \"FirstName\" }}", "HttpServerfirst-name"),
        ("{{ 0x10 }}{{ 'a' }}", "1697"),
        ("{{ `raw \\n` }}", "raw \\n"),
        ("{{/* gone */}}left", "left"),
    ] {
        assert_eq!(shown(values, action), wanted, "{action}");
    }
}

#[test]
fn named_templates_and_trees_are_laid_out_as_in_helm() {
    let rendered = chart(&[
        ("values.yaml", "ctx:\n  runAsNonRoot: true\n  drop: [ALL]\nlabels: {}\n"),
        (
            "templates/_h.tpl",
            "{{- define \"c.labels\" -}}\napp: {{ .Chart.Name }}\n{{- with .Values.labels }}\n{{ toYaml . }}\n{{- end }}\n{{- end }}\n",
        ),
        (
            "templates/d.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    {{- include \"c.labels\" . | nindent 4 }}\nspec:\n  securityContext:\n    {{- toYaml .Values.ctx | nindent 4 }}\n",
        ),
    ]);
    assert!(rendered.gaps.is_empty(), "{:?}", rendered.gaps);
    let (path, pod) = &rendered.objects[0];
    assert_eq!(path, "c/templates/d.yaml");
    assert_eq!(
        pod.member("metadata").unwrap().member("labels").unwrap().member("app").unwrap().text().as_deref(),
        Some("c")
    );
    let context = pod.member("spec").unwrap().member("securityContext").unwrap();
    assert_eq!(context.member("runAsNonRoot").unwrap().bool(), Some(true));
    assert_eq!(context.member("drop").unwrap().items()[0].text().as_deref(), Some("ALL"));
}

#[test]
fn places_point_to_the_template_and_to_the_value_that_decides() {
    let values = "# first\nimage:\n  tag: latest\nprivileged: true\n";
    let template = "apiVersion: v1\nkind: Pod\nspec:\n  a: {{ .Values.privileged }}\n  image: \"x:{{ .Values.image.tag }}\"\n  b: plain\n";
    let rendered = chart(&[("values.yaml", values), ("templates/p.yaml", template)]);
    let (_, pod) = &rendered.objects[0];
    let text = |datum: &Datum| {
        let place = datum.place.clone().unwrap();
        let source = if place.path.ends_with("values.yaml") { values } else { template };
        (place.path.to_string(), source[place.span.start as usize..place.span.end as usize].to_owned())
    };
    let spec = pod.member("spec").unwrap();
    assert_eq!(text(spec.member("a").unwrap()), ("c/values.yaml".to_owned(), "true".to_owned()));
    assert_eq!(text(spec.member("b").unwrap()), ("c/templates/p.yaml".to_owned(), "b: plain".to_owned()));
    assert_eq!(text(pod.member("kind").unwrap()), ("c/templates/p.yaml".to_owned(), "kind: Pod".to_owned()));
    assert_eq!(text(spec.member("image").unwrap()).0, "c/templates/p.yaml");
}

#[test]
fn what_nobody_knows_before_installation_is_unknown() {
    let rendered = chart(&[(
        "templates/s.yaml",
        "apiVersion: v1\nkind: Secret\na: {{ randAlphaNum 10 }}\nb: x-{{ now }}-y\nc: {{ required \"say it\" .Values.x }}\nd: {{ randAlphaNum 5 | b64enc | quote }}\n",
    )]);
    assert!(rendered.gaps.is_empty(), "{:?}", rendered.gaps);
    let (_, secret) = &rendered.objects[0];
    for key in ["a", "b", "c", "d"] {
        assert!(secret.member(key).unwrap().why_unknown().is_some(), "{key}: {secret:?}");
    }
    assert!(secret.member("c").unwrap().why_unknown().unwrap().why.contains("requires"));
    let condition =
        chart(&[("templates/s.yaml", "a: 1\n{{ if eq (randAlpha 1) \"a\" }}b: 2\n{{ else }}c: 3\n{{ end }}")]);
    assert_eq!(condition.gaps.len(), 1);
    assert!(condition.objects[0].1.member("b").is_none() && condition.objects[0].1.member("c").is_none());
}

#[test]
fn a_template_that_fails_is_a_gap_and_the_others_are_read() {
    let rendered = chart(&[
        ("templates/a.yaml", "a: {{ .Values.x.y.z }}\n"),
        ("templates/b.yaml", "a: {{ fail \"give a password\" }}\n"),
        ("templates/c.yaml", "a: {{ if }}\n"),
        ("templates/d.yaml", "a: {{ noSuchThing 1 }}\n"),
        ("templates/e.yaml", "a: 1\n"),
        ("templates/f.yaml", "a: [1\n"),
        ("templates/NOTES.txt", "{{ .Values.x.y }}"),
    ]);
    assert_eq!(rendered.objects.len(), 1);
    assert_eq!(rendered.gaps.len(), 5, "{:#?}", rendered.gaps);
    assert!(rendered.gaps.iter().any(|gap| gap.message.contains("give a password")));
}

#[test]
fn charts_below_get_their_values_and_may_be_switched_off() {
    let files = [
        (
            "Chart.yaml",
            "name: c\nversion: 1.0.0\ndependencies:\n  - {name: db, version: 1.x, repository: https://example.org, condition: db.enabled}\n  - {name: idle, version: 1.x, repository: https://example.org, condition: idle.enabled}\n  - {name: gone, version: 1.x, repository: https://example.org}\n",
        ),
        ("values.yaml", "global: {zone: eu}\ndb: {enabled: true, size: 5}\nidle: {enabled: false}\n"),
        ("charts/db/Chart.yaml", "name: db\nversion: 1.0.0\n"),
        ("charts/db/values.yaml", "size: 1\nother: 2\n"),
        ("charts/db/templates/x.yaml", "a: {{ .Values.size }}-{{ .Values.other }}-{{ .Values.global.zone }}\n"),
        ("charts/idle/Chart.yaml", "name: idle\nversion: 1.0.0\n"),
        ("charts/idle/templates/x.yaml", "a: off\n"),
        ("templates/x.yaml", "a: {{ .Values.db.other }}\n"),
    ];
    let mut all: Vec<File> = files.iter().map(|(path, text)| File::in_memory(&format!("c/{path}"), text)).collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(roots(&all), ["c"]);
    let rendered = render(&all, "c", &Installation::default(), 128);
    let found: Vec<String> =
        rendered.objects.iter().map(|(_, object)| object.member("a").unwrap().text().unwrap()).collect();
    assert_eq!(found, ["5-2-eu", "2"]);
    assert_eq!(rendered.gaps.len(), 1, "{:?}", rendered.gaps);
    assert!(rendered.gaps[0].message.contains("`gone`"));
}

#[test]
fn packed_charts_are_rendered_too() {
    let packed =
        packed(&[("db/Chart.yaml", "name: db\nversion: 1.0.0\n"), ("db/templates/x.yaml", "a: {{ .Chart.Name }}\n")]);
    let mut archive = File::in_memory("c/charts/db-1.0.0.tgz", "");
    archive.bytes = packed.into();
    archive.text = None;
    let files = [File::in_memory("c/Chart.yaml", "name: c\nversion: 1.0.0\n"), archive];
    let rendered = render(&files, "c", &Installation::default(), 128);
    assert_eq!(rendered.objects.len(), 1, "{:?}", rendered.gaps);
    assert_eq!(&*rendered.objects[0].1.place.clone().unwrap().path, "c/charts/db-1.0.0.tgz");
}

#[test]
fn files_of_the_chart_are_read_and_no_others() {
    let rendered = chart(&[
        ("files/a.conf", "one"),
        (
            "templates/x.yaml",
            "a: {{ .Files.Get \"files/a.conf\" }}\nb: {{ .Files.Get \"../../etc/passwd\" | quote }}\nc:\n  {{- (.Files.Glob \"files/*\").AsConfig | nindent 2 }}\n",
        ),
    ]);
    let (_, object) = &rendered.objects[0];
    assert_eq!(object.member("a").unwrap().text().as_deref(), Some("one"));
    assert_eq!(object.member("b").unwrap().text().as_deref(), Some(""));
    assert_eq!(object.member("c").unwrap().member("a.conf").unwrap().text().as_deref(), Some("one"));
}

#[test]
fn growth_depth_and_recursion_are_bounded() {
    for (name, template) in [
        ("recursion", "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}".to_owned()),
        ("tpl", "{{ define \"a\" }}{{ tpl \"{{ include `a` . }}\" . }}{{ end }}{{ include \"a\" . }}".to_owned()),
        ("loop", "{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}".to_owned()),
        ("doubling", format!("{{{{ $x := \"aaaaaaaa\" }}}}{}", "{{ $x = printf \"%s%s\" $x $x }}".repeat(60))),
        ("lists", format!("{{{{ $x := list 1 }}}}{}{{{{ toJson $x }}}}", "{{ $x = list $x $x }}".repeat(60))),
        ("itself", "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toYaml $d }}".to_owned()),
        ("merged", "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $e := deepCopy $d }}".to_owned()),
        ("deep", "{{ $d := dict }}{{ range until 90000 }}{{ $d = dict \"d\" $d }}{{ end }}{{ toYaml $d }}".to_owned()),
        ("repeat", "{{ repeat 100000000 \"abc\" }}".to_owned()),
        ("indent", "{{ range until 1000 }}{{ indent 200 (repeat 10000 \"a\\n\") }}{{ end }}".to_owned()),
        ("pattern", format!("{{{{ regexMatch \"{}\" \"a\" }}}}", "(a{1,1000}){1,1000}")),
        ("brackets", format!("{{{{ {}1{} }}}}", "(".repeat(90), ")".repeat(90)) + "{{ fail \"x\" }}"),
    ] {
        let rendered = chart(&[("templates/t.yaml", &template)]);
        assert_eq!(rendered.gaps.len(), 1, "{name}: {:?}", rendered.gaps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_template_makes_the_renderer_panic(parts in proptest::collection::vec(prop_oneof![
        Just("{{ ".to_owned()), Just(" }}".to_owned()), Just("{{- ".to_owned()), Just(" -}}".to_owned()), Just("end".to_owned()),
        Just("if ".to_owned()), Just("range ".to_owned()), Just("with ".to_owned()), Just("define \"a\"".to_owned()), Just("include \"a\" .".to_owned()),
        Just(".Values".to_owned()), Just(".a.b".to_owned()), Just("$x".to_owned()), Just(" := ".to_owned()), Just("| toYaml".to_owned()),
        Just("| nindent 4".to_owned()), Just("(".to_owned()), Just(")".to_owned()), Just("dict \"a\" 1 ".to_owned()), Just("| trunc -3".to_owned()),
        Just("\n".to_owned()), Just(": ".to_owned()), Just("- ".to_owned()), Just("printf \"%*d%\" ".to_owned()), Just("\"".to_owned()), Just("else".to_owned()), "\\PC{0,4}".prop_map(|text| text),
    ], 0..24)) {
        let _ = chart(&[("values.yaml", "a: {b: é}\n"), ("templates/t.yaml", &parts.concat())]);
    }
}
