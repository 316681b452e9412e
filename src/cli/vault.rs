//! `tickey vault`: the vaults on this machine.

use serde::Serialize;

use super::args::{Global, VaultCommand};
use super::error::Failure;
use super::{out, session};
use crate::runtime::process;
use crate::store::{disk, state};
use crate::text;
use crate::vault::Locked;

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    path: String,
    default: bool,
}

/// Lists, or forgets.
pub fn run(global: &Global, command: Option<VaultCommand>) -> Result<(), Failure> {
    match command {
        None | Some(VaultCommand::List) => list(global),
        Some(VaultCommand::Forget { name }) => forget(&name),
    }
}

fn list(global: &Global) -> Result<(), Failure> {
    let home = session::home()?;
    let default = home.vault(None);
    let vaults = home.vaults();
    if global.json {
        let rows: Vec<Row> = vaults
            .iter()
            .map(|(name, path)| Row { name, path: path.display().to_string(), default: *path == default })
            .collect();
        return out::json(&rows);
    }
    if vaults.is_empty() {
        out::say("there are no vaults yet; tickey init makes one");
        return Ok(());
    }
    let rows: Vec<Vec<String>> =
        vaults.iter().map(|(name, path)| vec![name.clone(), path.display().to_string()]).collect();
    out::data(out::table(&rows, 1000).as_bytes())
}

fn forget(name: &str) -> Result<(), Failure> {
    let home = session::home()?;
    let path = home.vault(Some(name));
    let (bytes, _) = disk::read(&path)?;
    let locked = Locked::read(&bytes, &process::limits()).map_err(|error| session::about(error, &bytes))?;
    state::forget(&home, &locked.vault_id())?;
    out::say(&format!(
        "forgot what this machine remembered of {}; its file stays at {}",
        text::clean(name),
        text::clean(&path.display().to_string())
    ));
    Ok(())
}
