//! What the program decides: the model, what each message does to it, and when it must be woken.
//!
//! Pure: [`Msg`] and [`Effect`] are plain data; nothing here reads a clock, a file or a terminal. `update` changes the model and says what
//! must be done; the runtime does it and answers with another message.
//!
//! ```text
//! effect, msg, keymap  ←  core       ←  screen      ←  screens        ←  shell
//! plain data              no screen     the border     one file each     model, stack, update
//! ```

pub mod effect;
pub mod keymap;
pub mod msg;

pub(crate) mod core;
pub(crate) mod screen;
pub(crate) mod screens;
pub(crate) mod shell;

pub use effect::{Effect, Ticket};
pub use keymap::Screen;
pub use msg::{Answer, Key, KeyCode, Mouse, MouseKind, Msg, OpenVault, Trouble, VaultChoice};
pub use shell::model::{Model, Start};
pub use shell::schedule::{needs_draw, next_wake};
pub use shell::update::update;
