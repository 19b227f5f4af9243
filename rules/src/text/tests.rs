//! What is found at the places that signs show is what is found by trying every word.

use super::{Found, is_word, value_at};
use crate::{Identifiers, Rules};

impl Identifiers {
    /// What the finder gives, found by trying every word: the reference.
    fn spans_plain(&self, text: &str) -> Vec<Found> {
        let bytes = text.as_bytes();
        let mut walk = self.text.all.walk().expect("there are shapes");
        let (mut found, mut at, mut inside) = (Vec::new(), 0, false);
        while at < bytes.len() {
            let word = is_word(bytes[at]);
            let value = (word && !inside).then(|| value_at(self, &mut walk, bytes, at)).flatten();
            (at, inside) = value.as_ref().map_or((at + 1, word), |value| (value.span.end, true));
            found.extend(value);
        }
        found
    }
}

#[test]
fn signs_lose_nothing() {
    let rules = Rules::load(&[]).expect("our packs load").identifiers;
    let speaking = rules.rules.iter().filter(|rule| rule.speaks);
    let mut pieces: Vec<String> =
        speaking.flat_map(|rule| vec![rule.spec.examples.cells.clone(); 8].concat()).collect();
    pieces.extend(rules.rules.iter().flat_map(|rule| rule.spec.counter_examples.cells.clone()));
    let mut seed = 25_11_u64;
    let mut next = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut hits = 0;
    for _ in 0..3_000 {
        let mut text = String::new();
        for _ in 0..next(9) {
            let piece: Vec<char> = pieces[next(pieces.len())].chars().collect();
            let cut = if next(4) == 0 { next(piece.len() + 1) } else { 0 };
            text.extend(&piece[cut..]);
            text.push_str([" ", "\n", ", ", "=", "@", "-", "", "é", "word ", "A1", "("][next(11)]);
        }
        let mut found = Vec::new();
        rules.finder().each(&text, |one| found.push(one));
        hits += found.len();
        assert_eq!(found, rules.spans_plain(&text), "{text}");
    }
    assert!(hits > 500, "{hits} values are too few to show anything");
}
