//! The regions that values speak of.

use aedile_model::Value;

use super::datum::{Datum, Kind};
use super::resource::{Resource, Unit};

/// For each value: of a resource its own region, of an ARN the one written in it, else the text itself.
pub(super) fn regions(unit: &Unit<'_>, values: &[Datum]) -> Vec<Value> {
    values.iter().filter(|value| !value.is_null()).map(|value| region(unit, value)).collect()
}

/// Where `resource` stands.
pub(super) fn of(resource: &Resource) -> Datum {
    let unsaid = || Datum::unknown(&resource.address, "no provider configuration says its region");
    resource.region.clone().unwrap_or_else(unsaid)
}

fn region(unit: &Unit<'_>, value: &Datum) -> Value {
    let referred = unit.referred(value).into_iter().filter_map(|at| unit.resource(at)).next();
    if let Some(resource) = referred {
        let region = of(resource);
        return region.text().map_or_else(|| region.value(), |text| Value::Text(text.to_lowercase()));
    }
    match &value.kind {
        Kind::Text(text) if text.starts_with("arn:") => match text.split(':').nth(3) {
            Some(region) if !region.is_empty() => Value::Text(region.to_lowercase()),
            _ => Value::unknown(text, "it is not in the sources, and its name does not tell its region"),
        },
        // Azure also writes its regions as people do: West Europe.
        Kind::Text(text) => Value::Text(text.split_whitespace().collect::<String>().to_lowercase()),
        _ => match value.why_unknown() {
            Some(why) => Value::Unknown(why.clone()),
            None => Value::unknown("region", "it is no text"),
        },
    }
}
