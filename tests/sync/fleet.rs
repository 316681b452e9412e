//! Eight machines, fifty edits each, all at once: everything is everywhere afterwards, once.

use std::collections::BTreeSet;
use std::time::Duration;

use tickey::otp::{Kind, Otp};
use tickey::secret::Secret;
use tickey::store::memory::{self, Memory};
use tickey::store::remote::Remote;
use tickey::store::sync::SyncError;
use tickey::vault::roster::Role;
use tickey::vault::{Details, Edit, EntryId, Stamp};

use crate::machine::{HOUR, Machine, new_id, same};
use crate::storage::{Dice, Faults, Storage};

/// How large a fleet is.
#[derive(Clone, Copy)]
pub struct Size {
    pub machines: usize,
    pub edits: usize,
}

pub const FULL: Size = Size { machines: 8, edits: 50 };

/// How many of the entries that all edit are counters: of one counter only the newest draws are kept.
const COUNTERS: usize = 4;

/// Two people with several machines each, all in the vault, and what all of them edit. The storage is where they came in.
fn fleet(machines: usize, storage: &Storage) -> (Vec<Machine>, Vec<EntryId>) {
    let mut maya = Machine::founder();
    let mut shared: Vec<EntryId> = (0..12).map(|n| maya.add(&format!("Shared {n}"))).collect();
    for n in 0..COUNTERS {
        let counter = new_id();
        let otp = Otp::new(Kind::Hotp, Secret::from(&b"12345678901234567890"[..]));
        maya.edit(&[Edit::Add(counter, Box::new(Details::new(otp, format!("Counter {n}"), "")))]);
        shared.push(counter);
    }
    let bob = maya.let_in(storage, "bob", Role::Editor);
    let keys = [maya.vault.link_keys(), bob.vault.link_keys()];
    let mut fleet = vec![maya, bob];
    for n in 2..machines {
        fleet.push(Machine::second(storage, &keys[n % 2]));
    }
    for (n, machine) in fleet.iter_mut().enumerate() {
        machine.skew = (n as i64 - 4) * 3 * HOUR;
        machine.made.clear();
        memory::remember(&machine.home, &machine.vault.vault_id(), &Memory::default()).unwrap();
    }
    (fleet, shared)
}

fn one_edit(machine: &mut Machine, shared: &[EntryId], dice: &mut Dice, n: usize) {
    let plain = shared.len() - COUNTERS;
    let counter = shared[plain + dice.below(COUNTERS as u64) as usize];
    let of_all = shared[dice.below(plain as u64) as usize];
    match dice.below(10) {
        0..=5 => drop(machine.add(&format!("new {n}"))),
        6 => machine.rename(of_all, &format!("named by {:016x}", dice.below(u64::MAX))),
        7 => machine.edit(&[Edit::UseCounter(counter)]),
        8 => {
            let favourite = machine.vault.entry(of_all).unwrap().details.favourite;
            machine.edit(&[Edit::Favourite(of_all, !favourite)]);
        }
        _ => {
            let deleted = machine.vault.entry(of_all).unwrap().deleted;
            machine.edit(&[if deleted { Edit::Restore(of_all) } else { Edit::Delete(of_all) }]);
        }
    }
}

/// Every machine edits and syncs; then each syncs until nobody has anything new. `way` opens a machine's remote (at the end in better weather, as its second argument
/// says: who is shown an old copy for ever cannot know), `between` runs before each sync.
pub fn run(size: Size, seed: u64, way: &(dyn Fn(usize, bool) -> Box<dyn Remote> + Sync), between: &(dyn Fn() + Sync)) {
    let (mut fleet, shared) = fleet(size.machines, &Storage::default());
    let before = fleet[0].vault.seen().changes;
    std::thread::scope(|scope| {
        for (n, machine) in fleet.iter_mut().enumerate() {
            let shared = &shared;
            scope.spawn(move || {
                let mut dice = Dice((seed * 1_000 + n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
                let mut remote = way(n, false);
                let mut done = 0;
                while done < size.edits {
                    for _ in 0..=dice.below(8) {
                        if done < size.edits {
                            one_edit(machine, shared, &mut dice, done);
                            done += 1;
                        }
                    }
                    between();
                    // Whatever goes wrong: nothing is lost, and later is another time.
                    if let Err(error) = machine.try_sync(remote.as_mut()) {
                        assert!(matches!(error, SyncError::Remote(_) | SyncError::Busy), "{error}");
                    }
                }
            });
        }
    });
    for pass in 0.. {
        assert!(pass < 12, "they do not come to rest");
        let mut quiet = true;
        for (n, machine) in fleet.iter_mut().enumerate() {
            between();
            let seen = machine.vault.seen();
            match machine.try_sync(way(n, true).as_mut()) {
                Ok(synced) => quiet &= synced.sent == 0 && machine.vault.seen() == seen,
                Err(SyncError::Remote(_) | SyncError::Busy) => quiet = false,
                Err(error) => panic!("{error}"),
            }
        }
        if quiet {
            break;
        }
    }
    check(&fleet, before);
}

/// Every change is everywhere, once; all machines hold the same; the counter is at its end.
pub fn check(fleet: &[Machine], before: usize) {
    let made: BTreeSet<(EntryId, Stamp)> = fleet.iter().flat_map(|machine| machine.made.iter().copied()).collect();
    let first = &fleet[0];
    for machine in fleet {
        assert_eq!(machine.vault.seen().changes, before + made.len(), "nothing is lost, and nothing doubled");
        assert_eq!(machine.vault.seen(), first.vault.seen(), "they ended apart");
        assert!(same(first, machine));
        let on_disk = machine.vault.reopen(&std::fs::read(&machine.path).unwrap(), &crate::machine::LIMITS).unwrap();
        assert!(on_disk == machine.vault);
    }
    for (entry, at) in &made {
        assert!(first.vault.history(*entry).iter().any(|item| item.at == *at), "{entry} {at}");
    }
}

fn through(faults: Faults, seed: u64) {
    let storage = Storage::default();
    let way = |n: usize, fair: bool| {
        let faults = if fair { Faults { stale: 0, ..faults } } else { faults };
        Box::new(storage.client(faults, seed + n as u64)) as Box<dyn Remote>
    };
    run(FULL, seed, &way, &|| {});
}

#[test]
fn through_a_server_that_guards() {
    through(Faults { delay: Duration::from_millis(3), ..Faults::default() }, 1);
}

#[test]
fn through_a_server_that_ignores_preconditions_and_tears_reads() {
    let delay = Duration::from_millis(5);
    through(Faults { ignores_guards: true, torn: 10, empty: 5, delay, ..Faults::default() }, 2);
}

#[test]
fn through_a_server_that_does_everything_wrong() {
    let faults = Faults {
        checks_early: true,
        lost_answers: 10,
        busy: 5,
        conflicts: 10,
        torn: 5,
        empty: 5,
        page: 3,
        stale: 10,
        delay: Duration::from_millis(5),
        ..Faults::default()
    };
    through(faults, 3);
}
