//! `tickey mv`: an entry goes to another vault.

use std::borrow::Cow;

use super::args::{Carried, Global};
use super::error::{Exit, Failure};
use super::list::Row;
use super::session::{self, Session};
use super::{out, pick};
use crate::text;
use crate::vault::carry::{Carry, twin};
use crate::vault::{Edit, EntryId, VaultError};

/// Adds it there, and then moves it to the trash here.
pub fn run(global: &Global, args: &Carried) -> Result<(), Failure> {
    carry(global, args, Carry::Move)
}

/// The other vault is saved first: what fails loses nothing.
pub(super) fn carry(global: &Global, args: &Carried, carry: Carry) -> Result<(), Failure> {
    let (mut from, mut to, id) = find(global, args)?;
    let entry = from.entry(id)?;
    let label = pick::label(entry);
    let label = text::clean(&label);
    if carry == Carry::Move {
        from.vault().may_edit()?;
        from.reaches_others()?;
    }
    to.vault().may_edit()?;
    to.reaches_others()?;
    let details = carry.details(entry)?;
    if !args.allow_duplicate
        && let Some(other) = twin(to.vault(), &details)
    {
        let other = pick::label(other);
        let words = format!("{} in {} has the same secret; nothing was changed", text::clean(&other), to.name());
        return Err(Failure::failed(words).hint("--allow-duplicate does it all the same"));
    }
    let new = session::new_id()?;
    to.edit(&[Edit::Add(new, Box::new(details))])?;
    if carry == Carry::Move
        && let Err(mut failure) = from.edit(&[Edit::Delete(id)])
    {
        failure.message = format!(
            "it is in {} and in {} now; delete it in one of them ({})",
            to.name(),
            from.name(),
            failure.message
        );
        return Err(failure);
    }
    if global.json {
        return out::json(&Row::new(to.entry(new)?, to.name()));
    }
    let done = match carry {
        Carry::Copy => "copied",
        Carry::Move => "moved",
    };
    out::say(&format!("{done} {label} from {} to {}", text::clean(from.name()), text::clean(to.name())));
    if from.vault().is_shared() && carry == Carry::Move {
        out::say(&format!("who is in {} has been able to read it", text::clean(from.name())));
    }
    Ok(())
}

/// The vault that holds the entry, the one it shall go to, and its id.
fn find(global: &Global, args: &Carried) -> Result<(Session, Session, EntryId), Failure> {
    let home = session::home()?;
    let all = Session::open_all(&Global { vault: None, ..global.clone() })?;
    let path = home.vault(Some(&args.target));
    let names: Vec<Cow<str>> = all.iter().map(|session| text::clean(session.name())).collect();
    let Some(target) = all.iter().position(|session| session.path() == path) else {
        let words =
            format!("there is no vault {:?} among those that your personal vault opens", text::clean(&args.target));
        return Err(Failure::new(Exit::NoMatch, words).hint(format!("there are {}", names.join(", "))));
    };
    let named = global.vault.as_deref().map(|named| home.vault(Some(named)));
    let (there, mut vaults): (Vec<_>, Vec<_>) =
        pick::numbered(&all).into_iter().partition(|(number, _)| usize::from(*number) == target);
    vaults.retain(|(_, session)| named.as_ref().is_none_or(|path| session.path() == *path));
    let at = pick::one(&vaults, &args.query).map_err(|failure| match (failure.exit, there.as_slice()) {
        (Exit::NoMatch, [(_, to)]) if pick::one(&there, &args.query).is_ok() => {
            Failure::failed(format!("it is in {} already; nothing was changed", text::clean(to.name())))
        }
        _ => failure,
    })?;
    let (mut from, mut to) = (None, None);
    for (number, session) in all.into_iter().enumerate() {
        if number == target {
            to = Some(session);
        } else if number == usize::from(at.vault) {
            from = Some(session);
        }
    }
    let both = from.zip(to).ok_or(VaultError::NoSuchEntry)?;
    Ok((both.0, both.1, at.entry))
}
