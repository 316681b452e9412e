//! `tickey join`: into a shared vault by a code, or one's own personal vault onto another machine.

use serde::Serialize;

use super::args::{Global, Join as Args};
use super::ask::{self, Terminal};
use super::error::Failure;
use super::session::{self, Session};
use super::{out, sync, vault};
use crate::secret::Text;
use crate::store::{StoreError, paths};
use crate::team::join::{self, Names};
use crate::team::remote::{self, There};
use crate::team::{Keeper, Machine, links};
use crate::text;
use crate::vault::roster::Role;
use crate::vault::sharing::Me;

#[derive(Serialize)]
struct Joined<'a> {
    vault: &'a str,
    name: String,
    role: &'static str,
    fingerprint: String,
    recovery_code: Option<Text>,
}

pub fn run(global: &Global, args: &Args) -> Result<(), Failure> {
    ask::one_stdin(global, &args.code_file.as_deref().into_iter().collect::<Vec<_>>())?;
    let machine = session::machine()?;
    if args.insecure {
        remote::allow_insecure(&machine.home)?;
    }
    let there = remote::look(&machine, &args.source)?;
    if !there.locked.costs().is_empty() {
        return personal(global, &machine, &there);
    }
    // Without a place to keep the key there is no use in asking for the code.
    let keeper = session::File::at(machine.clone(), machine.home.vault(None)).map_err(|failure| {
        failure.hint("a personal vault keeps the keys to shared ones: tickey init makes it, then join again")
    })?;
    if let Some(name) = &args.name
        && paths::name(&links::free_path(&machine.home, name)) != *name
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
    let mut personal = keeper.unlock(global)?;
    let user = super::init::member();
    let names = Names { member: args.member.as_deref(), user: &user, vault: args.name.as_deref() };
    let joined = personal.with_file(|file| join::join(file, &there, &code, &names))?;
    let (name, recovery_code) = (joined.link.name.to_string(), joined.recovery_code);
    let mut session = Session::of(links::open(&machine, &joined.path, &joined.link)?);
    let sent = session.sync();
    let (Me::Member { name: member, role } | Me::Pending { name: member, role }) = session.vault().me();
    let fingerprint = session.vault().own_words();
    if global.json {
        out::json(&Joined { vault: &name, name: member, role: role.name(), fingerprint, recovery_code })?;
        return sync::finish(sent);
    }
    out::say(&format!("you are in {} as {}, {}", text::clean(&name), text::clean(&member), role.name()));
    if recovery_code.is_none() {
        out::say(waiting(role));
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
    sync::finish(sent)
}

/// What a newcomer with that role can do before an owner's program has let them in.
pub(super) fn waiting(role: Role) -> &'static str {
    match role {
        Role::Viewer => "You can read this vault, and copy codes. A viewer does not edit.",
        Role::Editor | Role::Owner => "You can read this vault. You can edit once an owner's next sync admits you.",
    }
}

/// One's own personal vault, onto a machine that has none.
fn personal(global: &Global, machine: &Machine, there: &There) -> Result<(), Failure> {
    let path = machine.home.vault(global.vault.as_deref());
    if path.symlink_metadata().is_ok() {
        return Err(Failure::from(StoreError::Exists(path))
            .hint("a personal vault lies there, and one is here already: --vault NAME puts it beside"));
    }
    let passphrase = ask::passphrase(global, "Passphrase of the personal vault there")?;
    let vault = join::bring_personal(machine, there, &passphrase, &path)?;
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
