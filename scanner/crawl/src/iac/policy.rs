//! Policy documents in the language of AWS (IAM, S3, KMS …).
//!
//! Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.

use aedile_model::{Place, Unknown};

use super::condition::Truth;
use super::datum::{Datum, Kind};

/// One statement.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) deny: bool,
    /// What `NotAction` excepts if `except_actions`.
    pub(crate) actions: Vec<Action>,
    pub(crate) except_actions: bool,
    /// ARNs with holes; `*` where the statement says `NotResource`.
    pub(crate) resources: Vec<Datum>,
    pub(crate) except_resources: bool,
    pub(crate) principals: Vec<Principal>,
    /// Operator, variable and value of each condition.
    pub(crate) conditions: Vec<(String, String, Vec<Datum>)>,
    /// An unknown part, if any.
    pub(crate) unknown: Option<Unknown>,
    pub(crate) place: Option<Place>,
}

/// A pattern of actions and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) pattern: String,
    pub(crate) place: Option<Place>,
}

/// Whom a statement is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Principal {
    Anyone,
    /// An account, role, user or session: an ARN or an account's number.
    Aws(Datum),
    /// A service of the provider.
    Service(String),
    /// An identity provider.
    Federated(Datum),
}

/// The statements of a document: JSON text, `jsonencode`d values, or an unknown.
pub(crate) fn statements(document: &Datum) -> Result<Vec<Statement>, Unknown> {
    let document = document.decoded();
    let parsed = match &document.kind {
        Kind::Text(text) | Kind::Computed { text, .. } => match serde_json::from_str(text) {
            Ok(json) => Datum::from_json(&json, document.place.as_ref()),
            Err(_) => {
                let why = document.why_unknown().cloned();
                let bad = || Unknown { expression: "policy".to_owned(), why: "it is not JSON".to_owned() };
                return Err(why.unwrap_or_else(bad));
            }
        },
        Kind::Unknown(why) | Kind::Fault(why) => return Err(why.clone()),
        _ => document.clone(),
    };
    let list = parsed.member("Statement").map(Datum::items).unwrap_or_default();
    Ok(list.iter().map(|item| statement(item, document.place.as_ref())).collect())
}

fn statement(item: &Datum, whole: Option<&Place>) -> Statement {
    let strings = |name: &str| -> Vec<Datum> { item.member(name).map(Datum::items).unwrap_or_default().to_vec() };
    let except_actions = item.member("NotAction").is_some();
    let actions = strings(if except_actions { "NotAction" } else { "Action" });
    let except_resources = item.member("NotResource").is_some();
    let resources = if except_resources { vec![Datum::from_text("*")] } else { strings("Resource") };
    let effect = item.member("Effect");
    let open = |datum: &&Datum| matches!(datum.kind, Kind::Unknown(_) | Kind::Fault(_) | Kind::Computed { .. });
    let mut unknown = actions.iter().chain(effect.filter(open)).find_map(Datum::why_unknown).cloned();
    if !matches!(item.kind, Kind::Map(_)) {
        unknown = Some(
            item.why_unknown()
                .cloned()
                .unwrap_or(Unknown { expression: "statement".to_owned(), why: "it is no object".to_owned() }),
        );
    }
    Statement {
        deny: item.member("Effect").and_then(Datum::text).as_deref() == Some("Deny"),
        actions: actions.iter().filter_map(action).collect(),
        except_actions,
        resources,
        except_resources,
        principals: principals(item),
        conditions: conditions(item),
        unknown,
        place: item.place.clone().or_else(|| whole.cloned()),
    }
}

fn action(datum: &Datum) -> Option<Action> {
    let place = datum.place.clone();
    datum.text().map(|pattern| Action { pattern, place })
}

fn principals(item: &Datum) -> Vec<Principal> {
    // Everybody but a few is anyone.
    if item.member("NotPrincipal").is_some() {
        return vec![Principal::Anyone];
    }
    let Some(principal) = item.member("Principal") else {
        return Vec::new();
    };
    let Kind::Map(map) = &principal.kind else {
        return match principal.text().as_deref() {
            Some("*") => vec![Principal::Anyone],
            _ => vec![Principal::Aws(principal.clone())],
        };
    };
    let mut found = Vec::new();
    for (kind, values) in &map.members {
        for value in values.items() {
            found.push(match (kind.as_str(), value.text().as_deref()) {
                ("AWS" | "*", Some("*")) => Principal::Anyone,
                ("Service", name) => Principal::Service(name.unwrap_or_default().to_owned()),
                ("Federated", _) => Principal::Federated(value.clone()),
                _ => Principal::Aws(value.clone()),
            });
        }
    }
    found
}

fn conditions(item: &Datum) -> Vec<(String, String, Vec<Datum>)> {
    let mut found = Vec::new();
    let Some(Kind::Map(operators)) = item.member("Condition").map(|condition| &condition.kind) else {
        return found;
    };
    for (operator, variables) in &operators.members {
        match &variables.kind {
            Kind::Map(variables) => {
                let known = variables.members.iter();
                found.extend(known.map(|(name, value)| (operator.clone(), name.clone(), value.items().to_vec())));
                if let Some(why) = variables.open.clone().filter(|_| variables.members.is_empty()) {
                    found.push((operator.clone(), String::new(), vec![Kind::Unknown(why).into()]));
                }
            }
            _ => found.push((operator.clone(), String::new(), vec![variables.clone()])),
        }
    }
    found
}

/// The day that a time in ISO 8601 begins with.
pub(crate) fn day(time: &str) -> Option<String> {
    let day = time.get(..10)?;
    let digits = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    day.bytes().enumerate().all(digits).then(|| day.to_owned())
}

impl Statement {
    /// Whether a condition limits whom or when it allows. A mere demand of TLS does not, and neither does one that
    /// everybody fulfils.
    pub(crate) fn conditioned(&self) -> bool {
        self.conditions.iter().any(|(_, name, values)| !is_tls(name) && !admits_all(name, values))
    }

    /// The last day on which it allows anything, `YYYY-MM-DD`, where a condition on the time says so.
    pub(crate) fn valid_until(&self) -> Option<String> {
        let ends = |(operator, name, values): &&(String, String, Vec<Datum>)| {
            operator.starts_with("DateLessThan") && name.eq_ignore_ascii_case("aws:CurrentTime") && values.len() == 1
        };
        let (_, _, values) = self.conditions.iter().find(ends)?;
        day(&values.first()?.text()?)
    }

    fn with(&self, holds: bool) -> Truth {
        if holds { Truth::True(self.place.clone()) } else { Truth::False(self.place.clone()) }
    }

    fn not_known(&self) -> Option<Truth> {
        self.unknown.as_ref().map(|why| Truth::Unknown(why.clone(), self.place.clone()))
    }

    /// Whether it allows something to anyone, without a condition.
    pub(crate) fn allows_anyone(&self) -> Truth {
        if self.deny || self.conditioned() {
            return Truth::False(self.place.clone());
        }
        if self.principals.contains(&Principal::Anyone) {
            return Truth::True(self.place.clone());
        }
        let unknown = self.principals.iter().find_map(|principal| match principal {
            Principal::Aws(Datum { kind: Kind::Unknown(why) | Kind::Fault(why), .. }) => Some(why),
            _ => None,
        });
        match unknown.or(self.unknown.as_ref()) {
            Some(why) => Truth::Unknown(why.clone(), self.place.clone()),
            None => Truth::False(self.place.clone()),
        }
    }

    /// Whether it allows anyone every action of the service on everything: the default policy of a VPC endpoint.
    pub(crate) fn allows_everything(&self) -> Truth {
        if let Some(unknown) = self.not_known() {
            return unknown;
        }
        let anyone = self.principals.is_empty() || self.principals.contains(&Principal::Anyone);
        let all = self.except_actions || self.actions.iter().any(|action| is_all(&action.pattern));
        self.with(!self.deny && !self.conditioned() && anyone && all && self.everywhere() == Some(true))
    }

    /// Whether it denies everybody who does not use TLS: `aws:SecureTransport` false, and nothing else needed.
    pub(crate) fn requires_tls(&self) -> Truth {
        let is_false = |values: &[Datum]| values.iter().any(|value| value.bool() == Some(false));
        self.denies_if(|operator, name, values| {
            operator.starts_with("Bool") && name.eq_ignore_ascii_case("aws:SecureTransport") && is_false(values)
        })
    }

    /// Whether it denies everybody whose TLS is older than 1.2, and nothing else is needed.
    pub(crate) fn requires_tls_12(&self) -> Truth {
        let high = |values: &[Datum]| {
            let numbers = values.iter().filter_map(Datum::text).filter_map(|text| text.parse::<f64>().ok());
            numbers.into_iter().any(|number| number >= 1.2)
        };
        self.denies_if(|operator, name, values| {
            operator.starts_with("NumericLessThan") && name.eq_ignore_ascii_case("s3:TlsVersion") && high(values)
        })
    }

    fn denies_if(&self, insecure: impl Fn(&str, &str, &[Datum]) -> bool) -> Truth {
        if let Some(unknown) = self.not_known() {
            return unknown;
        }
        let broad = self.principals.contains(&Principal::Anyone)
            && self.actions.iter().any(|action| is_all(&action.pattern))
            && self.resources.iter().filter_map(Datum::holed).any(|resource| resource.ends_with('*'));
        let alone =
            matches!(self.conditions.as_slice(), [(operator, name, values)] if insecure(operator, name, values));
        self.with(self.deny && broad && alone)
    }

    /// Whether it is about everything: `*`. `None` if that is not known.
    pub(crate) fn everywhere(&self) -> Option<bool> {
        if self.resources.iter().any(|resource| resource.text().as_deref() == Some("*")) {
            return Some(true);
        }
        let open = |resource: &Datum| matches!(resource.kind, Kind::Unknown(_) | Kind::Fault(_));
        if self.resources.iter().any(open) { None } else { Some(false) }
    }
}

/// Whether some statement allows something to anyone, and no other one takes that back from whoever is outside.
pub(crate) fn allows_anyone(statements: &[Statement]) -> Truth {
    let fences = statements.iter().filter(|statement| statement.is_fence());
    let fenced = |allowed: &Statement| {
        fences.clone().any(|deny| {
            allowed.actions.iter().all(|yes| deny.actions.iter().any(|no| covers(&no.pattern, &yes.pattern)))
                && !allowed.except_actions
        })
    };
    super::condition::any(statements.iter().map(|statement| match statement.allows_anyone() {
        Truth::True(place) if fenced(statement) => Truth::False(place),
        truth => truth,
    }))
}

impl Statement {
    /// Whether it denies everybody who is not of the organisation, its accounts, networks or addresses.
    fn is_fence(&self) -> bool {
        let keeps_out = |(operator, name, values): &(String, String, Vec<Datum>)| {
            let negated = operator.contains("Not");
            let inside = INSIDE.iter().any(|inside| name.eq_ignore_ascii_case(inside));
            negated && inside && !admits_all(name, values)
        };
        self.deny
            && self.principals.contains(&Principal::Anyone)
            && !self.conditions.is_empty()
            && self.conditions.iter().all(keeps_out)
            && self.resources.iter().filter_map(Datum::holed).any(|resource| resource.ends_with('*'))
    }
}

/// Variables that say from where or on whose behalf a request comes.
///
/// Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
const INSIDE: [&str; 10] = [
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
];

/// Whether everybody fulfils a condition with these values.
fn admits_all(name: &str, values: &[Datum]) -> bool {
    let address = name.eq_ignore_ascii_case("aws:SourceIp");
    values.iter().filter_map(Datum::text).any(|text| text == "*" || (address && super::ports::is_world(&text)))
}

/// Whether the pattern names every action, or every action of a service.
pub(crate) fn is_all(pattern: &str) -> bool {
    pattern == "*" || pattern.ends_with(":*")
}

fn is_tls(variable: &str) -> bool {
    variable.eq_ignore_ascii_case("aws:SecureTransport") || variable.eq_ignore_ascii_case("s3:TlsVersion")
}

/// Whether some text fits both patterns, `*` being any text and `?` any character; case does not count.
pub(crate) fn overlap(left: &str, right: &str) -> bool {
    let (left, right) = (left.to_ascii_lowercase().into_bytes(), right.to_ascii_lowercase().into_bytes());
    // Row by row over `left`: which prefixes of `right` can stand against the prefix read so far.
    let star = |pattern: &[u8], at: usize| pattern.get(at) == Some(&b'*');
    let mut reach = vec![false; right.len() + 1];
    let close = |reach: &mut Vec<bool>| {
        for at in 0..right.len() {
            if star(&right, at) && reach.get(at) == Some(&true) {
                set(reach, at + 1);
            }
        }
    };
    set(&mut reach, 0);
    close(&mut reach);
    for (row, &letter) in left.iter().enumerate() {
        let mut next = vec![false; right.len() + 1];
        for at in 0..=right.len() {
            if reach.get(at) != Some(&true) {
                continue;
            }
            if star(&left, row) {
                // `*` swallows any rest of the other pattern.
                (at..=right.len()).for_each(|end| set(&mut next, end));
                break;
            }
            match right.get(at) {
                Some(b'*') => set(&mut next, at),
                Some(&other) if other == letter || other == b'?' || letter == b'?' => set(&mut next, at + 1),
                _ => {}
            }
        }
        close(&mut next);
        reach = next;
    }
    reach.last() == Some(&true)
}

fn set(reach: &mut [bool], at: usize) {
    if let Some(slot) = reach.get_mut(at) {
        *slot = true;
    }
}

/// Whether every text that fits `inner` fits `pattern`, for patterns whose `*` stand at the end.
pub(crate) fn covers(pattern: &str, inner: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => inner.to_ascii_lowercase().starts_with(&start.to_ascii_lowercase()),
        None => pattern.eq_ignore_ascii_case(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_actions_overlap_where_some_action_fits_both() {
        for (left, right) in
            [("*", "s3:GetObject"), ("s3:*", "s3:Get*"), ("s3:Get*", "s3:*Object"), ("S3:getobject", "s3:GetObject*")]
        {
            assert!(overlap(left, right) && overlap(right, left), "{left} {right}");
        }
        for (left, right) in [("s3:Put*", "s3:Get*"), ("sqs:*", "s3:*"), ("s3:GetObject", "s3:GetObjectAcl")] {
            assert!(!overlap(left, right) && !overlap(right, left), "{left} {right}");
        }
    }
}
