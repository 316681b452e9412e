//! Where things lie: data, state, configuration; how a `--vault` argument names a file; what a path really leads to.

use std::ffi::{OsStr, OsString};
use std::fs::{Metadata, OpenOptions};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use etcetera::base_strategy::{BaseStrategy, Xdg};
use rustix::fs::{Dir, OFlags};

use super::StoreError;
use super::temporary::flags;

/// What Linux itself follows before it speaks of a loop.
const MOST_LINKS: usize = 40;

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
    /// From the environment's XDG variables (a relative one counts as unset, as the XDG specification says), else the system's
    /// usual folders under the home folder. `None` without a home.
    pub fn from_environment() -> Option<Home> {
        let base = Xdg::new().ok()?;
        let state = base.state_dir().unwrap_or_else(|| base.home_dir().join(".local/state"));
        let home = Home {
            data: base.data_dir().join("tickey"),
            state: state.join("tickey"),
            config: base.config_dir().join("tickey"),
        };
        // An empty or relative HOME would scatter vaults over working folders.
        [&home.data, &home.state, &home.config].iter().all(|folder| folder.is_absolute()).then_some(home)
    }

    /// The file a `--vault` argument names: with `/` or ending in `.json` a path, else `NAME.json` in the data folder;
    /// without an argument `personal.json`.
    pub fn vault(&self, argument: Option<&str>) -> PathBuf {
        match argument {
            Some(path) if path.contains('/') || path.ends_with(".json") => PathBuf::from(path),
            Some(name) => self.data.join(format!("{name}.json")),
            None => self.data.join("personal.json"),
        }
    }

    /// Every vault in the data folder, by name: file stem and path. The personal vault comes first.
    pub fn vaults(&self) -> Vec<(String, PathBuf)> {
        let mut vaults: Vec<(String, PathBuf)> = names(&self.data)
            .unwrap_or_default()
            .into_iter()
            .map(|file| self.data.join(file))
            .filter(|path| path.extension() == Some(OsStr::new("json")) && path.is_file())
            .map(|path| (name(&path), path))
            .collect();
        vaults.sort_by(|(a, a_path), (b, b_path)| {
            (a != "personal", a.to_lowercase(), a_path).cmp(&(b != "personal", b.to_lowercase(), b_path))
        });
        vaults
    }
}

/// A vault's name for people: the file's stem.
pub fn name(path: &Path) -> String {
    path.file_stem().map_or_else(|| "vault".into(), |stem| stem.to_string_lossy().into_owned())
}

/// The file a path leads to, symbolic links followed to the end, whether or not anything is there.
///
/// # Errors
/// [`StoreError::NotAFile`] when the links go in a circle or the path names no file.
pub fn real(path: &Path) -> Result<PathBuf, StoreError> {
    let mut real = path.to_path_buf();
    for _ in 0..=MOST_LINKS {
        if real.file_name().is_none() {
            return Err(StoreError::NotAFile { path: path.into(), what: "it is a folder".into() });
        }
        let Ok(target) = std::fs::read_link(&real) else { return Ok(real) };
        real = match real.parent() {
            Some(folder) => folder.join(target),
            None => target,
        };
    }
    Err(circle(path))
}

/// The names in a folder, in no order. The standard library's reader panics when the system cannot close the folder, as a failing
/// network disk may say.
pub(super) fn names(folder: &Path) -> std::io::Result<Vec<OsString>> {
    let open = OpenOptions::new().read(true).custom_flags(flags(OFlags::DIRECTORY)).open(folder)?;
    let mut names = Vec::new();
    for entry in Dir::new(open)? {
        names.push(OsString::from_vec(entry?.file_name().to_bytes().to_vec()));
    }
    Ok(names)
}

/// The folder a file lies in: never the empty path.
pub(super) fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => Path::new("/"),
    }
}

pub(super) fn circle(path: &Path) -> StoreError {
    StoreError::NotAFile { path: path.into(), what: "its symbolic links go in a circle".into() }
}

/// What a thing is, in words.
pub(super) fn kind(found: &Metadata) -> &'static str {
    let kind = found.file_type();
    if kind.is_file() {
        "a file"
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn home(data: &Path) -> Home {
        Home { data: data.into(), state: "/s/tickey".into(), config: "/c/tickey".into() }
    }

    #[test]
    fn an_argument_names_a_file() {
        let home = home(Path::new("/d/tickey"));
        for (argument, path) in [
            (None, "/d/tickey/personal.json"),
            (Some("work"), "/d/tickey/work.json"),
            (Some("a b.c"), "/d/tickey/a b.c.json"),
            (Some("work.json"), "work.json"),
            (Some("./work"), "./work"),
            (Some("/x/work"), "/x/work"),
        ] {
            assert_eq!(home.vault(argument), Path::new(path));
        }
    }

    #[test]
    fn vaults_are_the_json_files_personal_first() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        for name in ["zoo.json", "Alpha.json", "personal.json", "personal.json.lock", ".zoo.json.0123456789abcdef.tmp"]
        {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("folder.json")).unwrap();
        symlink("zoo.json", folder.path().join("linked.json")).unwrap();
        symlink("nowhere", folder.path().join("dangling.json")).unwrap();
        let names: Vec<String> = home.vaults().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["personal", "Alpha", "linked", "zoo"]);
        assert_eq!(Home { data: "/nonexistent".into(), ..home }.vaults(), []);
    }

    #[test]
    fn links_are_followed_to_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        symlink("two", at("one")).unwrap();
        symlink("sub/three", at("two")).unwrap();
        symlink("../end", at("sub/three")).unwrap();
        assert_eq!(real(&at("one")).unwrap(), at("sub/../end"));
        assert_eq!(real(&at("none")).unwrap(), at("none"));
        symlink("b", at("a")).unwrap();
        symlink("a", at("b")).unwrap();
        assert!(matches!(real(&at("a")), Err(StoreError::NotAFile { .. })));
        assert!(matches!(real(Path::new("/")), Err(StoreError::NotAFile { .. })));
        assert!(matches!(real(Path::new("")), Err(StoreError::NotAFile { .. })));
        assert!(matches!(real(Path::new("x/..")), Err(StoreError::NotAFile { .. })));
    }
}
