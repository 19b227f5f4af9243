//! Files of YAML as documents: what is not read of them, and keys that others hide, are gaps.

use aedile_model::{Gap, GapKind, Span};

use super::datum::Datum;
use crate::crawler::Context;
use crate::yaml::{self, Node};
use crate::{File, Options};

/// The first document of a file of settings.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(super) body: Option<Datum>,
    pub(super) gaps: Vec<Gap>,
}

impl Document {
    /// The document of `file`; `subject` says what the file is, as in "the bundle".
    pub(super) fn of(file: &File, subject: &str, context: Context<'_>) -> Document {
        let Some(text) = &file.text else { return Document::default() };
        let (documents, mut gaps) = documents(file, text, subject, context.options);
        let first = documents.first();
        gaps.extend(first.into_iter().flat_map(|document| duplicates(file, document)));
        Document { body: first.map(|document| Datum::from_yaml(document, &file.path)), gaps }
    }
}

/// The documents of `text`, which is that of `file` byte for byte, and a gap for each that does not parse.
pub(super) fn documents(file: &File, text: &str, subject: &str, options: &Options) -> (Vec<Node>, Vec<Gap>) {
    let (documents, errors) = yaml::parse_all(text, options.limits.nesting);
    let gaps = errors.into_iter().map(|error| Gap {
        place: file.place(error.span.start as usize, error.span.end as usize),
        kind: if error.limit { GapKind::Limit } else { GapKind::Unparsed },
        message: format!("{subject} is not read: {}", error.message),
    });
    (documents, gaps.collect())
}

/// A gap for each key of `document` that a later equal key hides.
pub(super) fn duplicates(file: &File, document: &Node) -> impl Iterator<Item = Gap> {
    document.duplicates().into_iter().map(|(key, span)| hidden(file, &key, span))
}

/// The gap that a key leaves which a later equal key hides.
pub(super) fn hidden(file: &File, key: &str, span: Span) -> Gap {
    Gap {
        place: file.place(span.start as usize, span.end as usize),
        kind: GapKind::Unparsed,
        message: format!("the key `{key}` stands twice: only the last one is read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iac::examples::RULES;

    #[test]
    fn what_is_not_read_of_a_document_is_a_gap() {
        let options = Options::default();
        let context = Context::new(&RULES, &options);
        let document = Document::of(&File::in_memory("a.yaml", "a: 1\na: 2\n"), "the file", context);
        assert_eq!(document.body.unwrap().member("a").unwrap().int(), Some(2));
        assert_eq!(document.gaps[0].message, "the key `a` stands twice: only the last one is read");
        let document = Document::of(&File::in_memory("a.yaml", "a: [1\n"), "the file", context);
        assert!(document.gaps[0].message.starts_with("the file is not read: "), "{:?}", document.gaps);
        let deep = format!("a: {}1{}", "[".repeat(1_000), "]".repeat(1_000));
        let document = Document::of(&File::in_memory("a.yaml", &deep), "the file", context);
        assert_eq!(document.gaps[0].kind, GapKind::Limit);
    }
}
