//! stub
use super::{Code, OtpError, Period};
use crate::secret::Secret;
/// stub
pub fn code(_: &Secret, _: &str, _: Period, _: u64) -> Result<Code, OtpError> {
    todo!()
}
