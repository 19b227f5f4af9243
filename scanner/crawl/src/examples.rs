//! Examples of rules that need a crawler to be read.

use aedile_rules::{RuleFailure, Rules};

/// What the examples of resource types and library calls must give and do not; empty if all is well.
///
/// Those of identifiers and secrets need no crawler: [`Rules::test`].
#[must_use]
pub fn failing_examples(rules: &Rules) -> Vec<RuleFailure> {
    let (mut resources, calls) =
        rayon::join(|| crate::iac::examples::failing(rules), || crate::code::examples::failing(rules));
    resources.extend(calls);
    resources
}
