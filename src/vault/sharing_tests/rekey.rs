//! New keys for members: whatever the role, the storage and the moment, nobody loses access, and the old key ends.

use super::*;
use crate::vault::rekey::LinkKeys;
use crate::vault::seal::MemberKey;

impl Machine {
    /// The keys of this member's link, with a new one in front.
    pub(super) fn new_keys(&mut self) -> LinkKeys {
        let member = MemberKey::random(&mut self.random()).unwrap();
        let LinkKeys { member: last, older, invite } = self.vault.link_keys();
        LinkKeys { member, older: std::iter::once(last).chain(older).collect(), invite }
    }

    pub(super) fn knows(&mut self, keys: &LinkKeys) {
        self.vault = self.vault.with_keys(keys);
    }

    /// What whoever has the old key alone makes of the storage's copy.
    fn opens(&self, storage: &Storage, key: &MemberKey) -> Result<Unlocked, VaultError> {
        let _ = self;
        Locked::read(storage.as_ref().unwrap(), &LIMITS).unwrap().open_working_copy(&LinkKeys::of(key.clone()))
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
        assert_eq!(deeds, [if who == 0 { Deed::OwnNewKey } else { Deed::AskedForKey }]);
        assert!(!team[who].vault.has_new_key());
        // Only an owner's program puts it in force; what that writes is nothing for the old key.
        let epoch = team[0].vault.epoch();
        let deeds = team[0].sync(&mut storage).unwrap();
        if who > 0 {
            assert_eq!(deeds, [Deed::NewKey(before[if who == 1 { 2 } else { 3 }].0.clone())]);
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
            assert!(matches!(refused, Err(VaultError::NotEntitled(_))), "{who}: {refused:?}");
        }
        // Everybody edits on.
        team[1].rename(1, "Registrar of old");
        team[1].sync(&mut storage).unwrap();
        team[2].sync(&mut storage).unwrap();
        assert_eq!(team[2].issuer(1), "Registrar of old");
    }
}

#[test]
fn what_was_not_sent_before_the_old_key_ended_is_signed_again() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    bob.add(8, "Sent before");
    bob.sync(&mut storage).unwrap();
    let mut laptop = bob.clone();
    laptop.seed += 500;
    laptop.sync(&mut storage).unwrap();
    let keys = bob.new_keys();
    bob.knows(&keys);
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    // The other machine edits before the personal vault has brought it the new key.
    laptop.clock = Clock::new(99, Stamp::default());
    laptop.add(9, "From the laptop");
    laptop.rename(8, "Changed on the laptop");
    assert_eq!(laptop.sync(&mut storage).unwrap_err(), VaultError::NotAMember);
    laptop.knows(&keys);
    assert_eq!(laptop.sync(&mut storage).unwrap(), []);
    for machine in [&mut maya, &mut vera, &mut bob] {
        machine.sync(&mut storage).unwrap();
        assert_eq!([8, 9].map(|n| machine.issuer(n)), ["Changed on the laptop", "From the laptop"]);
        assert_eq!(machine.vault.history(id(9))[0].by, "bob");
        assert!(machine.vault.set_aside().is_empty() && machine.vault.entry(id(8)).unwrap().conflicts.is_empty());
    }
    // A working copy that was last written with the old key opens with the link.
    let mut stale = bob.clone();
    stale.vault = laptop.vault.clone();
    let sealed = stale.seal();
    Locked::read(&sealed, &LIMITS).unwrap().open_working_copy(&keys).unwrap();
}

/// Two windows of one machine: the end of the key reaches one, and the other saves what the old key signed.
#[test]
fn what_one_window_did_while_another_took_in_the_end_of_the_key_is_signed_again() {
    let (mut maya, mut bob, _, mut storage) = team();
    bob.sync(&mut storage).unwrap();
    let mut window = bob.clone();
    let keys = bob.new_keys();
    bob.knows(&keys);
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    window.clock = Clock::new(99, Stamp::default());
    window.add(9, "From the other window");
    for merged in [bob.vault.merge(&window.vault), window.vault.merge(&bob.vault)] {
        let mut both = Machine { vault: merged.unwrap(), ..bob.clone() };
        assert_eq!((both.issuer(9).as_str(), both.vault.set_aside().len()), ("From the other window", 0));
        let (mut maya, mut storage) = (maya.clone(), storage.clone());
        both.sync(&mut storage).unwrap();
        maya.sync(&mut storage).unwrap();
        assert_eq!(maya.issuer(9), "From the other window");
        assert_eq!(maya.vault.last_changed(id(9)).unwrap().1, "bob");
    }
}

/// A copy names stamps of whichever replica its author likes, and a change that was never sent is not taken for one that was.
#[test]
fn no_copy_read_on_the_way_takes_an_unsent_change_away() {
    let (mut maya, mut bob, _, mut storage) = team();
    bob.sync(&mut storage).unwrap();
    let (mut laptop, mut hostile) = (bob.clone(), bob.clone());
    laptop.seed += 500;
    laptop.clock = Clock::new(99, Stamp::default());
    let keys = bob.new_keys();
    bob.knows(&keys);
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    laptop.knows(&keys);
    laptop.add(9, "From the laptop");
    hostile.clock = Clock::new(99, Stamp::new(NOON + 20 * 60 * 60 * 1000, 0, 99));
    hostile.rename(1, "Later");
    let there = hostile.vault.seen();
    let unsent = laptop.vault.unsent(&laptop.seen.clone().unwrap_or_default());
    assert!(!unsent.is_empty() && laptop.vault.unsent(&there).is_empty());
    for bytes in [hostile.seal(), storage.clone().unwrap()] {
        let accepted = laptop.accept(&bytes).unwrap();
        let before = std::mem::replace(&mut laptop.vault, accepted.vault);
        laptop.vault = laptop.vault.signed_again(&before, &unsent).unwrap();
    }
    assert_eq!(laptop.vault.signs_as(), keys.member.public().sign);
    assert_eq!(laptop.issuer(9), "From the laptop");
    // What the hostile copy brought is left to owners.
    assert_eq!(laptop.issuer(1), "Registrar");
}

/// Bob's old key is stolen. A late change that the laptop made with it is known, and no number of others drives it out, whatever hashes the thief chooses.
#[test]
fn whoever_has_an_old_key_drives_out_nothing_that_was_there() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    let mut thief = bob.clone();
    thief.clock = Clock::new(70, Stamp::default());
    let keys = bob.new_keys();
    bob.knows(&keys);
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    let mut made: Vec<_> = (0..400)
        .flat_map(|n| {
            let mut details = thief.vault.entry(id(1)).unwrap().details.clone();
            details.issuer = crate::secret::Text::from(format!("late {n}").as_str());
            thief.now += 1_000;
            thief.vault.plan_unasked(&[Edit::Change(id(1), Box::new(details))], &mut thief.clock, thief.now).unwrap()
        })
        .collect();
    made.sort_by_key(|change| std::cmp::Reverse(*change.hash()));
    // Passed on by an editor whose program is altered, who has the vault key of today.
    let mut passed_on = |changes: &[crate::vault::document::Change]| {
        let bytes = Machine { vault: bob.vault.with(changes), ..bob.clone() }.seal();
        maya.vault = maya.accept(&bytes).unwrap().vault;
    };
    passed_on(&made[..1]);
    passed_on(&made[1..]);
    assert!(maya.vault.document().has(&made[0]));
    assert_eq!(maya.vault.set_aside().into_iter().collect::<Vec<_>>(), [("bob".to_owned(), 256)]);
    for machine in [&mut maya, &mut bob, &mut vera] {
        machine.sync(&mut storage).unwrap();
        assert_eq!(machine.went_back, None);
    }
    assert!(vera.vault.document().has(&made[0]), "and what is kept is passed on");
    assert_eq!(maya.sync(&mut storage).unwrap(), [], "it comes to rest");
}

/// What was remembered of a key's late changes is no sign of an older copy once there are more of them than every copy takes.
#[test]
fn a_flood_by_an_old_key_raises_no_false_alarm() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    let mut thief = bob.clone();
    thief.clock = Clock::new(70, Stamp::default());
    let keys = bob.new_keys();
    bob.knows(&keys);
    bob.sync(&mut storage).unwrap();
    for machine in [&mut maya, &mut bob, &mut vera] {
        machine.sync(&mut storage).unwrap();
    }
    let made: Vec<_> = (0..300)
        .flat_map(|n| {
            let mut details = thief.vault.entry(id(1)).unwrap().details.clone();
            details.issuer = crate::secret::Text::from(format!("late {n}").as_str());
            thief.now += 1_000;
            thief.vault.plan_unasked(&[Edit::Change(id(1), Box::new(details))], &mut thief.clock, thief.now).unwrap()
        })
        .collect();
    for known in [200, 300] {
        storage = Some(Machine { vault: bob.vault.with(&made[..known]), ..bob.clone() }.seal());
        for _ in 0..2 {
            for machine in [&mut vera, &mut maya] {
                machine.sync(&mut storage).unwrap();
                assert_eq!(machine.went_back, None, "{known}");
            }
        }
    }
}

/// Vera has got hold of Bob's old key. What she writes with it in his name counts for nobody, whoever passes it on.
#[test]
fn what_an_old_key_signs_counts_for_nobody() {
    let (mut maya, mut bob, vera, mut storage) = team();
    let mut thief = bob.clone();
    (thief.seed, thief.clock) = (70_000, Clock::new(70, Stamp::default()));
    let keys = bob.new_keys();
    bob.knows(&keys);
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    assert_eq!(bob.vault.signs_as(), keys.member.public().sign);
    thief.rename(1, "Stolen");
    let stolen = thief.vault.document().changes().filter(|change| !maya.vault.document().has(change)).cloned();
    let stolen: Vec<_> = stolen.collect();
    // By an editor with an altered program, who has the vault key of today.
    let by_bob = Machine { vault: bob.vault.with(&stolen), ..bob.clone() }.seal();
    let mut vera = vera;
    for machine in [&mut maya, &mut vera] {
        machine.sync(&mut storage).unwrap();
        machine.vault = machine.accept(&by_bob).unwrap().vault;
        assert_eq!(machine.issuer(1), "Registrar");
        assert_eq!(machine.vault.set_aside().into_iter().collect::<Vec<_>>(), [("bob".to_owned(), 1)]);
    }
    // Nor does it come back when Bob's own other machine, which still has the old key in force, hears of the new one.
    let mut laptop = thief.clone();
    laptop.seen = Some(laptop.vault.seen());
    laptop.knows(&keys);
    laptop.sync(&mut storage).unwrap();
    assert_eq!(laptop.issuer(1), "Registrar");
}

#[test]
fn two_requests_for_one_key_wait_for_an_owner() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    let mut thief = bob.clone();
    thief.seed = 70_000;
    let (of_thief, of_bob) = (thief.new_keys(), bob.new_keys());
    thief.knows(&of_thief);
    bob.knows(&of_bob);
    // The thief asks first; both are there before an owner's program looks.
    assert_eq!(thief.sync(&mut storage).unwrap(), [Deed::AskedForKey]);
    assert_eq!(bob.sync(&mut storage).unwrap(), [Deed::AskedForKey]);
    for _ in 0..2 {
        let deeds = maya.sync(&mut storage).unwrap();
        assert!(!deeds.is_empty() && deeds.iter().all(|deed| *deed == Deed::TwoKeys("bob".into())), "{deeds:?}");
    }
    let asked = maya.vault.new_keys();
    assert_eq!(asked.len(), 2);
    assert!(matches!(bob.vault.give_key(&asked[0], NOON, &mut FixedRandom::new(5)), Err(VaultError::Refused(_))));
    let chosen = asked.iter().find(|asked| asked.keys == of_bob.member.public()).unwrap();
    let mut random = maya.random();
    maya.vault = maya.vault.give_key(chosen, maya.now, &mut random).unwrap();
    maya.sync(&mut storage).unwrap();
    for machine in [&mut bob, &mut vera] {
        machine.sync(&mut storage).unwrap();
        assert!(machine.vault.new_keys().is_empty());
    }
    assert_eq!(bob.vault.signs_as(), of_bob.member.public().sign);
    assert_eq!(thief.sync(&mut storage).unwrap_err(), VaultError::NotAMember);
}

#[test]
fn a_members_key_is_replaced_once_a_day_by_itself() {
    let (mut maya, mut bob, _, mut storage) = team();
    for (hours, given) in [(0, true), (1, false), (25, true)] {
        maya.now = NOON + hours * DAY / 24;
        if hours != 25 {
            let keys = bob.new_keys();
            bob.knows(&keys);
        }
        bob.sync(&mut storage).unwrap();
        let deeds = maya.sync(&mut storage).unwrap();
        assert_eq!(deeds, if given { vec![Deed::NewKey("bob".into())] } else { Vec::new() }, "{hours}");
        bob.sync(&mut storage).unwrap();
    }
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
        for _ in 0..3 {
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
            for at in [who, 0, who, 1, 2, 0, 1, 2] {
                team[at].sync(&mut storage).unwrap();
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
    let accepted = maya.accept(elsewhere.as_ref().unwrap()).unwrap();
    assert!(accepted.vault == maya.vault && !accepted.holds_all && accepted.bad.is_empty());
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
    // He does not ask twice at once: that would be for an owner to choose.
    assert_eq!(bob.sync(&mut storage).unwrap(), []);
    assert_eq!(maya.sync(&mut storage).unwrap(), [Deed::NewKey("bob".into())]);
    assert_eq!(bob.sync(&mut storage).unwrap(), [Deed::AskedForKey]);
    maya.now += DAY;
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
    assert_eq!(dan.sync(&mut storage).unwrap(), [Deed::AskedForKey]);
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

#[test]
fn who_is_removed_with_their_changes_has_no_key_left_to_cut() {
    let (mut maya, mut bob, _, mut storage) = team();
    let keys = bob.new_keys();
    bob.vault = bob.vault.with_keys(&keys);
    for _ in 0..2 {
        bob.sync(&mut storage).unwrap();
        maya.sync(&mut storage).unwrap();
    }
    let (member, mut random) = (maya.member("bob"), maya.random());
    assert_eq!(member.signed_with.len(), 2);
    let refused = |vault: &Unlocked, name: &str| match vault.cut(name, NOON) {
        Err(VaultError::Refused(words)) => words,
        other => panic!("{:?}", other.map(|_| ())),
    };
    let vault = maya.vault.remove(&member, Work::Drop, maya.now, &mut random).unwrap().vault;
    assert!(refused(&vault, "bob").contains("was dropped already"));
    assert!(refused(&vault, "vera").contains("remove them first"));
    assert!(refused(&vault, "nobody").contains("nobody called nobody"));
}
