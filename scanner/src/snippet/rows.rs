//! Values of rows inside SQL: what `INSERT … VALUES` and `COPY … FROM stdin` carry is data, wherever it stands.

use std::ops::Range;

/// The byte ranges of literals that `text` inserts into tables: contents of quotes, numbers, copied lines.
pub(super) fn values(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = lower.get(at..) {
        let next = [("insert", true), ("copy", false)];
        let Some((start, inserts)) =
            next.iter().filter_map(|(word, inserts)| Some((at + rest.find(word)?, *inserts))).min()
        else {
            break;
        };
        at = match inserts {
            true => inserted(&lower, start + "insert".len(), &mut found),
            false => copied(&lower, start + "copy".len(), &mut found),
        };
    }
    found
}

/// Literals behind the `values` of the statement that `insert` at `from` begins; says where to look on.
fn inserted(lower: &str, from: usize, found: &mut Vec<Range<usize>>) -> usize {
    let statement = lower.get(from..).map_or(0, |rest| rest.find(';').unwrap_or(rest.len()));
    let Some(values) = lower.get(from..from + statement).and_then(|text| text.find("values")) else { return from };
    let bytes = lower.as_bytes();
    let byte = |at: usize| bytes.get(at).copied();
    let (mut at, mut depth) = (from + values + "values".len(), 0_u32);
    while let Some(now) = byte(at) {
        match now {
            b'\'' => {
                let start = at + 1;
                at = quote_end(bytes, start);
                found.push(start..at);
            }
            b'0'..=b'9' => {
                let start = at;
                while byte(at + 1).is_some_and(|next| next.is_ascii_alphanumeric() || next == b'.') {
                    at += 1;
                }
                found.push(start..at + 1);
            }
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' => {}
            _ if depth > 0 || now.is_ascii_whitespace() => {}
            _ => break,
        }
        at += 1;
    }
    at
}

/// Where the quoted text that begins at `from` ends: doubled quotes and those behind a backslash belong to it.
fn quote_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    loop {
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\\'), Some(_)) | (Some(b'\''), Some(b'\'')) => at += 2,
            (Some(b'\''), _) | (None, _) => return at.min(bytes.len()),
            _ => at += 1,
        }
    }
}

/// The lines that the statement that `copy` at `from` begins reads; says where to look on.
fn copied(lower: &str, from: usize, found: &mut Vec<Range<usize>>) -> usize {
    let Some(rest) = lower.get(from..) else { return from };
    let Some(end) = rest.find(";\n") else { return from };
    if !rest.get(..end).is_some_and(|statement| statement.contains("from stdin")) {
        return from;
    }
    let start = from + end + 2;
    let length = lower.get(start..).map_or(0, |rows| rows.find("\\.\n").unwrap_or(rows.len()));
    found.push(start..start + length);
    start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for span in values(text) {
            bytes[span].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b'*');
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn literals_of_rows_are_found_and_statements_are_not() {
        let text = "INSERT INTO p (a, b2) VALUES ('O''Neil', 12.5), ('x\\'y', NULL);\nSELECT 'kept', 7 FROM p;\n";
        assert_eq!(
            shown(text),
            "INSERT INTO p (a, b2) VALUES ('*******', ****), ('****', NULL);\nSELECT 'kept', 7 FROM p;\n"
        );
        assert_eq!(shown("insert into p select 'kept' from q;"), "insert into p select 'kept' from q;");
        assert_eq!(
            shown("execute(\"INSERT INTO p VALUES ('Ann')\", 'kept')"),
            "execute(\"INSERT INTO p VALUES ('***')\", 'kept')"
        );
        assert_eq!(shown("INSERT INTO p VALUES ('never closed"), "INSERT INTO p VALUES ('************");
    }

    #[test]
    fn copied_lines_are_data_up_to_their_end() {
        let text = "COPY p (a) FROM stdin;\nAnn\t1\nBo\n\\.\nSELECT 1;\n";
        assert_eq!(shown(text), "COPY p (a) FROM stdin;\n*****\n**\n\\.\nSELECT 1;\n");
        assert_eq!(shown("a copy of\nthe text; kept\n"), "a copy of\nthe text; kept\n");
    }
}
