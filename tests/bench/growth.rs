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
use serde_json::{Value, json};
use tickey::otp::{Kind, Otp};
use tickey::runtime::clock::Os;
use tickey::secret::Secret;
use tickey::vault::roster::Role;
use tickey::vault::seal::{MemberKey, VaultId, key_id, sha256};
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

    /// The file at the remote with links more, and whatever else the owner puts in.
    fn by_owner(&self, alter: impl Fn(&mut Forger)) -> Vec<u8> {
        let mut forger = Forger::opens(&self.there, &self.maya.link_keys().member);
        alter(&mut forger);
        forger.sealed()
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

/// The keys that a link brings, new ones.
fn keys() -> Value {
    let keys = MemberKey::random(&mut Os).unwrap().public();
    json!({"sign": BASE64.encode(&keys.sign), "exchange": BASE64.encode(&keys.exchange)})
}

fn with(mut all: Value, more: Value) -> Value {
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

/// Invites somebody, with those keys or new ones; the id of the invitation.
fn invite(forger: &mut Forger, keys: Value) -> String {
    forger.add_link(&with(json!({"op": "invite", "name": "more", "role": "viewer", "expires": NOW * 2}), keys));
    BASE64.encode(&sha256(&[&BASE64
        .decode(forger.links().last().unwrap()["link"].as_str().unwrap().as_bytes())
        .unwrap()]))
}

/// Invites somebody and lets them in; their signing key.
fn member(forger: &mut Forger) -> String {
    let (id, keys) = (invite(forger, keys()), keys());
    forger.add_link(&with(json!({"op": "admit", "name": "more", "role": "viewer", "invite": id}), keys.clone()));
    keys["sign"].as_str().unwrap().to_owned()
}

/// A text that is signed by both, as records and requests are.
fn signed_by(purpose: &[u8], vault: &VaultId, text: &[u8], keys: [&MemberKey; 2]) -> [String; 2] {
    keys.map(|key| BASE64.encode(&key.sign(&[purpose, vault, text].concat())))
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
    fn entry(team: &Team) -> String {
        let set = r#""kind":"totp","secret":"JBSWY3DP","issuer":"more""#;
        signed(&team.maya.id(), &team.bob, EntryId::random(&mut Os).unwrap(), Stamp::new(NOW - 1, 0, 7), set, "")
    }
    fn in_lists(forger: &mut Forger, op: &str, member: &str, all: &[String]) {
        for some in all.chunks(1_200) {
            forger.add_link(&json!({"op": op, member: some}));
        }
    }
    vec![
        ("links", 190, {
            Box::new(|team, n| {
                let bob = BASE64.encode(&team.bob.public().sign);
                team.by_owner(|forger| {
                    for role in ["viewer", "editor"].into_iter().cycle().take(n / 2 * 2) {
                        forger.add_link(&json!({"op": "role", "member": bob, "role": role}));
                    }
                })
            })
        }),
        ("members", 10, Box::new(|team, n| team.by_owner(|forger| (0..n).for_each(|_| drop(member(forger)))))),
        ("open invitations", 10, {
            Box::new(|team, n| team.by_owner(|forger| (0..n).for_each(|_| drop(invite(forger, keys())))))
        }),
        ("grants", 10, {
            Box::new(|team, n| {
                team.by_owner(|forger| {
                    (0..n).for_each(|_| forger.grant(&MemberKey::random(&mut Os).unwrap().public().exchange));
                    forger.header.grants.reverse();
                })
            })
        }),
        ("records of newcomers", 160, {
            Box::new(|team, n| {
                team.by_owner(|forger| {
                    let code = MemberKey::random(&mut Os).unwrap();
                    let of_code = json!({"sign": BASE64.encode(&code.public().sign), "exchange": BASE64.encode(&code.public().exchange)});
                    let id = invite(forger, of_code);
                    let record = |_| {
                        let own = MemberKey::random(&mut Os).unwrap();
                        let (sign, exchange) = (BASE64.encode(&own.public().sign), BASE64.encode(&own.public().exchange));
                        let text = json!({"invite": id, "name": "new", "sign": sign, "exchange": exchange, "at": 1}).to_string();
                        let [invited, signature] =
                            signed_by(b"tickey/1 join", &team.maya.id(), text.as_bytes(), [&code, &own]);
                        json!({"join": BASE64.encode(text.as_bytes()), "invited": invited, "signature": signature})
                    };
                    forger.body["joins"] = (0..n).map(record).collect();
                })
            })
        }),
        ("requests", 160, {
            Box::new(|team, n| {
                team.by_owner(|forger| {
                    let old = team.bob.public().sign;
                    let request = |_| {
                        let new = MemberKey::random(&mut Os).unwrap();
                        let (sign, exchange) = (new.public().sign, new.public().exchange);
                        let text = [old, sign, exchange].concat();
                        let [agreed, signature] =
                            signed_by(b"tickey/1 rekey", &team.maya.id(), &text, [&team.bob, &new]);
                        let [old, sign, exchange] = [old, sign, exchange].map(|key| BASE64.encode(&key));
                        json!({"kind": "rekey", "old": old, "sign": sign, "exchange": exchange, "agreed": agreed, "signature": signature})
                    };
                    forger.body["requests"] = (0..n).map(request).collect();
                })
            })
        }),
        ("changes that owners stand for", 1_500, {
            Box::new(|team, n| {
                let hash = |n: usize| BASE64.encode(&sha256(&[&n.to_be_bytes()]));
                team.by_owner(|forger| in_lists(forger, "vouch", "changes", &(0..n).map(hash).collect::<Vec<_>>()))
            })
        }),
        ("entries that are gone for good", 1_500, {
            Box::new(|team, n| {
                let id = |_| EntryId::random(&mut Os).unwrap().to_string();
                team.by_owner(|forger| in_lists(forger, "purge", "entries", &(0..n).map(id).collect::<Vec<_>>()))
            })
        }),
        ("entries and members who left", 50, {
            Box::new(|team, n| {
                team.by_owner(|forger| {
                    for n in 0..n {
                        let (member, newest) = (member(forger), Stamp::new(NOW + n as u64, 0, 7).to_string());
                        forger.add_link(&json!({"op": "remove", "member": member, "newest": newest}));
                        forger.changes().push(serde_json::from_str(&entry(team)).unwrap());
                    }
                })
            })
        }),
        ("copies of one change", 3_000, Box::new(|team, n| team.file(&vec![entry(team); n], ""))),
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
        ("entries", 300, { Box::new(|team, n| team.file(&(0..n).map(|_| entry(team)).collect::<Vec<_>>(), "")) }),
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
