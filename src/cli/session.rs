//! One open vault for the length of one command: opened, changed, saved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::args::{Global, Kdf};
use super::ask::{self, Terminal};
use super::error::{Exit, Failure};
use super::{out, pick, sync};
use crate::formats::registry;
use crate::runtime::{clock, process, timing};
use crate::secret::Text;
use crate::store::paths::Home;
use crate::store::sync::SyncError;
use crate::store::{Tag, disk, memory, paths};
use crate::team::{Changed, Keeper, Machine, OpenFile, SyncReport, TeamError, links};
use crate::text;
use crate::vault::find::EntryRef;
use crate::vault::{Cost, Edit, Entry, EntryId, Limits, Link, Locked, Unlocked, VaultError};

pub fn home() -> Result<Home, Failure> {
    Home::from_environment().ok_or_else(|| {
        Failure::failed("there is no home folder to keep vaults in")
            .hint("set HOME, or XDG_DATA_HOME and XDG_STATE_HOME")
    })
}

pub fn machine() -> Result<Machine, Failure> {
    let waiting = |holder: &str, vault: &Path| {
        let name = paths::name(vault);
        out::say(&format!("waiting for {holder}, which is syncing {} (Ctrl-C ends the wait)", text::clean(&name)));
    };
    let now_ms = || clock::now().wall_ms;
    Ok(Machine { home: home()?, limits: process::limits(), now_ms, waiting, cancel: Arc::default() })
}

/// A vault's file, read and found sound, but not open.
pub struct File {
    pub path: PathBuf,
    pub name: String,
    pub locked: Locked,
    tag: Tag,
    pub(super) machine: Machine,
}

impl File {
    /// Reads the vault that the arguments name. Damage is found here, before a passphrase is asked for.
    pub fn read(global: &Global) -> Result<File, Failure> {
        let machine = machine()?;
        let path = machine.home.vault(global.vault.as_deref());
        File::at(machine, path)
    }

    pub fn at(machine: Machine, path: PathBuf) -> Result<File, Failure> {
        let (bytes, tag) = disk::read(&path)?;
        let locked = Locked::read(&bytes, &machine.limits).map_err(|error| about(error, &bytes))?;
        Ok(File { name: paths::name(&path), path, locked, tag, machine })
    }

    /// Opens it with the passphrase given or asked for; at a prompt it may be mistyped twice.
    pub fn unlock(self, global: &Global) -> Result<Session, Failure> {
        if self.is_shared() {
            let personal = Session::personal(global)?;
            return self.unlock_with(personal.vault());
        }
        if let Some(passphrase) = ask::given(global)? {
            let vault =
                self.locked.unlock(&passphrase, &self.machine.limits).map_err(|error| self.not_opened(error))?;
            return Ok(self.opened(vault));
        }
        let mut terminal = Terminal::require("the passphrase", ask::INSTEAD)?;
        let prompt = format!("Passphrase of {}", self.name);
        let unlock = |typed: &Text| self.locked.unlock(typed, &self.machine.limits);
        let vault = terminal.three_times(&prompt, unlock, |error| *error == VaultError::WrongPassphrase)?;
        let vault = vault.map_err(|error| self.not_opened(error))?;
        Ok(self.opened(vault))
    }

    /// What a passphrase that opens nothing may be, where other machines have the vault, too.
    fn not_opened(&self, error: VaultError) -> Failure {
        let elsewhere = !memory::read(&self.machine.home, &self.locked.vault_id()).url.is_empty();
        match error {
            VaultError::WrongPassphrase if elsewhere => Failure::from(error).hint(
                "if it was changed on another machine, this copy opens with the one before: tickey sync asks for both",
            ),
            error => error.into(),
        }
    }

    pub fn is_shared(&self) -> bool {
        self.locked.costs().is_empty()
    }

    /// Opens a shared vault with the key that the personal vault keeps.
    pub fn unlock_with(self, personal: &Unlocked) -> Result<Session, Failure> {
        let Some((_, link)) = personal.link_to(&self.locked.vault_id()) else {
            return Err(Failure::new(Exit::Passphrase, "your personal vault holds no key to this shared vault")
                .hint("tickey join takes the code of an invitation"));
        };
        let vault = links::open_bytes(&self.locked, &link)?;
        Ok(self.opened(vault))
    }

    /// Opens it with the recovery code given or asked for.
    pub fn unlock_with_recovery_code(self, global: &Global) -> Result<Session, Failure> {
        let code = ask::passphrase(global, "Recovery code")?;
        let vault = self.locked.unlock_with_recovery_code(&code).map_err(|error| match error {
            VaultError::NotAMember => TeamError::WrongRecoveryCode.into(),
            VaultError::Refused(words) => Failure::new(Exit::Passphrase, words),
            other => other.into(),
        })?;
        Ok(self.opened(vault))
    }

    fn opened(self, vault: Unlocked) -> Session {
        Session::of(OpenFile::new(self.machine, self.path, Arc::new(vault), Some(self.tag)))
    }
}

pub struct Session {
    name: String,
    file: OpenFile,
}

impl Session {
    pub fn of(mut file: OpenFile) -> Session {
        file.vault = Arc::new(file.vault.at(clock::now().wall_ms));
        if let Err(error) = file.vault.clock_is_plausible() {
            out::warn(&error.to_string());
        }
        Session { name: paths::name(&file.path), file }
    }

    /// Reads and opens the vault that the arguments name.
    pub fn open(global: &Global) -> Result<Session, Failure> {
        File::read(global)?.unlock(global)
    }

    /// The personal vault, which keeps the keys to all others.
    pub fn personal(global: &Global) -> Result<Session, Failure> {
        let machine = machine()?;
        let path = machine.home.vault(None);
        let file = File::at(machine, path)?;
        if file.is_shared() {
            return Err(Failure::failed("a shared vault lies where the personal vault should be"));
        }
        file.unlock(global)
    }

    /// The vault that the arguments name; where they name none, the personal vault and every shared one that it holds a key to.
    pub fn open_all(global: &Global) -> Result<Vec<Session>, Failure> {
        let first = Session::open(global)?;
        if global.vault.is_some() {
            return Ok(vec![first]);
        }
        let links = first.vault().links();
        let mut all = vec![first];
        for (_, link) in links {
            let Some(personal) = all.first() else { break };
            match personal.linked(&link) {
                Ok(Some(session)) => all.push(session),
                Ok(None) => {}
                Err(failure) => out::warn(&format!("{} was left out: {}", link.name.as_str(), failure.message)),
            }
        }
        Ok(all)
    }

    /// The shared vault of that link, which this vault keeps; `None` when this machine has no copy of it yet.
    pub fn linked(&self, link: &Link) -> Result<Option<Session>, Failure> {
        Ok(links::open_copy(&self.file.machine, link)?.map(Session::of))
    }

    /// The vault that holds the one entry that `pick` finds, and the entry's id.
    pub fn holding(
        global: &Global,
        pick: impl Fn(&pick::Vaults) -> Result<EntryRef, Failure>,
    ) -> Result<(Session, EntryId), Failure> {
        let all = Session::open_all(global)?;
        let at = pick(&pick::numbered(&all))?;
        let session = all.into_iter().nth(usize::from(at.vault)).ok_or(VaultError::NoSuchEntry)?;
        Ok((session, at.entry))
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn vault(&self) -> &Unlocked {
        &self.file.vault
    }

    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// Whether what is changed here reaches the others.
    pub fn reaches_others(&self) -> Result<(), VaultError> {
        self.file.reaches_others()
    }

    pub fn home(&self) -> &Home {
        &self.file.machine.home
    }

    pub fn entry(&self, id: EntryId) -> Result<&Entry, Failure> {
        Ok(self.vault().entry(id).ok_or(VaultError::NoSuchEntry)?)
    }

    /// Lets `work` change the vault and its file, and says what it warns of.
    pub fn with_file<T>(&mut self, work: impl FnOnce(&mut OpenFile) -> Result<T, TeamError>) -> Result<T, Failure> {
        let done = work(&mut self.file);
        self.file.warnings.drain(..).for_each(|warning| out::warn(&warning));
        Ok(done?)
    }

    /// Carries edits out and saves. Afterwards the vault is what the file holds.
    pub fn edit(&mut self, edits: &[Edit]) -> Result<Changed, Failure> {
        self.with_file(|file| file.edit(edits))
    }

    /// Saves that vault in place of what there is; whether another program's changes were merged in.
    pub fn write(&mut self, vault: &Unlocked) -> Result<bool, Failure> {
        self.with_file(|file| file.save(vault))
    }

    /// Ctrl-C cancels `work` instead of ending the program.
    fn interruptible<T>(&mut self, work: impl FnOnce(&mut OpenFile) -> Result<T, TeamError>) -> Result<T, TeamError> {
        let cancel = Arc::new(AtomicBool::new(false));
        self.file.machine.cancel = Arc::clone(&cancel);
        let watched = process::on_interrupt(&cancel);
        let done = work(&mut self.file);
        drop(watched);
        if cancel.load(Ordering::Relaxed) {
            return Err(SyncError::Cancelled.into());
        }
        done
    }
}

impl Keeper for Session {
    fn file(&mut self) -> &mut OpenFile {
        &mut self.file
    }

    fn hold(&mut self) -> Result<(), TeamError> {
        self.interruptible(OpenFile::hold)
    }

    fn sync(&mut self) -> Result<Option<SyncReport>, TeamError> {
        let synced = self.interruptible(OpenFile::sync);
        self.file.warnings.drain(..).for_each(|warning| out::warn(&warning));
        if let Ok(Some(report)) = &synced {
            sync::tell(&self.name, &report.notices);
        }
        synced
    }
}

/// The failure for bytes that are no vault, or no sound one: another program's file is named as such.
pub fn about(error: VaultError, bytes: &[u8]) -> Failure {
    let not_a_vault = matches!(error, VaultError::NotAVault(_));
    match registry::detect(bytes) {
        Ok(format) if not_a_vault => {
            Failure::failed(format!("this is not a Tickey vault: it looks like a file of {}", format.name))
                .hint("tickey import FILE reads it into a vault")
        }
        _ => error.into(),
    }
}

/// What a new passphrase shall cost: as said, else measured.
pub fn cost(wanted: &Kdf, limits: &Limits) -> Result<Cost, Failure> {
    if wanted.kdf_memory.is_none() && wanted.kdf_passes.is_none() && wanted.kdf_lanes.is_none() {
        return Ok(timing::choose(limits));
    }
    let too_much = || Failure::usage("that much memory is refused").hint("--kdf-memory takes MiB, from 19");
    let cost = Cost {
        m_kib: match wanted.kdf_memory {
            Some(mib) => mib.checked_mul(1024).ok_or_else(too_much)?,
            None => Cost::START.m_kib,
        },
        t: wanted.kdf_passes.unwrap_or(Cost::START.t),
        p: wanted.kdf_lanes.unwrap_or(Cost::START.p),
    };
    limits.check(cost).map_err(|error| Failure::usage(error.to_string()))?;
    Ok(cost)
}

/// A new id for an entry, from the system's randomness.
pub fn new_id() -> Result<crate::vault::EntryId, Failure> {
    let mut os = clock::Os;
    Ok(crate::vault::EntryId::random(&mut os)?)
}
