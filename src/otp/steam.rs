//! stub
use super::{Algorithm, Code, Digits, OtpError, Period};
use crate::secret::Secret;
/// stub
pub fn code(_: &Secret, _: Algorithm, _: Digits, _: Period, _: u64) -> Result<Code, OtpError> {
    todo!()
}
