//! Databases as nobody would write them. Those that SQLite wrote are read by the tests of the apps' readers.

use proptest::prelude::*;

use super::*;

const GOOGLE: &[u8] = include_bytes!("../../../tests/formats/databases/google.sqlite");
const STRATUM: &[u8] = include_bytes!("../../../tests/formats/databases/stratum.sqlite");

/// A row of texts, as a cell of a leaf.
pub(in crate::formats) fn cell(id: u8, texts: &[&str]) -> Vec<u8> {
    let mut head = vec![0];
    for text in texts {
        let type_ = text.len() * 2 + 13;
        head.extend([0x80 | (type_ >> 7) as u8, (type_ & 0x7f) as u8]);
    }
    head[0] = head.len() as u8;
    let payload = [head, texts.concat().into_bytes()].concat();
    [&[0x80 | (payload.len() >> 7) as u8, (payload.len() & 0x7f) as u8, id][..], &payload].concat()
}

/// Writes a page: its cells from its end, then their places.
pub(in crate::formats) fn page(size: usize, first: bool, kind: u8, right: u32, cells: &[Vec<u8>]) -> Vec<u8> {
    let mut page = vec![0; size];
    let mut head = if first { 100 } else { 0 };
    page[head] = kind;
    page[head + 3..head + 5].copy_from_slice(&(cells.len() as u16).to_be_bytes());
    if kind == 5 {
        page[head + 8..head + 12].copy_from_slice(&right.to_be_bytes());
    }
    head += if kind == 5 { 12 } else { 8 };
    let mut end = size;
    for cell in cells {
        end -= cell.len();
        page[end..end + cell.len()].copy_from_slice(cell);
        page[head..head + 2].copy_from_slice(&(end as u16).to_be_bytes());
        head += 2;
    }
    page
}

/// A database of that page size: the schema with one table `t(a)` on page 2, then those pages.
fn database(size: usize, pages: &[Vec<u8>]) -> Vec<u8> {
    let row = cell(1, &["table", "t", "t", "2", "CREATE TABLE t(a)"]);
    let mut file = page(size, true, 13, 0, &[row]);
    file[..16].copy_from_slice(MAGIC);
    file[16..18].copy_from_slice(&(if size == 65_536 { 1 } else { size as u16 }).to_be_bytes());
    file[18..20].copy_from_slice(&[1, 1]);
    file.extend(pages.concat());
    file
}

fn rows(file: &[u8]) -> Result<Vec<String>, FormatError> {
    let table = Database::open(file)?.table_or_damaged("T")?;
    Ok(table.rows().map(|row| row.text("A").map_or("NULL".into(), |text| text.to_string())).collect())
}

fn interior(child: u32) -> Vec<u8> {
    [&child.to_be_bytes()[..], &[1]].concat()
}

#[test]
fn pages_of_every_size() {
    for power in 9..=16 {
        let size = 1 << power;
        let pages = [
            page(size, false, 5, 4, &[interior(3)]),
            page(size, false, 13, 0, &[cell(1, &["one"]), cell(2, &["two"])]),
            page(size, false, 13, 0, &[cell(3, &["three"])]),
        ];
        assert_eq!(rows(&database(size, &pages)).unwrap(), ["one", "two", "three"], "{size}");
    }
}

#[test]
fn trees_that_lead_nowhere_name_the_page() {
    let says = |pages: &[Vec<u8>], words: &str| match rows(&database(512, pages)) {
        Err(FormatError::Damaged(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    says(&[], "page 2 of the database is missing");
    says(&[vec![0; 100]], "page 2 of the database is missing");
    says(&[vec![0; 512]], "page 2 of the database is broken");
    says(&[page(512, false, 10, 0, &[])], "page 2 of the database is broken");
    says(&[page(512, false, 5, 0, &[])], "page 0 of the database is missing");
    says(&[page(512, false, 5, u32::MAX, &[])], "page 4294967295 of the database is missing");
    // Round and round, and one page again and again.
    says(&[page(512, false, 5, 3, &[]), page(512, false, 5, 2, &[])], "is broken");
    let many = vec![interior(3); 80];
    says(&[page(512, false, 5, 3, &many), page(512, false, 13, 0, &[cell(1, &["one"])])], "page 2");
    // More cells than there is room for.
    let mut crowded = page(512, false, 13, 0, &[]);
    crowded[3..5].copy_from_slice(&[0xff, 0xff]);
    says(&[crowded], "page 2");
}

#[test]
fn rows_that_cannot_be_name_the_page() {
    let overflow = |length: &[u8], next: u32| {
        let mut cell = [length, &[1]].concat();
        cell.resize(200, 0x41);
        // 39 bytes stay in a cell of pages of 512 when that many more follow in whole pages.
        cell[length.len() + 1 + 39..][..4].copy_from_slice(&next.to_be_bytes());
        page(512, false, 13, 0, &[cell])
    };
    for (why, broken) in [
        ("a length beyond the file", overflow(&[0xff; 9], 3)),
        ("a loop of overflow pages", overflow(&[0x84, 0x23], 3)),
        ("no next page", overflow(&[0x84, 0x23], 0)),
        ("types that are none", page(512, false, 13, 0, &[vec![2, 1, 2, 10]])),
        ("values that are missing", page(512, false, 13, 0, &[vec![2, 1, 2, 99]])),
        ("a cell past the end", page(512, false, 13, 0, &[vec![99, 1]])),
    ] {
        let mut looped = vec![0x41; 512];
        looped[..4].copy_from_slice(&3u32.to_be_bytes());
        let read = rows(&database(512, &[broken, looped]));
        assert!(matches!(&read, Err(FormatError::Damaged(words)) if words.contains("page ")), "{why}: {read:?}");
    }
}

#[test]
fn one_cell_under_many_names_costs_no_more_than_the_file() {
    let mut page = page(65_536, false, 13, 0, &[cell(1, &["x".repeat(2000).as_str()])]);
    let place: [u8; 2] = page[8..10].try_into().unwrap();
    let cells = 30_000u16;
    page[3..5].copy_from_slice(&cells.to_be_bytes());
    for at in 0..usize::from(cells) {
        page[8 + at * 2..][..2].copy_from_slice(&place);
    }
    assert!(matches!(rows(&database(65_536, &[page])), Err(FormatError::Damaged(_))));
}

#[test]
fn headers_that_are_refused() {
    let good = database(512, &[page(512, false, 13, 0, &[])]);
    assert_eq!(rows(&good).unwrap(), [""; 0]);
    for (at, byte) in [(0, 0), (16, 3), (17, 1), (20, 40), (59, 4)] {
        let mut file = good.clone();
        file[at] = byte;
        assert!(matches!(rows(&file), Err(FormatError::Damaged(_))), "{at}");
    }
    let mut newer = good;
    newer[19] = 3;
    assert!(matches!(rows(&newer), Err(FormatError::Unsupported(_))));
    assert!(matches!(rows(MAGIC), Err(FormatError::Damaged(_))));
}

#[test]
fn a_database_cut_off_anywhere_is_refused() {
    // Its last pages are of the table itself.
    for end in [0, 50, 99, 100, 511, 512, 4000, GOOGLE.len() / 2, GOOGLE.len() - 600] {
        let read = Database::open(&GOOGLE[..end]).and_then(|database| database.table_or_damaged("accounts"));
        assert!(matches!(read, Err(FormatError::Damaged(_))), "{end}");
    }
}

proptest! {
    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40)) {
        for good in [GOOGLE, STRATUM] {
            let mut file = good.to_vec();
            for (place, byte) in &changes {
                // Half of them in the first pages, where they do most.
                let within = if *byte % 2 == 0 { file.len() } else { 2048 };
                file[place.index(within)] = *byte;
            }
            for name in ["accounts", "authenticator"] {
                let Ok(Some(table)) = Database::open(&file).and_then(|database| database.table(name)) else { continue };
                for row in table.rows() {
                    let _ = (row.text("secret"), row.number("counter"));
                }
            }
        }
    }
}
