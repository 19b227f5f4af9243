//! SQL inside Python: the text goes through the SQL reader, its tables may be views of this module.

use std::collections::BTreeSet;

use aedile_model::{AssetId, Columns, Flow, Place};

use super::interpret::Interpreter;
use super::value::Text;
use crate::Ref;
use crate::code::flow::{Data, Part};
use crate::code::origin::Offsets;
use crate::code::sql::{self, Script};

impl<'w> Interpreter<'w> {
    /// The effects of `text` as SQL, and what its last query gives.
    pub(super) fn sql_text(&mut self, text: &Text, place: &Place) -> Data {
        let mut gaps = Vec::new();
        let (masked, holes) = mask_holes(&text.text);
        let script = Script::parse(&masked, text.offsets.clone(), &mut gaps);
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
        self.run_sql(&script, &text.offsets, Some(place), &holes)
    }

    /// The effects of a SQL cell, and what its last query gives.
    pub(super) fn sql_script(&mut self, script: &Script, offsets: &Offsets) -> Data {
        self.run_sql(script, offsets, None, &BTreeSet::new())
    }

    fn run_sql(
        &mut self,
        script: &Script,
        offsets: &Offsets,
        fallback: Option<&Place>,
        holes: &BTreeSet<String>,
    ) -> Data {
        let mut run = sql::run(script, offsets, fallback, self.world.schemas, &mut self.views);
        if !holes.is_empty() {
            self.without_holes(&mut run, holes);
        }
        if !self.quiet {
            run.tell(&mut self.pipeline);
        }
        run.result
    }
}

impl Interpreter<'_> {
    /// Takes out of `run` what only the mask of a hole names: a column that is not known which, a table of this file.
    fn without_holes(&self, run: &mut sql::Run, holes: &BTreeSet<String>) {
        let masked = |name: &str| holes.iter().any(|hole| name.contains(hole.as_str()));
        let open = |dataset: &mut Ref| {
            if let Ref::Named { name, .. } = dataset
                && masked(name)
            {
                // Segments that are known keep their place: `clinic.{table}`.
                let segments = name
                    .split('.')
                    .map(|part| if masked(part) { format!("{{{}}}", part.trim_matches('_')) } else { part.to_owned() });
                let opened = segments.collect::<Vec<_>>().join(".");
                *name = if name.split('.').all(masked) {
                    format!("{{{}#{}}}", self.at().path, name.trim_matches('_'))
                } else {
                    opened
                };
            }
        };
        let close = |part: &mut Part| {
            let before = part.columns.len();
            for origin in part.columns.values_mut() {
                origin.retain(|column, _| !masked(column));
            }
            part.columns.retain(|_, origin| !origin.is_empty());
            part.unsure |= part.columns.len() < before;
        };
        let data = |data: &mut Data| {
            let parts = std::mem::take(&mut data.parts);
            data.parts.extend(parts.into_iter().map(|(mut dataset, mut part)| {
                open(&mut dataset);
                close(&mut part);
                (dataset, part)
            }));
        };
        for (dataset, part, _) in &mut run.reads {
            open(dataset);
            close(part);
        }
        for (dataset, written, _) in &mut run.writes {
            open(dataset);
            data(written);
        }
        data(&mut run.result);
        let gone = |id: &AssetId| id.as_str().starts_with("Column:") && masked(id.as_str());
        run.assets.retain(|asset| !gone(&asset.id));
        run.links.retain(|link| ![&link.from, &link.to].iter().any(|side| matches!(side, Ref::Id(id) if gone(id))));
        for link in &mut run.links {
            link.sources.iter_mut().for_each(open);
            if let Some(Flow { columns: flow @ Columns::Named(_), .. }) = &mut link.flow
                && let Columns::Named(named) = flow
            {
                named.retain(|column, _| !masked(column));
                if named.is_empty() {
                    *flow = Columns::Unknown;
                }
            }
        }
    }
}

/// `{hole}`s as identifiers of the same length, so that the text parses and offsets stay, and those identifiers.
fn mask_holes(text: &str) -> (String, BTreeSet<String>) {
    let mut masked = String::with_capacity(text.len());
    let (mut depth, mut start) = (0_usize, 0);
    let mut holes = BTreeSet::new();
    for c in text.chars() {
        match c {
            '{' => {
                if depth == 0 {
                    start = masked.len();
                }
                depth += 1;
                masked.push('_');
            }
            '}' if depth > 0 => {
                depth -= 1;
                masked.push('_');
                if depth == 0 {
                    holes.extend(masked.get(start..).map(str::to_lowercase));
                }
            }
            c if depth > 0 && !(c.is_ascii_alphanumeric() || c == '_') => {
                masked.extend(std::iter::repeat_n('_', c.len_utf8()))
            }
            c => masked.push(c),
        }
    }
    (masked, holes)
}

#[cfg(test)]
mod tests {
    use super::mask_holes;

    #[test]
    fn holes_become_identifiers_of_the_same_length() {
        let (masked, holes) = mask_holes("SELECT * FROM {args.Table} WHERE x");
        assert_eq!(masked, "SELECT * FROM _args_Table_ WHERE x");
        assert_eq!(holes.into_iter().collect::<Vec<_>>(), ["_args_table_"]);
    }
}
