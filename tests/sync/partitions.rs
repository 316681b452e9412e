//! A team in two halves that do not hear of each other, with clocks that are hours wrong: people edit, are let in, given roles and removed on both
//! sides, entries are forgotten for good. In the end all that still belong hold the same, and everything that they did.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tickey::store::sync::{Notice, SyncError};
use tickey::vault::roster::Role;
use tickey::vault::sharing::{Me, Work};
use tickey::vault::{Edit, EntryId, VaultError};

use crate::machine::{HOUR, Machine, now};
use crate::storage::Storage;

/// One machine, and on which side it is.
struct Desk {
    machine: Machine,
    side: usize,
}

struct World {
    sides: [Storage; 2],
    desks: Vec<Desk>,
    shared: Vec<EntryId>,
    forgotten: BTreeSet<EntryId>,
    newcomers: usize,
}

/// Maya's two machines and Bob's, who are owners; Carol, an editor; Vera, a viewer.
fn world(skews: &[i64]) -> World {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    let shared = (0..3).map(|n| maya.add(&format!("Shared {n}"))).collect();
    let bob = maya.let_in(&storage, "bob", Role::Editor);
    maya.save(
        maya.vault.set_role(&maya.member("bob"), Role::Owner, now(0), &mut tickey::runtime::clock::Os).unwrap().vault,
    );
    let carol = maya.let_in(&storage, "carol", Role::Editor);
    let vera = maya.let_in(&storage, "vera", Role::Viewer);
    let second = Machine::second(&storage, &maya.vault.link_keys());
    let mut machines = vec![maya, bob, second, carol, vera];
    for (machine, skew) in machines.iter_mut().zip(skews) {
        machine.sync(&mut storage.honest());
        (machine.skew, machine.made) = (*skew, Vec::new());
    }
    let other = Storage::default();
    other.shelf().put(storage.shelf().bytes().unwrap());
    let desks = machines.into_iter().enumerate().map(|(n, machine)| Desk { machine, side: n % 2 }).collect();
    World { sides: [storage, other], desks, shared, forgotten: BTreeSet::new(), newcomers: 0 }
}

/// Who is no owner may have to wait for an owner; who was removed is told so.
fn sync(machine: &mut Machine, storage: &Storage) -> bool {
    match machine.try_sync(&mut storage.honest()) {
        Ok(_) => true,
        Err(SyncError::Vault(VaultError::Forked | VaultError::NotAMember)) => false,
        Err(error) => panic!("{:?}: {error}", machine.vault.me()),
    }
}

fn role(machine: &Machine) -> Option<Role> {
    match machine.vault.me() {
        Me::Member { role, .. } => Some(role),
        Me::Pending { .. } => None,
    }
}

impl World {
    fn step(&mut self, who: usize, what: u8, n: usize) {
        let who = who % self.desks.len();
        let Desk { machine, side } = &mut self.desks[who];
        let storage = &self.sides[*side];
        let entry = self.shared[n % self.shared.len()];
        let edits = role(machine).is_some_and(|role| role > Role::Viewer);
        let owns = role(machine) == Some(Role::Owner);
        match what {
            0 | 1 if edits => drop(machine.add("new")),
            2 if edits && machine.vault.entry(entry).is_some() => machine.rename(entry, &format!("by {who}")),
            3 if edits && machine.vault.entry(entry).is_some_and(|entry| !entry.deleted) => {
                machine.edit(&[Edit::Delete(entry)]);
            }
            4 => *side = 1 - *side,
            5 if owns => {
                let others = ["carol", "newcomer 0", "newcomer 1"];
                let member = machine.vault.members().iter().find(|member| member.name == others[n % 3]).cloned();
                let Some(member) = member else { return };
                let vault = match n % 2 {
                    0 => {
                        machine
                            .vault
                            .remove(&member, Work::Usual, machine.now(), &mut tickey::runtime::clock::Os)
                            .unwrap()
                            .vault
                    }
                    _ => {
                        let role = if member.role == Role::Viewer { Role::Editor } else { Role::Viewer };
                        machine
                            .vault
                            .set_role(&member, role, machine.now(), &mut tickey::runtime::clock::Os)
                            .unwrap()
                            .vault
                    }
                };
                machine.save(vault);
            }
            6 if owns && n == 0 => {
                self.forgotten.insert(entry);
                machine.save(machine.vault.purge(&[entry], machine.now()).unwrap());
            }
            7 if owns && self.newcomers < 2 && machine.vault.roster().invites().is_empty() => {
                let name = format!("newcomer {}", self.newcomers);
                self.newcomers += 1;
                let newcomer = machine.let_in(storage, &name, Role::Editor);
                let side = *side;
                self.desks.push(Desk { machine: newcomer, side });
            }
            _ => drop(sync(machine, storage)),
        }
    }

    /// They all hear of each other again.
    fn meet(&mut self) {
        let storage = self.sides[0].clone();
        for pass in 0.. {
            assert!(pass < 12, "they do not come to rest");
            let before = storage.shelf().now;
            for desk in &mut self.desks {
                sync(&mut desk.machine, &storage);
            }
            if storage.shelf().now == before && pass > 0 {
                return;
            }
        }
    }

    fn check(&mut self) {
        let storage = self.sides[0].clone();
        let first = &self.desks[0].machine;
        let (members, fingerprint) = (first.vault.members().to_vec(), first.vault.fingerprint());
        let (seen, entries) = (first.vault.seen(), first.vault.entries().cloned().collect::<Vec<_>>());
        let belongs = |machine: &Machine| {
            let key = machine.vault.link_keys().member.public();
            members.iter().find(|member| member.keys == key).map(|member| member.role)
        };
        let mut made = BTreeSet::new();
        for Desk { machine, .. } in &mut self.desks {
            let Some(role) = belongs(machine) else {
                assert!(!sync(machine, &storage), "{:?} was removed, and reads", machine.vault.me());
                continue;
            };
            assert!(sync(machine, &storage), "{:?} is a member, and shut out", machine.vault.me());
            assert_eq!(machine.vault.fingerprint(), fingerprint);
            assert_eq!(machine.vault.members(), members);
            assert!(machine.vault.entries().eq(&entries), "they ended apart");
            // What a viewer did before hearing of it stays where it was done.
            if role > Role::Viewer {
                assert_eq!(machine.vault.seen(), seen);
                made.extend(machine.made.iter().copied());
            }
        }
        let vault = &self.desks[0].machine.vault;
        for (entry, at) in made.iter().filter(|(entry, _)| !self.forgotten.contains(entry)) {
            assert!(vault.history(*entry).iter().any(|item| item.at == *at), "{entry} {at} is lost");
        }
        assert!(entries.iter().all(|entry| !self.forgotten.contains(&entry.id)), "something forgotten is back");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn whoever_still_belongs_ends_alike_whatever_was_done_apart(
        steps in prop::collection::vec((0usize..7, 0u8..11, 0usize..6), 10..60),
        skews in prop::collection::vec(-12 * HOUR..12 * HOUR, 5),
    ) {
        let mut world = world(&skews);
        for (who, what, n) in steps {
            world.step(who, what, n);
        }
        world.meet();
        world.check();
    }
}

/// Bob lets in two people, each with an epoch of its own, while Maya gives Carol another role without one: what Bob says again on top of Maya's
/// branch must not end in an epoch that the two are beyond.
#[test]
fn who_came_in_on_the_longer_branch_is_not_shut_out_by_the_shorter() {
    let mut world = world(&[0; 5]);
    for (who, what, n) in [(1, 7, 0), (1, 7, 0), (0, 5, 3)] {
        world.step(who, what, n);
    }
    assert_eq!(world.newcomers, 2);
    world.meet();
    world.check();
    assert_eq!(world.desks[0].machine.vault.members().len(), 7);
}

/// Maya let somebody in, who wrote last; Bob, who has not heard of it, gave Carol another role.
#[test]
fn a_fork_is_joined_whoever_wrote_it_last() {
    let mut world = world(&[0; 5]);
    for (who, what, n) in [(0, 7, 0), (5, 0, 0), (5, 8, 0), (1, 5, 3)] {
        world.step(who, what, n);
    }
    let there = world.sides[0].clone();
    let synced = world.desks[1].machine.sync(&mut there.honest());
    assert_eq!(synced.notices, [Notice::JoinedFork]);
    assert_eq!(synced.received, 1);
    world.meet();
    world.check();
}
