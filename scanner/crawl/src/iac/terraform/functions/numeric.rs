//! Functions of numbers.

use super::super::operator::number;
use super::{Arguments, Outcome};
use crate::iac::datum::Kind;

/// Functions of arguments that are all known.
pub(super) fn call(name: &str, arguments: Arguments<'_>) -> Option<Outcome> {
    let one = |form: fn(f64) -> f64| arguments.float(0).map(|value| number(form(value)));
    Some(match name {
        "abs" => one(f64::abs),
        "ceil" => one(f64::ceil),
        "floor" => one(f64::floor),
        "signum" => one(|value| {
            if value > 0.0 {
                1.0
            } else if value < 0.0 {
                -1.0
            } else {
                0.0
            }
        }),
        "log" => finite(arguments, |value, base| value.ln() / base.ln()),
        "pow" => finite(arguments, f64::powf),
        "max" => best(arguments, f64::max),
        "min" => best(arguments, f64::min),
        "parseint" => parsed(arguments),
        _ => return None,
    })
}

fn finite(arguments: Arguments<'_>, form: fn(f64, f64) -> f64) -> Outcome {
    let value = form(arguments.float(0)?, arguments.float(1)?);
    if !value.is_finite() {
        return Err("the result is no number".to_owned());
    }
    // Logarithms of powers come out a little beside whole numbers.
    let near = value.round();
    Ok(number(if (value - near).abs() < 1e-12 { near } else { value }))
}

fn best(arguments: Arguments<'_>, better: fn(f64, f64) -> f64) -> Outcome {
    let numbers: Result<Vec<f64>, String> = (0..arguments.0.len()).map(|at| arguments.float(at)).collect();
    numbers?.into_iter().reduce(better).map(number).ok_or("it needs a number".to_owned())
}

fn parsed(arguments: Arguments<'_>) -> Outcome {
    let base = arguments.number(1)?;
    let radix = u32::try_from(base).ok().filter(|radix| (2..=36).contains(radix)).ok_or("the base is not 2 to 36")?;
    i64::from_str_radix(&arguments.text(0)?, radix)
        .map(|number| Kind::Int(number).into())
        .map_err(|_| "it is no number".to_owned())
}
