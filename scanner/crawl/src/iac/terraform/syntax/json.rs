//! The JSON form of the language as the same tree.
//!
//! Source: developer.hashicorp.com/terraform/language/syntax/json. Which properties are nested blocks only the
//! provider's schema tells; here they become attributes whose values are objects, which readers of bodies take
//! for blocks that stand once.

use aedile_model::Span;

use super::super::super::json::{Kind, Member, Node, parse};
use super::{Attribute, Block, Body, Expression, Fault, Form, Key, parse_expression, parse_template};

/// Lists and objects in each other.
const NESTING: usize = 100;

/// What labels each top-level block has.
const LABELS: [(&str, usize); 14] = [
    ("check", 1),
    ("data", 2),
    ("ephemeral", 2),
    ("import", 0),
    ("locals", 0),
    ("module", 1),
    ("moved", 0),
    ("output", 1),
    ("provider", 1),
    ("removed", 0),
    ("resource", 2),
    ("run", 1),
    ("terraform", 0),
    ("variable", 1),
];

/// The configuration of a `.tf.json`; what has no place in one is a fault.
pub(in super::super) fn configuration(text: &str) -> (Body, Vec<Fault>) {
    let mut reader = Reader { text, faults: Vec::new() };
    let mut body = Body::default();
    if let Some(root) = reader.root() {
        for object in one_or_many(&root) {
            for member in object.members().iter().filter(|member| member.key != "//") {
                match LABELS.iter().find(|(word, _)| *word == member.key) {
                    Some((word, labels)) => {
                        reader.blocks(word, *labels, Vec::new(), member.key_span, &member.value, &mut body.blocks);
                    }
                    None => reader.fault(member.key_span, "there is no block of that name", false),
                }
            }
        }
    }
    (body, reader.faults)
}

/// The values of a `.tfvars.json`, which are no templates.
pub(in super::super) fn values(text: &str) -> (Body, Vec<Fault>) {
    let mut reader = Reader { text, faults: Vec::new() };
    let mut body = Body::default();
    if let Some(root) = reader.root() {
        body.attributes.extend(root.members().iter().map(|member| Attribute {
            name: member.key.clone(),
            value: constant(&member.value),
            span: member.span(),
            elsewhere: None,
        }));
    }
    (body, reader.faults)
}

struct Reader<'t> {
    text: &'t str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn root(&mut self) -> Option<Node> {
        match parse(self.text, NESTING) {
            Ok(root) => {
                self.duplicates(&root);
                Some(root)
            }
            Err(error) => {
                self.fault(error.span, &error.message, error.limit);
                None
            }
        }
    }

    fn fault(&mut self, span: Span, message: &str, limit: bool) {
        self.faults.push(Fault { span, message: message.to_owned(), limit });
    }

    /// Equal keys beside each other, which Terraform refuses, but for comments and words of blocks.
    fn duplicates(&mut self, node: &Node) {
        for (_, span) in node.duplicates().into_iter().filter(|(key, _)| *key != "//") {
            self.fault(span, "the key stands twice; the last counts", false);
        }
    }

    /// Blocks of `word` with so many more labels.
    fn blocks(&mut self, word: &str, labels: usize, held: Vec<String>, at: Span, node: &Node, blocks: &mut Vec<Block>) {
        for object in one_or_many(node) {
            if !matches!(object.kind, Kind::Map(_)) {
                self.fault(object.span, "expected an object", false);
                continue;
            }
            if let Some(left) = labels.checked_sub(1) {
                for member in object.members().iter().filter(|member| member.key != "//") {
                    let mut held = held.clone();
                    held.push(member.key.clone());
                    self.blocks(word, left, held, member.key_span, &member.value, blocks);
                }
                continue;
            }
            let span = Span { start: at.start, end: object.span.end };
            let body = self.body(word, object);
            blocks.push(Block { word: word.to_owned(), labels: held.clone(), header: at, span, body, elsewhere: None });
        }
    }

    /// The body of a block of `word`.
    fn body(&mut self, word: &str, object: &Node) -> Body {
        let mut body = Body::default();
        for member in object.members().iter().filter(|member| member.key != "//") {
            let key = member.key.as_str();
            match (word, key) {
                (_, "dynamic") if is_dynamic(&member.value) => {
                    self.blocks("dynamic", 1, Vec::new(), member.key_span, &member.value, &mut body.blocks);
                }
                ("dynamic", "content")
                | ("terraform", "required_providers" | "backend" | "cloud")
                | (_, "lifecycle" | "provisioner" | "connection") => {
                    self.blocks(key, 0, Vec::new(), member.key_span, &member.value, &mut body.blocks);
                }
                _ if one_or_many(&member.value).iter().any(|object| object.get("dynamic").is_some_and(is_dynamic)) => {
                    self.blocks(key, 0, Vec::new(), member.key_span, &member.value, &mut body.blocks);
                }
                _ => {
                    let value = self.value(word, member);
                    body.attributes.push(Attribute {
                        name: member.key.clone(),
                        value,
                        span: member.span(),
                        elsewhere: None,
                    });
                }
            }
        }
        body
    }

    fn value(&mut self, word: &str, member: &Member) -> Expression {
        let node = &member.value;
        match (word, member.key.as_str()) {
            ("variable", "default") | ("terraform", _) => constant(node),
            ("variable", "type") | ("dynamic", "iterator") | ("resource" | "data", "provider") => {
                match node.str().map(|text| (text, parse_expression(text, 0, Some(node.span)))) {
                    Some((_, Ok(expression))) => expression,
                    Some((text, Err(_))) => Expression { form: Form::Text(text.to_owned()), span: node.span },
                    None => constant(node),
                }
            }
            _ => self.expression(node),
        }
    }

    /// A value whose texts are templates.
    fn expression(&mut self, node: &Node) -> Expression {
        let form = match &node.kind {
            Kind::Text(text) => return self.template(text, node.span),
            Kind::List(items) => Form::List(items.iter().map(|item| self.expression(item)).collect()),
            Kind::Map(members) => Form::Object(
                members
                    .iter()
                    .filter(|member| member.key != "//")
                    .map(|member| {
                        let key = if member.key.contains("${") {
                            Key::Computed(self.template(&member.key, member.key_span))
                        } else {
                            Key::Word(member.key.clone(), member.key_span)
                        };
                        (key, self.expression(&member.value))
                    })
                    .collect(),
            ),
            _ => return constant(node),
        };
        Expression { form, span: node.span }
    }

    fn template(&mut self, text: &str, span: Span) -> Expression {
        if !text.contains("${") && !text.contains("%{") {
            return Expression { form: Form::Text(text.to_owned()), span };
        }
        // Without escapes the text stands in the file as it is.
        let inside = self.text.get(span.start as usize + 1..(span.end as usize).saturating_sub(1));
        let fixed = if inside == Some(text) { None } else { Some(span) };
        match parse_template(text, span.start as usize + 1, fixed) {
            Ok(template) => Expression { span, ..template },
            Err(fault) => {
                let message = fault.message.clone();
                self.faults.push(fault);
                Expression { form: Form::Broken(message), span }
            }
        }
    }
}

/// The node itself, or the items of a list.
fn one_or_many(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// `{"ingress": {"for_each": …, "content": …}}`, alone or in lists.
fn is_dynamic(node: &Node) -> bool {
    let objects = one_or_many(node);
    !objects.is_empty()
        && objects.iter().all(|object| {
            let members = object.members();
            !members.is_empty()
                && members
                    .iter()
                    .all(|member| one_or_many(&member.value).iter().all(|inner| inner.get("content").is_some()))
        })
}

/// A value whose texts are taken as they are.
fn constant(node: &Node) -> Expression {
    let form = match &node.kind {
        Kind::Null => Form::Null,
        Kind::Bool(truth) => Form::Bool(*truth),
        Kind::Int(number) => Form::Int(*number),
        Kind::Float(number) => Form::Float(*number),
        Kind::Text(text) => Form::Text(text.clone()),
        Kind::List(items) => Form::List(items.iter().map(constant).collect()),
        Kind::Map(members) => Form::Object(
            members
                .iter()
                .map(|member| (Key::Word(member.key.clone(), member.key_span), constant(&member.value)))
                .collect(),
        ),
    };
    Expression { form, span: node.span }
}
