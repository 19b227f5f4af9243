//! Shell lines and line magics: copies to and from object stores, `%sql` on one line.

use aedile_model::AssetKind;
use ruff_python_ast::IpyEscapeKind;

use super::interpret::Interpreter;
use super::value::{Shape, Value};
use crate::Ref;
use crate::code::flow::{Data, Part};
use crate::code::origin::{Offsets, Origin};
use crate::code::output::dataset_name;
use crate::code::sql::Script;

/// Commands that copy from their last but one argument to the last.
const COPIES: [&[&str]; 7] = [
    &["aws", "s3", "cp"],
    &["aws", "s3", "mv"],
    &["aws", "s3", "sync"],
    &["gsutil", "cp"],
    &["gcloud", "storage", "cp"],
    &["azcopy", "copy"],
    &["hdfs", "dfs", "-put"],
];

impl<'w> Interpreter<'w> {
    /// The lines of a `%%bash` cell.
    pub(super) fn shell(&mut self, text: &str, at: &Origin) {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            self.command(line, at, start);
            start += line.len();
        }
    }

    /// An escape command of a notebook: `!aws s3 cp a b`, `%sql SELECT …`.
    pub(super) fn escape(&mut self, kind: IpyEscapeKind, command: &str, at: &Origin, start: usize) -> Value<'w> {
        match kind {
            IpyEscapeKind::Shell | IpyEscapeKind::ShCap => self.command(command, at, start),
            IpyEscapeKind::Magic | IpyEscapeKind::Magic2 => {
                let (magic, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
                match magic {
                    "sql" => {
                        let origin = Origin { base: at.base + start + 1 + command.len() - rest.len(), ..at.clone() };
                        let script = Script::parse(rest, Offsets::origin(origin.clone()), &mut Vec::new());
                        let data = self.sql_script(&script, &Offsets::origin(origin));
                        return Value::holding(Shape::Frame, data);
                    }
                    "run" => self.run_notebook(rest),
                    "sh" | "system" | "sx" => self.command(rest, at, start),
                    _ => {}
                }
            }
            IpyEscapeKind::Help
            | IpyEscapeKind::Help2
            | IpyEscapeKind::Paren
            | IpyEscapeKind::Quote
            | IpyEscapeKind::Quote2 => {}
        }
        Value::Unknown
    }

    fn command(&mut self, line: &str, at: &Origin, start: usize) {
        let words: Vec<String> = line
            .split_whitespace()
            .filter(|word| *word != "-m")
            .map(|word| self.expanded(word.trim_matches(['"', '\''])))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Some(copy) = COPIES.iter().find(|copy| words.starts_with(copy)) else { return };
        let mut paths = words.iter().skip(copy.len()).filter(|word| !word.starts_with('-'));
        let (Some(from), Some(to)) = (paths.next(), paths.next()) else { return };
        if self.quiet {
            return;
        }
        let place = at.place(start, start + line.trim_end().len());
        let source = Ref::named(AssetKind::Dataset, dataset_name(from));
        self.pipeline.reads(&source, &Part::all(), &place);
        let data = Data::read(source, Part::all(), Some(place.clone()));
        self.pipeline.writes(&Ref::named(AssetKind::Dataset, dataset_name(to)), &data, &place);
    }

    /// A word of a shell line with the notebook's variables put in: `{name}`, `$NAME`.
    fn expanded(&self, word: &str) -> String {
        let mut whole = String::new();
        let mut rest = word;
        while let Some(at) = rest.find(['{', '$']) {
            let (before, after) = rest.split_at(at);
            whole.push_str(before);
            let braced = after.starts_with('{') || after.starts_with("${");
            let inner = after.trim_start_matches('$').trim_start_matches('{');
            let end = inner.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(inner.len());
            let (name, tail) = inner.split_at(end);
            match self.name(name).and_then(Value::shown) {
                Some(text) => whole.push_str(&text),
                None => whole.push_str(&format!("{{{name}}}")),
            }
            rest = if braced { tail.strip_prefix('}').unwrap_or(tail) } else { tail };
        }
        whole.push_str(rest);
        whole
    }
}
