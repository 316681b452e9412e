//! One URI a line: `otpauth://`, `motp://`, `steam://`.
