//! Files of lines: links, tables, YAML.
#![no_main]

mod family;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| family::read(&["uri", "google", "lastpass", "qr-sheet", "csv", "keepassxc-csv", "2fa", "gauth", "totp-cli"], bytes));
