//! Formats that are read alike: the first byte chooses one of them, the others are its file.

use tickey::formats::registry;

/// Reads the file; it may be refused, and must do no harm.
pub fn read(ids: &[&str], bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first() else { return };
    let id = ids[usize::from(*choice) % ids.len()];
    assert!(registry::by_id(id).is_some_and(|format| format.read.is_some()), "{id} is not read");
    let _ = registry::read(file, Some(id));
}
