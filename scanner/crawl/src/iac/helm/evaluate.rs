//! Runs templates. What a chart cannot know before it is installed stays unknown; what fails stops its template.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

mod branch;
mod pipe;

use super::parse::{Body, Node, Pipe, Step, parse};
use super::text::{Origin, Rich};
use super::value::{Fault, Heap, V, Val};
use branch::Choice;
use pipe::assign;

/// Templates that include each other, in a row.
const INCLUDES: usize = 100;

/// Everything nested: bodies, pipelines, calls.
const NESTING: usize = 900;

/// Bytes that all templates of a chart may give.
const OUTPUT: usize = 32 << 20;

/// A template with its text.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) source: Source,
    pub(super) body: Body,
}

/// Where the text of a template comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A file of that number.
    File(u32, Rc<str>),
    /// A value, for `tpl`.
    Value(Rc<Rich>, Option<Origin>),
}

impl Source {
    fn text(&self) -> &str {
        match self {
            Source::File(_, text) => text,
            Source::Value(rich, _) => &rich.text,
        }
    }

    /// Where the bytes of the template stand.
    fn origin(&self, start: usize, end: usize, exact: bool) -> Option<Origin> {
        match self {
            Source::File(file, _) => {
                let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                Some(Origin { file: *file, start: narrow(start), end: narrow(end), exact })
            }
            Source::Value(rich, from) => rich.at(start).or(*from).map(|from| Origin { exact: false, ..from }),
        }
    }
}

/// A rendering: all templates of a chart and of the charts below it.
pub(super) struct Machine<'c> {
    pub(super) heap: Heap,
    templates: BTreeMap<String, Rc<Template>>,
    pub(super) texts: &'c [Rc<str>],
    includes: usize,
    nesting: usize,
    written: usize,
    /// Conditions that are not known, of whose branches something is missing.
    pub(super) undecided: Vec<(Option<Origin>, usize)>,
}

/// Variables and data of one template's run.
struct Frame {
    template: Rc<Template>,
    variables: Vec<(String, Val)>,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// What one call knows beside its arguments.
pub(super) struct Call {
    pub(super) at: Option<Origin>,
    /// The template and where in it the action stands; nothing for a function without arguments.
    action: Option<(Rc<Template>, Range<usize>)>,
}

impl Call {
    /// The action as it stands in the template, shortened.
    pub(super) fn expression(&self) -> String {
        let Some((template, span)) = &self.action else { return "{{ }}".to_owned() };
        let text = template.source.text().get(span.clone()).unwrap_or_default();
        let text = text.trim_start_matches("{{").trim_end_matches("}}").trim_matches(['-', ' ']);
        text.chars().take(80).collect()
    }
}

impl<'c> Machine<'c> {
    pub(super) fn new(texts: &'c [Rc<str>]) -> Machine<'c> {
        Machine {
            heap: Heap::default(),
            templates: BTreeMap::new(),
            texts,
            includes: 0,
            nesting: 0,
            written: 0,
            undecided: Vec::new(),
        }
    }

    /// Adds the template of a file under `name`, and all that it defines.
    pub(super) fn add(&mut self, name: &str, file: u32, text: &Rc<str>) -> Result<(), Fault> {
        let source = Source::File(file, Rc::clone(text));
        self.define(name, &source)
    }

    fn define(&mut self, name: &str, source: &Source) -> Result<(), Fault> {
        let (body, definitions) = parse(source.text()).map_err(|broken| Fault {
            message: broken.message,
            limit: false,
            at: source.origin(broken.at, broken.at + 2, true),
        })?;
        self.heap.spend(1 + source.text().len() / 16)?;
        for definition in definitions {
            let template = Template { source: source.clone(), body: definition.body };
            self.templates.insert(definition.name, Rc::new(template));
        }
        self.templates.insert(name.to_owned(), Rc::new(Template { source: source.clone(), body }));
        Ok(())
    }

    /// Whether there is a template of that name.
    pub(super) fn defines(&self, name: &str) -> bool {
        self.templates.contains_key(name)
    }

    /// Renders the template `name` with that data.
    pub(super) fn render(&mut self, name: &str, data: &Val) -> Result<Rich, Fault> {
        let Some(template) = self.templates.get(name).cloned() else {
            return Err(Fault::new(format!("there is no template `{name}`")));
        };
        self.run(template, data)
    }

    /// Renders a text that is a value, as `tpl` does.
    pub(super) fn render_text(&mut self, text: &Rc<Rich>, data: &Val, call: &Call) -> Result<Rich, Fault> {
        if !text.text.contains("{{") {
            return Ok((**text).clone());
        }
        let name = format!("{}tpl", super::text::HOLE.0);
        let held = self.templates.get(&name).cloned();
        self.define(&name, &Source::Value(Rc::clone(text), call.at))?;
        let template = self.templates.get(&name).cloned();
        if let Some(held) = held {
            self.templates.insert(name, held);
        }
        template.map_or_else(|| Ok(Rich::default()), |template| self.run(template, data))
    }

    fn run(&mut self, template: Rc<Template>, data: &Val) -> Result<Rich, Fault> {
        self.includes += 1;
        let result = if self.includes > INCLUDES {
            Err(Fault::limit(format!("templates include each other more than {INCLUDES} times in a row")))
        } else {
            let mut out = Rich::default();
            let body = Rc::clone(&template.body);
            let mut frame = Frame { template, variables: vec![(String::new(), data.clone())] };
            self.body(&body, &mut frame, data, &mut out).map(|_| out)
        };
        self.includes -= 1;
        result
    }

    fn body(&mut self, body: &[Node], frame: &mut Frame, dot: &Val, out: &mut Rich) -> Result<Flow, Fault> {
        self.nesting += 1;
        let depth = frame.variables.len();
        let result = if self.nesting > NESTING { Err(too_deep()) } else { self.nodes(body, frame, dot, out) };
        frame.variables.truncate(depth);
        self.nesting -= 1;
        result
    }

    fn nodes(&mut self, body: &[Node], frame: &mut Frame, dot: &Val, out: &mut Rich) -> Result<Flow, Fault> {
        for node in body {
            self.heap.spend(1)?;
            let flow = self.node(node, frame, dot, out).map_err(|mut fault| {
                if fault.at.is_none() {
                    fault.at = frame.template.source.origin(node.span.start, node.span.end, true);
                }
                fault
            })?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &Node, frame: &mut Frame, dot: &Val, out: &mut Rich) -> Result<Flow, Fault> {
        let depth = frame.variables.len();
        let flow = match &node.kind {
            Step::Text => {
                let source = &frame.template.source;
                let text = source.text().get(node.span.clone()).unwrap_or_default();
                // A value holds what stands for unknown values; a file has no part in that.
                let text = match source {
                    Source::File(..) => super::text::cleaned(text),
                    Source::Value(..) => text.into(),
                };
                let from = source.origin(node.span.start, node.span.end, true);
                self.write(text.len())?;
                out.push(&text, from);
                Flow::Next
            }
            Step::Show(pipe) => {
                let value = self.pipe(pipe, frame, dot)?;
                if pipe.variables.is_empty() {
                    let from = frame.template.source.origin(node.span.start, node.span.end, false);
                    let text = self.heap.rich(&value);
                    self.write(text.text.len())?;
                    out.append(&text, from);
                }
                return Ok(Flow::Next);
            }
            Step::If { cond, then, other } => {
                let value = self.pipe(cond, frame, dot)?;
                match self.heap.truth(&value) {
                    Some(true) => self.body(then, frame, dot, out)?,
                    Some(false) => self.body(other, frame, dot, out)?,
                    None => self.choose(&self.choice(&value, node, [(then, dot), (other, dot)]), frame, out)?,
                }
            }
            Step::With { cond, then, other } => {
                let value = self.pipe(cond, frame, dot)?;
                match self.heap.truth(&value) {
                    Some(true) => self.body(then, frame, &value, out)?,
                    Some(false) => self.body(other, frame, dot, out)?,
                    None => self.choose(&self.choice(&value, node, [(then, &value), (other, dot)]), frame, out)?,
                }
            }
            Step::Range { over, each, other } => self.range(over, each, other, node, frame, dot, out)?,
            Step::Template { name, with } => {
                let data = match with {
                    Some(pipe) => self.pipe(pipe, frame, dot)?,
                    None => Val::nil(),
                };
                let text = self.render(name, &data)?;
                let from = frame.template.source.origin(node.span.start, node.span.end, false);
                out.append(&text, from);
                Flow::Next
            }
            Step::Break => Flow::Break,
            Step::Continue => Flow::Continue,
        };
        frame.variables.truncate(depth);
        Ok(flow)
    }

    fn write(&mut self, bytes: usize) -> Result<(), Fault> {
        self.written += bytes;
        if self.written > OUTPUT {
            return Err(Fault::limit(format!("the chart gives more than {OUTPUT} bytes")));
        }
        self.heap.spend(bytes / 32)
    }

    fn choice<'b>(&self, value: &Val, node: &'b Node, branches: [(&'b Body, &Val); 2]) -> Choice<'b> {
        let number = self.heap.unknown_in(value).unwrap_or_default();
        Choice { number, node, branches: branches.map(|(body, dot)| (body, dot.clone())) }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a loop and what it runs in")]
    fn range(
        &mut self,
        over: &Pipe,
        each: &Body,
        other: &Body,
        node: &Node,
        frame: &mut Frame,
        dot: &Val,
        out: &mut Rich,
    ) -> Result<Flow, Fault> {
        let value = self.commands(over, frame, dot)?;
        let mut more = None;
        let pairs: Vec<(Val, Val)> = match &value.kind {
            V::List(id) => {
                (0_i64..).zip(self.heap.items(*id).iter()).map(|(at, item)| (at.into(), item.clone())).collect()
            }
            V::Map(id) => {
                more = self.heap.more(*id);
                let members = self.heap.members(*id);
                let pair = |(key, member): (&String, &Val)| match more {
                    Some(number) if super::text::is_open(key) => (V::Unknown(number).into(), V::Unknown(number).into()),
                    _ => (key.as_str().into(), member.clone()),
                };
                members.iter().map(pair).collect()
            }
            V::Int(count) => {
                self.heap.spend(usize::try_from(*count).unwrap_or(0))?;
                (0..*count).map(|at| (at.into(), at.into())).collect()
            }
            V::Files(id) => {
                let files = self.heap.files.get(*id).cloned().unwrap_or_default();
                let text = |at: usize| self.texts.get(at).map(|text| text.to_string()).unwrap_or_default();
                files.iter().map(|(path, at)| (path.as_str().into(), text(*at).into())).collect()
            }
            V::Nil => Vec::new(),
            V::Unknown(_) => {
                for name in over.variables.iter().filter(|_| over.declares) {
                    frame.variables.push((name.clone(), value.clone()));
                }
                self.choose(&self.choice(&value, node, [(each, &value), (other, dot)]), frame, out)?;
                return Ok(Flow::Next);
            }
            _ => return Err(Fault::new("`range` is given something that is neither a list nor a mapping")),
        };
        if pairs.is_empty() {
            return self.body(other, frame, dot, out);
        }
        let depth = frame.variables.len();
        for (key, item) in pairs {
            match (over.variables.as_slice(), over.declares) {
                ([only], true) => frame.variables.push((only.clone(), item.clone())),
                ([first, second], true) => {
                    frame.variables.push((first.clone(), key));
                    frame.variables.push((second.clone(), item.clone()));
                }
                ([only], false) => assign(frame, only, item.clone()),
                ([first, second], false) => {
                    assign(frame, first, key);
                    assign(frame, second, item.clone());
                }
                _ => {}
            }
            self.heap.spend(1)?;
            let flow = match (&item.kind, more) {
                // There may be more members than those that are known, or not.
                (V::Unknown(open), Some(number)) if *open == number => {
                    let none: Body = Vec::new().into();
                    self.choose(&self.choice(&item, node, [(each, &item), (&none, dot)]), frame, out)?
                }
                _ => self.body(each, frame, &item, out)?,
            };
            frame.variables.truncate(depth);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::Next)
    }
}

fn too_deep() -> Fault {
    Fault::limit(format!("templates, blocks and brackets nest more than {NESTING} levels deep"))
}
