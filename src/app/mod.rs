//! What the program decides: the model, what each message does to it, and when it must be woken.
//!
//! Pure: [`Msg`] and [`Effect`] are plain data; nothing here reads a clock, a file or a terminal. `update` changes the model and says what
//! must be done; the runtime does it and answers with another message.

pub mod effect;
pub mod msg;

pub use effect::{Effect, SaveId};
pub use msg::{Key, KeyCode, Mouse, MouseKind, Msg, OpenVault, Trouble, VaultChoice};
