//! SQL inside Python: the text goes through the SQL reader, its tables may be views of this module.

use aedile_model::Place;

use super::interpret::Interpreter;
use super::value::Text;
use crate::code::flow::Data;
use crate::code::origin::Offsets;
use crate::code::sql::{self, Script};

impl<'w> Interpreter<'w> {
    /// The effects of `text` as SQL, and what its last query gives.
    pub(super) fn sql_text(&mut self, text: &Text, place: &Place) -> Data {
        let mut gaps = Vec::new();
        let script = Script::parse(&mask_holes(&text.text), text.offsets.clone(), &mut gaps);
        if script.is_empty() {
            // A table name, a file name, a template: nothing that promised to be SQL.
            return Data::default();
        }
        if !self.quiet {
            for mut gap in gaps {
                if gap.place.path.is_empty() {
                    gap.place = place.clone();
                }
                self.pipeline.gap(gap);
            }
        }
        self.run_sql(&script, &text.offsets, Some(place))
    }

    /// The effects of a SQL cell, and what its last query gives.
    pub(super) fn sql_script(&mut self, script: &Script, offsets: &Offsets) -> Data {
        self.run_sql(script, offsets, None)
    }

    fn run_sql(&mut self, script: &Script, offsets: &Offsets, fallback: Option<&Place>) -> Data {
        let run = sql::run(script, offsets, fallback, self.world.schemas, &mut self.views);
        if !self.quiet {
            run.tell(&mut self.pipeline);
        }
        run.result
    }
}

/// `{hole}`s as identifiers of the same length, so that the text parses and offsets stay.
fn mask_holes(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '{' => {
                depth += 1;
                masked.push('_');
            }
            '}' if depth > 0 => {
                depth -= 1;
                masked.push('_');
            }
            c if depth > 0 && !(c.is_ascii_alphanumeric() || c == '_') => {
                masked.extend(std::iter::repeat_n('_', c.len_utf8()))
            }
            c => masked.push(c),
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::mask_holes;

    #[test]
    fn holes_become_identifiers_of_the_same_length() {
        assert_eq!(mask_holes("SELECT * FROM {args.table} WHERE x"), "SELECT * FROM _args_table_ WHERE x");
    }
}
