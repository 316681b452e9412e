//! What holds the screens together: the model, what each message does to it, the mouse, and when to wake.

pub(crate) mod model;
pub(crate) mod mouse;
pub(crate) mod paste;
pub(crate) mod schedule;
pub(crate) mod update;
