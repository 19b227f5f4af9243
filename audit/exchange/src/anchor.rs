//! Checkpoints in places where people keep them: one line of a job's log.
//!
//! The line is `aedile-checkpoint: size N root R note BASE64`: size and root for the eye, and the whole note, which may
//! have several lines, in base64. It may stand anywhere in a text: after a time stamp, in HTML, in a comment.

use aedile_audit::Checkpoint;
use base64::{Engine, engine::general_purpose::STANDARD};

/// What the line begins with.
pub const MARK: &str = "aedile-checkpoint:";

/// The most checkpoints that are taken out of one text.
const MOST: usize = 1_000;

/// `checkpoint` as one line, without a newline.
pub fn line(checkpoint: &Checkpoint) -> String {
    let note = checkpoint.note.clone().unwrap_or_else(|| checkpoint.text());
    format!("{MARK} size {} root {} note {}", checkpoint.size, checkpoint.root.base64(), STANDARD.encode(note))
}

/// The checkpoints in `text`: the text itself if it is one, else every line of that form in it, each once.
pub fn checkpoints(text: &str) -> Vec<String> {
    if Checkpoint::parse(text).is_ok() {
        return vec![text.to_owned()];
    }
    let mut found: Vec<String> = Vec::new();
    for rest in text.split(MARK).skip(1).take(MOST) {
        let Some((_, rest)) = rest.split_once(" note ") else { continue };
        let base64: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c)).collect();
        let note = STANDARD.decode(base64).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(note) = note.filter(|note| Checkpoint::parse(note).is_ok() && !found.contains(note)) {
            found.push(note);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use aedile_audit::{Hash, SigningKey};

    #[test]
    fn a_line_of_a_log_gives_the_note_back() {
        let key = SigningKey::from_seed("example.org/log", &[1; 32]).unwrap();
        let bare = Checkpoint::new("an origin with spaces", 3, Hash::ZERO);
        let signed = Checkpoint::new("example.org/log", 4, Hash::ZERO).signed(&[&key]).unwrap();
        for checkpoint in [&bare, &signed] {
            let note = checkpoint.note.clone().unwrap_or_else(|| checkpoint.text());
            let line = line(checkpoint);
            assert!(!line.contains('\n'));
            for text in [
                line.clone(),
                format!("2026-03-01T10:30:00.123Z \u{1b}[32m{line}\u{1b}[0m\r\nmore\n{line}"),
                format!("<footer><p>Kept: {line}</p></footer>"),
                note.clone(),
            ] {
                assert_eq!(checkpoints(&text), [note.as_str()]);
            }
        }
        assert_eq!(checkpoints(&format!("{}\n{}", line(&bare), line(&signed))).len(), 2);
        for bad in ["", "hello", MARK, "aedile-checkpoint: size 1 root x note !!!", "aedile-checkpoint: note aGVsbG8="]
        {
            assert!(checkpoints(bad).is_empty());
        }
    }
}
