//! `tickey passphrase`: a new passphrase, with a new member key and epoch.

use super::args::{Global, Passphrase};
use super::ask::{self, Terminal};
use super::error::Failure;
use super::session::{self, File, Session};
use super::sync;
use super::{backup, out};
use crate::runtime::{clock, process};
use crate::team::Keeper;
use crate::text;
use crate::vault::sharing::Me;

/// Opens the vault with the old passphrase or the recovery code, and saves it under the new one.
pub fn run(global: &Global, args: &Passphrase) -> Result<(), Failure> {
    ask::one_stdin(global, &args.new_passphrase_file.as_deref().into_iter().collect::<Vec<_>>())?;
    let file = File::read(global)?;
    let limits = process::limits();
    // Everything that can be refused is refused before the long work.
    let given = args.new_passphrase_file.as_deref().map(|path| ask::from_file(path, "the new passphrase file"));
    let given = given.transpose()?;
    let instead = "give it with --new-passphrase-file";
    let mut terminal = match given {
        Some(_) => None,
        None => Some(Terminal::require("the new passphrase", instead)?),
    };
    let mut session = if args.recovery { file.unlock_with_recovery_code(global)? } else { file.unlock(global)? };
    let new = match (given, &mut terminal) {
        (Some(new), _) => new,
        (None, Some(terminal)) => terminal.hidden_twice("New passphrase")?,
        (None, None) => return Err(Failure::usage("there is no new passphrase").hint(instead)),
    };
    ask::warn_if_weak(&new);
    let links = session.vault().links().len();
    let rekey = match &mut terminal {
        _ if links == 0 => false,
        _ if args.rekey_links => true,
        Some(terminal) => terminal.agrees(&format!(
            "Replace your keys to {} too? Old copies of this vault, which the old passphrase opens, hold the present ones",
            shared(links)
        ))?,
        None => false,
    };
    let cost = session::cost(&args.kdf, &limits)?;
    let wall_ms = clock::now().wall_ms;
    session.hold()?;
    let vault = session.vault().change_passphrase(&new, cost, &limits, wall_ms, &mut clock::Os)?;
    session.write(&vault)?;
    out::say("Changed the passphrase");
    if args.recovery {
        out::say("the recovery code stays good");
    }
    if let Err(failure) = backup::offer_forget(&session, terminal.as_mut()) {
        out::warn(&failure.message);
    }
    match (links, rekey) {
        (0, _) => Ok(()),
        (_, true) => rekey_links(&mut session).map_err(|mut failure| {
            failure.message =
                format!("the passphrase is changed, your keys to {} may not be: {}", shared(links), failure.message);
            failure
        }),
        (_, false) => {
            out::say(&format!(
                "your keys to {} stayed as they were, and whoever opens an older copy has them; tickey passphrase --rekey-links replaces them",
                shared(links)
            ));
            Ok(())
        }
    }
}

fn shared(count: usize) -> String {
    if count == 1 { "1 shared vault".into() } else { format!("{count} shared vaults") }
}

/// Gives every link a new key, and puts it in force wherever the vault can be reached; elsewhere the next sync does.
fn rekey_links(personal: &mut Session) -> Result<(), Failure> {
    let edits = personal.vault().rekey_links(&mut clock::Os)?;
    personal.edit(&edits)?;
    // This person's other machines need the new keys first.
    let mut sent = personal.sync();
    for (_, link) in personal.vault().links() {
        let name = text::clean(&link.name).into_owned();
        match personal.linked(&link) {
            Ok(None) => {
                out::say(&format!("{name} is not on this machine; your key to it is replaced where it is synced next"))
            }
            Ok(Some(mut session)) => {
                let of_link = session.sync();
                if of_link.is_err() {
                    sent = of_link;
                }
                match session.vault().me() {
                    Me::Pending { .. } => out::say(&format!("your new key to {name} waits until you are let in")),
                    _ if session.vault().has_new_key() => {
                        out::say(&format!("your new key to {name} waits for the next sync"));
                    }
                    _ if session.vault().asks_for().is_some() => out::say(&format!(
                        "owners of {name} were asked for your new key; until one of their programs puts it in force, the old one is"
                    )),
                    _ => out::say(&format!("you have a new key to {name}")),
                }
            }
            Err(failure) => out::warn(&format!("{name}: {}", failure.message)),
        }
    }
    sync::finish(sent)
}
