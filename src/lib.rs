//! Tickey: a terminal vault for one-time passwords.
//!
//! The map of the house; arrows say who may use whom, and never turn back (`tests/architecture.rs`):
//!
//! ```text
//! otp  ←  vault  ←  formats        pure: bytes, the time and randomness in; values out
//!             ↖       ↑
//!              store  │            disk, lock, backups, remotes, sync
//!            ↗   ↑    │
//!        team   app ──┘            team: what a team does, once for both edges. app, pure: Model, update(Msg, Now) → effects;
//!            ↖   ↑                 it knows vault and formats, neither store nor team
//!            runtime               performs effects: jobs, clipboard, clock, store
//!           ↗         ↖
//!         tui          cli         the edges: terminal; stdin and stdout
//! ```
//!
//! Below them all, and knowing none: `secret` (values that are wiped), `time`, `text` (what may be shown), `qr` (pictures in and out).
#![warn(missing_docs)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_wrap,
        clippy::expect_used,
        clippy::get_unwrap,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::print_stdout,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used,
        reason = "a test ends where something is not as it must be"
    )
)]

pub mod app;
pub mod cli;
pub mod config;
pub mod formats;
pub mod otp;
pub mod qr;
pub mod runtime;
pub mod secret;
pub mod store;
pub(crate) mod team;
pub mod text;
pub mod time;
pub mod tui;
pub mod vault;
