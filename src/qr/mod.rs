//! QR codes both ways: the texts of all codes in a picture ([`mod@read`]), and a text as a code for a screen or a file ([`mod@write`]).
//!
//! Pure: pictures come as bytes and go as bytes. A picture is a stranger's file: its size is looked at before it is unpacked, and a decoder
//! that breaks is an error like any other.

pub mod read;
pub mod write;

pub use read::{PictureError, contained, is_picture, read, read_pixels};
pub use write::{Symbol, TooLong};
