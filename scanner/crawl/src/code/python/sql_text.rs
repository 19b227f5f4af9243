//! SQL inside Python: the text goes through the SQL reader, its tables may be views of this module.

use std::collections::BTreeSet;

use aedile_model::{AssetId, AssetKind, Columns, Flow, Place};

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
    /// Parts of names that are known keep their place: `clinic.{table}`, `clinic.raw_{day}`.
    fn without_holes(&self, run: &mut sql::Run, holes: &BTreeSet<String>) {
        let masked = |name: &str| holes.iter().any(|hole| name.contains(hole.as_str()));
        let opened = |name: &str| {
            let is_hole = |part: &str| holes.contains(part);
            if name.split('.').all(is_hole) {
                return format!("{{{}#{}}}", self.at().path, name.trim_matches('_'));
            }
            holes.iter().fold(name.to_owned(), |name, hole| {
                name.replace(hole.as_str(), &format!("{{{}}}", hole.trim_matches('_')))
            })
        };
        let table = |id: &AssetId| {
            let name = id.as_str().strip_prefix("Table:").filter(|name| masked(name))?;
            Some(AssetId::new(AssetKind::Table, "", &opened(name)))
        };
        let open = |dataset: &mut Ref| match dataset {
            Ref::Named { name, .. } if masked(name) => *name = opened(name),
            Ref::Named { .. } => {}
            Ref::Id(id) => {
                if let Some(known) = table(id) {
                    *id = known;
                }
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
        for (name, _, learnt, _) in &mut run.trains {
            if masked(name) {
                *name = opened(name);
            }
            data(learnt);
        }
        data(&mut run.result);
        let gone = |id: &AssetId| id.as_str().starts_with("Column:") && masked(id.as_str());
        run.assets.retain(|asset| !gone(&asset.id));
        for asset in &mut run.assets {
            if let Some(id) = table(&asset.id) {
                let name = opened(&asset.address);
                asset.name = name.rsplit('.').next().unwrap_or(&name).to_owned();
                asset.names = BTreeSet::from([name.clone()]);
                (asset.id, asset.address) = (id, name);
            }
        }
        run.links.retain(|link| ![&link.from, &link.to].iter().any(|side| matches!(side, Ref::Id(id) if gone(id))));
        for link in &mut run.links {
            open(&mut link.from);
            open(&mut link.to);
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
