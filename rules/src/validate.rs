//! Validators: the check digits, calendars and structures behind the shapes of the packs.
//!
//! A pack names a validator; every validator takes a whole cell (or the span of a secret), drops the
//! separators it knows itself, and says whether the number can have been issued. None looks anything
//! up. `oracle/vectors.csv` holds numbers judged by python-stdnum for those it knows as well.

mod americas;
mod contact;
mod digits;
mod financial;
mod token;

/// Whether a cell, or the span of a secret, has the structure that its shape promises.
pub(crate) type Validator = fn(&[u8]) -> bool;

/// Every validator by the name that packs use, sorted by it.
pub(crate) const VALIDATORS: &[(&str, Validator)] = &[
    ("aba_routing", financial::aba_routing),
    ("aws_key_id", token::aws_key_id),
    ("card_number", financial::card_number),
    ("email", contact::email),
    ("iban", financial::iban),
    ("phone_e164", contact::phone_e164),
    ("phone_national", contact::phone_national),
    ("us_ssn", americas::us_ssn),
];

/// The validator of that name.
pub(crate) fn lookup(name: &str) -> Option<Validator> {
    let at = VALIDATORS
        .binary_search_by_key(&name, |(name, _)| name)
        .ok()?;
    VALIDATORS.get(at).map(|(_, validator)| *validator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validators_are_sorted_by_name() {
        assert!(VALIDATORS.is_sorted_by(|(one, _), (next, _)| one < next));
    }

    #[test]
    fn no_validator_accepts_nothing_or_panics_on_hostile_bytes() {
        let long = vec![b'9'; 4096];
        for (name, validator) in VALIDATORS {
            assert!(!validator(b""), "{name}");
            for hostile in [
                b"\xff\xfe".as_slice(),
                b"-",
                b"\0\0\0\0\0\0\0\0\0",
                "ÄÖÜß€".as_bytes(),
                &long,
            ] {
                let _ = validator(hostile);
            }
        }
    }
}
