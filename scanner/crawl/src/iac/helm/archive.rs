//! Packed charts, `charts/*.tgz`: a tar in gzip, unpacked in memory within bounds.
//!
//! Source: pubs.opengroup.org, pax interchange format; the headers of ustar and of GNU's long names.

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Bytes that one archive may hold.
const BYTES: u64 = 32 << 20;

/// Members that one archive may hold.
const MEMBERS: usize = 10_000;

/// The size of a header and of what contents are padded to.
const BLOCK: usize = 512;

/// The text files of an archive by path; an error says why it, or the rest of it, is not read.
pub(super) fn unpacked(packed: impl Read) -> (Vec<(String, String)>, Option<&'static str>) {
    let mut bytes = Vec::new();
    if MultiGzDecoder::new(packed).take(BYTES + 1).read_to_end(&mut bytes).is_err() {
        return (Vec::new(), Some("the archive is not gzip, or is damaged"));
    }
    let cut = u64::try_from(bytes.len()).is_ok_and(|size| size > BYTES);
    let (found, whole) = members(&bytes);
    let problem = if cut || found.len() >= MEMBERS {
        Some("the archive is larger than we unpack")
    } else if !whole {
        Some("the archive is cut off")
    } else {
        None
    };
    (found, problem)
}

fn members(bytes: &[u8]) -> (Vec<(String, String)>, bool) {
    let mut found = Vec::new();
    let mut long_name: Option<String> = None;
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + BLOCK) {
        if header.iter().all(|&byte| byte == 0) {
            return (found, true);
        }
        let field = |start: usize, length: usize| text(header.get(start..start + length).unwrap_or_default());
        let Ok(size) = usize::from_str_radix(field(124, 12).trim(), 8) else { return (found, false) };
        let kind = header.get(156).copied().unwrap_or_default();
        let Some(body) = at.checked_add(BLOCK).and_then(|start| bytes.get(start..start.checked_add(size)?)) else {
            return (found, false);
        };
        match kind {
            b'L' => long_name = Some(text(body)),
            b'x' => long_name = pax_path(body).or(long_name),
            b'0' | 0 | b'7' => {
                let prefix = field(345, 155);
                let short = field(0, 100);
                let name = long_name.take().unwrap_or_else(|| {
                    if prefix.is_empty() || header.get(257..262).is_none_or(|magic| magic != b"ustar") {
                        short
                    } else {
                        format!("{prefix}/{short}")
                    }
                });
                let climbs = name.starts_with('/') || name.split('/').any(|part| part == "..");
                if let (false, Ok(body)) = (climbs, std::str::from_utf8(body)) {
                    found.push((name.trim_start_matches("./").to_owned(), body.to_owned()));
                }
                if found.len() >= MEMBERS {
                    return (found, false);
                }
            }
            _ => long_name = None,
        }
        let Some(next) = size.div_ceil(BLOCK).checked_mul(BLOCK).and_then(|size| at.checked_add(BLOCK + size)) else {
            return (found, false);
        };
        at = next;
    }
    (found, at >= bytes.len() && !bytes.is_empty())
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

/// The path of an extended header: lines of `length key=value`.
fn pax_path(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let line = text.lines().find_map(|line| line.split_once(" path="))?;
    Some(line.1.to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;

    /// A packed archive of these files.
    pub(crate) fn packed(files: &[(&str, &str)]) -> Vec<u8> {
        let mut tar = Vec::new();
        for (name, body) in files {
            let mut header = [0_u8; BLOCK];
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[124..135].copy_from_slice(format!("{:011o}", body.len()).as_bytes());
            header[156] = b'0';
            tar.extend(header);
            tar.extend(body.as_bytes());
            tar.resize(tar.len().div_ceil(BLOCK) * BLOCK, 0);
        }
        tar.resize(tar.len() + 2 * BLOCK, 0);
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&tar).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn archives_are_unpacked_and_paths_that_climb_are_left_out() {
        let (found, problem) = unpacked(packed(&[("a/Chart.yaml", "name: a"), ("../b", "x"), ("/c", "y")]).as_slice());
        assert_eq!(found, [("a/Chart.yaml".to_owned(), "name: a".to_owned())]);
        assert_eq!(problem, None);
        assert!(unpacked(&b"no archive"[..]).1.is_some());
    }

    #[test]
    fn a_bomb_is_bounded() {
        let big = "0".repeat(40 << 20);
        let (_, problem) = unpacked(packed(&[("a", big.as_str())]).as_slice());
        assert_eq!(problem, Some("the archive is larger than we unpack"));
    }
}
