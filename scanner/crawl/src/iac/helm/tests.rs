use proptest::prelude::*;

use super::archive::tests::packed;
use super::*;

mod charts;
mod undecided;

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
    let values = "name: api\nempty: \"\"\nnum: 3\nf: 1.5\nbig: 1234567890\nmode: 0644\nset: true\nlist: [b, a, b]\nmap: {x: {k: 1}, z: two}\n";
    for (action, wanted) in [
        ("{{ .Values.name | upper | quote }}", "API"),
        ("{{ default \"d\" .Values.empty }}", "d"),
        ("{{ .Values.missing | default .Values.name }}", "api"),
        ("{{ ternary \"yes-it-is\" \"no\" .Values.set }}", "yes-it-is"),
        ("{{ printf \"%s-%d-%05d-%.2f\" .Values.name 3 7 .Values.f }}", "api-3-00007-1.50"),
        ("{{ printf \"%q\" .Values.name }}", "api"),
        ("{{ join \"+\" .Values.list }}", "b+a+b"),
        ("{{ .Values.list | uniq | sortAlpha | join \"\" }}", "ab"),
        ("{{ dig \"x\" \"k\" 0 .Values.map }}", "1"),
        ("{{ dig \"x\" \"q\" \"none\" .Values.map }}", "none"),
        ("{{ get .Values.map \"z\" }}", "two"),
        ("{{ hasKey .Values.map \"x\" }}", "true"),
        ("{{ (index .Values.list 1) }}", "a"),
        ("{{ index .Values \"map\" \"x\" \"k\" }}", "1"),
        ("{{ add 1 2 .Values.num }}", "6"),
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
        ("{{ range until 3 }}x{{ . }}{{ end }}", "x0x1x2"),
        ("{{ range until 3 }}{{ . }}{{ end }}", "10"),
        ("{{ with .Values.map.x }}{{ .k }}{{ else }}none{{ end }}", "1"),
        ("{{ if and .Values.set (eq .Values.name \"api\") (not .Values.empty) }}all{{ end }}", "all"),
        ("{{ if or .Values.empty (gt (int .Values.num) 2) }}some{{ end }}", "some"),
        ("{{ $x := 1 }}{{ range .Values.list }}{{ $x = add $x 1 }}{{ end }}{{ $x }}", "4"),
        ("{{ $d := dict \"k\" \"v\" }}{{ $_ := set $d \"k\" \"w\" }}{{ $d.k }}", "w"),
        ("{{ (merge (dict \"a\" 1) (dict \"a\" 2 \"b\" 3)).b }}", "3"),
        ("{{ (mergeOverwrite (dict \"a\" 1) (dict \"a\" 2)).a }}", "2"),
        ("{{ tpl \"{{ .Values.name }}x\" . }}", "apix"),
        ("{{ coalesce .Values.empty .Values.missing \"c\" }}", "c"),
        ("{{ (split \"/\" \"a/b\")._1 }}", "b"),
        ("{{ splitList \",\" \"a,b\" | last }}", "b"),
        ("{{ toJson .Values.map | quote }}", "{\"x\":{\"k\":1},\"z\":\"two\"}"),
        ("{{ (fromYaml \"k: [1, 2]\").k | join \"\" }}", "12"),
        ("{{ list 1 2 3 | has 2 }}", "true"),
        ("{{ pick .Values.map \"z\" | toJson | squote }}", "{\"z\":\"two\"}"),
        ("{{ omit .Values.map \"x\" | toJson | squote }}", "{\"z\":\"two\"}"),
        ("{{ pluck \"z\" .Values.map | first }}", "two"),
        // What is not plain, as Helm itself gives it.
        ("{{ .Values.big }}/{{ .Values.big | int }}/{{ toJson .Values.big }}", "1.23456789e+09/1234567890/1234567890"),
        ("{{ .Values.mode }}", "420"),
        ("{{ printf \"%d\" .Values.num | quote }}", "%!d(float64=3)"),
        ("{{ typeOf .Values.num }}-{{ kindOf 1 }}-{{ kindOf (int .Values.num) }}", "float64-int-int"),
        ("{{ toString .Values.missing }}", "<nil>"),
        ("{{ (mergeOverwrite (dict \"a\" true) (dict \"a\" false)).a }}", "false"),
        ("{{ (merge (dict \"a\" false) (dict \"a\" true)).a }}", "true"),
        ("{{ int \"0x10\" }} {{ int \"012\" }} {{ int \"3.9\" }} {{ toDecimal \"777\" }}", "16 10 0 511"),
        ("{{ dir \"a//b/\" }} {{ base \"/\" }} {{ clean \"./a//b/../c\" }} {{ ext \"x.tar.gz\" }}", "a/b / a/c .gz"),
        (
            "{{ snakecase \"HTTPServer2Go\" }} {{ kebabcase \"HTTPServer\" }} {{ title \"foo-bar baz\" }}",
            "http_server2_go http-server Foo-Bar Baz",
        ),
        ("{{ sha1sum \"a\" | trunc 8 }} {{ adler32sum \"a\" }} {{ b32enc \"hello\" }}", "86f7e437 6422626 NBSWY3DP"),
        ("{{ semverCompare \"!=1.2\" \"1.2.7\" }} {{ (semver \"1.2.3-a+b\").Metadata }}", "false b"),
        ("{{ urlquery \"a b&c=d\" }}", "a+b%26c%3Dd"),
        ("{{ abbrevboth 5 10 \"1234 5678 9123\" }}", "...5678..."),
        ("{{ duration \"95\" }} {{ duration 3600 }} {{ add1f 1.5 }}", "1m35s 1h0m0s 2.5"),
        ("{{ b32dec \"NBSWY3DP\" }}-{{ b32enc \"hi\" | b32dec }}", "hello-hi"),
        ("{{ js \"it's <b>\" | b64enc }}", "aXRcJ3MgXHUwMDNDYlx1MDAzRQ=="),
        ("{{ .Capabilities.APIVersions.Has \"policy/v1/PodDisruptionBudget\" }}", "true"),
        ("{{ hasKey (fromYaml \"- 1\") \"Error\" }}", "true"),
        ("{{ range $i, $x := until 2 }}{{ if $i }}{{ continue }}{{ end }}{{ $x }}{{ else }}none{{ end }}", "0"),
        ("{{ toPrettyJson (dict \"a\" (list 1)) | nospace | quote }}", "{\"a\":[1]}"),
        ("{{ lookup \"v1\" \"Secret\" \"ns\" \"x\" | empty }}", "true"),
        ("{{ \"a b\" | title | nospace }}", "AB"),
        ("{{ camelcase \"http_server\" }}{{ kebabcase \"FirstName\" }}", "HttpServerfirst-name"),
        // Operands by number, widths that are operands, and verbs in lists.
        ("{{ printf \"%[2]s-%[1]s\" \"a\" \"b\" }}{{ printf \"%[1]d%[1]d\" 7 }}", "b-a77"),
        ("{{ printf \"%*d|%-*d|%.*f\" 5 42 4 7 2 3.14159 | quote }}", "   42|7   |3.14"),
        ("{{ printf \"%[3]*.[2]*[1]f\" 12.0 2 6 | quote }}", " 12.00"),
        ("{{ printf \"%[5]d %d\" 1 2 | quote }}", "%!d(BADINDEX) 1"),
        ("{{ printf \"%d %s\" 1 | quote }} ", "1 %!s(MISSING)"),
        ("{{ printf \"%#x %#o %+d %x % x %U\" 255 8 5 \"hi\" \"hi\" 65 | squote }}", "0xff 010 +5 6869 68 69 U+0041"),
        ("{{ printf \"%q %#v\" .Values.list \"a\" | squote }}", "[\"b\" \"a\" \"b\"] \"a\""),
        (
            "{{ printf \"%s %d\" .Values.map .Values.list | squote }}",
            "map[x:map[k:%!s(float64=1)] z:two] [%!d(string=b) %!d(string=a) %!d(string=b)]",
        ),
        ("{{ printf \"%g %g %.3g %G\" 123456789.0 0.00001 1234.5 1e-10 }}", "1.23456789e+08 1e-05 1.23e+03 1E-10"),
        ("{{ printf \"%08.3f|%5t|%05s|%3c|\" 3.14159 true \"ab\" 65 | quote }}", "0003.142| true|000ab|  A|"),
        // Tables stand behind what is on one line, and are moved in below their names.
        (
            "{{ toToml (dict \"a\" 1 \"b\" \"x\\\"y\" \"c\" true \"d\" 1.5 \"n\" nil) | quote }}",
            "a = 1\nb = \"x\\\"y\"\nc = true\nd = 1.5\n",
        ),
        ("{{ toToml .Values.map | quote }}", "z = \"two\"\n\n[x]\n  k = 1.0\n"),
        (
            "{{ toToml (dict \"a\" (dict \"b\" (dict \"c\" (list 1 (dict \"k.l\" 2)))) \"e\" (dict)) | quote }}",
            "[a]\n  [a.b]\n    c = [1, {\"k.l\" = 2}]\n\n[e]\n",
        ),
        (
            "{{ toToml (dict \"m\" (list (dict \"v\" 1) (dict \"v\" 2))) | quote }}",
            "[[m]]\n  v = 1\n\n[[m]]\n  v = 2\n",
        ),
        ("{{ (fromToml \"a = 1\\n[b]\\nc = [1.5, true]\").b.c | toJson | squote }}", "[1.5,true]"),
        ("{{ hasKey (fromToml \"a = \") \"Error\" }}", "true"),
        (
            "{{ hasKey nil \"a\" }} {{ keys .Values.missing | len }} {{ get .Values.missing \"a\" | quote }}",
            "false 0 \"\"",
        ),
        (
            "{{ has 3 (list 3.0) }} {{ addf 0.1 0.2 }} {{ round 123.555 2 0.6 }} {{ divf 1 3 }}",
            "false 0.3 123.55 0.3333333333333333",
        ),
        ("{{ durationRound \"2h10m5s\" }} {{ durationRound \"2400h10m5s\" }}", "2h 3mo"),
        ("{{ (semver \"1.2.3\").Compare (semver \"1.10.0\") }} {{ semver \"v1.2\" }}", "-1 1.2.0"),
        ("{{ semverCompare \">=1.0.0-alpha.9\" \"1.0.0-alpha.10\" }}", "true"),
        (
            "{{ camelcase \"_foo__bar\" }} {{ replace \"\" \"-\" \"ab\" }} {{ regexQuoteMeta \"a-b.c\" }} {{ title \"o'neil\" }}",
            "_Foo_Bar -a-b- a-b\\.c O'Neil",
        ),
        // Texts are quoted where YAML 1.1 would read something else, and nowhere else.
        (
            "{{ toYaml (list \"1.2.3\" \"1e5\" \"5.\" \".5\" \"1:30\" \"1:60\" \"0.1.2\" \"-\") | splitList \"\\n\" | join \" \" | quote }}",
            "- 1.2.3 - \"1e5\" - \"5.\" - \".5\" - \"1:30\" - 1:60 - 0.1.2 - '-'",
        ),
        (
            "{{ toYaml (list \"2024-1-1\" \"2024-13-01\" \"yEs\" \"Yes\" \"0o17\" \"0x\" \"1_0\" \"=\" \"...\" \"a:b\") | splitList \"\\n\" | join \" \" | quote }}",
            "- \"2024-1-1\" - 2024-13-01 - yEs - \"Yes\" - \"0o17\" - 0x - \"1_0\" - = - '...' - a:b",
        ),
        ("{{ toYaml (dict \"a\" (mulf -1.0 0.0)) | quote }}", "a: 0"),
        ("{{ (.Files.Glob \"none/*\").AsConfig | quote }}", "{}"),
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
    // A variable that is set under such a condition is no more known, and nothing is left out by that.
    let set = chart(&[(
        "templates/s.yaml",
        "{{ $x := \"a\" }}{{ range until 3 }}{{ if lt (len $x) . }}{{ $x = print $x (randAlpha .) }}{{ end }}{{ end }}a: {{ $x }}\n{{ $y := 1 }}{{ if eq (randAlpha 1) \"a\" }}{{ $y = 2 }}{{ end }}b: {{ $y }}\n",
    )]);
    assert!(set.gaps.is_empty(), "{:?}", set.gaps);
    assert!(["a", "b"].iter().all(|key| set.objects[0].1.member(key).unwrap().why_unknown().is_some()));
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
        ("recursion by template", "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}".to_owned()),
        ("tpl of tpl", "{{ $x := dict \"t\" \"{{ tpl .t . }}\" }}{{ tpl $x.t $x }}".to_owned()),
        ("until", "{{ range until 1000000000 }}x{{ end }}".to_owned()),
        ("seq", "{{ seq 1 1000000000 }}".to_owned()),
        ("range over a number", "{{ range 1000000000 }}x{{ end }}".to_owned()),
        ("repeated", "{{ repeat 1000000000 \"a\" }}".to_owned()),
        ("padding", "{{ range until 1000 }}{{ printf \"%1000000000d\" 1 | repeat 1000 }}{{ end }}".to_owned()),
        (
            "joined",
            format!(
                "{{{{ $x := list \"aaaaaaaa\" }}}}{}",
                "{{ $x = list (join \",\" (concat $x $x)) (join \"\" $x) }}".repeat(60)
            ),
        ),
        ("replaced", format!("{{{{ $x := \"aaaaaaaa\" }}}}{}", "{{ $x = replace \"a\" \"aaaa\" $x }}".repeat(60))),
        ("blocks", "{{ if 1 }}".repeat(1_000) + &"{{ end }}".repeat(1_000)),
        ("brackets", format!("{{{{ {}1{} }}}}", "(".repeat(90), ")".repeat(90)) + "{{ fail \"x\" }}"),
    ] {
        let rendered = chart(&[("templates/t.yaml", &template)]);
        assert_eq!(rendered.gaps.len(), 1, "{name}: {:?}", rendered.gaps);
    }
}

#[test]
fn hostile_files_of_a_chart_are_gaps_and_its_objects_are_read() {
    let bomb: String = (0..12)
        .map(|n| {
            format!(
                "a{n}: &a{n} [{}]\n",
                vec![if n == 0 { "x".to_owned() } else { format!("*a{}", n - 1) }; 12].join(", ")
            )
        })
        .collect();
    let deep = format!("a: {}1{}\n", "[".repeat(1_000), "]".repeat(1_000));
    for (name, values, kind) in [
        ("an alias bomb", bomb.as_str(), GapKind::Limit),
        ("depth", deep.as_str(), GapKind::Limit),
        ("a broken file", "a: [1\n", GapKind::Unparsed),
    ] {
        let rendered = chart(&[("values.yaml", values), ("templates/t.yaml", "a: 1\n")]);
        assert_eq!(rendered.objects.len(), 1, "{name}");
        assert!(rendered.gaps.iter().any(|gap| gap.kind == kind), "{name}: {:?}", rendered.gaps);
    }
    let rendered = chart(&[("values.yaml", "a: 1\na: 2\n"), ("templates/t.yaml", "a: {{ .Values.a }}\n")]);
    assert_eq!(rendered.objects[0].1.member("a").unwrap().int(), Some(2));
    assert_eq!(rendered.gaps.len(), 1, "a key that another hides: {:?}", rendered.gaps);
}

#[test]
fn everything_that_templates_see_can_be_printed() {
    for action in [
        "{{ . | quote }}",
        "{{ printf \"%s\" .Files | quote }}",
        "{{ toJson . }}",
        "{{ toYaml .Capabilities | quote }}",
    ] {
        let rendered = chart(&[("files/a", "x"), ("templates/t.yaml", &format!("a: {action}\n"))]);
        assert_eq!(rendered.gaps, [], "{action}");
        assert_eq!(rendered.objects.len(), 1, "{action}");
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

/// A chart with a chart under two names, a library, imports and globals. What is wanted of it is what `helm template`
/// (3.17) gives for the same files.
const FAMILY: [(&str, &str); 14] = [
    (
        "Chart.yaml",
        "apiVersion: v2\nname: p\nversion: 0.1.0\nappVersion: 2\ndependencies:\n  - {name: a, version: 1.x, alias: first, condition: 'first.enabled,global.first', import-values: [data, {child: exports.other, parent: taken.here}]}\n  - {name: a, version: 1.x, alias: second, condition: second.enabled}\n  - {name: lib, version: 1.x}\n  - {name: tagged, version: 1.x, tags: [front, back]}\n",
    ),
    (
        "values.yaml",
        "global: {zone: eu, deep: {one: 1}}\nfirst: {enabled: true, size: 5, global: {deep: {two: 2}}}\nsecond: {enabled: true, size: 6, gone: null}\ntags: {front: false, back: false}\ntaken: {here: {mine: kept}}\nconf: {a: parent}\nlist: [a, b]\n",
    ),
    (
        "templates/_h.tpl",
        "{{- define \"name\" -}}from parent{{- end -}}\n{{- define \"p.svc\" -}}\nspec:\n  ports: [{port: 80}]\n{{- end -}}\n{{- define \"p.key\" -}}\n{{- $value := .context.Values -}}\n{{- range (splitList \".\" .key) -}}\n{{- if $value -}}{{- $value = (index $value .) -}}{{- end -}}\n{{- end -}}\n{{- printf \"%v\" (default \"none\" $value) -}}\n{{- end -}}\n",
    ),
    (
        "templates/all.yaml",
        "taken: {{ .Values.taken | toJson }}\nimported: {{ .Values.fromChild }}\nname: {{ include \"name\" . }}\nkey: {{ include \"p.key\" (dict \"key\" \"first.size\" \"context\" $) }}\nnokey: {{ include \"p.key\" (dict \"key\" \"first.nope\" \"context\" $) }}\nmerged: {{ include \"lib.merge\" (dict \"values\" (list .Values.conf (dict \"z\" \"{{ .Release.Name }}\")) \"context\" $) | nindent 2 }}\n{{- $files := .Files }}\n{{- range $path, $_ := .Files.Glob \"files/*\" }}\n{{ base $path }}: {{ $files.Get $path | quote }}\n{{- end }}\n{{- $secret := (lookup \"v1\" \"Secret\" .Release.Namespace \"x\").data }}\nsecret: {{ ternary \"old\" \"new\" (hasKey (default (dict) $secret) \"k\") }}\n{{- with .Values.nothing }}\nnever: 1\n{{- else with .Values.taken }}\nwith: {{ .here.mine }}\n{{- end }}\n{{- range $k, $v := .Values.first }}\n{{- if kindIs \"map\" $v }}{{ continue }}{{ end }}\nf-{{ $k }}: {{ $v }}\n{{- end }}\nranged:\n{{- range tuple \"x\" \"y\" | reverse }}\n  - {{ . }}-{{ $.Release.Name }}\n{{- end }}\n{{ block \"blk\" . }}blk: {{ .Release.Name }}{{ end }}\nraw: {{ `{{ .NotATemplate }}` | quote }}\ncond: {{if and (not .Values.nothing) (ne (int .Values.first.size) 4)}}yes{{else}}no{{end}}\n",
    ),
    (
        "templates/more.yaml",
        "{{ include \"lib.service\" (list . \"p.svc\") }}\n---\n{{- range $name, $v := dict \"one\" 1 \"two\" 2 }}\n---\nranged: {{ $name }}\nv: {{ $v }}\n{{- end }}\n",
    ),
    ("files/a.txt", "one\n"),
    ("charts/a/Chart.yaml", "name: a\nversion: 1.2.3\n"),
    (
        "charts/a/values.yaml",
        "size: 1\ngone: {x: 1}\nexports:\n  data: {fromChild: 7}\n  other: {nested: {v: 8}, mine: not}\nglobal: {zone: us, childOnly: c}\n",
    ),
    (
        "charts/a/templates/x.yaml",
        "chart: {{ .Chart.Name }}\nvalues: {{ omit .Values \"exports\" | toJson }}\ntemplate: {{ .Template.Name }}\nbase: {{ .Template.BasePath }}\nname: {{ include \"name\" . }}\n",
    ),
    ("charts/lib/Chart.yaml", "name: lib\nversion: 1.0.0\ntype: library\n"),
    (
        "charts/lib/templates/_l.tpl",
        "{{- define \"name\" -}}from lib{{- end -}}\n{{- define \"lib.render\" -}}\n{{- $value := typeIs \"string\" .value | ternary .value (.value | toYaml) }}\n{{- if contains \"{{\" (toJson .value) }}{{- tpl $value .context }}{{- else }}{{- $value }}{{- end }}\n{{- end -}}\n{{- define \"lib.merge\" -}}\n{{- $dst := dict -}}\n{{- range .values -}}\n{{- $dst = include \"lib.render\" (dict \"value\" . \"context\" $.context) | fromYaml | merge $dst -}}\n{{- end -}}\n{{ $dst | toYaml }}\n{{- end -}}\n{{- define \"lib.top\" -}}\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\n{{- end -}}\n{{- define \"lib.service\" -}}\n{{- $top := first . -}}\n{{- $own := fromYaml (include (index . 1) $top) | default (dict) -}}\n{{- toYaml (merge $own (fromYaml (include \"lib.top\" $top))) -}}\n{{- end -}}\n",
    ),
    ("charts/lib/templates/never.yaml", "a: a library gives no objects\n"),
    ("charts/tagged/Chart.yaml", "name: tagged\nversion: 1.0.0\n"),
    ("charts/tagged/templates/x.yaml", "a: switched off by its tags\n"),
];

#[test]
fn charts_below_libraries_and_named_templates_give_what_they_give_in_helm() {
    let files: Vec<File> = FAMILY.iter().map(|(path, text)| File::in_memory(&format!("p/{path}"), text)).collect();
    let rendered = render(&files, "p", &Installation::default(), 128);
    assert_eq!(rendered.gaps, []);
    let found: Vec<serde_json::Value> = rendered.objects.iter().map(|(_, object)| object.json_holed()).collect();
    let below = |name: &str, size: u8, more: serde_json::Value| {
        let mut values = serde_json::json!({
            "enabled": true, "size": size, "global": {"zone": "eu", "deep": {"one": 1}, "childOnly": "c"}});
        let extra = more.as_object().cloned().unwrap_or_default();
        for (key, value) in extra {
            values[key.as_str()] = value;
        }
        let folder = format!("p/charts/{name}/templates");
        serde_json::json!({"chart": name, "values": values, "template": format!("{folder}/x.yaml"), "base": folder, "name": "from parent"})
    };
    let first = serde_json::json!({
        "gone": {"x": 1}, "global": {"zone": "eu", "deep": {"one": 1, "two": 2}, "childOnly": "c"}});
    let wanted = [
        below("first", 5, first),
        below("second", 6, serde_json::json!({})),
        serde_json::json!({
            "taken": {"here": {"mine": "kept", "nested": {"v": 8}}}, "imported": 7, "name": "from parent", "key": 5,
            "nokey": "none", "merged": {"a": "parent", "z": "release-name"}, "a.txt": "one\n", "secret": "new", "with": "kept",
            "f-enabled": true, "f-size": 5, "ranged": ["y-release-name", "x-release-name"], "blk": "release-name",
            "raw": "{{ .NotATemplate }}", "cond": true,
        }),
        serde_json::json!({"kind": "Service", "metadata": {"name": "release-name"}, "spec": {"ports": [{"port": 80}]}}),
        serde_json::json!({"ranged": "one", "v": 1}),
        serde_json::json!({"ranged": "two", "v": 2}),
    ];
    let found: Vec<&serde_json::Value> = found.iter().filter(|object| !object.is_null()).collect();
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (found, wanted) in found.into_iter().zip(&wanted) {
        assert_eq!(found, wanted);
    }
}
