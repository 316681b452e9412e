//! `tickey restore`: out of the trash.

use super::args::{Global, Restore};
use super::error::Failure;
use super::list::Row;
use super::session::Session;
use super::{out, pick};
use crate::vault::Edit;

pub fn run(global: &Global, args: &Restore) -> Result<(), Failure> {
    let (mut session, id) = Session::holding(global, |vaults| pick::deleted(vaults, &args.query))?;
    let label = pick::label_in(&session, session.entry(id)?);
    session.edit(&[Edit::Restore(id)])?;
    if global.json
        && let Some(entry) = session.vault().entry(id)
    {
        return out::json(&Row::new(entry, session.name()));
    }
    out::say(&format!("restored {}", crate::text::clean(&label)));
    Ok(())
}
