//! Rules of `apis/*.yaml`.

use crate::{PackError, PackInfo, PackSource};

/// The compiled rules of `apis/*.yaml`.
#[derive(Debug, Default)]
pub struct Apis {}

impl Apis {
    pub(crate) fn load(_user: &[PackSource], _packs: &mut Vec<PackInfo>) -> Result<Apis, PackError> {
        Ok(Apis {})
    }
}
