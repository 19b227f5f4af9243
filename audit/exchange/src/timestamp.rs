//! Time stamps by an authority: that a checkpoint existed at a time, said by somebody else.
//!
//! Source: RFC 3161. The request carries the SHA-256 of the checkpoint's note. The answer is kept as it came; here its
//! status, its message imprint, its nonce and its time are read. The authority's signature and its certificates are **not**
//! verified here; `openssl ts -verify` does that, with the roots that the verifier trusts.

use aedile_audit::Hash;

use crate::der::{INTEGER, OBJECT, OCTETS, Reader, SEQUENCE, SET, TIME, ZERO, write};

/// The media type of a request.
pub const QUERY: &str = "application/timestamp-query";
/// The media type of an answer.
pub const REPLY: &str = "application/timestamp-reply";
/// The most bytes of an answer: a signature and a chain of certificates take a few thousand.
pub const MOST: u64 = 1 << 18;

/// 2.16.840.1.101.3.4.2.1, SHA-256.
const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// 1.2.840.113549.1.7.2, signed data.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.9.16.1.4, time-stamp token information.
const TOKEN_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

/// Why an answer was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// Not a time-stamp response in DER.
    #[error("the bytes are not a time-stamp response: {0}")]
    Malformed(&'static str),
    /// The authority refused.
    #[error("the time-stamp authority refused with status {0}")]
    Refused(u8),
    /// The token is about something else.
    #[error("the time stamp is about other bytes than this checkpoint")]
    OtherImprint,
    /// The token answers another request.
    #[error("the time stamp answers another request")]
    OtherNonce,
    /// The operating system gave no random bytes.
    #[error("no random bytes could be had from the operating system")]
    Random,
}

/// What a token says, its signature unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The time, as the authority wrote it: `YYYYMMDDHHMMSS[.f]Z`.
    pub time: String,
    /// The token's serial number, in hex.
    pub serial: String,
}

/// A request for a time stamp, and the nonce that the answer must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The bytes to send.
    pub der: Vec<u8>,
    nonce: Vec<u8>,
}

/// A request for a stamp over `note`.
pub fn query(note: &str) -> Result<Query, TimestampError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|_| TimestampError::Random)?;
    // A positive integer in its shortest form.
    random[0] = random[0] & 0x7f | 0x40;
    let algorithm = write(SEQUENCE, &[&write(OBJECT, &[SHA_256]), &[0x05, 0x00]]);
    let imprint = write(SEQUENCE, &[&algorithm, &write(OCTETS, &[Hash::of(&[note.as_bytes()]).as_bytes()])]);
    let der = write(SEQUENCE, &[&[INTEGER, 1, 1], &imprint, &write(INTEGER, &[&random]), &[0x01, 0x01, 0xff]]);
    Ok(Query { der, nonce: random.to_vec() })
}

/// Reads an answer and checks that it is about `note` and, if `query` is known, that it answers that.
pub fn read(answer: &[u8], note: &str, query: Option<&Query>) -> Result<Stamp, TimestampError> {
    let malformed = TimestampError::Malformed;
    let mut response = Reader(answer).inside(SEQUENCE).ok_or(malformed("it is no sequence"))?;
    let status = response.inside(SEQUENCE).and_then(|mut status| status.next(INTEGER));
    match status.ok_or(malformed("it has no status"))? {
        [0 | 1] => {}
        status => return Err(TimestampError::Refused(status.last().copied().unwrap_or(u8::MAX))),
    }
    let info = token_info(&mut response).ok_or(malformed("it has no token, or not one in DER"))?;
    let (stamp, imprint, nonce) = stamp(info).ok_or(malformed("its token cannot be read"))?;
    if imprint != Hash::of(&[note.as_bytes()]).as_bytes() {
        return Err(TimestampError::OtherImprint);
    }
    if query.is_some_and(|query| nonce != Some(&query.nonce)) {
        return Err(TimestampError::OtherNonce);
    }
    Ok(stamp)
}

/// The bytes of the TSTInfo inside the CMS signed data.
fn token_info<'b>(response: &mut Reader<'b>) -> Option<&'b [u8]> {
    let mut content = response.inside(SEQUENCE)?;
    (content.next(OBJECT)? == SIGNED_DATA).then_some(())?;
    let mut signed = content.inside(ZERO)?.inside(SEQUENCE)?;
    signed.next(INTEGER)?;
    signed.next(SET)?;
    let mut encapsulated = signed.inside(SEQUENCE)?;
    (encapsulated.next(OBJECT)? == TOKEN_INFO).then_some(())?;
    encapsulated.inside(ZERO)?.next(OCTETS)
}

/// The stamp, the message imprint and the nonce.
type Read<'b> = (Stamp, &'b [u8], Option<&'b [u8]>);

/// Reads the content of a token.
fn stamp(info: &[u8]) -> Option<Read<'_>> {
    let mut info = Reader(info).inside(SEQUENCE)?;
    info.next(INTEGER)?;
    info.next(OBJECT)?;
    let mut imprint = info.inside(SEQUENCE)?;
    (imprint.inside(SEQUENCE)?.next(OBJECT)? == SHA_256).then_some(())?;
    let imprint = imprint.next(OCTETS)?;
    let serial = info.next(INTEGER)?.iter().map(|byte| format!("{byte:02x}")).collect();
    let time = String::from_utf8(info.next(TIME)?.to_vec()).ok()?;
    let plain = time.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'Z')) && time.len() <= 32;
    plain.then_some(())?;
    let mut nonce = None;
    while let Some((tag, content)) = info.any() {
        if tag == INTEGER {
            nonce = Some(content);
        }
    }
    Some((Stamp { time, serial }, imprint, nonce))
}

#[cfg(test)]
mod tests;
