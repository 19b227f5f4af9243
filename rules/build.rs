//! Our packs as JSON, which is read many times faster than YAML. Tests hold what is read of it against the YAML.

use std::error::Error;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::{env, fs};

use serde_yaml::Value;

/// The folders of packs.
const FOLDERS: [&str; 5] = ["apis", "fixes", "identifiers", "resources", "secrets"];

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    let mut table =
        "/// Name, hash of the text, JSON; sorted by name.\nconst PACKED: &[(&str, u64, &str)] = &[\n".to_owned();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        files.sort_by_key(fs::DirEntry::file_name);
        for file in files {
            let name = format!("{folder}/{}", file.file_name().display());
            let text = fs::read_to_string(file.path())?;
            // What is no YAML is said by whoever loads it.
            let Some(json) = serde_yaml::from_str(&text).ok().and_then(json) else { continue };
            let packed = name.replace('/', "-");
            fs::write(Path::new(&out).join(&packed), json.to_string())?;
            let mut hash = DefaultHasher::new();
            text.hash(&mut hash);
            writeln!(
                table,
                "    ({name:?}, {}, include_str!(concat!(env!(\"OUT_DIR\"), \"/{packed}\"))),",
                hash.finish()
            )?;
        }
    }
    table.push_str("];\n");
    fs::write(Path::new(&out).join("packed.rs"), table)?;
    Ok(())
}

/// The same in JSON; `None` for tags and for keys that are lists or mappings.
fn json(value: Value) -> Option<serde_json::Value> {
    Some(match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => truth.into(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => number.as_f64()?.into(),
        },
        Value::String(text) => text.into(),
        Value::Sequence(items) => items.into_iter().map(json).collect::<Option<Vec<_>>>()?.into(),
        Value::Mapping(members) => {
            let mut object = serde_json::Map::new();
            for (key, value) in members {
                let key = match key {
                    Value::String(text) => text,
                    Value::Bool(truth) => truth.to_string(),
                    Value::Number(number) => number.to_string(),
                    Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => return None,
                };
                object.insert(key, json(value)?);
            }
            object.into()
        }
        Value::Tagged(_) => return None,
    })
}
