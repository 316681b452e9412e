//! The terminal.

pub mod theme;
pub mod view;
