//! Keeping a vault the same on many machines: through storage that does all that storage can do, honest or not, and through the program itself.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    clippy::expect_used,
    clippy::get_unwrap,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod clocks;
mod cost;
mod fleet;
mod forged;
mod forger;
mod hostile;
mod kinds;
mod machine;
mod meanwhile;
mod one_machine;
mod padding;
mod partitions;
mod passphrases;
mod proxy;
mod real_servers;
mod rekey;
mod replayed;
#[path = "../remotes/repository.rs"]
#[allow(dead_code, reason = "the tests of the remotes look closer at a repository")]
mod repository;
#[path = "../remotes/servers.rs"]
#[allow(dead_code, reason = "of what the tests of the remotes start, only some is needed here")]
mod servers;
#[path = "../skip/mod.rs"]
mod skip;
mod storage;
mod story;
mod synced_folder;
mod troubled;
