//! The help: the table of actions, to be scrolled through.

use crate::app::Screen;

/// The help's place.
#[derive(Debug)]
pub(crate) struct Help {
    pub(crate) top: usize,
    /// The screen below, whose keys come first.
    pub(crate) of: Screen,
}
