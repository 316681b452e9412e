//! A store of pass or gopass: its files, each opened by the person's own gpg. Nothing that gpg prints is written anywhere.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::trouble;
use crate::app::Trouble;
use crate::formats::{Imported, Problem, pass};
use crate::secret::Text;
use crate::text;

/// The most files of a store that are opened, how deep its folders may lie, and the longest text of one.
const MOST_FILES: usize = 10_000;
const DEEPEST: usize = 16;
const LONGEST: u64 = 1 << 20;

/// Whether a folder is such a store: it says whose keys open it.
pub(crate) fn is_one(folder: &Path) -> bool {
    folder.join(".gpg-id").is_file()
}

/// Opens a store's entries. gpg may ask for the key's passphrase by its own window or prompt only when `may_ask`.
///
/// # Errors
/// The folder is no store, or there is no gpg. What of it cannot be opened is a problem of its own.
pub(crate) fn read(folder: &Path, may_ask: bool) -> Result<Imported, Trouble> {
    if !is_one(folder) {
        return Err(trouble::trouble(
            format_args!("{} is a folder, and no store of pass or gopass", folder.display()),
            Some("a store has a file .gpg-id; import any other folder's files one by one"),
        ));
    }
    let mut files = Vec::new();
    walk(folder, 0, &mut files);
    files.sort();
    let mut imported = Imported::default();
    for file in &files {
        let name = file.strip_prefix(folder).unwrap_or(file).with_extension("").to_string_lossy().into_owned();
        match decrypt(file, may_ask) {
            Ok(Ok(plain)) => pass::read_entry(&name, &plain, &mut imported),
            Ok(Err(reason)) => imported.problems.push(Problem { place: name, label: String::new(), reason }),
            Err(error) => {
                let words = format!("gpg cannot be started: {error}");
                return Err(trouble::trouble(words, Some("install GnuPG, which opens the files of a store")));
            }
        }
    }
    Ok(imported)
}

/// The `.gpg` files below a folder; hidden names and links are not followed.
fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(items) = fs::read_dir(folder) else { return };
    for item in items.flatten() {
        let (path, name) = (item.path(), item.file_name());
        if files.len() >= MOST_FILES || name.to_string_lossy().starts_with('.') {
            continue;
        }
        match item.file_type() {
            Ok(kind) if kind.is_dir() && depth < DEEPEST => walk(&path, depth.saturating_add(1), files),
            Ok(kind) if kind.is_file() && path.extension().is_some_and(|ending| ending == "gpg") => files.push(path),
            _ => {}
        }
    }
}

/// What gpg makes of a file, or why it makes nothing of it.
fn decrypt(file: &Path, may_ask: bool) -> std::io::Result<Result<Text, String>> {
    let mut command = Command::new("gpg");
    command.args(["--quiet", "--batch", "--no-tty", "--yes"]);
    if !may_ask {
        // A prompt would be drawn over the screen; a key that the agent remembers opens without one.
        command.args(["--pinentry-mode", "cancel"]);
    }
    // The path is whole, so it begins with no dash.
    command.arg("--decrypt").arg("--").arg(fs::canonicalize(file)?);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // Room at once: growing would leave copies behind.
    let mut plain = zeroize::Zeroizing::new(Vec::with_capacity(64 * 1024));
    // Read beside it, so that neither pipe fills while the other is waited for.
    let said = child.stderr.take().map(|said| {
        std::thread::spawn(move || {
            let mut words = Vec::new();
            let _ = said.take(64 * 1024).read_to_end(&mut words);
            words
        })
    });
    let got = match child.stdout.take() {
        Some(out) => out.take(LONGEST + 1).read_to_end(&mut plain),
        None => Ok(0),
    };
    if plain.len() as u64 > LONGEST {
        let _ = child.kill();
    }
    let done = child.wait()?;
    let words = said.and_then(|said| said.join().ok()).unwrap_or_default();
    if plain.len() as u64 > LONGEST {
        return Ok(Err("what is in it is larger than 1 MiB".into()));
    }
    if got.is_err() || !done.success() {
        let said = String::from_utf8_lossy(&words);
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
        return Ok(Err(format!("gpg does not open it: {}", text::fit(last.trim(), 120).trim_end())));
    }
    Ok(std::str::from_utf8(&plain).map(Text::from).map_err(|_| "what is in it is no text".into()))
}
