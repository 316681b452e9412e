//! `tickey backup`: older versions of the vault, listed and brought back.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{BackupCommand, Global};
use super::ask::{self, Terminal};
use super::error::{Exit, Failure};
use super::out;
use super::session::{self, Changed, File};
use crate::runtime::{clock, process};
use crate::store::backups::{self, Backup};
use crate::store::{StoreError, disk, lock, state};
use crate::text;
use crate::vault::{Limits, Locked, Unlocked, VaultError};

#[derive(Serialize)]
struct Row {
    number: usize,
    file: String,
    /// Unix seconds.
    replaced: u64,
    size: u64,
}

/// Lists, or restores.
pub fn run(global: &Global, command: Option<BackupCommand>) -> Result<(), Failure> {
    let path = session::home()?.vault(global.vault.as_deref());
    match command {
        None | Some(BackupCommand::List) => list(global, &path),
        Some(BackupCommand::Restore { which, yes }) => {
            if !yes {
                // Without a terminal to ask on, say so before a passphrase is spent.
                Terminal::require("your agreement", "--yes does it without asking")?;
            }
            restore(global, path, &which, yes)
        }
    }
}

fn list(global: &Global, vault: &Path) -> Result<(), Failure> {
    let backups = backups::list(vault)?;
    if global.json {
        let row = |(backup, number): (&Backup, usize)| Row {
            number,
            file: backup.path.display().to_string(),
            replaced: backup.wall_ms / 1000,
            size: backup.size,
        };
        return out::json(&backups.iter().zip(1..).map(row).collect::<Vec<_>>());
    }
    if backups.is_empty() {
        out::say("there are no older versions yet");
        return Ok(());
    }
    let cells = |(backup, number): (&Backup, usize)| {
        let size = format!("{} KiB", backup.size.div_ceil(1024));
        vec![number.to_string(), out::utc(backup.wall_ms), size, backup.path.display().to_string()]
    };
    out::data(out::table(&backups.iter().zip(1..).map(cells).collect::<Vec<_>>(), 1000).as_bytes())
}

fn restore(global: &Global, path: PathBuf, which: &str, yes: bool) -> Result<(), Failure> {
    let backup = chosen(&path, which)?;
    let limits = process::limits();
    let (bytes, _) = disk::read(&backup)?;
    let old = Locked::read(&bytes, &limits).map_err(|error| session::about(error, &bytes))?;
    if let Some(why) = broken(&path, &limits)? {
        return replace(global, &path, &old, &bytes, &why, yes);
    }
    let file = File::read(global)?;
    if file.locked.vault_id() != old.vault_id() {
        return Err(Failure::failed("this is a backup of another vault; nothing was changed"));
    }
    let mut session = match file.unlock(global) {
        Err(why) if why.exit == Exit::Damaged => return replace(global, &path, &old, &bytes, &why, yes),
        other => other?,
    };
    let old = match session.vault.reopen(&bytes, &limits) {
        Err(VaultError::NotAMember) => with_old_passphrase(&old)?,
        other => other?,
    };
    ask::confirm(yes, "Bring the entries back to what this backup says? The present values stay in their history")?;
    match session.return_to(&old)? {
        Changed::Nothing => out::say("the entries are as in the backup already; nothing was changed"),
        _ => out::say("the entries are as in the backup again; what they were before is in their history"),
    }
    Ok(())
}

/// Why the vault's file is none that can ever be opened; only such a one is replaced.
fn broken(path: &Path, limits: &Limits) -> Result<Option<Failure>, Failure> {
    let bytes = match disk::read(path) {
        Ok((bytes, _)) => bytes,
        Err(why @ StoreError::Missing(_)) => return Ok(Some(why.into())),
        Err(why) => return Err(why.into()),
    };
    match Locked::read(&bytes, limits) {
        Ok(_) => Ok(None),
        Err(why @ (VaultError::Damaged(_) | VaultError::Altered(_) | VaultError::NotAVault(_))) => {
            Ok(Some(session::about(why, &bytes)))
        }
        Err(why) => Err(why.into()),
    }
}

/// A backup from before the passphrase was changed opens with the passphrase of its time.
fn with_old_passphrase(old: &Locked) -> Result<Unlocked, Failure> {
    let mut terminal = Terminal::require(
        "the passphrase this backup was made under",
        "the passphrase was changed since; restore this backup on a terminal",
    )?;
    let passphrase = terminal.hidden("Passphrase at the time of this backup")?;
    Ok(old.unlock(&passphrase, &process::limits())?)
}

/// Puts the backup in the place of a file that cannot be opened, and keeps that file under another name.
fn replace(global: &Global, path: &Path, old: &Locked, bytes: &[u8], why: &Failure, yes: bool) -> Result<(), Failure> {
    out::say(&format!("tickey: {}", text::clean(&why.message)));
    // The backup must open before it takes the place of anything.
    let opened = old.unlock(&ask::passphrase(global, "Passphrase of the backup")?, &process::limits())?;
    ask::confirm(yes, "The vault cannot be opened. Put this backup in its place?")?;
    let _lock = lock::hold(path, session::PATIENCE)?;
    if path.exists() {
        let (broken, _) = disk::read(path)?;
        let aside = path.with_extension(format!("damaged-{}", clock::now().unix()));
        disk::write_new(&aside, &broken, false, &mut clock::Os)?;
        out::say(&format!("kept the broken file as {}", text::clean(&aside.display().to_string())));
    }
    disk::write_new(path, bytes, true, &mut clock::Os)?;
    state::forget(&session::home()?, &opened.vault_id())?;
    out::say("the backup is the vault now");
    Ok(())
}

fn chosen(vault: &Path, which: &str) -> Result<PathBuf, Failure> {
    let backups = backups::list(vault)?;
    let by_number = which.parse::<usize>().ok().and_then(|number| backups.get(number.checked_sub(1)?));
    let by_name = || backups.iter().find(|backup| backup.path.file_name().is_some_and(|name| name == which));
    if let Some(backup) = by_number.or_else(by_name) {
        return Ok(backup.path.clone());
    }
    let path = PathBuf::from(which);
    if which.contains('/') || path.exists() {
        return Ok(path);
    }
    Err(Failure::failed(format!("there is no backup {which:?}"))
        .hint("tickey backup list shows them with their numbers"))
}
