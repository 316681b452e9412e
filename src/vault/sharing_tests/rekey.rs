//! New keys for members: whatever the role, the storage and the moment, nobody loses access, and the old key ends.

use super::*;
use crate::vault::rekey::LinkKeys;
use crate::vault::seal::MemberKey;

impl Machine {
    /// The keys of this member's link, with a new one in front.
    fn new_keys(&mut self) -> LinkKeys {
        let member = MemberKey::random(&mut self.random()).unwrap();
        let LinkKeys { member: last, older, invite } = self.vault.link_keys();
        LinkKeys { member, older: std::iter::once(last).chain(older).collect(), invite }
    }

    fn knows(&mut self, keys: &LinkKeys) {
        self.vault = self.vault.with_keys(keys);
    }

    /// What whoever has the old key alone makes of the storage's copy.
    fn opens(&self, storage: &Storage, key: &MemberKey) -> Result<Unlocked, VaultError> {
        let _ = self;
        Locked::read(storage.as_ref().unwrap(), &LIMITS).unwrap().open_with(&LinkKeys::of(key.clone()))
    }

    fn old_key(&self) -> MemberKey {
        self.vault.member.clone()
    }
}

fn names(machine: &Machine) -> Vec<(String, Role)> {
    machine.vault.members().iter().map(|member| (member.name.clone(), member.role)).collect()
}

#[test]
fn a_new_key_of_any_role_ends_the_old_one() {
    for who in 0..3 {
        let (maya, bob, vera, mut storage) = team();
        let mut team = [maya, bob, vera];
        let before = names(&team[0]);
        let (old, thief) = (team[who].old_key(), team[who].clone());
        let keys = team[who].new_keys();
        team[who].knows(&keys);
        assert!(team[who].vault.has_new_key());
        let deeds = team[who].sync(&mut storage).unwrap();
        assert!(deeds.contains(&Deed::OwnNewKey), "{deeds:?}");
        assert!(!team[who].vault.has_new_key());
        // An owner's program sees it, and what it writes is nothing for the old key.
        let epoch = team[0].vault.epoch();
        let deeds = team[0].sync(&mut storage).unwrap();
        if who > 0 {
            assert_eq!(deeds, [Deed::NewKeys(vec![before[if who == 1 { 2 } else { 3 }].0.clone()])]);
            assert_eq!(team[0].vault.epoch(), epoch + 1);
        }
        assert_eq!(team[0].opens(&storage, &old).unwrap_err(), VaultError::NotAMember);
        for machine in &mut team {
            machine.sync(&mut storage).unwrap();
            assert_eq!(names(machine), before);
        }
        for machine in &mut team {
            assert_eq!(machine.sync(&mut storage).unwrap(), [], "it comes to rest");
        }
        // What the old key writes is believed by nobody.
        let mut thief = thief;
        if who < 2 {
            thief.add(77, "Stolen");
        }
        let forged = thief.seal();
        for machine in &mut team {
            let refused = machine.accept(&forged);
            let nothing_new = refused.as_ref().is_ok_and(|copy| copy.vault == machine.vault && !copy.holds_all);
            assert!(
                who == 2 && nothing_new || matches!(refused, Err(VaultError::NotEntitled(_))),
                "{who}: {refused:?}"
            );
        }
        // Everybody edits on.
        team[1].rename(1, "Registrar of old");
        team[1].sync(&mut storage).unwrap();
        team[2].sync(&mut storage).unwrap();
        assert_eq!(team[2].issuer(1), "Registrar of old");
    }
}

#[test]
fn an_editors_changes_under_the_old_key_still_count() {
    let (mut maya, mut bob, _, mut storage) = team();
    let mut laptop = bob.clone();
    laptop.seed += 500;
    let keys = bob.new_keys();
    bob.knows(&keys);
    bob.sync(&mut storage).unwrap();
    // Of this epoch it has the vault key, but no key that is in force: its copy must stay one that it can open.
    assert_eq!(laptop.clone().sync(&mut storage.clone()).unwrap_err(), VaultError::NotAMember);
    maya.sync(&mut storage).unwrap();
    // The other machine edits before the personal vault has brought it the new key.
    laptop.clock = Clock::new(99, Stamp::default());
    laptop.add(9, "From the laptop");
    assert_eq!(laptop.sync(&mut storage).unwrap_err(), VaultError::NotAMember);
    laptop.knows(&keys);
    assert_eq!(laptop.sync(&mut storage).unwrap(), []);
    maya.sync(&mut storage).unwrap();
    assert_eq!(maya.issuer(9), "From the laptop");
    assert_eq!(maya.vault.history(id(9))[0].by, "bob");
    // A working copy that was last written with the old key opens with the link.
    let mut stale = bob.clone();
    stale.vault = laptop.vault.clone();
    let sealed = stale.seal();
    Locked::read(&sealed, &LIMITS).unwrap().open_with(&keys).unwrap();
}

#[test]
fn an_owners_other_machine_brings_its_links_along() {
    let (mut maya, mut bob, _, mut storage) = team();
    let mut laptop = maya.clone();
    laptop.seed += 500;
    laptop.invite("dan", Role::Editor);
    let keys = maya.new_keys();
    maya.knows(&keys);
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    laptop.knows(&keys);
    laptop.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    for machine in [&maya, &bob, &laptop] {
        assert!(machine.vault.roster().invites().iter().any(|invite| invite.name == "dan"));
        assert_eq!(machine.vault.roster().head(), maya.vault.roster().head());
    }
}

#[test]
fn two_machines_of_one_person_do_it_at_once() {
    for who in 0..2 {
        let (maya, bob, mut vera, mut storage) = team();
        let mut team = [maya, bob];
        let keys = team[who].new_keys();
        let mut laptop = team[who].clone();
        laptop.seed += 500;
        laptop.now += 7;
        team[who].knows(&keys);
        laptop.knows(&keys);
        let mut elsewhere = storage.clone();
        team[who].sync(&mut storage).unwrap();
        laptop.sync(&mut elsewhere).unwrap();
        // The later write buried the earlier one.
        storage = elsewhere;
        for _ in 0..2 {
            for machine in team.iter_mut().chain([&mut laptop, &mut vera]) {
                machine.sync(&mut storage).unwrap();
            }
        }
        for machine in team.iter().chain([&laptop]) {
            assert_eq!(machine.vault.roster().head(), vera.vault.roster().head());
        }
    }
}

#[test]
fn a_new_key_and_an_owners_link_at_once_are_both_in_force() {
    // Bob and Vera cannot settle a fork, but put their own keys on whatever the owner did.
    for who in [1, 2] {
        for first in [false, true] {
            let (maya, bob, vera, mut storage) = team();
            let mut team = [maya, bob, vera];
            let old = team[who].old_key();
            let keys = team[who].new_keys();
            team[who].knows(&keys);
            let mut elsewhere = storage.clone();
            team[who].sync(&mut elsewhere).unwrap();
            team[0].invite("dan", Role::Viewer);
            team[0].sync(&mut storage).unwrap();
            if first {
                storage = elsewhere;
            }
            let order = if first { [0, who, 0, 1, 2, 0, 1, 2] } else { [who, 0, who, 1, 2, 0, 1, 2] };
            for at in order {
                let result = team[at].sync(&mut storage);
                // A viewer's copy that an owner does not know yet is no copy to merge; the owner's own takes its place.
                if let Err(error) = result {
                    assert!(who == 2 && first && at == 0 && matches!(error, VaultError::NotEntitled(_)), "{error}");
                    storage = Some(team[0].seal());
                }
            }
            for machine in &team {
                assert!(!machine.vault.has_new_key(), "{who} {first}");
                assert!(machine.vault.roster().invites().iter().any(|invite| invite.name == "dan"));
                assert_eq!(machine.vault.roster().head(), team[0].vault.roster().head());
            }
            assert_eq!(team[0].opens(&storage, &old).unwrap_err(), VaultError::NotAMember);
        }
    }
}

#[test]
fn a_new_key_does_not_save_from_removal() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    let keys = bob.new_keys();
    bob.knows(&keys);
    let mut elsewhere = storage.clone();
    bob.sync(&mut elsewhere).unwrap();
    // Vera heard of the new key, and Maya, who did not, removed him.
    vera.sync(&mut elsewhere).unwrap();
    maya.remove("bob").unwrap();
    maya.sync(&mut storage).unwrap();
    assert!(matches!(maya.accept(elsewhere.as_ref().unwrap()), Err(VaultError::NotEntitled(_))));
    vera.sync(&mut storage.clone()).unwrap();
    assert_eq!(vera.vault.roster().head(), maya.vault.roster().head());
    assert_eq!(bob.sync(&mut storage.clone()).unwrap_err(), VaultError::NotAMember);
}

#[test]
fn a_removal_follows_a_key_that_a_colleague_passed_on() {
    let (mut maya, mut bob, _, mut storage) = team();
    let code = maya.invite("dan", Role::Editor);
    maya.sync(&mut storage).unwrap();
    let mut dan = Machine::join(&storage, &code, 40).unwrap();
    for machine in [&mut dan, &mut maya, &mut bob] {
        machine.sync(&mut storage).unwrap();
    }
    dan.sync(&mut storage).unwrap();
    let keys = bob.new_keys();
    bob.knows(&keys);
    let mut elsewhere = storage.clone();
    bob.sync(&mut elsewhere).unwrap();
    dan.sync(&mut elsewhere).unwrap();
    dan.add(8, "Of Dan");
    dan.sync(&mut elsewhere).unwrap();
    maya.remove("bob").unwrap();
    maya.sync(&mut elsewhere).unwrap();
    dan.sync(&mut elsewhere).unwrap();
    for machine in [&maya, &dan] {
        assert!(names(machine).iter().all(|(name, _)| name != "bob"), "{:?}", names(machine));
    }
    assert_eq!(maya.issuer(8), "Of Dan");
    assert_eq!(bob.sync(&mut elsewhere).unwrap_err(), VaultError::NotAMember);
}

#[test]
fn who_stole_an_owners_old_key_cannot_come_back_by_a_fork() {
    let (mut maya, mut bob, _, mut storage) = team();
    let mut thief = maya.clone();
    thief.seed += 500;
    let keys = maya.new_keys();
    maya.knows(&keys);
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    // With the old key, before the place where it ended: somebody of the thief's own, and then the very key that Maya took.
    let code = thief.invite("eve", Role::Editor);
    let mut fork = Some(thief.seal());
    let mut eve = Machine::join(&fork, &code, 60).unwrap();
    eve.sync(&mut fork).unwrap();
    thief.sync(&mut fork).unwrap();
    eve.sync(&mut fork).unwrap();
    thief.set_role("eve", Role::Owner);
    thief.sync(&mut fork).unwrap();
    eve.sync(&mut fork).unwrap();
    let by_thief = thief.seal();
    thief.knows(&keys);
    thief.sync(&mut fork).unwrap();
    eve.sync(&mut fork).unwrap();
    let random = &mut eve.random();
    let mut by_eve = eve.vault.clone();
    by_eve.next_epoch(NOON, random).unwrap();
    eve.vault = by_eve;
    for forged in [by_thief, eve.seal()] {
        for machine in [&mut maya, &mut bob] {
            let before = machine.vault.clone();
            let refused = machine.accept(&forged);
            assert!(
                matches!(refused, Err(VaultError::NotEntitled(_) | VaultError::Forked | VaultError::NotAMember)),
                "{refused:?}"
            );
            assert!(machine.vault == before);
        }
    }
}

#[test]
fn one_more_key_before_the_last_is_in_force() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    let first = bob.new_keys();
    bob.knows(&first);
    bob.sync(&mut storage).unwrap();
    let second = bob.new_keys();
    assert_eq!(second.older.len(), 2);
    bob.knows(&second);
    bob.sync(&mut storage).unwrap();
    for machine in [&mut maya, &mut vera, &mut bob] {
        machine.sync(&mut storage).unwrap();
    }
    assert_eq!(bob.vault.signs_as(), second.member.public().sign);
    assert_eq!(names(&maya), names(&bob));
    for old in &second.older {
        assert_eq!(maya.opens(&storage, old).unwrap_err(), VaultError::NotAMember);
    }
}

#[test]
fn a_newcomers_new_key_waits_until_they_are_let_in() {
    let (mut maya, _, _, mut storage) = team();
    let code = maya.invite("dan", Role::Viewer);
    maya.sync(&mut storage).unwrap();
    let mut dan = Machine::join(&storage, &code, 40).unwrap();
    let keys = dan.new_keys();
    dan.knows(&keys);
    assert!(!dan.vault.has_new_key());
    dan.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    assert_eq!(dan.sync(&mut storage).unwrap(), [Deed::OwnNewKey]);
    maya.sync(&mut storage).unwrap();
    dan.sync(&mut storage).unwrap();
    assert_eq!(dan.vault.signs_as(), keys.member.public().sign);
}

#[test]
fn what_an_editor_wrote_is_taken_from_a_viewers_copy() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    bob.add(9, "Bob's own");
    bob.sync(&mut storage).unwrap();
    let keys = vera.new_keys();
    vera.knows(&keys);
    vera.sync(&mut storage).unwrap();
    // Maya has not seen Bob's entry but in what Vera wrote.
    maya.sync(&mut storage).unwrap();
    assert_eq!(maya.issuer(9), "Bob's own");
}
