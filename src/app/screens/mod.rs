//! One file a screen, with the same name in `tui/view/`. A screen knows the rooms below it, never the shell, never another screen.

pub(crate) mod confirm;
pub(crate) mod conflicts;
pub(crate) mod entry;
pub(crate) mod export;
pub(crate) mod form;
pub(crate) mod help;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod members;
pub(crate) mod palette;
pub(crate) mod passphrase;
pub(crate) mod picture;
pub(crate) mod qr;
pub(crate) mod share;
pub(crate) mod transfer;
pub(crate) mod trash;
pub(crate) mod unlock;
pub(crate) mod welcome;
