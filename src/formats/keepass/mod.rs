//! The KeePass family: KDBX databases of versions 3.1 and 4 (KeePass 2, KeePassXC, KeePassDX, Strongbox and others) and the XML that they export.
//!
//! Only fields of one-time passwords, titles, user names, notes, groups and tags are kept of an entry: a password is never looked at. Older
//! versions of an entry are left out, and what lies in the recycle bin is marked as trash. There is no place to give a key file: a database
//! that needs one is to be exported as XML.

mod document;
mod fields;
mod kdbx;
#[cfg(test)]
mod tests;

use super::{Format, FormatError, Imported, Opened};
use document::Document;
use kdbx::Database;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "keepass",
    name: "KeePass database",
    help: "a database of KeePass, KeePassXC or KeePassDX (.kdbx) that has a password and no key file, or its XML export",
    detect: |bytes| bytes.starts_with(kdbx::MAGIC) || document::is_document(bytes),
    read: Some(read),
    write: None,
};

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    if !bytes.starts_with(kdbx::MAGIC) {
        return Document::read(bytes, None).map(|document| Opened::Plain(imported(&document)));
    }
    let database = Database::read(bytes)?;
    Ok(Opened::encrypted(move |password| database.open(password).map(|document| imported(&document))))
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
