//! A vault's file before any passphrase, and the settings.
#![no_main]

use tickey::config::Config;
use tickey::vault::{Limits, Locked};
use tickey::vault::file::{File, Header};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Header::read(bytes);
    let _ = File::read(bytes);
    let _ = Locked::read(bytes, &Limits { ram: 1 << 30 });
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Config::parse(text);
    }
});
