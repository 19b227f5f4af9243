//! Rules of `resources/*.yaml`.

use crate::{PackError, PackInfo, PackSource};

/// The compiled rules of `resources/*.yaml`.
#[derive(Debug, Default)]
pub struct Resources {}

impl Resources {
    pub(crate) fn load(_user: &[PackSource], _packs: &mut Vec<PackInfo>) -> Result<Resources, PackError> {
        Ok(Resources {})
    }
}
