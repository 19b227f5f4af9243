//! Bytes of a dataset: from memory or disk, decompressed, and never more than the limit.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::archive::EXPANSION;
use super::packing::Packing;
use crate::{BytesRead, Content, File};

/// Windows that a file beyond the limit is read through.
const WINDOWS: u64 = 16;

/// So many bytes are unpacked however much larger they are than what was packed.
const LEAST: u64 = 64 << 20;

/// How far beyond its window a line is followed to its end.
const LINE: u64 = 1 << 20;

/// The bytes of a dataset, decompressed, as UTF-8 or another encoding that holds ASCII, without byte order mark; at most a
/// limit of them.
pub(super) struct Stream<'a> {
    inner: Box<dyn Read + Send + 'a>,
    /// What was looked at and not yet read.
    ahead: io::Cursor<Vec<u8>>,
    read: BytesRead,
    limit: u64,
    left: u64,
    /// Whether there was more than the limit allowed.
    pub(super) cut: bool,
    /// Whether the bytes are windows spread over a file beyond the limit.
    pub(super) spread: bool,
}

impl<'a> Stream<'a> {
    /// The bytes of `file`, unpacked. If they are more than `limit`, windows of whole lines that are spread over the file
    /// (`lines`), else the beginning.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(super) fn open(file: &'a File, packing: Packing, lines: bool, limit: u64) -> io::Result<Stream<'a>> {
        if let (Some(text), Packing::None) = (&file.text, packing) {
            return Stream::decoded(Box::new(text.as_bytes()), limit, file.read.clone());
        }
        let wide = file.bytes.starts_with(&[0xff, 0xfe]) || file.bytes.starts_with(&[0xfe, 0xff]);
        match &file.content {
            Some(content) if packing == Packing::None && lines && !wide && file.size > limit && limit >= WINDOWS => {
                let inner: Box<dyn Read + Send + 'a> = match content {
                    Content::Disk(path) => Box::new(Windows::new(fs::File::open(path)?, file.size, limit)),
                    Content::Held(bytes) => Box::new(Windows::new(io::Cursor::new(&**bytes), file.size, limit)),
                    Content::Piped(_) | Content::Missing(_) => return Err(io::ErrorKind::NotFound.into()),
                };
                let mut stream = Stream::decoded(inner, u64::MAX, file.read.clone())?;
                stream.spread = true;
                Ok(stream)
            }
            Some(_) if packing != Packing::None && file.size > 0 => {
                let limit = limit.min(file.size.saturating_mul(EXPANSION).max(LEAST));
                Stream::decoded(packing.unpacked(file.stream()?)?, limit, file.read.clone())
            }
            _ => Stream::decoded(packing.unpacked(file.stream()?)?, limit, file.read.clone()),
        }
    }

    /// The bytes `inner`, which are not compressed.
    ///
    /// # Errors
    /// The first of them cannot be read.
    pub(super) fn over(inner: Box<dyn Read + Send + 'a>, limit: u64) -> io::Result<Stream<'a>> {
        Stream::decoded(inner, limit, BytesRead::default())
    }

    /// The most bytes that are given.
    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// `inner` without its byte order mark; UTF-16 becomes UTF-8.
    fn decoded(inner: Box<dyn Read + Send + 'a>, limit: u64, read: BytesRead) -> io::Result<Stream<'a>> {
        let mut stream =
            Stream { inner, ahead: io::Cursor::default(), read, limit, left: limit, cut: false, spread: false };
        let mark = stream.peek(3)?.to_vec();
        match encoding_rs::Encoding::for_bom(&mark) {
            None => Ok(stream),
            Some((encoding, length)) if encoding == encoding_rs::UTF_8 => {
                stream.ahead.set_position(length as u64);
                Ok(stream)
            }
            Some((encoding, _)) => {
                let Stream { inner, ahead, read, .. } = stream;
                let whole: Box<dyn Read + Send + 'a> = Box::new(ahead.chain(inner));
                let inner: Box<dyn Read + Send + 'a> = Box::new(Wide::new(whole, encoding));
                Ok(Stream { inner, ahead: io::Cursor::default(), read, limit, left: limit, cut: false, spread: false })
            }
        }
    }

    /// The next `count` bytes, fewer at the end, without taking them.
    ///
    /// # Errors
    /// The first of them cannot be read.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        let at = usize::try_from(self.ahead.position()).unwrap_or(usize::MAX);
        let held = self.ahead.get_ref().len().saturating_sub(at);
        let wanted = count.saturating_sub(held) as u64;
        let bytes = self.ahead.get_mut();
        match self.inner.by_ref().take(wanted.min(self.left)).read_to_end(bytes) {
            Ok(read) => self.left -= read as u64,
            Err(error) if bytes.len() <= at => return Err(error),
            // What follows fails again when it is read.
            Err(_) => {}
        }
        Ok(self.ahead.get_ref().get(at..).unwrap_or_default())
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.ahead.read(buffer)?;
        if ahead > 0 || buffer.is_empty() {
            return Ok(ahead);
        }
        if self.left == 0 {
            self.cut = self.cut || self.inner.read(&mut [0])? > 0;
            return Ok(0);
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(buffer.get_mut(..room).unwrap_or_default())?;
        self.left -= read as u64;
        self.read.add(read as u64);
        Ok(read)
    }
}

/// UTF-16 as UTF-8.
struct Wide<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    text: io::Cursor<Vec<u8>>,
    done: bool,
}

impl<R: Read> Wide<R> {
    fn new(inner: R, encoding: &'static encoding_rs::Encoding) -> Wide<R> {
        let decoder = encoding.new_decoder_with_bom_removal();
        Wide { inner, decoder, raw: vec![0; 32 << 10], text: io::Cursor::default(), done: false }
    }
}

impl<R: Read> Read for Wide<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() && !self.done && self.text.position() >= self.text.get_ref().len() as u64 {
            let read = self.inner.read(&mut self.raw)?;
            self.done = read == 0;
            let raw = self.raw.get(..read).unwrap_or_default();
            let room = self.decoder.max_utf8_buffer_length(read).unwrap_or(0);
            let mut text = std::mem::take(&mut self.text).into_inner();
            text.resize(room, 0);
            let (_, _, written, _) = self.decoder.decode_to_utf8(raw, &mut text, self.done);
            text.truncate(written);
            self.text = io::Cursor::new(text);
        }
        self.text.read(buffer)
    }
}

/// Whole lines from [`WINDOWS`] stretches of a file, the first at its beginning, the last at its end.
struct Windows<F> {
    file: BufReader<F>,
    starts: Vec<u64>,
    length: u64,
    /// Bytes left of the current window, then of the line that crosses its end.
    left: u64,
    overtime: u64,
}

impl<F: Read + Seek> Windows<F> {
    fn new(file: F, size: u64, limit: u64) -> Windows<F> {
        let length = limit / WINDOWS;
        let starts = (1..WINDOWS)
            .rev()
            .map(|nth| (u128::from(size - length) * u128::from(nth) / u128::from(WINDOWS - 1)) as u64)
            .collect();
        Windows { file: BufReader::with_capacity(64 << 10, file), starts, length, left: length, overtime: LINE }
    }

    /// Goes to the first whole line of the next window; `false` if there is none.
    fn advance(&mut self) -> io::Result<bool> {
        let Some(start) = self.starts.pop() else { return Ok(false) };
        let behind = self.file.stream_position()?;
        let start = start.max(behind);
        self.file.seek(SeekFrom::Start(start))?;
        self.left = self.length;
        self.overtime = LINE;
        if start > behind {
            let mut skipped = Vec::new();
            self.file.by_ref().take(LINE).read_until(b'\n', &mut skipped)?;
        }
        Ok(true)
    }
}

impl<F: Read + Seek> Read for Windows<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 && self.overtime == 0 {
            if !self.advance()? {
                return Ok(0);
            }
        }
        let available = self.file.fill_buf()?;
        if available.is_empty() {
            (self.left, self.overtime) = (0, 0);
            self.starts.clear();
            return Ok(0);
        }
        let room = available.len().min(buffer.len());
        let available = available.get(..room).unwrap_or_default();
        let taken = if self.left > 0 {
            let taken = room.min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= taken as u64;
            taken
        } else {
            let line = memchr::memchr(b'\n', available);
            let taken = line.map_or(room, |at| at + 1).min(usize::try_from(self.overtime).unwrap_or(usize::MAX));
            self.overtime = if line.is_some() { 0 } else { self.overtime - taken as u64 };
            taken
        };
        let from = available.get(..taken).unwrap_or_default();
        if let Some(to) = buffer.get_mut(..taken) {
            to.copy_from_slice(from);
        }
        self.file.consume(taken);
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_long_file_is_read_in_windows_of_whole_lines() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for n in 0..100_000 {
            writeln!(file, "{n:08}").unwrap();
        }
        let disk = file.path().to_path_buf();
        let file = File {
            size: 900_000,
            text: None,
            content: Some(Content::Disk(disk.as_path().into())),
            ..File::in_memory("a.csv", "")
        };
        let mut text = String::new();
        let mut stream = Stream::open(&file, Packing::None, true, 16_000).unwrap();
        stream.read_to_string(&mut text).unwrap();
        assert!(stream.spread);
        let lines: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert!(text.lines().all(|line| line.len() == 8), "lines are whole");
        assert!(lines.is_sorted());
        assert_eq!((lines[0], *lines.last().unwrap()), (0, 99_999));
        assert!((1_600..2_000).contains(&lines.len()), "{}", lines.len());
    }

    #[test]
    fn wide_text_becomes_utf_8_and_marks_are_taken_off() {
        let utf16: Vec<u8> = "\u{feff}id,straße\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [utf16, "\u{feff}id,straße\n".as_bytes().to_vec(), "id,straße\n".as_bytes().to_vec()] {
            let file = File { bytes: bytes.into(), text: None, ..File::in_memory("a.csv", "") };
            let mut stream = Stream::open(&file, Packing::None, true, 1 << 20).unwrap();
            assert_eq!(stream.peek(4).unwrap().get(..3), Some(b"id,".as_slice()));
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            assert_eq!(text, "id,straße\n");
        }
    }

    #[test]
    fn a_gzip_bomb_is_cut_at_the_limit() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b'a'; 20 << 20]).unwrap();
        let bytes = encoder.finish().unwrap();
        let file = File { bytes: bytes.into(), text: None, ..File::in_memory("a.csv.gz", "") };
        let mut stream = Stream::open(&file, Packing::Gzip, true, 1 << 20).unwrap();
        let mut out = Vec::new();
        stream.read_to_end(&mut out).unwrap();
        assert_eq!((out.len(), stream.cut), (1 << 20, true));
    }
}
