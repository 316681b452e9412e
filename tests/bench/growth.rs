//! What a hostile editor's file costs: each list that a file brings at 1×, 10× and 100×, and the ratio of the last to the first.
//!
//! A step that is n log n costs about 100× to 150×; one that is quadratic 10 000×. `cargo bench --bench growth` runs all, `cargo bench --bench
//! growth -- fields` those whose names hold that word.
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

use std::time::{Duration, Instant};

use data_encoding::BASE64;
use tickey::otp::{Kind, Otp};
use tickey::runtime::clock::Os;
use tickey::secret::Secret;
use tickey::vault::roster::Role;
use tickey::vault::seal::{MemberKey, VaultId, key_id};
use tickey::vault::{Clock, Details, Edit, EntryId, Limits, Locked, Stamp, Unlocked};

#[path = "../sync/forger.rs"]
#[allow(dead_code, reason = "of what the tests of forgeries share, only some is needed here")]
mod forger;

use forger::Forger;

const NOW: u64 = 1_800_000_000_000;
const LIMITS: Limits = Limits { ram: 8 << 30 };

/// An owner's machine, and an editor whose program is altered.
struct Team {
    maya: Unlocked,
    clock: Clock,
    entry: EntryId,
    bob: MemberKey,
    there: Vec<u8>,
}

impl Team {
    fn new() -> Team {
        let founded = Unlocked::found_shared("ops", "maya", NOW, &mut Os).unwrap();
        let invited = founded.vault.invite("bob", Role::Editor, NOW + 1_000, NOW, &mut Os).unwrap();
        let bytes = invited.vault.seal(&mut Os).unwrap();
        let code = tickey::vault::join::InviteCode::read(&invited.code).unwrap();
        let joined = Unlocked::join(&Locked::read(&bytes, &LIMITS).unwrap(), &code, None, NOW, &mut Os).unwrap();
        let left = joined.seal(&mut Os).unwrap();
        let maya = invited.vault.accept(&left, None, &LIMITS, NOW, &mut Os).unwrap().vault;
        let (maya, _) = maya.housekeeping(NOW, &mut Os).unwrap().unwrap();
        let mut clock = Clock::new(1, Stamp::default());
        let entry = EntryId::random(&mut Os).unwrap();
        let details = Details::new(Otp::new(Kind::Totp, Secret::from(&b"12345678901234567890"[..])), "Bank", "ops");
        let added = maya.plan(&[Edit::Add(entry, Box::new(details))], &mut clock, NOW).unwrap();
        let maya = maya.with(&added);
        let there = maya.seal(&mut Os).unwrap();
        Team { maya, clock, entry, bob: joined.link_keys().member, there }
    }

    /// A change of the team's entry, signed by the editor: the n-th, with those members of `set` and `over`.
    fn change(&self, stamp: Stamp, set: &str, over: &str) -> String {
        signed(&self.maya.id(), &self.bob, self.entry, stamp, set, over)
    }

    /// The file at the remote with those elements and members of the body more.
    fn file(&self, elements: &[String], members: &str) -> Vec<u8> {
        let forger = Forger::opens(&self.there, &self.bob);
        let body = serde_json::to_string(&forger.body).unwrap();
        let more = elements.iter().map(|element| format!("{element},")).collect::<String>();
        let body = body.replacen("\"entries\":[", &format!("\"entries\":[{more}"), 1);
        let body = format!("{}{members}}}", body.strip_suffix('}').unwrap());
        forger.sealed_as(body.as_bytes())
    }
}

fn signed(vault: &VaultId, by: &MemberKey, entry: EntryId, stamp: Stamp, set: &str, over: &str) -> String {
    let author = BASE64.encode(&key_id(&by.public().sign));
    let text = format!(r#"{{"entry":"{entry}","at":"{stamp}","by":"{author}","set":{{{set}}},"over":{{{over}}}}}"#);
    let signature = by.sign(&[b"tickey/1 change".as_slice(), vault, text.as_bytes()].concat());
    format!("{},\"signature\":\"{}\"}}", text.strip_suffix('}').unwrap(), BASE64.encode(&signature))
}

/// Takes a file in and does all that a program does with it; how long it took.
fn cost(team: &Team, bytes: &[u8]) -> Duration {
    let started = Instant::now();
    let accepted = team.maya.accept(bytes, None, &LIMITS, NOW, &mut Os).unwrap();
    let mut vault = accepted.vault;
    let again = vault.accept(bytes, Some(&accepted.seen), &LIMITS, NOW, &mut Os).unwrap();
    assert!(again.went_back.is_none());
    let _ = (vault.ahead_of(&accepted.seen), vault.new_since(&team.maya), vault.to_reenrol(), vault.set_aside());
    let _ = (vault.history(team.entry), vault.conflicts(team.entry), vault.last_changed(team.entry));
    let mut clock = team.clock;
    let details = vault.entry(team.entry).unwrap().details.clone();
    let edits = [
        Edit::Favourite(team.entry, !details.favourite),
        Edit::Change(team.entry, Box::new(Details { account: "else".into(), ..details })),
    ];
    let changes = vault.plan(&edits, &mut clock, NOW).unwrap();
    vault = vault.with(&changes);
    vault = vault.with(&vault.plan_undo(&changes, &mut clock, NOW).unwrap());
    vault.plan_return_to(&team.maya, &mut clock, NOW).unwrap();
    let sealed = vault.seal(&mut Os).unwrap();
    vault.check_sealed(&sealed).unwrap();
    vault.merge(&vault.reopen(&sealed, &LIMITS).unwrap()).unwrap();
    started.elapsed()
}

/// A list that grows: what it is called, how many elements it has at 1×, and the file with so many.
type Row = (&'static str, usize, Box<dyn Fn(&Team, usize) -> Vec<u8>>);

fn rows() -> Vec<Row> {
    fn changes(team: &Team, n: usize, set: &dyn Fn(usize) -> String) -> Vec<u8> {
        let change = |n| team.change(Stamp::new(NOW - 200_000 + n as u64, 0, 7), &set(n), "");
        team.file(&(0..n).map(change).collect::<Vec<_>>(), "")
    }
    fn listed(n: usize, item: impl Fn(usize) -> String) -> String {
        (0..n).map(item).collect::<Vec<_>>().join(",")
    }
    fn stamps(n: usize) -> String {
        listed(n, |n| format!("\"{}\"", Stamp::new(n as u64, 0, 7)))
    }
    vec![
        ("unreadable elements", 3_000, Box::new(|team, n| team.file(&vec!["{}".into(); n], ""))),
        ("different unreadable elements", 3_000, {
            Box::new(|team, n| team.file(&(0..n).map(|n| n.to_string()).collect::<Vec<_>>(), ""))
        }),
        ("unknown members of the body", 3_000, {
            Box::new(|team, n| team.file(&[], &(0..n).map(|n| format!(",\"m{n}\":1")).collect::<String>()))
        }),
        ("doubled members of the body", 3_000, Box::new(|team, n| team.file(&[], &",\"joins\":[]".repeat(n)))),
        ("fields of one change", 1_500, {
            Box::new(|team, n| changes(team, 1, &|_| listed(n, |field| format!("\"f{field}\":1"))))
        }),
        ("fields of one entry", 1_500, {
            Box::new(|team, n| changes(team, n / 50, &|at| listed(50, |field| format!("\"f{}\":1", at * 50 + field))))
        }),
        ("doubled fields", 1_500, {
            Box::new(|team, n| changes(team, n / 50, &|_| listed(50, |_| "\"secret\":\"AA\"".to_owned())))
        }),
        ("changes that are pruned", 300, Box::new(|team, n| changes(team, n, &|n| format!("\"note\":\"{n}\"")))),
        ("changes that are kept", 300, {
            Box::new(|team, n| changes(team, n, &|n| format!("\"pin\":\"{n}\",\"note\":\"{n}\"")))
        }),
        ("counters", 300, {
            Box::new(|team, n| changes(team, n, &|_| format!("\"counter\":{{\"next\":{}}}", u64::MAX)))
        }),
        ("tags", 5_000, {
            Box::new(|team, n| {
                changes(team, n / 50, &|n| {
                    format!("\"pin\":\"{n}\",\"tags\":[{}]", listed(50, |tag| format!("\"{tag}\"")))
                })
            })
        }),
        ("replaced stamps of one change", 1_500, {
            Box::new(|team, n| {
                let over = format!("\"note\":[{}]", stamps(n));
                team.file(&[team.change(Stamp::new(NOW, 0, 7), "\"note\":\"x\"", &over)], "")
            })
        }),
        ("replaced stamps", 1_500, {
            Box::new(|team, n| {
                let over = format!("\"pin\":[{}]", stamps(50));
                let change =
                    |n| team.change(Stamp::new(NOW - 200_000 + n as u64, 0, 7), &format!("\"pin\":\"{n}\""), &over);
                team.file(&(0..n / 50).map(change).collect::<Vec<_>>(), "")
            })
        }),
        ("changes of one stamp", 300, {
            Box::new(|team, n| {
                let change = |n| team.change(Stamp::new(NOW, 0, 7), &format!("\"pin\":\"{n}\""), "");
                team.file(&(0..n).map(change).collect::<Vec<_>>(), "")
            })
        }),
        ("replicas", 300, {
            Box::new(|team, n| {
                let change = |n| team.change(Stamp::new(NOW, 0, n as u64), &format!("\"pin\":\"{n}\""), "");
                team.file(&(0..n).map(change).collect::<Vec<_>>(), "")
            })
        }),
        ("entries", 300, {
            Box::new(|team, n| {
                let set = r#""kind":"totp","secret":"JBSWY3DP","issuer":"more""#;
                let (vault, stamp) = (team.maya.id(), Stamp::new(NOW, 0, 7));
                let change = |_| signed(&vault, &team.bob, EntryId::random(&mut Os).unwrap(), stamp, set, "");
                team.file(&(0..n).map(change).collect::<Vec<_>>(), "")
            })
        }),
    ]
}

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).unwrap_or_default();
    let team = Team::new();
    println!("{:<34}{:>8}{:>12}{:>12}{:>12}{:>8}", "", "n", "1×", "10×", "100×", "ratio");
    for (name, n, file) in rows().into_iter().filter(|(name, ..)| name.contains(&filter)) {
        let [one, ten, hundred] = [1, 10, 100].map(|times| {
            let bytes = file(&team, n * times);
            // The least of three: what else the machine does is no cost of ours.
            (0..3).map(|_| cost(&team, &bytes)).min().unwrap_or_default()
        });
        let ratio = hundred.as_secs_f64() / one.as_secs_f64();
        println!("{name:<34}{n:>8}{one:>12.1?}{ten:>12.1?}{hundred:>12.1?}{ratio:>8.0}");
    }
}
