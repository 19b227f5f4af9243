//! Rules of `secrets/*.yaml`.

use crate::{PackError, PackInfo, PackSource};

/// The compiled rules of `secrets/*.yaml`.
#[derive(Debug, Default)]
pub struct Secrets {}

impl Secrets {
    pub(crate) fn load(_user: &[PackSource], _packs: &mut Vec<PackInfo>) -> Result<Secrets, PackError> {
        Ok(Secrets {})
    }
}
