//! A genuine copy with something around it that means nothing: by whoever stores it, and by an editor whose program is altered.

use serde_json::{Value, json};
use tickey::vault::roster::Role;

use crate::forger::{Forger, taken_apart};
use crate::machine::Machine;
use crate::storage::Storage;

/// What somebody makes of a genuine copy.
type Alter = Box<dyn Fn(&[u8]) -> Vec<u8>>;
type Case = (&'static str, Alter);

fn by_whoever_stores_it() -> Vec<Case> {
    vec![
        ("blanks behind it", Box::new(|bytes| [bytes, b" ".repeat(100_000).as_slice()].concat())),
        ("a byte before it", Box::new(|bytes| [b"\n", bytes].concat())),
        ("no line's end", Box::new(|bytes| bytes.trim_ascii_end().to_vec())),
        ("blanks within it", Box::new(|bytes| String::from_utf8_lossy(bytes).replace("\",\"", "\", \"").into_bytes())),
    ]
}

/// The body as it is written.
fn plain(forger: &Forger) -> String {
    let part = |name: &str| format!("\"{name}\":{}", forger.body[name]);
    format!("{{{},{}}}", part("roster"), part("entries"))
}

fn by_an_editor(bob: &Machine) -> Vec<Case> {
    fn body(bob: &Machine, alter: impl Fn(String) -> String + 'static) -> Alter {
        let bob = bob.window();
        Box::new(move |bytes| {
            let forger = Forger::opens(bytes, &bob.vault.link_keys().member);
            forger.sealed_as(alter(plain(&forger)).as_bytes())
        })
    }
    let more =
        |elements: String| move |body: String| body.replacen("\"entries\":[", &format!("\"entries\":[{elements}"), 1);
    let header = |bytes: &[u8], bob: &Machine| {
        let header: Value = serde_json::from_slice(&taken_apart(bytes).header_bytes).unwrap();
        let forger = Forger::opens(bytes, &bob.vault.link_keys().member);
        let body = plain(&forger);
        forger.sealed_under(serde_json::to_vec_pretty(&header).unwrap(), body.as_bytes())
    };
    let bob_again = bob.window();
    vec![
        ("elements that are no changes", body(bob, more((0..2_000).map(|n| format!("{n},")).collect()))),
        ("one such element often", body(bob, more("{},".repeat(2_000)))),
        (
            "unknown members",
            body(bob, |body| body.replacen('{', &format!("{{\"more\":{},", json!("x".repeat(9_000))), 1)),
        ),
        ("a list of nobody's records", body(bob, |body| body.replacen('{', "{\"joins\":[{}],", 1))),
        (
            "blanks in the body",
            body(bob, |body| body.replacen("\"entries\":[", &format!("\"entries\":[{}", " ".repeat(9_000)), 1)),
        ),
        ("blanks behind the body", body(bob, |body| format!("{body}{}", " ".repeat(9_000)))),
        ("a change twice", {
            body(bob, |body| {
                let start = body.find("\"entries\":[").unwrap() + 11;
                let first = body[start..].split_once("\"}").unwrap().0;
                format!("{}{first}\"}},{}", &body[..start], &body[start..])
            })
        }),
        ("blanks in the header", Box::new(move |bytes| header(bytes, &bob_again))),
    ]
}

#[test]
fn what_is_put_around_a_copy_goes_with_the_next_sync_and_nobody_writes_twice() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    maya.add("Registrar");
    maya.sync(&mut storage.honest());
    let mut bob = maya.let_in(&storage, "bob", Role::Editor);
    let mut vera = maya.let_in(&storage, "vera", Role::Viewer);
    bob.add("Cloud");
    bob.sync(&mut storage.honest());
    for machine in [&mut maya, &mut vera] {
        machine.sync(&mut storage.honest());
    }
    let good = storage.shelf().bytes().unwrap().clone();
    let versions = || storage.shelf().versions.len();
    for (what, pad) in by_whoever_stores_it().into_iter().chain(by_an_editor(&bob)) {
        let padded = pad(&good);
        assert_ne!(padded, good, "{what}");
        storage.shelf().put(&padded);
        let before = versions();
        let synced = vera.sync(&mut storage.honest());
        assert!(versions() == before && synced.sent == 0, "{what}: who may only view leaves it");
        let synced = maya.sync(&mut storage.honest());
        assert_eq!((versions(), synced.received, synced.sent), (before + 1, 0, 0), "{what}");
        let there = storage.shelf().bytes().unwrap().clone();
        assert_eq!(there.len(), good.len(), "{what}");
        for machine in [&mut bob, &mut vera, &mut maya] {
            let synced = machine.sync(&mut storage.honest());
            assert_eq!((synced.received, synced.sent, synced.notices.len()), (0, 0, 0), "{what}");
        }
        assert_eq!(versions(), before + 1, "{what}: it comes to rest");
    }
}
