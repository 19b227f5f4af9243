//! Functions that read files: only those that the crawl has read anyway, as data.

use std::sync::Arc;

use super::evaluate::not_known;
use super::evaluator::Evaluator;
use super::functions;
use super::module::local_folder;
use super::parse::Origin;
use super::scope::{Here, Names, Scope};
use super::syntax::{Expression, Form, Part, parse_template};
use crate::File;
use crate::iac::datum::{Datum, Kind, Map};

/// Files that `fileset` may give.
const FILES: usize = 10_000;

/// `folder` as seen from `root`, as `path.module` gives it.
pub(super) fn relative(root: &str, folder: &str) -> String {
    let root: Vec<&str> = root.split('/').filter(|part| !part.is_empty()).collect();
    let folder: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let shared = root.iter().zip(&folder).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", root.len() - shared);
    let parts: Vec<&str> = up.chain(folder.into_iter().skip(shared)).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

impl<'a> Evaluator<'a> {
    /// The value of a function that reads files or parses templates; `None` for all others.
    pub(super) fn file_function(
        &mut self,
        name: &str,
        arguments: &[&Datum],
        here: Here<'_>,
        scope: &Scope,
    ) -> Option<Datum> {
        let hash = name.strip_prefix("filebase64sha").map(|bits| format!("base64sha{bits}"));
        let hash = hash.or_else(|| {
            name.strip_prefix("file").filter(|hash| hash.starts_with("sha") || *hash == "md5").map(str::to_owned)
        });
        let is_reader = matches!(name, "file" | "filebase64" | "fileexists" | "fileset" | "templatefile");
        if name == "templatestring" {
            return Some(self.template_text(arguments, here, scope));
        }
        if !is_reader && hash.is_none() {
            return None;
        }
        let Some(first) = arguments.first() else {
            return Some(Datum::fault(here.snippet(), "it needs a path"));
        };
        let Some(path) = first.text() else {
            return Some(not_known(first, &here.snippet()));
        };
        if name == "fileset" {
            return Some(self.fileset(&path, arguments, here));
        }
        let found = self.file(&path);
        let Some((file, text)) = found else {
            let why = format!("the file `{path}` is not among those that were read");
            return Some(Datum::unknown(here.snippet(), why));
        };
        Some(match (name, hash) {
            ("fileexists", _) => Kind::Bool(true).into(),
            ("templatefile", _) => self.template_file(file, text, arguments, here, scope),
            ("file", _) => Datum::from_text(&*text),
            // The text is the file's only where nothing was decoded.
            _ if file.size != text.len() as u64 => Datum::unknown(here.snippet(), "the file's bytes are not kept"),
            ("filebase64", _) => functions::call("base64encode", &[&Datum::from_text(&*text)], &|| here.snippet()),
            (_, Some(hash)) => functions::call(&hash, &[&Datum::from_text(&*text)], &|| here.snippet()),
            (_, None) => return None,
        })
    }

    /// The file at `path` as seen from the root's folder.
    fn file(&self, path: &str) -> Option<(&'a File, Arc<str>)> {
        let path = path.strip_prefix("./").unwrap_or(path);
        let path = local_folder(self.root_folder(), &format!("./{path}"))?;
        let file = self.library.files.get(path.as_str())?;
        Some((file, file.text.clone()?))
    }

    /// Paths below a folder that a pattern matches.
    fn fileset(&self, folder: &str, arguments: &[&Datum], here: Here<'_>) -> Datum {
        let base = local_folder(self.root_folder(), &format!("./{folder}"));
        let pattern = arguments.get(1).and_then(|pattern| pattern.text());
        let glob = pattern
            .and_then(|pattern| globset::GlobBuilder::new(&pattern).literal_separator(true).build().ok())
            .map(|glob| glob.compile_matcher());
        let (Some(base), Some(glob)) = (base, glob) else {
            return Datum::unknown(here.snippet(), "its folder or its pattern is not known");
        };
        let start = if base.is_empty() { String::new() } else { format!("{base}/") };
        let below = self.library.files.range(start.as_str()..).map_while(|(path, _)| path.strip_prefix(&start));
        let found: Vec<Datum> = below.filter(|path| glob.is_match(path)).take(FILES).map(Datum::from_text).collect();
        if found.is_empty() {
            return Datum::unknown(here.snippet(), "no file that was read matches");
        }
        Kind::List(found.into()).into()
    }

    fn template_file(
        &mut self,
        file: &File,
        text: Arc<str>,
        arguments: &[&Datum],
        here: Here<'_>,
        scope: &Scope,
    ) -> Datum {
        let path = file.path.to_string();
        let parsed = match self.templates.get(&path) {
            Some(parsed) => Arc::clone(parsed),
            None => {
                let origin = Origin { path: Some(Arc::clone(&file.path)), text: Arc::clone(&text) };
                let template = match parse_template(&text, 0, None) {
                    Ok(template) => template,
                    Err(fault) => Expression { form: Form::Broken(fault.message.clone()), span: fault.span },
                };
                let parsed = Arc::new((origin, template));
                self.templates.insert(path, Arc::clone(&parsed));
                parsed
            }
        };
        let (origin, template) = &*parsed;
        self.rendered(template, origin, arguments.get(1).copied(), here, scope)
    }

    fn template_text(&mut self, arguments: &[&Datum], here: Here<'_>, scope: &Scope) -> Datum {
        let Some(first) = arguments.first() else {
            return Datum::fault(here.snippet(), "it needs a template");
        };
        let Some(text) = first.text() else {
            return not_known(first, &here.snippet());
        };
        match parse_template(&text, 0, Some(here.span)) {
            Ok(template) => self.rendered(&template, here.origin, arguments.get(1).copied(), here, scope),
            Err(fault) => Datum::fault(here.snippet(), format!("the template does not parse: {}", fault.message)),
        }
    }

    /// A template whose names are the members of `values` and nothing else.
    fn rendered(
        &mut self,
        template: &Expression,
        origin: &Origin,
        values: Option<&Datum>,
        here: Here<'_>,
        scope: &Scope,
    ) -> Datum {
        let mut names = Names::default();
        match values.map(|values| &values.kind) {
            Some(Kind::Map(Map { members, open: None })) => {
                for (name, value) in members {
                    names = names.with(name, value.clone());
                }
            }
            None => {}
            Some(_) => return not_known(values.unwrap_or(&Kind::Null.into()), &here.snippet()),
        }
        if !self.bound.enter() {
            return Datum::unknown(here.snippet(), "evaluating it reaches a limit");
        }
        let inner = Scope { instance: scope.instance, names };
        let inside = Here { origin, span: template.span };
        let mut datum = match &template.form {
            Form::Template(parts) => match parts.as_slice() {
                [Part::Value(single)] => self.evaluate(single, origin, &inner),
                parts => self.template(parts, inside, &inner),
            },
            Form::Text(text) => Datum::from_text(text.as_str()),
            _ => self.evaluate(template, origin, &inner),
        };
        self.bound.leave();
        datum.place = here.place();
        datum
    }
}
