//! Bringing a vault's working copy and its remote to the same state.
//!
//! One loop: read → verify → merge into the working copy → stop if the remote holds all of ours → write with the best guard there is → read again.
//! The guard saves rounds; the loop gives safety, whatever the server ignores. What cannot be verified is set aside, never merged, and replaced
//! by this machine's own copy. A torn read means "again", never "empty vault".

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::memory::{self, Memory};
use super::paths::Home;
use super::remote::{self, Read, Remote, RemoteError, Written};
use super::{StoreError, Tag, disk};
use crate::secret::{NoRandomness, Random, random_bytes};
use crate::vault::accept::Seen;
use crate::vault::roster::Role;
use crate::vault::seal::sha256;
use crate::vault::sharing::{Deed, Me};
use crate::vault::{Limits, Locked, Unlocked, VaultError};

/// How often the remote is read before the loop gives up.
const ROUNDS: u32 = 60;
/// How often bytes that make no sense are read again before they are believed.
const TORN: u32 = 6;
/// The first pause after a conflict or a torn read, and the longest.
const PAUSE: Duration = Duration::from_millis(40);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// How long one sync may take, a slow server's answers aside.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a save of the working copy waits for another program's.
const SAVE_PATIENCE: Duration = Duration::from_secs(10);

/// Something a person should know about a sync that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The remote's copy was older than one that was there before.
    WentBack(String),
    /// A copy that could not be verified was kept in that file and replaced.
    SetAside(String, PathBuf),
    /// What an owner's program did by itself.
    Deed(Deed),
    /// Two owners had acted at once; both are in force now.
    JoinedFork,
    /// This member may only view, and the remote lacks something that this machine has.
    ViewerAhead,
}

/// What a sync came to.
#[derive(Debug)]
pub struct Synced {
    /// What the working copy holds now.
    pub vault: Unlocked,
    /// The working copy's file as it is now.
    pub tag: Option<Tag>,
    /// Changes that came.
    pub received: usize,
    /// Changes that went.
    pub sent: usize,
    /// Entries that were changed in two places at once, and are flagged.
    pub conflicts: usize,
    /// How often the remote was read.
    pub rounds: u32,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

/// Why a vault could not be synced.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The remote.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The working copy.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What lies at the remote.
    #[error("{0}; neither the remote nor the vault here was changed")]
    Vault(VaultError),
    /// Others wrote again and again.
    #[error("others keep writing to the remote; this machine's changes are kept and will be sent with the next sync")]
    Busy,
    /// Somebody asked for the end of it.
    #[error("the sync was cancelled; nothing is lost")]
    Cancelled,
}

/// A vault's working copy on this machine.
pub struct WorkingCopy<'a> {
    /// Where what this machine remembers lies.
    pub home: &'a Home,
    /// The vault's file.
    pub path: &'a Path,
    /// What was read from it, or what is to be in it.
    pub vault: Unlocked,
    /// The file as it was then.
    pub tag: Option<Tag>,
    /// What this machine allows.
    pub limits: &'a Limits,
}

/// What a sync needs of the world: the time, randomness, and whether it is still wanted.
pub struct Means<'a> {
    /// Milliseconds since 1970.
    pub wall_ms: &'a dyn Fn() -> u64,
    /// Randomness.
    pub random: &'a mut dyn Random,
    /// Set by whoever wants it to end.
    pub cancel: &'a AtomicBool,
}

struct Loop<'a, 'b> {
    copy: WorkingCopy<'a>,
    means: &'a mut Means<'b>,
    memory: Memory,
    began: Instant,
    pauses: u32,
    report: Report,
}

#[derive(Default)]
struct Report {
    received: usize,
    sent: usize,
    rounds: u32,
    notices: Vec<Notice>,
}

/// Syncs. The working copy is saved whenever something came.
///
/// # Errors
/// [`SyncError`]; whatever came before the error is in the working copy.
pub fn sync(copy: WorkingCopy, remote: &mut dyn Remote, means: &mut Means) -> Result<Synced, SyncError> {
    let memory = memory::read(copy.home, &copy.vault.vault_id());
    let mut work = Loop { copy, means, memory, began: Instant::now(), pauses: 0, report: Report::default() };
    work.run(remote)?;
    let conflicts = work.copy.vault.entries().filter(|entry| !entry.deleted && !entry.conflicts.is_empty()).count();
    let Report { received, sent, rounds, notices } = work.report;
    Ok(Synced { vault: work.copy.vault, tag: work.copy.tag, received, sent, conflicts, rounds, notices })
}

/// Reads the remote until it is no torn file: what a newcomer or a new machine begins with. `None`: there is nothing.
///
/// # Errors
/// As [`sync`].
pub fn fetch(
    remote: &mut dyn Remote,
    limits: &Limits,
    means: &mut Means,
) -> Result<Option<(Vec<u8>, Locked)>, SyncError> {
    let mut tries = 0;
    loop {
        let Read::Found(bytes, _) = remote.read(None)? else { return Ok(None) };
        match Locked::read(&bytes, limits) {
            Ok(locked) => return Ok(Some((bytes, locked))),
            Err(VaultError::Damaged(_) | VaultError::NotAVault(_)) if tries < TORN => {
                pause(tries, means)?;
                tries += 1;
            }
            Err(error) => return Err(SyncError::Vault(error)),
        }
    }
}

/// Waits, longer after each time, by a random part more.
fn pause(times: u32, means: &mut Means) -> Result<(), SyncError> {
    let base = PAUSE.saturating_mul(1_u32.checked_shl(times.min(10)).unwrap_or(u32::MAX)).min(LONGEST_PAUSE);
    let [jitter] = random_bytes::<1>(means.random).map_err(no_randomness)?;
    let end = Instant::now() + base.mul_f64(0.5 + f64::from(jitter) / 256.0);
    loop {
        if means.cancel.load(Ordering::Relaxed) {
            return Err(SyncError::Cancelled);
        }
        let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
            return Ok(());
        };
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}

fn no_randomness(error: NoRandomness) -> SyncError {
    SyncError::Store(VaultError::from(error).into())
}

impl Loop<'_, '_> {
    fn run(&mut self, remote: &mut dyn Remote) -> Result<(), SyncError> {
        let mut torn = 0;
        while self.report.rounds < ROUNDS && self.began.elapsed() < PATIENCE {
            if self.means.cancel.load(Ordering::Relaxed) {
                return Err(SyncError::Cancelled);
            }
            self.report.rounds += 1;
            // Where nothing has changed here since the last sync, the server need only say that nothing has changed there.
            let known = self.memory.tag.clone().filter(|_| self.memory.holds(&self.copy.vault));
            let (expected, settled) = match remote.read(known.as_ref())? {
                Read::Same(tag) => {
                    self.settled(tag, None);
                    return Ok(());
                }
                Read::Absent => (None, false),
                Read::Found(bytes, tag) => match self.take_in(&bytes, &tag, torn)? {
                    Taken::Settled => (Some(tag), true),
                    Taken::Behind => (Some(tag), false),
                    Taken::Again => {
                        torn += 1;
                        self.pause()?;
                        continue;
                    }
                },
            };
            torn = 0;
            self.take_siblings(remote)?;
            if settled && self.memory.holds(&self.copy.vault) {
                return Ok(());
            }
            if !self.may_write(expected.is_none()) {
                return Ok(());
            }
            let bytes = self.copy.vault.seal(self.means.random).map_err(SyncError::Vault)?;
            match remote.write(&bytes, expected.as_ref())? {
                Written::Done(_) => {
                    self.report.sent = self.copy.vault.ahead_of(&self.memory.seen).max(self.report.sent);
                    if matches!(self.copy.vault.me(), Me::Pending { .. }) {
                        self.memory.joined = true;
                        self.remember();
                    }
                }
                Written::Conflict => self.pause()?,
            }
        }
        Err(SyncError::Busy)
    }

    fn pause(&mut self) -> Result<(), SyncError> {
        self.pauses += 1;
        pause(self.pauses, self.means)
    }

    /// Whether those bytes are the copy that was last read back here.
    fn last_read_was(&self, bytes: &[u8]) -> bool {
        self.memory.tag.as_ref().is_some_and(|tag| tag.is_of(bytes))
    }

    /// The remote holds all of ours.
    fn settled(&mut self, tag: remote::Tag, seen: Option<Seen>) {
        self.memory.tag = Some(tag);
        self.memory.seen = seen.unwrap_or_else(|| std::mem::take(&mut self.memory.seen));
        self.memory.synced_ms = (self.means.wall_ms)();
        self.remember();
    }

    fn remember(&self) {
        // What cannot be remembered costs a report of a copy that went back, and a full read next time.
        let _ = memory::remember(self.copy.home, &self.copy.vault.vault_id(), &self.memory);
    }

    /// Whether this member's program writes to the remote.
    fn may_write(&mut self, absent: bool) -> bool {
        match self.copy.vault.me() {
            Me::Member { role: Role::Viewer, .. } => {
                self.report.notices.push(Notice::ViewerAhead);
                false
            }
            Me::Pending { .. } => !absent && !self.memory.joined,
            Me::Member { .. } => true,
        }
    }

    /// Takes in what lies at the remote.
    fn take_in(&mut self, bytes: &[u8], tag: &remote::Tag, torn: u32) -> Result<Taken, SyncError> {
        let wall_ms = (self.means.wall_ms)();
        let before = self.copy.vault.clone();
        let remembered = Some(&self.memory.seen);
        let accepted = match before.accept(bytes, remembered, self.copy.limits, wall_ms, self.means.random) {
            Ok(accepted) => accepted,
            Err(VaultError::Damaged(_) | VaultError::NotAVault(_)) if torn < TORN => return Ok(Taken::Again),
            // Sealed under a key of ours that is no more, and just what was there when this machine last looked.
            Err(VaultError::NotAMember) if self.last_read_was(bytes) && !before.is_shared() => {
                return Ok(Taken::Behind);
            }
            Err(error @ (VaultError::Damaged(_) | VaultError::Altered(_) | VaultError::NotEntitled(_))) => {
                self.set_aside(&error, bytes)?;
                return Ok(Taken::Behind);
            }
            Err(error) => return Err(SyncError::Vault(error)),
        };
        self.report.received += accepted.vault.new_since(&before);
        if let Some(words) = accepted.went_back
            && !self.report.notices.iter().any(|notice| matches!(notice, Notice::WentBack(_)))
        {
            self.report.notices.push(Notice::WentBack(words));
        }
        if accepted.joined_fork {
            self.report.notices.push(Notice::JoinedFork);
        }
        let mut settled = accepted.holds_all;
        let mut next = accepted.vault;
        if let Some((vault, deeds)) = next.housekeeping(wall_ms, self.means.random).map_err(SyncError::Vault)? {
            settled &= vault == next;
            next = vault;
            for deed in deeds.into_iter().map(Notice::Deed) {
                if !self.report.notices.contains(&deed) {
                    self.report.notices.push(deed);
                }
            }
        }
        self.save(next)?;
        if settled {
            self.settled(tag.clone(), Some(accepted.seen));
            return Ok(Taken::Settled);
        }
        Ok(Taken::Behind)
    }

    /// Puts what came into the working copy.
    fn save(&mut self, next: Unlocked) -> Result<(), SyncError> {
        if next == self.copy.vault {
            return Ok(());
        }
        let wall_ms = (self.means.wall_ms)();
        let saved = disk::save(
            self.copy.path,
            self.copy.tag.as_ref(),
            &next,
            self.copy.limits,
            SAVE_PATIENCE,
            wall_ms,
            self.means.random,
        )?;
        self.copy.vault = saved.vault;
        self.copy.tag = Some(saved.tag);
        Ok(())
    }

    /// Keeps a copy that is not to be believed, for people to look at.
    fn set_aside(&mut self, why: &VaultError, bytes: &[u8]) -> Result<(), SyncError> {
        let name = self.copy.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = super::paths::folder(self.copy.path).join("aside");
        let hash = data_encoding::HEXLOWER.encode(&sha256(&[bytes]));
        let file = folder.join(format!("{name}-{}.json", hash.get(..16).unwrap_or_default()));
        disk::make_folder(&folder)?;
        match disk::write_new(&file, bytes, false, self.means.random) {
            Ok(()) | Err(StoreError::Exists(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let notice = Notice::SetAside(why.to_string(), file);
        if !self.report.notices.contains(&notice) {
            self.report.notices.push(notice);
        }
        Ok(())
    }

    /// Takes in the conflict copies that a synchronising folder has made, and removes those that hold nothing more.
    fn take_siblings(&mut self, remote: &mut dyn Remote) -> Result<(), SyncError> {
        for sibling in remote.siblings()? {
            let Some((bytes, tag)) = remote.read_sibling(&sibling)? else { continue };
            let wall_ms = (self.means.wall_ms)();
            let limits = self.copy.limits;
            // A copy of another vault, or one that cannot be verified, is left where it lies.
            let Ok(accepted) = self.copy.vault.accept(&bytes, None, limits, wall_ms, self.means.random) else {
                continue;
            };
            self.report.received += accepted.vault.new_since(&self.copy.vault);
            self.save(accepted.vault)?;
            remote.remove_sibling(&sibling, &tag)?;
        }
        Ok(())
    }
}

/// What was made of the remote's copy.
enum Taken {
    /// It holds all that this machine does.
    Settled,
    /// It lacks something.
    Behind,
    /// It was torn, perhaps: read again.
    Again,
}
