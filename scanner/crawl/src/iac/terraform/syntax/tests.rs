use super::*;

fn expression(text: &str) -> Expression {
    parse_expression(text, 0, None).unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
}

/// A tree in brackets, to see what belongs to what.
fn shape(expression: &Expression) -> String {
    let all = |items: &[Expression]| items.iter().map(shape).collect::<Vec<_>>().join(" ");
    match &expression.form {
        Form::Null => "null".to_owned(),
        Form::Bool(truth) => truth.to_string(),
        Form::Int(number) => number.to_string(),
        Form::Float(number) => number.to_string(),
        Form::Text(text) => format!("{text:?}"),
        Form::Template(parts) => format!("\"{}\"", parts.iter().map(part).collect::<Vec<_>>().join(" ")),
        Form::List(items) => format!("[{}]", all(items)),
        Form::Object(members) => {
            let member = |(key, value): &(Key, Expression)| match key {
                Key::Word(word, _) => format!("{word}={}", shape(value)),
                Key::Computed(key) => format!("({})={}", shape(key), shape(value)),
            };
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(" "))
        }
        Form::Name(name) => name.clone(),
        Form::Parenthesis(inner) => shape(inner),
        Form::Conditional(parts) => format!("(? {})", all(&parts[..])),
        Form::Call { name, arguments, expanded } => {
            format!("({name} {}{})", all(arguments), if *expanded { "..." } else { "" })
        }
        Form::Traversal(start, steps) => {
            let step = |step: &Step| match step {
                Step::Attribute(name) => format!(".{name}"),
                Step::Index(index) => format!("[{}]", shape(index)),
                Step::Splat => "[*]".to_owned(),
                Step::AttributeSplat => ".*".to_owned(),
            };
            format!("{}{}", shape(start), steps.iter().map(step).collect::<String>())
        }
        Form::Not(inner) => format!("(! {})", shape(inner)),
        Form::Negative(inner) => format!("(- {})", shape(inner)),
        Form::Chain(first, rest) => {
            let mut out = shape(first);
            for (operator, operand) in rest {
                out = format!("({operator:?} {out} {})", shape(operand));
            }
            out
        }
        Form::For(each) => format!(
            "(for {} {} in {} {} {}{} {})",
            each.key.as_deref().unwrap_or("-"),
            each.value,
            shape(&each.collection),
            each.result_key.as_ref().map_or("-".to_owned(), shape),
            shape(&each.result),
            if each.grouping { "..." } else { "" },
            each.condition.as_ref().map_or("-".to_owned(), shape),
        ),
        Form::Broken(why) => format!("<{why}>"),
    }
}

fn part(part: &Part) -> String {
    let all = |parts: &[Part]| parts.iter().map(self::part).collect::<Vec<_>>().join(" ");
    match part {
        Part::Literal(text) => format!("{text:?}"),
        Part::Value(value) => format!("${{{}}}", shape(value)),
        Part::If { condition, then, otherwise } => {
            format!("if({} : {} : {})", shape(condition), all(then), all(otherwise))
        }
        Part::For { key, value, collection, body } => {
            format!("for({} {value} {} : {})", key.as_deref().unwrap_or("-"), shape(collection), all(body))
        }
    }
}

#[test]
fn expressions_have_the_shape_that_precedence_gives_them() {
    for (text, wanted) in [
        ("1 + 2 * 3 - 4", "(Minus (Plus 1 (Times 2 3)) 4)"),
        ("a || b && !c == d", "(Or a (And b (Equal (! c) d)))"),
        ("-a.b < 1", "(Less (- a.b) 1)"),
        ("a ? b : c ? d : e", "(? a b (? c d e))"),
        ("var.a[0].b[\"c\"]", "var.a[0].b[\"c\"]"),
        ("a.*.b[0]", "a.*.b[0]"),
        ("a[*].b.0", "a[*].b[0]"),
        ("f(1, [2, 3,], a...)", "(f 1 [2 3] a...)"),
        ("provider::aws::arn_parse(x)", "(provider::aws::arn_parse x)"),
        ("{ a = 1, \"b\" : 2, (c) = 3 }", "{a=1 (\"b\")=2 (c)=3}"),
        ("{\n a = 1\n b = x ?\n 1 : 2 # no\n}", "{a=1 b=(? x 1 2)}"),
        ("[for x in y : x.z if x > 1]", "(for - x in y - x.z (Greater x 1))"),
        ("{for k, v in y : k => v...}", "(for k v in y k v... -)"),
        ("\"a${b}c\"", "\"\"a\" ${b} \"c\"\""),
        ("\"$${a} %%{b} \\\"\\u00e9\"", "\"${a} %{b} \\\"é\""),
        ("\"${\"${x}\"}\"", "\"${\"${x}\"}\""),
        ("\"%{ if a }x%{ else }y%{ endif }\"", "\"if(a : \"x\" : \"y\")\""),
        ("\"%{ for k, v in m ~}  ${v} %{ endfor }\"", "\"for(k v m : ${v} \" \")\""),
        ("1.5e3", "1500"),
        ("a-b", "a-b"),
        ("a - b", "(Minus a b)"),
        ("10 % 3", "(Modulo 10 3)"),
        ("(\n a\n + b\n)", "(Plus a b)"),
        ("[\n 1, # one\n /* two */ 2\n]", "[1 2]"),
        ("a.b /* c */ != null", "(Unequal a.b null)"),
    ] {
        assert_eq!(shape(&expression(text)), wanted, "{text}");
    }
}

#[test]
fn heredocs_lose_the_indent_that_all_lines_share() {
    let body = parse_body("a = <<-EOT\n    x\n      y ${b}\n  EOT\nb = <<X\n  z\nX\n", 0).expect("it parses");
    assert_eq!(shape(&body.attributes[0].value), "\"\"x\\n  y \" ${b} \"\\n\"\"");
    assert_eq!(shape(&body.attributes[1].value), "\"  z\\n\"");
}

#[test]
fn spans_are_those_of_the_text() {
    let text = "resource \"t\" \"n\" {\n  a = \"x${var.y}\"\n  b { c = 1 }\n}\n";
    let body = parse_body(text, 0).expect("it parses");
    let raw = |span: Span| &text[span.start as usize..span.end as usize];
    let block = &body.blocks[0];
    assert_eq!(raw(block.header), "resource \"t\" \"n\"");
    assert_eq!(raw(block.span), text.trim_end());
    assert_eq!(raw(block.body.attributes[0].span), "a = \"x${var.y}\"");
    assert_eq!(raw(block.body.blocks[0].span), "b { c = 1 }");
}

#[test]
fn a_broken_attribute_loses_itself_alone() {
    let text = "resource \"t\" \"n\" {\n  a = = 1\n  b = 2\n  c {\n    d = [1,\n    e = 3\n  }\n  f = 4\n}\n";
    let (body, faults) = recovered_body(text, 0);
    let inner = &body.blocks[0].body;
    let names: Vec<&str> = inner.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "f"]);
    assert!(matches!(inner.attributes[0].value.form, Form::Broken(_)));
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(inner.broken.is_some());
}

#[test]
fn what_parses_elsewhere_parses_here() {
    let texts = [
        "a = 1\nb = \"x\"\n",
        "locals {\n  a = { b = 1, c = [1, 2] }\n}\n",
        "x \"y\" z {\n  a { b = 1 }\n}\n",
        "a = [for s in var.l : upper(s) if s != \"\"]\n",
        "a = b ? { c = 1 } : {}\n",
        "a = \"${b}-${c[0].d}\"\n",
        "a = <<EOT\nx ${b}\nEOT\n",
        "a = b.*.c\n",
        "a = f(b...)\n",
    ];
    for text in texts {
        assert!(hcl_edit::parser::parse_body(text).is_ok(), "{text}");
        assert!(parse_body(text, 0).is_ok(), "{text}");
    }
    for text in ["a = ", "a 1", "a = [1", "a = \"x", "x {", "a = 1 2", "}", "a = {b}", "= 1"] {
        assert!(hcl_edit::parser::parse_body(text).is_err(), "{text}");
        assert!(parse_body(text, 0).is_err(), "{text}");
    }
}

#[test]
fn an_attribute_that_stands_twice_is_a_fault_and_the_first_counts() {
    let text = "resource \"t\" \"n\" {\n  a = 1\n  b = 2\n  a = 3\n}\n";
    assert!(parse_body(text, 0).is_err());
    let (body, faults) = recovered_body(text, 0);
    assert_eq!(shape(body.blocks[0].body.attribute("a").expect("there is a")), "1");
    assert_eq!(faults.len(), 1);
    assert_eq!(&text[faults[0].span.start as usize..faults[0].span.end as usize], "a = 3");
}

/// A small generator of its own, so that a failure can be repeated.
pub(in crate::iac::terraform) struct Dice(pub(in crate::iac::terraform) u64);

impl Dice {
    pub(in crate::iac::terraform) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

/// `seed` with a few pieces of syntax put in, cut out or replaced.
pub(in crate::iac::terraform) fn mutated(seed: &str, dice: &mut Dice) -> String {
    let spice = [
        "{", "}", "[", "]", "(", ")", "\"", "${", "%{", "<<E\n", "\\", "\n", "é", "...", "=", ".", "#", "/*", "for",
        "\0", "null", "*", "1e9", "each", "var.x", ",", ":",
    ];
    let mut text = seed.to_owned();
    for _ in 0..=dice.roll(6) {
        let mut at = dice.roll(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let piece = spice[dice.roll(spice.len())];
        match dice.roll(8) {
            0..=3 => text.insert_str(at, piece),
            4 => text.truncate(at),
            _ => {
                let mut end = (at + dice.roll(12)).min(text.len());
                while !text.is_char_boundary(end) {
                    end += 1;
                }
                text.replace_range(at..end, piece);
            }
        }
    }
    text
}

#[test]
fn mutations_end_without_a_panic_and_keep_spans_inside() {
    let seeds = [
        "resource \"aws_s3_bucket\" \"b\" {\n  for_each = toset([\"a\", \"b\"])\n  bucket = \"x-${each.key}\"\n  dynamic \"rule\" {\n    for_each = [for r in var.rules : r if r.on]\n    content { id = rule.value.id }\n  }\n}\n",
        "locals {\n  a = <<-EOT\n    %{ for x in y ~}\n    ${x}\n    %{ endfor ~}\n  EOT\n  b = { (local.k) = a.b[*].c, d : null ? 1 : 2 }\n}\n",
        "{\"resource\": {\"a\": {\"b\": [{\"c\": \"${d}\", \"dynamic\": {\"e\": {\"content\": {}}}}]}}, \"//\": 1}",
    ];
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for round in 0..6_000 {
        let text = mutated(seeds[round % seeds.len()], &mut dice);
        let (_, faults) = super::super::parse::native(&text);
        assert!(faults.iter().all(|fault| fault.span.end as usize <= text.len()), "{text:?}: {faults:?}");
        let (_, faults) = json::configuration(&text);
        assert!(faults.iter().all(|fault| fault.span.end as usize <= text.len() + 1), "{text:?}: {faults:?}");
    }
}
