//! `tickey sync`, and the syncs that other commands do before and after a change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::args::{Global, Sync as Args};
use super::ask::{self, Terminal};
use super::error::{Exit, Failure};
use super::out;
use super::session::{self, Session};
use crate::runtime::{process, sharing};
use crate::store::memory;
use crate::store::sync::{Notice, Synced};
use crate::text;
use crate::vault::VaultError;

#[derive(Default, Serialize)]
struct Report {
    received: usize,
    sent: usize,
    conflicts: usize,
    rounds: u32,
}

/// Syncs the vault that the arguments name, or all that have a remote.
pub fn run(global: &Global, args: &Args) -> Result<(), Failure> {
    ask::one_stdin(global, &args.new_passphrase_file.as_deref().into_iter().collect::<Vec<_>>())?;
    if args.insecure {
        sharing::allow_insecure(&session::home()?)?;
    }
    let mut all = Session::open_all(global)?;
    let (mut report, mut synced, mut failure) = (Report::default(), 0_usize, None);
    let mut at = 0_usize;
    while let Some(session) = all.get_mut(at) {
        let result = match once(session) {
            Err(problem) if problem.exit == Exit::Passphrase && !session.vault.is_shared() => {
                with_new_passphrase(session, args, problem)
            }
            result => result,
        };
        match result {
            Ok(None) => {}
            Ok(Some(done)) => {
                synced = synced.saturating_add(1);
                report.received = report.received.saturating_add(done.received);
                report.sent = report.sent.saturating_add(done.sent);
                report.conflicts = report.conflicts.saturating_add(done.conflicts);
                report.rounds = report.rounds.saturating_add(done.rounds);
                tell(session.name(), &done.notices);
            }
            Err(problem) => {
                out::warn(&format!("{}: {}", session.name(), problem.message));
                failure = Some(problem);
            }
        }
        if at == 0 && global.vault.is_none() {
            // The personal vault comes first: it may have brought keys.
            give_keys(&mut all);
            fetch_missing(&mut all);
        }
        at = at.saturating_add(1);
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    if synced == 0 {
        // What this machine remembered may be lost; the links are in the personal vault.
        let links = all.iter().filter(|session| !session.vault.is_shared()).flat_map(|session| session.vault.links());
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
fn with_new_passphrase(session: &mut Session, args: &Args, problem: Failure) -> Result<Option<Synced>, Failure> {
    let url = memory::read(session.home(), &session.vault.vault_id()).url;
    let (_, locked) = sharing::look(session.home(), &url, &Arc::default())?;
    let limits = process::limits();
    let theirs = match (&args.new_passphrase_file, Terminal::open()) {
        (Some(path), _) => locked.unlock(&ask::from_file(path, "the new passphrase file")?, &limits),
        (None, None) => return Err(problem),
        (None, Some(mut terminal)) => {
            out::say(&format!(
                "the passphrase of {} was changed on another machine; what was changed here is kept, and goes there once you type the new one",
                text::clean(session.name())
            ));
            let prompt = format!("New passphrase of {}", session.name());
            let mut theirs = locked.unlock(&terminal.hidden(&prompt)?, &limits);
            for _ in 0..2 {
                if theirs == Err(VaultError::WrongPassphrase) {
                    out::say("tickey: wrong passphrase, try again");
                    theirs = locked.unlock(&terminal.hidden(&prompt)?, &limits);
                }
            }
            theirs
        }
    };
    let theirs = theirs.map_err(|error| match error {
        VaultError::WrongPassphrase => {
            Failure::new(Exit::Passphrase, "this is not the passphrase of the copy at the remote; nothing was changed")
        }
        error => error.into(),
    })?;
    if theirs.vault_id() != session.vault.vault_id() {
        return Err(VaultError::Altered("another vault lies in its place".into()).into());
    }
    session.vault = session.vault.with_key_of(&theirs);
    let done = once(session)?;
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
        if let Some((_, link)) = personal.vault.link_to(&session.vault.vault_id()) {
            session.vault = session.vault.with_keys(&link.keys);
        }
    }
}

/// Vaults that this person has a key to but this machine no copy of: a second machine of the same person.
fn fetch_missing(all: &mut Vec<Session>) {
    let Some(personal) = all.first().map(|session| session.vault.clone()) else { return };
    let missing: Vec<_> = personal
        .links()
        .into_iter()
        .filter(|(_, link)| !link.remote.is_empty() && all.iter().all(|open| open.vault.vault_id() != link.vault))
        .collect();
    for (_, link) in missing {
        let fetched = || {
            let home = session::home()?;
            let path = sharing::fetch(&home, &link)?;
            session::File::at(home, path)?.unlock_with(&personal)
        };
        match fetched() {
            Ok(session) => all.push(session),
            Err(failure) => out::warn(&format!("{} could not be fetched: {}", link.name.as_str(), failure.message)),
        }
    }
}

/// Syncs one vault; `None` when it has no remote: then only a new key of its link is put in force.
pub fn once(session: &mut Session) -> Result<Option<Synced>, Failure> {
    let cancel = Arc::new(AtomicBool::new(false));
    let Some(mut remote) = sharing::remote_of(session.home(), &session.vault.vault_id(), &cancel)? else {
        session.take_new_key()?;
        return Ok(None);
    };
    let watched = process::on_interrupt(&cancel);
    let synced = session.sync(remote.as_mut(), &cancel);
    drop(watched);
    if cancel.load(Ordering::Relaxed) {
        return Err(Failure::new(Exit::Remote, "the sync was cancelled; nothing is lost"));
    }
    synced.map(Some)
}

/// Takes in what is new before a change that must stand on it. What hinders it is a warning: the change waits then.
pub fn before(session: &mut Session) {
    if let Published::Waits(failure) = publish(session) {
        out::warn(&format!("not synced: {}", failure.message));
    }
}

/// What became of a change that was saved here.
#[must_use]
pub enum Published {
    /// The vault has no remote.
    NoRemote,
    /// The remote has it.
    Done,
    /// It is saved here and waits.
    Waits(Failure),
}

impl Published {
    /// Ends a command that has said what was done here.
    ///
    /// # Errors
    /// [`Exit::Remote`] where the remote has it not yet.
    pub fn finish(self) -> Result<(), Failure> {
        match self {
            Published::NoRemote | Published::Done => Ok(()),
            Published::Waits(why) => Err(Failure::new(Exit::Remote, format!("not yet at the remote: {}", why.message))
                .hint("it is saved here; tickey sync sends it")),
        }
    }
}

/// Sends a change that was saved.
pub fn publish(session: &mut Session) -> Published {
    match once(session) {
        Ok(None) => Published::NoRemote,
        Ok(Some(done)) => {
            tell(session.name(), &done.notices);
            Published::Done
        }
        Err(failure) => Published::Waits(failure),
    }
}

/// Says what a person should know.
pub fn tell(name: &str, notices: &[Notice]) {
    let name = text::clean(name);
    for notice in notices {
        out::say(&format!("{name}: {}", sharing::words_of(notice)));
    }
}
