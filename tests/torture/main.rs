//! The real program, with the power cut and every system call failing: what was there before or what was asked for is there afterwards, whole,
//! and the program says which. Needs strace. A sample is tried, the same one each time; all with `just torture`.
#![cfg(target_os = "linux")]
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

mod disk;
mod faults;
mod machine;
mod power;
#[path = "../skip/mod.rs"]
mod skip;
mod trace;

/// So many of all, evenly spread; all of them where `TICKEY_TORTURE` says `all`.
fn sample<T>(all: Vec<T>, most: usize) -> Vec<T> {
    if std::env::var_os("TICKEY_TORTURE").is_some_and(|value| value == "all") || all.len() <= most {
        return all;
    }
    let (count, mut at) = (all.len(), 0);
    let mut picked = Vec::new();
    for (n, item) in all.into_iter().enumerate() {
        if n * most >= at * count {
            picked.push(item);
            at += 1;
        }
    }
    picked
}

/// Whether strace is here and may look into the program, which lets nobody but root do so.
fn can_trace() -> bool {
    let works = std::process::Command::new("strace").arg("-V").output().is_ok() && rustix::process::geteuid().is_root();
    if !works {
        skip::skip("strace, as root");
    }
    works
}
