use aedile_model::{Asset, GapKind, Place, Value};
use aedile_rules::ResourceSource;

use super::*;
use crate::Options;
use crate::crawler::run;
use crate::iac::examples::{RULES, crawled, line};

mod bounds;
mod evaluation;
mod instances;
mod labels;
mod modules;
mod places;
mod policies;

fn facts(text: &str) -> Facts {
    crawled(ResourceSource::Terraform, text)
}

fn project(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Facts {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let options = Options { variables, ..Options::default() };
    let files: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
    let mut facts = Facts::default();
    run::<Terraform>(&files, Context::new(&RULES, &options), &mut facts);
    facts
}

fn asset<'f>(facts: &'f Facts, address: &str) -> &'f Asset {
    let all: Vec<&str> = facts.assets.iter().map(|asset| asset.address.as_str()).collect();
    facts.assets.iter().find(|asset| asset.address == address).unwrap_or_else(|| panic!("{address} in {all:?}"))
}

fn raw<'t>(text: &'t str, place: Option<&Place>) -> &'t str {
    let span = place.unwrap_or_else(|| panic!("no place")).span;
    &text[span.start as usize..span.end as usize]
}

/// The value of an expression: as the name of a bucket, with the settings that `before` declares.
fn value(before: &str, expression: &str) -> Value {
    let text = format!("{before}\nresource \"aws_s3_bucket\" \"b\" {{\n tags = {{ owner = {expression} }}\n}}\n");
    let facts = facts(&text);
    asset(&facts, "aws_s3_bucket.b").value("owner").cloned().unwrap_or(Value::Null)
}
