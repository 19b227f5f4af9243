//! How attributes are read from the body of a resource.

use std::collections::BTreeMap;

use aedile_model::Value;
use serde::Deserialize;

use super::Condition;

/// One way to an attribute's value: a case (`when`, `is`), a reading (`path`), or the default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// The case in which `is` holds; or a condition on the reading.
    pub when: Option<Condition>,
    /// The value in that case.
    pub is: Option<Literal>,
    /// The companion to read in; this resource if absent.
    pub from: Option<String>,
    /// The path to read.
    pub path: Option<String>,
    /// The attribute of the companion to read instead, as its own type reads it.
    pub attribute: Option<String>,
    /// Whether the attribute is left out in that case: nothing of this kind can be said.
    #[serde(default)]
    pub absent: bool,
    /// As what.
    #[serde(rename = "as", default)]
    pub reading: Reading,
    /// Values of ours for the provider's words; a word that is not here is not read.
    #[serde(default)]
    pub map: BTreeMap<String, Literal>,
    /// The value if nothing above decided.
    pub default: Option<Literal>,
    /// Why the value cannot be known, though something is given at the path (or, without a path, in any case).
    pub unknown: Option<String>,
    /// For defaults: since which provider version or date, and where that is written.
    pub since: Option<String>,
    /// The list of ports that rules of a firewall open to the world.
    #[serde(default)]
    pub opens: Vec<OpenRule>,
}

/// Rules of a firewall: where they stand and which of their members say what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRule {
    /// The companion that holds them; this resource if absent.
    pub from: Option<String>,
    /// The path of the rules; the whole body is one rule if absent.
    pub path: Option<String>,
    /// Which of them count: let in, from the world. Asked of each rule.
    pub when: Condition,
    /// The first port.
    pub first: Option<String>,
    /// The last port.
    pub last: Option<String>,
    /// Paths of ports and ranges as text: `22`, `8000-9000`, `*`.
    #[serde(default)]
    pub ranges: Vec<String>,
    /// The protocol; all ports are open where it is `-1`, `all` or `*`, none where it has no ports.
    pub protocol: Option<String>,
}

/// As what a path is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// As it is.
    #[default]
    Value,
    /// A truth value; the words `true` and `false` count.
    Bool,
    /// The opposite of a truth value.
    Not,
    /// A whole number.
    Int,
    /// Text in lower case.
    Lower,
    /// True if anything is given, also what is known only after apply; otherwise not read.
    Given,
    /// True if the text stands in the configuration, false if it is given otherwise.
    Literal,
    /// As `given`, of a key: false for the aliases of the provider's own keys (`alias/aws/s3`).
    OwnKey,
    /// The smallest whole number of all.
    Least,
    /// Seconds, written as a number or with the suffix `s`, as whole minutes rounded up.
    Minutes,
    /// Milliseconds as whole days rounded up.
    Days,
    /// Seconds, written as a number or with the suffix `s`, as whole days rounded up.
    DaysOfSeconds,
    /// Whether a map of settings, or a list of names with values, holds a credential that is written out.
    SecretsIn,
    /// Hours as whole days rounded up.
    HoursDays,
    /// A duration of ISO 8601 (`PT15M`) as whole minutes rounded up.
    DurationMinutes,
    /// A duration of ISO 8601 (`P30D`) as whole days rounded up; a month has 30 days, a year 365.
    DurationDays,
    /// Text in lower case without blanks: `West Europe` is `westeurope`.
    Squeezed,
    /// All values as a list of texts.
    List,
    /// The regions that the values speak of: of a resource its own, of an ARN the one in it, else the text itself.
    Regions,
    /// Whether the value is a password written out in the source. What comes from outside is none.
    Secret,
    /// Whether settings (a map, or a list of name and value, or `NAME=value` lines) hold a credential that is
    /// written out. Under the name of a credential, what comes from outside is unknown.
    Secrets,
    /// Whether all images are named by digest.
    Pinned,
}

/// A value that a pack writes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}

impl From<&Literal> for Value {
    fn from(literal: &Literal) -> Value {
        match literal {
            Literal::Bool(truth) => Value::Bool(*truth),
            Literal::Int(number) => Value::Int(*number),
            Literal::Text(text) => Value::Text(text.clone()),
        }
    }
}
