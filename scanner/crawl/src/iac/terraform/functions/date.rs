//! Functions of points in time that are given.

use super::{Arguments, Outcome};
use crate::iac::datum::{Datum, Kind};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Functions of arguments that are all known.
pub(super) fn call(name: &str, arguments: Arguments<'_>) -> Option<Outcome> {
    Some(match name {
        "formatdate" => arguments.text(0).and_then(|form| {
            let moment = Moment::read(&arguments.text(1)?)?;
            moment.formatted(&form).map(Datum::from_text)
        }),
        "timeadd" => arguments.text(0).and_then(|text| {
            let mut moment = Moment::read(&text)?;
            let seconds = duration(&arguments.text(1)?)?;
            moment.seconds = moment.seconds.checked_add(seconds).ok_or("the time is out of range")?;
            Ok(Datum::from_text(moment.text()))
        }),
        "timecmp" => arguments.text(0).and_then(|text| {
            let (left, right) = (Moment::read(&text)?, Moment::read(&arguments.text(1)?)?);
            Ok(Kind::Int(i64::from(left.absolute().cmp(&right.absolute()) as i8)).into())
        }),
        _ => return None,
    })
}

/// A point in time as RFC 3339 writes it.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// Local seconds since 1970.
    seconds: i64,
    /// Minutes that local time is ahead of UTC.
    offset: i64,
}

impl Moment {
    fn read(text: &str) -> Result<Moment, String> {
        Moment::parsed(text).ok_or_else(|| "it is no time of the form of RFC 3339".to_owned())
    }

    fn parsed(text: &str) -> Option<Moment> {
        let number = |from: usize, to: usize| -> Option<i64> {
            text.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
        };
        let sign = |at: usize, wanted: &[u8]| text.as_bytes().get(at).is_some_and(|byte| wanted.contains(byte));
        let marks = sign(4, b"-") && sign(7, b"-") && sign(10, b"Tt ") && sign(13, b":") && sign(16, b":");
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let fits = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
        if !(marks && fits) {
            return None;
        }
        let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let offset = match zone {
            "Z" | "z" => 0,
            _ => {
                let (ahead, rest) = match zone.split_at_checked(1)? {
                    ("+", rest) => (1, rest),
                    ("-", rest) => (-1, rest),
                    _ => return None,
                };
                let (hours, minutes) = rest.split_once(':')?;
                let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                ahead * (hours * 60 + minutes)
            }
        };
        let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Some(Moment { seconds, offset })
    }

    /// Seconds since 1970 in UTC.
    fn absolute(self) -> i64 {
        self.seconds - self.offset * 60
    }

    fn text(self) -> String {
        let (year, month, day) = date(self.seconds.div_euclid(86_400));
        let (hour, minute, second) = self.clock();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{}", self.zone(":", true))
    }

    fn clock(self) -> (i64, i64, i64) {
        let second = self.seconds.rem_euclid(86_400);
        (second / 3_600, second / 60 % 60, second % 60)
    }

    fn zone(self, colon: &str, short: bool) -> String {
        if self.offset == 0 && short {
            return "Z".to_owned();
        }
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.abs();
        format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
    }

    /// By the letters of `formatdate`; text in single quotes stays as it is.
    fn formatted(self, form: &str) -> Result<String, String> {
        let day_number = self.seconds.div_euclid(86_400);
        let (year, month, day) = date(day_number);
        let (hour, minute, second) = self.clock();
        // 1970-01-01 was a Thursday.
        let name_of = |names: &'static [&'static str], at: i64| {
            usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
        };
        let weekday = name_of(&DAYS, (day_number + 3).rem_euclid(7));
        let month_name = name_of(&MONTHS, month - 1);
        let short = |name: &'static str| name.get(..3).unwrap_or(name).to_owned();
        let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
        let (mut out, mut rest) = (String::new(), form);
        while let Some(first) = rest.chars().next() {
            if first == '\'' {
                let (quoted, after) = quoted(rest).ok_or("a quote is not closed")?;
                out.push_str(&quoted);
                rest = after;
                continue;
            }
            let length = rest.bytes().take_while(|byte| char::from(*byte) == first).count().max(first.len_utf8());
            let (run, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            out.push_str(&match run {
                "YYYY" => format!("{year:04}"),
                "YY" => format!("{:02}", year % 100),
                "MMMM" => month_name.to_owned(),
                "MMM" => short(month_name),
                "MM" => format!("{month:02}"),
                "M" => month.to_string(),
                "DD" => format!("{day:02}"),
                "D" => day.to_string(),
                "EEEE" => weekday.to_owned(),
                "EEE" => short(weekday),
                "hh" => format!("{hour:02}"),
                "h" => hour.to_string(),
                "HH" => format!("{twelve:02}"),
                "H" => twelve.to_string(),
                "AA" => if hour < 12 { "AM" } else { "PM" }.to_owned(),
                "aa" => if hour < 12 { "am" } else { "pm" }.to_owned(),
                "mm" => format!("{minute:02}"),
                "m" => minute.to_string(),
                "ss" => format!("{second:02}"),
                "s" => second.to_string(),
                "ZZZZZ" => self.zone(":", false),
                "ZZZZ" => self.zone("", false),
                "ZZZ" if self.offset == 0 => "UTC".to_owned(),
                "ZZZ" => self.zone("", false),
                "Z" => self.zone(":", true),
                other if other.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    return Err(format!("there is no verb `{other}`"));
                }
                other => other.to_owned(),
            });
            rest = after;
        }
        Ok(out)
    }
}

/// The text in single quotes that `rest` begins with, where two of them are one, and what follows.
fn quoted(rest: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut rest = rest.strip_prefix('\'')?;
    loop {
        let (before, after) = rest.split_once('\'')?;
        out.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                out.push('\'');
                rest = more;
            }
            None => return Some((out, after)),
        }
    }
}

/// `1h30m` as seconds; fractions of a second are cut.
fn duration(text: &str) -> Result<i64, String> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let (number, after) = rest.split_at_checked(digits).unwrap_or_default();
        let letters = after.bytes().take_while(|b| !b.is_ascii_digit() && *b != b'.').count();
        let (unit, after) = after.split_at_checked(letters).unwrap_or_default();
        let number: f64 = number.parse().map_err(|_| "it is no duration")?;
        total += number
            * match unit {
                "h" => 3_600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return Err("a duration is of h, m, s, ms, us and ns".to_owned()),
            };
        rest = after;
    }
    format!("{:.0}", (sign * total).trunc()).parse().map_err(|_| "the duration is too long".to_owned())
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970-01-01; the same source, `civil_from_days`.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}
