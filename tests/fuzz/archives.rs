//! Zip archives, and what is in them.
#![no_main]

mod families;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| families::read("archives", bytes));
