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
