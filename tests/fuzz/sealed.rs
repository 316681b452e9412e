//! Binary files, encrypted or serialised: taken apart, hardly opened.
#![no_main]

mod families;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| families::read("sealed", bytes));
