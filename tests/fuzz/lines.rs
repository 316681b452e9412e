//! Files of lines: links, tables, YAML.
#![no_main]

mod families;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| families::read("lines", bytes));
