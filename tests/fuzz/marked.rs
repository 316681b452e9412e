//! Files in angle brackets: XML of several kinds, pages.
#![no_main]

mod family;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| family::read(&["freeotp", "authy", "battlenet", "totp-authenticator", "safeincloud", "keepass", "html"], bytes));
