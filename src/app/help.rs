//! The help: the table of actions, to be scrolled through.

/// The help's place.
#[derive(Debug, Default)]
pub(crate) struct Help {
    pub(crate) top: usize,
}
