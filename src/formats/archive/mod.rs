//! Zip archives: which member is read, by which row, and the row for archives no program's own row knows.
//!
//! An archive in an archive is never opened, and all that is unpacked together stays within the size of one file.

mod directory;
pub(super) mod gzip;
mod member;
#[cfg(test)]
pub(super) mod tests;

use serde_json::Value;

use super::json::Document;
use super::registry::LARGEST;
use super::{Derivations, Format, FormatError, Opened, Read, registry};
use crate::secret::Text;
use crate::text;
use directory::{Archive, is_archive};
#[cfg(test)]
pub(super) use member::crc32;

/// The registry's row of archives that hold one file of a known format.
pub(super) const FORMAT: Format = Format {
    id: "zip",
    name: "Zip archive",
    help: "WinAuth: Export, with a password; Dashlane: Export to CSV; any zip archive with one file that tickey reads, encrypted or not",
    detect: is_archive,
    read: Some(|bytes| open(bytes, only_known)),
    write: None,
};

/// Whether it is an archive with a file of that name in it.
pub(super) fn holds(bytes: &[u8], name: &str) -> bool {
    is_archive(bytes) && Archive::read(bytes).is_ok_and(|archive| archive.find(name).is_some())
}

/// Whether it is an archive with a JSON file of that name in it, or such a file itself.
pub(super) fn holds_or_is(bytes: &[u8], name: &str, is_one: fn(&Value) -> bool) -> bool {
    holds(bytes, name) || Document::probe(bytes).is_some_and(|file| is_one(&file.0))
}

/// Reads the file of that name when `bytes` are an archive, else `bytes` themselves.
///
/// # Errors
/// [`FormatError`] of the archive or of `read`.
pub(super) fn read_within(bytes: &[u8], name: &'static str, read: Read) -> Result<Opened, FormatError> {
    if !is_archive(bytes) {
        return read(bytes);
    }
    open(bytes, move |archive, password, keys| {
        let member = archive
            .find(name)
            .ok_or_else(|| FormatError::Damaged(format!("there is no {name} in it, but {}", names(archive))))?;
        read(&member.open(password, keys)?)
    })
}

/// Opens an archive at once, or with a password when what is read of it needs one.
fn open(
    bytes: &[u8],
    read: impl Fn(&Archive, Option<&Text>, &mut Derivations) -> Result<Opened, FormatError> + Send + 'static,
) -> Result<Opened, FormatError> {
    match read(&Archive::read(bytes)?, None, &mut Derivations::default()) {
        Err(FormatError::WrongPassword) => {}
        plain => return plain,
    }
    let bytes = bytes.to_vec();
    Ok(Opened::encrypted(move |password, keys| match read(&Archive::read(&bytes)?, Some(password), keys)? {
        Opened::Plain(imported) => Ok(imported),
        Opened::Encrypted(inner) => inner.open_within(password, keys).map_err(|wrong| match wrong {
            FormatError::WrongPassword | FormatError::WrongPasswordOrDamaged | FormatError::WrongPasswordOrKeyFile => {
                FormatError::Unsupported(
                    "the file in the archive has a password of its own: unpack it and import that".into(),
                )
            }
            other => other,
        }),
    }))
}

/// Reads the one file of a known format.
fn only_known(archive: &Archive, password: Option<&Text>, keys: &mut Derivations) -> Result<Opened, FormatError> {
    // Dashlane's archive has a table for each kind of item.
    let one = archive.find("credentials.csv").or(match archive.members.as_slice() {
        [one] => Some(one),
        _ => None,
    });
    if let Some(one) = one {
        return read_member(&one.open(password, keys)?);
    }
    if archive.members.iter().fold(0, |sum: usize, member| sum.saturating_add(member.size())) > LARGEST {
        let words =
            format!("what is in the archive is larger than {} MiB: unpack it and import one file", LARGEST >> 20);
        return Err(FormatError::Unsupported(words));
    }
    let mut found = None;
    for member in &archive.members {
        let plain = member.open(password, keys)?;
        if is_archive(&plain) || registry::detect(&plain).is_err() {
            continue;
        }
        if found.replace(plain).is_some() {
            let words =
                format!("the archive holds several files to import: unpack it and take one of {}", names(archive));
            return Err(FormatError::Unsupported(words));
        }
    }
    match found {
        Some(plain) => read_member(&plain),
        None if archive.members.is_empty() => Err(FormatError::Damaged("the archive is empty".into())),
        None => {
            Err(FormatError::Unsupported(format!("nothing in the archive is of a known format: {}", names(archive))))
        }
    }
}

fn read_member(plain: &[u8]) -> Result<Opened, FormatError> {
    if is_archive(plain) {
        return Err(FormatError::Unsupported("there is an archive in the archive: unpack the outer one".into()));
    }
    registry::read(plain, None).map(|(_, opened)| opened)
}

/// What is in an archive, in a few words.
fn names(archive: &Archive) -> String {
    const SHOWN: usize = 5;
    let names: Vec<String> = archive.members.iter().take(SHOWN).map(|member| text::fit(&member.name, 40)).collect();
    match archive.members.len().saturating_sub(SHOWN) {
        _ if names.is_empty() => "nothing".into(),
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
