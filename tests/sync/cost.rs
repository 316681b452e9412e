//! What a sync moves, and what it costs. Times are printed, for a program built for speed:
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo test --test sync cost -- --ignored --nocapture`.

use rustix::time::{ClockId, clock_gettime};
use tickey::store::memory;
use tickey::store::remote::Tag;
use tickey::vault::Edit;

use crate::machine::{Machine, details, new_id};
use crate::storage::Storage;

fn cpu_ms() -> f64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as f64 * 1e3 + spent.tv_nsec as f64 / 1e6
}

fn pair(entries: usize) -> (Storage, Machine, Machine) {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    let edits: Vec<Edit> =
        (0..entries).map(|n| Edit::Add(new_id(), Box::new(details(&format!("Service {n}"))))).collect();
    maya.edit(&edits);
    maya.sync(&mut storage.honest());
    let mut second = Machine::second(&storage, &maya.vault.link_keys());
    second.sync(&mut storage.honest());
    maya.sync(&mut storage.honest());
    (storage, maya, second)
}

/// What a sync did to the storage: bytes read, bytes written, requests.
fn moved(storage: &Storage, work: impl FnOnce()) -> (usize, usize, usize) {
    let counts = || {
        let shelf = storage.shelf();
        (shelf.read, shelf.written, shelf.requests)
    };
    let before = counts();
    work();
    let after = counts();
    (after.0 - before.0, after.1 - before.1, after.2 - before.2)
}

#[test]
fn with_nothing_new_no_body_is_moved() {
    let (storage, mut maya, mut second) = pair(50);
    for machine in [&mut maya, &mut second] {
        assert_eq!(moved(&storage, || drop(machine.sync(&mut storage.honest()))), (0, 0, 1));
    }
    // A change is read against what is there, written once, and not fetched again.
    maya.add("One more");
    let (_, written, requests) = moved(&storage, || drop(maya.sync(&mut storage.honest())));
    assert_eq!((written, requests), (storage.shelf().bytes().unwrap().len(), 3));
    let (read, written, requests) = moved(&storage, || drop(second.sync(&mut storage.honest())));
    assert_eq!((read, written, requests), (storage.shelf().bytes().unwrap().len(), 0, 1));
}

#[test]
#[ignore = "prints times, for a program built for speed"]
fn at_ten_thousand_entries() {
    let (storage, mut maya, mut second) = pair(10_000);
    println!("the file has {} bytes", storage.shelf().bytes().unwrap().len());
    let time = |what: &str, work: &mut dyn FnMut()| {
        let before = cpu_ms();
        let (read, written, _) = moved(&storage, work);
        println!("{what}: {:.1} ms of CPU, {read} bytes read, {written} written", cpu_ms() - before);
    };
    for round in 0..5 {
        time("nothing new", &mut || drop(maya.sync(&mut storage.honest())));
        let before = cpu_ms();
        assert!(memory::read(&maya.home, &maya.vault.vault_id()).holds(&maya.vault));
        println!("  of that, the comparison: {:.1} ms", cpu_ms() - before);
        let before = cpu_ms();
        drop((maya.vault.clone(), maya.vault.clone()));
        println!("  of that, two copies that this test makes: {:.1} ms", cpu_ms() - before);
        let bytes = storage.shelf().bytes().unwrap().clone();
        let before = cpu_ms();
        drop(Tag::new("", true, &bytes));
        println!("  of that, the storage naming its version: {:.1} ms", cpu_ms() - before);
        let before = cpu_ms();
        maya.add(&format!("One more {round}"));
        println!("a save alone: {:.1} ms", cpu_ms() - before);
        time("one change sent", &mut || drop(maya.sync(&mut storage.honest())));
        time("one change received", &mut || drop(second.sync(&mut storage.honest())));
        let bytes = storage.shelf().bytes().unwrap().clone();
        let before = cpu_ms();
        let again = maya.vault.reopen(&bytes, &crate::machine::LIMITS).unwrap();
        println!("opening it alone: {:.1} ms", cpu_ms() - before);
        drop(again);
    }
}
