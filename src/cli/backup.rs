//! `tickey backup`: older versions of the vault, listed, brought back, and removed where an earlier passphrase opens them.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{BackupCommand, Global};
use super::ask::{self, Terminal};
use super::error::{Exit, Failure};
use super::out;
use super::session::{self, File};
use crate::runtime::{clock, process};
use crate::store::backups::{self, Backup};
use crate::store::forget::{self, Copies};
use crate::store::{StoreError, disk, lock, state};
use crate::team::open_file::SAVE_LOCK_TIMEOUT;
use crate::team::{Changed, remote};
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
        Some(BackupCommand::Forget { yes }) => {
            if !yes {
                Terminal::require("your agreement", "--yes does it without asking")?;
            }
            // What cannot be opened today may need every older version there is.
            let session = session::Session::open(global)?;
            forget(global, &session, yes)
        }
    }
}

#[derive(Serialize)]
struct Forgotten {
    removed: usize,
    kept: usize,
    unknown: Vec<String>,
}

fn forget(global: &Global, session: &session::Session, yes: bool) -> Result<(), Failure> {
    let copies = forget::find(session.home(), session.path(), session.vault())?;
    if !copies.earlier.is_empty() {
        ask::confirm(yes, &question(session, copies.earlier.len()))?;
    }
    let removed = remove(session, &copies)?;
    if global.json {
        let unknown = copies.unknown.iter().map(|file| file.display().to_string()).collect();
        return out::json(&Forgotten { removed, kept: copies.present, unknown });
    }
    out::say(&match removed {
        0 => "No copy here opens with an earlier passphrase, key or recovery code".to_owned(),
        removed => format!("Removed {}", copies_in_words(removed)),
    });
    if removed > 0 {
        out::say(
            "Copies elsewhere still open with it: at remotes, in snapshots and synced folders, and those you made yourself",
        );
    }
    for file in &copies.unknown {
        out::warn(&format!("cannot tell what opens {}; it was kept", file.display()));
    }
    Ok(())
}

/// After a new passphrase or recovery code: offers on a terminal to remove the copies that the old one opens; else says how.
pub fn offer_forget(session: &session::Session, terminal: Option<&mut Terminal>) -> Result<(), Failure> {
    let copies = forget::find(session.home(), session.path(), session.vault())?;
    let count = copies.earlier.len();
    if count == 0 {
        return Ok(());
    }
    let agreed = terminal.map_or(Ok(false), |terminal| terminal.agrees(&question(session, count)))?;
    if agreed {
        out::say(&format!("Removed {}", copies_in_words(remove(session, &copies)?)));
    } else {
        out::say(&match count {
            1 => format!("1 older copy here still opens with the old one: {} removes it", command(session)),
            _ => format!("{count} older copies here still open with the old one: {} removes them", command(session)),
        });
    }
    Ok(())
}

fn command(session: &session::Session) -> String {
    match session.path() == session.home().vault(None) {
        true => "tickey backup forget".to_owned(),
        false => format!("tickey --vault {} backup forget", out::word(session.name())),
    }
}

fn question(session: &session::Session, count: usize) -> String {
    format!(
        "Remove {} of {} that an earlier passphrase, key or recovery code opens? They cannot be brought back",
        copies_in_words(count),
        text::fit(session.name(), 60)
    )
}

fn copies_in_words(count: usize) -> String {
    if count == 1 { "1 older copy".to_owned() } else { format!("{count} older copies") }
}

fn remove(session: &session::Session, copies: &Copies) -> Result<usize, Failure> {
    if copies.earlier.is_empty() {
        return Ok(0);
    }
    let removed = forget::remove(session.path(), &copies.earlier)?;
    remote::forget_repository(session.home(), &session.vault().vault_id())?;
    Ok(removed)
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
    let old = match session.vault().open_from_elsewhere(&bytes, &limits) {
        Err(VaultError::NotAMember) => with_old_passphrase(&old)?,
        other => other?,
    };
    ask::confirm(yes, "Bring the entries back to what this backup says? The present values stay in their history")?;
    match session.with_file(|file| file.change(|vault, clock, wall_ms| vault.plan_return_to(&old, clock, wall_ms)))? {
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
    let _lock = lock::hold(path, SAVE_LOCK_TIMEOUT)?;
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
