//! The table of formats, and recognition by content.

use super::{
    Format, FormatError, Opened, aegis, andotp, archive, authenticator_plus, authy, battlenet, bitwarden, cotp,
    devolutions, duo, enpass, ente, extension, freeotp, google, html, json, keeper, lastpass, onepassword, otp_auth,
    otpclient, picture, proton, proton_pass, raivo, steam, stratum, table, terminal, totp_authenticator, twofas,
    twofauth, uri_list,
};

/// The largest file that is looked at, in bytes.
pub const LARGEST: usize = 64 * 1024 * 1024;

/// Every format, in the order in which they are tried: those with a mark of their own first, lists of lines last.
pub static FORMATS: &[Format] = &[
    picture::FORMAT,
    stratum::FORMAT,
    otpclient::FORMAT,
    otp_auth::FORMAT,
    aegis::FORMAT,
    twofas::FORMAT,
    freeotp::PLUS,
    freeotp::FORMAT,
    authy::FORMAT,
    battlenet::FORMAT,
    totp_authenticator::FORMAT,
    ente::FORMAT,
    proton::FORMAT,
    bitwarden::FORMAT,
    twofauth::FORMAT,
    lastpass::FORMAT,
    steam::FORMAT,
    keeper::FORMAT,
    enpass::FORMAT,
    cotp::FORMAT,
    duo::FORMAT,
    raivo::FORMAT,
    devolutions::FORMAT,
    extension::FORMAT,
    onepassword::FORMAT,
    proton_pass::FORMAT,
    authenticator_plus::FORMAT,
    archive::FORMAT,
    html::FORMAT,
    google::FORMAT,
    uri_list::FORMAT,
    terminal::TWO_FA,
    table::KEEPASSXC,
    table::FORMAT,
    terminal::GAUTH,
    andotp::FORMAT,
];

/// How files begin that are known but not read, and what to do about them.
const NOT_READ: &[(&[u8], &str)] = &[
    (
        b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5",
        "this is a KeePass database: export it from KeePassXC as CSV and import that",
    ),
    (b"SQLite format 3\0", "this is a database of an app: export from the app and import that"),
    (b"-----BEGIN PGP", "this is encrypted with OpenPGP: open it with gpg -d and import what comes out"),
    (b"age-encryption.org", "this is encrypted with age: open it with age -d and import what comes out"),
];

/// The format of that id.
pub fn by_id(id: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.id == id)
}

/// The format these bytes look like.
///
/// # Errors
/// [`FormatError::Unknown`] saying what was tried.
pub fn detect(bytes: &[u8]) -> Result<&'static Format, FormatError> {
    let bytes = zeroize::Zeroizing::new(json::skeleton(bytes).into_owned());
    FORMATS.iter().find(|format| (format.detect)(&bytes)).ok_or_else(|| {
        if let Some((_, words)) = NOT_READ.iter().find(|(start, _)| bytes.starts_with(start)) {
            return FormatError::Unsupported((*words).into());
        }
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        FormatError::Unknown { tried: names.join(", ") }
    })
}

/// Reads bytes as the format of that id, or as what they look like.
///
/// # Errors
/// [`FormatError`]: no such format, one that is only written, none that the bytes look like, or what the reader says.
pub fn read(bytes: &[u8], format: Option<&str>) -> Result<(&'static Format, Opened), FormatError> {
    if bytes.is_empty() {
        return Err(FormatError::Damaged("it is empty".into()));
    }
    if bytes.len() > LARGEST {
        return Err(FormatError::Unsupported(format!("the file is larger than {} MiB", LARGEST >> 20)));
    }
    let format = match format {
        None => detect(bytes)?,
        Some(id) => by_id(id).ok_or_else(|| {
            let ids: Vec<&str> = FORMATS.iter().map(|format| format.id).collect();
            FormatError::Unsupported(format!("there is no format of that name; there are: {}", ids.join(", ")))
        })?,
    };
    let read =
        format.read.ok_or_else(|| FormatError::Unsupported(format!("{} can be written but not read", format.name)))?;
    Ok((format, read(bytes)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_unique_and_words_are_there() {
        for (index, format) in FORMATS.iter().enumerate() {
            assert!(FORMATS.iter().skip(index + 1).all(|other| other.id != format.id), "{} twice", format.id);
            assert!(format.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            assert!(!format.name.is_empty() && !format.help.is_empty());
            assert!(format.read.is_some() || format.write.is_some());
        }
    }

    #[test]
    fn what_is_of_no_format_is_said() {
        assert!(matches!(read(b"hello", None), Err(FormatError::Unknown { tried }) if tried.contains("Aegis")));
        assert!(
            matches!(read(b"SQLite format 3\0", None), Err(FormatError::Unsupported(words)) if words.contains("app"))
        );
        assert!(matches!(read(b"", None), Err(FormatError::Damaged(_))));
        assert!(matches!(read(b"x", Some("nothing")), Err(FormatError::Unsupported(_))));
    }

    proptest! {
        #[test]
        fn nothing_makes_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, None);
            for format in FORMATS {
                let _ = read(&bytes, Some(format.id));
            }
        }
    }
}
