//! Any file, recognised by its content.
#![no_main]

mod families;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| families::read("recognition", bytes));
