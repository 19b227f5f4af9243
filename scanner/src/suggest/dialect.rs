use aedile_policies::{PolicyError, Taxonomy};
use globset::Glob;
use serde::Deserialize;

/// The dialects that statements are suggested in: `scanner/templates/suggest/dialects.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dialects {
    pub(super) tables: Vec<TableDialect>,
    pub(super) row_keys: Vec<String>,
    pub(super) iam: Vec<IamDialect>,
}

/// How tables of one provider are protected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableDialect {
    pub(super) id: String,
    types: Vec<String>,
    quote: char,
    pub(super) file: String,
    masks: Vec<Mask>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mask {
    class: String,
    #[serde(rename = "as")]
    text: String,
}

/// What machine identities of one provider need.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IamDialect {
    pub(super) principals: Vec<String>,
    pub(super) stores: Vec<String>,
    pub(super) scheme: String,
    pub(super) statements: Vec<IamStatement>,
    pub(super) listing: Listing,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IamStatement {
    pub(super) access: aedile_model::Access,
    pub(super) actions: Vec<String>,
    pub(super) resource: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    pub(super) actions: Vec<String>,
    pub(super) resource: String,
}

impl Dialects {
    /// # Errors
    /// The file does not parse.
    pub(super) fn built_in() -> Result<Dialects, PolicyError> {
        serde_yaml::from_str(include_str!("../../templates/suggest/dialects.yaml"))
            .map_err(|error| PolicyError::BuiltIn(format!("suggest/dialects.yaml: {error}")))
    }

    /// The dialect of that name.
    pub(super) fn named(&self, id: &str) -> Option<&TableDialect> {
        self.tables.iter().find(|dialect| dialect.id == id)
    }

    /// The dialect that something of `type_name` speaks.
    pub(super) fn of(&self, type_name: &str) -> Option<&TableDialect> {
        self.tables.iter().find(|dialect| dialect.types.iter().any(|glob| is(glob, type_name)))
    }
}

impl TableDialect {
    /// What a column of `class` becomes for whoever may not see it.
    pub(super) fn mask(&self, class: &str, taxonomy: &Taxonomy) -> Option<&str> {
        self.masks.iter().find(|mask| taxonomy.is_in(class, &mask.class)).map(|mask| mask.text.as_str())
    }

    /// `name`, part by part, quoted where it is no plain identifier.
    pub(super) fn name(&self, name: &str) -> String {
        name.split('.').map(|part| self.part(part)).collect::<Vec<_>>().join(".")
    }

    /// One name, quoted where it is no plain identifier. A quote in it is doubled.
    pub(super) fn part(&self, part: &str) -> String {
        let plain = part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if plain && part.bytes().next().is_some_and(|byte| !byte.is_ascii_digit()) {
            return part.to_owned();
        }
        let quote = self.quote;
        let doubled = part.replace(quote, &format!("{quote}{quote}")).replace(char::is_control, " ");
        format!("{quote}{doubled}{quote}")
    }
}

/// Whether `glob` matches `type_name`.
pub(super) fn is(glob: &str, type_name: &str) -> bool {
    Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(type_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_plain_cannot_leave_their_quotes() {
        let dialects = Dialects::built_in().expect("the list parses");
        let postgres = dialects.named("postgres").expect("postgres");
        assert_eq!(postgres.name("clinic.patients"), "clinic.patients");
        assert_eq!(postgres.part("a\"; DROP TABLE b; --\n"), "\"a\"\"; DROP TABLE b; -- \"");
        let databricks = dialects.named("databricks").expect("databricks");
        assert_eq!(databricks.part("a`b"), "`a``b`");
    }

    #[test]
    fn every_dialect_masks_every_sensitive_class() {
        let dialects = Dialects::built_in().expect("the list parses");
        let taxonomy = Taxonomy::built_in().expect("the taxonomy parses");
        for dialect in &dialects.tables {
            for class in taxonomy.classes().filter(|class| taxonomy.is_in(class, "sensitive")) {
                assert!(dialect.mask(class, &taxonomy).is_some(), "{} has no mask for {class}", dialect.id);
            }
        }
    }
}
