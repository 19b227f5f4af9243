use aedile_model::{Asset, AssetKind, GapKind, Value};
use aedile_rules::ResourceSource;

use super::Arm;
use crate::crawler::{Context, run};
use crate::iac::examples::{RULES, crawled, line};
use crate::{Facts, File, Options};

const SCHEMA: &str = r#""$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#""#;

fn files(files: &[(&str, &str)]) -> Facts {
    let files: Vec<File> =
        files.iter().map(|(path, text)| File::in_memory(path, &text.replace("SCHEMA", SCHEMA))).collect();
    let options = Options::default();
    let mut facts = Facts::default();
    run::<Arm>(&files, Context::new(&RULES, &options), &mut facts);
    facts
}

fn one(text: &str) -> Facts {
    crawled(ResourceSource::Arm, &text.replace("SCHEMA", SCHEMA))
}

fn asset<'f>(facts: &'f Facts, address: &str) -> &'f Asset {
    let found = facts.assets.iter().find(|asset| asset.address == address);
    found.unwrap_or_else(|| panic!("{address} is not among {:?}; gaps {:?}", addresses(facts), facts.gaps))
}

fn addresses(facts: &Facts) -> Vec<&str> {
    facts.assets.iter().map(|asset| asset.address.as_str()).collect()
}

fn value<'f>(facts: &'f Facts, address: &str, name: &str) -> &'f Value {
    asset(facts, address).value(name).unwrap_or(&Value::Null)
}

#[test]
fn parameters_variables_and_functions_are_evaluated() {
    let facts = one(r#"{SCHEMA,
      "parameters": {"prefix": {"type": "string", "defaultValue": "Clinic"}, "tls": {"type": "bool"}},
      "variables": {"name": "[toLower(concat(parameters('prefix'), '-', 'raw'))]", "open": "[not(equals(1, 1))]"},
      "resources": [{
        "type": "microsoft.storage/storageaccounts", "apiVersion": "2023-01-01",
        "name": "[format('{0}{1}', variables('name'), length(createArray(1, 2)))]",
        "location": "West Europe",
        "properties": {"allowBlobPublicAccess": "[variables('open')]", "supportsHttpsTrafficOnly": "[parameters('tls')]"}}]}"#);
    let address = "Microsoft.Storage/storageAccounts/clinic-raw2";
    assert_eq!(value(&facts, address, "public"), &Value::Bool(false));
    assert_eq!(value(&facts, address, "region"), &Value::Text("westeurope".into()));
    let Value::Unknown(why) = value(&facts, address, "tlsRequired") else { panic!() };
    assert_eq!(why.expression, "parameters('tls')");
}

#[test]
fn parameter_files_give_values_and_differing_ones_none() {
    let template = r#"{SCHEMA, "parameters": {"tls": {"type": "bool"}, "open": {"type": "bool"}}, "resources": [{
        "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "a", "properties": {
          "allowBlobPublicAccess": "[parameters('open')]", "supportsHttpsTrafficOnly": "[parameters('tls')]"}}]}"#;
    let given = |tls: bool| {
        format!(
            r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
          "parameters": {{"tls": {{"value": {tls}}}, "open": {{"value": false}}}}}}"#
        )
    };
    let facts = files(&[("main.json", template), ("main.parameters.json", &given(false))]);
    assert_eq!(value(&facts, "Microsoft.Storage/storageAccounts/a", "tlsRequired"), &Value::Bool(false));
    let facts = files(&[
        ("main.json", template),
        ("main.parameters.dev.json", &given(false)),
        ("main.parameters.prod.json", &given(true)),
    ]);
    assert!(matches!(value(&facts, "Microsoft.Storage/storageAccounts/a", "tlsRequired"), Value::Unknown(_)));
    assert_eq!(value(&facts, "Microsoft.Storage/storageAccounts/a", "public"), &Value::Bool(false));
}

#[test]
fn loops_conditions_and_children_make_resources() {
    let facts = one(
        r#"{SCHEMA, "variables": {"names": ["raw", "work"], "more": {"copy": [{"name": "n", "count": 2, "input": "[concat('x', copyIndex('n'))]"}]}},
      "resources": [
        {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "[concat('lake', copyIndex(1))]",
         "copy": {"name": "accounts", "count": "[length(variables('names'))]"},
         "resources": [{"type": "blobServices/containers", "apiVersion": "2023-01-01", "name": "[concat('default/', variables('names')[copyIndex()])]",
           "properties": {"publicAccess": "Blob"}}]},
        {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "[variables('more').n[1]]", "condition": "[false()]"},
        {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "many", "copy": {"name": "c", "count": "[int(parameters('n'))]"}}
      ], "parameters": {"n": {"type": "int"}}}"#,
    );
    let stores: Vec<&str> =
        addresses(&facts).into_iter().filter(|address| address.starts_with("Microsoft.Storage")).collect();
    assert_eq!(
        stores,
        [
            "Microsoft.Storage/storageAccounts/lake1",
            "Microsoft.Storage/storageAccounts/lake1/blobServices/default/containers/raw",
            "Microsoft.Storage/storageAccounts/lake2",
            "Microsoft.Storage/storageAccounts/lake2/blobServices/default/containers/work",
            "Microsoft.Storage/storageAccounts/many",
        ]
    );
    assert_eq!(value(&facts, "Microsoft.Storage/storageAccounts/lake1", "public"), &Value::Bool(true));
}

#[test]
fn nested_templates_see_their_own_names_or_the_outer_ones() {
    let facts = one(r#"{SCHEMA, "variables": {"name": "outer"}, "resources": [
      {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "one", "properties": {
        "expressionEvaluationOptions": {"scope": "inner"},
        "parameters": {"key": {"value": "[reference(resourceId('Microsoft.Resources/deployments', 'two')).outputs.id.value]"}},
        "template": {SCHEMA, "parameters": {"key": {"type": "string"}}, "variables": {"name": "inner"}, "resources": [
          {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "[variables('name')]",
           "properties": {"encryption": {"keyvaultproperties": {"keyname": "k", "keyvaulturi": "[parameters('key')]"}}}}]}}},
      {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "two", "properties": {
        "template": {SCHEMA, "resources": [{"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "[variables('name')]"}],
          "outputs": {"id": {"type": "string", "value": "x"}}}}}
    ]}"#);
    assert_eq!(
        addresses(&facts),
        ["Microsoft.Storage/storageAccounts/inner", "Microsoft.Storage/storageAccounts/outer"]
    );
}

#[test]
fn linked_templates_beside_it_are_read_and_others_are_gaps() {
    let store = r#"{SCHEMA, "parameters": {"name": {"type": "string"}}, "resources": [
      {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "[parameters('name')]"}]}"#;
    let main = r#"{SCHEMA, "parameters": {"_artifactsLocation": {"type": "string"}}, "resources": [
      {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "a", "properties": {
        "templateLink": {"relativePath": "nested/store.json"}, "parameters": {"name": {"value": "one"}}}},
      {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "b", "properties": {
        "templateLink": {"uri": "[uri(parameters('_artifactsLocation'), 'nested/store.json')]"}, "parameters": {"name": {"value": "two"}}}},
      {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "c", "properties": {
        "templateLink": {"uri": "https://example.org/else.json"}}}
    ]}"#;
    let facts = files(&[("infra/main.json", main), ("infra/nested/store.json", store)]);
    assert_eq!(addresses(&facts), ["Microsoft.Storage/storageAccounts/one", "Microsoft.Storage/storageAccounts/two"]);
    let [gap] = facts.gaps.as_slice() else { panic!("{:?}", facts.gaps) };
    assert!(gap.kind == GapKind::Unresolved && gap.message.contains("https://example.org/else.json"));
}

#[test]
fn symbolic_names_and_existing_resources_are_known() {
    let facts = one(r#"{SCHEMA, "languageVersion": "2.0", "resources": {
      "vault": {"existing": true, "type": "Microsoft.KeyVault/vaults", "apiVersion": "2023-07-01", "name": "kv"},
      "lake": {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "lake", "identity": {"type": "SystemAssigned"}},
      "who": {"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2023-01-31", "name": "trainer"},
      "may": {"type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01",
        "scope": "[format('Microsoft.Storage/storageAccounts/{0}', 'lake')]", "name": "[guid('x')]",
        "properties": {"roleDefinitionId": "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1')]",
          "principalId": "[reference('who').principalId]"}}
    }}"#);
    assert!(facts.assets.iter().all(|asset| asset.address != "Microsoft.KeyVault/vaults/kv"));
    let grants: Vec<String> = facts.links.iter().map(line).collect();
    let wanted = "grants ServiceAccount:main.json#Microsoft.ManagedIdentity/userAssignedIdentities/trainer -> \
                  Bucket:main.json#Microsoft.Storage/storageAccounts/lake [read]";
    assert_eq!(grants, [wanted]);
}

#[test]
fn bicep_is_a_gap_unless_it_is_compiled_beside() {
    let facts =
        files(&[("main.bicep", "param x string"), ("other.bicep", ""), ("main.json", "{SCHEMA, \"resources\": []}")]);
    let [gap] = facts.gaps.as_slice() else { panic!("{:?}", facts.gaps) };
    assert!(gap.kind == GapKind::Unsupported && &*gap.place.path == "other.bicep");
}

#[test]
fn hostile_templates_end_and_say_so() {
    let chain: Vec<String> = (0..5000).map(|at| format!(r#""v{at}": "[variables('v{}')]""#, at + 1)).collect();
    let texts = [
        r#"{SCHEMA, "resources": [{"type": "Microsoft.Storage/storageAccounts", "name": "[variables('a')]"}], "variables": {"a": "[variables('b')]", "b": "[variables('a')]"}}"#.to_owned(),
        format!(r#"{{SCHEMA, "resources": [{{"type": "Microsoft.Storage/storageAccounts", "name": "[variables('v0')]"}}], "variables": {{{}, "v5000": "x"}}}}"#, chain.join(",")),
        r#"{SCHEMA, "resources": [{"type": "Microsoft.Storage/storageAccounts", "name": "a", "copy": {"name": "c", "count": 99999999}}]}"#.to_owned(),
        format!(r#"{{SCHEMA, "variables": {{"a0": "xxxxxxxxxxxxxxxx", {}}}, "resources": [{{"type": "Microsoft.Storage/storageAccounts", "name": "[variables('a60')]"}}]}}"#,
            (1..=60).map(|at| format!(r#""a{at}": "[concat(variables('a{0}'), variables('a{0}'))]""#, at - 1)).collect::<Vec<_>>().join(",")),
        format!(r#"{{SCHEMA, "resources": {}1{}}}"#, "[".repeat(5000), "]".repeat(5000)),
        r#"{SCHEMA, "resources": [{"type": "Microsoft.Resources/deployments", "name": "a", "properties": {"templateLink": {"relativePath": "main.json"}}}]}"#.to_owned(),
        r#"{SCHEMA, "resources": {"a": 1, "b": {"type": "A.B/c"}, "c": {"type": [], "name": {}}}, "parameters": [], "variables": 3}"#.to_owned(),
    ];
    for text in texts {
        one(&text);
    }
    let facts = one(
        r#"{SCHEMA, "resources": [{"type": "Microsoft.Storage/storageAccounts", "name": "a", "copy": {"name": "c", "count": 99999999}}]}"#,
    );
    assert!(facts.gaps.iter().any(|gap| gap.kind == GapKind::Limit));
    assert!(facts.assets.iter().all(|asset| asset.kind == AssetKind::Bucket));
}

/// Words that make templates: whatever is put together from them must end, and end the same way.
const WORDS: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "'",
    "(",
    ")",
    ".",
    "[[",
    "]]",
    "\"resources\":",
    "\"type\":",
    "\"name\":",
    "\"copy\":",
    "\"count\":",
    "\"properties\":",
    "\"template\":",
    "\"variables\":",
    "\"parameters\":",
    "\"Microsoft.Storage/storageAccounts\"",
    "\"Microsoft.Resources/deployments\"",
    "variables('a')",
    "parameters('b')",
    "concat(",
    "format('{0}',",
    "copyIndex(",
    "reference(",
    "resourceId(",
    "if(",
    "true",
    "null",
    "1",
    "-9",
    "99999999999999",
    "\"[variables('a')]\"",
    "\"a\"",
    "\u{e9}",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]
    #[test]
    fn whatever_is_put_together_ends(words in proptest::collection::vec(0..WORDS.len(), 0..60)) {
        let body: String = words.iter().filter_map(|&at| WORDS.get(at).copied()).collect();
        let texts = [
            format!("{{{SCHEMA}, {body}"),
            format!(r#"{{{SCHEMA}, "variables": {{"a": "[{}]"}}, "resources": [{{"type": "Microsoft.Storage/storageAccounts", "name": "[variables('a')]"}}]}}"#, body.replace('"', "")),
        ];
        for text in texts {
            let (first, second) = (one(&text), one(&text));
            proptest::prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
        }
    }
}
