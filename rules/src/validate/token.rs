//! Structure checks of credentials: what a token says about itself, without any network.

/// Whether the text is an AWS access key id: a known prefix, then sixteen base-32 characters.
///
/// Source: AWS IAM user guide, "IAM identifiers", unique ID prefixes.
pub(super) fn aws_key_id(text: &[u8]) -> bool {
    let Some((prefix, rest)) = text.split_at_checked(4) else {
        return false;
    };
    matches!(prefix, b"AKIA" | b"ASIA" | b"ABIA" | b"ACCA")
        && rest.len() == 16
        && rest
            .iter()
            .all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'))
}
