//! The instructions of a Dockerfile: lines joined by `\`, comments left out, here-documents taken whole.

/// One instruction.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Its name in upper case.
    pub(super) name: String,
    /// `--name=value` before the arguments.
    flags: Vec<(String, String)>,
    /// What stands after name and flags, on one line.
    pub(super) rest: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Instruction {
    /// The value of a flag; empty for one without a value.
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Its words; quotes keep blanks together and stay.
    pub(super) fn words(&self) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
        for c in self.rest.chars() {
            match quote {
                Some(open) if c == open => {
                    quote = None;
                    word.push(c);
                }
                None if matches!(c, '"' | '\'') => {
                    quote = Some(c);
                    word.push(c);
                }
                None if c.is_whitespace() => {
                    if !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                }
                _ => word.push(c),
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
        words
    }

    /// What a `COPY` or `ADD` copies: all but the last word, in its form of a list too.
    pub(super) fn sources(&self) -> Vec<String> {
        let rest = self.rest.trim();
        let mut words = match serde_json::from_str::<Vec<String>>(rest) {
            Ok(list) => list,
            Err(_) => self.words(),
        };
        words.pop();
        words.retain(|word| !word.starts_with("<<"));
        words
    }
}

/// The instructions of `text`.
pub(super) fn instructions(text: &str) -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut escape = '\\';
    let mut lines = lines(text).into_iter().peekable();
    while let Some((start, line)) = lines.next() {
        let trimmed = line.trim();
        if let Some(comment) = trimmed.strip_prefix('#') {
            if let Some(other) = comment.trim().strip_prefix("escape=").and_then(|mark| mark.trim().chars().next()) {
                escape = other;
            }
            continue;
        }
        if trimmed.is_empty() {
            continue;
        }
        let (mut whole, mut end) = (String::new(), start + line.trim_end().len());
        let mut part = line;
        loop {
            let open = part.trim_end().strip_suffix(escape);
            whole.push_str(open.unwrap_or(part.trim_end()));
            whole.push(' ');
            if open.is_none() {
                break;
            }
            // Comments and empty lines inside do not end it.
            let Some((at, next)) = lines.find(|(_, next)| {
                let next = next.trim();
                !next.is_empty() && !next.starts_with('#')
            }) else {
                break;
            };
            end = at + next.trim_end().len();
            part = next;
        }
        for mark in here_documents(&whole) {
            for (at, next) in lines.by_ref() {
                end = at + next.trim_end().len();
                if next.trim() == mark {
                    break;
                }
                whole.push_str(next.trim());
                whole.push(' ');
            }
        }
        found.extend(instruction(&whole, start + (line.len() - line.trim_start().len()), end));
    }
    found
}

fn instruction(whole: &str, start: usize, end: usize) -> Option<Instruction> {
    let (name, mut rest) = whole.trim().split_once(char::is_whitespace)?;
    let mut flags = Vec::new();
    while let Some(flag) = rest.trim_start().strip_prefix("--") {
        let (flag, next) = flag.split_once(char::is_whitespace).unwrap_or((flag, ""));
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        flags.push((name.to_ascii_lowercase(), value.to_owned()));
        rest = next;
    }
    Some(Instruction { name: name.to_ascii_uppercase(), flags, rest: rest.trim().to_owned(), start, end })
}

/// Every line with where it begins, without its end.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        found.push((at, line.trim_end_matches(['\n', '\r'])));
        at += line.len();
    }
    found
}

/// The end marks of the here-documents that a line begins.
fn here_documents(line: &str) -> Vec<String> {
    if !line
        .split_whitespace()
        .next()
        .is_some_and(|name| ["RUN", "COPY", "ADD"].contains(&name.to_ascii_uppercase().as_str()))
    {
        return Vec::new();
    }
    let marks = line.split_whitespace().filter_map(|word| word.strip_prefix("<<"));
    let marks = marks.map(|mark| mark.trim_start_matches('-').trim_matches(['"', '\'']).to_owned());
    marks.filter(|mark| mark.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_here_documents_are_taken_whole() {
        let text = "# escape=\\\nFROM --platform=linux/amd64 a AS b\nRUN x \\\n  # why\n  y\nRUN <<END\nfoo\nEND\nCOPY [\"a b\", \"c\"]\n";
        let found = instructions(text);
        let names: Vec<&str> = found.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["FROM", "RUN", "RUN", "COPY"]);
        assert_eq!(found[0].flag("platform"), Some("linux/amd64"));
        assert_eq!(found[1].words(), ["x", "y"]);
        assert!(found[2].rest.contains("foo"));
        assert_eq!(found[3].sources(), ["a b"]);
        assert_eq!(&text[found[1].start..found[1].end], "RUN x \\\n  # why\n  y");
    }
}
