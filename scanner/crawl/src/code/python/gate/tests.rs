//! What a release is guarded by.

use crate::code::tests::python;

/// How the one release in `code` is told.
#[track_caller]
fn release(code: &str) -> String {
    let told = python(&format!("import mlflow\n{code}\n"));
    let mut releases: Vec<String> = told.into_iter().filter(|line| line.starts_with("releases")).collect();
    releases.dedup();
    assert_eq!(releases.len(), 1, "{releases:?}");
    releases.remove(0)
}

#[track_caller]
fn is_gated(code: &str) {
    assert_eq!(release(code), "releases churn gated=true", "{code}");
}

#[track_caller]
fn is_open(code: &str) {
    assert_eq!(release(code), "releases churn", "{code}");
}

const REGISTER: &str = "mlflow.register_model('runs:/1/m', 'churn')";

#[test]
fn the_best_so_far_guards_no_release() {
    for best in ["float('inf')", "1e9", "None", "math.inf", "sys.maxsize"] {
        is_open(&format!(
            "best = {best}\nfor epoch in range(9):\n    if val_loss < best:\n        best = val_loss\n        {REGISTER}"
        ));
    }
    is_open(&format!(
        "class T:\n    def run(self):\n        if auc > self.best:\n            self.best, self.at = auc, 1\n            {REGISTER}"
    ));
    is_open(&format!(
        "best = 0\nfor m in models:\n    if auc <= best:\n        print(m)\n    else:\n        best = auc\n        {REGISTER}"
    ));
    is_open(&format!("best = {{'auc': 0}}\nif auc > best['auc'] or auc == 1:\n    best['auc'] = auc\n    {REGISTER}"));
}

#[test]
fn what_another_model_reached_is_to_be_beaten() {
    is_gated(&format!(
        "best = client.get_run('1').data.metrics['auc']\nfor m in models:\n    if auc > best:\n        best = auc\n        {REGISTER}"
    ));
    is_gated(&format!("if auc > champion_auc:\n    {REGISTER}"));
    is_gated(&format!("best = 0\nif auc > best and auc > 0.8:\n    best = auc\n    {REGISTER}"));
}

#[test]
fn a_condition_may_be_denied_or_stand_among_others() {
    is_gated(&format!("def good(m):\n    return auc > 0.8\nif good(m) and ready:\n    {REGISTER}"));
    is_gated(&format!("def good(m):\n    return auc > 0.8\nif not good(m):\n    raise ValueError\n{REGISTER}"));
    is_gated(&format!("good = auc > 0.8\nif not good:\n    raise ValueError\n{REGISTER}"));
    is_gated(&format!("if (q := evaluate(m)) > 0.8:\n    {REGISTER}"));
}

#[test]
fn what_leaves_a_loop_early_guards_nothing_behind_it() {
    is_open(&format!("for epoch in range(9):\n    if val_loss > 3:\n        break\n{REGISTER}"));
    is_open(&format!("for m in models:\n    if auc < 0.5:\n        continue\n    print(m)\n{REGISTER}"));
    is_open(&format!("while epoch < 9:\n    if auc > 0.8:\n        break\n{REGISTER}"));
    is_open(&format!("while True:\n    if epoch > 9:\n        break\n    if auc > 0.8:\n        break\n{REGISTER}"));
}

#[test]
fn a_loop_that_ends_only_where_a_model_is_good_enough_guards_what_follows() {
    is_gated(&format!("while True:\n    if auc > 0.8:\n        break\n{REGISTER}"));
    is_gated(&format!("while auc < 0.8:\n    train()\n{REGISTER}"));
    is_gated(&format!("for m in models:\n    if auc < 0.5:\n        continue\n    {REGISTER}"));
    is_gated(&format!(
        "def run():\n    for m in models:\n        if auc < 0.5:\n            return\n    {REGISTER}\nrun()"
    ));
}

#[test]
fn a_value_by_an_unusual_name_is_known_by_what_gave_it() {
    for call in [
        "evaluate(model)",
        "model.evaluate(x, y)[1]",
        "roc_auc_score(y, model.predict(x))",
        "float(accuracy(model))",
        "company.quality.f1(y, p)",
    ] {
        is_gated(&format!("import company.quality\nq = {call}\nif q > 0.8:\n    {REGISTER}"));
        is_gated(&format!("import company.quality\nif {call} > 0.8:\n    {REGISTER}"));
    }
    is_gated(&format!("a, b = model.evaluate(x, y)\nif b > 0.8:\n    {REGISTER}"));
    is_open(&format!("q = count(rows)\nif q > 80:\n    {REGISTER}"));
    is_open(&format!("q = wait(model)\nif q > 80:\n    {REGISTER}"));
}
