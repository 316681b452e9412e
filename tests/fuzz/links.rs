//! Links: what is read must be written so that it reads back the same, and its code must not break anything.
#![no_main]

use tickey::otp::{migration, uri};
use tickey::vault::join::InviteCode;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = migration::parse(text);
    let _ = InviteCode::read(text);
    if let Ok(read) = uri::parse(text) {
        let _ = read.otp.code(u64::MAX);
        let written = uri::write(&read.otp, &read.issuer, &read.account);
        let again = uri::parse(&written).expect("what is written can be read");
        assert!(again == read, "what is written reads back the same");
    }
});
