//! CSV of password managers: any table with a column for one-time passwords, found by the names in its first row.
//!
//! Columns of passwords are never read. Names are compared without case, blanks, `_`, `.` and `-`. A row whose columns of parameters
//! (`parameters`) are not all understood, or that say something else than its link, is refused: it is never guessed.

use csv::{ReaderBuilder, StringRecord};

use super::draft::{Draft, Key};
use super::json::{Number, Word};
use super::loss::Holds;
use super::parameters::{ALGORITHM, COUNTER, DIGITS, ENCODING, KIND, PERIOD, Says};
use super::{Candidate, Format, FormatError, Imported, Opened, Problem, Writer, draft, html, parameters};
use crate::otp::{Algorithm, Kind, Otp, links, uri};
use crate::secret::{Random, Text};
use crate::text;
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
    "totpkey",
    "totpurl",
    "totpuri",
    "otpauthurl",
    "2fa",
    "2fasecret",
    "mfasecret",
];
pub(super) const TITLE: &[&str] =
    &["title", "name", "displayname", "issuer", "service", "otpqrcodeapplicationname", "applicationname"];
pub(super) const USER: &[&str] =
    &["username", "login", "loginusername", "account", "user", "otpqrcodeaccountname", "accountname", "email"];
pub(super) const NOTE: &[&str] = &["notes", "note", "extra", "description"];
pub(super) const FOLDER: &[&str] = &["folder", "grouping", "category", "vault", "group", "tags", "collections"];
pub(super) const FAVOURITE: &[&str] = &["favorite", "fav", "favourite", "pinned"];
pub(super) const SECRET_ALONE: &[&str] = &["secret", "key", "secretkey", "sharedsecret", "seed"];

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

/// How many cells a row has up to the last that is not empty.
fn used<'r>(cells: impl Iterator<Item = &'r str>) -> usize {
    (1..).zip(cells).filter(|(_, cell)| !cell.trim().is_empty()).last().map_or(0, |(place, _)| place)
}

/// Reads the rows under the first, as if that one said `header`.
pub(super) fn read_under(bytes: &[u8], header: &[String]) -> Result<Imported, FormatError> {
    let mut imported = Imported::default();
    let otp = if has(header, OTP) { OTP } else { SECRET_ALONE };
    let keepassxc = has(header, &["lastmodified"]);
    let mut table = reader(bytes);
    let mut rows = (1..).zip(table.records());
    let first = rows.next().and_then(|(_, row)| row.ok()).unwrap_or_default();
    let columns = used(first.iter()).max(used(header.iter().map(String::as_str)));
    for (number, row) in rows {
        if imported.is_full() {
            break;
        }
        let place = format!("row {number}");
        let cells = row.as_ref().map_or(0, |row| used(row.iter()));
        // No name is shown: it may be another cell's.
        let mut refuse = |reason| imported.push(Err(Problem { place: place.clone(), label: String::new(), reason }));
        let Ok(row) = row else {
            refuse("the row is not UTF-8 or cannot be read".into());
            continue;
        };
        if cells > columns {
            refuse(format!(
                "it has {cells} cells under {columns} names of columns, so some stand under a wrong one: put what holds the sign between columns in quotes"
            ));
            continue;
        }
        read_row(&place, Cells { header, row: &row }, otp, keepassxc, &mut imported);
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

/// Columns whose cells are never shown.
const PASSWORD: &[&str] = &["password", "passwort", "loginpassword", "pin"];

/// A row and the names over it.
#[derive(Clone, Copy)]
struct Cells<'r> {
    header: &'r [String],
    row: &'r StringRecord,
}

impl<'r> Cells<'r> {
    /// The cells that are not empty, of columns so named, with those names; the names in the order of their worth.
    fn all(self, names: &'r [&str]) -> impl Iterator<Item = (&'r str, &'r str)> {
        names
            .iter()
            .flat_map(move |name| {
                let places = self.header.iter().enumerate().filter(move |(_, found)| found == name);
                places.filter_map(move |(place, _)| Some((*name, self.row.get(place)?.trim())))
            })
            .filter(|(_, cell)| !cell.is_empty())
    }

    /// The first of them.
    fn first(self, names: &'r [&str]) -> Option<&'r str> {
        self.all(names).next().map(|(_, cell)| cell)
    }

    /// Why a cell is refused, with what stands in it, unless that might be a secret in the wrong column.
    fn not_understood(self, heading: &str, cell: &str) -> String {
        let run = |is: fn(u8) -> bool| cell.split(|letter| !u8::try_from(letter).is_ok_and(is)).map(str::len).max();
        let base32 = run(|letter| letter.is_ascii_alphabetic() || (b'2'..=b'7').contains(&letter)).unwrap_or(0);
        let hex = run(|letter| letter.is_ascii_hexdigit()).unwrap_or(0);
        let others = || self.all(&[OTP, SECRET_ALONE, PASSWORD].concat()).any(|(_, secret)| secret.contains(cell));
        let hidden = base32 > 9 || hex > 9 || links::within(cell) || self.row.len() != self.header.len() || others();
        let what = if hidden { "what stands".to_owned() } else { format!("{:?}", text::fit(cell, 24)) };
        format!("{what} in the column {} is not understood: say what the columns hold", text::fit(heading, 24))
    }

    /// What the only one of these columns says, or several that say the same; nothing when all are empty.
    ///
    /// # Errors
    /// Which column is not understood, or that two disagree.
    fn one<T: PartialEq>(self, names: &'r [&str], read: impl Fn(&str, &str) -> Option<T>) -> Result<Option<T>, String> {
        let mut found: Option<T> = None;
        for (name, cell) in self.all(names) {
            let said = read(name, cell).ok_or_else(|| self.not_understood(name, cell))?;
            if found.as_ref().is_some_and(|found| *found != said) {
                return Err(format!("the column {} and another say different things", text::fit(name, 24)));
            }
            found = Some(said);
        }
        Ok(found)
    }
}

/// What the columns beside a key say of its codes.
struct Said {
    kind: Option<Kind>,
    algorithm: Option<Algorithm>,
    digits: Number,
    period: Number,
    counter: Number,
}

impl Said {
    /// # Errors
    /// Which column is not understood.
    fn read(cells: Cells<'_>) -> Result<Said, String> {
        let number = |names, read: fn(&str, &str) -> Number| {
            let known = |name: &str, cell: &str| Some(read(name, cell)).filter(|number| *number != Number::Broken);
            Ok::<_, String>(cells.one(names, known)?.unwrap_or(Number::Absent))
        };
        let mut kinds: Option<Says> = None;
        for (name, cell) in cells.all(KIND) {
            match parameters::kind(cell) {
                Says::Nothing => {}
                Says::Unknown => return Err(cells.not_understood(name, cell)),
                says if kinds.is_some_and(|kinds| kinds != says) => {
                    return Err("two columns name different kinds".into());
                }
                says => kinds = Some(says),
            }
        }
        let algorithm = cells.one(ALGORITHM, |name, cell| parameters::algorithm(name, cell).ok())?.flatten();
        let by_kind = match kinds {
            Some(Says::Algorithm(algorithm)) => Some(algorithm),
            _ => None,
        };
        if by_kind.is_some() && algorithm.is_some() && by_kind != algorithm {
            return Err("two columns name different algorithms".into());
        }
        Ok(Said {
            kind: match kinds {
                Some(Says::Kind(kind)) => Some(kind),
                _ => None,
            },
            algorithm: algorithm.or(by_kind),
            digits: number(DIGITS, parameters::digits)?,
            period: number(PERIOD, |_, cell| parameters::period(cell))?,
            counter: number(COUNTER, |_, cell| parameters::counter(cell))?,
        })
    }

    /// Whether a link's codes are made of what the columns say, where they say something.
    fn agrees(&self, otp: &Otp) -> bool {
        let fits = |said: Number, is: u64| matches!(said, Number::Absent | Number::Is(0)) || said == Number::Is(is);
        let free = matches!(otp.kind, Kind::Totp | Kind::Hotp);
        self.kind.is_none_or(|kind| kind == otp.kind || (kind, otp.kind) == (Kind::Totp, Kind::Steam))
            && (!free || self.algorithm.is_none_or(|algorithm| algorithm == otp.algorithm))
            && (!free || fits(self.digits, u64::from(otp.digits.get())))
            && (!otp.is_timed() || fits(self.period, otp.period.get()))
            && (otp.is_timed() || fits(self.counter, otp.counter))
    }
}

/// What ends a line in a cell, in one program or another.
const LINE_ENDS: [char; 7] = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// Reads a row into `imported`: nothing when it has no one-time password.
fn read_row(place: &str, cells: Cells<'_>, otp: &[&str], keepassxc: bool, imported: &mut Imported) {
    let names = (cells.first(TITLE).unwrap_or(""), cells.first(USER).unwrap_or(""));
    let refuse = |reason: String| Problem { place: place.to_owned(), label: draft::label(names.0, names.1), reason };
    // Old exports of LastPass are escaped for the page that showed them; a URI that has this in it is no other.
    let values: Vec<Text> = cells
        .all(otp)
        .map(|(_, cell)| if cell.contains("&amp;") { Text::from(html::unescape(cell).as_str()) } else { cell.into() })
        .collect();
    // Joined, the lines would be a key, and nobody says that they are one.
    if values.iter().flat_map(|value| links::split(value)).any(|piece| piece.contains(LINE_ENDS)) {
        imported.push(Err(refuse("its secret stands on several lines: write it on one, and nothing else".into())));
        return;
    }
    // A link says more than a key beside it.
    let Some(value) = values.iter().find(|value| links::is_link(value)).or(values.first()) else { return };
    let dress = |candidate: &mut Candidate| {
        let details = &mut candidate.details;
        details.note = cells.first(NOTE).unwrap_or("").into();
        details.favourite = cells.first(FAVOURITE).is_some_and(|cell| cell == "1" || cell.eq_ignore_ascii_case("true"));
        if let Some(folder) = cells.first(FOLDER) {
            let folder =
                if keepassxc { folder.strip_prefix("Root").unwrap_or(folder).trim_start_matches('/') } else { folder };
            details.tags.extend((!folder.is_empty()).then(|| Text::from(folder)));
        }
    };
    let mut read = Imported::default();
    if links::is_link(value) {
        draft::from_item(place, std::iter::once(&**value), names, &mut read, dress);
        if let [only] = read.entries.as_slice()
            && Said::read(cells).is_ok_and(|said| !said.agrees(&only.details.otp))
        {
            read = Imported::default();
            read.push(Err(refuse("its link and a column beside it say different things of its codes".into())));
        }
    } else {
        read.push(read_key(place.to_owned(), value, cells, names).map(|mut candidate| {
            dress(&mut candidate);
            candidate
        }));
    }
    let same = |other: &Text, otp: &Otp| match uri::parse(other) {
        Ok(link) => link.otp.secret == otp.secret,
        Err(_) => uri::base32_secret(other).is_ok_and(|secret| secret == otp.secret),
    };
    if let [only] = read.entries.as_slice()
        && !values.iter().filter(|other| *other != value).all(|other| same(other, &only.details.otp))
    {
        read = Imported::default();
        read.push(Err(refuse("two of its columns hold different secrets".into())));
    }
    read.entries.into_iter().map(Ok).chain(read.problems.into_iter().map(Err)).for_each(|read| imported.push(read));
}

/// A bare key with what the columns beside it say.
fn read_key(place: String, key: &str, cells: Cells<'_>, names: (&str, &str)) -> Result<Candidate, Problem> {
    let said = Said::read(cells).and_then(|said| {
        let known = [
            OTP,
            SECRET_ALONE,
            TITLE,
            USER,
            NOTE,
            FOLDER,
            FAVOURITE,
            ALGORITHM,
            DIGITS,
            PERIOD,
            COUNTER,
            KIND,
            ENCODING,
        ];
        let unknown = cells.header.iter().zip(cells.row).find(|(name, cell)| {
            let is_known = known.iter().any(|names| names.contains(&name.as_str()));
            !is_known && !cell.trim().is_empty() && parameters::looks_like_one(name)
        });
        unknown.map_or(Ok(said), |(name, cell)| Err(cells.not_understood(name, cell.trim())))
    });
    let encoding = cells.one(ENCODING, |_, cell| match bare(cell).as_str() {
        "base32" | "32" => Some(false),
        "hex" | "base16" | "16" | "hexadecimal" => Some(true),
        _ => None,
    });
    let refuse =
        |place: &str, reason| Problem { place: place.to_owned(), label: draft::label(names.0, names.1), reason };
    let (said, hex) =
        said.and_then(|said| Ok((said, encoding? == Some(true)))).map_err(|reason| refuse(&place, reason))?;
    let counts = !matches!(said.counter, Number::Absent);
    let kind = match said.kind {
        Some(kind) => kind,
        None if counts && said.period != Number::Absent => {
            let reason = "it has a counter and a period, and no column says which of the two makes its codes".into();
            return Err(refuse(&place, reason));
        }
        None if counts => Kind::Hotp,
        None => Kind::Totp,
    };
    if matches!(kind, Kind::Motp | Kind::Yandex) {
        return Err(refuse(&place, format!("a {} code needs a PIN, and no column holds one", kind.name())));
    }
    let mut draft =
        Draft::new(place, if hex { Key::Hex(key) } else { Key::Base32(key) }).named(Some(names.0), Some(names.1));
    draft.kind = Ok(kind);
    draft.algorithm = said.algorithm.map_or(Word::Absent, |algorithm| Word::Is(algorithm.name()));
    (draft.digits, draft.period, draft.counter) = (said.digits, said.period, said.counter);
    draft.finish()
}

/// Whether a cell of that entry would be a formula in a spreadsheet. It is written as it is, or reading it back would give another name.
pub(super) fn has_formula(details: &Details) -> bool {
    let note = super::note_with_recovery_codes(details);
    let cells = [&*details.issuer, &*details.account, &*note];
    HOLDS.holds(&details.otp) && cells.iter().any(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r']))
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
#[path = "table_tests.rs"]
mod tests;
