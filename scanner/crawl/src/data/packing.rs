//! How the bytes of a dataset are compressed.

use std::io::{self, BufReader, Read};

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;

/// A compression of one stream, known by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// None.
    None,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstandard,
    /// bzip2.
    Bzip2,
    /// The .xz format 1.2.
    Xz,
}

/// Names of compressed files end in these.
const ENDINGS: [&str; 7] = ["bz2", "gz", "gzip", "xz", "zst", "zstd", "zz"];

/// Memory that a decompressor may take, as the power of two in bytes (zstd's own limit) and in KiB (xz).
const WINDOW: u32 = 27;
const MEMORY: u32 = 128 << 10;

impl Packing {
    /// The compression of bytes that begin with `head`.
    pub(super) fn of(head: &[u8]) -> Packing {
        match head {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstandard,
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => Packing::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
            _ => Packing::None,
        }
    }

    /// The decompressed bytes.
    ///
    /// # Errors
    /// The decompressor cannot be made.
    pub(super) fn unpacked<'a>(self, stream: Box<dyn Read + Send + 'a>) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Packing::None => stream,
            Packing::Gzip => Box::new(BufReader::new(MultiGzDecoder::new(stream))),
            Packing::Zstandard => {
                let mut decoder = zstd::stream::read::Decoder::new(stream)?;
                decoder.window_log_max(WINDOW)?;
                Box::new(decoder)
            }
            Packing::Bzip2 => Box::new(BufReader::new(MultiBzDecoder::new(stream))),
            Packing::Xz => Box::new(BufReader::new(XzReader::new_mem_limit(BufReader::new(stream), true, MEMORY))),
        })
    }

    /// The first decompressed bytes of what begins with `head`, as far as it goes.
    pub(super) fn head(self, head: &[u8], most: usize) -> Vec<u8> {
        let mut unpacked = Vec::new();
        if let Ok(stream) = self.unpacked(Box::new(head)) {
            // The head is cut somewhere; what came before is good.
            let _ = stream.take(most as u64).read_to_end(&mut unpacked);
        }
        unpacked
    }
}

/// `name` without the ending of a compression.
pub(super) fn unpacked_name(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((inner, ending)) if ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) => inner,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn every_compression_is_known_by_its_bytes_and_undone() {
        let text = b"id,name\n1,Ann\n".repeat(100);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&text).unwrap();
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
        bzip2.write_all(&text).unwrap();
        let mut xz = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(6)).unwrap();
        xz.write_all(&text).unwrap();
        for (packing, bytes) in [
            (Packing::Gzip, gzip.finish().unwrap()),
            (Packing::Zstandard, zstd::encode_all(text.as_slice(), 3).unwrap()),
            (Packing::Bzip2, bzip2.finish().unwrap()),
            (Packing::Xz, xz.finish().unwrap()),
        ] {
            assert_eq!(Packing::of(&bytes), packing);
            let mut out = Vec::new();
            packing.unpacked(Box::new(bytes.as_slice())).unwrap().read_to_end(&mut out).unwrap();
            assert_eq!(out, text, "{packing:?}");
            assert_eq!(packing.head(&bytes, 7), b"id,name");
        }
        assert_eq!(Packing::of(&text), Packing::None);
    }

    #[test]
    fn names_lose_one_ending() {
        assert_eq!(
            [unpacked_name("a.csv.gz"), unpacked_name("a.csv"), unpacked_name("a.gz.xz")],
            ["a.csv", "a.csv", "a.gz"]
        );
        assert!(ENDINGS.is_sorted());
    }
}
