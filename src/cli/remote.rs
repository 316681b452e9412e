//! `tickey remote`: where a vault is kept for all its members.

use serde::Serialize;

use super::args::{Global, RemoteCommand};
use super::error::Failure;
use super::out;
use super::session::{self, Session};
use crate::store::memory;
use crate::team::remote::{self, Kept};
use crate::text;

#[derive(Serialize)]
struct Shown {
    url: Option<String>,
    guarantees: Vec<String>,
}

pub fn run(global: &Global, command: Option<RemoteCommand>) -> Result<(), Failure> {
    match command {
        None | Some(RemoteCommand::Show) => show(global),
        Some(RemoteCommand::Set { url, insecure }) => {
            if insecure {
                remote::allow_insecure(&session::home()?)?;
            }
            set(global, &url)
        }
        Some(RemoteCommand::Remove) => remove(global),
    }
}

fn show(global: &Global) -> Result<(), Failure> {
    let file = session::File::read(global)?;
    let memory = memory::read(&file.machine.home, &file.locked.vault_id());
    if memory.url.is_empty() {
        if global.json {
            return out::json(&Shown { url: None, guarantees: Vec::new() });
        }
        out::say("this vault has no remote; tickey remote set URL gives it one");
        return Ok(());
    }
    let guarantees = remote::guarantees(&file.machine, &memory.url)?;
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
    // An address that makes no sense is refused before a passphrase is asked for.
    remote::full_url(url)?;
    let mut session = Session::open(global)?;
    let Kept { url, guarantees } = remote::keep_at(&mut session, url)?;
    if session.vault().is_shared() {
        let id = session.vault().vault_id();
        Session::personal(global)?.with_file(|personal| remote::remember_in_link(personal, &id, &url))?;
    }
    if global.json {
        return out::json(&Shown { url: Some(url), guarantees });
    }
    out::say(&format!("{} is kept at {} now", text::clean(session.name()), text::clean(&url)));
    guarantees.iter().for_each(|line| out::say(&format!("  {}", text::clean(line))));
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
    remote::set(&home, &file.locked.vault_id(), "")?;
    out::say(&format!("{} is kept on this machine only now; what lies there stays there", text::clean(&file.name)));
    Ok(())
}
