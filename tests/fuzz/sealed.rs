//! Binary files, encrypted or serialised: taken apart, not opened.
#![no_main]

mod family;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| family::read(&["stratum", "otpclient", "otp-auth", "keepass", "age", "andotp", "gauth", "freeotp"], bytes));
