//! What `tests/real/charts.py` holds against Helm: every chart of a folder, rendered.

use super::*;

/// The files below `root`, as those of a chart `c`.
fn read(root: &std::path::Path) -> Vec<File> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(root) {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let path = format!("c/{}", entry.path().strip_prefix(root).unwrap().to_string_lossy());
        let bytes = std::fs::read(entry.path()).unwrap();
        let mut file = File::in_memory(&path, "");
        match String::from_utf8(bytes) {
            Ok(text) => file = File::in_memory(&path, &text),
            Err(binary) => {
                file.bytes = binary.into_bytes().into();
                file.text = None;
            }
        }
        files.push(file);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// As JSON, with a member `{open}` where there may be more members.
fn marked(datum: &Datum) -> serde_json::Value {
    use crate::iac::datum::Kind;
    match &datum.kind {
        Kind::List(items) => items.iter().map(marked).collect(),
        Kind::Map(map) => {
            let members = map.members.iter().map(|(key, member)| (key.clone(), marked(member)));
            let open = map.open.iter().map(|why| ("{open}".to_owned(), why.expression.clone().into()));
            members.chain(open).collect()
        }
        _ => datum.json_holed(),
    }
}

#[test]
#[ignore = "for tests/real/charts.py: AEDILE_CHARTS names a folder of charts, AEDILE_RENDERED one for what they give"]
fn charts_of_a_folder() {
    let [charts, rendered] = ["AEDILE_CHARTS", "AEDILE_RENDERED"].map(|name| std::env::var(name).unwrap());
    for entry in std::fs::read_dir(&charts).unwrap() {
        let root = entry.unwrap().path();
        let files = read(&root);
        let unknown = files.iter().find(|file| &*file.path == "c/unknown.yaml").and_then(|file| file.text.clone());
        let inline = unknown.map(|text| text.to_string()).into_iter().collect();
        let found = render(&files, "c", &Installation { inline, ..Installation::default() }, 128);
        let objects: Vec<serde_json::Value> = found.objects.iter().map(|(_, object)| marked(object)).collect();
        let open: Vec<bool> = found.objects.iter().map(|(_, object)| object.why_unknown().is_some()).collect();
        let gaps: Vec<String> = found
            .gaps
            .iter()
            .map(|gap| {
                let file = files.iter().find(|file| file.path == gap.place.path);
                let text = file.and_then(|file| file.text.clone()).unwrap_or_default();
                let line = text[..gap.place.span.start as usize].matches('\n').count() + 1;
                format!("{}:{line} {}", gap.place.path, gap.message)
            })
            .collect();
        let name = root.file_name().unwrap().to_string_lossy().to_string();
        let whole = serde_json::json!({"objects": objects, "open": open, "gaps": gaps});
        std::fs::write(format!("{rendered}/{name}.json"), whole.to_string()).unwrap();
    }
}
