//! Storage elsewhere, by real servers on this machine: each is started on a free port of its own and stopped afterwards. What is not installed is
//! skipped, and says so.
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

mod chaos;
mod conformance;
mod faults;
mod folder;
mod git;
mod repository;
mod s3;
mod servers;
#[path = "../skip/mod.rs"]
mod skip;
mod webdav;

use std::time::Duration;

use tickey::store::remote::{self, Bounds, Environment, Login, Remote, RemoteContext, RemoteUrl};

/// A remote with bounds that suit a server on this machine.
fn open(url: &str, environment: Environment) -> Box<dyn Remote> {
    let bounds = Bounds { connect: Duration::from_secs(5), whole: Duration::from_secs(30), ..Bounds::default() };
    open_within(url, environment, bounds)
}

fn open_within(url: &str, environment: Environment, bounds: Bounds) -> Box<dyn Remote> {
    open_as(url, environment, None, bounds)
}

fn open_as(url: &str, environment: Environment, login: Option<Login>, bounds: Bounds) -> Box<dyn Remote> {
    let url = RemoteUrl::parse(url, &environment).unwrap();
    let cache = std::env::temp_dir().join("tickey-unused");
    remote::open(&url, RemoteContext { environment, login, insecure: false, cache, bounds }).unwrap()
}
