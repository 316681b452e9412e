//! The KeePass family: KDBX databases of versions 3.1 and 4 (KeePass 2, KeePassXC, KeePassDX, Strongbox and others) and the XML that they export.
//!
//! Only fields of one-time passwords, titles, user names, notes, groups and tags are kept of an entry: a password is never looked at. Older
//! versions of an entry are left out, and what lies in the recycle bin is marked as trash.

mod document;
mod fields;
mod kdbx;
mod key_file;
#[cfg(test)]
mod tests;

use super::{Format, FormatError, Imported, Opened};
use document::Document;
use kdbx::Database;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "keepass",
    name: "KeePass database",
    help: "a database of KeePass, KeePassXC or KeePassDX (.kdbx), with its key file if it has one, or its XML export",
    detect: |bytes| is_database(bytes) || document::is_document(bytes),
    read: Some(read),
    write: None,
};

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    if !is_database(bytes) {
        return Document::read(bytes, None).map(|document| Opened::Plain(imported(&document)));
    }
    let database = Database::read(bytes)?;
    Ok(Opened::encrypted(move |password, keys| database.open(password, None, keys).map(|document| imported(&document))))
}

/// Reads a database that may have that key file beside its password. One that has not is opened all the same.
///
/// # Errors
/// As any format's reader; [`FormatError::Damaged`] for the key file, too.
pub fn read_with_key_file(bytes: &[u8], file: &[u8]) -> Result<Opened, FormatError> {
    let database = Database::read(bytes)?;
    let part = key_file::part(file)?;
    Ok(Opened::encrypted(move |password, keys| {
        let opened = match database.open(password, Some(&part), keys) {
            Err(FormatError::WrongPasswordOrKeyFile) => database.open(password, None, keys),
            opened => opened,
        };
        opened.map(|document| imported(&document))
    }))
}

/// Whether it is a database, encrypted.
pub fn is_database(bytes: &[u8]) -> bool {
    bytes.starts_with(kdbx::MAGIC)
}

fn imported(document: &Document) -> Imported {
    let mut imported = Imported::default();
    for (number, entry) in (1..).zip(&document.entries) {
        fields::read(number, entry, &mut imported);
    }
    imported
}

fn damaged(what: impl Into<String>) -> FormatError {
    FormatError::Damaged(what.into())
}
