//! `tickey rm`: into the trash.

use super::args::{Global, Rm};
use super::ask;
use super::error::Failure;
use super::list::Row;
use super::session::Session;
use super::{out, pick};
use crate::text;
use crate::vault::Edit;

/// Asks, deletes and saves.
pub fn run(global: &Global, args: &Rm) -> Result<(), Failure> {
    if !args.yes {
        // Without a terminal to ask on, say so before a passphrase is spent.
        ask::Terminal::require("your agreement", "--yes deletes without asking")?;
    }
    let (mut session, id) = Session::holding(global, |entries| pick::one(entries, &args.query))?;
    let label = pick::label(session.entry(id)?);
    ask::confirm(args.yes, &format!("Move {} to the trash?", text::fit(&label, 60)))?;
    session.edit(&[Edit::Delete(id)])?;
    if global.json {
        return match session.vault.entry(id) {
            Some(entry) => out::json(&Row::new(entry, session.name())),
            None => Ok(()),
        };
    }
    out::say(&format!("moved {} to the trash; tickey restore {id} takes it out again", text::clean(&label)));
    Ok(())
}
