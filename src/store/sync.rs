//! Bringing a vault's working copy and its remote to the same state.
//!
//! One loop: read → verify → merge into the working copy → stop if the remote holds all of ours → write with the best guard there is → read again.
//! The guard saves rounds; the loop gives safety, whatever the server ignores. What cannot be verified is set aside, never merged, and replaced
//! by this machine's own copy. A torn read means "again", never "empty vault". A viewer's machine writes only bytes that an editor signed, a
//! newcomer's only its record.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::aside::{self, Reason};
use super::memory::{self, Memory};
use super::paths::Home;
use super::remote::{self, Arrived, Read, Remote, RemoteError, Trouble, Written};
use super::sync_lock::SyncLock;
use super::{StoreError, Tag, disk};
use crate::secret::{NoRandomness, Random, random_bytes};
use crate::vault::accept::{Accepted, Seen};
use crate::vault::records::BadRecord;
use crate::vault::roster::{Renewal, Role};
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
/// How often it is read whatever the time: a slow server's answers are waited for.
const FEWEST: u32 = 8;
/// How long one sync may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many passing troubles of the remote one sync bears.
const TROUBLES: u32 = 10;
/// How often another program may put links on the working copy's roster while this one saves.
const MOST_FORKS: u32 = 20;
/// How long a save of the working copy waits for another program's.
const SAVE_PATIENCE: Duration = Duration::from_secs(10);

/// How many conflict copies one sync takes in, and how many bytes of them.
const COPIES: usize = 64;
const COPIES_BYTES: u64 = 256 * 1024 * 1024;

/// Something a person should know about a sync that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The remote's copy was older than one that was there before.
    WentBack(String),
    /// A copy that could not be verified was kept in that file, if it was not too large for that, and replaced.
    SetAside(String, Option<PathBuf>),
    /// Conflict copies beside the remote's file that were not merged: not to be verified, or more than one sync takes in.
    CopiesLeft(Vec<PathBuf>),
    /// What an owner's program did by itself.
    Deed(Deed),
    /// Two owners had acted at once; both are in force now.
    JoinedFork,
    /// Another owner put a new recovery code in the place of the one in force.
    NewRecoveryCode(Renewal),
    /// This member may only view, and the remote lacks something that this machine has.
    ViewerAhead,
    /// A record in the remote's copy that does not hold was left out.
    BadRecord(BadRecord),
    /// This member may only view, and their request for a new key could not be put there; the old one stays in force.
    KeyWaits(String),
    /// Changes by these are dated too far ahead of this machine's clock to count: how many of each.
    Ahead(Vec<(String, usize)>),
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
    /// Another program of this machine syncs the same vault, and does not come to an end.
    #[error("{holder} has been syncing this vault for five minutes")]
    Waited {
        /// Who, as far as is known.
        holder: String,
    },
    /// Somebody asked for the end of it.
    #[error("the sync was cancelled; nothing is lost")]
    Cancelled,
}

impl SyncError {
    /// What a person can do about it, if anything.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            SyncError::Remote(error) => error.hint(),
            SyncError::Store(error) => error.hint(),
            SyncError::Waited { .. } => Some("sync again when the other program has finished"),
            SyncError::Vault(error) => error.hint(),
            SyncError::Busy | SyncError::Cancelled => None,
        }
    }
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
pub struct SyncContext<'a> {
    /// Milliseconds since 1970.
    pub wall_ms: &'a dyn Fn() -> u64,
    /// Randomness.
    pub random: &'a mut dyn Random,
    /// Set by whoever wants it to end.
    pub cancel: &'a AtomicBool,
}

struct Loop<'a, 'b> {
    copy: WorkingCopy<'a>,
    context: &'a mut SyncContext<'b>,
    memory: Memory,
    /// The hashes of this machine's own changes that the remote did not hold when the sync began: a copy that is read meanwhile can name any replica's
    /// stamps, and takes none of them away.
    unsent: BTreeSet<[u8; 32]>,
    began: Instant,
    pauses: u32,
    torn: u32,
    troubles: u32,
    /// How often a copy was set aside, and the hash of the last.
    bad: u32,
    aside: Option<[u8; 32]>,
    /// What the remote's copy held when it was last read.
    there: Seen,
    /// The signing keys that members ask for in it; `None` when it was no copy to believe.
    asked: Option<BTreeSet<[u8; 32]>>,
    /// A viewer's request was put there.
    request_sent: bool,
    /// Conflict copies that are merged, and go once the remote holds what they held; `None` until they have been looked for.
    merged: Option<Vec<(remote::Sibling, remote::Tag)>>,
    report: Report,
}

#[derive(Default)]
struct Report {
    received: usize,
    sent: usize,
    rounds: u32,
    notices: Vec<Notice>,
}

/// Syncs, for whoever holds the vault's one sync of this machine. The working copy is saved whenever something came.
///
/// # Errors
/// [`SyncError`]; whatever came before the error is in the working copy.
pub fn sync(
    mut copy: WorkingCopy,
    remote: &mut dyn Remote,
    context: &mut SyncContext,
    _held: &SyncLock,
) -> Result<Synced, SyncError> {
    (copy.vault, copy.tag) = newest(copy.path, copy.vault, copy.tag, copy.limits);
    let memory = memory::read(copy.home, &copy.vault.vault_id());
    let there = memory.seen.clone();
    let unsent = copy.vault.unsent(&there);
    let mut work = Loop {
        copy,
        context,
        memory,
        unsent,
        began: Instant::now(),
        pauses: 0,
        torn: 0,
        troubles: 0,
        bad: 0,
        aside: None,
        there,
        asked: None,
        request_sent: false,
        merged: None,
        report: Report::default(),
    };
    work.run(remote)?;
    work.note_shut_out(false);
    let conflicts = work.copy.vault.entries().filter(|entry| !entry.deleted && !entry.conflicts.is_empty()).count();
    let Report { received, sent, rounds, mut notices } = work.report;
    let waiting = work.copy.vault.waiting();
    if !waiting.is_empty() {
        notices.push(Notice::Ahead(waiting.into_iter().collect()));
    }
    Ok(Synced { vault: work.copy.vault, tag: work.copy.tag, received, sent, conflicts, rounds, notices })
}

/// A vault with what other programs have written into its file since it was read. What cannot be taken in stays out: the next save says why.
pub fn newest(path: &Path, vault: Unlocked, tag: Option<Tag>, limits: &Limits) -> (Unlocked, Option<Tag>) {
    if tag.is_none() || disk::tag(path) == tag {
        return (vault, tag);
    }
    let read = disk::read(path).and_then(|(bytes, tag)| Ok((vault.merge(&vault.reopen(&bytes, limits)?)?, tag)));
    read.map_or((vault, tag), |(both, tag)| (both, Some(tag)))
}

/// Reads the remote until it is no torn file: what a newcomer or a new machine begins with. `None`: there is nothing.
///
/// # Errors
/// [`SyncError`].
pub fn fetch(
    remote: &mut dyn Remote,
    limits: &Limits,
    context: &mut SyncContext,
) -> Result<Option<(Vec<u8>, Locked)>, SyncError> {
    let mut tries = 0_u32;
    loop {
        let Read::Found(bytes, _) = remote.read(None)? else { return Ok(None) };
        match Locked::read(&bytes, limits) {
            Ok(locked) => return Ok(Some((bytes, locked))),
            Err(VaultError::Damaged(_) | VaultError::NotAVault(_)) if tries < TORN => {
                pause(tries, context)?;
                tries = tries.saturating_add(1);
            }
            Err(error) => return Err(SyncError::Vault(error)),
        }
    }
}

/// Waits, longer after each time, by a random part more.
fn pause(times: u32, context: &mut SyncContext) -> Result<(), SyncError> {
    let base = PAUSE.saturating_mul(1_u32.checked_shl(times.min(10)).unwrap_or(u32::MAX)).min(LONGEST_PAUSE);
    let [jitter] = random_bytes::<1>(context.random).map_err(no_randomness)?;
    let (began, wait) = (Instant::now(), base.mul_f64(0.5 + f64::from(jitter) / 256.0));
    loop {
        if context.cancel.load(Ordering::Relaxed) {
            return Err(SyncError::Cancelled);
        }
        let Some(left) = wait.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) else {
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
        let mut written = None;
        while self.report.rounds < ROUNDS && (self.report.rounds < FEWEST || self.began.elapsed() < PATIENCE) {
            if self.context.cancel.load(Ordering::Relaxed) {
                return Err(SyncError::Cancelled);
            }
            self.report.rounds = self.report.rounds.saturating_add(1);
            // Where the remote is known to have held all of ours, the server need only say that nothing has changed.
            let nothing_due = self.memory.holds(&self.copy.vault) && !self.copy.vault.has_new_key();
            let known = written.take().or_else(|| self.memory.tag.clone().filter(|_| nothing_due));
            let (there, taken) = match remote.read(known.as_ref()) {
                Ok(Read::Same(tag)) => {
                    if self.report.rounds > 1 {
                        self.memory.seen = self.copy.vault.seen();
                    }
                    self.memory.tag = Some(tag.clone());
                    (Some(tag), RemoteState::Settled)
                }
                Ok(Read::Absent) => {
                    if self.memory.tag.is_some() {
                        self.went_back("the vault was gone from there".into());
                    }
                    (self.there, self.asked) = (Seen::default(), None);
                    (None, RemoteState::Lost)
                }
                Ok(Read::Found(bytes, tag)) => {
                    let taken = self.take_in(&bytes, &tag)?;
                    (Some(tag), taken)
                }
                Err(error) => {
                    self.bear(error)?;
                    continue;
                }
            };
            if taken == RemoteState::Again {
                self.torn = self.torn.saturating_add(1);
                self.pause()?;
                continue;
            }
            self.torn = 0;
            let more = self.take_siblings(remote)?;
            if taken == RemoteState::Settled && !more {
                return self.settled(remote);
            }
            let Some(bytes) = self.due(taken, there.is_none())? else { return Ok(()) };
            self.report.sent = self.copy.vault.ahead_of(&self.there).max(self.report.sent);
            match remote.write(&bytes, there.as_ref()) {
                // Another's bytes do not hold what is here, whatever the server says of them.
                Ok(Written::Done(tag)) => written = Some(tag).filter(|_| !self.is_viewer()),
                Ok(Written::Conflict) => self.pause()?,
                Err(error) => match self.bear(error) {
                    // A viewer may have no right to write there.
                    Err(SyncError::Remote(error)) if self.is_viewer() && self.asked.is_some() => {
                        self.report.notices.push(Notice::KeyWaits(error.to_string()));
                        return Ok(());
                    }
                    borne => borne?,
                },
            }
        }
        Err(SyncError::Busy)
    }

    fn pause(&mut self) -> Result<(), SyncError> {
        self.pauses = self.pauses.saturating_add(1);
        pause(self.pauses, self.context)
    }

    /// Waits where the trouble may pass by itself in a moment, or where only reading again can tell what a write did.
    fn bear(&mut self, error: RemoteError) -> Result<(), SyncError> {
        self.troubles = self.troubles.saturating_add(1);
        let perhaps = error.arrived() == Arrived::Perhaps;
        match error.kind() {
            Trouble::Cancelled => Err(SyncError::Cancelled),
            Trouble::Torn | Trouble::Later(_) if self.troubles <= TROUBLES => self.pause(),
            Trouble::Failed | Trouble::Unreachable if perhaps && self.troubles <= TROUBLES => self.pause(),
            _ => Err(error.into()),
        }
    }

    fn is_viewer(&self) -> bool {
        matches!(self.copy.vault.me(), Me::Member { role: Role::Viewer, .. })
    }

    /// The remote holds all of ours.
    fn settled(&mut self, remote: &mut dyn Remote) -> Result<(), SyncError> {
        self.memory.synced_ms = (self.context.wall_ms)();
        let id = self.copy.vault.vault_id();
        // Another window may have given the vault another remote meanwhile.
        if memory::read(self.copy.home, &id).url == self.memory.url {
            // What cannot be remembered costs a report of a copy that went back, and a full read next time.
            let _ = memory::remember(self.copy.home, &id, &self.memory);
        }
        if self.copy.vault.may_edit().is_ok() {
            for (sibling, tag) in self.merged.take().into_iter().flatten() {
                // One that stays is merged again next time.
                let _ = remote.remove_sibling(&sibling, &tag);
            }
        }
        Ok(())
    }

    /// What this member's program puts at the remote, if anything.
    fn due(&mut self, taken: RemoteState, absent: bool) -> Result<Option<Vec<u8>>, SyncError> {
        match self.copy.vault.me() {
            Me::Member { role: Role::Viewer, .. } => {
                let lost = taken == RemoteState::Lost;
                let kept = lost.then(|| memory::kept_signed(self.copy.home, &self.copy.vault.vault_id())).flatten();
                // What others would refuse, they would replace, and this would put it there again.
                let kept = kept.filter(|bytes| self.copy.vault.may_be_put_back(bytes, self.copy.limits));
                if kept.is_some() {
                    return Ok(kept);
                }
                // A viewer's copy counts for its request alone.
                let asks = self.copy.vault.asks_for();
                let is_lacking = |asked: &BTreeSet<[u8; 32]>| asks.is_some_and(|key| !asked.contains(&key));
                if self.asked.as_ref().is_some_and(is_lacking) && !self.request_sent {
                    self.request_sent = true;
                    return self.copy.vault.seal(self.context.random).map(Some).map_err(SyncError::Vault);
                }
                if !self.request_sent {
                    self.report.notices.push(Notice::ViewerAhead);
                }
                Ok(None)
            }
            Me::Pending { .. } if absent => Ok(None),
            _ => self.copy.vault.seal_to_all(self.context.random).map(Some).map_err(SyncError::Vault),
        }
    }

    fn went_back(&mut self, words: String) {
        if !self.report.notices.iter().any(|notice| matches!(notice, Notice::WentBack(_))) {
            self.report.notices.push(Notice::WentBack(words));
        }
    }

    /// Records that do not hold are named, each once.
    fn note_bad(&mut self, bad: Vec<BadRecord>) {
        for notice in bad.into_iter().map(Notice::BadRecord) {
            if !self.report.notices.contains(&notice) {
                self.report.notices.push(notice);
            }
        }
    }

    /// Takes in what lies at the remote.
    fn take_in(&mut self, bytes: &[u8], tag: &remote::Tag) -> Result<RemoteState, SyncError> {
        let accepted = match self.accept(bytes, true) {
            Ok(accepted) => accepted,
            Err(VaultError::Damaged(_) | VaultError::NotAVault(_))
                if self.torn < TORN && self.aside != Some(sha256(&[bytes])) =>
            {
                return Ok(RemoteState::Again);
            }
            Err(error) => return self.refused(error, bytes),
        };
        let Accepted { vault, holds_all, seen, went_back, asked, bad, joined_fork } = accepted;
        self.asked = Some(asked);
        self.note_bad(bad);
        if joined_fork && !self.report.notices.contains(&Notice::JoinedFork) {
            self.report.notices.push(Notice::JoinedFork);
        }
        let settled = self.keep_house(vault)? && holds_all;
        self.there = seen.clone();
        let lost = went_back.is_some();
        match went_back {
            Some(words) => self.went_back(words),
            // The next version is held against this one.
            None => (self.memory.seen, self.memory.tag) = (seen, Some(tag.clone())),
        }
        if settled && self.is_viewer() {
            let id = self.copy.vault.vault_id();
            // What cannot be kept costs that others have to put the vault back should the remote lose it.
            let _ = memory::keep_signed(self.copy.home, &id, bytes, self.context.random);
        }
        Ok(match (settled, lost) {
            (true, _) => RemoteState::Settled,
            (false, true) => RemoteState::Lost,
            (false, false) => RemoteState::Behind,
        })
    }

    /// Remembers whether an owner sealed the newest copy to others.
    fn note_shut_out(&mut self, shut_out: bool) {
        let id = self.copy.vault.vault_id();
        let before = memory::read(self.copy.home, &id);
        if before.shut_out != shut_out {
            // What cannot be remembered is found out again by the next sync.
            let _ = memory::remember(self.copy.home, &id, &Memory { shut_out, ..before });
        }
        self.memory.shut_out = shut_out;
    }

    /// What becomes of a copy that was not taken in.
    fn refused(&mut self, error: VaultError, bytes: &[u8]) -> Result<RemoteState, SyncError> {
        let last_read = self.memory.tag.as_ref().is_some_and(|tag| tag.is_of(bytes));
        match &error {
            // This machine's key is a new one (another passphrase, an owner's place taken), and nobody wrote since.
            VaultError::NotAMember if self.copy.vault.is_shut_out_by(bytes) => {
                self.note_shut_out(true);
                return Err(SyncError::Vault(error));
            }
            VaultError::RolledBack(_) if last_read => return Ok(RemoteState::Behind),
            VaultError::Damaged(_)
            | VaultError::NotAVault(_)
            | VaultError::Altered(_)
            | VaultError::NotEntitled(_)
            | VaultError::RolledBack(_) => {}
            _ => return Err(SyncError::Vault(error)),
        }
        // A newcomer knows too little to judge; and where this vault never was, something else may be meant to lie.
        let unsure = matches!(self.copy.vault.me(), Me::Pending { .. }) || self.memory.tag.is_none();
        self.bad = self.bad.saturating_add(1);
        if unsure || self.bad > TORN {
            return Err(SyncError::Vault(error));
        }
        if let VaultError::RolledBack(words) = &error {
            self.went_back(words.clone());
        }
        self.set_aside(&error, bytes)?;
        (self.there, self.asked) = (Seen::default(), None);
        Ok(RemoteState::Lost)
    }

    fn accept(&mut self, bytes: &[u8], of_remote: bool) -> Result<Accepted, VaultError> {
        let wall_ms = (self.context.wall_ms)();
        let remembered = of_remote.then_some(&self.memory.seen);
        self.copy.vault.accept(bytes, remembered, self.copy.limits, wall_ms, self.context.random)
    }

    /// Puts what came into the working copy, and does what an owner's program sees to by itself; whether there was nothing to see to.
    fn keep_house(&mut self, came: Unlocked) -> Result<bool, SyncError> {
        let wall_ms = (self.context.wall_ms)();
        self.report.received = self.report.received.saturating_add(came.new_since(&self.copy.vault));
        let (before, now) = (self.copy.vault.roster().renewals(), came.roster().renewals());
        let known = before.iter().zip(now).take_while(|(before, now)| before == now).count();
        for renewal in now.iter().skip(known).cloned().map(Notice::NewRecoveryCode) {
            if !self.report.notices.contains(&renewal) {
                self.report.notices.push(renewal);
            }
        }
        let came = came.signed_again(&self.copy.vault, &self.unsent).map_err(SyncError::Vault)?;
        let Some((vault, deeds)) = came.housekeeping(wall_ms, self.context.random).map_err(SyncError::Vault)? else {
            return self.save(came);
        };
        let idle = vault == came;
        for deed in deeds.into_iter().map(Notice::Deed) {
            if !self.report.notices.contains(&deed) {
                self.report.notices.push(deed);
            }
        }
        Ok(self.save(vault)? && idle)
    }

    /// Puts it into the working copy; whether nothing of another program's came along.
    fn save(&mut self, next: Unlocked) -> Result<bool, SyncError> {
        if next == self.copy.vault {
            return Ok(true);
        }
        let wall_ms = (self.context.wall_ms)();
        let (path, limits, random) = (self.copy.path, self.copy.limits, &mut *self.context.random);
        let (mut next, mut tag, mut alone) = (next, self.copy.tag, true);
        for _ in 0..MOST_FORKS {
            match disk::save(path, tag.as_ref(), &next, limits, SAVE_PATIENCE, wall_ms, random) {
                // Another program of this machine put links of its own on the roster: as two owners who act at once.
                Err(StoreError::Vault(VaultError::Forked)) => {
                    let (bytes, now) = disk::read(path)?;
                    next = next.accept(&bytes, None, limits, wall_ms, random).map_err(SyncError::Vault)?.vault;
                    (tag, alone) = (Some(now), false);
                }
                saved => {
                    let saved = saved?;
                    if saved.merged || !alone {
                        // Another window's changes came with it.
                        self.unsent.extend(saved.vault.own_since(&next));
                    }
                    (self.copy.vault, self.copy.tag) = (saved.vault, Some(saved.tag));
                    return Ok(alone && !saved.merged);
                }
            }
        }
        Err(SyncError::Busy)
    }

    /// Keeps a copy that is not to be believed, for people to look at.
    fn set_aside(&mut self, why: &VaultError, bytes: &[u8]) -> Result<(), SyncError> {
        self.aside = Some(sha256(&[bytes]));
        let (id, why) = (self.copy.vault.vault_id(), why.to_string());
        let reason = Reason { why: why.clone(), from: self.memory.url.clone() };
        let file = aside::keep(self.copy.home, self.copy.path, &id, bytes, reason, self.context.random)?;
        let notice = Notice::SetAside(why, file);
        if !self.report.notices.contains(&notice) {
            self.report.notices.push(notice);
        }
        Ok(())
    }

    /// Takes in the conflict copies that a synchronising folder has made; whether there was anything in them.
    fn take_siblings(&mut self, remote: &mut dyn Remote) -> Result<bool, SyncError> {
        if self.merged.is_some() {
            return Ok(false);
        }
        let siblings = remote.siblings()?;
        let mut merged = Vec::new();
        if siblings.is_empty() {
            self.merged = Some(merged);
            return Ok(false);
        }
        let before = self.copy.vault.clone();
        let (mut left, mut room) = (Vec::new(), COPIES_BYTES);
        for (number, sibling) in siblings.into_iter().enumerate() {
            // A copy of another vault, one that cannot be verified, or not even read, is left where it lies.
            let fits = number < COPIES && sibling.size <= room;
            let read = if fits { remote.read_sibling(&sibling).ok().flatten() } else { None };
            room = room.saturating_sub(if fits { sibling.size } else { 0 });
            let accepted = read.and_then(|(bytes, tag)| Some((self.accept(&bytes, false).ok()?, tag)));
            match accepted {
                Some((accepted, tag)) => {
                    self.keep_house(accepted.vault)?;
                    merged.push((sibling, tag));
                }
                None => left.push(sibling.path),
            }
        }
        if !left.is_empty() {
            self.report.notices.push(Notice::CopiesLeft(left));
        }
        self.merged = Some(merged);
        Ok(self.copy.vault != before)
    }
}

/// What was made of the remote's copy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RemoteState {
    /// It holds all that this machine does.
    Settled,
    /// It lacks something.
    Behind,
    /// It lacks what was there before: older, gone, or not to be believed.
    Lost,
    /// It was torn, perhaps: read again.
    Again,
}
