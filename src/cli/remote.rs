//! `tickey remote`: where a vault is kept for all its members.

use std::sync::Arc;

use serde::Serialize;

use super::args::{Global, RemoteCommand};
use super::error::Failure;
use super::session::{self, Session};
use super::{out, sync};
use crate::runtime::{founding, sharing};
use crate::store::memory;
use crate::text;

#[derive(Serialize)]
struct Shown {
    url: Option<String>,
    guarantees: Vec<String>,
}

/// Sets, shows or removes.
pub fn run(global: &Global, command: Option<RemoteCommand>) -> Result<(), Failure> {
    match command {
        None | Some(RemoteCommand::Show) => show(global),
        Some(RemoteCommand::Set { url, insecure }) => {
            if insecure {
                sharing::allow_insecure(&session::home()?)?;
            }
            set(global, &url)
        }
        Some(RemoteCommand::Remove) => remove(global),
    }
}

fn guarantees(url: &str) -> Result<Vec<String>, Failure> {
    Ok(founding::guarantees(&session::home()?, url, &Arc::default())?)
}

fn show(global: &Global) -> Result<(), Failure> {
    let file = session::File::read(global)?;
    let memory = memory::read(&session::home()?, &file.locked.vault_id());
    if memory.url.is_empty() {
        if global.json {
            return out::json(&Shown { url: None, guarantees: Vec::new() });
        }
        out::say("this vault has no remote; tickey remote set URL gives it one");
        return Ok(());
    }
    let guarantees = guarantees(&memory.url)?;
    if global.json {
        return out::json(&Shown { url: Some(memory.url), guarantees });
    }
    out::line(&text::clean(&memory.url))?;
    guarantees.iter().for_each(|line| out::say(&format!("  {}", text::clean(line))));
    if memory.synced_ms > 0 {
        out::say(&format!("last in step with it: {}", out::utc(memory.synced_ms)));
    }
    Ok(())
}

fn set(global: &Global, url: &str) -> Result<(), Failure> {
    let url = sharing::full_url(url)?;
    let mut session = Session::open(global)?;
    // What the place cannot do is said before anything is put there.
    let guarantees = guarantees(&url)?;
    let home = session::home()?;
    let id = session.vault.vault_id();
    if let Some(done) = founding::keep_at(&home, &id, &url, || sync::once(&mut session))? {
        sync::tell(session.name(), &done.notices);
    }
    remember_in_link(global, &session, &url)?;
    if global.json {
        return out::json(&Shown { url: Some(url), guarantees });
    }
    out::say(&format!("{} is kept at {} now", text::clean(session.name()), text::clean(&url)));
    guarantees.iter().for_each(|line| out::say(&format!("  {}", text::clean(line))));
    Ok(())
}

/// The personal vault's link says where the vault is, for this person's other machines.
fn remember_in_link(global: &Global, session: &Session, url: &str) -> Result<(), Failure> {
    if !session.vault.is_shared() {
        return Ok(());
    }
    let mut personal = Session::personal(global)?;
    if let Some(edit) = founding::link_at(&personal.vault, &session.vault.vault_id(), url) {
        personal.edit(&[edit])?;
    }
    Ok(())
}

fn remove(global: &Global) -> Result<(), Failure> {
    let file = session::File::read(global)?;
    let home = session::home()?;
    let memory = memory::read(&home, &file.locked.vault_id());
    if memory.url.is_empty() {
        out::say("this vault has no remote");
        return Ok(());
    }
    sharing::set_remote(&home, &file.locked.vault_id(), "")?;
    out::say(&format!("{} is kept on this machine only now; what lies there stays there", text::clean(&file.name)));
    Ok(())
}
