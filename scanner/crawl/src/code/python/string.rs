//! Strings and paths: the constant propagation of `format`, `%`, `join`, `os.path` and `pathlib`.

use super::argument::Arguments;
use super::statement::text_or_hole;
use super::value::{Object, Shape, Text, Value};

/// The type of a path object.
pub(super) const PATH: &str = "pathlib.Path";

/// A path object.
pub(super) fn path<'w>(text: Text) -> Value<'w> {
    Value::Object(Object {
        kind: PATH.to_owned(),
        fields: [("path".to_owned(), Value::Text(text))].into_iter().collect(),
        ..Object::default()
    })
}

/// The text of a string or path object.
pub(super) fn text_of(value: &Value<'_>) -> Option<Text> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Object(object) => object.fields.get("path").and_then(Value::as_text).cloned(),
        _ => None,
    }
}

/// Pieces of a path with one `/` between; an absolute piece starts anew.
pub(super) fn join_path(pieces: impl IntoIterator<Item = Text>) -> Text {
    let mut joined = Text::default();
    for piece in pieces {
        if joined.text.is_empty() || piece.text.starts_with('/') {
            joined = piece;
            continue;
        }
        if !joined.text.ends_with('/') {
            joined.push(&Text::plain("/"));
        }
        joined.push(&piece);
    }
    joined
}

/// What an attribute of a path object is.
pub(super) fn path_attribute<'w>(object: &Object<'w>, name: &str) -> Value<'w> {
    let text = object.fields.get("path").and_then(Value::as_text).cloned().unwrap_or_default();
    let (folder, last) = text.text.rsplit_once('/').unwrap_or(("", &text.text));
    match name {
        "parent" => path(Text { text: folder.to_owned(), ..Text { text: String::new(), ..text.clone() } }),
        "name" => Value::text(last),
        "stem" => Value::text(last.rsplit_once('.').map_or(last, |(stem, _)| stem)),
        _ => Value::Unknown,
    }
}

/// `format % value`.
pub(super) fn percent(format: &Text, value: Value<'_>) -> Text {
    let values = match value {
        Value::List(items) => items.own(),
        other => vec![other],
    };
    let mut values = values.into_iter();
    let mut text = Text { holes: format.holes, data: format.data.clone(), ..Text::default() };
    let mut rest = format.text.as_str();
    while let Some((before, after)) = rest.split_once('%') {
        text.push(&Text::plain(before));
        let conversion = after.find(|c: char| c.is_ascii_alphabetic() || c == '%' || c == '(').unwrap_or(after.len());
        rest = after.get(conversion..).unwrap_or_default();
        if let Some(named) = rest.strip_prefix('(') {
            let (name, after) = named.split_once(')').unwrap_or((named, ""));
            let value = values.as_slice().first().and_then(|map| map.member(name)).cloned().unwrap_or_default();
            text.push(&text_or_hole(value, name));
            rest = after.get(1..).unwrap_or_default();
        } else if let Some(after) = rest.strip_prefix('%') {
            text.push(&Text::plain("%"));
            rest = after;
        } else {
            text.push(&text_or_hole(values.next().unwrap_or_default(), "?"));
            let mut chars = rest.chars();
            chars.next();
            rest = chars.as_str();
        }
    }
    text.push(&Text::plain(rest));
    text
}

/// `format.format(…)`.
pub(super) fn format(format: &Text, arguments: &Arguments<'_>) -> Text {
    let mut text = Text { data: format.data.clone(), ..Text::default() };
    let mut rest = format.text.as_str();
    let mut next = 0;
    while let Some((before, after)) = rest.split_once('{') {
        text.push(&Text::plain(before));
        let Some((field, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        rest = after;
        let name = field.split([':', '!']).next().unwrap_or_default();
        let root = name.split(['.', '[']).next().unwrap_or_default();
        let value = if root.is_empty() {
            next += 1;
            arguments.positional.get(next - 1)
        } else if let Ok(at) = root.parse::<usize>() {
            arguments.positional.get(at)
        } else {
            arguments.keyword(root)
        };
        text.push(&text_or_hole(value.cloned().unwrap_or_default(), if name.is_empty() { "?" } else { name }));
    }
    text.push(&Text::plain(rest));
    text
}

/// A method of a string.
pub(super) fn method<'w>(text: &Text, name: &str, arguments: &Arguments<'w>) -> Value<'w> {
    let first = arguments.positional.first();
    let kept = |changed: String| {
        Value::Text(Text { text: changed, offsets: Default::default(), data: text.data.clone(), holes: text.holes })
    };
    match name {
        "format" => Value::Text(format(text, arguments)),
        "format_map" | "substitute" | "safe_substitute" => {
            let keywords = match first {
                Some(Value::Map(items)) => items.to_vec(),
                _ => arguments.keywords.clone(),
            };
            Value::Text(format(text, &Arguments { keywords, ..Arguments::default() }))
        }
        "join" => {
            let mut joined = Text::default();
            if let Some(Value::List(items)) = first {
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        joined.push(text);
                    }
                    joined.push(&text_or_hole(item.clone(), "?"));
                }
                return Value::Text(joined);
            }
            let data = first.map(Value::data).unwrap_or_default();
            Value::Text(Text::hole("?", data))
        }
        "lower" | "casefold" => kept(text.text.to_lowercase()),
        "upper" => kept(text.text.to_uppercase()),
        "strip" | "lstrip" | "rstrip" if first.is_none() => kept(text.text.trim().to_owned()),
        "strip" | "lstrip" | "rstrip" => {
            let set: Vec<char> = first.and_then(Value::as_text).map_or_else(Vec::new, |set| set.text.chars().collect());
            kept(match name {
                "lstrip" => text.text.trim_start_matches(set.as_slice()).to_owned(),
                "rstrip" => text.text.trim_end_matches(set.as_slice()).to_owned(),
                _ => text.text.trim_matches(set.as_slice()).to_owned(),
            })
        }
        "replace" => match (first.and_then(Value::as_text), arguments.positional.get(1)) {
            (Some(old), Some(new)) if !old.text.is_empty() => {
                let new = text_or_hole(new.clone(), "?");
                if text.text.matches(&old.text).count().saturating_mul(new.text.len()) > super::value::LONGEST {
                    return Value::Text(Text::hole("?", text.data.clone()));
                }
                let mut data = text.data.clone();
                data.join(&new.data);
                let holes = text.holes || new.holes;
                Value::Text(Text {
                    text: text.text.replace(&old.text, &new.text),
                    offsets: Default::default(),
                    data,
                    holes,
                })
            }
            _ => Value::Text(text.clone()),
        },
        "split" | "rsplit" if !text.holes => match first.and_then(Value::as_text) {
            Some(by) if !by.text.is_empty() => Value::List(text.text.split(&by.text).map(Value::text).collect()),
            _ => Value::List(text.text.split_whitespace().map(Value::text).collect()),
        },
        "removesuffix" | "removeprefix" => match first.and_then(Value::as_text) {
            Some(end) if name == "removesuffix" => {
                kept(text.text.strip_suffix(end.text.as_str()).unwrap_or(&text.text).to_owned())
            }
            Some(end) => kept(text.text.strip_prefix(end.text.as_str()).unwrap_or(&text.text).to_owned()),
            None => Value::Text(text.clone()),
        },
        "encode" | "decode" | "title" | "capitalize" | "zfill" | "expandtabs" => Value::Text(text.clone()),
        _ => Value::holding(Shape::Scalar, text.data.clone()),
    }
}

/// A method of a path object; `None` where it gives no path and no text.
pub(super) fn path_method<'w>(object: &Object<'w>, name: &str, arguments: &Arguments<'w>) -> Option<Value<'w>> {
    let text = object.fields.get("path").and_then(Value::as_text)?.clone();
    match name {
        "joinpath" => {
            let pieces = arguments.positional.iter().map(|value| text_or_hole(value.clone(), "?"));
            Some(path(join_path(std::iter::once(text).chain(pieces))))
        }
        "resolve" | "absolute" | "expanduser" | "as_posix" => Some(path(text)),
        "open" | "read_text" | "read_bytes" => {
            Some(Value::Object(Object { kind: "file".to_owned(), ..object.clone() }))
        }
        "with_suffix" => {
            let suffix = arguments.positional.first().and_then(Value::as_text)?;
            let stem = text.text.rsplit_once('.').map_or(text.text.as_str(), |(stem, _)| stem);
            Some(path(Text::plain(format!("{stem}{}", suffix.text))))
        }
        "with_name" => {
            let name = arguments.positional.first().and_then(Value::as_text)?;
            let folder = text.text.rsplit_once('/').map_or("", |(folder, _)| folder);
            Some(path(join_path([Text::plain(folder), name.clone()])))
        }
        "exists" | "mkdir" | "is_file" | "is_dir" | "unlink" => Some(Value::Unknown),
        _ => None,
    }
}

/// Functions that give texts and settings; `None` for any other.
pub(super) fn function<'w>(path_name: &str, arguments: &Arguments<'w>) -> Option<Value<'w>> {
    let first = || arguments.positional.first().cloned().unwrap_or_default();
    let text = |at: usize| text_or_hole(arguments.positional.get(at).cloned().unwrap_or_default(), "?");
    let setting = |default: Option<&Value<'w>>| {
        Some(match default {
            Some(known @ (Value::Text(_) | Value::Int(_) | Value::Bool(_))) => known.clone(),
            _ => Value::Text(Text::hole(&text(0).text, Default::default())),
        })
    };
    match path_name {
        "os.path.join" | "posixpath.join" | "ntpath.join" => {
            let pieces = arguments
                .positional
                .iter()
                .map(|value| text_of(value).unwrap_or_else(|| text_or_hole(value.clone(), "?")));
            Some(Value::Text(join_path(pieces)))
        }
        "os.path.abspath" | "os.path.expanduser" | "os.path.expandvars" | "os.path.normpath" | "os.path.realpath"
        | "os.fspath" => Some(first()),
        "os.path.basename" => Some(Value::text(text(0).text.rsplit('/').next().unwrap_or_default())),
        "os.path.dirname" => Some(Value::text(text(0).text.rsplit_once('/').map_or("", |(folder, _)| folder))),
        // `$name` and `${name}` as `{name}`, for `substitute`.
        "string.Template" => {
            let held = text(0);
            let mut braced = String::new();
            let mut pieces = held.text.split('$');
            braced.push_str(pieces.next().unwrap_or_default());
            for piece in pieces {
                let rest = piece.strip_prefix('{').unwrap_or(piece);
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                braced.push_str(&format!("{{{name}}}"));
                braced.push_str(if rest.len() < piece.len() {
                    after.strip_prefix('}').unwrap_or(after)
                } else {
                    after
                });
            }
            Some(Value::Text(Text { text: braced, offsets: Default::default(), ..held }))
        }
        "pathlib.Path"
        | "pathlib.PurePath"
        | "pathlib.PosixPath"
        | "cloudpathlib.S3Path"
        | "cloudpathlib.GSPath"
        | "cloudpathlib.AzureBlobPath"
        | "cloudpathlib.AnyPath"
        | "cloudpathlib.CloudPath"
        | "upath.UPath"
        | "anyio.Path" => {
            let pieces: Vec<Text> = arguments
                .positional
                .iter()
                .map(|value| text_of(value).unwrap_or_else(|| text_or_hole(value.clone(), "?")))
                .collect();
            Some(path(join_path(pieces)))
        }
        "os.getenv" | "os.environ.get" | "os.environ.setdefault" | "decouple.config" => {
            setting(arguments.positional.get(1).or_else(|| arguments.keyword("default")))
        }
        "airflow.models.Variable.get" | "airflow.sdk.Variable.get" => {
            setting(arguments.keyword("default_var").or_else(|| arguments.keyword("default")))
        }
        "typer.Option" | "typer.Argument" | "fastapi.Query" | "pydantic.Field" | "dataclasses.field" => {
            arguments.positional.first().or_else(|| arguments.keyword("default")).cloned()
        }
        "builtins.str"
        | "builtins.int"
        | "builtins.float"
        | "textwrap.dedent"
        | "sqlalchemy.text"
        | "sqlalchemy.sql.text"
        | "inspect.cleandoc"
        | "builtins.repr"
        | "builtins.bool" => Some(match first() {
            Value::Object(object) if object.kind == PATH => object.fields.get("path").cloned().unwrap_or_default(),
            Value::Data(_, data) => Value::Data(Shape::Scalar, data),
            other => other,
        }),
        _ => None,
    }
}
