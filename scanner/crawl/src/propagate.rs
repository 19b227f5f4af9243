//! Classes travel along relations.

use aedile_model::Inventory;
use aedile_rules::Rules;

/// Carries tags along the relations of `inventory`.
pub fn propagate(_inventory: &mut Inventory, _rules: &Rules) {}
