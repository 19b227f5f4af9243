//! An unknown value on a line of its own, among members or items, is an unknown member or item.

use super::text::{Rich, is_open};

/// The same text with such lines as a reader of YAML takes them, if there is one.
pub(super) fn mended(text: &Rich) -> Option<Rich> {
    let lines: Vec<&str> = text.text.split('\n').collect();
    let mut whole = Rich::default();
    let (mut at, mut is_mended) = (0, false);
    for (number, line) in lines.iter().enumerate() {
        whole.push(if number > 0 { "\n" } else { "" }, None);
        let core = line.trim();
        let begins = at + line.len() - line.trim_start().len();
        match beside(&lines, number).filter(|_| is_open(core)) {
            None => whole.append(&text.slice(at, at + line.len()), None),
            Some(beside) => {
                is_mended = true;
                let from = text.at(begins);
                whole.append(&text.slice(at, begins), None);
                whole.push(if is_item(beside) { "- " } else { "" }, from);
                whole.append(&text.slice(begins, begins + core.len()), None);
                whole.push(if is_item(beside) { "" } else { ":" }, from);
            }
        }
        at += line.len() + 1;
    }
    is_mended.then_some(whole)
}

fn is_item(line: &str) -> bool {
    line.starts_with("- ") || line == "-"
}

/// A line that is moved in as far as the one of that number, in the same mapping or list: the one before, or the one behind.
fn beside<'l>(lines: &[&'l str], number: usize) -> Option<&'l str> {
    let moved = |line: &str| line.len() - line.trim_start().len();
    let width = moved(lines.get(number)?);
    let said = |line: &&&str| !line.trim().is_empty() && !line.trim_start().starts_with('#') && !is_open(line.trim());
    let near = |mut all: Box<dyn Iterator<Item = &&'l str> + '_>| {
        all.find(|line| said(line) && moved(line) <= width).filter(|line| moved(line) == width).map(|line| line.trim())
    };
    let before = near(Box::new(lines.get(..number)?.iter().rev().take(REACH)));
    before.or_else(|| near(Box::new(lines.get(number + 1..)?.iter().take(REACH))))
}

/// Lines that are looked at for one.
const REACH: usize = 200;
