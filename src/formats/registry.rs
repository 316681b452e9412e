//! The table of formats, and recognition by content.

use super::{Format, FormatError};

/// Every format, in the order in which they are tried.
pub static FORMATS: &[Format] = &[];

/// The format of that id.
pub fn by_id(id: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.id == id)
}

/// The format these bytes look like.
///
/// # Errors
/// [`FormatError::Unknown`] saying what was tried.
pub fn detect(bytes: &[u8]) -> Result<&'static Format, FormatError> {
    let _ = bytes;
    todo!()
}
