//! `tickey passphrase`: a new passphrase, with a new member key and epoch.

use super::args::{Global, Passphrase};
use super::ask::{self, Terminal};
use super::error::Failure;
use super::out;
use super::session::{self, File};
use crate::runtime::{clock, process};

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
    let cost = session::cost(&args.kdf, &limits)?;
    let wall_ms = clock::now().wall_ms;
    let vault = session.vault.change_passphrase(&new, cost, &limits, wall_ms, &mut clock::Os)?;
    session.write(vault)?;
    out::say("the passphrase was changed; older copies of the file still open with the old one");
    if args.recovery {
        out::say("the recovery code stays good");
    }
    Ok(())
}
