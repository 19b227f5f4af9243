//! What the bytes of a file may grow to, and why one was refused.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use flate2::read::DeflateDecoder;

use super::super::packing::Packing;

/// Bytes that one batch may take; a greater one is taken for a bomb.
pub(super) const LARGEST: usize = 256 << 20;

/// How much larger than its packed bytes a file may be, beyond the first [`FREE`]; deflate cannot do better.
const EXPANSION: u64 = 1 << 10;
const FREE: u64 = 64 << 20;

/// The most that an LZO chunk may grow to, 255 times its size at the best: its decoder knows no limit.
const LZO: usize = 64 << 20;

/// Why a file is not read further; shared between a decoder's source of bytes and who tells it.
#[derive(Debug, Clone, Default)]
pub(super) struct Refusal(Arc<OnceLock<String>>);

impl Refusal {
    /// The error for the decoder; `why` is what the user is told.
    pub(super) fn because(&self, why: impl Into<String>) -> io::Error {
        let _ = self.0.set(why.into());
        io::ErrorKind::InvalidData.into()
    }

    pub(super) fn why(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Bytes before and after they were unpacked.
#[derive(Debug, Default)]
pub(super) struct Growth {
    packed: AtomicU64,
    unpacked: AtomicU64,
}

impl Growth {
    /// Whether the file stays within bounds with so many bytes more.
    pub(super) fn add(&self, packed: u64, unpacked: u64) -> bool {
        let packed = self.packed.fetch_add(packed, Ordering::Relaxed).saturating_add(packed);
        let unpacked = self.unpacked.fetch_add(unpacked, Ordering::Relaxed).saturating_add(unpacked);
        unpacked <= packed.saturating_mul(EXPANSION).max(FREE)
    }
}

/// A compression of blocks whose length is told beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    None,
    /// RFC 1951.
    Deflate,
    /// Without frames.
    Snappy,
    Lzo,
    /// Without frames.
    Lz4,
    /// RFC 8878.
    Zstandard,
    Bzip2,
    Xz,
}

impl Codec {
    /// Unpacks `bytes` to `into` and says whether that is all of them: never more than `most` bytes and one.
    ///
    /// # Errors
    /// The bytes are damaged.
    pub(super) fn unpack(self, bytes: &[u8], most: usize, into: &mut Vec<u8>) -> io::Result<bool> {
        let damaged = || io::Error::from(io::ErrorKind::InvalidData);
        into.clear();
        let stream: Box<dyn Read + '_> = match self {
            Codec::None => Box::new(bytes),
            Codec::Deflate => Box::new(DeflateDecoder::new(bytes)),
            Codec::Zstandard => Packing::Zstandard.unpacked(Box::new(bytes))?,
            Codec::Bzip2 => Packing::Bzip2.unpacked(Box::new(bytes))?,
            Codec::Xz => Packing::Xz.unpacked(Box::new(bytes))?,
            Codec::Snappy => {
                let length = snap::raw::decompress_len(bytes).map_err(|_| damaged())?;
                if length > most {
                    return Ok(false);
                }
                into.resize(length, 0);
                snap::raw::Decoder::new().decompress(bytes, into).map_err(|_| damaged())?;
                return Ok(true);
            }
            Codec::Lz4 => {
                into.resize(most, 0);
                return match lz4_flex::block::decompress_into(bytes, into) {
                    Ok(length) => {
                        into.truncate(length);
                        Ok(true)
                    }
                    Err(lz4_flex::block::DecompressError::OutputTooSmall { .. }) => Ok(false),
                    Err(_) => Err(damaged()),
                };
            }
            Codec::Lzo if bytes.len().saturating_mul(255) > LZO => return Ok(false),
            Codec::Lzo => {
                *into = lzokay_native::decompress_all(bytes, None).map_err(|_| damaged())?;
                return Ok(into.len() <= most);
            }
        };
        stream.take(most as u64 + 1).read_to_end(into)?;
        Ok(into.len() <= most)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `bytes` as each compression packs them.
    pub(in super::super) fn packed(bytes: &[u8]) -> Vec<(Codec, Vec<u8>)> {
        use std::io::Write;
        let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        deflate.write_all(bytes).unwrap();
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
        bzip2.write_all(bytes).unwrap();
        let mut xz = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
        xz.write_all(bytes).unwrap();
        vec![
            (Codec::None, bytes.to_vec()),
            (Codec::Deflate, deflate.finish().unwrap()),
            (Codec::Snappy, snap::raw::Encoder::new().compress_vec(bytes).unwrap()),
            (Codec::Lzo, lzokay_native::compress(bytes).unwrap()),
            (Codec::Lz4, lz4_flex::block::compress(bytes)),
            (Codec::Zstandard, zstd::encode_all(bytes, 3).unwrap()),
            (Codec::Bzip2, bzip2.finish().unwrap()),
            (Codec::Xz, xz.finish().unwrap()),
        ]
    }

    #[test]
    fn no_compression_gives_more_than_is_wanted() {
        let bytes = vec![b'a'; 300_000];
        for (codec, packed) in packed(&bytes) {
            let mut out = Vec::new();
            assert!(codec.unpack(&packed, bytes.len(), &mut out).unwrap(), "{codec:?}");
            assert_eq!(out, bytes, "{codec:?}");
            assert!(!codec.unpack(&packed, bytes.len() - 1, &mut out).unwrap(), "{codec:?}");
            assert!(out.len() <= bytes.len(), "{codec:?}");
        }
        let most = Codec::Lzo.unpack(&vec![0; LZO / 255 + 1], usize::MAX, &mut Vec::new());
        assert!(!most.unwrap());
    }

    #[test]
    fn growth_is_bounded_beyond_the_first_bytes() {
        let growth = Growth::default();
        assert!(growth.add(1, FREE));
        assert!(!growth.add(1, 1));
        assert!(growth.add(FREE, 1));
    }
}
