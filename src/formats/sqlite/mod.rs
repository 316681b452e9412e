//! SQLite's file format, read only: the rows of a table by its name. What an app's database holds is the matter of that app's reader.
//!
//! <https://www.sqlite.org/fileformat2.html>. A file's tables may be anything but virtual or WITHOUT ROWID. Nothing is taken on trust: a table is
//! refused once it needs more pages or bytes than the file has, so that no loop and no page used twice costs more than the file itself.

mod record;
mod schema;
#[cfg(test)]
pub(super) mod tests;

use zeroize::Zeroizing;

use super::json::Number;
use super::{Candidate, FormatError, Imported, Problem};
use crate::secret::Text;
use record::{Encoding, Value, varint};
use schema::Column;

/// How every such file begins.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";

/// The most rows of a table that are read.
const MOST_ROWS: usize = 100_000;

/// A database in memory.
pub(super) struct Database<'a> {
    bytes: &'a [u8],
    page_size: usize,
    /// A page without what is reserved at its end.
    usable: usize,
    encoding: Encoding,
    /// The app writes to a `-wal` file beside the database first.
    logged: bool,
}

/// What may still be read of a file for one table.
struct Budget {
    pages: usize,
    bytes: usize,
}

fn damaged(what: impl Into<String>) -> FormatError {
    FormatError::Damaged(what.into())
}

fn broken(page: u32) -> FormatError {
    damaged(format!("page {page} of the database is broken"))
}

/// A big-endian number of `N` bytes.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes: &[u8; N] = bytes.get(at..)?.first_chunk()?;
    Some(bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

/// Whether it is a database with such a table.
pub(super) fn has_table(bytes: &[u8], name: &str, columns: &[&str]) -> bool {
    let columns_of = || Database::open(bytes).ok()?.find(name).ok()?;
    bytes.starts_with(MAGIC)
        && columns_of().is_some_and(|(_, found)| {
            columns.iter().all(|name| found.iter().any(|column| column.name.eq_ignore_ascii_case(name)))
        })
}

/// The rows of the table `accounts`, each as an app's reader reads it from its place.
///
/// # Errors
/// Those of [`Database::open`] and [`Database::table_or_damaged`].
pub(super) fn read_accounts(
    bytes: &[u8],
    read_row: fn(String, Cells) -> Result<Candidate, Problem>,
) -> Result<Imported, FormatError> {
    let database = Database::open(bytes)?;
    let mut imported = Imported::default();
    for (number, row) in (1..).zip(database.table_or_damaged("accounts")?.rows()) {
        imported.push(read_row(format!("entry {number}"), row));
    }
    database.mention_log(&mut imported);
    Ok(imported)
}

impl<'a> Database<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`FormatError::Damaged`]; [`FormatError::Unsupported`] for a version that must not be read.
    pub fn open(bytes: &'a [u8]) -> Result<Database<'a>, FormatError> {
        let header = || damaged("the database's header is broken");
        if !bytes.starts_with(MAGIC) {
            return Err(damaged("it is no SQLite database"));
        }
        let page_size = match number::<2>(bytes, 16).ok_or_else(header)? {
            1 => 65_536,
            size if size >= 512 && size.is_power_of_two() => size as usize,
            _ => return Err(header()),
        };
        let version = number::<1>(bytes, 19).ok_or_else(header)?;
        let reserved = number::<1>(bytes, 20).ok_or_else(header)? as usize;
        let usable = page_size.checked_sub(reserved).filter(|usable| *usable >= 480).ok_or_else(header)?;
        let encoding = match number::<4>(bytes, 56).ok_or_else(header)? {
            0 | 1 => Encoding::Utf8,
            2 => Encoding::Utf16Le,
            3 => Encoding::Utf16Be,
            _ => return Err(header()),
        };
        if version > 2 {
            return Err(FormatError::Unsupported("the database is of a newer version than this program reads".into()));
        }
        Ok(Database { bytes, page_size, usable, encoding, logged: version == 2 })
    }

    /// Says with the last entry what may be missing after it.
    pub fn mention_log(&self, imported: &mut Imported) {
        if !self.logged {
            return;
        }
        const WORDS: &str =
            "what was added lately may be in the -wal file beside the database, which is not read: close the app first";
        match imported.entries.last_mut() {
            Some(last) => last.notices.push(WORDS.into()),
            None if imported.problems.is_empty() => {
                imported.problems.push(Problem {
                    place: "the database".into(),
                    label: String::new(),
                    reason: WORDS.into(),
                });
            }
            None => {}
        }
    }

    /// The table of that name.
    ///
    /// # Errors
    /// Those of [`Database::table`], and [`FormatError::Damaged`] when there is none.
    pub fn table_or_damaged(&self, name: &str) -> Result<Table, FormatError> {
        self.table(name)?.ok_or_else(|| damaged(format!("the database has no table {name}")))
    }

    /// The table of that name, with all its rows; `None` when there is none.
    ///
    /// # Errors
    /// [`FormatError::Damaged`] naming the page; [`FormatError::Unsupported`] for a table of a sort or size that is not read.
    pub fn table(&self, name: &str) -> Result<Option<Table>, FormatError> {
        let Some((root, columns)) = self.find(name)? else { return Ok(None) };
        let rows = self.rows(root)?;
        Ok(Some(Table { columns, rows, encoding: self.encoding }))
    }

    /// A table's first page and its columns.
    fn find(&self, name: &str) -> Result<Option<(u32, Vec<Column>)>, FormatError> {
        let columns = ["type", "name", "tbl_name", "rootpage", "sql"].map(Column::named).into();
        let schema = Table { columns, rows: self.rows(1)?, encoding: self.encoding };
        for row in schema.rows() {
            let is = |column: &str, word: &str| row.text(column).is_some_and(|text| text.eq_ignore_ascii_case(word));
            if is("type", "table") && is("name", name) {
                let root = row.number("rootpage").get().and_then(|root| u32::try_from(root).ok()).unwrap_or(0);
                let sql = row.text("sql").ok_or_else(|| broken(1))?;
                return Ok(Some((root, schema::columns(&sql)?)));
            }
        }
        Ok(None)
    }

    fn page(&self, page: u32) -> Result<&'a [u8], FormatError> {
        let place = || {
            let start = (page as usize).checked_sub(1)?.checked_mul(self.page_size)?;
            self.bytes.get(start..start.checked_add(self.page_size)?)?.get(..self.usable)
        };
        place().ok_or_else(|| damaged(format!("page {page} of the database is missing")))
    }

    /// The rows of the tree that begins there, by their ids.
    fn rows(&self, root: u32) -> Result<Vec<Row>, FormatError> {
        let mut budget =
            Budget { pages: self.bytes.len().checked_div(self.page_size).unwrap_or(0), bytes: self.bytes.len() };
        let (mut rows, mut next) = (Vec::new(), vec![root]);
        while let Some(number) = next.pop() {
            let page = self.page(number)?;
            let children = self.read_page(number, page, &mut budget, &mut rows).ok_or_else(|| broken(number))??;
            budget.pages = budget.pages.checked_sub(children.len()).ok_or_else(|| broken(number))?;
            next.extend(children.into_iter().rev());
            if rows.len() > MOST_ROWS {
                return Err(FormatError::Unsupported(format!("its table has more than {MOST_ROWS} rows")));
            }
        }
        Ok(rows)
    }

    /// Adds a leaf's rows, or gives the pages below an interior page; `None` when it is broken.
    fn read_page(
        &self,
        number_of: u32,
        page: &[u8],
        budget: &mut Budget,
        rows: &mut Vec<Row>,
    ) -> Option<Result<Vec<u32>, FormatError>> {
        // The file's header stands before the first page's.
        let head = if number_of == 1 { 100 } else { 0 };
        let leaf = match number::<1>(page, head)? {
            0x0d => true,
            0x05 => false,
            _ => return None,
        };
        let cells = number::<2>(page, head.checked_add(3)?)? as usize;
        let pointers = page.get(head.checked_add(if leaf { 8 } else { 12 })?..)?.get(..cells.checked_mul(2)?)?;
        let mut children = Vec::new();
        for pointer in pointers.chunks_exact(2) {
            let cell = page.get(number::<2>(pointer, 0)? as usize..)?;
            if !leaf {
                children.push(number::<4>(cell, 0)? as u32);
                continue;
            }
            let (length, rest) = varint(cell)?;
            let (id, rest) = varint(rest)?;
            let payload = match self.payload(usize::try_from(length).ok()?, rest, budget)? {
                Ok(payload) => payload,
                Err(wrong) => return Some(Err(wrong)),
            };
            record::check(&payload)?;
            rows.push(Row { id: id.cast_signed(), payload });
        }
        if !leaf {
            children.push(number::<4>(page, head.checked_add(8)?)? as u32);
        }
        Some(Ok(children))
    }

    /// A row's bytes: those in its cell, and those on overflow pages.
    fn payload(
        &self,
        length: usize,
        cell: &[u8],
        budget: &mut Budget,
    ) -> Option<Result<Zeroizing<Vec<u8>>, FormatError>> {
        budget.bytes = budget.bytes.checked_sub(length)?;
        let most = self.usable.checked_sub(35)?;
        if length <= most {
            return Some(Ok(Zeroizing::new(cell.get(..length)?.to_vec())));
        }
        let least = (self.usable.checked_sub(12)?.checked_mul(32)? / 255).checked_sub(23)?;
        let each = self.usable.checked_sub(4)?;
        let fitting = least.checked_add(length.checked_sub(least)?.checked_rem(each)?)?;
        let local = if fitting <= most { fitting } else { least };
        let mut payload = Zeroizing::new(Vec::with_capacity(length));
        payload.extend_from_slice(cell.get(..local)?);
        let mut next = number::<4>(cell, local)? as u32;
        while payload.len() < length {
            budget.pages = budget.pages.checked_sub(1)?;
            let page = match self.page(next) {
                Ok(page) => page,
                Err(wrong) => return Some(Err(wrong)),
            };
            let missing = length.checked_sub(payload.len())?;
            payload.extend_from_slice(page.get(4..)?.get(..missing.min(each))?);
            next = number::<4>(page, 0)? as u32;
        }
        Some(Ok(payload))
    }
}

/// A row's bytes, wiped when dropped.
struct Row {
    id: i64,
    payload: Zeroizing<Vec<u8>>,
}

/// A table with all its rows.
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
    encoding: Encoding,
}

impl Table {
    /// Its rows, by their ids.
    pub fn rows(&self) -> impl Iterator<Item = Cells<'_>> {
        self.rows.iter().map(|row| Cells { table: self, row })
    }
}

/// One row of a table. A column that the table or the row does not have is as good as NULL: a column added later has its default there.
#[derive(Clone, Copy)]
pub(super) struct Cells<'t> {
    table: &'t Table,
    row: &'t Row,
}

impl<'t> Cells<'t> {
    fn value(self, column: &str) -> Value<'t> {
        let place = self.table.columns.iter().position(|found| found.name.eq_ignore_ascii_case(column));
        let Some((place, column)) = place.and_then(|place| Some((place, self.table.columns.get(place)?))) else {
            return Value::Null;
        };
        match record::value(&self.row.payload, place) {
            Value::Null if column.is_row_id => Value::Integer(self.row.id),
            value => value,
        }
    }

    /// A text; `None` when it is none or not well encoded.
    pub fn text(self, column: &str) -> Option<Text> {
        match self.value(column) {
            Value::Text(bytes) => self.table.encoding.decode(bytes),
            _ => None,
        }
    }

    /// A number, or the text of one.
    pub fn number(self, column: &str) -> Number {
        match self.value(column) {
            Value::Null => Number::Absent,
            Value::Integer(number) => u64::try_from(number).map_or(Number::Broken, Number::Is),
            Value::Text(_) => self.text(column).map_or(Number::Broken, |text| Number::of(&text)),
            Value::Other => Number::Broken,
        }
    }
}
