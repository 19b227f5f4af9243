use super::*;

fn load(text: &str) -> Result<Resources, PackError> {
    let user = PackSource { name: "user.yaml".to_owned(), text: text.into() };
    Resources::load(&[user], &mut Vec::new())
}

const TYPE: &str = "pack: resources
resources:
  - id: acme_store
    source: terraform
    docs: https://example.org
    asset: Bucket
    attributes:
      public: [{path: open, as: bool}]
    examples: [{source: '', expect: {public: true}}]
    counter_examples: [{source: '', expect: {public: false}}]
";

#[test]
fn our_packs_load_and_name_their_sources() {
    let mut packs = Vec::new();
    let rules = Resources::load(&[], &mut packs).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(packs.len(), PACKS.len() + crate::fix::PACKS.len(), "those of resources and those of fixes");
    for resource in rules.types() {
        assert!(resource.docs.starts_with("https://"), "{}", resource.id);
    }
    assert!(PACKS.is_sorted(), "the table of packs is sorted");
}

#[test]
fn a_type_of_the_user_is_added() {
    let rules = load(TYPE).unwrap();
    assert!(rules.resource(ResourceSource::Terraform, "acme_store").is_some());
    assert!(rules.resource(ResourceSource::Kubernetes, "acme_store").is_none());
}

#[test]
fn a_type_without_counter_example_is_refused() {
    let text = TYPE.replace("    counter_examples: [{source: '', expect: {public: false}}]\n", "");
    assert!(load(&text).unwrap_err().to_string().contains("counter-example"));
}

#[test]
fn unknown_keys_companions_and_undated_defaults_are_refused() {
    assert!(load(&TYPE.replace("asset:", "assets:")).is_err());
    for (with, reason) in [
        ("[{path: open, from: nobody}]", "no companion `nobody`"),
        ("[{default: true}]", "default without `since`"),
        ("[{when: {path: a, exists: true}}]", "neither a case nor a path"),
    ] {
        let error = load(&TYPE.replace("[{path: open, as: bool}]", with)).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let of_none = "    companions: {key: {type: acme_key, by: store, of: account}}\n    attributes:";
    let error = load(&TYPE.replace("    attributes:", of_none)).unwrap_err().to_string();
    assert!(error.contains("`key` is one of no companion"), "{error}");
}

#[test]
fn our_packs_hold_what_their_index_says_and_are_valid() {
    let mut late = 0;
    for (name, text) in PACKS {
        let source = PackSource::embedded(&(name, text));
        assert!(source.is("resources").unwrap_or_else(|error| panic!("{error:?}")), "{name}");
        let pack: form::Pack = source.parse().unwrap_or_else(|error| panic!("{error:?}"));
        for resource in &pack.resources {
            valid::check(resource, &source).unwrap_or_else(|error| panic!("{error:?}"));
        }
        for module in &pack.modules {
            valid::check_module(module, &source).unwrap_or_else(|error| panic!("{error:?}"));
        }
        if let Some(index) = lazy::index(text) {
            late += 1;
            let types: Vec<_> = pack.resources.iter().map(|resource| (resource.source, resource.id.clone())).collect();
            let of = |resource: &ResourceType| {
                let (source, id) = (resource.source, resource.id.clone());
                resource.aliases.iter().map(|alias| ((source, alias.clone()), id.clone())).collect::<Vec<_>>()
            };
            let aliases: Vec<_> = pack.resources.iter().flat_map(of).collect();
            assert_eq!(index, lazy::Index { types, aliases, modules: pack.modules.len() }, "{name}");
        }
    }
    assert!(late * 2 > PACKS.len(), "only {late} of {} packs are parsed when they are needed", PACKS.len());
}

#[test]
fn what_only_the_parser_understands_has_no_index() {
    let index = |text: &str| lazy::index(text);
    let plain = "pack: resources\nresources:\n  # a comment\n  - id: a  # the first\n    source: terraform\n  - id: b\n    docs: x\n    source: kubernetes\n";
    let types = vec![(ResourceSource::Terraform, "a".to_owned()), (ResourceSource::Kubernetes, "b".to_owned())];
    assert_eq!(index(plain), Some(lazy::Index { types, modules: 0, ..lazy::Index::default() }));
    for odd in [
        "pack: resources\nroles:\n  - id: a\n",
        "pack: resources\nresources: [{id: a}]\n",
        "pack: resources\nresources:\n  - source: terraform\n    id: a\n",
        "pack: resources\nresources:\n  - id: a\n  - id: b\n    source: terraform\n",
        "pack: resources\nresources:\n  - id: a\n    source: nonsense\n",
    ] {
        assert_eq!(index(odd), None, "{odd}");
    }
}
