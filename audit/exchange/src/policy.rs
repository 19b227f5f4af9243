//! Which logs and which witnesses are trusted, and how many of them must agree.
//!
//! Source: C2SP tlog-policy, <https://c2sp.org/tlog-policy>: lines `log VKEY [URL]`, `witness NAME VKEY [URL]`,
//! `group NAME all|any|K NAME…` and one `quorum NAME|none`. Names are opaque bytes.

use std::collections::BTreeMap;

use aedile_audit::{Checkpoint, KeyType, Statement, Status, VerifyingKey};

/// The most lines of a policy. Our own limit; the specification asks for at least 32 logs, witnesses and groups.
const LINES: usize = 1_000;

/// A trust policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The logs whose signature counts; if there are none, the log is known from elsewhere.
    pub logs: Vec<VerifyingKey>,
    /// The witnesses, in the order of the file.
    pub witnesses: Vec<Witness>,
    quorum: Rule,
}

/// A witness that a policy names.
#[derive(Debug, Clone)]
pub struct Witness {
    /// Its key, type 0x04.
    pub key: VerifyingKey,
    /// Where it takes checkpoints: the submission prefix.
    pub url: Option<String>,
}

#[derive(Debug, Clone)]
enum Rule {
    /// The witness at this place in the list.
    Witness(usize),
    /// At least so many of these.
    Some(usize, Vec<Rule>),
}

/// Why a text is not a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the policy: {why}")]
pub struct PolicyError {
    /// The line, from 1; one past the last if something is missing.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

impl Policy {
    /// Reads a policy file.
    pub fn parse(bytes: &[u8]) -> Result<Policy, PolicyError> {
        let mut reading = Reading::default();
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        for (number, line) in (1..).zip(&lines) {
            let result = if number > LINES { Err("there are too many lines".to_owned()) } else { reading.line(line) };
            result.map_err(|why| PolicyError { line: number, why })?;
        }
        let missing = || PolicyError { line: lines.len() + 1, why: "there is no quorum line".to_owned() };
        let quorum = reading.quorum.ok_or_else(missing)?;
        Ok(Policy { logs: reading.logs, witnesses: reading.witnesses, quorum })
    }

    /// Every key that the policy names.
    pub fn keys(&self) -> Vec<VerifyingKey> {
        self.logs.iter().cloned().chain(self.witnesses.iter().map(|witness| witness.key.clone())).collect()
    }

    /// Whether `checkpoint` is signed by a log of the policy, if it names any, and cosigned by a quorum.
    pub fn judge(&self, checkpoint: &Checkpoint) -> Statement {
        let keys = self.keys();
        let signers = match checkpoint.signers(&keys) {
            Ok(signers) => signers,
            Err(_) if checkpoint.note.is_none() || keys.is_empty() => Vec::new(),
            Err(error) => {
                let sentence = format!("the checkpoint does not meet the policy: {error}");
                return Statement { status: Status::Fails, sentence, details: Vec::new() };
            }
        };
        let by_log = |key: &&VerifyingKey| self.logs.contains(key) && key.name() == checkpoint.origin;
        let signed = self.logs.is_empty() || signers.iter().any(by_log);
        let met = self.met(&self.quorum, &signers);
        let cosigners = self.witnesses.iter().filter(|witness| signers.contains(&&witness.key));
        let details: Vec<String> = cosigners.map(|witness| format!("cosigned by {}", witness.key.name())).collect();
        let (status, sentence) = match (signed, met) {
            (true, true) => (
                Status::Holds,
                format!("the checkpoint of size {} meets the policy: {} witnesses", checkpoint.size, details.len()),
            ),
            (false, _) => (Status::Fails, "the checkpoint is signed by no log of the policy".to_owned()),
            (true, false) => (
                Status::Fails,
                format!("the checkpoint is cosigned by {} witnesses, which is no quorum", details.len()),
            ),
        };
        Statement { status, sentence, details }
    }

    fn met(&self, rule: &Rule, signers: &[&VerifyingKey]) -> bool {
        match rule {
            Rule::Witness(place) => self.witnesses.get(*place).is_some_and(|witness| signers.contains(&&witness.key)),
            Rule::Some(least, rules) => rules.iter().filter(|rule| self.met(rule, signers)).count() >= *least,
        }
    }
}

/// What the lines so far have defined. A name's rule is taken out when a group or the quorum uses it, so that no witness
/// counts twice and no rule is ever copied.
#[derive(Default)]
struct Reading {
    logs: Vec<VerifyingKey>,
    witnesses: Vec<Witness>,
    names: BTreeMap<Vec<u8>, Option<Rule>>,
    quorum: Option<Rule>,
}

impl Reading {
    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        if line.iter().any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f) {
            return Err("it has control characters".to_owned());
        }
        let words: Vec<&[u8]> =
            line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] | [b"log", key, _] => {
                let key = self.key(key, KeyType::Log)?;
                self.logs.push(key);
                Ok(())
            }
            [b"witness", name, key] => self.witness(name, key, None),
            [b"witness", name, key, url] => self.witness(name, key, Some(url)),
            [b"group", name, least, members @ ..] => self.group(name, least, members),
            [b"quorum", name] if self.quorum.is_none() => {
                let none = *name == b"none";
                self.quorum = Some(if none { Rule::Some(0, Vec::new()) } else { self.take(name)? });
                Ok(())
            }
            [b"quorum", _] => Err("there is a second quorum line".to_owned()),
            _ => Err("it is neither log, witness, group nor quorum with their words".to_owned()),
        }
    }

    fn key(&self, word: &[u8], of: KeyType) -> Result<VerifyingKey, String> {
        let text = std::str::from_utf8(word).map_err(|_| "the key is not text".to_owned())?;
        let key = VerifyingKey::parse(text).map_err(|error| error.to_string())?;
        if key.key_type() != of {
            return Err("the key's signature type is not the one for a log (0x01) or a witness (0x04)".to_owned());
        }
        let known = self.logs.iter().chain(self.witnesses.iter().map(|witness| &witness.key));
        if known.filter(|known| known.key_type() == of).any(|known| known.public_key() == key.public_key()) {
            return Err("the same key stands on two lines".to_owned());
        }
        Ok(key)
    }

    fn witness(&mut self, name: &[u8], key: &[u8], url: Option<&[u8]>) -> Result<(), String> {
        let key = self.key(key, KeyType::Witness)?;
        let url = url.map(|url| String::from_utf8_lossy(url).into_owned());
        self.define(name, Rule::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness { key, url });
        Ok(())
    }

    fn group(&mut self, name: &[u8], least: &[u8], members: &[&[u8]]) -> Result<(), String> {
        let rules = members.iter().map(|member| self.take(member)).collect::<Result<Vec<_>, _>>()?;
        let count = match least {
            b"all" => rules.len(),
            b"any" => 1,
            number => std::str::from_utf8(number).ok().and_then(|text| text.parse().ok()).unwrap_or(0),
        };
        if count == 0 || count > rules.len() {
            return Err("its threshold is not all, any or a number from 1 to its members".to_owned());
        }
        self.define(name, Rule::Some(count, rules))
    }

    fn define(&mut self, name: &[u8], rule: Rule) -> Result<(), String> {
        if name == b"none" || self.names.contains_key(name) {
            return Err("the name is taken".to_owned());
        }
        self.names.insert(name.to_owned(), Some(rule));
        Ok(())
    }

    fn take(&mut self, name: &[u8]) -> Result<Rule, String> {
        match self.names.get_mut(name) {
            None => {
                Err(format!("nothing before it is named `{}`", aedile_audit::shown(&String::from_utf8_lossy(name))))
            }
            Some(rule) => rule.take().ok_or_else(|| "a name is used twice".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aedile_audit::{Hash, SigningKey};

    fn witness(number: u8) -> SigningKey {
        SigningKey::from_seed(&format!("w{number}.example"), &[number; 32]).unwrap()
    }

    fn log() -> SigningKey {
        SigningKey::from_seed("example.org/log", &[99; 32]).unwrap()
    }

    /// The policy of the specification's example: two of X1 to X3, and one of Y1 to Y3.
    fn example() -> String {
        let vkey = |number| witness(number).verifying_key().as_witness().to_string();
        format!(
            "# who is trusted\nlog {}\n\nwitness X1 {} https://w1.example/\nwitness X2 {}\n\twitness X3 {} \n\
             group X-witnesses 2 X1 X2 X3\nwitness Y1 {}\nwitness Y2 {}\nwitness Y3 {}\ngroup Y-witnesses any Y1 Y2 Y3\n\
             group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
            log().verifying_key(),
            vkey(1),
            vkey(2),
            vkey(3),
            vkey(4),
            vkey(5),
            vkey(6)
        )
    }

    fn signed_by(numbers: &[u8]) -> Checkpoint {
        let checkpoint = Checkpoint::new("example.org/log", 3, Hash::ZERO).signed(&[&log()]).unwrap();
        let mut text = checkpoint.note.unwrap();
        for number in numbers {
            let note = aedile_audit::SignedNote::parse(&text).unwrap();
            text.push_str(&note.cosignature(&witness(*number), 1_800_000_000).unwrap());
        }
        Checkpoint::parse(&text).unwrap()
    }

    #[test]
    fn the_quorum_of_the_specifications_example() {
        let policy = Policy::parse(example().as_bytes()).unwrap();
        assert_eq!(policy.witnesses[0].url.as_deref(), Some("https://w1.example/"));
        for (numbers, expected) in [
            (&[1, 2, 4][..], Status::Holds),
            (&[2, 3, 6], Status::Holds),
            (&[1, 2, 3, 4, 5, 6], Status::Holds),
            (&[], Status::Fails),
            (&[1, 2, 3], Status::Fails),
            (&[1, 4, 5, 6], Status::Fails),
        ] {
            let judged = policy.judge(&signed_by(numbers));
            assert_eq!(judged.status, expected, "{numbers:?}: {judged:?}");
        }
        let stranger = SigningKey::from_seed("example.org/log", &[98; 32]).unwrap();
        let other = Checkpoint::new("example.org/log", 3, Hash::ZERO).signed(&[&stranger]).unwrap();
        assert_eq!(policy.judge(&other).status, Status::Fails);
        let none = Policy::parse(format!("log {}\nquorum none", log().verifying_key()).as_bytes()).unwrap();
        assert_eq!(none.judge(&signed_by(&[])).status, Status::Holds);
    }

    #[test]
    fn policies_that_could_be_misread_are_refused() {
        let (plain, cosigner) = (witness(1).verifying_key().clone(), witness(1).verifying_key().as_witness());
        let w = format!("witness A {cosigner}\n");
        for (text, why) in [
            (String::new(), "no quorum"),
            (w.clone(), "no quorum"),
            (format!("{w}quorum B\n"), "nothing before it"),
            (format!("quorum A\n{w}"), "nothing before it"),
            (format!("{w}{w}quorum A\n"), "two lines"),
            (format!("{w}group G 2 A\nquorum G\n"), "threshold"),
            (format!("{w}group G 0 A\nquorum G\n"), "threshold"),
            (format!("{w}group G any A A\nquorum G\n"), "used twice"),
            (format!("{w}group G any A\ngroup H any A\nquorum G\n"), "used twice"),
            (format!("{w}group A any A\nquorum A\n"), "taken"),
            (format!("{w}group none any A\nquorum none\n"), "taken"),
            (format!("{w}quorum A\nquorum none\n"), "second quorum"),
            (format!("witness A {plain}\nquorum A\n"), "signature type"),
            (format!("log {cosigner}\nquorum none\n"), "signature type"),
            ("log x\nquorum none\n".into(), "signed-note form"),
            ("quorum none extra\n".into(), "neither"),
            ("quorum none\u{7}\n".into(), "control"),
            ("#\n".repeat(LINES + 1), "too many"),
        ] {
            let error = Policy::parse(text.as_bytes()).unwrap_err();
            assert!(error.why.contains(why), "{text}: {error}");
        }
        assert!(Policy::parse(b"witness \xff\xfe x\n").is_err());
    }
}
