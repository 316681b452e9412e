//! A table whose columns a person names: which column holds what, and a look at the table that shows nothing a person has not called harmless.

use super::{FormatError, Imported, parameters, table};
use crate::secret::Text;

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Who asks for the code.
    Issuer,
    /// Whose code it is.
    Account,
    /// The key in base32, or a link.
    Secret,
    /// A tag.
    Tag,
    /// Free text.
    Note,
    /// Shown first.
    Favourite,
    /// What kind of code: `totp`, `hotp`.
    Kind,
    /// The hash function.
    Algorithm,
    /// The code's length.
    Digits,
    /// The time step in seconds.
    Period,
    /// The next counter.
    Counter,
}

impl Field {
    /// Every field, in the order they are offered.
    pub const ALL: [Field; 11] = [
        Field::Issuer,
        Field::Account,
        Field::Secret,
        Field::Tag,
        Field::Note,
        Field::Favourite,
        Field::Kind,
        Field::Algorithm,
        Field::Digits,
        Field::Period,
        Field::Counter,
    ];

    /// What it is called on the screen and the command line.
    pub fn name(self) -> &'static str {
        match self {
            Field::Issuer => "issuer",
            Field::Account => "account",
            Field::Secret => "secret",
            Field::Tag => "tag",
            Field::Note => "note",
            Field::Favourite => "favourite",
            Field::Kind => "kind",
            Field::Algorithm => "algorithm",
            Field::Digits => "digits",
            Field::Period => "period",
            Field::Counter => "counter",
        }
    }

    /// A name by which the reader of tables knows it.
    fn column(self) -> &'static str {
        match self {
            Field::Issuer => "title",
            Field::Account => "username",
            Field::Secret => "totp",
            Field::Tag => "folder",
            other => other.name(),
        }
    }

    /// The field of a column of that name, as the reader of tables takes it.
    fn of_column(bare: &str) -> Option<Field> {
        let known: [(Field, &[&[&str]]); 11] = [
            (Field::Secret, &[table::OTP, table::SECRET_ALONE]),
            (Field::Issuer, &[table::TITLE]),
            (Field::Account, &[table::USER]),
            (Field::Note, &[table::NOTE]),
            (Field::Tag, &[table::FOLDER]),
            (Field::Favourite, &[table::FAVOURITE]),
            (Field::Kind, &[parameters::KIND]),
            (Field::Algorithm, &[parameters::ALGORITHM]),
            (Field::Digits, &[parameters::DIGITS]),
            (Field::Period, &[parameters::PERIOD]),
            (Field::Counter, &[parameters::COUNTER]),
        ];
        let found = known.into_iter().find(|(_, lists)| lists.iter().any(|names| names.contains(&bare)));
        found.map(|(field, _)| field)
    }
}

/// What each column holds, from the first; `None`: nothing that is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns(Vec<Option<Field>>);

impl Columns {
    /// What that column holds.
    pub fn get(&self, column: usize) -> Option<Field> {
        self.0.get(column).copied().flatten()
    }

    /// Whether a column holds the secret: without one nothing can be read.
    pub fn has_secret(&self) -> bool {
        self.0.contains(&Some(Field::Secret))
    }

    /// The next field that no other column holds.
    pub fn cycle(&mut self, column: usize) {
        let others =
            |field: &Field| !self.0.iter().enumerate().any(|(place, held)| place != column && *held == Some(*field));
        let mut free = Field::ALL.into_iter().filter(others);
        let next = match self.get(column) {
            None => free.next(),
            Some(now) => free.skip_while(|field| *field != now).nth(1),
        };
        if let Some(held) = self.0.get_mut(column) {
            *held = next;
        }
    }

    /// What a person says: `issuer=Name,secret=3`, a column by its name or its number from 1.
    ///
    /// # Errors
    /// What is wrong with it, in words; never a cell.
    pub fn of_words(words: &str, names: &[Text]) -> Result<Columns, String> {
        let mut columns = Columns(vec![None; names.len()]);
        for pair in words.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (field, column) = pair.split_once('=').ok_or_else(|| format!("{pair:?} is no FIELD=COLUMN"))?;
            let field = Field::ALL.into_iter().find(|known| known.name() == field.trim()).ok_or_else(|| {
                let known: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
                format!("there is no field {:?}; there are: {}", field.trim(), known.join(", "))
            })?;
            let wanted = table::bare(column);
            let named = names.iter().position(|name| !wanted.is_empty() && table::bare(name) == wanted);
            let numbered = || column.trim().parse::<usize>().ok()?.checked_sub(1).filter(|place| *place < names.len());
            let place = named.or_else(numbered).ok_or_else(|| {
                let known: Vec<&str> = names.iter().map(|name| name.trim()).collect();
                format!("the table has no column {:?}; it has: {}", column.trim(), known.join(", "))
            })?;
            if columns.0.contains(&Some(field)) || columns.get(place).is_some() {
                return Err(format!("{:?} says twice what a column holds", pair));
            }
            if let Some(held) = columns.0.get_mut(place) {
                *held = Some(field);
            }
        }
        if columns.has_secret() { Ok(columns) } else { Err("no column is said to hold the secret".into()) }
    }
}

/// The first rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The names in the first row.
    pub names: Vec<Text>,
    /// The rows under it, as long as the first one.
    pub rows: Vec<Vec<Text>>,
    /// What the columns hold, as far as their names tell.
    pub columns: Columns,
}

/// How many columns a table may have, and how many rows are shown.
const MOST_COLUMNS: usize = 100;
const SHOWN: usize = 3;

impl Sheet {
    /// Looks at a file; `None` when it is no table of at least two columns and two rows.
    pub fn look(bytes: &[u8]) -> Option<Sheet> {
        let rows = table::first_rows(bytes, SHOWN.saturating_add(1))?;
        let (names, rows) = rows.split_first()?;
        let fits =
            (2..=MOST_COLUMNS).contains(&names.len()) && rows.first().is_some_and(|row| row.len() == names.len());
        if !fits {
            return None;
        }
        let mut columns = Columns(Vec::new());
        for name in names {
            let field = Field::of_column(&table::bare(name)).filter(|field| !columns.0.contains(&Some(*field)));
            columns.0.push(field);
        }
        Some(Sheet { names: names.clone(), rows: rows.to_vec(), columns })
    }

    /// What may be shown of a cell: its words in a column that is said to hold something harmless, else only what kind of words they are.
    pub fn shown(&self, row: usize, column: usize) -> String {
        let cell = self.rows.get(row).and_then(|row| row.get(column)).map_or("", Text::as_str).trim();
        match self.columns.get(column) {
            Some(field) if field != Field::Secret && field != Field::Note && !cell.contains("://") => cell.to_owned(),
            _ => shape(cell),
        }
    }
}

fn shape(cell: &str) -> String {
    let letters = cell.chars().count();
    let what = if cell.is_empty() {
        return "empty".into();
    } else if cell.contains("://") {
        "a link of"
    } else if cell.chars().all(|letter| letter.is_ascii_digit()) {
        "digits,"
    } else if letters >= 16 && crate::otp::base32::decode(cell).is_ok() {
        "base32,"
    } else {
        "words,"
    };
    format!("{what} {letters}")
}

/// Reads a table by what its columns are said to hold.
///
/// # Errors
/// [`FormatError::Damaged`] when it is no table.
pub fn read(bytes: &[u8], columns: &Columns) -> Result<Imported, FormatError> {
    let header: Vec<String> =
        columns.0.iter().map(|field| field.map_or("", |field| field.column()).to_owned()).collect();
    table::read_under(bytes, &header)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"Wer;Konto;Schluessel;Wort\nBank;ida;MZXW6YTBOIMZXW6YTBOI;hunter2\n\"Post\";;otpauth://totp/x?secret=MZXW6;\n;;;\n";

    #[test]
    fn a_table_is_read_as_it_is_said() {
        assert!(crate::formats::registry::detect(FILE).is_err());
        let sheet = Sheet::look(FILE).unwrap();
        assert_eq!(sheet.columns, Columns(vec![None; 4]));
        let columns = Columns::of_words("issuer=wer, account=2,secret=SCHLUESSEL", &sheet.names).unwrap();
        let imported = read(FILE, &columns).unwrap();
        let names: Vec<_> =
            imported.entries.iter().map(|read| (&*read.details.issuer, &*read.details.account)).collect();
        assert_eq!((names, imported.problems.len()), (vec![("Bank", "ida"), ("Post", "x")], 0));
    }

    #[test]
    fn what_was_not_said_to_be_harmless_is_not_shown() {
        let mut sheet = Sheet::look(FILE).unwrap();
        let all = |sheet: &Sheet| (0..4).map(|column| sheet.shown(0, column)).collect::<Vec<_>>().join("|");
        assert_eq!(all(&sheet), "words, 4|words, 3|base32, 20|words, 7");
        sheet.columns = Columns::of_words("issuer=1,account=2,secret=3,note=4", &sheet.names).unwrap();
        assert_eq!(all(&sheet), "Bank|ida|base32, 20|words, 7");
        sheet.columns = Columns::of_words("issuer=3,secret=2", &sheet.names).unwrap();
        assert_eq!(sheet.shown(1, 2), "a link of 29");
    }

    #[test]
    fn names_are_guessed_once_each() {
        let sheet = Sheet::look(b"Name,Title,secret,otp,period\na,b,c,d,e\n").unwrap();
        let held: Vec<_> = (0..5).map(|column| sheet.columns.get(column)).collect();
        assert_eq!(held, [Some(Field::Issuer), None, Some(Field::Secret), None, Some(Field::Period)]);
        for other in [&b"just, a sentence\n"[..], b"a,b\nc\n", b"{\"a\":1,\n\"b\":2}", b"one\ntwo\n", b""] {
            assert_eq!(Sheet::look(other), None);
        }
    }

    #[test]
    fn a_column_goes_through_the_fields_that_are_free() {
        let mut columns = Columns(vec![None, Some(Field::Account)]);
        let mut met = Vec::new();
        loop {
            columns.cycle(0);
            match columns.get(0) {
                Some(field) => met.push(field),
                None => break,
            }
        }
        assert_eq!(met.len(), Field::ALL.len() - 1);
        assert!(!met.contains(&Field::Account));
        columns.cycle(9);
    }

    #[test]
    fn what_is_said_wrongly_is_refused() {
        let names = ["A".into(), "B".into()];
        for (words, why) in [
            ("secret", "no FIELD=COLUMN"),
            ("word=A", "no field"),
            ("secret=C", "no column"),
            ("secret=3", "no column"),
            ("secret=0", "no column"),
            ("secret=A,secret=B", "twice"),
            ("secret=A,issuer=A", "twice"),
            ("issuer=A", "secret"),
            ("", "secret"),
        ] {
            let said = Columns::of_words(words, &names).unwrap_err();
            assert!(said.contains(why), "{words}: {said}");
        }
    }
}
