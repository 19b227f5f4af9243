//! Patterns of paths, as `.Files.Glob` reads them.
//!
//! Source: github.com/gobwas/glob, its syntax, with `/` as the separator.

use regex::Regex;

/// The pattern that `glob` is: `*` and `?` stay within a part of a path, `**` does not.
pub(super) fn pattern(glob: &str) -> Option<Regex> {
    let mut out = String::from("^(?s:");
    let mut chars = glob.chars().peekable();
    let mut open = 0_usize;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => out.push_str(".*"),
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' => {
                open += 1;
                out.push_str("(?:");
            }
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            ',' if open > 0 => out.push('|'),
            '[' => {
                let class: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let (not, class) = class.strip_prefix('!').map_or(("", class.as_str()), |rest| ("^", rest));
                out.push_str(&format!("[{not}{}]", regex::escape(class).replace("\\-", "-")));
            }
            '\\' => out.push_str(&regex::escape(&chars.next()?.to_string())),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push_str(")$");
    regex::RegexBuilder::new(&out).size_limit(1 << 20).nest_limit(20).build().ok()
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn stars_stay_within_a_part_of_a_path() {
        for (glob, path, wanted) in [
            ("files/*", "files/a.txt", true),
            ("files/*", "files/deep/a.txt", false),
            ("files/**", "files/deep/a.txt", true),
            ("**.txt", "files/deep/a.txt", true),
            ("{files,other}/?.txt", "other/a.txt", true),
            ("f[!a-c].txt", "fd.txt", true),
            ("f[a-c].txt", "fd.txt", false),
            ("a+b", "aab", false),
        ] {
            assert_eq!(pattern(glob).unwrap().is_match(path), wanted, "{glob} {path}");
        }
        assert!(pattern("{a").is_none());
    }
}
