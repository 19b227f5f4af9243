//! Names made from templates with holes: `arn:aws:s3:::{bucket}`.

/// `template` with every `{path}` replaced by what `value` gives; `None` if any hole has no value.
pub(crate) fn fill(template: &str, mut value: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let (mut out, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        let (path, after) = after.split_once('}')?;
        out.push_str(before);
        out.push_str(&value(path).filter(|text| !text.is_empty())?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
