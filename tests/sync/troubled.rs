//! Fleets and real servers with trouble between them: whatever it is, nothing is lost, nothing is there twice, and nothing hangs.

use std::time::Instant;

use tickey::store::remote::Remote;

use crate::fleet::{self, Size};
use crate::proxy::{Mischief, Proxy, Tags};
use crate::real_servers::{open_s3, open_webdav};
use crate::servers::{self, Server};

const FEW: Size = Size { machines: 3, edits: 8 };
const MORE: Size = Size { machines: 4, edits: 16 };

type Open = fn(u16) -> Box<dyn Remote>;

/// Each of the troubles alone, and all of them at once.
fn troubles() -> Vec<(&'static str, Mischief)> {
    let one = Mischief::default();
    vec![
        ("uploads cut off", Mischief { cut_uploads: 40, ..one }),
        ("answers lost", Mischief { lost_answers: 50, ..one }),
        ("writes refused", Mischief { refusals: 60, ..one }),
        ("uploads made twice", Mischief { replays: 50, ..one }),
        ("downloads cut off", Mischief { cut_downloads: 40, ..one }),
        ("downloads of the past", Mischief { stale: 30, ..one }),
        ("preconditions lost", Mischief { ignores_guards: true, ..one }),
        ("no tags", Mischief { tags: Tags::Missing, ..one }),
        ("weak tags", Mischief { tags: Tags::Weak, ..one }),
        ("changing tags", Mischief { tags: Tags::Changing, ..one }),
    ]
}

fn everything(tags: Tags) -> Mischief {
    Mischief {
        cut_uploads: 8,
        lost_answers: 8,
        refusals: 15,
        replays: 8,
        cut_downloads: 8,
        stale: 8,
        ignores_guards: true,
        tags,
    }
}

/// Through the trouble while they edit; then straight, for who is shown an old copy for ever cannot know.
fn through(what: &str, upstream: u16, between: u16, size: Size, seed: u64, open: Open) {
    let began = Instant::now();
    fleet::run(size, seed, &|_, fair| open(if fair { upstream } else { between }), &|| {});
    println!("{what}: {:.1} s", began.elapsed().as_secs_f64());
}

fn each_trouble(start: fn() -> Option<Server>, open: Open) {
    for (n, (what, mischief)) in troubles().into_iter().enumerate() {
        let Some(server) = start() else { return };
        let proxy = Proxy::before(server.port, mischief, n as u64);
        through(what, server.port, proxy.port, FEW, 40 + n as u64, open);
        let by_chance = mischief.tags == Tags::Kept && !mischief.ignores_guards;
        assert!(!by_chance || proxy.done() > 0, "there was no trouble: {what}");
    }
}

fn all_at_once(start: fn() -> Option<Server>, tags: Tags, open: Open) {
    let Some(server) = start() else { return };
    let proxy = Proxy::before(server.port, everything(tags), 7);
    through("everything", server.port, proxy.port, MORE, 60, open);
}

#[test]
fn a_fleet_through_each_trouble_and_webdav() {
    each_trouble(|| servers::lighttpd(None), open_webdav);
}

#[test]
fn a_fleet_through_each_trouble_and_s3() {
    each_trouble(servers::moto, open_s3);
}

#[test]
fn a_fleet_through_every_trouble_at_once_and_lighttpd() {
    all_at_once(|| servers::lighttpd(None), Tags::Weak, open_webdav);
}

#[test]
fn a_fleet_through_every_trouble_at_once_and_nginx() {
    all_at_once(|| servers::nginx("", "", ""), Tags::Missing, open_webdav);
}

#[test]
fn a_fleet_through_every_trouble_at_once_and_apache() {
    all_at_once(servers::apache, Tags::Kept, open_webdav);
}

#[test]
fn a_fleet_through_every_trouble_at_once_and_moto() {
    all_at_once(servers::moto, Tags::Changing, open_s3);
}

/// The same by another hand's proxy, where there is one.
#[test]
fn a_fleet_through_another_misbehaving_proxy() {
    let scenarios =
        ["cut-after", "storm:409,412,423,429,500,503", "stale:2", "noetag", "weaketag", "ignore-ifmatch", "replay"];
    for (n, scenario) in scenarios.into_iter().enumerate() {
        let Some(server) = servers::nginx("", "", "") else { return };
        let Some(proxy) = servers::misbehaving(server.port, scenario) else { return };
        through(scenario, server.port, proxy.port, FEW, 80 + n as u64, open_webdav);
    }
}
