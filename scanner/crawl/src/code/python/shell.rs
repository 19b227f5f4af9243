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
        let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
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
}
