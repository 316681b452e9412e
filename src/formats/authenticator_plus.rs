//! Authenticator Plus: its encrypted zip archive with a list of URIs in it.

use super::{Format, FormatError, Opened, archive, uri_list};

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "authenticator-plus",
    name: "Authenticator Plus",
    help: "Authenticator Plus: Settings, Export as text and HTML (a zip archive with Accounts.txt)",
    detect: |bytes| archive::holds(bytes, MEMBER),
    read: Some(|bytes| archive::read_within(bytes, MEMBER, read)),
    write: None,
};

const MEMBER: &str = "Accounts.txt";

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    if uri_list::detect(bytes) {
        return uri_list::read(bytes);
    }
    Err(FormatError::Unsupported("its database is not read: export as text and import that archive".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::archive::tests::{Lock, pack};
    use crate::formats::{registry, samples};

    #[test]
    fn the_list_in_its_archive() {
        let list = "otpauth://totp/A:b?secret=MZXW6\notpauth://steam/Steam:me?secret=MZXW6\n";
        for lock in [Lock::ZipCrypto("word"), Lock::Aes("word", 256)] {
            let file = pack(&[("Accounts.txt", list), ("Accounts.html", "<html></html>")], lock);
            assert_eq!(registry::detect(&file).unwrap().id, FORMAT.id);
            assert_eq!(samples::with_password(&FORMAT, &file, "word").unwrap().entries.len(), 2);
        }
        assert!(matches!(registry::read(&[7; 2048], Some(FORMAT.id)), Err(FormatError::Unsupported(_))));
    }
}
