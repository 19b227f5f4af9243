use proptest::prelude::*;

use super::*;
use crate::crawler::run;
use crate::iac::examples::RULES;
use crate::{Facts, Options};

fn facts(files: &[(&str, &str)]) -> Facts {
    let options = Options::default();
    let files: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
    let mut facts = Facts::default();
    run::<Compose>(&files, Context::new(&RULES, &options), &mut facts);
    facts
}

#[test]
fn names_of_compose_files_are_those_that_compose_finds() {
    for name in ["compose.yaml", "docker-compose.yml", "docker-compose.prod.yaml", "compose-dev.yml"] {
        assert!(is_project(name), "{name}");
    }
    for name in ["composer.yaml", "compose.json", "my-compose.yaml.txt"] {
        assert!(!is_project(name), "{name}");
    }
}

#[test]
fn places_point_to_the_service_and_to_what_decides() {
    let text = "services:\n  web:\n    image: web:1\n    privileged: true\n";
    let facts = facts(&[("compose.yaml", text)]);
    let asset = &facts.assets[0];
    let at = |place: &Place| text[place.span.start as usize..place.span.end as usize].to_owned();
    assert_eq!(at(asset.place.as_ref().unwrap()), "web");
    assert_eq!(at(asset.attributes["privileged"].place.as_ref().unwrap()), "privileged: true");
}

#[test]
fn a_variant_is_read_as_laid_over_its_base() {
    let facts = facts(&[
        ("compose.yaml", "services: {web: {image: 'web:1', privileged: true}, db: {image: 'db:1'}}\n"),
        ("compose.prod.yaml", "services: {web: {image: 'web@sha256:0'}}\n"),
    ]);
    let of = |unit: &str| facts.assets.iter().filter(|asset| asset.id.as_str().contains(unit)).collect::<Vec<_>>();
    let prod = of("compose.prod.yaml");
    assert_eq!(prod.len(), 1, "only what the variant names");
    assert_eq!(prod[0].value("privileged"), Some(&aedile_model::Value::Bool(true)));
    assert_eq!(prod[0].value("imagePinned"), Some(&aedile_model::Value::Bool(true)));
}

#[test]
fn folders_of_the_project_and_copied_data_are_read() {
    let facts = facts(&[
        ("ml/compose.yaml", "services: {train: {image: a, volumes: ['./data:/data:ro', 'cache:/cache']}}\n"),
        ("ml/Dockerfile", "FROM scratch\nCOPY data/patients.csv app.py /app/\nADD https://example.org/model.bin /m\n"),
    ]);
    let links: Vec<String> = facts.links.iter().map(crate::iac::examples::line).collect();
    assert_eq!(
        links,
        [
            "reads Workload:ml/Dockerfile -> Dataset?ml/data/patients.csv",
            "reads Workload:ml/compose.yaml#service/train -> Dataset?ml/data",
        ]
    );
}

#[test]
fn files_that_are_none_are_gaps() {
    let facts = facts(&[("compose.yaml", "services: [\n"), ("Dockerfile", "RUN x\n"), ("a/Dockerfile", "# nothing\n")]);
    assert_eq!(facts.gaps.len(), 3, "{:?}", facts.gaps);
}

const COMPOSE: &str = "x-a: &a {image: 'a:${T:-1}', environment: {P: '${Q:?no}'}}\nservices:\n  web:\n    <<: *a\n    extends: {service: db}\n    ports: ['127.0.0.1:80:80', {target: 1}]\n    volumes: [./d:/d, {type: bind, source: /x}]\n  db: {build: {context: ., args: [A=1]}, extends: web}\n";
const DOCKERFILE: &str = "# escape=`\nARG A=1\nFROM a:${A} AS b\nENV X=1 Y='a b' \\\n  Z=2\nRUN <<E\nx\nE\nCOPY --from=b [\"a\", \"b\"]\nFROM b\nUSER $X:1\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn no_change_to_a_file_makes_the_readers_panic(
        dockerfile in any::<bool>(),
        cuts in proptest::collection::vec((any::<proptest::sample::Index>(), 0_usize..6, "\\PC{0,3}"), 0..8),
    ) {
        let (path, seed) = if dockerfile { ("Dockerfile", DOCKERFILE) } else { ("compose.yaml", COMPOSE) };
        let mut text: Vec<char> = seed.chars().collect();
        for (at, length, new) in cuts {
            let at = at.index(text.len() + 1);
            let end = (at + length).min(text.len());
            text.splice(at..end, new.chars());
        }
        let text: String = text.into_iter().collect();
        let _ = facts(&[(path, &text)]);
    }
}
