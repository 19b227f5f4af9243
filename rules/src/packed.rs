//! Our packs as the build script made them into JSON.

use std::hash::{DefaultHasher, Hash, Hasher};

include!(concat!(env!("OUT_DIR"), "/packed.rs"));

/// The pack `name` as JSON, if `text` is what we had under that name when the program was made: of a pack of the user
/// with the name of one of ours there is none.
pub(crate) fn json(name: &str, text: &str) -> Option<&'static str> {
    let at = PACKED.binary_search_by_key(&name, |(name, ..)| name).ok()?;
    let (_, hash, json) = PACKED.get(at)?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    (hasher.finish() == *hash).then_some(json)
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;

    use super::*;

    /// Of every pack in the tables both forms say the same.
    fn same<T: DeserializeOwned + Debug>(packs: &[(&str, &str)]) {
        for (name, text) in packs {
            let packed: T = serde_json::from_str(json(name, text).unwrap_or_else(|| panic!("{name} is not packed")))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let written: T = serde_yaml::from_str(text).unwrap();
            let (packed, written) = (format!("{packed:#?}"), format!("{written:#?}"));
            if let Some((one, other)) = packed.lines().zip(written.lines()).find(|(one, other)| one != other) {
                panic!("{name}: {one} is not {other}");
            }
            assert_eq!(packed.len(), written.len(), "{name}");
        }
    }

    #[test]
    fn packs_as_json_say_what_they_say_as_yaml() {
        same::<crate::identifier::form::Pack>(crate::identifier::PACKS);
        same::<crate::secret::Pack>(crate::secret::PACKS);
        same::<crate::api::Pack>(crate::api::PACKS);
        same::<crate::resource::Pack>(crate::resource::PACKS);
        same::<crate::fix::Pack>(crate::fix::PACKS);
    }

    #[test]
    fn another_text_under_our_name_is_not_ours() {
        let (name, text) = crate::secret::PACKS[0];
        assert!(json(name, text).is_some());
        assert!(json(name, &format!("{text} ")).is_none());
        assert!(json("secrets/none.yaml", text).is_none());
    }
}
