//! The values that templates work on. Lists and mappings live in a heap, as Go's do: `set` changes what everybody sees,
//! and nothing nests so deep that letting go of it would need a stack.

use std::collections::BTreeMap;
use std::rc::Rc;

use aedile_model::Unknown;

mod trial;

use super::text::{HOLE, Origin, Rich, cleaned, first_hole, hole, is_open};
use crate::yaml;
pub(super) use trial::Changed;
use trial::Trial;

/// A value and where it is written.
#[derive(Debug, Clone)]
pub(super) struct Val {
    pub(super) kind: V,
    pub(super) from: Option<Origin>,
}

/// What a [`Val`] is.
#[derive(Debug, Clone)]
pub(super) enum V {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<Rich>),
    List(usize),
    Map(usize),
    /// A value that nobody can know before the chart is installed, by its number.
    Unknown(usize),
    /// Files of a chart, `.Files` or what a glob took of them.
    Files(usize),
    /// `.Capabilities.APIVersions`
    Versions,
    /// `.Capabilities.KubeVersion`
    Cluster,
}

/// Why a template stops, and where.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) message: String,
    /// Whether one of our bounds is the reason.
    pub(super) limit: bool,
    pub(super) at: Option<Origin>,
}

/// How the message begins where a chart calls `fail`.
const REFUSAL: &str = "the chart refuses its values";

/// Work and memory that one rendering may take, in steps; a step is about a node, a call or 32 bytes.
const BUDGET: usize = 6_000_000;

/// Values in values where they are walked.
pub(super) const DEPTH: usize = 64;

/// Lists, mappings and what is not known.
#[derive(Debug)]
pub(super) struct Heap {
    lists: Vec<Rc<Vec<Val>>>,
    maps: Vec<Rc<BTreeMap<String, Val>>>,
    pub(super) unknowns: Vec<Unknown>,
    /// Which of them may be empty, zero or false.
    open: Vec<bool>,
    pub(super) files: Vec<Vec<(String, usize)>>,
    left: usize,
    trials: Vec<Trial>,
    trials_left: usize,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Fault {
        Fault { message: message.into(), limit: false, at: None }
    }

    /// The chart's own word that it does not take its values.
    pub(super) fn refusal(why: &str) -> Fault {
        Fault::new(format!("{REFUSAL}: {why}"))
    }

    /// Whether the chart itself stops, so that what leads there is not so where it is installed.
    pub(super) fn is_refusal(&self) -> bool {
        self.message.starts_with(REFUSAL)
    }

    pub(super) fn limit(message: impl Into<String>) -> Fault {
        Fault { message: message.into(), limit: true, at: None }
    }
}

impl From<V> for Val {
    fn from(kind: V) -> Val {
        Val { kind, from: None }
    }
}

impl From<bool> for Val {
    fn from(truth: bool) -> Val {
        V::Bool(truth).into()
    }
}

impl From<i64> for Val {
    fn from(number: i64) -> Val {
        V::Int(number).into()
    }
}

impl From<Rich> for Val {
    fn from(text: Rich) -> Val {
        V::Text(Rc::new(text)).into()
    }
}

impl From<String> for Val {
    fn from(text: String) -> Val {
        Rich::of(text, None).into()
    }
}

impl From<&str> for Val {
    fn from(text: &str) -> Val {
        text.to_owned().into()
    }
}

impl Val {
    pub(super) fn nil() -> Val {
        V::Nil.into()
    }

    pub(super) fn at(mut self, from: Option<Origin>) -> Val {
        self.from = self.from.or(from);
        self
    }

    /// The text of a text.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            V::Text(rich) => Some(&rich.text),
            _ => None,
        }
    }
}

impl Default for Heap {
    fn default() -> Heap {
        Heap {
            lists: Vec::new(),
            maps: Vec::new(),
            unknowns: Vec::new(),
            open: Vec::new(),
            files: Vec::new(),
            left: BUDGET,
            trials: Vec::new(),
            trials_left: trial::ALL,
        }
    }
}

impl Heap {
    /// Takes `steps` from the budget.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Fault> {
        self.left = self
            .left
            .checked_sub(steps)
            .ok_or_else(|| Fault::limit("the chart takes more steps or memory to render than we allow"))?;
        Ok(())
    }

    pub(super) fn list(&mut self, items: Vec<Val>) -> Result<Val, Fault> {
        self.spend(1 + items.len())?;
        self.lists.push(Rc::new(items));
        Ok(V::List(self.lists.len() - 1).into())
    }

    pub(super) fn map(&mut self, members: BTreeMap<String, Val>) -> Result<Val, Fault> {
        self.spend(2 + members.len())?;
        self.maps.push(Rc::new(members));
        Ok(V::Map(self.maps.len() - 1).into())
    }

    pub(super) fn items(&self, id: usize) -> Rc<Vec<Val>> {
        self.lists.get(id).cloned().unwrap_or_default()
    }

    pub(super) fn members(&self, id: usize) -> Rc<BTreeMap<String, Val>> {
        self.maps.get(id).cloned().unwrap_or_default()
    }

    pub(super) fn member(&self, id: usize, key: &str) -> Option<Val> {
        self.maps.get(id)?.get(key).cloned()
    }

    /// The member `key`; unknown if it is none of those that are known of a mapping that may have more.
    pub(super) fn member_or_more(&self, id: usize, key: &str) -> Option<Val> {
        self.member(id, key).or_else(|| self.more(id).map(|number| V::Unknown(number).into()))
    }

    /// The mapping at `id`, to be changed.
    pub(super) fn change(&mut self, id: usize) -> Result<&mut BTreeMap<String, Val>, Fault> {
        if let (Some(trial), Some(map)) = (self.trials.last_mut(), self.maps.get(id)) {
            trial.remember(id, map);
        }
        let size = self.maps.get(id).map_or(0, |map| if Rc::strong_count(map) > 1 { map.len() } else { 0 });
        self.spend(1 + size)?;
        self.maps.get_mut(id).map(Rc::make_mut).ok_or_else(|| Fault::new("not a mapping"))
    }

    /// A value that cannot be known, but that is there.
    pub(super) fn unknown(&mut self, expression: impl Into<String>, why: impl Into<String>) -> Val {
        V::Unknown(self.number(Unknown { expression: expression.into(), why: why.into() }, false)).into()
    }

    /// The number of what is as unknown as `number`, and may be empty, zero or false.
    pub(super) fn opened(&mut self, number: usize) -> usize {
        self.unknowns.get(number).cloned().map_or(number, |unknown| self.number(unknown, true))
    }

    /// The number of what is as unknown as `number`, and is neither empty nor zero nor false.
    pub(super) fn closed(&mut self, number: usize) -> usize {
        self.unknowns.get(number).cloned().map_or(number, |unknown| self.number(unknown, false))
    }

    /// Whether an unknown value may be of any kind; one that chance gives is a text.
    pub(super) fn may_be_any(&self, value: &Val) -> bool {
        matches!(value.kind, V::Unknown(number) if self.open.get(number) == Some(&true))
    }

    /// Why a mapping may have more members than it has: the number of the unknown value that one of its keys is.
    pub(super) fn more(&self, id: usize) -> Option<usize> {
        let mut keys = self.maps.get(id)?.range(HOLE.0.to_string()..).map(|(key, _)| key);
        keys.next().filter(|key| is_open(key)).and_then(|key| first_hole(key))
    }

    fn number(&mut self, unknown: Unknown, open: bool) -> usize {
        let mut known = self.unknowns.iter().zip(&self.open);
        known.position(|(held, is_open)| *held == unknown && *is_open == open).unwrap_or_else(|| {
            self.unknowns.push(unknown);
            self.open.push(open);
            self.unknowns.len() - 1
        })
    }

    /// The number of the unknown value that `value` is or holds in its text.
    pub(super) fn unknown_in(&self, value: &Val) -> Option<usize> {
        match &value.kind {
            V::Unknown(number) => Some(*number),
            V::Text(rich) => first_hole(&rich.text),
            _ => None,
        }
    }

    /// Whether a text is nothing but unknown values that may be empty, and what stands around them in YAML.
    fn may_be_empty(&self, text: &str) -> bool {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(HOLE.0) {
            let (number, next) = after.split_once(HOLE.1).unwrap_or((after, ""));
            let open = number.parse::<usize>().is_ok_and(|number| self.open.get(number) == Some(&true));
            if !open || before.contains(|c: char| !matches!(c, '-' | ':') && !c.is_whitespace()) {
                return false;
            }
            rest = next;
        }
        rest.len() < text.len() && rest.chars().all(|c| matches!(c, '-' | ':') || c.is_whitespace())
    }

    /// Whether Go's templates take a value for true; `None` if it is not known.
    pub(super) fn truth(&self, value: &Val) -> Option<bool> {
        Some(match &value.kind {
            V::Nil => false,
            V::Bool(truth) => *truth,
            V::Int(number) => *number != 0,
            V::Float(number) => *number != 0.0,
            V::Text(rich) if self.may_be_empty(&rich.text) => return None,
            V::Text(rich) => !rich.text.is_empty(),
            V::List(id) => !self.items(*id).is_empty(),
            V::Map(id) if self.members(*id).len() == 1 && self.more(*id).is_some() => return None,
            V::Map(id) => !self.members(*id).is_empty(),
            V::Files(id) => self.files.get(*id).is_some_and(|files| !files.is_empty()),
            V::Versions | V::Cluster => true,
            V::Unknown(number) if self.open.get(*number) == Some(&false) => true,
            V::Unknown(_) => return None,
        })
    }

    /// A value as the text that Go prints of it.
    pub(super) fn rich(&self, value: &Val) -> Rich {
        let plain = |text: String| Rich::of(text, value.from);
        match &value.kind {
            V::Nil => Rich::default(),
            V::Bool(truth) => plain(truth.to_string()),
            V::Int(number) => plain(number.to_string()),
            V::Float(number) => plain(float(*number)),
            V::Text(rich) if rich.marks.is_empty() => Rich { text: rich.text.clone(), marks: plain(" ".into()).marks },
            V::Text(rich) => (**rich).clone(),
            V::Unknown(number) => plain(hole(*number)),
            V::Cluster => plain(super::CLUSTER_VERSION.to_owned()),
            V::List(_) | V::Map(_) | V::Files(_) | V::Versions => {
                let mut text = String::new();
                self.print(value, &mut text, 0);
                plain(text)
            }
        }
    }

    pub(super) fn string(&self, value: &Val) -> String {
        match &value.kind {
            V::Text(rich) => rich.text.clone(),
            _ => self.rich(value).text,
        }
    }

    fn print(&self, value: &Val, out: &mut String, depth: usize) {
        if depth > DEPTH || out.len() > 1 << 20 {
            return;
        }
        match &value.kind {
            V::Nil => out.push_str("<nil>"),
            V::List(id) => {
                out.push('[');
                for (at, item) in self.items(*id).iter().enumerate() {
                    if at > 0 {
                        out.push(' ');
                    }
                    self.print(item, out, depth + 1);
                }
                out.push(']');
            }
            V::Map(id) if let Some(version) = self.version(*id) => out.push_str(&version),
            V::Map(id) => {
                out.push_str("map[");
                for (at, (key, member)) in self.members(*id).iter().enumerate() {
                    if at > 0 {
                        out.push(' ');
                    }
                    out.push_str(key);
                    out.push(':');
                    self.print(member, out, depth + 1);
                }
                out.push(']');
            }
            // What Go prints of these, bytes and addresses, no template can want.
            V::Files(_) => out.push_str("map[]"),
            V::Versions => out.push_str(&format!("[{}]", super::API_VERSIONS.join(" "))),
            V::Bool(_) | V::Int(_) | V::Float(_) | V::Text(_) | V::Unknown(_) | V::Cluster => {
                out.push_str(&self.string(value));
            }
        }
    }

    /// A version that `semver` gave, in full.
    fn version(&self, id: usize) -> Option<String> {
        let part = |name: &str| self.member(id, name).map(|part| self.string(&part));
        let (before, build) = (part("Prerelease")?, part("Metadata")?);
        let before = if before.is_empty() { before } else { format!("-{before}") };
        let build = if build.is_empty() { build } else { format!("+{build}") };
        part("Original")?;
        Some(format!("{}.{}.{}{before}{build}", part("Major")?, part("Minor")?, part("Patch")?))
    }

    /// A YAML node as a value; `from` tells where its bytes stand.
    pub(super) fn node(
        &mut self,
        node: &yaml::Node,
        from: &dyn Fn(aedile_model::Span) -> Option<Origin>,
    ) -> Result<Val, Fault> {
        let kind = match &node.kind {
            yaml::Kind::Scalar { text, plain } => {
                self.spend(1 + text.len() / 32)?;
                let origin = from(node.span);
                return Ok(scalar(node, text, *plain, origin));
            }
            yaml::Kind::List(items) => {
                let items: Result<Vec<Val>, Fault> = items.iter().map(|item| self.node(item, from)).collect();
                self.list(items?)?.kind
            }
            yaml::Kind::Map(entries) => {
                let mut members = BTreeMap::new();
                for entry in entries {
                    if let Some(key) = key(&entry.key) {
                        let value = self.node(&entry.value, from)?;
                        members.insert(cleaned(&key).into_owned(), value);
                    }
                }
                self.map(members)?.kind
            }
        };
        Ok(Val { kind, from: from(node.span) })
    }

    /// The same value with lists and mappings of its own.
    pub(super) fn copy(&mut self, value: &Val, depth: usize) -> Result<Val, Fault> {
        if depth > DEPTH {
            return Err(Fault::limit(format!("values nest more than {DEPTH} levels deep")));
        }
        let kind = match &value.kind {
            V::List(id) => {
                let items: Result<Vec<Val>, Fault> =
                    self.items(*id).iter().map(|item| self.copy(item, depth + 1)).collect();
                self.list(items?)?.kind
            }
            V::Map(id) => {
                let mut members = BTreeMap::new();
                for (key, member) in self.members(*id).iter() {
                    members.insert(key.clone(), self.copy(member, depth + 1)?);
                }
                self.map(members)?.kind
            }
            other => other.clone(),
        };
        Ok(Val { kind, from: value.from })
    }

    /// Whether two values are equal, an integer and a float never; `None` if one is not known.
    pub(super) fn equal(&self, left: &Val, right: &Val, depth: usize) -> Option<bool> {
        if self.unknown_in(left).is_some() || self.unknown_in(right).is_some() {
            return None;
        }
        Some(match (&left.kind, &right.kind) {
            (V::Nil, V::Nil) => true,
            (V::Bool(a), V::Bool(b)) => a == b,
            (V::Int(a), V::Int(b)) => a == b,
            (V::Float(a), V::Float(b)) => a == b,
            (V::Text(a), V::Text(b)) => a.text == b.text,
            (V::List(a), V::List(b)) => {
                let (a, b) = (self.items(*a), self.items(*b));
                let same = |(a, b)| depth < DEPTH && self.equal(a, b, depth + 1) == Some(true);
                a.len() == b.len() && a.iter().zip(b.iter()).all(same)
            }
            (V::Map(a), V::Map(b)) => {
                let (a, b) = (self.members(*a), self.members(*b));
                let same = |(key, value): (&String, &Val)| {
                    depth < DEPTH && b.get(key).is_some_and(|other| self.equal(value, other, depth + 1) == Some(true))
                };
                a.len() == b.len() && a.iter().all(same)
            }
            _ => false,
        })
    }
}

/// A key as Helm reads it: what YAML takes for a truth value is `true` or `false`.
pub(super) fn key(node: &yaml::Node) -> Option<String> {
    let text = node.str()?;
    let yaml::Kind::Scalar { plain: true, .. } = node.kind else { return Some(text.to_owned()) };
    Some(match scalar(node, text, true, None).kind {
        V::Bool(truth) => truth.to_string(),
        _ => text.to_owned(),
    })
}

/// A scalar as Helm reads it.
fn scalar(node: &yaml::Node, text: &str, plain: bool, from: Option<Origin>) -> Val {
    use aedile_model::Value;
    let kind = match node.value() {
        Value::Null => V::Nil,
        Value::Bool(truth) => V::Bool(truth),
        // Helm's numbers are floats, those that templates count with apart.
        #[expect(clippy::cast_precision_loss, reason = "Helm loses as much")]
        Value::Int(number) => V::Float(if plain { based(text).unwrap_or(number as f64) } else { number as f64 }),
        _ if plain && based(text).is_some() => V::Float(based(text).unwrap_or_default()),
        _ if plain && matches!(text, "y" | "Y") => V::Bool(true),
        _ if plain && matches!(text, "n" | "N") => V::Bool(false),
        _ if plain && looks_numeric(text) => match text.parse::<f64>() {
            Ok(number) => V::Float(number),
            Err(_) => V::Text(Rc::new(Rich::of(cleaned(text), None))),
        },
        _ => V::Text(Rc::new(Rich::of(cleaned(text), None))),
    };
    Val { kind, from }
}

/// A number of YAML 1.1 that is not written in plain digits: `0644`, `0o644`, `0x1f`, `0b11`, `1_000`.
fn based(text: &str) -> Option<f64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let digits = digits.replace('_', "");
    let prefixes = [("0x", 16), ("0b", 2), ("0o", 8), ("0", 8)];
    let found = prefixes.iter().find_map(|(prefix, base)| {
        let rest = digits.strip_prefix(prefix).filter(|rest| !rest.is_empty())?;
        i64::from_str_radix(rest, *base).ok()
    });
    let plain = || {
        (digits.len() != text.len() && text.starts_with(|c: char| c.is_ascii_digit())).then(|| digits.parse().ok())?
    };
    #[expect(clippy::cast_precision_loss, reason = "Helm loses as much")]
    found.or_else(plain).map(|number: i64| (sign * number) as f64)
}

fn looks_numeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'))
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.matches('.').count() <= 1
}

/// A float as Go's `%v` prints it.
pub(super) fn float(number: f64) -> String {
    shortest(number, 1e-4, 1e6)
}

/// A float as Go's JSON has it.
pub(super) fn json_float(number: f64) -> String {
    shortest(number, 1e-6, 1e21)
}

/// As few digits as tell the number, with an exponent for what lies outside `from..to`.
fn shortest(number: f64, from: f64, to: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(from..to).contains(&size) {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    number.to_string()
}
