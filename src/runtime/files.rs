//! Files that are no vaults: imports read, exports written, paths completed.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{clipboard, clock, pass_store, trouble};
use crate::app::Trouble;
use crate::app::effect::ImportSource;
use crate::app::msg::ImportRead;
use crate::formats::columns::{self, Columns, Sheet};
use crate::formats::{FormatError, Opened, keepass, pass, picture, registry, steam, table};
use crate::qr::{self, Symbol};
use crate::secret::{Secret, Text};
use crate::store::disk;
use crate::vault::Details;

/// The largest file taken in, in bytes: more than any authenticator writes.
const LARGEST_IMPORT: u64 = 64 << 20;
const MOST_COMPLETIONS: usize = 50;

pub(super) fn read_import(
    source: ImportSource,
    format: Option<&'static str>,
    password: Option<Text>,
) -> Result<ImportRead, Trouble> {
    if source == ImportSource::Clipboard {
        return read_clipboard();
    }
    if let ImportSource::Path(path) = &source
        && at_home(path).is_dir()
    {
        let imported = pass_store::read(&at_home(path), false)?;
        return Ok(ImportRead::Entries { format: pass::NAME, imported });
    }
    let beside = match &source {
        ImportSource::Path(path) => key_file_beside(&at_home(path)),
        _ => None,
    };
    let bytes = bytes_of(source)?;
    let found = match format {
        Some(id) => registry::by_id(id)
            .ok_or_else(|| trouble::trouble(format_args!("there is no format called \"{id}\""), None))?,
        None => match (registry::detect(bytes.expose()), Sheet::look(bytes.expose())) {
            (Ok(found), _) => found,
            // Somebody else's table: a person knows what its columns are.
            (Err(FormatError::Unknown { .. }), Some(sheet)) => return Ok(ImportRead::Table(sheet)),
            (Err(error), _) => return Err(trouble::format(&error)),
        },
    };
    let Some(read) = found.read else {
        return Err(trouble::trouble(format_args!("{} files can be written but not read", found.name), None));
    };
    let read = match beside.filter(|_| keepass::is_database(bytes.expose())) {
        Some(key_file) => keepass::read_with_key_file(bytes.expose(), key_file.expose()),
        None => read(bytes.expose()),
    };
    match read.map_err(|error| trouble::format(&error))? {
        Opened::Plain(imported) => Ok(ImportRead::Entries { format: found.name, imported }),
        Opened::Encrypted(encrypted) => match password {
            None => Ok(ImportRead::NeedsPassword { format: found.name, wrong: None }),
            Some(password) => match encrypted.open(&password) {
                Ok(imported) => Ok(ImportRead::Entries { format: found.name, imported }),
                Err(
                    wrong @ (FormatError::WrongPassword
                    | FormatError::WrongPasswordOrDamaged
                    | FormatError::WrongPasswordOrKeyFile),
                ) => Ok(ImportRead::NeedsPassword { format: found.name, wrong: Some(wrong.to_string()) }),
                Err(error) => Err(trouble::format(&error)),
            },
        },
    }
}

fn bytes_of(source: ImportSource) -> Result<Secret, Trouble> {
    match source {
        ImportSource::Path(path) => {
            let bytes = read(&path)?;
            Ok(behind_manifest(&at_home(&path), bytes.expose())?.unwrap_or(bytes))
        }
        ImportSource::Text(text) => Ok(Secret::from(text.as_bytes())),
        ImportSource::Clipboard => Err(trouble::trouble("a picture is no table", None)),
    }
}

/// Reads a table by what its columns hold; looks at it when that is not said.
pub(super) fn read_table(source: ImportSource, columns: Option<&Columns>) -> Result<ImportRead, Trouble> {
    let bytes = bytes_of(source)?;
    let read = match columns {
        Some(columns) => columns::read(bytes.expose(), columns)
            .map(|imported| ImportRead::Entries { format: table::FORMAT.name, imported }),
        None => Sheet::look(bytes.expose())
            .map(ImportRead::Table)
            .ok_or_else(|| FormatError::Damaged("it is no table of several columns and rows".into())),
    };
    read.map_err(|error| trouble::format(&error))
}

/// The QR codes of the picture in the clipboard.
fn read_clipboard() -> Result<ImportRead, Trouble> {
    let (width, height, pixels) =
        clipboard::picture().map_err(|error| trouble::trouble(error, Some("type a picture's path")))?;
    let texts = qr::read_pixels(width, height, pixels).map_err(|error| trouble::trouble(error, None))?;
    let imported = picture::from_codes(&texts).map_err(|error| trouble::format(&error))?;
    Ok(ImportRead::Entries { format: "picture of QR codes", imported })
}

/// An encrypted maFile behind the manifest that stands beside it; `None` for any other file.
///
/// # Errors
/// When the manifest cannot be read: nothing else says how the file is encrypted.
pub(crate) fn behind_manifest(path: &Path, bytes: &[u8]) -> Result<Option<Secret>, Trouble> {
    let of_steam = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("maFile"));
    if !of_steam || !steam::wants_manifest(bytes) {
        return Ok(None);
    }
    let manifest = read(&path.with_file_name("manifest.json")).map_err(|missing| {
        let words = "this maFile is encrypted: the manifest.json that was made with it must stand beside it";
        trouble::trouble(words, Some(&missing.message))
    })?;
    Ok(Some(Secret::new([manifest.expose(), b"\n", bytes].concat())))
}

/// The key file that stands beside a database of KeePass, with its name.
pub(crate) fn key_file_beside(path: &Path) -> Option<Secret> {
    ["keyx", "key"].iter().find_map(|ending| read(&path.with_extension(ending)).ok())
}

fn read(path: &Path) -> Result<Secret, Trouble> {
    let path = &at_home(path);
    // Looked at before it is opened: opening a named pipe would wait for its other end.
    let about = fs::metadata(path).map_err(|error| trouble::file("read", path, &error))?;
    if !about.is_file() {
        let what = if about.is_dir() { "a folder" } else { "not a file" };
        return Err(trouble::trouble(format_args!("{} is {what}", path.display()), Some("nothing was changed")));
    }
    let too_large = || {
        trouble::trouble(
            format_args!("{} is larger than 64 MiB, the largest file that is taken in", path.display()),
            Some("nothing was changed"),
        )
    };
    if about.len() > LARGEST_IMPORT {
        return Err(too_large());
    }
    let file = File::open(path).map_err(|error| trouble::file("read", path, &error))?;
    // Room for the whole file at once: growing would leave copies behind.
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0).saturating_add(1));
    let got = file.take(LARGEST_IMPORT + 1).read_to_end(&mut bytes);
    let bytes = Secret::new(bytes);
    got.map_err(|error| trouble::file("read", path, &error))?;
    if bytes.len() as u64 > LARGEST_IMPORT {
        return Err(too_large());
    }
    Ok(bytes)
}

pub(super) fn export(
    id: &'static str,
    path: PathBuf,
    entries: &[Details],
    password: Option<&Text>,
) -> Result<PathBuf, Trouble> {
    let path = at_home(&path);
    let Some(format) = registry::by_id(id) else {
        return Err(trouble::trouble(format_args!("there is no format called \"{id}\" to write"), None));
    };
    let files = registry::write(format, entries, password, &mut clock::Os).map_err(|error| trouble::format(&error))?;
    let files: Vec<Secret> = files.into_iter().map(Secret::new).collect();
    let names = registry::file_names(&path, files.len());
    let first = names.first().cloned().unwrap_or(path);
    let files: Vec<_> = names.into_iter().zip(files.iter().map(Secret::expose)).collect();
    disk::write_all_new(&files, &mut clock::Os).map_err(|error| trouble::store(&error))?;
    Ok(first)
}

pub(super) fn save_picture(path: &Path, text: &Text) -> Result<PathBuf, Trouble> {
    let path = at_home(path);
    let symbol = Symbol::of(text).map_err(|error| trouble::trouble(error, None))?;
    disk::write_new(&path, &symbol.file(&path), false, &mut clock::Os).map_err(|error| trouble::store(&error))?;
    Ok(path)
}

/// `~/x` means x in the home folder, as in a shell.
fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.to_owned(),
    }
}

/// Paths that begin with `typed`, folders with a `/` at their end. Hidden ones only when a dot was typed.
pub(super) fn complete(typed: &Text) -> Vec<String> {
    let typed = typed.as_str();
    let (folder, beginning) = typed.rsplit_once('/').map_or(("", typed), |(folder, name)| (folder, name));
    let shown = typed.get(..typed.len().saturating_sub(beginning.len())).unwrap_or_default();
    let place = match (folder, shown) {
        ("", "") => PathBuf::from("."),
        ("", _) => PathBuf::from("/"),
        _ => at_home(Path::new(folder)),
    };
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let mut found: Vec<String> = entries
        .flatten()
        .take(10_000)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let wanted = name.starts_with(beginning) && (beginning.starts_with('.') || !name.starts_with('.'));
            wanted.then(|| {
                let slash = if entry.path().is_dir() { "/" } else { "" };
                format!("{shown}{name}{slash}")
            })
        })
        .collect();
    found.sort();
    found.truncate(MOST_COMPLETIONS);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encrypted_ma_file_is_read_behind_its_manifest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.maFile");
        assert!(behind_manifest(&path, b"QUJD").is_err_and(|missing| missing.message.contains("manifest.json")));
        fs::write(folder.path().join("manifest.json"), "{}").unwrap();
        assert_eq!(behind_manifest(&path, b"QUJD").unwrap().unwrap().expose(), b"{}\nQUJD");
        assert!(matches!(behind_manifest(&path, b"{}"), Ok(None)));
        assert!(matches!(behind_manifest(&folder.path().join("1.txt"), b"QUJD"), Ok(None)));
    }

    #[test]
    fn paths_are_completed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("exports")).unwrap();
        fs::write(folder.path().join("export.txt"), "").unwrap();
        fs::write(folder.path().join(".export"), "").unwrap();
        let base = folder.path().display();
        let complete = |typed: String| complete(&Text::from(typed));
        assert_eq!(complete(format!("{base}/exp")), [format!("{base}/export.txt"), format!("{base}/exports/")]);
        assert_eq!(complete(format!("{base}/.e")), [format!("{base}/.export")]);
        assert_eq!(complete(format!("{base}/nothing/x")), Vec::<String>::new());
    }

    #[test]
    fn a_code_is_saved_and_read_as_an_import() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code.png");
        let link = Text::from("otpauth://totp/Shop:me?secret=MFRGGZDFMZTWQ2LL");
        save_picture(&path, &link).unwrap();
        let Ok(ImportRead::Entries { imported, .. }) = read_import(ImportSource::Path(path.clone()), None, None) else {
            panic!("the picture is not read")
        };
        assert_eq!(imported.entries[0].details.issuer.as_str(), "Shop");
        let before = fs::read(&path).unwrap();
        assert!(save_picture(&path, &link).is_err());
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn what_is_no_file_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| read_import(ImportSource::Path(path.into()), None, None).unwrap_err().message;
        assert!(said(folder.path()).contains("is a folder"));
        assert!(said(Path::new("/dev/zero")).contains("is not a file"));
        assert!(said(&folder.path().join("none")).contains("cannot read"));
    }
}
