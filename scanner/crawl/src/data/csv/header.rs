//! Whether the first row holds the names of the columns.

/// The longest cell that can be a column's name, in characters.
const NAME: usize = 64;

/// What the first row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstRow {
    /// Names of columns.
    Names,
    /// Data like the rows below.
    Data,
    /// It could be either: words above words.
    Either,
}

/// What `first` is, given the rows below it.
///
/// Taking data for names would put values into reports, so anything that looks like a value (a number, a
/// date, an address, a repeated cell) makes it data, and names must differ from what is below them somewhere.
pub(crate) fn first_row(first: &[String], below: &[Vec<String>]) -> FirstRow {
    let cells: Vec<&str> = first.iter().map(|cell| cell.trim()).collect();
    let filled: Vec<&str> = cells.iter().copied().filter(|cell| !cell.is_empty()).collect();
    if filled.is_empty() || filled.len() * 2 < cells.len() || !filled.iter().all(|cell| could_be_name(cell)) {
        return FirstRow::Data;
    }
    let mut columns = cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
    let repeats =
        |(at, cell): (usize, &&str)| below.iter().any(|row| row.get(at).is_some_and(|other| other.trim() == *cell));
    if columns.any(repeats) {
        return FirstRow::Data;
    }
    let differs = |at: usize, cell: &str| {
        let shapes: Vec<Shape> = below
            .iter()
            .filter_map(|row| row.get(at))
            .filter(|other| !other.trim().is_empty())
            .map(|other| shape(other))
            .collect();
        !shapes.is_empty() && shapes.iter().filter(|&&other| other == shape(cell)).count() * 5 <= shapes.len()
    };
    if cells.iter().enumerate().any(|(at, cell)| !cell.is_empty() && differs(at, cell)) {
        FirstRow::Names
    } else {
        FirstRow::Either
    }
}

/// Whether `cell` has the form of a column's name and not of a value.
fn could_be_name(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
    cell.chars().count() <= NAME
        && !cell.contains(['@', '\n'])
        && !cell.contains("://")
        && letters >= 1
        && digits <= letters.max(4)
        && !digits_in_a_row(cell, 5)
        && !looks_like_date(cell)
}

fn digits_in_a_row(cell: &str, count: usize) -> bool {
    cell.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() >= count)
}

fn looks_like_date(cell: &str) -> bool {
    let runs: Vec<&str> = cell.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
    runs.len() >= 3 && cell.contains(['-', '/', '.', ':'])
}

/// The rough form of a cell: what tells `birth_date` from `1980-02-03` and `name` from `Smith`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Number,
    Lower,
    Upper,
    Capitalised,
    Mixed,
}

fn shape(cell: &str) -> Shape {
    let cell = cell.trim();
    if cell.chars().filter(char::is_ascii_digit).count() * 2 > cell.chars().filter(|c| !c.is_whitespace()).count() {
        return Shape::Number;
    }
    if cell.chars().any(|c| c.is_ascii_digit() || matches!(c, '@' | '/' | '#')) {
        return Shape::Mixed;
    }
    let mut letters = cell.chars().filter(|c| c.is_alphabetic());
    let first_upper = letters.next().is_some_and(char::is_uppercase);
    let (upper, lower) = letters
        .fold((0, 0), |(upper, lower), c| if c.is_uppercase() { (upper + 1, lower) } else { (upper, lower + 1) });
    match (first_upper, upper, lower) {
        (true, _, 0) => Shape::Upper,
        (true, _, _) => Shape::Capitalised,
        (false, 0, _) => Shape::Lower,
        (false, _, _) => Shape::Mixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(rows: &[&str]) -> FirstRow {
        let mut rows = rows.iter().map(|row| row.split(',').map(str::to_owned).collect::<Vec<_>>());
        let first = rows.next().unwrap();
        first_row(&first, &rows.collect::<Vec<_>>())
    }

    #[test]
    fn names_above_values_are_names() {
        assert_eq!(judged(&["id,name", "1,Ann", "2,Bob"]), FirstRow::Names);
        assert_eq!(judged(&["name,city", "Smith,Boston", "Jones,Austin"]), FirstRow::Names);
        assert_eq!(judged(&["Patient Name,Phone #", "Ann,555-1234"]), FirstRow::Names);
    }

    #[test]
    fn values_are_never_taken_for_names() {
        assert_eq!(judged(&["1,Ann", "2,Bob"]), FirstRow::Data);
        assert_eq!(judged(&["ann@x.org,Smith", "bob@x.org,Jones"]), FirstRow::Data);
        assert_eq!(judged(&["1980-02-03,Ann", "1981-02-03,Bob"]), FirstRow::Data);
        assert_eq!(judged(&["Smith,M", "Jones,M"]), FirstRow::Data, "a cell that comes again is data");
    }

    #[test]
    fn words_above_words_may_be_either() {
        assert_eq!(judged(&["Smith,Boston", "Jones,Austin"]), FirstRow::Either);
        assert_eq!(judged(&["name,city"]), FirstRow::Either);
    }
}
