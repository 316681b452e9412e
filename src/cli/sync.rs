//! `tickey sync`, and the syncs that other commands do before and after a change.

use super::args::{Global, Sync as Args};
use super::ask::{self, Terminal};
use super::error::{Exit, Failure};
use super::out;
use super::session::{self, Session};
use crate::runtime::notices;
use crate::secret::Text;
use crate::store::sync::Notice;
use crate::team::{Keeper, Published, SyncReport, TeamError, links, members, passphrase, remote};
use crate::text;

/// Syncs the vault that the arguments name, or all that have a remote.
pub fn run(global: &Global, args: &Args) -> Result<(), Failure> {
    ask::one_stdin(global, &args.new_passphrase_file.as_deref().into_iter().collect::<Vec<_>>())?;
    if args.insecure {
        remote::allow_insecure(&session::home()?)?;
    }
    let mut all = Session::open_all(global)?;
    let (mut report, mut synced, mut failure) = (SyncReport::default(), 0_usize, None);
    let mut at = 0_usize;
    while let Some(session) = all.get_mut(at) {
        let result = match session.sync() {
            Err(TeamError::PassphraseChangedThere) => with_new_passphrase(session, args),
            result => result.map_err(Failure::from),
        };
        match result {
            Ok(None) => {}
            Ok(Some(done)) => {
                synced = synced.saturating_add(1);
                report.add(&done);
            }
            Err(problem) => {
                let message = format!("{}: {}", session.name(), problem.message);
                // The last one is what the command ends with.
                let before: Option<Failure> = failure.replace(Failure { message, ..problem });
                before.iter().for_each(|before| out::warn(&before.message));
            }
        }
        if at == 0 && global.vault.is_none() {
            // The personal vault comes first: it may have brought keys.
            give_keys(&mut all);
            fetch_missing(&mut all)?;
        }
        at = at.saturating_add(1);
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    if synced == 0 {
        // What this machine remembered may be lost; the links are in the personal vault.
        let links =
            all.iter().filter(|session| !session.vault().is_shared()).flat_map(|session| session.vault().links());
        let known = links.map(|(_, link)| link).find(|link| !link.remote.is_empty());
        let hint = known.map_or_else(
            || "tickey remote set URL gives it one".to_owned(),
            |link| format!("tickey --vault {} remote set {}", out::word(&link.name), out::word(&link.remote)),
        );
        return Err(Failure::failed("no vault has a remote").hint(hint));
    }
    if global.json {
        return out::json(&report);
    }
    let conflicts = match report.conflicts {
        0 => String::new(),
        n => format!(", {} changed in two places (tickey conflicts lists them)", out::entries(n)),
    };
    out::say(&format!("synced: {} received, {} sent{conflicts}", out::changes(report.received), report.sent));
    Ok(())
}

/// Syncs a personal vault whose copy at the remote has another passphrase: once that is given, what was changed here under the old one is merged.
fn with_new_passphrase(session: &mut Session, args: &Args) -> Result<Option<SyncReport>, Failure> {
    let there = session.with_file(|file| passphrase::copy_there(file))?;
    let open = |session: &mut Session, typed: &Text| passphrase::open_there(session.file(), &there, typed);
    let theirs = match (&args.new_passphrase_file, Terminal::open()) {
        (Some(path), _) => open(session, &ask::from_file(path, "the new passphrase file")?),
        (None, None) => return Err(TeamError::PassphraseChangedThere.into()),
        (None, Some(mut terminal)) => {
            out::say(&format!(
                "the passphrase of {} was changed on another machine; what was changed here is kept, and goes there once you type the new one",
                text::clean(session.name())
            ));
            let prompt = format!("New passphrase of {}", session.name());
            let open = |typed: &Text| open(session, typed);
            terminal.three_times(&prompt, open, |error| matches!(error, TeamError::WrongPassphraseThere))?
        }
    };
    let done = passphrase::follow(session, &theirs?)?;
    out::say(&format!(
        "{} opens with the new passphrase here, too; its older copies open with the old one",
        text::clean(session.name())
    ));
    Ok(done)
}

/// The shared vaults get the keys that the personal one holds now.
fn give_keys(all: &mut [Session]) {
    let Some((personal, shared)) = all.split_first_mut() else { return };
    for session in shared {
        if let Some(vault) = links::with_new_keys(personal.vault(), session.vault()) {
            session.file().vault = vault.into();
        }
    }
}

/// Vaults that this person has a key to but this machine no copy of: a second machine of the same person.
fn fetch_missing(all: &mut Vec<Session>) -> Result<(), Failure> {
    let machine = session::machine()?;
    let links = all.first().map(|session| session.vault().links()).unwrap_or_default();
    for (_, link) in links {
        // What lies here and does not open has been named already.
        if all.iter().any(|open| open.vault().vault_id() == link.vault) || links::copy(&machine, &link).is_some() {
            continue;
        }
        match links::open_or_fetch(&machine, &link) {
            Ok(file) => all.extend(file.map(Session::of)),
            Err(error) => out::warn(&format!("{} could not be fetched: {error}", link.name.as_str())),
        }
    }
    Ok(())
}

/// Takes in what is new before a change that must stand on it. What hinders it is a warning: the change waits then.
pub fn before(session: &mut Session) -> Result<(), Failure> {
    if members::on_newest(session)?.is_err() {
        // Why is said at the end, where it still is so.
        out::warn("not synced: this stands on what is here");
    }
    Ok(())
}

/// Ends a command that has said what was done here.
pub fn finish(published: Published) -> Result<(), Failure> {
    match published {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(Exit::Remote, format!("not yet at the remote: {error}"))
            .hint("it is saved here; tickey sync sends it")),
    }
}

pub fn tell(name: &str, notices: &[Notice]) {
    let name = text::clean(name);
    for notice in notices {
        out::say(&format!("{name}: {}", notices::message(notice)));
    }
}
