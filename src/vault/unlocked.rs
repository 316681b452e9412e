//! A vault, locked and unlocked: two types.

use crate::secret::{Random, Text};
use crate::vault::document::{Change, HistoryItem};
use crate::vault::{Clock, Cost, Edit, Entry, EntryId, Limits, Stamp, VaultError};

/// A vault file that has been read and whose signature holds; nothing of it has been decrypted.
#[derive(Debug, Clone)]
pub struct Locked {}

impl Locked {
    /// Reads a vault's bytes: sizes, JSON, key derivation bounds, signature. No passphrase is needed to find damage.
    ///
    /// # Errors
    /// [`VaultError::NotAVault`], [`VaultError::Damaged`], [`VaultError::Newer`], [`VaultError::ParametersRefused`].
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Locked, VaultError> {
        let _ = (bytes, limits);
        todo!()
    }

    /// The 16 bytes of the vault id, as 32 hexadecimal digits.
    pub fn vault_id(&self) -> String {
        todo!()
    }

    /// The epoch, from 1.
    pub fn epoch(&self) -> u64 {
        todo!()
    }

    /// What each slot's derivation costs; empty for a shared vault.
    pub fn costs(&self) -> Vec<Cost> {
        todo!()
    }

    /// How many members' keys the vault key is sealed to.
    pub fn grants(&self) -> usize {
        todo!()
    }

    /// The Ed25519 key of the member who signed the file, as 64 hexadecimal digits.
    pub fn author(&self) -> String {
        todo!()
    }

    /// Opens with a passphrase. Takes about half a second: never call it on the screen's thread.
    ///
    /// # Errors
    /// [`VaultError::WrongPassphrase`], [`VaultError::Memory`], [`VaultError::Altered`] and what the body can be wrong with.
    pub fn unlock(&self, passphrase: &Text, limits: &Limits) -> Result<Unlocked, VaultError> {
        let _ = (passphrase, limits);
        todo!()
    }

    /// Opens with the printed recovery code.
    ///
    /// # Errors
    /// [`VaultError::NotAMember`] when it is not this vault's.
    pub fn unlock_with_recovery_code(&self, code: &Text) -> Result<Unlocked, VaultError> {
        let _ = code;
        todo!()
    }
}

/// A new vault and the recovery code to be shown once.
#[derive(Debug)]
pub struct Founded {
    /// The vault.
    pub vault: Unlocked,
    /// Seven groups of four letters and digits.
    pub recovery_code: Text,
}

/// An open vault: its keys and everything in it. Cloning is cheap (entries are shared). Wiped when dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Unlocked {}

impl Unlocked {
    /// Founds a vault whose one member is `member`, opened by `passphrase`.
    ///
    /// # Errors
    /// When the cost is refused, or there is no memory or randomness.
    pub fn found(
        member: &str,
        passphrase: &Text,
        cost: Cost,
        limits: &Limits,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Founded, VaultError> {
        let _ = (member, passphrase, cost, limits, wall_ms, random);
        todo!()
    }

    /// The vault id, as 32 hexadecimal digits.
    pub fn vault_id(&self) -> String {
        todo!()
    }

    /// The epoch, from 1.
    pub fn epoch(&self) -> u64 {
        todo!()
    }

    /// The newest stamp in the vault, for [`Clock::tick`].
    pub fn newest(&self) -> Stamp {
        todo!()
    }

    /// The newest stamp of that replica.
    pub fn newest_of(&self, replica: u64) -> Option<Stamp> {
        let _ = replica;
        todo!()
    }

    /// All entries, deleted ones too, ordered by id. Entries of kinds that only the program itself uses are left out.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        std::iter::empty()
    }

    /// One entry, deleted or not.
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        let _ = id;
        todo!()
    }

    /// What was done to an entry, oldest first.
    pub fn history(&self, id: EntryId) -> Vec<HistoryItem> {
        let _ = id;
        todo!()
    }

    /// Turns edits into changes, each stamped by `clock` at `wall_ms` and replacing what is shown now. The vault itself stays as it is:
    /// see [`Unlocked::with`]. An edit that changes nothing gives no change.
    ///
    /// # Errors
    /// [`VaultError::NoSuchEntry`], [`VaultError::Refused`] (a counter at its end, a value too long).
    pub fn plan(
        &self,
        edits: &[Edit],
        clock: &mut Clock,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Vec<Change>, VaultError> {
        let _ = (edits, clock, wall_ms, random);
        todo!()
    }

    /// The changes that take those changes back, as far as nothing newer stands over them: a field gets the value it had before, an added
    /// entry is deleted. Counters never go back and used recovery codes stay used. Undoing an undo is a redo.
    ///
    /// # Errors
    /// As [`Unlocked::plan`].
    pub fn plan_undo(&self, done: &[Change], clock: &mut Clock, wall_ms: u64) -> Result<Vec<Change>, VaultError> {
        let _ = (done, clock, wall_ms);
        todo!()
    }

    /// The changes that bring the entries back to what `old` (an older copy of this vault) says: for restoring a backup.
    /// Entries that `old` does not know are deleted (into the trash).
    ///
    /// # Errors
    /// As [`Unlocked::plan`].
    pub fn plan_return_to(&self, old: &Unlocked, clock: &mut Clock, wall_ms: u64) -> Result<Vec<Change>, VaultError> {
        let _ = (old, clock, wall_ms);
        todo!()
    }

    /// This vault with those changes in it.
    #[must_use]
    pub fn with(&self, changes: &[Change]) -> Unlocked {
        let _ = changes;
        todo!()
    }

    /// Opens another copy of this vault's file with the keys at hand.
    ///
    /// # Errors
    /// [`VaultError::NotAMember`] when the passphrase was changed elsewhere meanwhile; else as [`Locked::unlock`].
    pub fn reopen(&self, bytes: &[u8], limits: &Limits) -> Result<Unlocked, VaultError> {
        let _ = (bytes, limits);
        todo!()
    }

    /// The union of two copies of one vault.
    ///
    /// # Errors
    /// [`VaultError::Altered`] when they are not copies of one vault or their rosters do not follow one another.
    pub fn merge(&self, other: &Unlocked) -> Result<Unlocked, VaultError> {
        let _ = other;
        todo!()
    }

    /// The bytes of the vault's file, under a fresh nonce.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`], [`VaultError::Random`].
    pub fn seal(&self, random: &mut dyn Random) -> Result<Vec<u8>, VaultError> {
        let _ = random;
        todo!()
    }

    /// Whether those bytes open and hold exactly this vault: the read-back of a save.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check_sealed(&self, bytes: &[u8]) -> Result<(), VaultError> {
        let _ = bytes;
        todo!()
    }

    /// The vault under a new passphrase: new member key, new epoch, new slot. The recovery code stays good. After a
    /// recovery-code unlock this is how a new passphrase is set.
    ///
    /// # Errors
    /// As [`Unlocked::found`].
    pub fn change_passphrase(
        &self,
        passphrase: &Text,
        cost: Cost,
        limits: &Limits,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Unlocked, VaultError> {
        let _ = (passphrase, cost, limits, wall_ms, random);
        todo!()
    }

    /// Whether this vault was opened with the recovery code (then only a new passphrase can be set, and nothing else saved).
    pub fn opened_by_recovery(&self) -> bool {
        todo!()
    }
}
