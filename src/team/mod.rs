//! What a team does with its vaults, written once for the screen and the command line.
//!
//! Operations return values and typed errors, never sentences. What differs between the two callers (who announces a sync, what Ctrl-C ends) is
//! theirs to implement: [`Keeper`].

pub mod create;
mod error;
pub mod join;
pub mod links;
pub mod members;
pub mod open_file;
pub mod passphrase;
pub mod remote;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use error::TeamError;
pub use open_file::{Changed, OpenFile, SyncReport};

use crate::store::paths::Home;
use crate::vault::Limits;

/// What operations need of the machine they run on.
#[derive(Debug, Clone)]
pub struct Machine {
    pub home: Home,
    /// What opening a vault may cost.
    pub limits: Limits,
    /// Milliseconds since 1970.
    pub now_ms: fn() -> u64,
    /// Told once which program a long wait for a vault's sync lock is for.
    pub waiting: fn(holder: &str, vault: &Path),
    /// Set to cancel what goes over a network.
    pub cancel: Arc<AtomicBool>,
}

/// An open vault, kept in step with its remote in the caller's way.
pub trait Keeper {
    /// The vault and its file.
    fn file(&mut self) -> &mut OpenFile;

    /// Holds the vault's one sync of this machine until it is released, and takes in what was saved meanwhile.
    fn hold(&mut self) -> Result<(), TeamError>;

    /// Syncs with the vault's remote; `None` without one.
    fn sync(&mut self) -> Result<Option<SyncReport>, TeamError>;
}

/// What became of a change that was saved here and sent: `Ok(None)` has no remote, an error waits for the next sync.
pub type Published = Result<Option<SyncReport>, TeamError>;
