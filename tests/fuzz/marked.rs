//! Files in angle brackets: XML of several kinds, pages.
#![no_main]

mod families;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| families::read("marked", bytes));
