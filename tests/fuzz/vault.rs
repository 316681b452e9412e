//! A vault's file before any passphrase, and the settings.
#![no_main]

mod families;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| families::read("vault", bytes));
