//! Proofs that entries are in the ledger.

use aedile_formats::InclusionProof;
use aedile_formats::merkle::{inclusion_proof, verify_inclusion};

use super::{Ledger, StoredNodes, last_head, last_note};
use crate::error::LedgerError;

impl Ledger {
    /// A proof that entry `index` is in the ledger, against the last signed checkpoint that covers it, or against the last
    /// checkpoint if none is signed.
    pub fn prove(&self, index: u64) -> Result<InclusionProof, LedgerError> {
        self.prove_each(&[index])?.pop().ok_or(LedgerError::NoSuchEntry)
    }

    /// Such a proof for each of `indexes`, in their order; those of neighbours cost little more than one.
    pub fn prove_each(&self, indexes: &[u64]) -> Result<Vec<InclusionProof>, LedgerError> {
        let snapshot = self.snapshot()?;
        let (signed, head) = (last_note(&snapshot, u64::MAX)?, last_head(&snapshot)?);
        let nodes = StoredNodes::new(&snapshot);
        let prove = |&index: &u64| {
            let signed = signed.as_ref().filter(|note| index < note.size);
            let checkpoint = signed.or(head.as_ref()).ok_or(LedgerError::NoSuchEntry)?;
            let path = inclusion_proof(&nodes, index, checkpoint.size)?;
            if !verify_inclusion(&nodes.leaf(index)?, index, checkpoint.size, &path, &checkpoint.root) {
                return Err(LedgerError::Diverged { size: checkpoint.size });
            }
            Ok(InclusionProof { index, path, checkpoint: checkpoint.clone(), extra: None })
        };
        indexes.iter().map(prove).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{AT, Scratch, key, keys, run};
    use aedile_formats::Status;

    #[test]
    fn every_entry_is_proved_against_the_signed_checkpoint() {
        let scratch = Scratch::signed(3);
        let ledger = scratch.ledger();
        for stored in ledger.entries(&Default::default()).unwrap() {
            let proof = ledger.prove(stored.index).unwrap();
            assert_eq!(InclusionProof::parse(&proof.to_string()).unwrap(), proof);
            let verified = proof.verify(&stored.body, &keys());
            assert_eq!((verified.included.status, verified.signed.status), (Status::Holds, Status::Holds));
            assert_eq!(proof.verify(&stored.body, &[]).signed.status, Status::NotShown);
            let mut other = stored.body.clone();
            other[5] ^= 1;
            assert_eq!(proof.verify(&other, &keys()).included.status, Status::Fails);
        }
        assert!(matches!(ledger.prove(13), Err(LedgerError::NoSuchEntry)));
    }

    #[test]
    fn every_changed_byte_of_a_proof_file_fails() {
        let ledger = Scratch::signed(3).ledger();
        let body = &ledger.entries(&Default::default()).unwrap()[5].body;
        let text = ledger.prove(5).unwrap().to_string();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else {
                continue;
            };
            if let Ok(changed) = InclusionProof::parse(&changed) {
                let verified = changed.verify(body, &keys());
                assert!([verified.included.status, verified.signed.status].contains(&Status::Fails));
            }
        }
    }

    #[test]
    fn an_unsigned_ledger_gives_an_unsigned_proof_and_says_so() {
        let scratch = Scratch::new();
        let mut ledger = scratch.ledger();
        assert!(matches!(ledger.prove(0), Err(LedgerError::NoSuchEntry)));
        ledger.append(&run("a", 2), AT, &[]).unwrap();
        let proof = InclusionProof::parse(&ledger.prove(2).unwrap().to_string()).unwrap();
        let body = &ledger.entries(&Default::default()).unwrap()[2].body;
        let verified = proof.verify(body, &keys());
        assert_eq!((verified.included.status, verified.signed.status), (Status::Holds, Status::Fails));
        // Once something later is signed, the proof leads to that.
        ledger.append(&run("b", 0), AT, &[&key()]).unwrap();
        assert_eq!(ledger.prove(2).unwrap().verify(body, &keys()).signed.status, Status::Holds);
    }

    #[test]
    fn the_extra_line_reads_back() {
        let ledger = Scratch::signed(1).ledger();
        let proof = InclusionProof { extra: Some(b"extra extra ".to_vec()), ..ledger.prove(1).unwrap() };
        let text = proof.to_string();
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra ZXh0cmEgZXh0cmEg\nindex 1\n"), "{text}");
        assert_eq!(InclusionProof::parse(&text).unwrap(), proof);
        for bad in [
            "",
            "\n\n",
            "c2sp.org/tlog-proof@v1\n\n",
            &text.replace("index 1", "index 01"),
            &text.replace("@v1", "@v2"),
        ] {
            assert!(InclusionProof::parse(bad).is_err());
        }
    }
}
