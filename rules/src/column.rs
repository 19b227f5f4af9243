//! Columns: what is counted of their cells, and what is decided from it.

mod calibration;
mod chance;
mod decide;
mod letters;
mod profile;
mod protection;
mod sample;
mod technical;
#[cfg(test)]
mod tests;
mod waiting;

pub use decide::Decision;
pub use profile::{ColumnProfile, Observer};
pub use waiting::Number;

pub(crate) use calibration::Calibration;
pub(crate) use chance::{log2_fixed, surprise_bits};
pub(crate) use letters::Reads;
pub(crate) use sample::hash;
