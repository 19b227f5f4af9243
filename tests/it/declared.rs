//! Declarations are held against the facts: each difference is a finding of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::program::{PATIENTS, platform, scan};

const INFRA: &str = "resource \"aws_s3_bucket\" \"raw\" {\n  bucket = \"ward-raw\"\n  region = \"us-east-1\"\n}\n\nresource \"aws_s3_bucket_lifecycle_configuration\" \"raw\" {\n  bucket = aws_s3_bucket.raw.id\n  rule {\n    id     = \"old\"\n    status = \"Enabled\"\n    expiration { days = 3650 }\n  }\n}\n";
const CAMPAIGN: &str = "import pandas as pd\nimport requests\ndf = pd.read_csv(\"data/patients.csv\", usecols=[\"email\", \"diagnosis_code\"])\nrequests.post(\"https://api.adreach.example/v1\", json=df.to_dict(\"records\"), verify=False)\n";
const CREDIT: &str = "import hashlib\nimport pandas as pd\nfrom sklearn.linear_model import LogisticRegression\ndf = pd.read_csv(\"data/patients.csv\", usecols=[\"age\", \"diagnosis_code\"])\nprint(hashlib.md5(b\"x\").hexdigest())\nmodel = LogisticRegression()\nmodel.fit(df[[\"age\", \"diagnosis_code\"]], df[\"age\"])\n";
const CARD: &str = "# Card\n\n## Intended use\n\nLast reviewed: 2024-01-01\n";
const WRONG: &str = "version: 1
entity: Test
residency: [EEA]
retention: {pii: 730, phi: 730}
bindings:
  - name: data/patients.csv
    is: s3://ward-raw/patients.csv
processors:
  - name: api.adreach.example
    role: third-party
    region: us-east-1
declare:
  - asset: data/patients.csv
    purposes: [operations]
    legalBasis: consent
    consentColumn: opt_in
    label: deidentified
    columns: {patient_name: pii.demographic.gender}
  - asset: jobs/campaign.py
    purpose: marketing
  - asset: aws_s3_bucket.raw
    region: EEA
  - asset: nothing.like.this
    owner: nobody
  - asset: model
    kind: Model
    riskClass: minimal
    modelCard: docs/card.md
    impactAssessment: docs/none.md
    changed: 2026-09-01
";

/// Two columns more than the patients of other tests: an age, and who agreed.
fn people() -> String {
    let more = ["age,opt_in", "97,true", "82,true", "58,false", "47,true", "88,true", "41,true"];
    PATIENTS.lines().zip(more).map(|(line, more)| format!("{line},{more}\n")).collect()
}

#[test]
fn what_is_declared_and_not_so_is_found() {
    let people = people();
    let folder = platform(&[
        ("data/patients.csv", &people),
        ("tests/data/patients.csv", &people),
        ("infra/main.tf", INFRA),
        ("jobs/campaign.py", CAMPAIGN),
        ("jobs/credit_risk.py", CREDIT),
        ("docs/card.md", CARD),
        ("aedile.yaml", WRONG),
    ]);
    let (run, _) = scan(folder.path(), &[]);
    let found: BTreeSet<(&str, &str)> = run
        .findings
        .iter()
        .filter(|finding| finding.verdict == "fail")
        .map(|finding| (finding.policy.as_str(), finding.asset.address.as_str()))
        .collect();
    for wanted in [
        ("region-as-declared", "aws_s3_bucket.raw"),
        ("retention-within-declared", "aws_s3_bucket.raw"),
        ("declared-class-agrees-with-data", "data/patients.csv"),
        ("safe-harbor-a-names", "data/patients.csv"),
        ("safe-harbor-c-dates", "data/patients.csv"),
        ("safe-harbor-f-mail", "data/patients.csv"),
        ("consent-read-before-use", "jobs/campaign.py"),
        ("disclosure-honours-opt-out", "jobs/campaign.py"),
        ("purpose-among-those-of-data", "jobs/campaign.py"),
        ("health-data-not-for-marketing", "jobs/campaign.py"),
        ("health-data-only-to-associates", "jobs/campaign.py"),
        ("connections-verified", "jobs/campaign.py"),
        ("transfer-has-instrument", "api.adreach.example"),
        ("processor-under-contract", "api.adreach.example"),
        ("declaration-names-asset", "nothing.like.this"),
        ("risk-class-fits-use", "model"),
        ("declared-document-exists", "docs/none.md"),
        ("declared-document-complete", "docs/card.md"),
        ("declared-document-reviewed", "docs/card.md"),
        ("declared-document-follows-what-it-describes", "docs/card.md"),
        ("hash-not-broken", "jobs/credit_risk.py"),
        ("training-evaluated", "jobs/credit_risk.py"),
        ("test-data-synthetic", "tests/data/patients.csv"),
        ("records-of-processing-kept", "Test"),
    ] {
        assert!(found.contains(&wanted), "{wanted:?} is missing in {found:#?}");
    }
    for right in [
        ("recipient-in-register", "jobs/campaign.py"),
        ("personal-data-has-legal-basis", "data/patients.csv"),
        ("personal-data-has-legal-basis", "tests/data/patients.csv"),
        ("safe-harbor-d-telephones", "data/patients.csv"),
        ("retention-declared-for-every-class", "Test"),
        ("consent-names-its-column", "data/patients.csv"),
    ] {
        assert!(!found.contains(&right), "{right:?}");
    }
    let register = run.findings.iter().find(|finding| finding.policy == "safe-harbor-a-names").expect("found above");
    assert!(register.places.iter().any(|place| place.path == "aedile.yaml" && place.start.line == 13));
}

/// Each job reads the column of consent, and does something else with it.
#[test]
fn rows_must_be_chosen_by_the_column_of_consent() {
    let declared = "\
version: 1
declare:
  - asset: data/patients.csv
    legalBasis: consent
    consentColumn: opt_in
";
    let read = "import pandas as pd\ndf = pd.read_csv(\"data/patients.csv\")\n";
    let write = "df[[\"email\", \"opt_in\"]].to_csv(\"out/mails.csv\")\n";
    let job = |middle: &str| format!("{read}{middle}{write}");
    let jobs = [
        ("jobs/everybody.py", job("")),
        ("jobs/by_mask.py", job("df = df[df[\"opt_in\"] == True]\n")),
        ("jobs/by_attribute.py", job("df = df[df.opt_in & (df.age > 17)]\n")),
        ("jobs/by_place.py", job("df = df.loc[df.opt_in, :]\n")),
        ("jobs/by_query.py", job("df = df.query(\"opt_in and age > 17\")\n")),
        ("jobs/by_age.py", job("df = df[df.age > 17]\n")),
        ("jobs/unseen.py", job("from rules import allowed\ndf = df[allowed]\n")),
        ("jobs/half.py", job("df[df.opt_in].to_csv(\"out/agreed.csv\")\n")),
        ("jobs/blind.py", "import pandas as pd\npd.read_csv(\"data/patients.csv\", usecols=[\"email\"])\n".to_owned()),
        ("jobs/looks.py", format!("{read}print(len(df))\n")),
    ];
    let people = people();
    let mut files = vec![("data/patients.csv", people.as_str()), ("aedile.yaml", declared)];
    files.extend(jobs.iter().map(|(path, text)| (*path, text.as_str())));
    let folder = platform(&files);
    let (run, _) = scan(folder.path(), &[]);
    let verdicts: BTreeMap<&str, &str> = run
        .findings
        .iter()
        .filter(|finding| finding.policy == "consent-read-before-use")
        .map(|finding| (finding.asset.address.as_str(), finding.verdict.as_str()))
        .collect();
    let wanted = BTreeMap::from([
        ("jobs/everybody.py", "fail"),
        ("jobs/by_age.py", "fail"),
        ("jobs/half.py", "fail"),
        ("jobs/blind.py", "fail"),
        ("jobs/unseen.py", "inconclusive"),
        ("jobs/looks.py", "inconclusive"),
    ]);
    assert_eq!(verdicts, wanted);
}

#[test]
fn an_obligation_is_satisfied_not_satisfied_or_not_assessed_and_says_why() {
    let folder =
        platform(&[("data/patients.csv", &people()), ("aedile.yaml", "version: 1\nretention: {pii: 90, phi: 90}\n")]);
    let (run, _) = scan(folder.path(), &[]);
    let status = |id: &str| {
        let all = run.frameworks.iter().flat_map(|framework| &framework.obligations);
        let found = all.into_iter().find(|found| found.id == id).expect("an obligation");
        (found.status.as_str(), found.why.as_str())
    };
    assert_eq!(status("lgpd:37"), ("not-satisfied", "1 of 1 fail"));
    assert_eq!(status("pci-dss:12.8"), ("not-assessed", "nothing that its controls apply to was found"));
    assert_eq!(status("ccpa:1798.110").0, "not-satisfied");
    assert!(status("lgpd:50").1.starts_with("only a person can tell: "));
    assert_eq!(status("dpdp:s4"), ("not-assessed", "applies from 2027-05-14"));
}
