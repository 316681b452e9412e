//! Older versions of a vault beside it: the last 10, then one a day for 30 days, then one a month.

use std::path::{Path, PathBuf};

use super::StoreError;

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its file.
    pub path: PathBuf,
    /// When the version it holds was replaced, in milliseconds since 1970.
    pub wall_ms: u64,
    /// Bytes.
    pub size: u64,
}

/// The backups of a vault, newest first.
///
/// # Errors
/// [`StoreError::Io`] when the folder cannot be read; no folder means no backups.
pub fn list(vault: &Path) -> Result<Vec<Backup>, StoreError> {
    let _ = vault;
    todo!()
}
