//! `GRANT`, `REVOKE` and `CREATE ROLE`, by their words: every vendor writes them a little differently.

use std::collections::BTreeSet;

use aedile_model::{Access, AssetKind};

use super::word::Word;
use crate::code::output::table_name;

/// What the statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grant {
    /// Privileges on objects.
    Privileges {
        /// Whether they are taken away.
        revoke: bool,
        /// What is allowed.
        access: BTreeSet<Access>,
        /// On what: its kind and name; a schema stands as `schema.*`.
        objects: Vec<(AssetKind, String)>,
        /// To whom.
        grantees: Vec<(AssetKind, String)>,
        /// Whether they may be passed on.
        option: bool,
        /// The columns that every one of the privileges is limited to.
        columns: Option<BTreeSet<String>>,
    },
    /// Membership in roles.
    Membership {
        /// Whether it is taken away.
        revoke: bool,
        /// The roles.
        roles: Vec<String>,
        /// Their new members.
        members: Vec<(AssetKind, String)>,
    },
    /// A role, group or user comes into being.
    Principal {
        /// What.
        kind: AssetKind,
        /// Its name.
        name: String,
    },
}

/// The grant that `words` are, if they are one.
pub(super) fn read(words: &[Word]) -> Option<Grant> {
    let word = |at: usize| words.get(at).map(|word| word.upper.as_str());
    match word(0)? {
        "CREATE" => {
            let mut at = 1;
            if word(at) == Some("OR") {
                at += 2;
            }
            let kind = match word(at)? {
                "ROLE" => AssetKind::Role,
                "DATABASE" if word(at + 1) == Some("ROLE") => {
                    at += 1;
                    AssetKind::Role
                }
                "GROUP" => AssetKind::Group,
                "USER" => AssetKind::User,
                _ => return None,
            };
            at += 1;
            if word(at) == Some("IF") {
                at += 3;
            }
            Some(Grant::Principal { kind, name: table_name(&words.get(at)?.text) })
        }
        "GRANT" => statement(words.get(1..)?, false),
        "REVOKE" => statement(words.get(1..)?, true),
        _ => None,
    }
}

fn statement(words: &[Word], revoke: bool) -> Option<Grant> {
    let words = match words.iter().take(3).map(|word| word.upper.as_str()).collect::<Vec<_>>().as_slice() {
        ["GRANT", "OPTION", "FOR"] => words.get(3..)?,
        _ => words,
    };
    let is = |word: &Word, text: &str| !word.literal && word.upper == text;
    let to = words.iter().rposition(|word| is(word, if revoke { "FROM" } else { "TO" }))?;
    let (before, after) = (words.get(..to)?, words.get(to + 1..)?);
    let end = after
        .iter()
        .position(|word| {
            !word.literal
                && matches!(word.upper.as_str(), "WITH" | "GRANTED" | "CASCADE" | "RESTRICT" | "COPY" | "REVOKE")
        })
        .unwrap_or(after.len());
    let grantees = principals(after.get(..end)?);
    let option = after.get(end..)?.windows(2).any(|pair| matches!(pair, [a, b] if is(a, "GRANT") && is(b, "OPTION")));
    match before.iter().position(|word| is(word, "ON")) {
        Some(on) => {
            let privileges = before.get(..on)?;
            let (access, columns) = (access(privileges), columns(privileges));
            let objects = objects(before.get(on + 1..)?);
            Some(Grant::Privileges { revoke, access, objects, grantees, option, columns })
        }
        None => {
            let skip = before.iter().take_while(|word| matches!(word.upper.as_str(), "DATABASE" | "ROLE")).count();
            let roles = before
                .get(skip..)?
                .iter()
                .filter(|word| word.upper != ",")
                .map(|word| table_name(&word.text))
                .collect();
            Some(Grant::Membership { revoke, roles, members: grantees })
        }
    }
}

fn principals(words: &[Word]) -> Vec<(AssetKind, String)> {
    let mut found = Vec::new();
    let mut kind = None;
    for word in words {
        match word.upper.as_str() {
            "," => {}
            "PUBLIC" => found.push((AssetKind::AnyOne, "anyone".to_owned())),
            "ROLE" if !word.literal => kind = Some(AssetKind::Role),
            "DATABASE" | "APPLICATION" if !word.literal && kind.is_none() => {}
            "USER" if !word.literal => kind = Some(AssetKind::User),
            "GROUP" if !word.literal => kind = Some(AssetKind::Group),
            "SHARE" if !word.literal => kind = Some(AssetKind::Role),
            _ => {
                let name = table_name(&word.text);
                // Unity Catalog's groups of everybody, and BigQuery's.
                let everyone = matches!(
                    name.as_str(),
                    "account users"
                        | "users"
                        | "allusers"
                        | "allauthenticatedusers"
                        | "specialgroup:allusers"
                        | "public"
                );
                let guessed = if everyone {
                    AssetKind::AnyOne
                } else if name.contains('@') {
                    AssetKind::User
                } else {
                    AssetKind::Role
                };
                let name = if everyone { "anyone".to_owned() } else { name };
                found.push((if everyone { guessed } else { kind.take().unwrap_or(guessed) }, name));
            }
        }
    }
    found
}

/// What the privileges allow.
fn access(words: &[Word]) -> BTreeSet<Access> {
    let mut found = BTreeSet::new();
    let mut depth = 0_usize;
    for word in words {
        match word.upper.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            "SELECT" | "READ" | "READ_FILES" | "READ_VOLUME" | "ROLES/BIGQUERY.DATAVIEWER" => {
                found.insert(Access::Read);
            }
            "INSERT" | "UPDATE" | "DELETE" | "TRUNCATE" | "MODIFY" | "WRITE" | "WRITE_FILES" | "WRITE_VOLUME"
            | "MERGE" => {
                found.insert(Access::Write);
            }
            "ALL" => found.extend([Access::Read, Access::Write, Access::Administer]),
            "OWNERSHIP" | "MANAGE" | "CONTROL" | "ALTER" | "DROP" | "APPLY" => {
                found.extend([Access::Read, Access::Write, Access::Administer]);
            }
            "REFERENCE_USAGE" | "SHARE" => {
                found.insert(Access::Share);
            }
            // `USAGE`, `CONNECT`, `EXECUTE`, `CREATE …` open a door and show no data.
            _ => {}
        }
    }
    found
}

/// The columns in `SELECT (a, b), UPDATE (a)`; `None` if one of the privileges names none and so is on all of them.
fn columns(words: &[Word]) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut inside = false;
    // A privilege is closed by its list; the next word outside must then be a comma.
    let mut open_privilege = false;
    for word in words {
        match (word.upper.as_str(), inside) {
            ("(", false) => (inside, open_privilege) = (true, false),
            (")", true) => inside = false,
            (",", true) => {}
            (",", false) if open_privilege => return None,
            (",", false) => {}
            (_, true) => drop(found.insert(table_name(&word.text))),
            (_, false) => open_privilege = true,
        }
    }
    (!open_privilege && !found.is_empty()).then_some(found)
}

fn objects(words: &[Word]) -> Vec<(AssetKind, String)> {
    let mut found = Vec::new();
    let (mut every, mut level) = (false, "TABLE");
    for word in words {
        match word.upper.as_str() {
            "," | "IN" => {}
            "ALL" | "FUTURE" => every = true,
            "TABLE" | "TABLES" | "VIEW" | "VIEWS" | "MATERIALIZED" | "EXTERNAL" | "DYNAMIC" => level = "TABLE",
            "SCHEMA" => level = "SCHEMA",
            "DATABASE" | "CATALOG" => level = "DATABASE",
            // Not data.
            "FUNCTION" | "FUNCTIONS" | "PROCEDURE" | "WAREHOUSE" | "SEQUENCE" | "SEQUENCES" | "INTEGRATION"
            | "STAGE" | "LANGUAGE" | "TYPE" | "ACCOUNT" => {
                return Vec::new();
            }
            "VOLUME" => level = "VOLUME",
            _ => {
                let name = table_name(&word.text);
                found.push(match (level, every) {
                    ("TABLE", _) => (AssetKind::Table, name),
                    ("VOLUME", _) => (AssetKind::Bucket, name),
                    (_, _) => (AssetKind::Table, format!("{name}.*")),
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::word::words;
    use super::*;

    fn privileges(text: &str) -> (Vec<Access>, Vec<String>, Vec<String>) {
        match read(&words(text)).unwrap() {
            Grant::Privileges { access, objects, grantees, .. } => (
                access.into_iter().collect(),
                objects.into_iter().map(|(kind, name)| format!("{kind} {name}")).collect(),
                grantees.into_iter().map(|(kind, name)| format!("{kind} {name}")).collect(),
            ),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn columns_limit_a_grant_only_if_every_privilege_names_some() {
        let limited = |text: &str| match read(&words(text)).unwrap() {
            Grant::Privileges { columns, .. } => columns.map(|columns| columns.into_iter().collect::<Vec<_>>()),
            other => panic!("{other:?}"),
        };
        assert_eq!(limited("GRANT SELECT (ward, \"Beds\") ON t TO r"), Some(vec!["beds".into(), "ward".into()]));
        assert_eq!(limited("GRANT SELECT (ward), UPDATE (ward) ON t TO r"), Some(vec!["ward".into()]));
        assert_eq!(limited("GRANT SELECT (ward), INSERT ON t TO r"), None);
        assert_eq!(limited("GRANT SELECT ON t TO r"), None);
    }

    #[test]
    fn privileges_objects_and_grantees_are_read() {
        assert_eq!(
            privileges("GRANT SELECT, INSERT ON clinic.patients TO ROLE analyst, alice@example.org"),
            (
                vec![Access::Read, Access::Write],
                vec!["Table clinic.patients".into()],
                vec!["Role analyst".into(), "User alice@example.org".into()]
            )
        );
    }

    #[test]
    fn public_is_anyone() {
        assert_eq!(privileges("GRANT SELECT ON TABLE t TO PUBLIC").2, ["AnyOne anyone"]);
        assert_eq!(privileges("GRANT SELECT ON TABLE t TO `account users`").2, ["AnyOne anyone"]);
    }

    #[test]
    fn a_schema_is_all_its_tables() {
        assert_eq!(privileges("GRANT SELECT ON ALL TABLES IN SCHEMA clinic.raw TO analyst").1, ["Table clinic.raw.*"]);
        assert_eq!(privileges("GRANT SELECT ON FUTURE TABLES IN SCHEMA raw TO ROLE a").1, ["Table raw.*"]);
    }

    #[test]
    fn usage_shows_no_data() {
        assert!(privileges("GRANT USAGE ON SCHEMA raw TO ROLE a").0.is_empty());
    }

    #[test]
    fn a_role_is_granted_to_a_user() {
        let grant = read(&words("GRANT ROLE analyst TO USER bob")).unwrap();
        assert_eq!(
            grant,
            Grant::Membership {
                revoke: false,
                roles: vec!["analyst".into()],
                members: vec![(AssetKind::User, "bob".into())]
            }
        );
    }
}
