//! Credentials written into text: every text is searched, whatever else reads it.

use std::collections::BTreeMap;

use aedile_model::{Asset, AssetId, AssetKind, Basis, Confidence, Gap, GapKind, Place, Tag};
use aedile_rules::SecretHit;

use crate::crawler::{Context, Crawler};
use crate::{Facts, File, data};

/// Secrets of one file that become assets; a file with more is a dump, and the rest is counted in a gap.
const HITS: usize = 1_000;

/// Files of checksums and generated code, by name: long digests everywhere and nothing written by a person.
const LOCKS: [&str; 12] = [
    ".terraform.lock.hcl",
    "bun.lock",
    "cargo.lock",
    "composer.lock",
    "gemfile.lock",
    "go.sum",
    "package-lock.json",
    "pdm.lock",
    "pipfile.lock",
    "poetry.lock",
    "uv.lock",
    "yarn.lock",
];

/// Generated files are searched up to so many bytes: they are long, and what they hold was copied from elsewhere.
const GENERATED_BYTES: usize = 1 << 20;

/// A text whose lines are on average longer is minified.
const MINIFIED_LINE: usize = 2_000;

/// The crawler of secrets.
pub(crate) struct Secrets;

/// What was found in one file.
pub(crate) struct Found {
    hits: Vec<SecretHit>,
    /// Bytes at the end that were not searched.
    unread: usize,
}

impl Crawler for Secrets {
    type Parsed = Found;

    /// Every text but the rows of datasets, whose columns are classified instead.
    fn claims(file: &File) -> bool {
        file.text.is_some() && !data::is_rows(file)
    }

    fn parse(file: &File, context: Context<'_>) -> Found {
        let text = file.text.as_deref().unwrap_or_default();
        let searched = searched(file, text);
        Found { hits: context.rules.secrets.scan(searched), unread: text.len() - searched.len() }
    }

    fn resolve(parsed: Vec<(&File, Found)>, _context: Context<'_>, facts: &mut Facts) {
        for (file, found) in parsed {
            let beyond = found.hits.len().saturating_sub(HITS);
            let mut nth: BTreeMap<String, usize> = BTreeMap::new();
            for hit in found.hits.into_iter().take(HITS) {
                let nth = nth.entry(hit.rule.clone()).or_default();
                *nth += 1;
                facts.assets.push(secret(file, &hit, *nth));
            }
            let mut gap = |message: String| {
                facts.gaps.push(Gap { place: Place::file(&file.path), kind: GapKind::Limit, message })
            };
            if found.unread > 0 {
                gap(format!("the last {} bytes of a generated file were not searched for secrets", found.unread));
            }
            if beyond > 0 {
                gap(format!("{beyond} secrets beyond the first {HITS} are not listed"));
            }
        }
    }
}

/// The part of `text` that is searched: all of it, but of generated files.
pub(crate) fn searched<'a>(file: &File, text: &'a str) -> &'a str {
    let name = file.name().to_ascii_lowercase();
    let is_lock = LOCKS.contains(&name.as_str()) || name.contains(".min.") || name.ends_with(".map");
    let is_minified = || text.len() / (memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1) > MINIFIED_LINE;
    if text.len() <= GENERATED_BYTES || !(is_lock || is_minified()) {
        return text;
    }
    let mut end = GENERATED_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// The `nth` secret of its rule in `file`. Its identity is that and no value, so that other edits leave it.
fn secret(file: &File, hit: &SecretHit, nth: usize) -> Asset {
    let address = format!("{}/{nth}", hit.rule);
    let id = AssetId::new(AssetKind::Secret, &file.path, &address);
    let mut asset = Asset::new(id, AssetKind::Secret, format!("{} ({})", file.path, hit.rule), hit.title.clone());
    let place = file.place(hit.span.start, hit.span.end);
    asset.type_name.clone_from(&hit.rule);
    asset.in_tests = file.in_tests;
    asset.set("secretKind", hit.rule.as_str(), Some(place.clone()));
    asset.set("placeholder", hit.placeholder, Some(place.clone()));
    if hit.test_mode {
        asset.set("mode", "test", Some(place.clone()));
    }
    asset.place = Some(place);
    let mut tag = Tag::new(hit.class.clone(), Basis::Value, Confidence::percent(hit.confidence));
    tag.rule.clone_from(&hit.rule);
    (tag.hits, tag.of) = (1, 1);
    tag.example_shape = Some(hit.shape.clone());
    asset.add_tag(tag);
    asset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_not_searched_but_other_texts_are() {
        assert!(!Secrets::claims(&File::in_memory("a.csv", "a,b\n1,2\n")));
        assert!(Secrets::claims(&File::in_memory("a.py", "x = 1\n")));
        assert!(Secrets::claims(&File::in_memory("a.json", "[{\"a\":1},{\"a\":2}]")), "an array may be configuration");
    }

    #[test]
    fn generated_files_are_bounded() {
        let long = "a".repeat(3 << 20);
        assert_eq!(searched(&File::in_memory("x.js", ""), &long).len(), GENERATED_BYTES);
        assert_eq!(searched(&File::in_memory("yarn.lock", ""), &"a b\n".repeat(1 << 20)).len(), GENERATED_BYTES);
        assert_eq!(searched(&File::in_memory("x.py", ""), &"a b\n".repeat(1 << 20)).len(), 4 << 20);
        let wide = "é".repeat(1 << 20);
        assert!(searched(&File::in_memory("x.js", ""), &wide).len() <= GENERATED_BYTES);
    }

    #[test]
    fn a_secret_is_known_by_rule_and_number() {
        let hit = SecretHit {
            rule: "some-token".into(),
            title: "Some token".into(),
            class: aedile_model::Class::new("credential.token"),
            span: 4..9,
            shape: "aaaaa".into(),
            placeholder: false,
            test_mode: false,
            confidence: 90,
        };
        let asset = secret(&File::in_memory("a/b.py", "x = token"), &hit, 2);
        assert_eq!(asset.id.as_str(), "Secret:a/b.py#some-token/2");
        assert_eq!(asset.address, "a/b.py (some-token)");
        assert_eq!(asset.tags.first().map(|tag| tag.confidence.value()), Some(90));
    }

    #[test]
    fn lock_files_are_sorted() {
        assert!(LOCKS.is_sorted());
    }
}
