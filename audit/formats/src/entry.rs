//! One entry of the ledger and its bytes.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::canonical::{CanonicalError, write, write_string};
use crate::hash::Hash;

/// The version of the entry's shape, its `v`.
pub const VERSION: u64 = 1;

/// The most bytes an entry may have: a length that C2SP tlog-tiles can carry, which gives each entry 16 bits.
pub const MAX_ENTRY: usize = 65_535;

/// What an entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// The first entry: the log's origin and the fingerprint of its tables. Written by the ledger itself.
    Genesis,
    /// A run begins; its data names everything in force: versions, hashes of packs, configuration, roots.
    RunStart,
    /// Something found.
    Finding,
    /// The verdicts of a policy or a run, counted.
    VerdictSummary,
    /// A finding accepted by a person, until a date.
    Waiver,
    /// A person's approval.
    SignOff,
    /// The sealed payloads of a run deleted. Written by the ledger itself.
    Erasure,
    /// A run's payloads may not be erased, or may again. Written by the ledger itself.
    LegalHold,
    /// A signing key that begins or ends to be in use. Written by the ledger itself.
    Key,
    /// A run ended; its data carries the counts of its entries.
    RunEnd,
    /// The run before was interrupted. Written by the ledger itself.
    Recovery,
    /// The tables got another layout. Written by the ledger itself.
    Migration,
}

impl Kind {
    /// All kinds, in the order of the enum.
    pub const ALL: [Kind; 12] = [
        Kind::Genesis,
        Kind::RunStart,
        Kind::Finding,
        Kind::VerdictSummary,
        Kind::Waiver,
        Kind::SignOff,
        Kind::Erasure,
        Kind::LegalHold,
        Kind::Key,
        Kind::RunEnd,
        Kind::Recovery,
        Kind::Migration,
    ];

    /// The kind's name as it is recorded.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Genesis => "genesis",
            Kind::RunStart => "run-start",
            Kind::Finding => "finding",
            Kind::VerdictSummary => "verdict-summary",
            Kind::Waiver => "waiver",
            Kind::SignOff => "sign-off",
            Kind::Erasure => "erasure",
            Kind::LegalHold => "legal-hold",
            Kind::Key => "key",
            Kind::RunEnd => "run-end",
            Kind::Recovery => "recovery",
            Kind::Migration => "migration",
        }
    }

    /// The kind with this name.
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What somebody wants to record; the ledger adds the index, the time and the hash of the entry before.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What is recorded. The kinds that only the ledger writes are refused.
    pub kind: Kind,
    /// The run it belongs to, an opaque non-empty name.
    pub run: String,
    /// Who or what acted.
    pub actor: String,
    /// An object with `version`, `packs` and `schema`.
    pub tool: Value,
    /// An object with `repo` and `commit`.
    pub subject: Value,
    /// An object, free in form. Integers only, no sampled value. The member `payload` is the ledger's own, and in a
    /// [`Kind::RunEnd`] the member `counts`.
    pub data: Value,
    /// Bytes too many or too personal for an entry, sealed beside the log; the entry's data gets a salted commitment to
    /// them as `payload`. Erasable: the log stays whole without them.
    pub payload: Option<Vec<u8>>,
}

/// An entry as it is recorded. Its bytes, not this struct, are what is hashed and kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The version of this shape, 1.
    pub v: u64,
    /// The entry's index in the log, from 0, without gaps.
    pub idx: u64,
    /// The leaf hash of the entry before, in hex; [`Hash::ZERO`] in the first.
    pub prev: Hash,
    /// When it was recorded by the clock of the machine, UTC. Order is by index, never by time.
    #[serde(with = "utc")]
    pub ts: OffsetDateTime,
    /// What is recorded.
    pub kind: Kind,
    /// The run it belongs to; empty in the genesis entry, which belongs to none.
    pub run: String,
    /// Who or what acted.
    pub actor: String,
    /// The tool's version, packs and schema.
    pub tool: Value,
    /// The repository and commit that were looked at.
    pub subject: Value,
    /// What the kind has to say.
    pub data: Value,
}

/// Why something is not an entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// More than [`MAX_ENTRY`] bytes.
    #[error("a {kind} entry would have {bytes} bytes, at most {MAX_ENTRY} fit")]
    TooLarge {
        /// What was to be recorded.
        kind: Kind,
        /// Its size.
        bytes: usize,
    },
    /// A value that has no canonical form.
    #[error("a {kind} entry cannot be written")]
    Canonical {
        /// What was to be recorded.
        kind: Kind,
        /// Why not.
        source: CanonicalError,
    },
    /// A time that RFC 3339 cannot write.
    #[error("the time of a {kind} entry is outside the years 0 to 9999")]
    Time {
        /// What was to be recorded.
        kind: Kind,
    },
    /// Bytes that are not an entry of this version.
    #[error("the bytes are not an entry")]
    Unreadable(#[source] serde_json::Error),
}

impl Entry {
    /// The entry's canonical bytes. Source: RFC 8785.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        let Entry { v, idx, prev, ts, kind, run, actor, tool, subject, data } = self;
        EntryParts { v: *v, idx: *idx, prev: *prev, ts: *ts, kind: *kind, run, actor, tool, subject, data }.to_bytes()
    }

    /// Reads an entry. Only to look at it: what is verified are the bytes themselves.
    pub fn parse(bytes: &[u8]) -> Result<Entry, EntryError> {
        serde_json::from_slice(bytes).map_err(EntryError::Unreadable)
    }
}

/// The members of an entry, borrowed.
pub struct EntryParts<'a> {
    /// As in [`Entry`].
    pub v: u64,
    /// As in [`Entry`].
    pub idx: u64,
    /// As in [`Entry`].
    pub prev: Hash,
    /// As in [`Entry`].
    pub ts: OffsetDateTime,
    /// As in [`Entry`].
    pub kind: Kind,
    /// As in [`Entry`].
    pub run: &'a str,
    /// As in [`Entry`].
    pub actor: &'a str,
    /// As in [`Entry`].
    pub tool: &'a Value,
    /// As in [`Entry`].
    pub subject: &'a Value,
    /// As in [`Entry`].
    pub data: &'a Value,
}

impl EntryParts<'_> {
    /// The entry's canonical bytes: its members sorted by name. Source: RFC 8785.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        let cannot = |name: &'static str| {
            move |source: CanonicalError| EntryError::Canonical { kind: self.kind, source: source.within(name) }
        };
        let mut out = String::with_capacity(640);
        out.push_str("{\"actor\":");
        write_string(self.actor, &mut out);
        out.push_str(",\"data\":");
        write(self.data, 1, &mut out).map_err(cannot("data"))?;
        out.push_str(&format!(",\"idx\":{},\"kind\":\"{}\",\"prev\":\"", self.idx, self.kind.name()));
        self.prev.push_hex(&mut out);
        out.push_str("\",\"run\":");
        write_string(self.run, &mut out);
        out.push_str(",\"subject\":");
        write(self.subject, 1, &mut out).map_err(cannot("subject"))?;
        out.push_str(",\"tool\":");
        write(self.tool, 1, &mut out).map_err(cannot("tool"))?;
        let at = utc::text(&self.ts).ok_or(EntryError::Time { kind: self.kind })?;
        out.push_str(&format!(",\"ts\":\"{at}\",\"v\":{}}}", self.v));
        if out.len() > MAX_ENTRY {
            return Err(EntryError::TooLarge { kind: self.kind, bytes: out.len() });
        }
        Ok(out.into_bytes())
    }
}

/// RFC 3339 in UTC, written with `Z`.
mod utc {
    use serde::{Deserialize, Deserializer, Serializer, de, ser};
    use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

    /// `at` as it is recorded; nothing outside the years 0 to 9999.
    pub(super) fn text(at: &OffsetDateTime) -> Option<String> {
        at.checked_to_offset(UtcOffset::UTC)?.format(&Rfc3339).ok()
    }

    pub(super) fn serialize<S: Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
        let text = text(at).ok_or_else(|| ser::Error::custom("the time is outside the years 0 to 9999"))?;
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at = OffsetDateTime::parse(&text, &Rfc3339).map_err(de::Error::custom)?;
        if !text.ends_with('Z') {
            return Err(de::Error::custom("the time is not written in UTC"));
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    fn entry() -> Entry {
        Entry {
            v: VERSION,
            idx: 7,
            prev: Hash::ZERO,
            ts: datetime!(2026-03-01 12:30:00 +02:00),
            kind: Kind::VerdictSummary,
            run: "r1".into(),
            actor: "ci".into(),
            tool: json!({"version": "0.1.0", "packs": {}, "schema": "1"}),
            subject: json!({"repo": "clinic", "commit": null}),
            data: json!({"b": 1, "a": "é"}),
        }
    }

    #[test]
    fn the_bytes_are_canonical_and_in_utc() {
        let zeroes = "0".repeat(64);
        assert_eq!(
            String::from_utf8(entry().to_bytes().unwrap()).unwrap(),
            format!(
                r#"{{"actor":"ci","data":{{"a":"é","b":1}},"idx":7,"kind":"verdict-summary","prev":"{zeroes}","run":"r1","subject":{{"commit":null,"repo":"clinic"}},"tool":{{"packs":{{}},"schema":"1","version":"0.1.0"}},"ts":"2026-03-01T10:30:00Z","v":1}}"#
            )
        );
        assert_eq!(Entry::parse(&entry().to_bytes().unwrap()).unwrap(), entry());
        let by_the_general_rule = crate::canonical(&serde_json::to_value(entry()).unwrap()).unwrap();
        assert_eq!(entry().to_bytes().unwrap(), by_the_general_rule);
    }

    #[test]
    fn names_of_kinds_agree_with_their_json() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.name()));
            assert_eq!(Kind::named(kind.name()), Some(kind));
        }
    }

    #[test]
    fn an_entry_of_65535_bytes_fits_and_no_more() {
        let mut entry = entry();
        entry.data = json!({"text": ""});
        let room = MAX_ENTRY - entry.to_bytes().unwrap().len();
        entry.data = json!({"text": "x".repeat(room)});
        assert_eq!(entry.to_bytes().unwrap().len(), MAX_ENTRY);
        entry.data = json!({"text": "x".repeat(room + 1)});
        assert!(matches!(entry.to_bytes(), Err(EntryError::TooLarge { bytes: 65_536, .. })));
    }

    #[test]
    fn other_bytes_are_not_an_entry() {
        let good = String::from_utf8(entry().to_bytes().unwrap()).unwrap();
        for bad in [
            good.replace("\"v\":1", "\"v\":1,\"w\":1"),
            good.replace("\"v\":1", "\"v\":1,\"v\":1"),
            good.replace("verdict-summary", "gossip"),
            good.replace("10:30:00Z", "10:30:00+00:00"),
            "[".repeat(100_000),
        ] {
            assert!(Entry::parse(bad.as_bytes()).is_err(), "{bad:.80}");
        }
    }
}
