//! Conditions that nobody knows before installation. Both branches run, each on what was there before: what they agree on
//! is so, what they do not agree on is not known. A branch that refuses the values leaves the other.

use super::pipe::assign;
use super::{Flow, Frame, Machine};
use crate::iac::helm::parse::{Body, Node, Step};
use crate::iac::helm::text::{Origin, Rich};
use crate::iac::helm::value::{Changed, Fault, V, Val};

/// Conditions within branches of conditions of which both branches run.
const TRIALS: usize = 8;

/// A condition that is not known.
pub(super) struct Choice<'b> {
    /// The number of the unknown value.
    pub(super) number: usize,
    pub(super) node: &'b Node,
    /// What may run, with what `.` is there.
    pub(super) branches: [(&'b Body, Val); 2],
}

/// What a branch does.
struct Outcome {
    text: Rich,
    flow: Flow,
    variables: Vec<(String, Val)>,
    changed: Changed,
    undecided: Vec<(Option<Origin>, usize)>,
}

impl Machine<'_> {
    /// Runs both branches, and takes what they agree on.
    pub(super) fn choose(&mut self, choice: &Choice<'_>, frame: &mut Frame, out: &mut Rich) -> Result<Flow, Fault> {
        let depth = self.heap.trials();
        if depth >= TRIALS {
            return Ok(self.neither(choice, frame, out));
        }
        let [(then, dot), (other, dot_of_other)] = &choice.branches;
        let then = self.attempt(then, frame, dot);
        if let Err(fault) = &then
            && fault.limit
        {
            return if depth > 0 { then.map(|_| Flow::Next) } else { Ok(self.neither(choice, frame, out)) };
        }
        let other = self.attempt(other, frame, dot_of_other);
        match (then, other) {
            (Ok(then), Ok(other)) => self.agreed(choice, then, other, frame, out),
            (_, Err(fault)) if fault.limit && depth > 0 => Err(fault),
            (Ok(only), Err(refused)) | (Err(refused), Ok(only)) if refused.is_refusal() => {
                self.heap.adopt(only.changed)?;
                frame.variables = only.variables;
                self.undecided.extend(only.undecided);
                out.append(&only.text, None);
                Ok(only.flow)
            }
            (Err(fault), Err(another)) if !another.limit => Err(fault),
            _ => Ok(self.neither(choice, frame, out)),
        }
    }

    /// Runs a branch and takes back what it changes.
    fn attempt(&mut self, body: &Body, frame: &mut Frame, dot: &Val) -> Result<Outcome, Fault> {
        self.heap.spend(1 + frame.variables.len())?;
        let held = frame.variables.clone();
        let told = self.undecided.len();
        self.heap.begin();
        let mut text = Rich::default();
        let result = self.body(body, frame, dot, &mut text);
        let changed = self.heap.end();
        let variables = std::mem::replace(&mut frame.variables, held);
        let undecided = self.undecided.split_off(told);
        result.map(|flow| Outcome { text, flow, variables, changed, undecided })
    }

    fn agreed(
        &mut self,
        choice: &Choice<'_>,
        then: Outcome,
        other: Outcome,
        frame: &mut Frame,
        out: &mut Rich,
    ) -> Result<Flow, Fault> {
        let unknown = Val::from(V::Unknown(self.heap.opened(choice.number)));
        self.heap.reconcile(&then.changed, &other.changed, &unknown)?;
        self.heap.spend(1 + frame.variables.len())?;
        let values = then.variables.into_iter().zip(other.variables);
        let agreed = |(one, two): ((String, Val), (String, Val))| {
            if self.heap.same(&one.1, &two.1) { one } else { (one.0, unknown.clone()) }
        };
        frame.variables = values.map(agreed).collect();
        if let Step::Range { each, .. } = &choice.node.kind {
            // How often it runs is not known either.
            conceal(each, frame, &unknown);
        }
        let at = frame.template.source.origin(choice.node.span.start, choice.node.span.end, true);
        let hole = Rich::of(self.heap.rich(&unknown).text, at.map(|at| Origin { exact: false, ..at }));
        let line = out.text.rsplit('\n').next().unwrap_or_default();
        let (text, is_whole) = common(&then.text, &other.text, &hole, line);
        self.heap.spend((then.text.text.len() + other.text.text.len()) / 32)?;
        out.append(&text, None);
        if is_whole && then.flow == other.flow {
            self.undecided.extend(then.undecided);
            self.undecided.extend(other.undecided);
            return Ok(then.flow);
        }
        self.undecided.push((at, choice.number));
        Ok(Flow::Next)
    }

    /// Runs neither branch: what they would set is not known, and what they would write is missing and told.
    fn neither(&mut self, choice: &Choice<'_>, frame: &mut Frame, out: &mut Rich) -> Flow {
        let unknown = Val::from(V::Unknown(self.heap.opened(choice.number)));
        for (branch, _) in &choice.branches {
            conceal(branch, frame, &unknown);
        }
        let at = frame.template.source.origin(choice.node.span.start, choice.node.span.end, true);
        let source = frame.template.source.text();
        // A named template is asked for a value; elsewhere one may stand in a line that was begun.
        let is_value = self.includes > 1 || out.text.rsplit('\n').next().is_some_and(|line| !line.trim().is_empty());
        if is_value && choice.branches.iter().all(|(branch, _)| on_one_line(branch, source)) {
            out.push(&self.heap.rich(&unknown).text, at.map(|at| Origin { exact: false, ..at }));
        }
        self.undecided.push((at, choice.number));
        Flow::Next
    }
}

/// Makes the variables unknown that a body sets.
fn conceal(body: &Body, frame: &mut Frame, unknown: &Val) {
    for node in body.iter() {
        match &node.kind {
            Step::Show(pipe) if !pipe.declares => {
                for name in &pipe.variables {
                    assign(frame, name, unknown.clone());
                }
            }
            Step::If { then: one, other, .. }
            | Step::With { then: one, other, .. }
            | Step::Range { each: one, other, .. } => {
                conceal(one, frame, unknown);
                conceal(other, frame, unknown);
            }
            _ => {}
        }
    }
}

/// Whether a body writes a part of a line and no more, as far as its own text goes.
fn on_one_line(body: &Body, source: &str) -> bool {
    body.iter().all(|node| match &node.kind {
        Step::Text => !source.get(node.span.clone()).unwrap_or_default().contains('\n'),
        Step::If { then: one, other, .. }
        | Step::With { then: one, other, .. }
        | Step::Range { each: one, other, .. } => on_one_line(one, source) && on_one_line(other, source),
        Step::Show(_) | Step::Template { .. } | Step::Break | Step::Continue => true,
    })
}

/// What a line of YAML begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Item,
    Member,
    Text,
}

/// What stands for two texts of which nobody knows which it is, `line` being what stands before them on their line; and
/// whether it tells of all that is not known. Members and items that only one of them has leave their mapping or list open.
fn common(then: &Rich, other: &Rich, hole: &Rich, line: &str) -> (Rich, bool) {
    let cores = [then, other].map(|text| text.text.trim());
    if then.text == other.text || cores.concat().is_empty() {
        return (then.clone(), true);
    }
    if let Some(lines) = line_by_line(then, other, hole) {
        return (lines, true);
    }
    let shown = if cores[0].is_empty() { other } else { then };
    let core = shown.text.trim();
    let around = |start: usize, mark: Rich| {
        let mut whole = shown.slice(0, start);
        whole.append(&mark, None);
        whole.append(&shown.slice(shown.text.trim_end().len(), shown.text.len()), None);
        whole
    };
    let lead = |text: &Rich| text.text.len() - text.text.trim_start().len();
    let goes_on = [then, other].iter().all(|text| !text.text.get(..lead(text)).unwrap_or_default().contains('\n'));
    let is_value =
        goes_on && (line.contains(": ") || line.trim_end().ends_with(':') || line.trim_start().starts_with("- "));
    let inline = |core: &&str| !core.contains('\n') && (is_value || form(core) == Form::Text);
    if cores.iter().all(inline) {
        return (around(lead(shown), hole.clone()), true);
    }
    if cores.iter().any(|core| core.lines().any(begins_document)) {
        return (Rich::default(), false);
    }
    // Comments say nothing of how the rest is moved in.
    let said = core.lines().find(|line| !line.trim_start().starts_with('#')).unwrap_or(core).trim();
    let start = shown.text.find(said).unwrap_or_default();
    let form = form(said);
    let mut mark = Rich::default();
    mark.push(if form == Form::Item { "- " } else { "" }, None);
    mark.append(hole, None);
    mark.push(if form == Form::Member { ":" } else { "" }, None);
    (around(start, mark), form == Form::Text)
}

fn begins_document(line: &str) -> bool {
    ["---", "apiVersion:", "kind:"].iter().any(|start| line.starts_with(start))
}

fn form(line: &str) -> Form {
    let line = line.trim();
    if line == "-" || line.starts_with("- ") {
        Form::Item
    } else if line.contains(": ") || line.ends_with(':') {
        Form::Member
    } else {
        Form::Text
    }
}

/// Two texts of as many lines that give the same keys on them: what differs behind a key is not known.
fn line_by_line(then: &Rich, other: &Rich, hole: &Rich) -> Option<Rich> {
    if then.text.matches('\n').count() != other.text.matches('\n').count() {
        return None;
    }
    let mut whole = Rich::default();
    let mut at = 0;
    for (one, two) in then.text.split('\n').zip(other.text.split('\n')) {
        whole.push(if at > 0 { "\n" } else { "" }, None);
        if one == two {
            whole.append(&then.slice(at, at + one.len()), None);
        } else {
            let key = one.get(..one.find(": ")? + 2)?;
            let values = [one, two].map(|line| line.strip_prefix(key));
            if values.iter().any(|value| value.is_none_or(|value| value.starts_with(['|', '>', '&', '{', '[']))) {
                return None;
            }
            whole.append(&then.slice(at, at + key.len()), None);
            whole.append(hole, None);
        }
        at += one.len() + 1;
    }
    Some(whole)
}
