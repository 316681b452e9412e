//! Any file: recognised by its content, as a table that a person names the columns of, and as a text that was pasted.
#![no_main]

use tickey::formats::columns::{self, Sheet};
use tickey::formats::registry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = registry::read(bytes, None);
    if let Some(mut sheet) = Sheet::look(bytes) {
        for column in 0..sheet.names.len() {
            sheet.columns.cycle(column);
            for row in 0..sheet.rows.len() {
                let _ = sheet.shown(row, column);
            }
        }
        columns::read(bytes, &sheet.columns).expect("what was looked at can be read");
    }
});
