//! Answers of an authority that is not ours: `openssl ts`.

#![expect(clippy::print_stdout, reason = "a test that is skipped says why")]

use std::path::Path;
use std::process::Command;

use super::*;

const CONFIG: &str = "
[req]
distinguished_name = name
prompt = no
x509_extensions = tsa_extensions
[name]
CN = time stamp authority of a test
[tsa_extensions]
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = tsa_config
[tsa_config]
serial = serial
signer_cert = cert.pem
signer_key = key.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
";

fn openssl(folder: &Path, line: &str) -> bool {
    let done = Command::new("openssl").args(line.split(' ')).current_dir(folder).output();
    done.is_ok_and(|output| output.status.success())
}

/// The authority's answer to `query`; nothing where openssl is not installed.
fn answer(folder: &Path, query: &[u8]) -> Option<Vec<u8>> {
    std::fs::write(folder.join("tsa.cnf"), CONFIG).unwrap();
    std::fs::write(folder.join("serial"), "01\n").unwrap();
    std::fs::write(folder.join("query.tsq"), query).unwrap();
    let made =
        openssl(folder, "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -config tsa.cnf")
            && openssl(folder, "ts -reply -queryfile query.tsq -out reply.tsr -config tsa.cnf");
    if !made {
        println!("skipped: openssl cannot be run here");
        return None;
    }
    Some(std::fs::read(folder.join("reply.tsr")).unwrap())
}

#[test]
fn an_answer_is_about_the_checkpoint_and_the_request_and_openssl_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let note = "example.org/log\n1\nAAAA\n\n— x y\n";
    let query = query(note).unwrap();
    let Some(answer) = answer(dir.path(), &query.der) else { return };
    let stamp = read(&answer, note, Some(&query)).unwrap();
    assert!(stamp.time.starts_with("20") && stamp.time.ends_with('Z'), "{stamp:?}");
    assert_eq!(read(&answer, note, None), Ok(stamp));
    assert_eq!(read(&answer, "another note", Some(&query)), Err(TimestampError::OtherImprint));
    let other = super::query(note).unwrap();
    assert_eq!(read(&answer, note, Some(&other)), Err(TimestampError::OtherNonce));
    std::fs::write(dir.path().join("note"), note).unwrap();
    assert!(openssl(dir.path(), "ts -verify -data note -in reply.tsr -CAfile cert.pem"));
}

#[test]
fn every_cut_of_an_answer_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let query = query("note").unwrap();
    let Some(answer) = answer(dir.path(), &query.der) else { return };
    for end in 0..answer.len() {
        assert!(read(&answer[..end], "note", Some(&query)).is_err(), "{end}");
    }
    assert!(matches!(read(b"", "note", None), Err(TimestampError::Malformed(_))));
    // A refusal: status 2, RFC 3161 §2.4.2.
    let refusal = write(SEQUENCE, &[&write(SEQUENCE, &[&[INTEGER, 1, 2]])]);
    assert_eq!(read(&refusal, "note", None), Err(TimestampError::Refused(2)));
}

proptest::proptest! {
    #[test]
    fn no_bytes_are_too_odd(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..500)) {
        proptest::prop_assert!(read(&bytes, "note", None).is_err());
    }
}
