/// What may stand in braces in a title or remedy.
pub(crate) const PLACEHOLDERS: &[&str] = &["asset", "classes", "holding", "principal", "resource", "sink"];

/// The words that fill the braces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words<'a> {
    /// The address of what the finding is about.
    pub(crate) asset: &'a str,
    /// Who acts.
    pub(crate) principal: &'a str,
    /// What is acted on.
    pub(crate) resource: &'a str,
    /// The classes at stake, sorted, joined by commas.
    pub(crate) classes: &'a str,
    /// `, which holds …,` with the classes; empty where nothing sensitive is held.
    pub(crate) holding: &'a str,
}

impl Words<'_> {
    /// `text` with its braces filled; what no word stands for stays.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len() + self.asset.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let Some((word, tail)) = after.split_once('}') else {
                filled.push('{');
                rest = after;
                continue;
            };
            match word {
                "asset" => filled.push_str(self.asset),
                "principal" => filled.push_str(self.principal),
                "resource" | "sink" => filled.push_str(self.resource),
                "classes" => filled.push_str(self.classes),
                "holding" => filled.push_str(self.holding),
                other => {
                    filled.push('{');
                    filled.push_str(other);
                    filled.push('}');
                }
            }
            rest = tail;
        }
        filled.push_str(rest);
        // An inserted clause needs no comma behind it at the end.
        filled.truncate(filled.trim_end_matches(',').len());
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fill_braces_once_and_are_not_filled_themselves() {
        let words = Words { asset: "{sink}", principal: "etl", resource: "log", classes: "phi", holding: "" };
        assert_eq!(words.fill("{asset} {principal} {sink} {classes} {x} {"), "{sink} etl log phi {x} {");
    }
}
