//! `tickey rm`: into the trash, or away for good.

use super::args::{Global, Rm};
use super::ask;
use super::error::Failure;
use super::list::Row;
use super::session::Session;
use super::{out, pick};
use crate::runtime::clock;
use crate::team::Keeper;
use crate::text;
use crate::vault::Edit;

pub fn run(global: &Global, args: &Rm) -> Result<(), Failure> {
    if !args.yes {
        // Without a terminal to ask on, say so before a passphrase is spent.
        ask::Terminal::require("your agreement", "--yes deletes without asking")?;
    }
    if args.for_good {
        return purge(global, args);
    }
    let (mut session, id) = Session::holding(global, |vaults| pick::one(vaults, &args.query))?;
    let label = pick::label_in(&session, session.entry(id)?);
    ask::confirm(args.yes, &format!("Move {} to the trash?", text::fit(&label, 60)))?;
    session.edit(&[Edit::Delete(id)])?;
    if global.json {
        return match session.vault().entry(id) {
            Some(entry) => out::json(&Row::new(entry, session.name())),
            None => Ok(()),
        };
    }
    let vault = match session.vault().is_shared() {
        true => format!("--vault {} ", out::word(session.name())),
        false => String::new(),
    };
    out::say(&format!("moved {} to the trash; tickey {vault}restore {id} takes it out again", text::clean(&label)));
    Ok(())
}

/// The entry, its history and its secret leave the vault, here and in every copy that meets this one.
fn purge(global: &Global, args: &Rm) -> Result<(), Failure> {
    let (mut session, id) = Session::holding(global, |vaults| pick::any(vaults, &args.query))?;
    let entry = session.entry(id)?;
    let label = text::fit(&pick::label_in(&session, entry), 60);
    let row = global.json.then(|| entry.clone());
    ask::confirm(args.yes, &format!("Delete {label} for good? Nothing brings it back but a backup"))?;
    session.hold()?;
    let vault = session.vault().purge(&[id], clock::now().wall_ms)?;
    session.write(&vault)?;
    if let Some(entry) = &row {
        return out::json(&Row::new(entry, session.name()));
    }
    out::say(&format!("deleted {label} for good; backups and old copies of the vault keep it"));
    Ok(())
}
