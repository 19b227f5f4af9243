//! The form of a block in `apis/*.yaml`.

use std::collections::BTreeMap;

use aedile_model::Protection;
use serde::Deserialize;

use crate::{PackError, PackSource};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pack {
    #[serde(rename = "pack")]
    _pack: String,
    pub(super) rules: Vec<Api>,
}

/// What a library call does with data.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Identity, kebab case, never reused.
    pub id: String,
    /// What the call does, one line.
    pub title: String,
    /// Qualified functions (`pandas.read_csv`) and methods of typed values (`<frame>.to_csv`).
    #[serde(default)]
    pub call: Vec<String>,
    /// Method names distinctive enough for a value of unknown type.
    #[serde(default)]
    pub methods: Vec<String>,
    /// What happens.
    pub effect: Effect,
    /// Arguments by the role they play: `path`, `table`, `query`, `columns`, `data`, `name`, and any
    /// name that `uri`, `sets` or a later call of the chain refers to. The role `*` is every keyword by its own name.
    #[serde(default)]
    pub args: BTreeMap<String, Argument>,
    /// The dataset's URI with `{role}` where an argument, or a field kept from an earlier call of the
    /// chain, is put in; without it the argument `path` is the URI.
    pub uri: Option<String>,
    /// For `effect: transfer`: where the data comes from, a template of roles as in `uri`, or `table:` with one, or
    /// `query:` with the role of a query.
    pub from: Option<String>,
    /// For `effect: transfer`: where the data goes, as in `from`.
    pub to: Option<String>,
    /// Roles whose values travel; `all` is every argument, `receiver` the value before the dot.
    #[serde(default)]
    pub data: Vec<String>,
    /// Roles that name local files whose content travels.
    #[serde(default)]
    pub files: Vec<String>,
    /// Where a `send` or `log` goes.
    pub sink: Option<SinkRule>,
    /// The file format (`csv`).
    pub format: Option<String>,
    /// The type of the result: `frame`, `column`, `itself` (the qualified name that is called), or any word that other
    /// rules use in `<word>.method`.
    pub returns: Option<String>,
    /// For `effect: frame`: which operation of the frame algebra.
    pub frame: Option<FrameOp>,
    /// For `effect: train`: which roles of arguments say which columns play which part. A value that holds data is those
    /// columns, a word or list of words names them; of `feature` the first that says anything counts, of every other
    /// part all do, and what they name is no feature. In a rule of another effect `protected` is by what groups are compared.
    #[serde(default)]
    pub parts: BTreeMap<ColumnPart, Vec<String>>,
    /// For `effect: train`: roles that name columns of what is given that the model never sees.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// For `effect: protect`: the rung that the result stands on.
    pub protection: Option<Protection>,
    /// Whether SQL of the call may name frames by the variables that hold them.
    #[serde(default)]
    pub sees_variables: bool,
    /// Attributes that the call gives to its pipeline, or to the relation it makes.
    #[serde(default)]
    pub sets: Vec<Setting>,
    /// The role whose value names the principal that the work runs as.
    pub runs_as: Option<String>,
    /// Documentation of the library.
    pub source: String,
    /// Python that the rule must recognise.
    #[serde(default)]
    pub examples: Vec<ApiExample>,
    /// Python near it that must give nothing, or exactly what is said.
    #[serde(default)]
    pub counter_examples: Vec<ApiExample>,
}

/// What happens in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Data is read: `path`, `uri`, `table` or `query` say which.
    Read,
    /// Data is written there.
    Write,
    /// A statement is executed: `query` is SQL, `values` are bound to it.
    Query,
    /// Data is copied as it is, from `from` to `to`.
    Transfer,
    /// Data goes to `sink`.
    Send,
    /// Data goes to the log.
    Log,
    /// A model is fitted to `data`.
    Train,
    /// A model is read.
    Load,
    /// A model is registered, approved or deployed.
    Release,
    /// The result is the argument on a higher rung of the protection ladder.
    Protect,
    /// The result is a frame made from the receiver, see [`FrameOp`].
    Frame,
    /// A feature view is declared.
    Feature,
    /// A card of the model `name` is written; every keyword is a part of it.
    Card,
    /// Nothing travels; the call matters by what it `returns` or `sets`.
    Make,
}

/// The part that columns play in a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnPart {
    /// What the model is given.
    Feature,
    /// What it learns to say.
    Label,
    /// What it must treat alike: it is told to the training, and is no input.
    Protected,
    /// Which row or series something is.
    Identifier,
    /// How much a row counts.
    Weight,
    /// Which rows belong together: to one query, to one side of a split.
    Group,
}

impl ColumnPart {
    /// The word in relations, policies and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ColumnPart::Feature => "feature",
            ColumnPart::Label => "label",
            ColumnPart::Protected => "protected",
            ColumnPart::Identifier => "identifier",
            ColumnPart::Weight => "weight",
            ColumnPart::Group => "group",
        }
    }
}

/// The operations of the frame algebra.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameOp {
    /// The same columns (filter, sort, fill, sample).
    Pass,
    /// Only `columns`, or the column expressions given.
    Select,
    /// Rows by a condition, or columns by a list or a pattern.
    Filter,
    /// Rows by a condition, which may be text, or rows that have a value in `columns`.
    Where,
    /// Column expressions in SQL, of the receiver or of a frame to come.
    Sql,
    /// A constant in place of a column.
    Literal,
    /// The values of one branch (`value`).
    Case,
    /// Every column but those given.
    Except,
    /// A function of columns made of `function`, which works on values.
    Function,
    /// A frame of the columns in `data`, a mapping or rows.
    Build,
    /// The column `name` leaves the frame and is the result.
    Pop,
    /// The column `name` is put into the frame with the value `value`.
    Insert,
    /// `ids` stay; the values of `values` come under one name, `value_name`.
    Melt,
    /// `index`, `columns` and `values` stay; values on the rung that the rule says.
    Pivot,
    /// `function` is given the frame and the arguments behind it.
    Pipe,
    /// How many rows: of a grouped frame, what it is grouped by.
    Count,
    /// Without `columns`.
    Drop,
    /// `columns` maps old names to new ones; or `old` and `new` name one pair.
    Rename,
    /// Every keyword (or member of a mapping) is a column given that value.
    Assign,
    /// The column `name` is given the value `value`.
    WithColumn,
    /// Joined with `other`.
    Join,
    /// All frames in `frames`, one below the other.
    Concat,
    /// Grouped by `columns`; what follows aggregates.
    Group,
    /// Every column counted, summed or averaged.
    Aggregate,
    /// Named aggregations; extremes and collections keep values.
    Summarise,
    /// `function` applied to the values.
    Apply,
    /// The rows, one after another.
    Rows,
    /// Pairs of an index and a row.
    IndexedRows,
    /// The values in another shape (dicts, arrays, JSON): still the same data.
    Values,
    /// Nothing of the values: shapes, counts, types.
    Metadata,
    /// The column expression named by `name`.
    Column,
    /// The same expression under the name `name`.
    Alias,
    /// Several frames, each with the columns of its argument (`train_test_split`).
    Split,
    /// The columns `output` are made of the columns `input` of `frames`, and stand beside them.
    Derive,
    /// The frame becomes the view `name` for later SQL.
    View,
}

/// Where an argument stands.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// Position, from 0, receiver not counted.
    pub at: Option<usize>,
    /// Keyword, or several for one role.
    #[serde(default)]
    pub name: Names,
    /// The value where the argument is absent.
    pub default: Option<String>,
    /// Where the call has no such argument: the role that it played in a call that made the receiver, an argument, or
    /// something that those were made with (`Pipeline(stages=[…, LogisticRegression(labelCol="y")])`).
    #[serde(default)]
    pub made: Names,
    /// Whether it is every argument from that position on, as a list.
    #[serde(default)]
    pub every: bool,
    /// Of every item of the argument, a list of tuples, the one at that position.
    pub each: Option<usize>,
    /// When the argument says nothing.
    pub unless: Option<ApiCondition>,
}

/// One word or several.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// None.
    #[default]
    None,
    /// One.
    One(String),
    /// Several, any of which may be used.
    Many(Vec<String>),
}

impl Argument {
    /// The keywords by which the argument may be given.
    #[must_use]
    pub fn names(&self) -> &[String] {
        self.name.words()
    }
}

impl Names {
    /// The words.
    #[must_use]
    pub fn words(&self) -> &[String] {
        match self {
            Names::None => &[],
            Names::One(name) => std::slice::from_ref(name),
            Names::Many(names) => names,
        }
    }
}

/// Where data goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SinkRule {
    /// `log`, `file`, `tracker`, `llm`, `vendor`, `notebook-output`, `xcom`, `public-url`, `email`.
    pub kind: String,
    /// Who runs it (`openai`); a rule without it takes the host of the argument `url`.
    pub vendor: Option<String>,
    /// Whether that is another organisation.
    #[serde(default)]
    pub third_party: bool,
    /// For a decorator: when the result is kept; without it always.
    pub when: Option<ApiCondition>,
}

/// An attribute that a call gives.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// The attribute, as the policy schema names it.
    pub attribute: String,
    /// Of what.
    #[serde(default)]
    pub of: SettingOf,
    /// The role whose value it takes; without it the attribute is `true` where `when` holds.
    pub from: Option<String>,
    /// The value where `when` does not hold, if the library documents that default.
    pub otherwise: Option<bool>,
    /// When it holds; without it always.
    pub when: Option<ApiCondition>,
}

/// What a [`Setting`] is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingOf {
    /// The pipeline or notebook that runs the call.
    #[default]
    Pipeline,
    /// The file in which the call stands, whoever runs it.
    File,
    /// The relation that the call makes.
    Relation,
    /// The model or feature view that the call makes.
    Asset,
}

/// A test of one argument.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiCondition {
    /// The role.
    pub arg: String,
    /// Any of: `absent`, `present`, `true`, `false`, `text` for any text, `other` for anything that is given and no text, or
    /// that text.
    pub is: Vec<String>,
}

/// A piece of Python and the facts that it gives.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiExample {
    /// The Python.
    pub code: String,
    /// The facts in the words of the crawler's tests: `reads data/a.csv [*]`.
    #[serde(default)]
    pub gives: Vec<String>,
}

/// Whether `rule` keeps the pack format beyond what its types say.
pub(super) fn check(rule: &Api, source: &PackSource) -> Result<(), PackError> {
    let refuse = |reason: &str, help: &str| Err(source.invalid(&rule.id, reason, help));
    if rule.examples.is_empty() {
        return refuse("has no example", "add Python that the rule must recognise under `examples`");
    }
    if rule.counter_examples.is_empty() {
        return refuse("has no counter-example", "add a near miss under `counter_examples`");
    }
    if rule.call.is_empty() && rule.methods.is_empty() {
        return refuse("names no call", "name functions under `call` or methods under `methods`");
    }
    if !rule.source.starts_with("https://") {
        return refuse("has no source", "give the address of the library's documentation under `source`");
    }
    if rule.effect == Effect::Frame && rule.frame.is_none() {
        return refuse("has no operation", "say under `frame` which operation it is");
    }
    if rule.effect == Effect::Protect && rule.protection.is_none() {
        return refuse("has no protection", "say under `protection` which rung the result stands on");
    }
    if rule.effect == Effect::Send && rule.sink.is_none() {
        return refuse("has no sink", "say under `sink` where the data goes");
    }
    if rule.effect == Effect::Transfer && (rule.from.is_none() || rule.to.is_none()) {
        return refuse("has no way", "say under `from` and `to` where the data comes from and goes");
    }
    if let Some(role) =
        rule.data.iter().find(|role| !matches!(role.as_str(), "all" | "receiver") && !rule.args.contains_key(*role))
    {
        return refuse(&format!("`data` names `{role}`, which is no argument"), "add it under `args`");
    }
    if let Some(role) = rule.left_out.iter().find(|role| !rule.args.contains_key(*role)) {
        return refuse(&format!("`left_out` names `{role}`, which is no argument"), "add it under `args`");
    }
    if let Some(role) = rule.parts.values().flatten().find(|role| !rule.args.contains_key(*role)) {
        return refuse(&format!("`parts` names `{role}`, which is no argument"), "add it under `args`");
    }
    Ok(())
}
