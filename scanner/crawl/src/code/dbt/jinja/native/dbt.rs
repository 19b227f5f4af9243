//! The functions of dbt and the macros of `dbt_utils` that models use.
//!
//! Source: dbt's "Jinja functions" and "Cross-database macros" (https://docs.getdbt.com/reference) and the README of
//! dbt_utils 1.3. What asks a database (`run_query`, `get_column_values`) is not known here.

use aedile_model::Label;

use super::super::render::Renderer;
use super::super::value::Value;
use super::map;
use crate::code::dbt::declared::{META, TAG};

/// Arguments as they were given.
struct Given<'g>(&'g [(Option<String>, Value)]);

impl Given<'_> {
    /// The argument called `name`, or the one at that place of those without a name.
    fn get(&self, name: &str, at: usize) -> Option<Value> {
        let named = self.0.iter().find(|(held, _)| held.as_deref() == Some(name));
        let positional = || self.0.iter().filter(|(held, _)| held.is_none()).nth(at);
        named.or_else(positional).map(|(_, value)| value.clone())
    }

    fn text(&self, name: &str, at: usize) -> Option<String> {
        self.get(name, at).and_then(|value| value.shown())
    }

    fn positional(&self) -> Vec<String> {
        self.0.iter().filter(|(name, _)| name.is_none()).filter_map(|(_, value)| value.shown()).collect()
    }

    fn texts(&self, name: &str, at: usize) -> Vec<String> {
        let items = self.get(name, at).and_then(|value| value.items()).unwrap_or_default();
        items.iter().filter_map(Value::shown).collect()
    }
}

/// What the function `name` gives; `None` if dbt and dbt_utils have none of that name that is known here.
pub(in super::super) fn function(
    renderer: &mut Renderer<'_>,
    name: &str,
    given: &[(Option<String>, Value)],
) -> Option<Value> {
    let given = Given(given);
    let unknown = |what: &str| Some(Value::Unknown(format!("`{what}` needs a database")));
    let known = given.positional();
    let arg = |at: usize| known.get(at).cloned().unwrap_or_default();
    match name {
        "ref" => {
            let model = known.last()?.to_lowercase();
            let version = given.text("v", 9).or_else(|| given.text("version", 9));
            let model = version.map_or_else(|| model.clone(), |version| format!("{model}_v{version}"));
            renderer.output.named.push(model.clone());
            Some(Value::Relation(model))
        }
        "source" => {
            let key = (arg(0).to_lowercase(), arg(1).to_lowercase());
            let found = renderer.project.sources.get(&key).cloned();
            let table = found.unwrap_or_else(|| format!("{}.{}", key.0, key.1));
            renderer.output.named.push(table.clone());
            Some(Value::Relation(table))
        }
        "var" => Some(match (renderer.project.var(&arg(0)), given.get("default", 1)) {
            (Some(value), _) | (None, Some(value)) => value,
            (None, None) => Value::Unknown(format!("the variable `{}` has no value", arg(0))),
        }),
        "env_var" => Some(match given.get("default", 1) {
            Some(value) => value,
            None => Value::Unknown(format!("the environment's `{}`", arg(0))),
        }),
        "config" => {
            for (name, value) in given.0 {
                if let (Some("grants"), Value::Map(grants)) = (name.as_deref(), value) {
                    for (privilege, grantees) in grants {
                        let grantees = match grantees {
                            Value::Text(one) => vec![one.clone()],
                            many => many.items().unwrap_or_default().iter().filter_map(Value::shown).collect(),
                        };
                        let granted = grantees.into_iter().map(|grantee| (privilege.clone(), grantee));
                        renderer.output.grants.extend(granted);
                    }
                }
                labels(renderer, name.as_deref(), value);
                if let (Some(name), Some(value)) = (name, value.shown()) {
                    renderer.output.config.insert(name.clone(), value);
                }
            }
            Some(Value::None)
        }
        "config.get" | "config.require" => {
            let held = renderer.output.config.get(&arg(0)).map(Value::text);
            Some(held.or_else(|| given.get("default", 1)).unwrap_or_default())
        }
        // A full build; the rows that an incremental one adds are among its rows.
        "is_incremental" | "should_full_refresh" => Some(Value::Bool(false)),
        "return" => {
            let value = given.get("", 0).unwrap_or_default();
            renderer.give_back(value.clone());
            Some(value)
        }
        "log" | "print" | "exceptions.raise_compiler_error" | "exceptions.warn" | "debug" | "set_sql_header" => {
            Some(Value::None)
        }
        "namespace" | "dict" => {
            Some(map(given.0.iter().filter_map(|(name, value)| Some((name.clone()?, value.clone())))))
        }
        "list" | "set" | "tuple" => {
            Some(Value::List(given.get("", 0).and_then(|value| value.items()).unwrap_or_default()))
        }
        "range" => {
            let number = |at: usize| match given.get("", at) {
                Some(Value::Int(number)) => Some(number),
                _ => None,
            };
            let (from, to) = match (number(0)?, number(1)) {
                (to, None) => (0, to),
                (from, Some(to)) => (from, to),
            };
            Some(Value::List((from..to.min(from.saturating_add(10_000))).map(Value::Int).collect()))
        }
        "zip" => {
            let lists: Vec<Vec<Value>> = given.0.iter().filter_map(|(_, value)| value.items()).collect();
            let length = lists.iter().map(Vec::len).min().unwrap_or(0);
            let row = |at: usize| Value::List(lists.iter().filter_map(|list| list.get(at)).cloned().collect());
            Some(Value::List((0..length).map(row).collect()))
        }
        "adapter.dispatch" => Some(Value::Unknown(format!("the dispatched macro `{}`", arg(0)))),
        "api.Relation.create" | "adapter.get_relation" | "load_relation" => {
            given.text("identifier", 2).map(|name| Value::Relation(name.to_lowercase())).or_else(|| unknown(name))
        }
        "adapter.quote" => Some(Value::Text(format!("\"{}\"", arg(0)))),
        "adapter.get_columns_in_relation" | "dbt_utils.get_filtered_columns_in_relation" => {
            let relation = given.text("from", 0)?;
            let except: Vec<String> = given.texts("except", 1).iter().map(|name| name.to_lowercase()).collect();
            let Some(columns) = (renderer.columns)(&relation) else {
                return Some(Value::Unknown(format!("the columns of `{relation}`")));
            };
            let columns = columns.into_iter().filter(|column| !except.contains(column));
            Some(Value::List(match name {
                "adapter.get_columns_in_relation" => columns
                    .map(|column| {
                        map([("name".to_owned(), Value::text(&column)), ("column".to_owned(), Value::text(&column))])
                    })
                    .collect(),
                _ => columns.map(Value::Text).collect(),
            }))
        }
        "run_query"
        | "statement"
        | "load_result"
        | "dbt_utils.get_column_values"
        | "dbt_utils.get_query_results_as_dict"
        | "dbt_utils.get_single_value"
        | "dbt_utils.get_relations_by_pattern"
        | "dbt_utils.get_relations_by_prefix" => unknown(name),
        _ => text(renderer, name, &given),
    }
}

/// The labels in `config(meta={…}, tags=[…])`.
fn labels(renderer: &mut Renderer<'_>, name: Option<&str>, value: &Value) {
    let place = renderer.place();
    let words = |value: &Value| -> Vec<String> {
        match value {
            Value::List(items) => items.iter().filter_map(Value::shown).collect(),
            one => one.shown().into_iter().collect(),
        }
    };
    let label = |source: &str, key: &str, word: String| Label::new(source, key, &word, Some(place.clone()));
    match (name, value) {
        (Some("tags"), value) => {
            let found = words(value).into_iter().map(|word| label(TAG, "", word));
            renderer.output.labels.extend(found);
        }
        (Some("meta"), Value::Map(meta)) => {
            let found =
                meta.iter().flat_map(|(key, value)| words(value).into_iter().map(|word| label(META, key, word)));
            renderer.output.labels.extend(found);
        }
        _ => {}
    }
}

/// The functions that give a piece of SQL.
fn text(renderer: &mut Renderer<'_>, name: &str, given: &Given<'_>) -> Option<Value> {
    let known = given.positional();
    let arg = |name: &str, at: usize| given.text(name, at).unwrap_or_default();
    let short = name.strip_prefix("dbt_utils.").or_else(|| name.strip_prefix("dbt."))?;
    let sql = match short {
        "star" => return Some(star(renderer, given)),
        "generate_surrogate_key" | "surrogate_key" => {
            let fields = match given.get("field_list", 0) {
                Some(Value::List(items)) => items.iter().filter_map(Value::shown).collect(),
                _ => known,
            };
            format!("md5({})", fields.join(" || '-' || "))
        }
        "group_by" => {
            let count = arg("n", 0).parse::<usize>().unwrap_or(1).min(1_000);
            let numbers: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
            format!("group by {}", numbers.join(", "))
        }
        "union_relations" => {
            let relations: Vec<String> = given.texts("relations", 0);
            let queries: Vec<String> = relations
                .iter()
                .map(|relation| match (renderer.columns)(relation) {
                    Some(columns) if !columns.is_empty() => format!("select {} from {relation}", columns.join(", ")),
                    _ => format!("select * from {relation}"),
                })
                .collect();
            format!("({})", queries.join(" union all "))
        }
        "deduplicate" => {
            let (relation, by, order) = (arg("relation", 0), arg("partition_by", 1), arg("order_by", 2));
            format!("(select * from {relation} qualify row_number() over (partition by {by} order by {order}) = 1)")
        }
        "unpivot" => {
            let relation = arg("relation", 0);
            let kept = given.texts("exclude", 2);
            let removed: Vec<String> =
                given.texts("remove", 3).iter().chain(&kept).map(|name| name.to_lowercase()).collect();
            let Some(columns) = (renderer.columns)(&relation) else {
                return Some(Value::Unknown(format!("the columns of `{relation}`")));
            };
            let field = given.text("field_name", 4).unwrap_or_else(|| "field_name".to_owned());
            let value = given.text("value_name", 5).unwrap_or_else(|| "value".to_owned());
            let keep: String = kept.iter().map(|name| format!("{name}, ")).collect();
            let queries: Vec<String> = columns
                .iter()
                .filter(|column| !removed.contains(column))
                .map(|column| format!("select {keep}'{column}' as {field}, {column} as {value} from {relation}"))
                .collect();
            queries.join(" union all ")
        }
        "pivot" => {
            let column = arg("column", 0);
            let values = match given.get("values", 1) {
                Some(Value::List(values)) => values,
                _ => return Some(Value::Unknown("the values of a pivot".to_owned())),
            };
            let then = given.text("then_value", 7).unwrap_or_else(|| "1".to_owned());
            let aggregate = given.text("agg", 3).unwrap_or_else(|| "sum".to_owned());
            let cases: Vec<String> = values
                .iter()
                .filter_map(Value::shown)
                .map(|value| {
                    format!("{aggregate}(case when {column} = '{value}' then {then} else 0 end) as \"{value}\"")
                })
                .collect();
            cases.join(", ")
        }
        "date_spine" => "select cast(null as date) as date_day".to_owned(),
        "generate_series" => "select 1 as generated_number".to_owned(),
        "safe_divide" => format!("{} / nullif({}, 0)", arg("numerator", 0), arg("denominator", 1)),
        "safe_add" => known.join(" + "),
        "haversine_distance" => known.join(" + "),
        "width_bucket" => format!("width_bucket({})", known.join(", ")),
        "pretty_time" | "pretty_log_format" => String::new(),
        "hash" => format!("md5({})", arg("field", 0)),
        "concat" => match given.get("fields", 0) {
            Some(Value::List(items)) => items.iter().filter_map(Value::shown).collect::<Vec<_>>().join(" || "),
            _ => known.join(" || "),
        },
        "safe_cast" | "cast" => format!("cast({} as {})", arg("field", 0), arg("type", 1)),
        "date_trunc" => format!("date_trunc('{}', {})", arg("datepart", 0), arg("date", 1)),
        "datediff" => format!("datediff({}, {}, {})", arg("datepart", 2), arg("first_date", 0), arg("second_date", 1)),
        "dateadd" => {
            format!("dateadd({}, {}, {})", arg("datepart", 0), arg("interval", 1), arg("from_date_or_timestamp", 2))
        }
        "last_day" => format!("last_day({})", arg("date", 0)),
        "split_part" => format!("split_part({})", known.join(", ")),
        "current_timestamp" | "current_timestamp_backcompat" => "current_timestamp".to_owned(),
        "type_string" => "varchar".to_owned(),
        "type_timestamp" => "timestamp".to_owned(),
        "type_int" | "type_bigint" => "bigint".to_owned(),
        "type_float" | "type_numeric" => "numeric".to_owned(),
        "type_boolean" => "boolean".to_owned(),
        "listagg" => format!(
            "listagg({}, {})",
            arg("measure", 0),
            given.text("delimiter_text", 1).unwrap_or_else(|| "','".to_owned())
        ),
        "any_value" | "bool_or" | "length" | "right" | "position" | "replace" | "except" | "intersect" => {
            if known.is_empty() { short.to_owned() } else { format!("{short}({})", known.join(", ")) }
        }
        "string_literal" => format!("'{}'", arg("value", 0)),
        "escape_single_quotes" => arg("expression", 0),
        "slugify" => return Some(Value::Text(arg("string", 0).to_lowercase().replace([' ', '-'], "_"))),
        _ => return None,
    };
    Some(Value::Text(sql))
}

/// The columns of a relation, but some; a `*` where nobody says which there are.
fn star(renderer: &Renderer<'_>, given: &Given<'_>) -> Value {
    let Some(relation) = given.text("from", 0) else { return Value::Unknown("a relation".to_owned()) };
    let except: Vec<String> = given.texts("except", 2).iter().map(|name| name.to_lowercase()).collect();
    let alias = given.text("relation_alias", 1).filter(|alias| !alias.is_empty());
    let (prefix, suffix) = (given.text("prefix", 3).unwrap_or_default(), given.text("suffix", 4).unwrap_or_default());
    let of = alias.map(|alias| format!("{alias}.")).unwrap_or_default();
    match (renderer.columns)(&relation) {
        Some(columns) => {
            let names = columns.iter().filter(|column| !except.contains(&column.to_lowercase())).map(|column| {
                if prefix.is_empty() && suffix.is_empty() {
                    format!("{of}{column}")
                } else {
                    format!("{of}{column} as {prefix}{column}{suffix}")
                }
            });
            Value::Text(names.collect::<Vec<_>>().join(", "))
        }
        None if !prefix.is_empty() || !suffix.is_empty() => Value::Unknown(format!("the columns of `{relation}`")),
        None if except.is_empty() => Value::Text(format!("{of}*")),
        None => Value::Text(format!("{of}* exclude ({})", except.join(", "))),
    }
}
