//! One sync of a vault at a time on one machine: `<vault>.sync.lock`, held like the lock of a save.
//!
//! Held for a whole sync and for the writes around it that stand on its result (who belongs to the vault): two programs that let in the same newcomer
//! at once would have said two things on one list. Whoever waits takes in what the one before wrote, and then has little to do. It lies beside
//! the working copy, so that all who write that file share it, and ends with the process that holds it.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::sync::SyncError;
use super::temporary::with_ending;
use super::{StoreError, lock, paths};

/// How long one sync waits for the others.
const SYNC_LOCK_TIMEOUT: Duration = Duration::from_secs(300);
/// A wait that is longer is worth a word.
const SAID_AFTER: Duration = Duration::from_secs(2);

/// The right to sync one vault; let go when dropped.
#[derive(Debug)]
pub struct SyncLock {
    _held: Option<lock::Lock>,
}

impl SyncLock {
    /// Waits for it. `waiting` hears once who is waited for, should it take long.
    ///
    /// # Errors
    /// [`SyncError::Cancelled`]; [`SyncError::Waited`] after five minutes.
    pub fn hold(vault: &Path, cancel: &AtomicBool, waiting: &mut dyn FnMut(&str)) -> Result<SyncLock, SyncError> {
        // Where no such lock can be made no save can be made either, and that says why.
        let Ok(real) = paths::real(vault) else { return Ok(SyncLock { _held: None }) };
        let name = with_ending(real.file_name().unwrap_or(OsStr::new("vault")), ".sync.lock");
        let path = real.with_file_name(name);
        let (mut said, mut cancelled) = (false, false);
        let held = lock::hold_file(&path, SYNC_LOCK_TIMEOUT, &mut |waited| {
            cancelled = cancel.load(Ordering::Relaxed);
            if waited >= SAID_AFTER && !std::mem::replace(&mut said, true) {
                waiting(&lock::holder(&path));
            }
            !cancelled
        });
        match held {
            Err(StoreError::Busy { .. }) if cancelled => Err(SyncError::Cancelled),
            Err(StoreError::Busy { holder }) => Err(SyncError::Waited { holder }),
            held => Ok(SyncLock { _held: held.ok() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_waits_for_the_other_says_so_and_can_be_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("ops.json");
        let cancel = AtomicBool::new(false);
        let first = SyncLock::hold(&vault, &cancel, &mut |_| panic!("nobody is waited for")).unwrap();
        let mut said = Vec::new();
        let waited = SyncLock::hold(&vault, &cancel, &mut |holder| {
            said.push(holder.to_owned());
            cancel.store(true, Ordering::Relaxed);
        });
        assert!(matches!(waited, Err(SyncError::Cancelled)), "{waited:?}");
        assert!(matches!(&*said, [holder] if holder.contains(&format!("process {} (", std::process::id()))));
        drop(first);
        // It is no hindrance to a save, and another vault's is another.
        let _held = SyncLock::hold(&vault, &AtomicBool::new(false), &mut |_| {}).unwrap();
        lock::hold(&vault, Duration::ZERO).unwrap();
        SyncLock::hold(&folder.path().join("other.json"), &AtomicBool::new(true), &mut |_| {}).unwrap();
    }
}
