//! Fleets through real servers on this machine.

use std::path::PathBuf;
use std::time::Duration;

use tickey::store::remote::{self, Around, Bounds, Environment, Remote, RemoteUrl};

use crate::fleet::{self, Size};
use crate::repository::Team;
use crate::servers;

/// Smaller than through memory, so that all of them together take no minute.
const SMALL: Size = Size { machines: 4, edits: 16, bound: Duration::from_secs(120) };

fn through(url: &str, environment: &Environment, seed: u64) {
    let open = |_, _| {
        let url = RemoteUrl::parse(url, environment).unwrap();
        let bounds = Bounds { whole: Duration::from_secs(30), ..Bounds::default() };
        let around = Around { environment: environment.clone(), login: None, cache: PathBuf::new(), bounds };
        remote::open(&url, around).unwrap() as Box<dyn Remote>
    };
    fleet::run(SMALL, seed, &open, &|| {});
}

fn webdav(server: Option<servers::Server>, seed: u64) {
    let Some(server) = server else { return };
    through(&format!("webdav+http://127.0.0.1:{}/ops.json", server.port), &Environment::default(), seed);
}

fn s3(server: Option<servers::Server>, seed: u64) {
    let Some(server) = server else { return };
    let environment = Environment::default()
        .with("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", server.port))
        .with("AWS_ACCESS_KEY_ID", "maya")
        .with("AWS_SECRET_ACCESS_KEY", "s3cret");
    through("s3://team/ops.json", &environment, seed);
}

#[test]
fn lighttpd() {
    webdav(servers::lighttpd(None), 21);
}

#[test]
fn apache() {
    webdav(servers::apache(), 22);
}

#[test]
fn nginx_which_ignores_preconditions() {
    webdav(servers::nginx("", "", ""), 23);
}

#[test]
fn rclone_which_ignores_preconditions_and_tears_reads() {
    webdav(servers::rclone(), 24);
}

#[test]
fn wsgidav() {
    webdav(servers::wsgidav(), 25);
}

#[test]
fn moto() {
    s3(servers::moto(), 26);
}

#[test]
fn s3s_fs() {
    s3(servers::s3s_fs(), 27);
}

fn git(team: &Team, url: &str, seed: u64) {
    fleet::run(SMALL, seed, &|n, _| team.open(&format!("person {n}"), url), &|| {});
}

#[test]
fn git_by_its_path() {
    let Some(team) = Team::new() else { return };
    git(&team, &format!("file://{}", team.repository()), 28);
}

#[test]
fn git_over_ssh() {
    let Some(mut team) = Team::new() else { return };
    let Some((_server, url)) = team.over_ssh() else { return };
    git(&team, &url, 29);
}
