//! Pictures and the QR codes in them.
#![no_main]

mod family;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| family::read(&["picture"], bytes));
