/// The candidate most like `word`, if one is near enough to be meant: at most half of it differs.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate.chars().next() != word.chars().next(), candidate))
        .min()
        .filter(|(edits, _, candidate)| edits * 2 <= word.chars().count().max(candidate.chars().count()))
        .map(|(_, _, candidate)| candidate)
}

/// "did you mean `…`?" where something is near, else what there is.
pub(crate) fn advice(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("known are {}", candidates.join(", ")),
    }
}

/// Insertions, deletions and replacements between the two (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), i + 1);
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = *cell;
            *cell = replaced.min(left + 1).min(diagonal + 1);
            left = *cell;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        assert_eq!(nearest("severty", ["severity", "title"]), Some("severity"));
        assert_eq!(nearest("titel", ["cites", "title"]), Some("title"));
        assert_eq!(nearest("colour", ["severity", "title"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
