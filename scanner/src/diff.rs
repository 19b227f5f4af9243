//! Unified diffs of texts, as `git apply` reads them.

use std::fmt::Write as _;

/// Lines of context around a change.
pub(crate) const CONTEXT: usize = 3;

/// Differences beyond which the rest of two texts counts as replaced.
const MOST: usize = 2_000;

/// One line of a comparison: in both, in the old one only, in the new one only. Offsets count lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Both(usize, usize),
    Old(usize),
    New(usize),
}

/// The difference of two texts of the file `path`; empty if there is none.
#[must_use]
pub(crate) fn unified(path: &str, old: &str, new: &str) -> String {
    unified_behind(path, 0, old, new)
}

/// As [`unified`] of two stretches of lines that stand behind `before` others, which are the same in both texts.
#[must_use]
pub(crate) fn unified_behind(path: &str, before: usize, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let (one, other): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let lines = compared(&one, &other);
    let mut out = format!("--- a/{path}\n+++ b/{path}\n");
    let changed: Vec<usize> = (0..lines.len()).filter(|at| !matches!(lines.get(*at), Some(Line::Both(..)))).collect();
    let mut next = 0;
    while let Some(&first) = changed.get(next) {
        let mut last = first;
        while let Some(&following) = changed.get(next).filter(|at| **at <= last + 2 * CONTEXT + 1) {
            last = following;
            next += 1;
        }
        let hunk = lines.get(first.saturating_sub(CONTEXT)..(last + CONTEXT + 1).min(lines.len())).unwrap_or_default();
        let before_it = lines.get(..first.saturating_sub(CONTEXT)).unwrap_or_default();
        write_hunk(&mut out, before, (hunk, before_it), &one, &other);
    }
    out
}

fn write_hunk(out: &mut String, before: usize, (hunk, before_it): (&[Line], &[Line]), old: &[&str], new: &[&str]) {
    let count = |lines: &[Line], of_old: bool| {
        lines
            .iter()
            .filter(|line| matches!((line, of_old), (Line::Both(..), _) | (Line::Old(_), true) | (Line::New(_), false)))
            .count()
    };
    let range = |of_old: bool| {
        let (start, length) = (before + count(before_it, of_old), count(hunk, of_old));
        // A side without lines names the line before it.
        let start = if length == 0 { start } else { start + 1 };
        if length == 1 { start.to_string() } else { format!("{start},{length}") }
    };
    let _ = writeln!(out, "@@ -{} +{} @@", range(true), range(false));
    for line in hunk {
        let (sign, text) = match line {
            Line::Both(at, _) => (' ', old.get(*at)),
            Line::Old(at) => ('-', old.get(*at)),
            Line::New(at) => ('+', new.get(*at)),
        };
        let text = text.copied().unwrap_or_default();
        out.push(sign);
        out.push_str(text);
        if !text.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// The shortest way from one text to the other (E. Myers, An O(ND) Difference Algorithm, 1986), equal ends apart.
fn compared(old: &[&str], new: &[&str]) -> Vec<Line> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = |lines: &[&str]| lines.len() - head;
    let most = rest(old).min(rest(new));
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let (a, b) =
        (old.get(head..old.len() - tail).unwrap_or_default(), new.get(head..new.len() - tail).unwrap_or_default());
    let mut lines: Vec<Line> = (0..head).map(|at| Line::Both(at, at)).collect();
    lines.extend(middle(a, b).into_iter().map(|line| match line {
        Line::Both(x, y) => Line::Both(head + x, head + y),
        Line::Old(x) => Line::Old(head + x),
        Line::New(y) => Line::New(head + y),
    }));
    lines.extend((0..tail).map(|at| Line::Both(old.len() - tail + at, new.len() - tail + at)));
    lines
}

fn middle(a: &[&str], b: &[&str]) -> Vec<Line> {
    let replaced = || (0..a.len()).map(Line::Old).chain((0..b.len()).map(Line::New)).collect();
    let bound = (a.len() + b.len()).min(MOST);
    // For each number of differences: how far each diagonal reaches, diagonals shifted by `bound + 1`.
    let mut reach = vec![0usize; 2 * bound + 3];
    let mut trace: Vec<Vec<usize>> = Vec::new();
    let at = |reach: &[usize], k: i64| {
        usize::try_from(k + bound as i64 + 1).ok().and_then(|at| reach.get(at)).copied().unwrap_or(0)
    };
    for d in 0..=bound {
        trace.push(reach.clone());
        let d = d as i64;
        let mut k = -d;
        while k <= d {
            let down = k == -d || (k != d && at(&reach, k - 1) < at(&reach, k + 1));
            let mut x = if down { at(&reach, k + 1) } else { at(&reach, k - 1) + 1 };
            while let Some(y) = usize::try_from(x as i64 - k).ok()
                && let (Some(one), Some(other)) = (a.get(x), b.get(y))
                && one == other
            {
                x += 1;
            }
            if let Some(slot) = usize::try_from(k + bound as i64 + 1).ok().and_then(|at| reach.get_mut(at)) {
                *slot = x;
            }
            if x >= a.len() && x as i64 - k >= b.len() as i64 {
                return walked(a, b, &trace, bound);
            }
            k += 2;
        }
    }
    replaced()
}

/// The way back through `trace`.
fn walked(a: &[&str], b: &[&str], trace: &[Vec<usize>], bound: usize) -> Vec<Line> {
    let at = |reach: &[usize], k: i64| {
        usize::try_from(k + bound as i64 + 1).ok().and_then(|at| reach.get(at)).copied().unwrap_or(0)
    };
    let (mut x, mut y) = (a.len() as i64, b.len() as i64);
    let mut lines = Vec::new();
    for (d, reach) in trace.iter().enumerate().rev() {
        let (d, k) = (d as i64, x - y);
        let down = k == -d || (k != d && at(reach, k - 1) < at(reach, k + 1));
        let from = if down { k + 1 } else { k - 1 };
        let (px, py) = (at(reach, from) as i64, at(reach, from) as i64 - from);
        while x > px && y > py && x > 0 && y > 0 {
            (x, y) = (x - 1, y - 1);
            lines.push(Line::Both(x as usize, y as usize));
        }
        if d > 0 {
            if down {
                y -= 1;
                lines.push(Line::New(y.max(0) as usize));
            } else {
                x -= 1;
                lines.push(Line::Old(x.max(0) as usize));
            }
        }
    }
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_near_each_other_share_a_hunk() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\n";
        let new = old.replace("b\n", "B\n").replace("e\n", "e\nE\n").replace("o\n", "");
        assert_eq!(
            unified("x.tf", old, &new),
            "--- a/x.tf\n+++ b/x.tf\n@@ -1,8 +1,9 @@\n a\n-b\n+B\n c\n d\n e\n+E\n f\n g\n h\n@@ -12,5 +13,4 @@\n l\n m\n n\n-o\n p\n"
        );
    }

    #[test]
    fn a_missing_last_line_end_is_told() {
        assert_eq!(
            unified("x", "a", "a\nb"),
            "--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file\n"
        );
        assert_eq!(unified("x", "", "b\n"), "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+b\n");
        assert_eq!(unified("x", "a\n", "a\n"), "");
    }

    #[test]
    fn the_lines_around_a_patch_differ_as_the_whole_text_does() {
        use aedile_model::{Patch, Place, Span};
        let block = |n: usize| {
            format!(
                "resource \"aws_s3_bucket\" \"b{n}\" {{\n  bucket = \"b{n}\"\n  acl = \"x\"\n  tags = {{\n    a = 1\n  }}\n}}\n"
            )
        };
        let text: String = (0..30).map(block).collect();
        let path = std::sync::Arc::from("x.tf");
        let edit = |at: usize, until: usize, replacement: &str| {
            let span = Span { start: at as u32, end: until as u32 };
            Patch { place: Place { span, ..Place::file(&path) }, replacement: replacement.to_owned() }
        };
        for n in [0, 1, 15, 29] {
            let start = text.find(&block(n)).unwrap();
            let acl = start + block(n).find("  acl").unwrap();
            for edits in [
                vec![edit(acl, acl, "  force_destroy = false\n")],
                vec![
                    edit(acl + 2, acl + 12, "acl = \"private\""),
                    edit(start + block(n).len(), start + block(n).len(), "\n# end\n"),
                ],
                vec![edit(0, 0, "# first\n"), edit(acl, acl, "  longer_than_all_others = 1\n")],
            ] {
                let whole = unified("x.tf", &text, &aedile_crawl::patched("x.tf", &text, &edits));
                let lines = aedile_crawl::surroundings("x.tf", &text, &edits.iter().collect::<Vec<_>>(), CONTEXT);
                let before = text[..lines.start].matches('\n').count();
                let moved: Vec<Patch> = edits
                    .iter()
                    .map(|edit| {
                        let Span { start, end } = edit.place.span;
                        let start_of = lines.start as u32;
                        let span = Span { start: start - start_of, end: end - start_of };
                        Patch { place: Place { span, ..edit.place.clone() }, ..edit.clone() }
                    })
                    .collect();
                let old = &text[lines.clone()];
                let local = unified_behind("x.tf", before, old, &aedile_crawl::patched("x.tf", old, &moved));
                assert_eq!(local, whole, "{n}");
            }
        }
    }

    #[test]
    fn lines_of_both_sides_are_all_there() {
        let texts = ["a\nb\nc\n", "b\nc\na\n", "", "c\nc\nb\na\nb\n", "x\n"];
        for old in texts {
            for new in texts {
                let (a, b): (Vec<&str>, Vec<&str>) =
                    (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
                let lines = compared(&a, &b);
                let of_old: Vec<&str> = lines
                    .iter()
                    .filter_map(|line| match line {
                        Line::Both(x, _) | Line::Old(x) => Some(a[*x]),
                        Line::New(_) => None,
                    })
                    .collect();
                let of_new: Vec<&str> = lines
                    .iter()
                    .filter_map(|line| match line {
                        Line::Both(_, y) | Line::New(y) => Some(b[*y]),
                        Line::Old(_) => None,
                    })
                    .collect();
                assert_eq!((of_old, of_new), (a.clone(), b.clone()), "{old:?} {new:?}");
            }
        }
    }
}
