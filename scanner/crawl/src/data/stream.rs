//! Bytes of a dataset: from memory or disk, decompressed, and never more than the limit.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;

use crate::{Content, File};

/// Windows that a file beyond the limit is read through.
const WINDOWS: u64 = 16;

/// How far beyond its window a line is followed to its end.
const LINE: u64 = 1 << 20;

/// The bytes of a dataset, at most a limit of them.
pub(super) struct Stream<'a> {
    inner: Box<dyn Read + 'a>,
    left: u64,
    /// Whether there was more than the limit allowed.
    pub(super) cut: bool,
    /// Whether the bytes are windows spread over a file beyond the limit.
    pub(super) spread: bool,
}

impl<'a> Stream<'a> {
    /// The bytes of `file`, decompressed if `gzip`. If they are more than `limit`, windows of whole lines that
    /// are spread over the file (`lines`), else the beginning.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(super) fn open(file: &'a File, gzip: bool, lines: bool, limit: u64) -> io::Result<Stream<'a>> {
        if let (Some(text), false) = (&file.text, gzip) {
            return Ok(Stream::bounded(Box::new(text.as_bytes()), limit));
        }
        match &file.content {
            Some(content) if !gzip && lines && file.size > limit && limit >= WINDOWS => {
                let inner: Box<dyn Read + 'a> = match content {
                    Content::Disk(path) => Box::new(Windows::new(fs::File::open(path)?, file.size, limit)),
                    Content::Held(bytes) => Box::new(Windows::new(io::Cursor::new(&**bytes), file.size, limit)),
                    Content::Missing(_) => return Err(io::ErrorKind::NotFound.into()),
                };
                Ok(Stream { inner, left: u64::MAX, cut: false, spread: true })
            }
            _ if gzip => Ok(Stream::bounded(Box::new(BufReader::new(MultiGzDecoder::new(file.stream()?))), limit)),
            _ => Ok(Stream::bounded(file.stream()?, limit)),
        }
    }

    fn bounded(inner: Box<dyn Read + 'a>, limit: u64) -> Stream<'a> {
        Stream { inner, left: limit, cut: false, spread: false }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            self.cut = self.cut || self.inner.read(&mut [0])? > 0;
            return Ok(0);
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(buffer.get_mut(..room).unwrap_or_default())?;
        self.left -= read as u64;
        Ok(read)
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
        let mut stream = Stream::open(&file, false, true, 16_000).unwrap();
        stream.read_to_string(&mut text).unwrap();
        assert!(stream.spread);
        let lines: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert!(text.lines().all(|line| line.len() == 8), "lines are whole");
        assert!(lines.is_sorted());
        assert_eq!((lines[0], *lines.last().unwrap()), (0, 99_999));
        assert!((1_600..2_000).contains(&lines.len()), "{}", lines.len());
    }

    #[test]
    fn a_gzip_bomb_is_cut_at_the_limit() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b'a'; 20 << 20]).unwrap();
        let bytes = encoder.finish().unwrap();
        let file = File { bytes: bytes.into(), text: None, ..File::in_memory("a.csv.gz", "") };
        let mut stream = Stream::open(&file, true, true, 1 << 20).unwrap();
        let mut out = Vec::new();
        stream.read_to_end(&mut out).unwrap();
        assert_eq!((out.len(), stream.cut), (1 << 20, true));
    }
}
