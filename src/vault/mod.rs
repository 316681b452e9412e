//! The vault: entries as sets of changes, sealed to its members. Format 1.
//!
//! Pure: bytes, the time and randomness come in; values go out. Nothing here touches a disk, a clock or a terminal.
//!
#![doc = include_str!("FORMAT.md")]

pub mod accept;
#[cfg(test)]
mod bound_tests;
pub mod bounds;
pub mod carry;
mod change;
pub mod check;
pub mod conflict;
pub mod document;
pub mod edit;
pub mod entry;
pub mod error;
pub mod fields;
pub mod file;
pub mod find;
#[cfg(test)]
pub(crate) mod fixed;
mod fold;
mod history;
mod housekeeping;
pub mod join;
pub mod kdf;
pub mod link;
mod locked;
mod merge;
pub mod names;
pub mod order;
mod passphrase;
pub mod records;
pub mod recovery;
pub mod rekey;
mod renewal;
pub mod request;
pub mod roster;
pub mod seal;
pub mod sharing;
#[cfg(test)]
mod sharing_tests;
#[doc = include_str!("SECURITY.md")]
pub mod security {}
pub mod stamp;
mod surplus;
#[cfg(test)]
mod tests;
pub mod unlocked;

pub use edit::Edit;
pub use entry::{Details, Entry, EntryId, NoCode, RecoveryCode, RecoveryId};
pub use error::VaultError;
pub use kdf::{Cost, Limits};
pub use link::Link;
pub use locked::Locked;
pub use passphrase::{Founded, OpenedBy};
pub use renewal::Renewed;
pub use stamp::{Clock, Stamp};
pub use unlocked::Unlocked;
