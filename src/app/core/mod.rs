//! What the screens stand on: the open vaults, saving and undo, the list and its search, news, lines that are typed. Knows no screen.

pub(crate) mod clipboard;
pub(crate) mod context;
pub(crate) mod copy;
pub(crate) mod geometry;
pub(crate) mod index;
pub(crate) mod input;
pub(crate) mod list;
pub(crate) mod news;
pub(crate) mod outbox;
pub(crate) mod passphrase;
pub(crate) mod pending;
pub(crate) mod picture;
pub(crate) mod save;
pub(crate) mod search;
pub(crate) mod session;
pub(crate) mod sync_state;
pub(crate) mod undo;
pub(crate) mod vaults;
