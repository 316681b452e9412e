//! HOTP, RFC 4226.
use super::{Algorithm, Code, Digits, OtpError};
use crate::secret::Secret;
/// stub
pub fn code(_: &Secret, _: Algorithm, _: Digits, _: u64) -> Result<Code, OtpError> {
    todo!()
}
