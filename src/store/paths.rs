//! Where things lie: data, state, configuration; how a `--vault` argument names a file.

use std::path::{Path, PathBuf};

/// The folders of one user. Made from the environment once, by the edge of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// `$XDG_DATA_HOME/tickey`: the vaults.
    pub data: PathBuf,
    /// `$XDG_STATE_HOME/tickey`: what this machine remembers.
    pub state: PathBuf,
    /// `$XDG_CONFIG_HOME/tickey`: `config.toml`.
    pub config: PathBuf,
}

impl Home {
    /// From the environment's XDG variables, else the system's usual folders under the home folder. `None` without a home.
    pub fn from_environment() -> Option<Home> {
        todo!()
    }

    /// The file a `--vault` argument names: with `/` or ending in `.json` a path, else `NAME.json` in the data folder;
    /// without an argument `personal.json`.
    pub fn vault(&self, argument: Option<&str>) -> PathBuf {
        let _ = argument;
        todo!()
    }

    /// Every vault in the data folder, by name: file stem and path.
    pub fn vaults(&self) -> Vec<(String, PathBuf)> {
        todo!()
    }
}

/// A vault's name for people: the file's stem.
pub fn name(path: &Path) -> String {
    path.file_stem().map_or_else(|| "vault".into(), |stem| stem.to_string_lossy().into_owned())
}
