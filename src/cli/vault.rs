//! `tickey vault`: the vaults on this machine.

use serde::Serialize;

use super::args::{Global, VaultCommand};
use super::ask::{self, Terminal};
use super::error::Failure;
use super::session::{self, Session};
use super::{backup, out, sync};
use crate::runtime::process;
use crate::secret::Text;
use crate::store::{disk, state};
use crate::team::create;
use crate::team::members;
use crate::text;
use crate::vault::Locked;

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    path: String,
    default: bool,
}

pub fn run(global: &Global, command: Option<VaultCommand>) -> Result<(), Failure> {
    match command {
        None | Some(VaultCommand::List) => list(global),
        Some(VaultCommand::Create { name, member }) => create(global, &name, member),
        Some(VaultCommand::Recovery { yes }) => recovery(global, yes),
        Some(VaultCommand::Forget { name }) => forget(&name),
    }
}

fn list(global: &Global) -> Result<(), Failure> {
    let home = session::home()?;
    let default = home.vault(None);
    let vaults = home.vaults();
    if global.json {
        let rows: Vec<Row> = vaults
            .iter()
            .map(|(name, path)| Row { name, path: path.display().to_string(), default: *path == default })
            .collect();
        return out::json(&rows);
    }
    if vaults.is_empty() {
        out::say("there are no vaults yet; tickey init makes one");
        return Ok(());
    }
    let rows: Vec<Vec<String>> =
        vaults.iter().map(|(name, path)| vec![name.clone(), path.display().to_string()]).collect();
    out::data(out::table(&rows, 1000).as_bytes())
}

#[derive(Serialize)]
struct Made<'a> {
    vault: &'a str,
    name: &'a str,
    recovery_code: &'a Text,
}

/// Makes a shared vault, and keeps its key in the personal one.
fn create(global: &Global, name: &str, member: Option<String>) -> Result<(), Failure> {
    let home = session::home()?;
    // A name that cannot be is said before a passphrase is asked for.
    create::place(&home, name)?;
    let mut personal = Session::personal(global).map_err(|failure| {
        if failure.hint.is_some() {
            failure
        } else {
            failure.hint("a personal vault keeps the keys to shared ones: tickey init makes it")
        }
    })?;
    let member = member.unwrap_or_else(super::init::member);
    let created = personal.with_file(|file| create::create(file, name, &member))?;
    if global.json {
        return out::json(&Made { vault: name, name: &member, recovery_code: &created.recovery_code });
    }
    out::say(&format!("made the shared vault {} with you as owner, named {}", text::clean(name), text::clean(&member)));
    say_code(&created.recovery_code, OF_SHARED);
    out::say(&format!(
        "next: tickey --vault {0} remote set URL, then tickey --vault {0} member invite NAME",
        out::word(name)
    ));
    Ok(())
}

/// What the recovery code of a shared vault is for.
pub const OF_SHARED: &str =
    "It lets one more owner in when every owner's key is lost (tickey join SOURCE --recovery). It is shown this once.";

/// Says a recovery code, apart from all else, and what to know of it.
pub fn say_code(code: &Text, words: &str) {
    out::say("");
    out::say(&format!("    recovery code:  {}", code.as_str()));
    out::say("");
    out::say(words);
}

#[derive(Serialize)]
struct NewCode<'a> {
    vault: &'a str,
    recovery_code: &'a Text,
}

/// A new recovery code in the place of the one in force, lost or never seen.
fn recovery(global: &Global, yes: bool) -> Result<(), Failure> {
    if !yes {
        Terminal::require("your agreement", "--yes renews it without asking")?;
    }
    let mut session = Session::open(global)?;
    sync::before(&mut session)?;
    ask::confirm(
        yes,
        &format!(
            "Renew the recovery code of {}? The present one opens nothing that comes after",
            text::fit(session.name(), 60)
        ),
    )?;
    let (value, published) = members::renew_recovery(&mut session)?;
    let Some(code) = value else { return sync::finish(published) };
    if global.json {
        out::json(&NewCode { vault: session.name(), recovery_code: &code })?;
        return sync::finish(published);
    }
    out::say(&format!("Renewed the recovery code of {}", text::clean(session.name())));
    let of_personal = "It opens the vault when the passphrase is lost. It is shown this once: write it down on paper, and keep it elsewhere.";
    say_code(&code, if session.vault().is_shared() { OF_SHARED } else { of_personal });
    if let Err(failure) = backup::offer_forget(&session, None) {
        out::warn(&failure.message);
    }
    sync::finish(published)
}

fn forget(name: &str) -> Result<(), Failure> {
    let home = session::home()?;
    let path = home.vault(Some(name));
    let (bytes, _) = disk::read(&path)?;
    let locked = Locked::read(&bytes, &process::limits()).map_err(|error| session::about(error, &bytes))?;
    state::forget(&home, &locked.vault_id())?;
    out::say(&format!(
        "forgot what this machine remembered of {}; its file stays at {}",
        text::clean(name),
        text::clean(&path.display().to_string())
    ));
    Ok(())
}
