//! What the program decides: the model, what each message does to it, and when it must be woken.
//!
//! Pure: [`Msg`] and [`Effect`] are plain data; nothing here reads a clock, a file or a terminal. `update` changes the model and says what
//! must be done; the runtime does it and answers with another message.

pub mod actions;
pub mod effect;
pub mod index;
pub mod input;
pub mod model;
pub mod msg;
pub mod schedule;

pub(crate) mod carry;
pub(crate) mod confirm;
pub(crate) mod conflicts;
pub(crate) mod copy;
pub(crate) mod detail;
pub(crate) mod export;
pub(crate) mod form;
pub(crate) mod geometry;
pub(crate) mod help;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod members;
pub(crate) mod mouse;
pub(crate) mod palette;
pub(crate) mod passphrase;
pub(crate) mod paste;
pub(crate) mod picture;
pub(crate) mod qr;
pub(crate) mod save;
pub(crate) mod search;
pub(crate) mod share;
pub(crate) mod sync;
pub(crate) mod toast;
pub(crate) mod trash;
mod update;
pub(crate) mod vaults;
pub(crate) mod welcome;

pub use actions::Screen;
pub use effect::{Effect, SaveId};
pub use model::{Model, Start};
pub use msg::{Key, KeyCode, Mouse, MouseKind, Msg, OpenVault, Trouble, VaultChoice};
pub use schedule::{needs_draw, next_wake};
pub use update::update;
