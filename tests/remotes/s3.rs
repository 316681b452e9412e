//! Stores that speak S3.

use std::time::Duration;

use tickey::store::remote::{Bounds, Environment, Guard, Login, Read, Trouble, Written};

use crate::{conformance, open, open_within, servers};

fn environment(port: u16) -> Environment {
    Environment::default()
        .with("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .with("AWS_ACCESS_KEY_ID", "maya")
        .with("AWS_SECRET_ACCESS_KEY", "s3cret")
}

#[test]
fn moto_does_what_every_remote_must() {
    let Some(server) = servers::moto() else { return };
    let port = server.port;
    conformance::check(
        &|| open("s3://team/vaults/ops 1+é.json", environment(port)),
        &[Guard::Ignores, Guard::Checks, Guard::Atomic],
    );
    let listed = servers::plain(port, "GET /team HTTP/1.1\nHost: localhost\nConnection: close\n\n");
    assert_eq!(listed.matches("<Key>").count(), 1, "the probe left something: {listed}");
}

#[test]
fn s3s_fs_does_what_every_remote_must() {
    let Some(server) = servers::s3s_fs() else { return };
    let port = server.port;
    conformance::check(
        &|| open("s3://team/ops.json", environment(port)),
        &[Guard::Ignores, Guard::Checks, Guard::Atomic],
    );
    let wrong = Login { user: "maya".into(), secret: "wrong".into() };
    let mut remote = crate::open_as("s3://team/ops.json", environment(port), Some(wrong), Bounds::default());
    let error = remote.read(None).unwrap_err();
    assert_eq!(error.kind(), Trouble::Refused, "{error}");
    assert!(!error.to_string().contains("wrong"), "{error}");
}

#[test]
fn a_bucket_that_is_missing_is_no_absent_file() {
    let Some(server) = servers::moto() else { return };
    let mut remote = open("s3://nobodys-bucket/ops.json", environment(server.port));
    for error in [remote.read(None).unwrap_err(), remote.write(b"x", None).unwrap_err(), remote.probe().unwrap_err()] {
        assert_eq!(error.kind(), Trouble::NoPlace, "{error}");
        assert!(error.to_string().contains("there is no bucket nobodys-bucket"), "{error}");
    }
}

#[test]
fn a_version_that_is_known_moves_no_body() {
    let Some(server) = servers::moto() else { return };
    let mut remote = open("s3://team/ops.json", environment(server.port));
    let Written::Done(tag) = remote.write(&vec![7; 100_000], None).unwrap() else { panic!() };
    // Whoever wrote it knows it.
    let Some(proxy) = servers::misbehaving(server.port, "cut-download:1000") else { return };
    let mut cut = open("s3://team/ops.json", environment(proxy.port));
    assert_eq!(cut.read(Some(&tag)).unwrap(), Read::Same(tag));
    assert!(cut.read(None).unwrap_err().may_pass());
}

#[test]
fn nobody_listens() {
    let bounds = Bounds { whole: Duration::from_secs(5), ..Bounds::default() };
    let mut remote = open_within("s3://team/ops.json", environment(servers::free_port()), bounds);
    let error = remote.read(None).unwrap_err();
    assert_eq!(error.kind(), Trouble::Unreachable, "{error}");
    assert!(error.may_pass());
}
