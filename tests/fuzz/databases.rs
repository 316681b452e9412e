//! Databases of apps.
#![no_main]

mod family;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| family::read(&["google-sqlite", "microsoft", "stratum-sqlite", "authenticator-plus"], bytes));
