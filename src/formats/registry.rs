//! The table of formats, and recognition by content.

use std::path::{Path, PathBuf};

use super::{
    Format, FormatError, Opened, aegis, age, andotp, archive, authenticator_plus, authy, battlenet, bitwarden, cotp,
    devolutions, duo, enpass, ente, extension, freeotp, google, google_sqlite, html, json, keepass, keeper, lastpass,
    microsoft, onepassword, otp_auth, otpclient, picture, proton, proton_pass, raivo, safeincloud, sheet, steam,
    stratum, stratum_sqlite, table, terminal, totp_authenticator, totp_cli, twofas, twofauth, uri_list,
};
use crate::secret::{Random, Text};
use crate::vault::Details;

/// The largest file that is looked at, in bytes.
pub const LARGEST: usize = 64 * 1024 * 1024;

/// Every format, in the order in which they are tried: those with a mark of their own first, lists of lines last.
pub static FORMATS: &[Format] = &[
    picture::FORMAT,
    age::FORMAT,
    stratum::FORMAT,
    stratum_sqlite::FORMAT,
    google_sqlite::FORMAT,
    microsoft::FORMAT,
    keepass::FORMAT,
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
    safeincloud::FORMAT,
    totp_cli::FORMAT,
    html::FORMAT,
    google::FORMAT,
    google::PICTURES,
    sheet::FORMAT,
    terminal::GAUTH,
    uri_list::FORMAT,
    terminal::TWO_FA,
    table::KEEPASSXC,
    table::FORMAT,
    andotp::FORMAT,
];

/// How files begin that are known but not read, and what to do about them.
const NOT_READ: &[(&[u8], &str)] = &[
    (
        b"\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5",
        "this is a KeePass 1 database: import it in KeePassXC and import the database made of it",
    ),
    (
        b"SQLite format 3\0",
        "this is a database that no known app keeps its codes in, or it is damaged: export from the app and import that",
    ),
    (b"-----BEGIN PGP", "this is encrypted with OpenPGP: open it with gpg -d and import what comes out"),
];

/// What is said of bytes that begin like nothing and are no text.
const WITHOUT_MARK: &str = "what OTPClient 1, old andOTP and Authenticator Plus's database encrypt has no mark to be known by: \
    name its format, otpclient, andotp or authenticator-plus";

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
        if std::str::from_utf8(&bytes).is_err() {
            return FormatError::Unknown { tried: WITHOUT_MARK.into() };
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

/// Writes entries as the files of a format: one, or as many as pictures of Google's codes take. See [`file_names`].
///
/// # Errors
/// [`FormatError`]: the format is only read, or what its writer says.
pub fn write(
    format: &Format,
    entries: &[Details],
    password: Option<&Text>,
    random: &mut dyn Random,
) -> Result<Vec<Vec<u8>>, FormatError> {
    if format.id == google::PICTURES.id {
        return google::pictures(entries, random);
    }
    let Some(writer) = &format.write else {
        return Err(FormatError::Unsupported(format!("{} files can be read but not written", format.name)));
    };
    Ok(vec![(writer.write)(entries, password, random)?])
}

/// What to know of a file before it is opened with something else than the program it is for; nothing for most.
pub fn warning<'a>(format: &Format, entries: impl Iterator<Item = &'a Details>) -> Option<String> {
    let count = match format.id == table::KEEPASSXC.id {
        true => entries.filter(|details| table::has_formula(details)).count(),
        false => 0,
    };
    let entries = if count == 1 { "1 entry has" } else { &format!("{count} entries have") };
    (count > 0).then(|| {
        format!(
            "{entries} a cell that begins with =, +, - or @, which a spreadsheet runs as a formula: import the file, do not open it in one"
        )
    })
}

/// The names of `count` files where `path` was asked for: `codes.png`, or `codes-1-of-3.png` and so on.
pub fn file_names(path: &Path, count: usize) -> Vec<PathBuf> {
    if count <= 1 {
        return vec![path.to_owned()];
    }
    let stem = path.file_stem().unwrap_or_default();
    let numbered = |number: usize| {
        let mut name = stem.to_owned();
        name.push(format!("-{number}-of-{count}"));
        if let Some(extension) = path.extension() {
            name.push(".");
            name.push(extension);
        }
        path.with_file_name(name)
    };
    (1..=count).map(numbered).collect()
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
        assert!(
            matches!(read(&[0xfe; 2048], None), Err(FormatError::Unknown { tried }) if tried.contains("authenticator-plus"))
        );
        assert!(matches!(read(b"", None), Err(FormatError::Damaged(_))));
        assert!(matches!(read(b"x", Some("nothing")), Err(FormatError::Unsupported(_))));
    }

    #[test]
    fn several_files_are_numbered() {
        let names = |path: &str, count| {
            file_names(Path::new(path), count).iter().map(|name| name.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names("a/codes.png", 1), ["a/codes.png"]);
        assert_eq!(names("a/codes.png", 2), ["a/codes-1-of-2.png", "a/codes-2-of-2.png"]);
        assert_eq!(names("codes", 2), ["codes-1-of-2", "codes-2-of-2"]);
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
