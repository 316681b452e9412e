//! The screens: pictures of each, what keys do, and that nothing anybody presses breaks them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    clippy::expect_used,
    clippy::get_unwrap,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod any;
mod carry;
mod clocks;
mod conflicts;
mod deeds;
mod keys;
mod late;
mod links;
mod once;
mod outside;
mod pictures;
mod qr;
mod share;
mod sharing;
