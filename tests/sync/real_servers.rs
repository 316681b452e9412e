//! Fleets through real servers on this machine.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tickey::store::remote::{self, Bounds, Environment, Remote, RemoteContext, RemoteUrl};

use crate::fleet::{self, FULL, Size};
use crate::repository::Team;
use crate::servers::{self, Server};

/// Where a server is slow: smaller than through memory and the quick ones.
const SMALL: Size = Size { machines: 4, edits: 16 };

fn open(url: &str, environment: &Environment) -> Box<dyn Remote> {
    let url = RemoteUrl::parse(url, environment).unwrap();
    let bounds = Bounds { whole: Duration::from_secs(30), ..Bounds::default() };
    let around =
        RemoteContext { environment: environment.clone(), login: None, insecure: false, cache: PathBuf::new(), bounds };
    remote::open(&url, around).unwrap()
}

pub fn open_webdav(port: u16) -> Box<dyn Remote> {
    open(&format!("webdav+http://127.0.0.1:{port}/ops.json"), &Environment::default())
}

pub fn open_s3(port: u16) -> Box<dyn Remote> {
    let environment = Environment::default()
        .with("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .with("AWS_ACCESS_KEY_ID", "maya")
        .with("AWS_SECRET_ACCESS_KEY", "s3cret");
    open("s3://team/ops.json", &environment)
}

fn webdav(server: Option<Server>, size: Size, seed: u64) {
    let Some(server) = server else { return };
    fleet::run(size, seed, &|_, _| open_webdav(server.port), &|| {});
}

fn s3(server: Option<Server>, size: Size, seed: u64) {
    let Some(server) = server else { return };
    fleet::run(size, seed, &|_, _| open_s3(server.port), &|| {});
}

fn git(team: &Team, url: &str, size: Size, seed: u64) {
    fleet::run(size, seed, &|n, _| team.open(&format!("person {n}"), url), &|| {});
}

fn lighttpd(size: Size) {
    webdav(servers::lighttpd(None), size, 21);
}

fn apache(size: Size) {
    webdav(servers::apache(), size, 22);
}

fn nginx(size: Size) {
    webdav(servers::nginx("", "", ""), size, 23);
}

fn rclone(size: Size) {
    webdav(servers::rclone(), size, 24);
}

fn wsgidav(size: Size) {
    webdav(servers::wsgidav(), size, 25);
}

fn moto(size: Size) {
    s3(servers::moto(), size, 26);
}

fn s3s_fs(size: Size) {
    s3(servers::s3s_fs(), size, 27);
}

fn git_by_path(size: Size) {
    let Some(team) = Team::new() else { return };
    git(&team, &format!("file://{}", team.repository()), size, 28);
}

fn git_over_ssh(size: Size) {
    let Some(mut team) = Team::new() else { return };
    let Some((_server, url)) = team.over_ssh() else { return };
    git(&team, &url, size, 29);
}

#[test]
fn a_fleet_through_lighttpd() {
    lighttpd(FULL);
}

#[test]
fn a_fleet_through_apache() {
    apache(SMALL);
}

#[test]
fn a_fleet_through_nginx_which_ignores_preconditions() {
    nginx(SMALL);
}

#[test]
fn a_fleet_through_rclone_which_ignores_preconditions_and_tears_reads() {
    rclone(SMALL);
}

#[test]
fn a_fleet_through_wsgidav() {
    wsgidav(SMALL);
}

#[test]
fn a_fleet_through_moto() {
    moto(FULL);
}

#[test]
fn a_fleet_through_s3s_fs() {
    s3s_fs(SMALL);
}

#[test]
fn a_fleet_through_git_by_its_path() {
    git_by_path(SMALL);
}

#[test]
fn a_fleet_through_git_over_ssh() {
    git_over_ssh(SMALL);
}

type Named = (&'static str, fn(Size));

/// The fleet of the other tests, and how long each takes: `cargo test --test sync every_server -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes: eight machines with fifty edits each, through every server"]
fn every_server_with_eight_machines_and_fifty_edits_each() {
    let every: [Named; 9] = [
        ("lighttpd", lighttpd),
        ("apache", apache),
        ("nginx", nginx),
        ("rclone", rclone),
        ("wsgidav", wsgidav),
        ("moto", moto),
        ("s3s-fs", s3s_fs),
        ("git by its path", git_by_path),
        ("git over ssh", git_over_ssh),
    ];
    for (name, through) in every {
        let began = Instant::now();
        through(FULL);
        println!("{name}: {:.1} s", began.elapsed().as_secs_f64());
    }
}
