//! Constant propagation, frames, functions and hostile input.

use crate::code::tests::{facts_of, python, tells, told};

fn path_of(code: &str) -> Vec<String> {
    python(&format!("import pandas as pd\nimport os\nfrom pathlib import Path\n{code}"))
        .into_iter()
        .filter(|line| line.starts_with("reads"))
        .collect()
}

#[test]
fn module_constants_and_operators_give_a_path() {
    assert_eq!(path_of("B = 's3://raw'\npd.read_csv(B + '/a.csv')"), ["reads s3://raw/a.csv [*]"]);
    assert_eq!(path_of("B = 's3://raw'\npd.read_csv(f'{B}/a.csv')"), ["reads s3://raw/a.csv [*]"]);
    assert_eq!(path_of("pd.read_csv('s3://{}/{k}'.format('raw', k='a.csv'))"), ["reads s3://raw/a.csv [*]"]);
    assert_eq!(path_of("pd.read_csv('s3://%s/%s' % ('raw', 'a.csv'))"), ["reads s3://raw/a.csv [*]"]);
    assert_eq!(path_of("pd.read_csv('/'.join(['s3:/', 'raw', 'a.csv']))"), ["reads s3://raw/a.csv [*]"]);
}

#[test]
fn paths_are_joined() {
    assert_eq!(path_of("pd.read_csv(os.path.join('data', 'raw', 'a.csv'))"), ["reads data/raw/a.csv [*]"]);
    assert_eq!(path_of("D = Path('data')\npd.read_csv(D / 'raw' / 'a.csv')"), ["reads data/raw/a.csv [*]"]);
    assert_eq!(path_of("D = Path('data').joinpath('x')\npd.read_csv(str(D / 'a.csv'))"), ["reads data/x/a.csv [*]"]);
}

#[test]
fn settings_take_their_defaults() {
    assert_eq!(path_of("pd.read_csv(os.environ.get('P', 'data/a.csv'))"), ["reads data/a.csv [*]"]);
    assert_eq!(path_of("pd.read_csv(f\"s3://raw/{os.environ['DAY']}/a.csv\")"), ["reads s3://raw/{DAY}/a.csv [*]"]);
    assert_eq!(
        path_of(
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('--in-path', default='data/a.csv')\nargs = p.parse_args()\npd.read_csv(args.in_path)"
        ),
        ["reads data/a.csv [*]"]
    );
    assert_eq!(path_of("def run(path='data/a.csv'):\n    return pd.read_csv(path)"), ["reads data/a.csv [*]"]);
    assert_eq!(path_of("class S:\n    path = 'data/a.csv'\ns = S()\npd.read_csv(s.path)"), ["reads data/a.csv [*]"]);
    assert_eq!(
        path_of("CONFIG = {'in': {'path': 'data/a.csv'}}\npd.read_csv(CONFIG['in']['path'])"),
        ["reads data/a.csv [*]"]
    );
}

#[test]
fn what_is_not_known_is_a_hole_of_its_own_file() {
    let told = told(&facts_of(&[("a/x.py", "import pandas as pd\ndef f(path):\n    return pd.read_csv(path)\n")]));
    assert_eq!(told, ["reads {a/x.py#path} [*]"]);
}

#[test]
fn a_constant_of_another_module_is_known() {
    let told = told(&facts_of(&[
        ("pipe/settings.py", "BUCKET = 's3://raw'\n"),
        (
            "pipe/job.py",
            "import pandas as pd\nfrom pipe.settings import BUCKET\nfrom . import settings\npd.read_csv(BUCKET + '/a.csv')\npd.read_csv(settings.BUCKET + '/b.csv')\n",
        ),
    ]));
    tells(&told, &["reads s3://raw/a.csv [*]", "reads s3://raw/b.csv [*]"]);
}

#[test]
fn modules_that_import_each_other_do_not_hang() {
    let told = told(&facts_of(&[("a.py", "from b import y\nx = 1\n"), ("b.py", "from a import x\ny = x\nprint(y)\n")]));
    assert!(told.is_empty());
}

#[test]
fn frames_are_followed_through_functions_of_other_modules() {
    let told = told(&facts_of(&[
        (
            "lib/clean.py",
            "def clean(df):\n    return df.drop(columns=['ssn'])\n\ndef load():\n    import pandas as pd\n    return pd.read_csv('data/p.csv')\n",
        ),
        ("lib/job.py", "from lib.clean import clean, load\ndf = clean(load())\ndf.to_parquet('s3://out/p')\n"),
    ]));
    tells(&told, &["reads data/p.csv [*]", "writes s3://out/p [* without ssn]"]);
}

#[test]
fn the_facts_of_a_function_belong_to_who_calls_it() {
    let facts = facts_of(&[
        ("lib/log.py", "def show(df):\n    print(df)\n"),
        ("lib/job.py", "import pandas as pd\nfrom lib.log import show\nshow(pd.read_csv('p.csv')[['email']])\n"),
    ]);
    let link = facts.links.iter().find(|link| link.kind == aedile_model::RelationKind::SendsTo).unwrap();
    assert_eq!(
        link.from,
        crate::Ref::Id(aedile_model::AssetId::new(aedile_model::AssetKind::Pipeline, "", "lib/job.py"))
    );
    assert_eq!(&*link.place.as_ref().unwrap().path, "lib/log.py");
}

#[test]
fn what_a_test_calls_is_told_by_the_module_it_is_in() {
    let facts = facts_of(&[
        (
            "lib/job.py",
            "import pandas as pd\ndef run(path='p.csv'):\n    print(pd.read_csv(path)['email'])\n    helper(path)\n\ndef helper(path):\n    pd.read_csv(path).to_csv('out.csv')\n",
        ),
        (
            "tests/test_job.py",
            "import pandas as pd\nfrom lib.job import run\nfrom tests.stub import show\nrun('fixture.csv')\nshow(pd.read_csv('fixture.csv'))\n",
        ),
        ("tests/stub.py", "def show(df):\n    print(df['name'])\n"),
    ]);
    let from = |name: &str| -> Vec<&crate::Link> {
        let id = crate::Ref::Id(aedile_model::AssetId::new(aedile_model::AssetKind::Pipeline, "", name));
        facts.links.iter().filter(|link| link.from == id).collect()
    };
    assert!(from("tests/test_job.py").iter().all(|link| link.place.as_ref().unwrap().path.starts_with("tests/")));
    assert!(
        from("tests/test_job.py").iter().any(|link| link.kind == aedile_model::RelationKind::SendsTo),
        "stubs are the test's own"
    );
    assert!(from("lib/job.py").iter().any(|link| link.kind == aedile_model::RelationKind::SendsTo));
    assert!(from("lib/job.py").iter().any(|link| link.kind == aedile_model::RelationKind::Writes));
}

#[test]
fn an_attribute_of_a_relation_stands_where_its_argument_does() {
    let code = "import boto3\nboto3.client('sagemaker').create_model_package(\n    ModelPackageGroupName='g',\n    ModelApprovalStatus='Approved',\n)\n";
    let facts = facts_of(&[("job.py", code)]);
    let link = facts.links.iter().find(|link| link.kind == aedile_model::RelationKind::Releases).unwrap();
    let place = link.attributes["approval"].place.clone().unwrap();
    assert_eq!(&code[place.span.start as usize..place.span.end as usize], "ModelApprovalStatus='Approved'");
}

#[test]
fn the_same_call_is_remembered_only_while_nothing_changed() {
    let told = python(
        "import pandas as pd\nclass Job:\n    path = 'a.csv'\n    def load(self):\n        return pd.read_csv(self.path)\ndef run():\n    job = Job()\n    job.load()\n    job.path = 'b.csv'\n    job.load()\n    return job.load()\nDAY = 'x'\ndef day():\n    return pd.read_csv(f'{DAY}.csv')\nprint(run()['email'])\nday()\nDAY = 'y'\nday()\n",
    );
    tells(&told, &["reads a.csv [*]", "reads b.csv [*]", "reads x.csv [*]", "reads y.csv [*]", "sends log [email]"]);
}

#[test]
fn code_that_loads_unsafely_is_where_the_call_stands() {
    let facts = facts_of(&[
        (
            "lib/load.py",
            "import pickle\ndef load(path):\n    with open(path, 'rb') as f:\n        return pickle.load(f)\n",
        ),
        ("jobs/score.py", "from lib.load import load\nload('m.pkl')\n"),
    ]);
    let unsafe_ones: Vec<&str> = facts
        .assets
        .iter()
        .filter(|asset| asset.attributes.contains_key("unsafeModelLoad"))
        .map(|asset| asset.address.as_str())
        .collect();
    assert_eq!(unsafe_ones, ["lib/load.py"]);
}

#[test]
fn holes_of_sql_name_no_column_and_no_shared_table() {
    let told = python(
        "def f(name, table):\n    spark.sql(f'SELECT {name}, email FROM clinic.{table}').write.saveAsTable('gold.x')\n    spark.sql(f'SELECT {name} FROM {table}')\n",
    );
    assert!(told.iter().all(|line| !line.contains("_name_") && !line.contains("_table_")), "{told:#?}");
    tells(&told, &["reads clinic.{table} [email]"]);
}

#[test]
fn recursion_ends() {
    let told = python("import pandas as pd\ndef f(df):\n    return f(df)\nf(pd.read_csv('a.csv'))\n");
    assert_eq!(told, ["reads a.csv [*]"]);
}

#[test]
fn methods_and_fields_of_classes_are_followed() {
    let told = python(
        "import pandas as pd\nclass Job:\n    def __init__(self, path):\n        self.df = pd.read_csv(path)\n    def run(self):\n        self.df = self.df.drop(columns=['ssn'])\n        print(self.df)\nJob('a.csv').run()\n",
    );
    tells(&told, &["sends log [* without ssn]"]);
}

#[test]
fn hashing_by_a_function_of_the_file_is_seen() {
    let told = python(
        "import hashlib\nimport pandas as pd\ndef h(v):\n    return hashlib.sha256(v.encode()).hexdigest()\ndf = pd.read_csv('a.csv')\ndf['email'] = df['email'].map(h)\ndf.to_csv('b.csv')\n",
    );
    tells(&told, &["writes b.csv [* without email]", "writes b.csv [email:hashed]"]);
}

#[test]
fn masking_in_one_branch_only_does_not_count() {
    let told = python(
        "import hashlib\nimport pandas as pd\ndf = pd.read_csv('a.csv')\nif MASK:\n    df['email'] = df['email'].apply(lambda v: hashlib.md5(v).hexdigest())\nprint(df['email'])\n",
    );
    tells(&told, &["sends log [email]"]);
}

#[test]
fn labels_and_features_of_a_split_are_trained_on() {
    let told = python(
        "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression\nfrom sklearn.model_selection import train_test_split\ndf = pd.read_csv('a.csv')\nX = df.drop('sick', axis=1)\ny = df['sick']\nX_train, X_test, y_train, y_test = train_test_split(X, y)\nclf = LogisticRegression()\nclf.fit(X_train, y_train)\n",
    );
    tells(&told, &["trains clf [* without sick] columnPart=feature", "trains clf [sick] columnPart=label"]);
}

#[test]
fn lengths_and_names_of_columns_are_no_values() {
    let told = python(
        "import pandas as pd\ndf = pd.read_csv('a.csv')\nprint(len(df), df.columns, df.shape, f'{len(df)} rows', df['email'].nunique())\n",
    );
    assert_eq!(told, ["reads a.csv [*]"]);
}

#[test]
fn spark_views_bind_frames_and_sql() {
    let told = python(
        "df = spark.read.parquet('s3://raw/p').drop('ssn')\ndf.createOrReplaceTempView('p')\nspark.sql('CREATE TABLE gold.p AS SELECT email, ssn FROM p')\n",
    );
    tells(&told, &["writes gold.p [email]"]);
}

#[test]
fn sql_in_a_string_has_its_place_in_the_file() {
    let code = "q = \"SELECT email FROM clinic.p\"\nspark.sql(q)\n";
    let facts = facts_of(&[("job.py", code)]);
    let place = facts.links[0].place.clone().unwrap();
    assert_eq!(&code[place.span.start as usize..place.span.end as usize], "SELECT email FROM clinic.p");
}

#[test]
fn a_statement_that_does_not_parse_is_a_gap_and_the_rest_is_read() {
    let facts = facts_of(&[("job.py", "import pandas as pd\ndf = = 1\nx = pd.read_csv('a.csv')\n")]);
    assert!(facts.gaps.iter().any(|gap| gap.kind == aedile_model::GapKind::Unparsed));
    tells(&told(&facts), &["reads a.csv [*]"]);
}

#[test]
fn hostile_depth_gives_a_gap_and_no_crash() {
    for text in [
        "(".repeat(50_000),
        format!("x = {}1", "1 + ".repeat(50_000)),
        "[".repeat(3_000) + &"]".repeat(3_000),
        format!("x{}", ".a()".repeat(20_000)),
    ] {
        let facts = facts_of(&[("job.py", &text)]);
        assert!(facts.gaps.iter().any(|gap| gap.kind == aedile_model::GapKind::Limit), "{}", &text[..10]);
    }
    // Within the limits nothing overflows either.
    facts_of(&[("job.py", &format!("x = {}1\ny = x{}", "1 + ".repeat(700), ".a()".repeat(700)))]);
}

#[test]
fn databricks_cells_are_python_and_sql() {
    let told = told(&facts_of(&[(
        "nb.py",
        "# Databricks notebook source\ndf = spark.table('raw.p')\ndf.createOrReplaceTempView('v')\n\n# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC CREATE TABLE gold.p AS\n# MAGIC SELECT email FROM v\n",
    )]));
    tells(&told, &["writes gold.p [email]"]);
}

#[test]
fn temporary_files_are_sinks_and_project_files_are_not() {
    let told =
        python("import pandas as pd\ndf = pd.read_csv('a.csv')\ndf.to_csv('/tmp/x.csv')\ndf.to_csv('data/y.csv')\n");
    assert_eq!(told.iter().filter(|line| line.starts_with("sends file")).count(), 1);
}

#[test]
fn a_callable_handed_to_an_operator_runs() {
    let told = python(
        "import pandas as pd\nfrom airflow.operators.python import PythonOperator\ndef load(path):\n    print(pd.read_csv(path)['email'])\nt = PythonOperator(task_id='t', python_callable=load, op_kwargs={'path': 'a.csv'})\n",
    );
    tells(&told, &["sends log [email]"]);
}

#[test]
fn a_loop_over_records_sees_rows() {
    let told =
        python("import pandas as pd\nfor r in pd.read_csv('a.csv').to_dict('records'):\n    print(r['email'])\n");
    tells(&told, &["sends log [email]"]);
}

#[test]
fn wildly_many_steps_end_in_a_gap_unless_they_repeat() {
    let mut code = String::from("def f0(x):\n    return x\n");
    for n in 1..11 {
        code.push_str(&format!("def f{n}(x):\n{}    return x\n", format!("    f{}(x)\n", n - 1).repeat(9)));
    }
    let is_limit = |facts: &crate::Facts| facts.gaps.iter().any(|gap| gap.kind == aedile_model::GapKind::Limit);
    let facts = facts_of(&[("job.py", &format!("import pandas as pd\n{code}f10(pd.read_csv('a.csv'))\n"))]);
    assert!(is_limit(&facts));
    let facts = facts_of(&[("job.py", &format!("{code}f10(1)\n"))]);
    assert!(!is_limit(&facts));
}

#[test]
fn doubling_values_are_bounded() {
    let mut code = String::from("s = 'ab'\nl = [1]\nd = {'a': 1}\n");
    for _ in 0..60 {
        code.push_str("s = s + s\nl = [l, l]\nd = {'a': d, 'b': d}\ns = s.replace('a', s)\nl = l + l\n");
    }
    assert!(python(&code).is_empty());
}

fn gaps_of(code: &str) -> Vec<aedile_model::GapKind> {
    facts_of(&[("job.py", code)]).gaps.into_iter().map(|gap| gap.kind).collect()
}

#[test]
fn python_two_is_a_gap_and_what_parses_is_read() {
    let code = "import pandas as pd\nprint 'loading'\ndf = pd.read_csv('a.csv')\nexec 'x = 1'\ntry:\n    pass\nexcept ValueError, e:\n    print e\ndf.to_csv('b.csv')\n";
    assert!(gaps_of(code).contains(&aedile_model::GapKind::Unparsed));
    tells(&python(code), &["reads a.csv [*]", "writes b.csv [*]"]);
}

#[test]
fn marks_of_a_merge_are_a_gap_and_both_sides_are_read() {
    let code = "import pandas as pd\n<<<<<<< HEAD\ndf = pd.read_csv('ours.csv')\n=======\ndf = pd.read_csv('theirs.csv')\n>>>>>>> branch\nprint(df['email'])\n";
    assert!(gaps_of(code).contains(&aedile_model::GapKind::Unparsed));
    tells(&python(code), &["reads ours.csv [*]", "reads theirs.csv [*]"]);
}

#[test]
fn two_thousand_levels_are_a_gap_and_never_an_overflow() {
    let deep = 2_000;
    let nested_if: String = (0..deep).map(|n| format!("{}if x:\n", " ".repeat(n))).collect();
    for code in [
        format!("x = {}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("x = {}1{}", "[".repeat(deep), "]".repeat(deep)),
        format!("x = {}1", "lambda: ".repeat(deep)),
        format!("x = {}1", "not ".repeat(deep)),
        format!("x = {}1", "-".repeat(deep)),
        format!("x = a{}", ".b".repeat(deep)),
        format!("x = a{}", "[0]".repeat(deep)),
        format!("x = 1{}", " if a else 1".repeat(deep)),
        format!("x = {}y{}", "f(".repeat(deep), ")".repeat(deep)),
        format!("{nested_if}{}pass\n", " ".repeat(deep)),
    ] {
        // Whether it is parsed or refused, it ends.
        facts_of(&[("job.py", &code)]);
    }
    assert!(gaps_of(&format!("x = {}1{}", "(".repeat(deep), ")".repeat(deep))).contains(&aedile_model::GapKind::Limit));
}

#[test]
fn modules_that_import_each_other_end() {
    let told = told(&facts_of(&[
        (
            "p/a.py",
            "import pandas as pd\nfrom p.b import B\nA = 's3://raw'\ndef load():\n    return pd.read_csv(A + B)\n",
        ),
        ("p/b.py", "from p.a import A, load\nfrom p import c\nB = '/b.csv'\nprint(load()['email'])\n"),
        ("p/c.py", "from p.b import *\nfrom p.c import *\nimport p.a\n"),
        ("p/__init__.py", "from .a import *\nfrom .b import *\n"),
    ]));
    assert!(told.iter().any(|line| line.starts_with("sends log [email]")), "{told:?}");
}

#[test]
fn a_long_generated_file_is_read_or_is_a_gap_within_its_bounds() {
    let mut code = String::from("import pandas as pd\nTABLE = {\n");
    while code.len() < 5 << 20 {
        code.push_str(&format!("    'key_{0}': {{'name': 'value {0}', 'items': [1, 2, 3]}},\n", code.len()));
    }
    code.push_str("}\nprint(pd.read_csv('a.csv')['email'])\n");
    let started = std::time::Instant::now();
    let facts = facts_of(&[("job.py", &code)]);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    let is_limit = facts.gaps.iter().any(|gap| gap.kind == aedile_model::GapKind::Limit);
    assert!(is_limit || told(&facts).iter().any(|line| line == "sends log [email]"));
}

#[test]
fn loops_of_loops_over_known_lists_are_walked_within_bounds() {
    let mut code = String::from("import pandas as pd\n");
    for n in 0..8 {
        code.push_str(&format!("{}for v{n} in [1, 2, 3, 4, 5, 6, 7, 8]:\n", " ".repeat(n)));
    }
    code.push_str(&format!("{}pd.read_csv(f's3://raw/{{v0}}.csv')\n", " ".repeat(8)));
    assert!(gaps_of(&code).is_empty());
}

#[test]
fn the_test_of_a_branch_is_walked_once() {
    // Walked twice at every level, the innermost would be reached a million times.
    let mut code = String::from("import pandas as pd\n\ndef f0(n):\n    pd.read_csv('in.csv')\n    return n\n\n");
    for level in 1..=20 {
        code.push_str(&format!("def f{level}(n):\n    if f{}(n):\n        return n\n\n", level - 1));
    }
    code.push_str("f20(1)\n");
    assert!(gaps_of(&code).is_empty());
    tells(&python(&code), &["reads in.csv [*]"]);
}

#[test]
fn tasks_that_all_follow_each_other_are_bounded() {
    let tasks: String =
        (0..1_000).map(|n| format!("t{n} = BashOperator(task_id='t{n}', bash_command='python a{n}.py')\n")).collect();
    let names = (0..1_000).map(|n| format!("t{n}")).collect::<Vec<_>>().join(", ");
    let code = format!("from airflow.operators.bash import BashOperator\n{tasks}[{names}] >> [{names}]\n");
    assert!(gaps_of(&code).contains(&aedile_model::GapKind::Limit));
    let chain = (0..1_000).map(|n| format!("t{n}")).collect::<Vec<_>>();
    let chain: String = chain.windows(2).map(|pair| format!("{} >> {}\n", pair[0], pair[1])).collect();
    let code = format!("from airflow.operators.bash import BashOperator\n{tasks}{chain}");
    assert!(gaps_of(&code).is_empty());
}
