//! stub
use super::{Code, Digits, OtpError, Period};
use crate::secret::Secret;
/// stub
pub fn code(_: &Secret, _: &str, _: Digits, _: Period, _: u64) -> Result<Code, OtpError> {
    todo!()
}
