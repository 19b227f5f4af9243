//! Files into memory: heads of all, texts within the limits.

use std::io::{self, Read};
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};
use rayon::prelude::*;

use crate::walk::Entry;
use crate::{Content, File, Limits, Progress, in_tests};

/// Files that are read at a time; with the limit on a text this bounds what is read beyond the limit on all texts.
const BATCH: usize = 64;

/// Extensions whose files must be text: one that does not decode is a gap and not just a binary file.
const TEXT: &[&str] = &[
    "bash",
    "cfg",
    "cloudformation",
    "conf",
    "config",
    "csv",
    "cue",
    "env",
    "hcl",
    "html",
    "ini",
    "ipynb",
    "java",
    "js",
    "json",
    "jsonl",
    "jsonnet",
    "md",
    "ndjson",
    "properties",
    "psv",
    "py",
    "pyi",
    "r",
    "rego",
    "rs",
    "rst",
    "scala",
    "sh",
    "sql",
    "template",
    "tf",
    "tfvars",
    "tofu",
    "toml",
    "tpl",
    "ts",
    "tsv",
    "txt",
    "xml",
    "yaml",
    "yml",
];

/// Reads `entries`, in their order, and says what could not be read.
pub(crate) fn read(entries: &[Entry], limits: &Limits, watch: &(dyn Fn(Progress) + Sync)) -> (Vec<File>, Vec<Gap>) {
    let mut files = Vec::with_capacity(entries.len());
    let mut gaps = Vec::new();
    let mut left = limits.total_bytes;
    let mut exhausted = false;
    let mut bytes = 0;
    for batch in entries.chunks(BATCH) {
        let room = if exhausted { 0 } else { limits.text_bytes };
        let read: Vec<(File, Option<Gap>)> = batch.par_iter().map(|entry| one(entry, room)).collect();
        for (mut file, gap) in read {
            gaps.extend(gap);
            let length = file.text.as_ref().map_or(0, |text| text.len() as u64);
            exhausted |= length > left;
            if exhausted
                && (file.text.is_some() || (is_text(&file.bytes) && file.size <= limits.text_bytes && file.size > 0))
            {
                file.text = None;
                gaps.push(Gap {
                    place: Place::file(&file.path),
                    kind: GapKind::Limit,
                    message: format!("not read: all texts together have more than {} bytes", limits.total_bytes),
                });
            } else {
                left = left.saturating_sub(length);
            }
            files.push(file);
        }
        bytes += files.iter().rev().take(batch.len()).map(|file| file.size).sum::<u64>();
        watch(Progress::Reading { files: files.len(), of: entries.len(), bytes });
    }
    (files, gaps)
}

/// The file at `entry`, with its text if that has at most `room` bytes.
fn one(entry: &Entry, room: u64) -> (File, Option<Gap>) {
    let mut file = File {
        path: Arc::clone(&entry.path),
        bytes: Arc::from([]),
        text: None,
        size: entry.size,
        in_tests: in_tests(&entry.path),
        content: Some(entry.content.clone()),
        read: crate::source::BytesRead::default(),
    };
    let gap = fill(&mut file, entry, room)
        .unwrap_or_else(|error| Some((GapKind::Unreadable, format!("cannot be read: {}", error.kind()))));
    let gap = gap.map(|(kind, message)| Gap { place: Place::file(&entry.path), kind, message });
    (file, gap)
}

/// Fills in head and text; gives the gap of a file that should be text and is not.
fn fill(file: &mut File, entry: &Entry, room: u64) -> io::Result<Option<(GapKind, String)>> {
    if let Content::Missing(why) = &entry.content {
        return Ok(Some((GapKind::Unreadable, format!("not read: {why}"))));
    }
    let mut open = match entry.content.stream() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Ok(Some((GapKind::Unreadable, "not read: it changed while it was looked at".to_owned())));
        }
        opened => opened?,
    };
    let mut bytes = Vec::new();
    open.by_ref().take(File::HEAD as u64).read_to_end(&mut bytes)?;
    file.bytes = bytes.as_slice().into();
    if !is_text(&bytes) {
        return Ok(undecodable(file));
    }
    if entry.size > room {
        return Ok(None);
    }
    open.take(room.saturating_add(1).saturating_sub(bytes.len() as u64)).read_to_end(&mut bytes)?;
    file.size = bytes.len() as u64;
    if file.size > room {
        return Ok(None);
    }
    file.text = decode(bytes, matches!(file.extension().as_str(), "csv" | "tsv"));
    Ok(if file.text.is_none() { undecodable(file) } else { None })
}

fn undecodable(file: &File) -> Option<(GapKind, String)> {
    TEXT.contains(&file.extension().as_str()).then(|| {
        (GapKind::Undecodable, "not read: the bytes are neither UTF-8 nor UTF-16 with a byte order mark".to_owned())
    })
}

/// Whether a file that begins with `head` is text: it has no NUL byte, or the byte order mark of UTF-16 and not of UTF-32.
pub(crate) fn is_text(head: &[u8]) -> bool {
    (head.starts_with(&[0xff, 0xfe]) && !head.starts_with(&[0xff, 0xfe, 0, 0]))
        || head.starts_with(&[0xfe, 0xff])
        || memchr::memchr(0, head).is_none()
}

/// The text of `bytes` without its byte order mark; in a table (`western`) bytes that are no UTF-8 count as Windows-1252.
fn decode(mut bytes: Vec<u8>, western: bool) -> Option<Arc<str>> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(&bytes) {
        if encoding == encoding_rs::UTF_8 {
            bytes.drain(..mark);
        } else {
            let (text, failed) = encoding.decode_with_bom_removal(&bytes);
            return (!failed).then(|| text.into());
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(text.into()),
        Err(error) if western => Some(encoding_rs::WINDOWS_1252.decode_without_bom_handling(error.as_bytes()).0.into()),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_by_its_mark_and_its_name() {
        assert_eq!(decode(b"\xef\xbb\xbfa".to_vec(), false).as_deref(), Some("a"));
        assert_eq!(decode(b"\xff\xfea\0\xe9\0".to_vec(), false).as_deref(), Some("aé"));
        assert_eq!(decode(b"caf\xe9".to_vec(), true).as_deref(), Some("café"));
        assert_eq!(decode(b"caf\xe9".to_vec(), false), None);
        assert!(!is_text(b"\xff\xfe\0\0a\0\0\0"), "UTF-32 is not read");
        assert_eq!(decode(b"\xff\xfea\0\xe9".to_vec(), false), None, "half a unit of UTF-16 is not text");
    }

    #[test]
    fn extensions_are_sorted() {
        assert!(TEXT.is_sorted());
    }
}
