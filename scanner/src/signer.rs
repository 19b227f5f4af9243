//! Where a signing key is kept: in a file, in a variable, or in a program that signs.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aedile_audit::key_file::{self, KeyFileError};
use aedile_audit::{KeyError, Signer, SigningKey, VerifyingKey};
use base64::{Engine, engine::general_purpose::STANDARD};

/// How long a program may take; somebody may have to touch a device.
const PATIENCE: Duration = Duration::from_secs(120);
/// The most bytes a program may print.
const MOST: u64 = 1 << 16;

/// A signer that may be shared by the threads of a witness.
pub type AnySigner = Box<dyn Signer + Send + Sync>;

/// The signer that `word` names: `env:NAME`, `exec:PROGRAM` or a key file.
///
/// # Errors
/// The key cannot be had or is none.
pub fn signer(word: &str) -> Result<AnySigner, KeyFileError> {
    if let Some(name) = word.strip_prefix("env:") {
        let text = std::env::var(name)
            .map_err(|_| KeyError::Signer(format!("the environment variable `{name}` is not set to a key")))?;
        return Ok(Box::new(SigningKey::parse(&text)?));
    }
    if let Some(program) = word.strip_prefix("exec:") {
        return Ok(Box::new(Program::new(program)?));
    }
    Ok(Box::new(key_file::read(Path::new(word))?))
}

/// The signers that `words` name.
///
/// # Errors
/// One of the keys cannot be had or is none.
pub fn signers(words: &[String]) -> Result<Vec<AnySigner>, KeyFileError> {
    words.iter().filter(|word| !word.is_empty()).map(|word| signer(word)).collect()
}

/// `signers` as the ledger takes them.
#[must_use]
pub fn borrowed(signers: &[AnySigner]) -> Vec<&dyn Signer> {
    signers.iter().map(|signer| &**signer as &dyn Signer).collect()
}

/// A program that holds a key. `PROGRAM key` prints the verifier key; `PROGRAM sign` reads the bytes to sign from its
/// standard input and prints the 64 bytes of the signature in base64. It is started as it is, without a shell.
struct Program {
    path: String,
    key: VerifyingKey,
}

impl Program {
    fn new(path: &str) -> Result<Program, KeyError> {
        Ok(Program { path: path.to_owned(), key: VerifyingKey::parse(run(path, "key", &[])?.trim())? })
    }
}

impl Signer for Program {
    fn verifying_key(&self) -> &VerifyingKey {
        &self.key
    }

    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], KeyError> {
        let printed = run(&self.path, "sign", bytes)?;
        let signature = STANDARD.decode(printed.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        signature.ok_or_else(|| KeyError::Signer(format!("`{} sign` did not print 64 bytes in base64", self.path)))
    }
}

fn run(path: &str, what: &str, input: &[u8]) -> Result<String, KeyError> {
    let failed = |why: String| KeyError::Signer(format!("`{path} {what}` {why}"));
    let mut child = Command::new(path)
        .arg(what)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    let output = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        output.map(|output| output.take(MOST).read_to_string(&mut text)).transpose().map(|_| text)
    });
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read what it signs is told by its answer.
        let _ = stdin.write_all(input);
    }
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed("did not answer in two minutes".to_owned()));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(failed(format!("cannot be waited for: {error}"))),
        }
    };
    if !status.success() {
        return Err(failed(format!("ended with {status}")));
    }
    match reader.join() {
        Ok(Ok(text)) => Ok(text),
        _ => Err(failed("printed something that is not text".to_owned())),
    }
}
