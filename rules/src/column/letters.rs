//! What a text reads like by its letters: a name, an address, a place, a job, an organisation or none of them.
//!
//! Lists know the words that stand in them; of names and places of the world that is a small part. This is a linear
//! model over hashed letter n-grams with weights of eight bits, trained by `letters/train.py`. It adds whole numbers only,
//! so that it says the same on every machine. One cell proves nothing; a column is told by the share of its cells.

use serde::Deserialize;

/// What a text reads like, in the order of the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reads {
    /// None of the others.
    Other,
    /// A whole name of a person.
    Person,
    /// A given name.
    Given,
    /// A family name.
    Family,
    /// A street with a number, or a whole postal address.
    Address,
    /// A town.
    City,
    /// A job.
    Job,
    /// A company or another organisation.
    Organisation,
}

impl Reads {
    const ALL: [Reads; 8] = [
        Reads::Other,
        Reads::Person,
        Reads::Given,
        Reads::Family,
        Reads::Address,
        Reads::City,
        Reads::Job,
        Reads::Organisation,
    ];

    /// Whether it is a name of a person or a part of one.
    pub(crate) fn is_name(self) -> bool {
        matches!(self, Reads::Person | Reads::Given | Reads::Family)
    }

    /// What cells that read so are, for a reason.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Reads::Other => "none of the kinds of words known",
            Reads::Person => "names of people",
            Reads::Given => "given names",
            Reads::Family => "family names",
            Reads::Address => "postal addresses",
            Reads::City => "names of towns",
            Reads::Job => "jobs",
            Reads::Organisation => "names of organisations",
        }
    }

    /// What `text` reads like.
    pub(crate) fn of(text: &str) -> Reads {
        let mut sums = [0_i32; Self::ALL.len()];
        for bucket in features(text) {
            let start = usize::from(bucket) * sums.len();
            let weights = WEIGHTS.get(start..start + sums.len()).unwrap_or_default();
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += i32::from(weight.cast_signed());
            }
        }
        // Of equals the first.
        let best = Self::ALL.into_iter().zip(sums).rev().max_by_key(|(_, sum)| *sum);
        best.map_or(Reads::Other, |(reads, _)| reads)
    }
}

/// 2¹⁶ buckets of eight weights.
const WEIGHTS: &[u8] = include_bytes!("../../letters/weights.bin");

/// Characters looked at.
const LONGEST: usize = 64;

/// The buckets of a text, sorted, each once. `letters/train.py` has the same.
fn features(text: &str) -> Vec<u16> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain: String = words.join(" ").chars().take(LONGEST).collect();
    let mut found = vec![bucket(&format!("\u{1}w{}", words.len().min(9))), bucket("\u{1}")];
    let is_digit = |c: char| c.is_ascii_digit();
    if plain.contains(is_digit) {
        found.push(bucket(if plain.starts_with(is_digit) { "\u{1}d0" } else { "\u{1}d1" }));
    }
    if plain.contains(',') {
        found.push(bucket("\u{1},"));
    }
    if plain.contains(char::is_alphabetic) {
        let is_upper = |c: char| c.to_uppercase().eq([c]);
        if words.iter().all(|word| word.chars().next().is_some_and(is_upper)) {
            found.push(bucket("\u{1}T"));
        }
        if plain.to_uppercase() == plain {
            found.push(bucket("\u{1}U"));
        }
        if plain.to_lowercase() == plain {
            found.push(bucket("\u{1}l"));
        }
    }
    let mut written = vec!['^'];
    for c in plain.chars() {
        match c {
            '0'..='9' => written.push('0'),
            c if c.is_ascii() => written.push(c.to_ascii_lowercase()),
            c => written.extend(c.to_lowercase()),
        }
    }
    written.push('$');
    // Runs of one to four characters; a run goes on where the shorter one ended.
    for at in 0..written.len() {
        let mut hash = SEED;
        for c in written.iter().skip(at).take(4) {
            hash = hashed(hash, c.encode_utf8(&mut [0; 4]));
            found.push(folded(hash));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn bucket(text: &str) -> u16 {
    folded(hashed(SEED, text))
}

/// FNV-1a of 32 bits (Fowler, Noll, Vo).
const SEED: u32 = 0x811C_9DC5;

fn hashed(hash: u32, text: &str) -> u32 {
    text.bytes().fold(hash, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Thirty-two bits as sixteen.
fn folded(hash: u32) -> u16 {
    let [_, _, high, low] = (hash ^ (hash >> 16)).to_be_bytes();
    u16::from_be_bytes([high, low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_whole() {
        assert_eq!(WEIGHTS.len(), (1 << 16) * Reads::ALL.len());
    }

    /// The sums were made by `features` of `letters/train.py`.
    #[test]
    fn features_are_those_that_the_model_was_trained_on() {
        for (text, count, sum) in [
            ("Katarzyna Wiśniewska", 77, 2440420),
            ("佐藤 花子", 27, 1000717),
            ("14 Rosewood Avenue, Leeds", 96, 3444894),
            ("O'NEIL  Siobhán", 58, 2309147),
            ("x_y 12", 29, 901056),
            ("ΣΟΦΙΑ Παπαδοπούλου", 69, 2565704),
            ("محمد علي", 38, 1270477),
        ] {
            let found = features(text);
            assert_eq!(
                (found.len(), found.iter().map(|bucket| u64::from(*bucket)).sum::<u64>()),
                (count, sum),
                "{text}"
            );
        }
    }

    #[test]
    fn names_places_and_things_are_told_apart() {
        for (text, reads) in [
            ("Katarzyna Wiśniewska", Reads::Person),
            ("佐藤 花子", Reads::Person),
            ("14 Rosewood Avenue, Leeds", Reads::Address),
            ("Müller Logistik GmbH & Co. KG", Reads::Organisation),
            ("the parcel was left at the door", Reads::Other),
            ("wireless keyboard black", Reads::Other),
        ] {
            assert_eq!(Reads::of(text), reads, "{text}");
        }
    }
}
