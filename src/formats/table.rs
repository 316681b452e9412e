//! CSV of password managers: any table with a column for one-time passwords, found by the names in its first row.
//!
//! Columns of passwords are never read. Names are compared without case, blanks, `_`, `.` and `-`.

use csv::{ReaderBuilder, StringRecord};

use super::json::Number;
use super::loss::Holds;
use super::{Candidate, Format, FormatError, Imported, Opened, Problem, Writer, draft, html};
use crate::otp::{Algorithm, Digits, Kind, Period, uri};
use crate::secret::{Random, Text};
use crate::vault::Details;

/// Any table's row.
pub const FORMAT: Format = Format {
    id: "csv",
    name: "CSV of a password manager",
    help: "CSV of 1Password, Apple Passwords, Bitwarden, Dashlane, Devolutions, KeePassXC, LastPass, Proton Pass, SafeInCloud, Synology C2, or any other with a column totp, otp or otpauth",
    detect: |bytes| header(bytes).is_some_and(|header| is_table(&header)),
    read: Some(read),
    write: None,
};

/// KeePassXC's row.
pub const KEEPASSXC: Format = Format {
    id: "keepassxc-csv",
    name: "KeePassXC CSV",
    help: "KeePassXC: Database, Export, CSV; read back with Import, CSV",
    detect: |bytes| {
        header(bytes).is_some_and(|header| {
            ["group", "title", "username", "totp", "lastmodified"]
                .iter()
                .all(|name| header.iter().any(|found| found == name))
        })
    },
    read: Some(read),
    write: Some(Writer { encrypts: false, plain: true, write, loses: |details| HOLDS.loses(details) }),
};

const HOLDS: Holds = Holds {
    program: "KeePassXC",
    kinds: &[Kind::Totp, Kind::Steam],
    tags: 1,
    note: true,
    favourite: false,
    parameters: true,
};

pub(super) const OTP: &[&str] = &[
    "logintotp",
    "otpauth",
    "totp",
    "otp",
    "otpsecret",
    "otpurl",
    "otpuri",
    "otpauthuri",
    "onetimepassword",
    "twofactor",
    "otpkey",
    "otpkeyitemsensitivedata",
    "totpsecret",
    "2fa",
];
pub(super) const TITLE: &[&str] =
    &["title", "name", "displayname", "issuer", "service", "otpqrcodeapplicationname", "applicationname"];
pub(super) const USER: &[&str] =
    &["username", "login", "loginusername", "account", "user", "otpqrcodeaccountname", "accountname", "email"];
pub(super) const NOTE: &[&str] = &["notes", "note", "extra", "description"];
pub(super) const FOLDER: &[&str] = &["folder", "grouping", "category", "vault", "group", "tags", "collections"];
pub(super) const FAVOURITE: &[&str] = &["favorite", "fav", "favourite", "pinned"];
pub(super) const SECRET_ALONE: &[&str] = &["secret", "key"];

/// A name without what programs write differently.
pub(super) fn bare(name: &str) -> String {
    name.trim()
        .trim_start_matches('\u{feff}')
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Which sign parts the columns of the first row.
fn delimiter(bytes: &[u8]) -> u8 {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| first.iter().filter(|byte| **byte == sign).count();
    [b';', b'\t'].into_iter().fold(b',', |best, sign| if count(sign) > count(best) { sign } else { best })
}

fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    ReaderBuilder::new().flexible(true).has_headers(false).delimiter(delimiter(bytes)).from_reader(bytes)
}

/// The largest table that is read, in bytes: a cell may be one byte and takes many more in memory.
const LARGEST: usize = 32 * 1024 * 1024;
const MOST_COLUMNS: usize = 1000;

/// The names of the first row, bare; `None` when there is no first row of several columns.
fn header(bytes: &[u8]) -> Option<Vec<String>> {
    let head = bytes.trim_ascii_start().first()?;
    if matches!(head, b'{' | b'[' | b'<') || bytes.len() > LARGEST {
        return None;
    }
    let row = reader(bytes).records().next()?.ok().filter(|row| row.len() <= MOST_COLUMNS)?;
    let names: Vec<String> = row.iter().map(bare).collect();
    (names.len() > 1).then_some(names)
}

fn has(header: &[String], names: &[&str]) -> bool {
    header.iter().any(|found| names.contains(&found.as_str()))
}

/// A table of a password manager: with a one-time password column, or with those of names and passwords.
fn is_table(header: &[String]) -> bool {
    has(header, OTP)
        || (has(header, SECRET_ALONE) && (has(header, TITLE) || has(header, USER)))
        || (has(header, &["password", "loginpassword"]) && (has(header, USER) || has(header, &["url"])))
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    if bytes.len() > LARGEST {
        return Err(FormatError::Unsupported("the table is larger than any export of this kind can be".into()));
    }
    let header = header(bytes).ok_or_else(|| FormatError::Damaged("it has no row with the names of columns".into()))?;
    if !has(&header, OTP) && !has(&header, SECRET_ALONE) {
        let mut imported = Imported::default();
        imported.problems.push(Problem {
            place: "the file".into(),
            label: String::new(),
            reason: without_otp(&header).into(),
        });
        return Ok(Opened::Plain(imported));
    }
    read_under(bytes, &header).map(Opened::Plain)
}

/// The first rows of a table, its names before them; `None` when it is none or not UTF-8.
pub(super) fn first_rows(bytes: &[u8], most: usize) -> Option<Vec<Vec<Text>>> {
    header(bytes)?;
    let rows = reader(bytes).into_records().take(most);
    rows.map(|row| Some(row.ok()?.iter().map(Text::from).collect())).collect()
}

/// Reads the rows under the first, as if that one said `header`.
pub(super) fn read_under(bytes: &[u8], header: &[String]) -> Result<Imported, FormatError> {
    let mut imported = Imported::default();
    let otp = if has(header, OTP) { OTP } else { SECRET_ALONE };
    let keepassxc = has(header, &["lastmodified"]);
    for (number, row) in (1..).zip(reader(bytes).records()).skip(1) {
        if imported.is_full() {
            break;
        }
        let place = format!("row {number}");
        let Ok(row) = row else {
            let reason = "the row is not UTF-8 or cannot be read".into();
            imported.push(Err(Problem { place, label: String::new(), reason }));
            continue;
        };
        if let Some(read) = read_row(place, header, &row, otp, keepassxc) {
            imported.push(read);
        }
    }
    Ok(imported)
}

/// Why a table has no column for one-time passwords, by the columns it has.
fn without_otp(header: &[String]) -> &'static str {
    if has(header, &["httprealm"]) {
        "Firefox keeps no one-time passwords: there are none in this file"
    } else if has(header, &["cardholdername"]) {
        "NordPass leaves one-time passwords out of its export: take each key from the app"
    } else if header.starts_with(&["name", "url", "username", "password"].map(String::from)) {
        "Chrome, Edge and Brave keep no one-time passwords: there are none in this file"
    } else {
        "this export has no column for one-time passwords: its program keeps none or leaves them out"
    }
}

/// The first cell that is not empty, of columns so named, the names in the order of their worth.
fn cell<'a>(header: &[String], row: &'a StringRecord, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let places = header.iter().enumerate().filter(|(_, found)| found == name);
        places.filter_map(|(place, _)| row.get(place)).map(str::trim).find(|cell| !cell.is_empty())
    })
}

fn read_row(
    place: String,
    header: &[String],
    row: &StringRecord,
    otp: &[&str],
    keepassxc: bool,
) -> Option<Result<Candidate, Problem>> {
    // Old exports of LastPass are escaped for the page that showed them; a URI that has this in it is no other.
    let escaped = cell(header, row, otp)?;
    let unescaped = escaped.contains("&amp;").then(|| html::unescape(escaped));
    let value = unescaped.as_ref().map_or(escaped, |text| text.as_str());
    let read =
        draft::from_field(place, value, cell(header, row, TITLE).unwrap_or(""), cell(header, row, USER).unwrap_or(""));
    Some(read.and_then(|mut candidate| {
        let details = &mut candidate.details;
        details.note = cell(header, row, NOTE).unwrap_or("").into();
        details.favourite =
            cell(header, row, FAVOURITE).is_some_and(|cell| cell == "1" || cell.eq_ignore_ascii_case("true"));
        if let Some(folder) = cell(header, row, FOLDER) {
            let folder =
                if keepassxc { folder.strip_prefix("Root").unwrap_or(folder).trim_start_matches('/') } else { folder };
            details.tags.extend((!folder.is_empty()).then(|| Text::from(folder)));
        }
        if !uri::is_uri(value) {
            parameters(header, row, &mut candidate)?;
        }
        Ok(candidate)
    }))
}

/// What a table has in columns of its own beside a bare key.
fn parameters(header: &[String], row: &StringRecord, candidate: &mut Candidate) -> Result<(), Problem> {
    let otp = &mut candidate.details.otp;
    let refuse = |reason: &str| Problem {
        place: candidate.place.clone(),
        label: draft::label(&candidate.details.issuer, &candidate.details.account),
        reason: reason.into(),
    };
    if let Some(name) = cell(header, row, &["algorithm", "otphashalgorithm", "hash"]) {
        otp.algorithm = match name {
            "0" => Algorithm::Sha1,
            "1" => Algorithm::Sha256,
            "2" => Algorithm::Sha512,
            name => Algorithm::from_name(name).ok_or_else(|| refuse("its algorithm is not known"))?,
        };
    }
    if let Some(text) = cell(header, row, &["digits", "otpcodesize", "codesize"]) {
        otp.digits = match text.to_ascii_lowercase().as_str() {
            "six" | "0" => otp.digits,
            "eight" | "1" => Digits::new(8).unwrap_or(otp.digits),
            text => Number::of(text).get().and_then(Digits::new).ok_or_else(|| refuse("a code has 1 to 10 digits"))?,
        };
    }
    if let Some(text) = cell(header, row, &["period", "otptimestep", "timestep", "interval"]) {
        otp.period = match Number::of(text) {
            Number::Is(0) => otp.period,
            number => number.get().and_then(Period::new).ok_or_else(|| refuse("a period is from 1 to 86400 s"))?,
        };
    }
    if let Some(text) = cell(header, row, &["counter"])
        && cell(header, row, &["type", "kind"]).is_some_and(|kind| kind.eq_ignore_ascii_case("hotp"))
    {
        otp.kind = Kind::Hotp;
        otp.counter = Number::of(text).get().ok_or_else(|| refuse("the counter is not a number from 0"))?;
    }
    Ok(())
}

fn write(entries: &[Details], _: Option<&Text>, _: &mut dyn Random) -> Result<Vec<u8>, FormatError> {
    let broken = |_| FormatError::Damaged("the table cannot be written".into());
    let mut out = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
    out.write_record([
        "Group",
        "Title",
        "Username",
        "Password",
        "URL",
        "Notes",
        "TOTP",
        "Icon",
        "Last Modified",
        "Created",
    ])
    .map_err(broken)?;
    for details in entries.iter().filter(|details| HOLDS.holds(&details.otp)) {
        let mut uri = uri::write(&details.otp, &details.issuer, &details.account);
        if details.otp.kind == Kind::Steam {
            uri = Text::from(format!("{}&encoder=steam", uri.replacen("otpauth://steam/", "otpauth://totp/", 1)));
        }
        let group = details.tags.first().map_or("Root".to_owned(), |tag| format!("Root/{}", tag.as_str()));
        let note = super::note_with_recovery_codes(details);
        out.write_record([
            group.as_str(),
            &details.issuer,
            &details.account,
            "",
            "",
            &note,
            &uri,
            "0",
            "2000-01-01T00:00:00Z",
            "2000-01-01T00:00:00Z",
        ])
        .map_err(broken)?;
    }
    out.into_inner().map_err(|_| FormatError::Damaged("the table cannot be written".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn a_table_of_countless_columns_or_bytes_is_none() {
        assert!(header(format!("totp{}", ",".repeat(MOST_COLUMNS - 1)).as_bytes()).is_some());
        assert!(header(format!("totp{}", ",".repeat(MOST_COLUMNS)).as_bytes()).is_none());
        let long = format!("name,totp\n{}", "\n".repeat(LARGEST));
        assert!(header(long.as_bytes()).is_none() && matches!(read(long.as_bytes()), Err(FormatError::Unsupported(_))));
    }

    #[test]
    fn what_is_written_reads_back() {
        samples::round_trip(&KEEPASSXC, |details| {
            details.favourite = false;
            details.tags.truncate(1);
        });
    }

    #[test]
    fn any_table_with_a_column_for_it() {
        let file = "\u{feff}Name;User_Name;Password;OTP;Period;Digits;Hash\r\nBank;me;pw;mzxw 6;60;8;sha-256\r\nempty;x;pw;;;;\r\nlong;a;b;MZXW6;;;;;;\r\nbad;a;b;M1;;;\r\n";
        assert!((FORMAT.detect)(file.as_bytes()));
        let imported = samples::plain(&FORMAT, file.as_bytes());
        assert_eq!((imported.entries.len(), imported.problems.len()), (2, 1));
        let bank = &imported.entries[0].details;
        assert_eq!((bank.issuer.as_str(), bank.account.as_str()), ("Bank", "me"));
        assert_eq!((bank.otp.period.get(), bank.otp.digits.get(), bank.otp.algorithm.name()), (60, 8, "SHA256"));
        assert_eq!((imported.problems[0].place.as_str(), imported.problems[0].label.as_str()), ("row 5", "bad:a"));
    }

    #[test]
    fn an_escaped_uri_keeps_its_parameters() {
        let file = b"url,username,password,totp,extra,name,grouping,fav\nx,me,pw,otpauth://totp/a?secret=MZXW6&amp;digits=8&amp;period=60,,Bank,,0\n";
        let otp = samples::plain(&FORMAT, file).entries.remove(0).details.otp;
        assert_eq!((otp.digits.get(), otp.period.get()), (8, 60));
    }

    #[test]
    fn a_table_without_one_says_so() {
        let imported = samples::plain(&FORMAT, b"name,url,username,password\na,b,c,d\n");
        assert!(imported.entries.is_empty() && imported.problems[0].reason.contains("Chrome"));
        for (header, words) in [
            ("url,username,password,httpRealm,guid", "Firefox"),
            ("name,url,username,password,note,cardholdername,folder", "NordPass"),
            ("login,url,password", "no column"),
        ] {
            let imported = samples::plain(&FORMAT, format!("{header}\na,b,c,d,e,f,g\n").as_bytes());
            assert!(imported.entries.is_empty() && imported.problems[0].reason.contains(words), "{words}");
        }
        assert!(!(FORMAT.detect)(b"just, a sentence\n"));
    }
}
