//! Databases of apps.
#![no_main]

mod families;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| families::read("databases", bytes));
