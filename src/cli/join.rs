//! `tickey join`: into a shared vault by an invitation's code, or one's own personal vault onto another machine.

use std::sync::Arc;

use serde::Serialize;

use super::args::{Global, Join as Args};
use super::ask::{self, Terminal};
use super::error::Failure;
use super::session;
use super::{out, sync, vault};
use crate::runtime::sharing::SharingError;
use crate::runtime::{clock, founding, process, sharing};
use crate::secret::Text;
use crate::store::{StoreError, disk, paths};
use crate::text;
use crate::vault::{Locked, Renewed, VaultError};

#[derive(Serialize)]
struct Joined<'a> {
    vault: &'a str,
    name: String,
    role: &'static str,
    /// The six words for the newcomer's own keys.
    fingerprint: String,
    /// The recovery code in the place of the one that was used.
    recovery_code: Option<Text>,
}

/// Looks, asks for the code, and joins.
pub fn run(global: &Global, args: &Args) -> Result<(), Failure> {
    ask::one_stdin(global, &args.code_file.as_deref().into_iter().collect::<Vec<_>>())?;
    let home = session::home()?;
    let url = sharing::full_url(&args.source)?;
    if args.insecure {
        sharing::allow_insecure(&home)?;
    }
    let (bytes, locked) = sharing::look(&home, &url, &Arc::default())?;
    if !locked.costs().is_empty() {
        return personal(global, &url, &bytes, &locked);
    }
    // Without a place to keep the key there is no use in asking for the code.
    let keeper = session::File::at(home.clone(), home.vault(None)).map_err(|failure| {
        failure.hint("a personal vault keeps the keys to shared ones: tickey init makes it, then join again")
    })?;
    if let Some(name) = &args.name
        && paths::name(&sharing::free_path(&home, name)) != *name
    {
        return Err(Failure::usage(format!(
            "a vault cannot be called {:?} here, or one is already",
            text::clean(name)
        ))
        .hint("--name gives it another name; nothing was changed, and the code is still good"));
    }
    let code = match &args.code_file {
        Some(path) => ask::from_file(path, "the code's file")?,
        None => {
            let (what, prompt) = match args.recovery {
                true => ("the recovery code", "Recovery code of the vault"),
                false => ("the invitation's code", "Invitation code"),
            };
            Terminal::require(what, "--code-file reads it from a file")?.hidden(prompt)?
        }
    };
    let (joined, recovery_code) = match args.recovery {
        true => {
            let Renewed { vault, recovery_code } = by_recovery_code(&locked, &code, args.member.clone())?;
            (vault, recovery_code)
        }
        false => sharing::join(&locked, &code, args.member.as_deref()).map(|vault| (vault, None)).map_err(|error| {
            match error {
                SharingError::Store(StoreError::Vault(VaultError::NotAMember)) => {
                    Failure::new(super::error::Exit::Passphrase, "this code opens nothing there; nothing was changed")
                        .hint("it may have been used or ended, or be for another vault: ask an owner for a new one")
                }
                error => error.into(),
            }
        })?,
    };
    let mut personal = keeper.unlock(global)?;
    if personal.vault.link_to(&joined.vault_id()).is_some() && !args.recovery {
        return Err(Failure::failed("you are in this vault already; nothing was changed")
            .hint("tickey sync fetches it where this machine has no copy"));
    }
    let mine = personal.vault.clone();
    let mut keep = |edit| personal.edit(&[edit]).map(drop);
    let (path, link) = founding::take_in(&home, &mine, &joined, args.name.as_deref(), &url, &mut keep)?;
    let name = link.name.to_string();
    if args.recovery {
        sharing::remember_read(&home, &joined.vault_id(), &bytes)?;
    }
    let mut session = session::File::at(home, path)?.unlock_with(&personal.vault)?;
    let sent = sync::publish(&mut session);
    let me = session.vault.me();
    let (member, role) = match &me {
        crate::vault::sharing::Me::Member { name, role } | crate::vault::sharing::Me::Pending { name, role } => {
            (name.clone(), *role)
        }
    };
    let fingerprint = session.vault.own_words();
    if global.json {
        out::json(&Joined { vault: &name, name: member, role: role.name(), fingerprint, recovery_code })?;
        return sent.finish();
    }
    out::say(&format!("you are in {} as {}, {}", text::clean(&name), text::clean(&member), role.name()));
    if !args.recovery {
        out::say("you can read at once; what you change has to wait until an owner's program has let you in");
    }
    if let Some(code) = &recovery_code {
        vault::say_code(
            code,
            "The code that you used is spent. This one takes its place and lets one more owner in; it is shown this once.",
        );
        out::say(&format!(
            "If an owner's key is lost, remove that member: tickey --vault {} member remove NAME",
            out::word(&name)
        ));
    }
    out::say(&format!("Your six words: {fingerprint}"));
    out::say(
        "Read them to an owner, who sees the same under your name (tickey member list), before and after you are let in",
    );
    sent.finish()
}

/// One more owner comes in with the recovery code.
fn by_recovery_code(locked: &Locked, code: &Text, member: Option<String>) -> Result<Renewed, Failure> {
    let opened = locked.unlock_with_recovery_code(code).map_err(|error| match error {
        VaultError::NotAMember => Failure::new(super::error::Exit::Passphrase, "wrong recovery code for this vault")
            .hint("a code ends when it is used, when an owner renews it, and when an owner leaves"),
        error => error.into(),
    })?;
    let name = member.unwrap_or_else(super::init::member);
    Ok(opened.come_in_by_code(&name, clock::now().wall_ms, &mut clock::Os)?)
}

/// One's own personal vault, onto a machine that has none.
fn personal(global: &Global, url: &str, bytes: &[u8], locked: &Locked) -> Result<(), Failure> {
    let home = session::home()?;
    let path = home.vault(global.vault.as_deref());
    if path.symlink_metadata().is_ok() {
        return Err(Failure::from(StoreError::Exists(path))
            .hint("a personal vault lies there, and one is here already: --vault NAME puts it beside"));
    }
    let passphrase = ask::passphrase(global, "Passphrase of the personal vault there")?;
    let vault = locked.unlock(&passphrase, &process::limits())?;
    if let Some(folder) = path.parent() {
        disk::make_folder(folder)?;
    }
    sharing::set_remote(&home, &vault.vault_id(), url)?;
    disk::write_new(&path, bytes, false, &mut clock::Os)?;
    out::say(&format!(
        "your personal vault is at {} now, and is kept the same as the one there",
        text::clean(&path.display().to_string())
    ));
    out::say(&format!("it is at epoch {}: tickey inspect says the same on your other machine", vault.epoch()));
    if !vault.links().is_empty() {
        out::say("tickey sync fetches the shared vaults it has keys to");
    }
    Ok(())
}
