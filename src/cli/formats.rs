//! `tickey formats`: what can be read and written.

use serde::Serialize;

use super::args::Global;
use super::error::Failure;
use super::out;
use crate::formats::registry::FORMATS;

#[derive(Serialize)]
struct Row {
    id: &'static str,
    name: &'static str,
    read: bool,
    write: bool,
    encrypts: bool,
    plain: bool,
    help: &'static str,
}

pub fn run(global: &Global) -> Result<(), Failure> {
    let rows: Vec<Row> = FORMATS
        .iter()
        .map(|format| Row {
            id: format.id,
            name: format.name,
            read: format.read.is_some(),
            write: format.write.is_some(),
            encrypts: format.write.as_ref().is_some_and(|writer| writer.encrypts),
            plain: format.write.as_ref().is_some_and(|writer| writer.plain),
            help: format.help,
        })
        .collect();
    if global.json {
        return out::json(&rows);
    }
    let mut cells = vec![["ID", "PROGRAM", "READ", "WRITE", ""].map(str::to_owned).to_vec()];
    cells.extend(rows.iter().map(|row| {
        let write = match (row.write, row.encrypts, row.plain) {
            (false, ..) => "",
            (_, true, true) => "encrypted, plain",
            (_, true, false) => "encrypted",
            _ => "plain",
        };
        let read = if row.read { "yes" } else { "" };
        [row.id, row.name, read, write, row.help].map(str::to_owned).to_vec()
    }));
    out::data(out::table(&cells, 90).as_bytes())
}
