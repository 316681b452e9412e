//! Pictures and the QR codes in them.
#![no_main]

mod families;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| families::read("pictures", bytes));
