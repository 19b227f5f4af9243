//! Rules of `identifiers/*.yaml`.

use crate::{PackError, PackInfo, PackSource};

/// The compiled rules of `identifiers/*.yaml`.
#[derive(Debug, Default)]
pub struct Identifiers {}

impl Identifiers {
    pub(crate) fn load(_user: &[PackSource], _packs: &mut Vec<PackInfo>) -> Result<Identifiers, PackError> {
        Ok(Identifiers {})
    }
}
