use super::*;

fn built(files: &[(&str, &str)], folder: &str) -> (Vec<Datum>, Vec<Gap>) {
    let files: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
    let options = Options::default();
    let mut customs = Customs::of(&files, &options);
    let objects = customs.build(folder);
    (objects, customs.gaps)
}

fn text(datum: &Datum, path: &str) -> String {
    crate::iac::path::texts(datum, path).join(" ")
}

const BASE: (&str, &str) = (
    "base/app.yaml",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  selector: {matchLabels: {app: api}}\n  template:\n    metadata: {labels: {app: api}}\n    spec:\n      serviceAccountName: runner\n      containers:\n        - {name: main, image: \"org/api:1\", securityContext: {privileged: true}}\n        - {name: side, image: side}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: runner}\n",
);

#[test]
fn an_overlay_changes_its_base() {
    let (objects, gaps) = built(
        &[
            BASE,
            ("base/kustomization.yaml", "resources: [app.yaml]\n"),
            (
                "prod/kustomization.yaml",
                "resources: [../base]\nnamespace: prod\nnamePrefix: p-\ncommonLabels: {tier: web}\nimages:\n  - {name: org/api, newName: mirror/api, digest: \"sha256:0\"}\npatches:\n  - path: fix.yaml\n  - target: {kind: Deployment, name: a.*}\n    patch: |-\n      - {op: add, path: /spec/template/spec/hostNetwork, value: false}\n      - {op: remove, path: /spec/template/spec/containers/1}\n",
            ),
            (
                "prod/fix.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {template: {spec: {containers: [{name: main, securityContext: {privileged: false}}]}}}\n",
            ),
        ],
        "prod",
    );
    assert!(gaps.is_empty(), "{gaps:?}");
    let app = &objects[0];
    assert_eq!(text(app, "metadata.name"), "p-api");
    assert_eq!(text(app, "metadata.namespace"), "prod");
    assert_eq!(text(app, "spec.template.spec.containers.image"), "mirror/api@sha256:0");
    assert_eq!(text(app, "spec.template.spec.containers.securityContext.privileged"), "false");
    assert_eq!(text(app, "spec.template.spec.hostNetwork"), "false");
    assert_eq!(text(app, "spec.template.spec.serviceAccountName"), "p-runner");
    assert_eq!(text(app, "spec.template.metadata.labels.tier"), "web");
    assert_eq!(text(app, "spec.selector.matchLabels.tier"), "web");
    let patched = crate::iac::path::values(app, "spec.template.spec.containers.securityContext.privileged");
    assert_eq!(&*patched[0].place.clone().unwrap().path, "prod/fix.yaml");
}

#[test]
fn components_change_what_uses_them_and_deletions_delete() {
    let (objects, gaps) = built(
        &[
            BASE,
            ("base/kustomization.yaml", "resources: [app.yaml]\n"),
            (
                "hard/kustomization.yaml",
                "kind: Component\npatches:\n  - patch: |-\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: api}\n      spec: {template: {spec: {containers: [{name: side, $patch: delete}]}}}\n",
            ),
            (
                "prod/kustomization.yaml",
                "resources: [../base]\ncomponents: [../hard]\npatchesStrategicMerge:\n  - |-\n    $patch: delete\n    apiVersion: v1\n    kind: ServiceAccount\n    metadata: {name: runner}\n",
            ),
        ],
        "prod",
    );
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!(objects.len(), 1);
    assert_eq!(text(&objects[0], "spec.template.spec.containers.name"), "main");
}

#[test]
fn overlays_are_deployments_and_bases_are_not() {
    let files: Vec<File> = [
        ("base/kustomization.yaml", "resources: [app.yaml]\n"),
        BASE,
        ("a/kustomization.yaml", "resources: [../base]\n"),
        ("b/kustomization.yaml", "bases: [../base]\n"),
        ("x/kustomization.yaml", "resources: [../y]\n"),
        ("y/kustomization.yaml", "resources: [../x]\n"),
    ]
    .iter()
    .map(|(path, text)| File::in_memory(path, text))
    .collect();
    let options = Options::default();
    let mut customs = Customs::of(&files, &options);
    assert_eq!(customs.roots(), ["a", "b", "x"]);
    assert!(customs.used().contains("base/app.yaml"));
    assert!(customs.build("x").is_empty());
    assert!(customs.gaps.iter().any(|gap| gap.kind == GapKind::Link), "{:?}", customs.gaps);
}

#[test]
fn what_is_not_there_or_not_evaluated_is_a_gap() {
    let (_, gaps) = built(
        &[(
            "k/kustomization.yaml",
            "resources: [https://example.org/base?ref=v1, gone.yaml, ../../out]\nhelmCharts: [{name: x}]\npatches: [{path: gone.yaml}, {target: {kind: Job}, patch: '[{op: remove, path: /a}]'}]\n",
        )],
        "k",
    );
    assert_eq!(gaps.len(), 6, "{gaps:#?}");
}

#[test]
fn copies_and_towers_of_bases_are_bounded() {
    let mut files = vec![
        ("k0/kustomization.yaml".to_owned(), "resources: [a.yaml]\n".to_owned()),
        ("k0/a.yaml".to_owned(), "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n".to_owned()),
    ];
    for level in 1..40 {
        files.push((format!("k{level}/kustomization.yaml"), format!("resources: [../k{0}, ../k{0}]\n", level - 1)));
    }
    let ops = "- {op: copy, from: /metadata, path: /metadata/x}\n".repeat(300);
    files.push((
        "p/kustomization.yaml".to_owned(),
        format!(
            "resources: [a.yaml]\npatches:\n  - target: {{kind: Pod}}\n    patch: |\n{}",
            ops.lines().map(|line| format!("      {line}\n")).collect::<String>()
        ),
    ));
    files.push(("p/a.yaml".to_owned(), "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n".to_owned()));
    let files: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
    let options = Options::default();
    let mut customs = Customs::of(&files, &options);
    assert!(customs.build("k39").len() <= OBJECTS);
    assert!(customs.gaps.iter().any(|gap| gap.kind == GapKind::Limit));
    let before = customs.gaps.len();
    customs.build("p");
    assert!(customs.gaps.len() > before, "{:?}", customs.gaps.last());
}

#[test]
fn generated_maps_hold_what_their_literals_and_files_say() {
    let files = [
        (
            "base/kustomization.yaml",
            "configMapGenerator:\n  - name: c\n    literals: [a=1, \"b='x=y'\"]\n    files: [app.ini, k=conf/z.txt]\n    envs: [my.env]\nsecretGenerator:\n  - name: s\n    literals: [password=hunter2]\ngeneratorOptions: {labels: {app: web}}\n",
        ),
        ("base/app.ini", "one\n"),
        ("base/conf/z.txt", "zed"),
        ("base/my.env", "# no\nE=5\n"),
        (
            "over/kustomization.yaml",
            "resources: [../base]\nnamePrefix: p-\nconfigMapGenerator:\n  - name: c\n    behavior: merge\n    literals: [a=2]\n  - name: gone\n    files: [no.txt]\n",
        ),
    ];
    let (objects, gaps) = built(&files, "over");
    let of = |name: &str| objects.iter().find(|object| text(object, "metadata.name") == name).unwrap();
    let map = of("p-c");
    for (key, wanted) in [("a", "2"), ("b", "x=y"), ("app\u{2e}ini", "one\n"), ("k", "zed"), ("E", "5")] {
        assert_eq!(map.member("data").unwrap().member(key).and_then(Datum::text).as_deref(), Some(wanted), "{key}");
    }
    assert_eq!(text(map, "metadata.labels.app"), "web");
    assert_eq!(text(of("p-s"), "stringData.password"), "hunter2");
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].message.contains("no.txt"));
}

#[test]
fn replacements_write_values_of_one_object_into_others() {
    let files = [
        (
            "kustomization.yaml",
            "resources: [all.yaml]\nreplacements:\n  - source: {kind: Service, name: db, fieldPath: metadata.name}\n    targets:\n      - select: {kind: Deployment}\n        reject: [{name: other}]\n        fieldPaths: ['spec.template.spec.containers.[name=api].env.[name=HOST].value']\n      - select: {kind: Deployment, name: api}\n        fieldPaths: ['spec.template.spec.containers.*.image']\n        options: {delimiter: ':', index: 0}\n  - path: more.yaml\n  - source: {kind: Nothing}\n    targets: []\n",
        ),
        (
            "more.yaml",
            "- source: {kind: Service, fieldPath: spec.ports.0.port}\n  targets:\n    - select: {name: api}\n      fieldPaths: [metadata.annotations.a\\.b/port]\n      options: {create: true}\n",
        ),
        (
            "all.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {ports: [{port: 5432}]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {template: {spec: {containers: [{name: api, image: 'x:1', env: [{name: HOST, value: '?'}]}]}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: other}\nspec: {template: {spec: {containers: [{name: api, image: 'y:1', env: [{name: HOST, value: '?'}]}]}}}\n",
        ),
    ];
    let (objects, gaps) = built(&files, "");
    assert_eq!(text(&objects[1], "spec.template.spec.containers.env.value"), "db");
    assert_eq!(text(&objects[1], "spec.template.spec.containers.image"), "db:1");
    assert_eq!(
        objects[1].member("metadata").unwrap().member("annotations").unwrap().member("a.b/port").unwrap().int(),
        Some(5432)
    );
    assert_eq!(text(&objects[2], "spec.template.spec.containers.env.value"), "?");
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].message.contains("means no object"));
}

#[test]
fn a_renamed_object_is_meant_by_its_old_name_and_followed() {
    let files = [
        (
            "base/kustomization.yaml",
            "resources: [all.yaml]\nnamePrefix: x-\nconfigMapGenerator: [{name: c, literals: [a=1]}]\n",
        ),
        (
            "base/all.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {replicas: 1, template: {spec: {containers: [{name: a, envFrom: [{configMapRef: {name: c}}]}], volumes: [{name: v, secret: {secretName: other}}]}}}\n",
        ),
        (
            "over/kustomization.yaml",
            "resources: [../base]\npatches:\n  - patch: |-\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: api}\n      spec: {paused: true}\nreplicas: [{name: x-api, count: 3}]\n",
        ),
    ];
    let (objects, gaps) = built(&files, "over");
    assert!(gaps.is_empty(), "{gaps:?}");
    let api = objects.iter().find(|object| text(object, "kind") == "Deployment").unwrap();
    assert_eq!(text(api, "metadata.name"), "x-api");
    assert_eq!(text(api, "spec.paused"), "true");
    assert_eq!(text(api, "spec.replicas"), "3");
    assert_eq!(text(api, "spec.template.spec.containers.envFrom.configMapRef.name"), "x-c");
    assert!(api.member("metadata").unwrap().member("$previous").is_none());
}
