//! Types that are like one of another source: what that one has, its paths in their own spelling.
//!
//! CloudFormation's `KmsKeyId` is Terraform's `kms_key_id`: a type with `like` and `paths` has every companion,
//! attribute, relation and grant of the other, so that both languages get the same answer. What the type writes
//! itself comes first: an attribute or companion by its name, relations and grants as a whole.

use std::collections::BTreeMap;

use super::form::{Companion, Condition, GrantRule, OpenRule, Reader, RelationRule, ResourceType, Selection};

/// The types among `all`, which are of one source, that have `like` and `paths`, completed by what `twin` gives.
pub(super) fn complete<'t>(
    all: &[&'t ResourceType],
    twin: impl Fn(&str) -> Option<&'t ResourceType>,
) -> BTreeMap<String, ResourceType> {
    let likes = likes(all);
    let by_id: Types<'_> = all.iter().map(|own| (own.id.as_str(), *own)).collect();
    let inheriting = all.iter().filter(|own| own.paths.is_some());
    let completed = inheriting.map(|own| match own.like.as_deref().and_then(&twin) {
        Some(twin) => completed((*own).clone(), twin, &likes, &by_id),
        None => (*own).clone(),
    });
    completed.map(|whole| (whole.id.clone(), whole)).collect()
}

/// Types of one source by id.
type Types<'t> = BTreeMap<&'t str, &'t ResourceType>;

/// For each type the one of this source that is like it; of several the one with the shortest name.
fn likes(all: &[&ResourceType]) -> BTreeMap<String, String> {
    let mut likes: BTreeMap<String, String> = BTreeMap::new();
    for own in all {
        let Some(like) = &own.like else { continue };
        let held = likes.entry(like.clone()).or_insert_with(|| own.id.clone());
        if own.id.len() < held.len() {
            held.clone_from(&own.id);
        }
    }
    likes
}

/// How one type spells paths, and those of its companions.
struct Spelling<'t> {
    own: &'t BTreeMap<String, String>,
    companions: BTreeMap<&'t str, BTreeMap<String, String>>,
    likes: &'t BTreeMap<String, String>,
}

fn completed(
    own: ResourceType,
    twin: &ResourceType,
    likes: &BTreeMap<String, String>,
    types: &Types<'_>,
) -> ResourceType {
    let mut whole = own.clone();
    let paths_of = |type_name: &str| {
        let id = likes.get(type_name).cloned().unwrap_or_else(|| type_name.to_owned());
        types.get(id.as_str()).and_then(|found| found.paths.clone()).unwrap_or_default()
    };
    let mut companions: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    for (name, companion) in &twin.companions {
        companions.insert(name, paths_of(&companion.type_name));
    }
    let empty = BTreeMap::new();
    let spelling = Spelling { own: own.paths.as_ref().unwrap_or(&empty), companions, likes };
    for (name, companion) in &twin.companions {
        if !own.companions.contains_key(name) {
            whole.companions.insert(name.clone(), spelling.companion(name, companion));
        }
    }
    for (name, readers) in &twin.attributes {
        if !own.attributes.contains_key(name) {
            let readers = readers.iter().map(|reader| spelling.reader(reader)).collect();
            whole.attributes.insert(name.clone(), readers);
        }
    }
    whole.attributes.retain(|_, readers| !readers.is_empty());
    whole.asset = own.asset.or(twin.asset);
    whole.taggable |= twin.taggable;
    let template = |text: &String| spelling.template(text);
    whole.arn = own.arn.or_else(|| twin.arn.as_ref().map(template));
    if own.name.is_empty() {
        whole.name = twin.name.iter().map(|path| spelling.path(None, path)).collect();
    }
    if own.names.is_empty() {
        whole.names = twin.names.iter().map(template).collect();
    }
    if own.relations.is_empty() {
        whole.relations = twin.relations.iter().map(|relation| spelling.relation(relation)).collect();
    }
    if own.grants.is_empty() {
        whole.grants = twin.grants.iter().map(|grant| spelling.grant(grant)).collect();
    }
    whole
}

impl Spelling<'_> {
    /// `path` of the companion `from`, or of the type itself, as this source spells it.
    fn path(&self, from: Option<&str>, path: &str) -> String {
        let empty = BTreeMap::new();
        let paths = match from {
            Some(from) => self.companions.get(from).unwrap_or(&empty),
            None => self.own,
        };
        spelt(paths, path)
    }

    /// `path` within an item that stands at `item`.
    fn within(&self, from: Option<&str>, item: &str, path: &str) -> String {
        if item.is_empty() {
            return self.path(from, path);
        }
        let (start, whole) = (self.path(from, item), self.path(from, &format!("{item}.{path}")));
        whole.strip_prefix(&format!("{start}.")).map_or_else(|| spelt(&BTreeMap::new(), path), str::to_owned)
    }

    fn type_name(&self, type_name: &str) -> String {
        self.likes.get(type_name).cloned().unwrap_or_else(|| type_name.to_owned())
    }

    fn companion(&self, name: &str, companion: &Companion) -> Companion {
        // A companion of a companion is named by that one.
        let from = companion.of.as_deref();
        Companion {
            type_name: self.type_name(&companion.type_name),
            by: companion.by.as_ref().map(|path| self.path(Some(name), path)),
            via: companion.via.as_ref().map(|path| self.path(from, path)),
            of: companion.of.clone(),
            absorbs: companion.absorbs,
            outside: companion.outside,
        }
    }

    fn reader(&self, reader: &Reader) -> Reader {
        let from = reader.from.as_deref();
        Reader {
            when: reader.when.as_ref().map(|when| self.condition(when, None, "")),
            path: reader.path.as_ref().map(|path| self.path(from, path)),
            opens: reader.opens.iter().map(|rule| self.open(rule)).collect(),
            ..reader.clone()
        }
    }

    fn open(&self, rule: &OpenRule) -> OpenRule {
        let (from, item) = (rule.from.as_deref(), rule.path.as_deref().unwrap_or_default());
        let path = |path: &String| self.within(from, item, path);
        OpenRule {
            path: rule.path.as_ref().map(|path| self.path(from, path)),
            when: self.condition(&rule.when, from, item),
            first: rule.first.as_ref().map(path),
            last: rule.last.as_ref().map(path),
            ranges: rule.ranges.iter().map(path).collect(),
            protocol: rule.protocol.as_ref().map(path),
            ..rule.clone()
        }
    }

    /// `condition`, asked of the items at `item` of the companion `outer`.
    fn condition(&self, condition: &Condition, outer: Option<&str>, item: &str) -> Condition {
        let inner = |inner: &Condition| self.condition(inner, outer, item);
        let (from, at) = match &condition.from {
            Some(from) => (Some(from.as_str()), ""),
            None => (outer, item),
        };
        let path = condition.path.as_ref().map(|path| self.within(from, at, path));
        let deeper = match (&condition.path, at.is_empty()) {
            (Some(path), true) => path.clone(),
            (Some(path), false) => format!("{at}.{path}"),
            (None, _) => at.to_owned(),
        };
        Condition {
            all: condition.all.iter().map(inner).collect(),
            any: condition.any.iter().map(inner).collect(),
            not: condition.not.as_ref().map(|not| Box::new(inner(not))),
            each: condition.each.as_ref().map(|each| Box::new(self.condition(each, from, &deeper))),
            refers: condition.refers.iter().map(|name| self.type_name(name)).collect(),
            selects: condition.selects.as_ref().map(|selects| {
                let path = |path: &String| self.path(from, path);
                Selection {
                    resources: path(&selects.resources),
                    except: path(&selects.except),
                    tags: path(&selects.tags),
                    conditions: path(&selects.conditions),
                }
            }),
            covers: condition.covers.as_ref().map(|covers| self.template(covers)),
            path,
            ..condition.clone()
        }
    }

    fn relation(&self, relation: &RelationRule) -> RelationRule {
        RelationRule { path: self.path(relation.from.as_deref(), &relation.path), ..relation.clone() }
    }

    fn grant(&self, grant: &GrantRule) -> GrantRule {
        let path = |path: &String| self.path(None, path);
        GrantRule {
            document: grant.document.as_ref().map(path),
            principals: grant.principals.iter().map(path).collect(),
            on: grant.on.iter().map(path).collect(),
            roles: grant.roles.iter().map(path).collect(),
            option: grant.option.as_ref().map(path),
            when: grant.when.as_ref().map(|when| self.condition(when, None, "")),
            ..grant.clone()
        }
    }

    /// A name with holes: what stands in them are paths, `{region}` and `{account}` apart.
    fn template(&self, template: &str) -> String {
        let (mut out, mut rest) = (String::new(), template);
        while let Some((before, after)) = rest.split_once('{') {
            let Some((hole, after)) = after.split_once('}') else { break };
            out.push_str(before);
            match hole {
                "region" | "account" => out.push_str(&format!("{{{hole}}}")),
                hole => match hole.split_once('.').filter(|(from, _)| self.companions.contains_key(from)) {
                    Some((from, path)) => out.push_str(&format!("{{{from}.{}}}", self.path(Some(from), path))),
                    None => out.push_str(&format!("{{{}}}", self.path(None, hole))),
                },
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// `path` by the longest beginning that `paths` spells, the rest in camel case.
fn spelt(paths: &BTreeMap<String, String>, path: &str) -> String {
    let mut end = path.len();
    loop {
        let (start, rest) = path.split_at(end);
        if let Some(known) = paths.get(start) {
            return format!("{known}{}", camel(rest));
        }
        match start.rfind('.') {
            Some(at) => end = at,
            None => return camel(path),
        }
    }
}

/// `kms_key_id` as `KmsKeyId`; wildcards, arguments (`--job`) and words in capitals stay.
fn camel(path: &str) -> String {
    let key = |key: &str| {
        if key.starts_with(['*', '-', '@']) {
            return key.to_owned();
        }
        if key.contains(|c: char| c.is_ascii_uppercase()) {
            return capital(key);
        }
        key.split('_').map(capital).collect::<String>()
    };
    path.split('.').map(key).collect::<Vec<_>>().join(".")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_spelt_by_their_longest_known_beginning() {
        let paths = BTreeMap::from([
            ("ingress".to_owned(), "SecurityGroupIngress".to_owned()),
            ("ingress.protocol".to_owned(), "SecurityGroupIngress.IpProtocol".to_owned()),
        ]);
        assert_eq!(spelt(&paths, "kms_key_id"), "KmsKeyId");
        assert_eq!(spelt(&paths, "ingress.from_port"), "SecurityGroupIngress.FromPort");
        assert_eq!(spelt(&paths, "ingress.protocol"), "SecurityGroupIngress.IpProtocol");
        assert_eq!(spelt(&paths, "default_arguments.--enable-log"), "DefaultArguments.--enable-log");
        assert_eq!(spelt(&paths, "logs.*.enabled"), "Logs.*.Enabled");
        assert_eq!(spelt(&paths, "properties.JDBC_ENFORCE_SSL"), "Properties.JDBC_ENFORCE_SSL");
        assert_eq!(spelt(&paths, "readonlyRootFilesystem"), "ReadonlyRootFilesystem");
    }
}
