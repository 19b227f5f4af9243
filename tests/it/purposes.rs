//! What data and code may be used for, as five books say it.

use crate::program::{platform, scan};

const SCHEMA: &str = "version: 2\nmodels:\n  - name: customers\n    config:\n      meta: {purpose: billing}\n    columns:\n      - name: email\n";
const TAGS: &str = "CREATE TABLE shop.orders (id INT, email STRING);\nALTER TABLE shop.orders SET TAGS ('purpose' = 'operations, ml.training');\n";
const FEAST: &str = "from feast import FeatureView, Field, FileSource\nfrom feast.types import Float32\n\nspend = FeatureView(\n    name=\"spend\",\n    schema=[Field(name=\"total\", dtype=Float32)],\n    source=FileSource(path=\"s3://shop/spend.parquet\"),\n    tags={\"purpose\": \"ml.training\"},\n)\n";
const FIDES: &str = "dataset:\n  - fides_key: shop_db\n    name: shop\n    collections:\n      - name: returns\n        fields:\n          - name: email\n            data_categories: [user.contact.email]\nsystem:\n  - fides_key: desk\n    name: support desk\n    privacy_declarations:\n      - name: answers\n        data_categories: [user.contact.email]\n        data_use: essential.service\n        dataset_references: [shop_db]\n";

#[test]
fn every_book_says_what_data_is_for() {
    let folder = platform(&[
        ("dbt/dbt_project.yml", "name: shop\nversion: \"1\"\nprofile: shop\nmodel-paths: [models]\n"),
        ("dbt/models/schema.yml", SCHEMA),
        ("dbt/models/customers.sql", "select email from {{ source('raw', 'people') }}\n"),
        ("sql/orders.sql", TAGS),
        ("features/spend.py", FEAST),
        ("governance/fides.yml", FIDES),
        ("jobs/report.py", "import pandas as pd\nprint(len(pd.read_csv(\"data/rows.csv\")))\n"),
        (
            "aedile.yaml",
            "version: 1\nentity: Shop\ndeclare:\n  - asset: jobs/report.py\n    purpose: analytics\n  - asset: data/rows.csv\n    purposes: [analytics]\n",
        ),
    ]);
    let (run, _) = scan(folder.path(), &[]);
    let said = |name: &str| {
        let mut assets = run.assets.iter().filter(|asset| asset.kind != "Declaration");
        let asset = assets.find(|asset| asset.name == name || asset.address == name);
        let asset = asset.unwrap_or_else(|| panic!("{name} is not in the record"));
        let value = ["purposes", "purpose"].iter().find_map(|key| asset.attributes.get(*key));
        value.unwrap_or_else(|| panic!("{name} has no purpose")).clone()
    };
    assert_eq!(said("customers"), serde_json::json!(["billing"]), "dbt");
    assert_eq!(said("shop.orders"), serde_json::json!(["ml.training", "operations"]), "tags of SQL");
    assert_eq!(said("spend"), serde_json::json!("ml.training"), "Feast");
    assert_eq!(said("returns"), serde_json::json!(["essential.service"]), "Fides");
    assert_eq!(said("jobs/report.py"), serde_json::json!("analytics"), "aedile.yaml, of code");
    assert_eq!(said("data/rows.csv"), serde_json::json!(["analytics"]), "aedile.yaml, of data");
}
