//! The same servers behind a proxy that misbehaves: what two writers add is there in the end, and nothing damaged is taken for whole.

use std::time::{Duration, Instant};

use tickey::store::remote::{Arrived, Bounds, Environment, Read, Remote, Written};

use crate::servers::{self, Server};
use crate::{conformance, open_within};

/// How one is reached behind a proxy: by its port, and the name of the file, another for each scenario.
struct Behind {
    upstream: Server,
    url: fn(u16, &str) -> String,
}

impl Behind {
    fn open(&self, port: u16, scenario: &str) -> Box<dyn Remote> {
        let name: String = scenario.chars().filter(char::is_ascii_alphanumeric).collect();
        let environment = Environment::default()
            .with("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
            .with("AWS_ACCESS_KEY_ID", "maya")
            .with("AWS_SECRET_ACCESS_KEY", "s3cret");
        let bounds = Bounds { whole: Duration::from_secs(4), ..Bounds::default() };
        open_within(&(self.url)(port, &name), environment, bounds)
    }

    /// Two writers through the proxy lose nothing, by what the server itself has.
    fn loses_nothing(&self, scenario: &str) {
        let Some(proxy) = servers::misbehaving(self.upstream.port, scenario) else { return };
        let start = Instant::now();
        conformance::two_at_once(&|| self.open(proxy.port, scenario), 5);
        match self.open(self.upstream.port, scenario).read(None).unwrap() {
            Read::Found(bytes, _) => {
                assert_eq!(conformance::unpack(&bytes).map(|words| words.len()), Some(10), "{scenario}")
            }
            other => panic!("{scenario}: {other:?}"),
        }
        println!("{scenario}: {:?}", start.elapsed());
    }

    /// A read through the proxy ends in time, and gives an error or what the reader can tell from a whole file.
    fn deceives_nobody(&self, scenario: &str) {
        let Some(proxy) = servers::misbehaving(self.upstream.port, scenario) else { return };
        let words = (0..500).map(|number| format!("word {number}")).collect();
        let whole = conformance::pack(&words);
        self.open(self.upstream.port, scenario).write(&whole, None).unwrap();
        let start = Instant::now();
        match self.open(proxy.port, scenario).read(None) {
            Ok(Read::Found(bytes, _)) => assert_eq!(conformance::unpack(&bytes), None, "{scenario}"),
            Ok(other) => panic!("{scenario}: {other:?}"),
            Err(error) => println!("{scenario}: {error}"),
        }
        assert!(start.elapsed() < Duration::from_secs(40), "{scenario} took {:?}", start.elapsed());
    }
}

const LOSING: &[&str] = &[
    "pass",
    "cut-after",
    "status:503:3",
    "storm:409,412,423,429,500,503",
    "noetag",
    "weaketag",
    "etag-change",
    "ignore-ifmatch",
    "replay",
];
const DECEIVING: &[&str] = &[
    "cut-download:100",
    "truncate",
    "flip",
    "html",
    "gzipbomb",
    "endless",
    "slow:200",
    "redirect:http://127.0.0.1:1/ops.json",
];

#[test]
fn webdav() {
    let Some(upstream) = servers::nginx("", "", "") else { return };
    let behind = Behind { upstream, url: |port, name| format!("webdav+http://127.0.0.1:{port}/{name}.json") };
    LOSING.iter().for_each(|scenario| behind.loses_nothing(scenario));
    DECEIVING.iter().for_each(|scenario| behind.deceives_nobody(scenario));
}

#[test]
fn webdav_with_locks() {
    let Some(upstream) = servers::apache() else { return };
    let behind = Behind { upstream, url: |port, name| format!("webdav+http://127.0.0.1:{port}/{name}.json") };
    // A lock whose answer is lost is nobody's until it ends by itself.
    LOSING.iter().filter(|scenario| **scenario != "cut-after").for_each(|scenario| behind.loses_nothing(scenario));
}

#[test]
fn s3() {
    let Some(upstream) = servers::moto() else { return };
    let behind = Behind { upstream, url: |_, name| format!("s3://team/{name}.json") };
    LOSING.iter().for_each(|scenario| behind.loses_nothing(scenario));
    DECEIVING.iter().for_each(|scenario| behind.deceives_nobody(scenario));
}

#[test]
fn an_upload_that_is_cut_is_not_said_to_be_done() {
    let Some(upstream) = servers::lighttpd(None) else { return };
    let behind = Behind { upstream, url: |port, name| format!("webdav+http://127.0.0.1:{port}/{name}.json") };
    let words = |count: usize| conformance::pack(&(0..count).map(|number| format!("word {number}")).collect());
    let mut straight = behind.open(behind.upstream.port, "cut");
    let Written::Done(tag) = straight.write(&words(1000), None).unwrap() else { panic!() };
    let Some(proxy) = servers::misbehaving(behind.upstream.port, "cut-upload:3000") else { return };
    let error = behind.open(proxy.port, "cut").write(&words(2000), Some(&tag)).unwrap_err();
    assert!(error.may_pass() && error.arrived() == Arrived::Perhaps, "{error}");
    match straight.read(None).unwrap() {
        Read::Found(bytes, _) => assert!(conformance::unpack(&bytes).is_none_or(|words| words.len() == 1000)),
        other => panic!("{other:?}"),
    }
}
