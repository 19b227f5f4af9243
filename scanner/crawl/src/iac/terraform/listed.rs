//! Modules of registries that packs describe: `terraform-aws-modules/s3-bucket/aws` and its like.
//!
//! A pack tells a module as a short configuration: the inputs that matter with their defaults, the resources that
//! it makes of them, its outputs. It is evaluated as any other module; places are those of the call.

use aedile_rules::{ModuleRule, Resources};

use super::module::{Declared, Module, nowhere};
use super::parse::{Source, native};

/// All of them, parsed.
pub(super) struct Listed<'a> {
    modules: Vec<(&'a ModuleRule, Module<'a>)>,
}

/// The sources of the modules that packs describe; they own what [`Listed`] borrows.
pub(super) fn sources(rules: &Resources) -> Vec<(&ModuleRule, Source)> {
    rules
        .modules()
        .iter()
        .map(|rule| {
            let (body, _) = native(&rule.configuration);
            (rule, Source { body, origin: nowhere(&rule.configuration), gaps: Vec::new() })
        })
        .collect()
}

impl<'a> Listed<'a> {
    /// The modules of `sources`.
    pub(super) fn new(sources: &'a [(&'a ModuleRule, Source)]) -> Listed<'a> {
        let modules = sources.iter().map(|(rule, source)| {
            let mut module = Module { listed: Some(rule.source.clone()), ..Module::default() };
            for block in &source.body.blocks {
                module.take(Declared { block, origin: &source.origin, in_tests: false });
            }
            (*rule, module)
        });
        Listed { modules: modules.collect() }
    }

    /// The module that a call's `source` and `version` mean; of several versions the newest that fits.
    ///
    /// # Errors
    /// There is none; the words go on after "comes from `source`, ".
    pub(super) fn find(&'a self, source: &str, version: Option<&str>) -> Result<&'a Module<'a>, String> {
        let (name, reference) = registry_name(source);
        let version = version.map(str::to_owned).or(reference);
        let wanted = version.as_deref().map_or(Interval::ALL, Interval::of);
        let mut named = self.modules.iter().filter(|(rule, _)| rule.source == name).peekable();
        if named.peek().is_none() {
            return Err("which is not in the sources".to_owned());
        }
        let fitting = named.filter(|(rule, _)| Interval::of(&rule.versions).meets(wanted));
        let newest = fitting.max_by_key(|(rule, _)| Interval::of(&rule.versions).from);
        newest.map(|(_, module)| module).ok_or_else(|| {
            format!("whose version `{}` is not described and not in the sources", version.unwrap_or_default())
        })
    }
}

/// A source as the registry names it, and the version that it asks for itself.
///
/// `registry.terraform.io/a/b/c` and `github.com/a/terraform-c-b?ref=v1.2` both mean `a/b/c`.
fn registry_name(source: &str) -> (String, Option<String>) {
    let source = source.strip_prefix("git::").unwrap_or(source);
    let (source, query) = source.split_once('?').unwrap_or((source, ""));
    let reference = query.split('&').find_map(|part| part.strip_prefix("ref="));
    let version = reference.map(|reference| reference.trim_start_matches('v').to_owned());
    let version = version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    let mut rest = source;
    for start in ["https://", "ssh://", "git@", "registry.terraform.io/", "registry.opentofu.org/"] {
        rest = rest.strip_prefix(start).unwrap_or(rest);
    }
    let Some(path) = rest.strip_prefix("github.com/").or_else(|| rest.strip_prefix("github.com:")) else {
        return (rest.to_owned(), version);
    };
    let (path, inner) = path.split_once("//").map_or((path, None), |(path, inner)| (path, Some(inner)));
    let named = path.trim_end_matches(".git").split_once('/').and_then(|(owner, repository)| {
        let (provider, name) = repository.strip_prefix("terraform-")?.split_once('-')?;
        Some(format!("{owner}/{name}/{provider}"))
    });
    let name = named.unwrap_or_else(|| rest.to_owned());
    (inner.map_or(name.clone(), |inner| format!("{name}//{inner}")), version)
}

type Version = [u64; 3];

/// Versions that constraints allow: from, and up to but without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Interval {
    from: Version,
    to: Version,
}

impl Interval {
    const ALL: Interval = Interval { from: [0; 3], to: [u64::MAX; 3] };

    /// The versions that `constraints` (`>= 3.0, < 6.0`, `~> 4.1`, `4.1.2`) allow; `!=` does not count.
    ///
    /// Source: developer.hashicorp.com/terraform/language/expressions/version-constraints.
    fn of(constraints: &str) -> Interval {
        let mut interval = Interval::ALL;
        for constraint in constraints.split(',') {
            let constraint = constraint.trim();
            let digits = constraint.find(|c: char| c.is_ascii_digit()).unwrap_or(constraint.len());
            let (sign, version) = constraint.split_at_checked(digits).unwrap_or_default();
            let Some((version, parts)) = read(version) else { continue };
            let [major, minor, patch] = version;
            let next = [major, minor, patch.saturating_add(1)];
            let (from, to) = match sign.trim() {
                ">=" => (version, Interval::ALL.to),
                ">" => (next, Interval::ALL.to),
                "<" => ([0; 3], version),
                "<=" => ([0; 3], next),
                "~>" if parts >= 3 => (version, [major, minor.saturating_add(1), 0]),
                "~>" => (version, [major.saturating_add(1), 0, 0]),
                "!=" => continue,
                _ => (version, next),
            };
            interval.from = interval.from.max(from);
            interval.to = interval.to.min(to);
        }
        interval
    }

    fn meets(self, other: Interval) -> bool {
        self.from.max(other.from) < self.to.min(other.to)
    }
}

/// A version and how many of its parts are given.
fn read(text: &str) -> Option<(Version, usize)> {
    let mut version = [0; 3];
    let mut parts = 0;
    let text = text.split(['-', '+']).next().unwrap_or_default();
    for (slot, part) in version.iter_mut().zip(text.split('.')) {
        *slot = part.trim().parse().ok()?;
        parts += 1;
    }
    (parts > 0).then_some((version, parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_git_are_those_of_the_registry() {
        let name = |source: &str| registry_name(source);
        let plain = ("a/s3-bucket/aws".to_owned(), None);
        assert_eq!(name("a/s3-bucket/aws"), plain);
        assert_eq!(name("registry.terraform.io/a/s3-bucket/aws"), plain);
        assert_eq!(name("github.com/a/terraform-aws-s3-bucket"), plain);
        let tagged = ("a/iam/aws//modules/role".to_owned(), Some("5.1.0".to_owned()));
        assert_eq!(name("git::https://github.com/a/terraform-aws-iam.git//modules/role?ref=v5.1.0"), tagged);
        assert_eq!(name("git@github.com:a/terraform-aws-iam.git//modules/role?ref=v5.1.0"), tagged);
    }

    #[test]
    fn constraints_are_intervals() {
        let meets = |left: &str, right: &str| Interval::of(left).meets(Interval::of(right));
        assert!(meets(">= 3.0, < 6.0", "~> 4.1"));
        assert!(meets("~> 4.1", "4.9.2"));
        assert!(!meets("~> 4.1.0", "4.2.0"));
        assert!(!meets(">= 6.0", "~> 5.9"));
        assert!(meets("", ""));
        assert!(meets(">= 1, != 1.5", "1.5"));
    }
}
