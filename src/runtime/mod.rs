//! The edge below the screen and the command line: clocks, randomness, the process itself.
pub mod clock;
pub mod process;
pub mod timing;
