//! What holds the screens together: the model, what each message does to it, the mouse, and when to wake.

pub(crate) mod footer;
pub(crate) mod leave;
pub(crate) mod model;
pub(crate) mod mouse;
pub(crate) mod schedule;
pub(crate) mod stack;
pub(crate) mod stage;
pub(crate) mod update;
