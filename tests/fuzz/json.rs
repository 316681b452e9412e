//! Programs that write JSON.
#![no_main]

mod family;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| family::read(&["aegis", "2fas", "ente", "proton", "bitwarden", "2fauth", "lastpass", "steam", "keeper", "enpass", "cotp", "duo", "raivo", "devolutions", "authenticator-extension", "andotp", "totp-cli", "proton-pass", "freeotp-plus", "authy"], bytes));
