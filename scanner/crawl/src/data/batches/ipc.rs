//! Messages of Arrow (Columnar Format 1.5, "Serialization and Interprocess Communication"): none is handed to the decoder that
//! claims more than its bytes may become.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{FileDecoder, read_footer_length};
use arrow::ipc::{Block, CompressionType, Message, RecordBatch as Batch, root_as_footer, root_as_message};

use super::super::random::ReadSeek;
use super::bound::{LARGEST, Refusal};

/// Bytes of the metadata of a message, and of a footer.
const METADATA: usize = 64 << 20;

/// Bytes of all dictionaries.
const DICTIONARIES: u64 = 2 * LARGEST as u64;

/// The greatest growth of LZ4.
const LZ4: u64 = 255;

/// What was seen of the messages of a file.
struct Seen {
    refusal: Refusal,
    dictionaries: BTreeMap<i64, u64>,
}

impl Seen {
    fn large(&self, what: &str) -> io::Error {
        self.refusal.because(format!("has {what} of more than {} MiB", LARGEST >> 20))
    }

    /// The length of a body that is claimed.
    fn claimed(&self, length: i64) -> io::Result<usize> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?;
        if length > LARGEST { Err(self.large("a batch")) } else { Ok(length) }
    }

    /// Refuses the message if its `body` grows too much.
    fn check(&mut self, message: &Message<'_>, body: &[u8]) -> io::Result<()> {
        if let Some(batch) = message.header_as_record_batch() {
            self.unpacked(&batch, body)?;
        } else if let Some(dictionary) = message.header_as_dictionary_batch()
            && let Some(batch) = dictionary.data()
        {
            let size = self.unpacked(&batch, body)?;
            let held = self.dictionaries.entry(dictionary.id()).or_default();
            *held = if dictionary.isDelta() { *held + size } else { size };
            if self.dictionaries.values().sum::<u64>() > DICTIONARIES {
                let most = DICTIONARIES >> 20;
                return Err(self.refusal.because(format!("has dictionaries of more than {most} MiB")));
            }
        }
        Ok(())
    }

    /// Bytes that the buffers of a batch take at the most.
    fn unpacked(&self, batch: &Batch<'_>, body: &[u8]) -> io::Result<u64> {
        let Some(compression) = batch.compression() else { return Ok(body.len() as u64) };
        let mut size = 0_u64;
        for buffer in batch.buffers().into_iter().flatten() {
            let (Ok(from), Ok(length)) = (usize::try_from(buffer.offset()), usize::try_from(buffer.length())) else {
                return Err(io::ErrorKind::InvalidData.into());
            };
            let bytes =
                from.checked_add(length).and_then(|to| body.get(from..to)).ok_or(io::ErrorKind::UnexpectedEof)?;
            // Eight bytes say how long it was before, -1 that it is not compressed.
            let Some((&claim, packed)) = bytes.split_first_chunk::<8>() else { continue };
            let claim = match u64::try_from(i64::from_le_bytes(claim)) {
                Ok(claim) => claim,
                Err(_) => packed.len() as u64,
            };
            size = size.saturating_add(claim);
            if size > LARGEST as u64 {
                return Err(self.large("a batch"));
            }
            // What Zstandard unpacks to is held to what is claimed; LZ4 is not.
            if compression.codec() == CompressionType::LZ4_FRAME && (packed.len() as u64).saturating_mul(LZ4) > claim {
                let mut frames = lz4_flex::frame::FrameDecoder::new(packed).take(claim + 1);
                if io::copy(&mut frames, &mut io::sink()).is_ok_and(|length| length > claim) {
                    return Err(self.refusal.because("has a buffer that grows beyond what it claims"));
                }
            }
        }
        Ok(size)
    }
}

/// The batches of a file with a footer.
pub(super) struct File {
    stream: Box<dyn ReadSeek>,
    length: u64,
    schema: SchemaRef,
    decoder: FileDecoder,
    blocks: std::vec::IntoIter<Block>,
    seen: Seen,
}

impl File {
    /// The file `stream`.
    ///
    /// # Errors
    /// It is damaged or claims too much, which `refusal` then tells.
    pub(super) fn new(mut stream: Box<dyn ReadSeek>, refusal: Refusal) -> Result<File, ArrowError> {
        let length = stream.seek(SeekFrom::End(0))?;
        let mut last = [0; 10];
        stream.seek(SeekFrom::End(-10))?;
        stream.read_exact(&mut last)?;
        let claimed = read_footer_length(last)?;
        if claimed > METADATA {
            return Err(refusal.because(format!("has a footer of more than {} MiB", METADATA >> 20)).into());
        }
        let start = (length - 10).checked_sub(claimed as u64).ok_or_else(damaged)?;
        stream.seek(SeekFrom::Start(start))?;
        let footer = bytes(&mut stream, claimed)?;
        let footer = root_as_footer(&footer).map_err(|_| damaged())?;
        let schema = footer.schema().ok_or_else(damaged)?;
        if !schema.endianness().equals_to_target_endianness() {
            return Err(refusal.because("has the bytes of its numbers in the other order").into());
        }
        let schema = Arc::new(fb_to_schema(schema));
        let blocks: Vec<Block> = footer.recordBatches().ok_or_else(damaged)?.iter().copied().collect();
        let mut file = File {
            stream,
            length,
            decoder: FileDecoder::new(Arc::clone(&schema), footer.version()),
            schema,
            blocks: blocks.into_iter(),
            seen: Seen { refusal, dictionaries: BTreeMap::new() },
        };
        for block in footer.dictionaries().into_iter().flatten() {
            let bytes = file.block(block)?;
            file.decoder.read_dictionary(block, &bytes)?;
        }
        Ok(file)
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The bytes of a message and its body, which were looked at.
    fn block(&mut self, block: &Block) -> Result<Buffer, ArrowError> {
        let before = usize::try_from(block.metaDataLength()).map_err(|_| damaged())?;
        let body = self.seen.claimed(block.bodyLength())?;
        let from = u64::try_from(block.offset()).map_err(|_| damaged())?;
        if from.checked_add((before + body) as u64).is_none_or(|end| end > self.length) {
            return Err(damaged().into());
        }
        self.stream.seek(SeekFrom::Start(from))?;
        let bytes = bytes(&mut self.stream, before + body)?;
        let (head, body) = bytes.split_at_checked(before).ok_or_else(damaged)?;
        let message = match head {
            [0xff, 0xff, 0xff, 0xff, _, _, _, _, message @ ..] | [_, _, _, _, message @ ..] => message,
            _ => return Err(damaged().into()),
        };
        let message = root_as_message(message).map_err(|_| damaged())?;
        self.seen.check(&message, body)?;
        Ok(Buffer::from_vec(bytes))
    }
}

impl Iterator for File {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.blocks.next()?;
        let batch = self.block(&block).and_then(|bytes| self.decoder.read_record_batch(&block, &bytes));
        batch.transpose()
    }
}

/// A stream of messages, each of which was looked at.
pub(super) struct Messages<R> {
    stream: R,
    ready: Vec<u8>,
    at: usize,
    seen: Seen,
}

impl<R: Read> Messages<R> {
    pub(super) fn new(stream: R, refusal: Refusal) -> Messages<R> {
        Messages { stream, ready: Vec::new(), at: 0, seen: Seen { refusal, dictionaries: BTreeMap::new() } }
    }

    /// Makes the next message ready, if there is one.
    fn message(&mut self) -> io::Result<()> {
        self.at = 0;
        self.ready = bytes_up_to(&mut self.stream, 4)?;
        if self.ready == [0xff; 4] {
            self.ready.extend(bytes_up_to(&mut self.stream, 4)?);
        }
        let length = match (self.ready.len(), self.ready.last_chunk::<4>()) {
            (0, _) => return Ok(()),
            (4 | 8, Some(&length)) => length,
            _ => return Err(damaged()),
        };
        let length = usize::try_from(i32::from_le_bytes(length)).map_err(|_| damaged())?;
        if length == 0 {
            return Ok(());
        }
        if length > METADATA {
            let most = METADATA >> 20;
            return Err(self.seen.refusal.because(format!("has a message with metadata of more than {most} MiB")));
        }
        let metadata = bytes(&mut self.stream, length)?;
        let message = root_as_message(&metadata).map_err(|_| damaged())?;
        let length = self.seen.claimed(message.bodyLength())?;
        let body = bytes(&mut self.stream, length)?;
        self.seen.check(&message, &body)?;
        self.ready.extend_from_slice(&metadata);
        self.ready.extend(body);
        Ok(())
    }
}

impl<R: Read> Read for Messages<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.ready.len() {
            self.message()?;
        }
        let read = self.ready.get(self.at..).unwrap_or_default().read(into)?;
        self.at += read;
        Ok(read)
    }
}

fn damaged() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// So many bytes; room is made only as they come. That there are fewer is damage: the decoder takes an end for the end of all.
fn bytes(stream: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let bytes = bytes_up_to(stream, length)?;
    if bytes.len() < length { Err(damaged()) } else { Ok(bytes) }
}

fn bytes_up_to(stream: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.by_ref().take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
