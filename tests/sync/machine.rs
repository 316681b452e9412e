//! One person's machine: folders of its own, a working copy on the disk, a clock that may be wrong.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use tickey::otp::{Kind, Otp};
use tickey::runtime::clock::Os;
use tickey::secret::Secret;
use tickey::store::paths::Home;
use tickey::store::remote::Remote;
use tickey::store::sync::{self, SyncContext, SyncError, Synced, WorkingCopy};
use tickey::store::sync_lock::SyncLock;
use tickey::store::{Tag, disk, state};
use tickey::vault::join::InviteCode;
use tickey::vault::rekey::LinkKeys;
use tickey::vault::roster::{Member, Role};
use tickey::vault::sharing::Work;
use tickey::vault::{Clock, Details, Edit, EntryId, Limits, Locked, Stamp, Unlocked};

use crate::storage::Storage;

pub const LIMITS: Limits = Limits { ram: 8 << 30 };
pub const HOUR: i64 = 3_600_000;

pub struct Machine {
    _folder: Arc<TempDir>,
    pub home: Home,
    pub path: PathBuf,
    pub vault: Unlocked,
    tag: Option<Tag>,
    clock: Clock,
    /// How wrong its clock is, in milliseconds.
    pub skew: i64,
    /// The stamps of what was done here, and to which entry.
    pub made: Vec<(EntryId, Stamp)>,
}

pub fn details(issuer: &str) -> Details {
    Details::new(Otp::new(Kind::Totp, Secret::from(&b"12345678901234567890"[..])), issuer, "ops")
}

pub fn new_id() -> EntryId {
    EntryId::random(&mut Os).unwrap()
}

impl Machine {
    /// A machine with that vault on it.
    pub fn with(vault: Unlocked) -> Machine {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let under = |name: &str| folder.path().join(name);
        let home = Home { data: under("data"), state: under("state"), config: under("config") };
        let path = home.data.join("ops.json");
        let tag = disk::create(&path, &vault, &mut Os).unwrap();
        let clock = state::clock(&home, &vault, &mut Os).unwrap();
        Machine { _folder: folder, home, path, vault, tag: Some(tag), clock, skew: 0, made: Vec::new() }
    }

    /// A machine whose owner has founded a vault.
    pub fn founder() -> Machine {
        Machine::with(Unlocked::found_shared("ops", "maya", now(0), &mut Os).unwrap().vault)
    }

    /// Another window of the same machine, as it is now.
    pub fn window(&self) -> Machine {
        let (home, path) = (self.home.clone(), self.path.clone());
        let vault = self.vault.clone();
        Machine {
            _folder: self._folder.clone(),
            home,
            path,
            vault,
            tag: self.tag,
            clock: self.clock,
            skew: 0,
            made: Vec::new(),
        }
    }

    /// A second machine of the same person, with what lies there.
    pub fn second(storage: &Storage, keys: &LinkKeys) -> Machine {
        let bytes = storage.shelf().bytes().unwrap().clone();
        Machine::with(Locked::read(&bytes, &LIMITS).unwrap().open_from_elsewhere(keys).unwrap())
    }

    /// Somebody who comes in with a code.
    pub fn join(storage: &Storage, code: &InviteCode) -> Machine {
        let bytes = storage.shelf().bytes().unwrap().clone();
        let locked = Locked::read(&bytes, &LIMITS).unwrap();
        Machine::with(Unlocked::join(&locked, code, None, now(0), &mut Os).unwrap())
    }

    pub fn now(&self) -> u64 {
        now(self.skew)
    }

    pub fn try_sync(&mut self, remote: &mut dyn Remote) -> Result<Synced, SyncError> {
        let skew = self.skew;
        let (wall_ms, cancel) = (move || now(skew), AtomicBool::new(false));
        let mut means = SyncContext { wall_ms: &wall_ms, random: &mut Os, cancel: &cancel };
        let copy = WorkingCopy {
            home: &self.home,
            path: &self.path,
            vault: self.vault.clone(),
            tag: self.tag,
            limits: &LIMITS,
        };
        let lock = SyncLock::hold(&self.path, &cancel, &mut |_| {})?;
        let result = sync::sync(copy, remote, &mut means, &lock);
        match &result {
            Ok(synced) => (self.vault, self.tag) = (synced.vault.clone(), synced.tag),
            // What came before the error is in the working copy.
            Err(_) => self.reopen(),
        }
        result
    }

    pub fn reopen(&mut self) {
        let (bytes, tag) = disk::read(&self.path).unwrap();
        self.vault = self.vault.reopen(&bytes, &LIMITS).unwrap();
        self.tag = Some(tag);
    }

    pub fn sync(&mut self, remote: &mut dyn Remote) -> Synced {
        self.try_sync(remote).unwrap()
    }

    pub fn save(&mut self, vault: Unlocked) {
        let patience = Duration::from_secs(20);
        let saved = disk::save(&self.path, self.tag.as_ref(), &vault, &LIMITS, patience, self.now(), &mut Os).unwrap();
        self.vault = saved.vault;
        self.tag = Some(saved.tag);
    }

    pub fn edit(&mut self, edits: &[Edit]) {
        let changes = self.vault.plan(edits, &mut self.clock, now(self.skew)).unwrap();
        state::remember(&self.home, &self.vault.vault_id(), &self.clock).unwrap();
        self.made.extend(changes.iter().map(|change| (change.entry(), change.at())));
        self.save(self.vault.with(&changes));
    }

    pub fn add(&mut self, issuer: &str) -> EntryId {
        let id = new_id();
        self.edit(&[Edit::Add(id, Box::new(details(issuer)))]);
        id
    }

    pub fn rename(&mut self, id: EntryId, issuer: &str) {
        let mut details = self.vault.entry(id).unwrap().details.clone();
        details.issuer = issuer.into();
        self.edit(&[Edit::Change(id, Box::new(details))]);
    }

    pub fn issuers(&self) -> Vec<String> {
        let live = self.vault.entries().filter(|entry| !entry.deleted);
        let mut names: Vec<String> = live.map(|entry| entry.details.issuer.to_string()).collect();
        names.sort();
        names
    }

    pub fn invite(&mut self, name: &str, role: Role) -> InviteCode {
        let week = self.now() + 7 * 24 * HOUR as u64;
        let invited = self.vault.invite(name, role, week, self.now(), &mut Os).unwrap();
        self.save(invited.vault);
        InviteCode::read(&invited.code).unwrap()
    }

    pub fn member(&self, name: &str) -> Member {
        self.vault.members().iter().find(|member| member.name == name).unwrap().clone()
    }

    pub fn remove(&mut self, name: &str) {
        let vault = self.vault.remove(&self.member(name), Work::Usual, self.now(), &mut Os).unwrap().vault;
        self.save(vault);
    }

    /// Lets somebody in with that role, through honest storage.
    pub fn let_in(&mut self, storage: &Storage, name: &str, role: Role) -> Machine {
        let code = self.invite(name, role);
        self.sync(&mut storage.honest());
        let mut newcomer = Machine::join(storage, &code);
        newcomer.sync(&mut storage.honest());
        self.sync(&mut storage.honest());
        newcomer.sync(&mut storage.honest());
        assert!(newcomer.vault.members().iter().any(|member| member.name == name && member.role == role));
        newcomer
    }

    /// The bytes of this vault, signed by its member.
    pub fn sealed(&self) -> Vec<u8> {
        self.vault.seal(&mut Os).unwrap()
    }

    /// The files that were set aside here.
    pub fn aside(&self) -> Vec<Vec<u8>> {
        let Ok(files) = std::fs::read_dir(self.home.data.join("aside")) else { return Vec::new() };
        files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

pub fn now(skew: i64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    (now + skew) as u64
}

/// Whether two machines hold the same, to the byte.
pub fn same(a: &Machine, b: &Machine) -> bool {
    let accepted = a.vault.accept(&b.sealed(), None, &LIMITS, a.now(), &mut Os).unwrap();
    accepted.holds_all && accepted.vault == a.vault && a.vault.entries().eq(b.vault.entries())
}
