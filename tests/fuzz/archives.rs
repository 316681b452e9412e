//! Zip archives, and what is in them.
#![no_main]

mod family;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| family::read(&["zip", "raivo", "1password", "proton-pass", "authenticator-plus"], bytes));
