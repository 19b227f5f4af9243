//! Text in the place of a secret: variables, templates, examples.

/// Words that say that a secret is none.
const WORDS: &[&str] = &[
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "your_",
    "your-",
    "yourpass",
    "yoursecret",
    "yourtoken",
    "yourkey",
    "yourstrong",
    "dummy",
    "sample",
    "redacted",
    "replace",
    "insert",
    "todo",
    "fixme",
    "notasecret",
    "not-a-secret",
    "not_a_secret",
    "fake",
    "foobar",
    "secret_here",
    "key_here",
    "token_here",
    "password_here",
    "<hidden>",
    "xxxx",
    "....",
    "****",
    "####",
    "____",
    "----------------",
    "1234567890123456",
    "0123456789abcdef",
    "abcdefghijklmnop",
    "aaaaaaaa",
    "00000000",
    "11111111",
];

/// Whole values that nobody would guard.
const VALUES: &[&str] = &[
    "credentials",
    "passwords",
    "secrets",
    "tokens",
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "test",
    "testing",
    "test123",
    "admin",
    "root",
    "postgres",
    "mysql",
    "user",
    "guest",
    "default",
    "none",
    "null",
    "nil",
    "undefined",
    "true",
    "false",
    "string",
    "str",
    "empty",
    "env",
    "hunter2",
    "letmein",
    "123456",
    "12345678",
    "qwerty",
    "abc123",
    "pass123",
    "password1",
    "password123",
];

/// Beginnings of expressions that fetch a secret from elsewhere.
const FETCHES: &[&str] = &[
    "os.environ",
    "os.getenv",
    "getenv",
    "process.env",
    "environ",
    "env.",
    "env(",
    "env[",
    "var.",
    "local.",
    "data.",
    "module.",
    "random_password",
    "vault:",
    "vault(",
    "ssm:",
    "secretsmanager",
    "arn:aws:",
    "dbutils.secrets",
    "secrets.",
    "config.",
    "config[",
    "settings.",
    "self.",
    "args.",
    "params.",
    "aws_",
    "google_",
    "azurerm_",
    "projects/",
    "ref+",
    "ENC[",
    "!vault",
    "!Ref",
    "!Sub",
    "Sys.getenv",
    "os.Getenv",
    "System.getenv",
    "{%",
    "@Microsoft.KeyVault",
    "keyvault",
    "op://",
    "file(",
    "each.",
    "secret://",
    "resolve:",
];

/// Whether `secret` stands for a secret and is none.
///
/// `strict` says that the text as a whole has the form of one vendor's credential: then words may
/// appear in it by chance and only the plainest signs count.
pub(crate) fn is_placeholder(secret: &str, strict: bool) -> bool {
    let text = secret.trim_matches(['"', '\'', '`', ' ']);
    let templated = ["${", "{{", "%(", "#{", "<%", "$("].iter().any(|open| text.contains(open))
        || text.starts_with('$')
            && text
                .get(1..)
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        || (text.starts_with('<') && text.ends_with('>'))
        || (text.starts_with('{') && text.ends_with('}'))
        || (text.starts_with('[') && text.ends_with(']'))
        || (text.starts_with('%') && text.ends_with('%') && text.len() > 2);
    if templated || is_monotone(text) {
        return true;
    }
    let lower = text.to_ascii_lowercase();
    if strict {
        return [
            "example",
            "xxxx",
            "****",
            "0000000000",
            "1234567890abcdef",
            "your_",
            "placeholder",
            "changeme",
            "redacted",
            "dummy",
        ]
        .iter()
        .any(|word| lower.contains(word));
    }
    VALUES.contains(&lower.as_str())
        || WORDS.iter().any(|word| lower.contains(word))
        || FETCHES.iter().any(|fetch| text.starts_with(fetch))
        || is_call(text)
        || is_constant(text)
        || is_attribute(text)
        || is_self_named(&lower)
}

/// `wrong-password`, `invalid_token`: words, one of which says what should stand here.
fn is_self_named(lower: &str) -> bool {
    const NAMES: [&str; 7] = ["credential", "key", "passphrase", "passwd", "password", "secret", "token"];
    let words = || lower.split(['-', '_', ' ', '.']);
    words().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()))
        && words().any(|word| NAMES.contains(&word.trim_end_matches('s')))
}

/// `url.password`: read from a value of the program; letters and underscores joined by dots.
fn is_attribute(text: &str) -> bool {
    text.contains('.')
        && text
            .split('.')
            .all(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_'))
}

/// `DB_PASSWORD`: the name of a setting in capitals, to be replaced.
fn is_constant(text: &str) -> bool {
    const NAMES: [&str; 7] = ["PASSWORD", "PASSWD", "PASS", "PWD", "SECRET", "TOKEN", "KEY"];
    text.contains('_')
        && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        && text.split('_').any(|word| NAMES.contains(&word))
}

/// One character, or two in turn, all along; or one that makes up most of it.
fn is_monotone(text: &str) -> bool {
    let mut counts = [0_usize; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let kinds = counts.iter().filter(|count| **count > 0).count();
    let most = counts.iter().max().copied().unwrap_or(0);
    text.len() >= 4 && (kinds <= 2 || most * 10 > text.len() * 7)
}

/// `name(…)`, `name[…]`, `a.b.c`: code that gives the secret.
fn is_call(text: &str) -> bool {
    let name = text.split(['(', '[']).next().unwrap_or_default();
    // A match may end where a quoted argument starts: `prompt(`.
    let called = name.len() < text.len() && text.ends_with([')', ']', '(', '[']);
    called && !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_recognised() {
        for text in [
            "xxxxxxxx",
            "${DB_PASSWORD}",
            "{{ vault_password }}",
            "<your-key>",
            "os.environ['X']",
            "var.db_password",
            "changeme",
            "AKIAIOSFODNN7EXAMPLE",
            "aaaaaaaaaaaa",
            "your-api-key",
            "$DB_PASS",
            "DB_PASSWORD",
            "click.prompt(",
            "wrong-password",
            "invalid_token",
            "url.password",
            "Passwords",
            "yourStrong(!)Password",
            "get_secret(\"x\")",
            "password123",
            "********",
            "%(db_password)s",
        ] {
            assert!(is_placeholder(text, false), "{text}");
        }
        for text in ["hV7$kq2!Lp9z", "Xk3q9LmZ2vT8bN5cR7wY1pQ4", "correct-horse-battery", "a1b2.c3d4"] {
            assert!(!is_placeholder(text, false), "{text}");
        }
        assert!(is_placeholder("AKIAIOSFODNN7EXAMPLE", true));
        assert!(!is_placeholder("AKIATESTQ2FAKE7ZLMNO", true), "words come by chance inside a vendor's form");
    }
}
