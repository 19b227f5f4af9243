//! Functions that encode and decode.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Arguments, LIMIT, Outcome, TEXT_BYTES, list, yaml};
use crate::iac::datum::{Datum, Kind};

/// Lists and objects in each other, in decoded texts.
const NESTING: usize = 64;

/// Functions of arguments that are all known.
pub(super) fn call(name: &str, arguments: Arguments<'_>) -> Option<Outcome> {
    let text = || arguments.text(0);
    Some(match name {
        "jsondecode" => text().and_then(|text| {
            let json = serde_json::from_str(&text).map_err(|_| "it is not JSON")?;
            Ok(Datum::from_json(&json, None))
        }),
        "yamldecode" => text().and_then(|text| match crate::yaml::parse(&text, NESTING) {
            (documents, None) => Ok(documents
                .first()
                .map_or_else(|| Kind::Null.into(), |node| Datum::from_yaml(node, &"".into()).unplaced())),
            (_, Some(_)) => Err("it is not YAML".to_owned()),
        }),
        "yamlencode" => arguments.at(0).map(|value| Datum::from_text(yaml::encoded(value))),
        "csvdecode" => text().and_then(|text| rows(&text)),
        "base64encode" => text().map(|text| Datum::from_text(STANDARD.encode(text))),
        "base64decode" => text().and_then(|text| {
            let bytes = STANDARD.decode(text).map_err(|_| "it is not base64")?;
            String::from_utf8(bytes).map(Datum::from_text).map_err(|_| "what it encodes is not UTF-8".to_owned())
        }),
        "textencodebase64" => text().and_then(|text| {
            let bytes = encoded(&text, &arguments.text(1)?)?;
            Ok(Datum::from_text(STANDARD.encode(bytes)))
        }),
        "textdecodebase64" => text().and_then(|text| {
            let bytes = STANDARD.decode(text).map_err(|_| "it is not base64")?;
            let encoding = encoding(&arguments.text(1)?)?;
            let (decoded, failed) = encoding.decode_without_bom_handling(&bytes);
            if failed {
                Err("it is not of that encoding".to_owned())
            } else {
                Ok(Datum::from_text(decoded.into_owned()))
            }
        }),
        "base64gunzip" => text().and_then(|text| unzipped(&text)),
        "urlencode" => text().map(|text| Datum::from_text(percent(&text))),
        "urldecode" => text().and_then(|text| unpercent(&text).map(Datum::from_text)),
        _ => return None,
    })
}

/// One map a row, by the names of the first.
fn rows(text: &str) -> Outcome {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().map_err(|_| "it is not CSV")?.clone();
    let mut rows = Vec::new();
    for row in reader.records().take(LIMIT) {
        let row = row.map_err(|_| "its rows are of different lengths")?;
        let pairs = names.iter().zip(row.iter());
        let row: BTreeMap<String, Datum> =
            pairs.map(|(name, cell)| (name.to_owned(), Datum::from_text(cell))).collect();
        rows.push(row.into());
    }
    Ok(list(rows))
}

fn encoding(name: &str) -> Result<&'static encoding_rs::Encoding, String> {
    encoding_rs::Encoding::for_label(name.as_bytes()).ok_or_else(|| format!("the encoding `{name}` is not read"))
}

/// UTF-16 is what the encoder of the web does not write.
fn encoded(text: &str, name: &str) -> Result<Vec<u8>, String> {
    match name.to_ascii_uppercase().as_str() {
        "UTF-16LE" => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "UTF-16BE" | "UTF-16" => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        _ => {
            let (bytes, _, failed) = encoding(name)?.encode(text);
            if failed { Err("it has letters that the encoding does not".to_owned()) } else { Ok(bytes.into_owned()) }
        }
    }
}

fn unzipped(text: &str) -> Outcome {
    use std::io::Read;
    let bytes = STANDARD.decode(text).map_err(|_| "it is not base64")?;
    let mut out = String::new();
    let room = u64::try_from(TEXT_BYTES).unwrap_or(u64::MAX);
    let read = flate2::read::GzDecoder::new(bytes.as_slice()).take(room).read_to_string(&mut out);
    match read {
        Ok(length) if length < TEXT_BYTES => Ok(Datum::from_text(out)),
        Ok(_) => Ok(Datum::unknown("base64gunzip", "the text grows beyond a limit")),
        Err(_) => Err("it is not gzip of UTF-8".to_owned()),
    }
}

/// RFC 3986, with `+` for spaces as Terraform does.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn unpercent(text: &str) -> Result<String, String> {
    let (mut out, mut bytes) = (Vec::with_capacity(text.len()), text.bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits: Vec<u8> = bytes.by_ref().take(2).collect();
                let code = std::str::from_utf8(&digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                out.push(code.ok_or("expected two hexadecimal digits")?);
            }
            other => out.push(other),
        }
    }
    String::from_utf8(out).map_err(|_| "what it encodes is not UTF-8".to_owned())
}
