//! `tickey init`: a new vault.

use serde::Serialize;

use super::args::{Global, Kdf};
use super::ask::{self, Terminal};
use super::error::Failure;
use super::{out, session};
use crate::runtime::{clock, process};
use crate::secret::Text;
use crate::store::{StoreError, disk, paths};
use crate::vault::Unlocked;

#[derive(Serialize)]
struct Made<'a> {
    vault: &'a str,
    name: &'a str,
    recovery_code: &'a Text,
}

/// Makes the vault and says the recovery code once.
pub fn run(global: &Global, kdf: &Kdf) -> Result<(), Failure> {
    let path = session::home()?.vault(global.vault.as_deref());
    if path.symlink_metadata().is_ok() {
        return Err(StoreError::Exists(path).into());
    }
    let limits = process::limits();
    // Numbers that are refused are refused before a passphrase is asked for.
    let cost = session::cost(kdf, &limits)?;
    let passphrase = match ask::given(global)? {
        Some(passphrase) => passphrase,
        None => Terminal::require("a passphrase", ask::INSTEAD)?.hidden_twice("New passphrase")?,
    };
    ask::warn_if_weak(&passphrase);
    let member = member();
    let founded = Unlocked::found(&member, &passphrase, cost, &limits, clock::now().wall_ms, &mut clock::Os)?;
    disk::create(&path, &founded.vault, &mut clock::Os)?;
    let name = paths::name(&path);
    if global.json {
        return out::json(&Made { vault: &name, name: &member, recovery_code: &founded.recovery_code });
    }
    out::say(&format!("made the vault {}", crate::text::clean(&path.display().to_string())));
    out::say("");
    out::say(&format!("    recovery code:  {}", founded.recovery_code.as_str()));
    out::say("");
    out::say(
        "It opens the vault when the passphrase is lost. It is shown this once: write it down on paper, and keep it elsewhere.",
    );
    Ok(())
}

/// The founder's name in the roster: the name the person logs in with.
pub fn member() -> String {
    let name = std::env::var("USER").unwrap_or_default();
    let name = crate::text::clean(name.trim()).chars().take(64).collect::<String>();
    if name.is_empty() { "me".to_owned() } else { name }
}
