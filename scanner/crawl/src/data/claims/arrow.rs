//! Messages of Arrow files and streams.
//!
//! <https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc>

use arrow::ipc::{Message, RecordBatch, root_as_footer, root_as_message};

use super::{Fault, File, SLACK, most};

/// Bytes that the description of a message may claim beyond those that are there.
const HEAD: u64 = 1 << 20;

/// Values that a dictionary may claim beyond a value for each byte of the file.
const VALUES: u64 = 1 << 20;

/// Bytes that the compressed buffers of one batch may claim to unpack to.
const UNPACKED: u64 = 1 << 30;

/// Looks at the messages one after the other.
pub(super) fn stream(file: &mut File) -> Result<(), Fault> {
    let (mut at, mut cells) = (0, 0);
    loop {
        let Some(mut length) = file.number::<4>(at) else { return Ok(()) };
        at += 4;
        if length == [0xff; 4] {
            let Some(behind) = file.number::<4>(at) else { return Ok(()) };
            (length, at) = (behind, at + 4);
        }
        let length = u64::try_from(i32::from_le_bytes(length)).unwrap_or(0);
        if length == 0 {
            return Ok(());
        }
        if length > file.length.saturating_sub(at).saturating_add(HEAD) {
            return Err(Fault::Excess);
        }
        let Some(head) = file.at(at, length) else { return Ok(()) };
        at += length;
        let Ok(message) = root_as_message(&head) else { return Ok(()) };
        let body = u64::try_from(message.bodyLength()).map_err(|_| Fault::Excess)?;
        if body > file.length.saturating_sub(at).saturating_add(SLACK) {
            return Err(Fault::Excess);
        }
        check(file, &message, at, &mut cells)?;
        at = at.saturating_add(body);
    }
}

/// Looks at the messages that the footer tells.
pub(super) fn file(file: &mut File) -> Result<(), Fault> {
    let Some(behind) = file.length.checked_sub(10) else { return Ok(()) };
    let Some(length) = file.number::<4>(behind) else { return Ok(()) };
    let length = u64::try_from(i32::from_le_bytes(length)).unwrap_or(0);
    let Some(start) = behind.checked_sub(length) else { return Err(Fault::Excess) };
    let Some(footer) = file.at(start, length) else { return Ok(()) };
    let Ok(footer) = root_as_footer(&footer) else { return Ok(()) };
    let blocks = [footer.dictionaries(), footer.recordBatches()].into_iter().flatten().flat_map(|blocks| blocks.iter());
    let (mut claimed, mut cells) = (0_u64, 0);
    for block in blocks {
        let number = |number: i64| u64::try_from(number).map_err(|_| Fault::Excess);
        let (at, head) = (number(block.offset())?, number(i64::from(block.metaDataLength()))?);
        // Blocks that share bytes would have them decoded again and again.
        claimed = claimed.saturating_add(head).saturating_add(number(block.bodyLength())?);
        if claimed > file.length {
            return Err(Fault::Excess);
        }
        let Some(bytes) = file.at(at, head) else { continue };
        let mark = if bytes.starts_with(&[0xff; 4]) { 8 } else { 4 };
        let Some(Ok(message)) = bytes.get(mark..).map(root_as_message) else { continue };
        check(file, &message, at.saturating_add(head), &mut cells)?;
    }
    Ok(())
}

/// Looks at the batch in `message`, whose body is at `body`. `cells` are those claimed so far.
fn check(file: &mut File, message: &Message<'_>, body: u64, cells: &mut u64) -> Result<(), Fault> {
    let dictionary = message.header_as_dictionary_batch().and_then(|batch| batch.data());
    let most = match dictionary {
        Some(_) => cells.saturating_add(file.length).saturating_add(VALUES),
        None => most(file.length),
    };
    let Some(batch) = dictionary.or_else(|| message.header_as_record_batch()) else { return Ok(()) };
    let lengths = batch.nodes().into_iter().flat_map(|nodes| nodes.iter().map(|node| node.length()));
    for length in lengths.chain([batch.length()]) {
        *cells = cells.saturating_add(u64::try_from(length).map_err(|_| Fault::Excess)?);
    }
    if *cells > most || unpacked(file, &batch, body) > UNPACKED { Err(Fault::Excess) } else { Ok(()) }
}

/// Bytes that the compressed buffers of `batch` say they unpack to.
fn unpacked(file: &mut File, batch: &RecordBatch<'_>, body: u64) -> u64 {
    if batch.compression().is_none() {
        return 0;
    }
    let mut sum = 0_u64;
    for buffer in batch.buffers().into_iter().flat_map(|buffers| buffers.iter()) {
        let at = u64::try_from(buffer.offset()).ok().and_then(|offset| body.checked_add(offset));
        let Some(length) = at.filter(|_| buffer.length() > 0).and_then(|at| file.number::<8>(at)) else { continue };
        sum = sum.saturating_add(u64::try_from(i64::from_le_bytes(length)).unwrap_or(0));
    }
    sum
}
