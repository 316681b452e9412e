//! Owners who act at once, and those who try to use a fork.

use super::*;

#[test]
fn two_owners_at_once_end_in_one_vault() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    maya.set_role("bob", Role::Owner);
    for machine in [&mut maya, &mut bob, &mut vera] {
        machine.sync(&mut storage).unwrap();
    }
    let code = maya.invite("carol", Role::Editor);
    maya.add(2, "From Maya");
    bob.remove("vera").unwrap();
    bob.add(3, "From Bob");
    maya.sync(&mut storage).unwrap();
    let before = storage.clone();
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    assert_eq!(maya.vault.roster().relation(bob.vault.roster()), Relation::Same);
    for machine in [&maya, &bob] {
        assert_eq!((machine.issuer(2).as_str(), machine.issuer(3).as_str()), ("From Maya", "From Bob"));
        assert!(machine.vault.members().iter().all(|member| member.name != "vera"));
        assert_eq!(machine.vault.roster().invites().len(), 1);
    }
    assert!(matches!(vera.accept(storage.as_ref().unwrap()), Err(VaultError::NotAMember)));
    // The code that was handed over before the two branches met still works.
    Machine::join(&storage, &code, 6).unwrap();
    // Both put the branches together at the same time: one of the two counts for everybody, and a new epoch follows.
    let mut one = Machine { ..maya.clone() };
    let mut two = Machine { ..bob.clone() };
    one.set_role("bob", Role::Editor);
    one.set_role("bob", Role::Owner);
    let code = two.invite("dan", Role::Viewer);
    let (from_one, from_two) = (one.seal(), two.seal());
    one.vault = one.accept(&from_two).unwrap().vault;
    two.vault = two.accept(&from_one).unwrap().vault;
    let (from_one, from_two) = (one.seal(), two.seal());
    let epoch = one.vault.epoch();
    one.vault = one.accept(&from_two).unwrap().vault;
    two.vault = two.accept(&from_one).unwrap().vault;
    let mut storage = Some(one.seal());
    for _ in 0..3 {
        two.sync(&mut storage).unwrap();
        one.sync(&mut storage).unwrap();
    }
    assert_eq!(one.vault.roster().relation(two.vault.roster()), Relation::Same);
    assert!(one.vault.epoch() > epoch);
    Machine::join(&storage, &code, 9).unwrap();
    assert!(before.is_some());
}

#[test]
fn somebody_who_is_no_owner_waits_for_a_fork_to_be_settled() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    maya.set_role("bob", Role::Owner);
    for machine in [&mut maya, &mut bob, &mut vera] {
        machine.sync(&mut storage).unwrap();
    }
    maya.invite("carol", Role::Editor);
    bob.invite("dan", Role::Editor);
    let from_maya = maya.seal();
    let from_bob = bob.seal();
    vera.vault = vera.accept(&from_maya).unwrap().vault;
    assert_eq!(vera.accept(&from_bob).unwrap_err(), VaultError::Forked);
    maya.vault = maya.accept(&from_bob).unwrap().vault;
    let together = maya.seal();
    vera.vault = vera.accept(&together).unwrap().vault;
    assert_eq!(vera.vault.roster().invites().len(), 2);
}

#[test]
fn owners_who_removed_each_other_are_left_to_talk() {
    let (mut maya, mut bob, _, mut storage) = team();
    maya.set_role("bob", Role::Owner);
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    maya.remove("bob").unwrap();
    bob.remove("maya").unwrap();
    let (from_maya, from_bob) = (maya.seal(), bob.seal());
    assert!(maya.accept(&from_bob).is_err());
    assert!(bob.accept(&from_maya).is_err());
}

/// Bob, an owner, invites, raises and deletes while Vera removes him; Maya has seen the one and puts it together with the other.
#[test]
fn what_a_removed_owner_gave_meanwhile_is_given_to_nobody() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    maya.set_role("bob", Role::Owner);
    maya.set_role("vera", Role::Owner);
    let carol = maya.invite("carol", Role::Viewer);
    maya.sync(&mut storage).unwrap();
    let mut carol = Machine::join(&storage, &carol, 61).unwrap();
    carol.sync(&mut storage).unwrap();
    for machine in [&mut maya, &mut bob, &mut vera] {
        machine.sync(&mut storage).unwrap();
    }
    let code = bob.invite("mallory", Role::Editor);
    bob.set_role("carol", Role::Owner);
    bob.vault = bob.vault.purge(&[id(1)], bob.now).unwrap();
    let from_bob = bob.seal();
    vera.remove("bob").unwrap();
    let mut storage = Some(vera.seal());
    maya.vault = maya.accept(&from_bob).unwrap().vault;
    maya.sync(&mut storage).unwrap();
    vera.sync(&mut storage).unwrap();
    for machine in [&maya, &vera] {
        assert!(machine.vault.members().iter().all(|member| member.name != "bob"));
        assert_eq!((machine.member("carol").role, machine.vault.roster().invites().len()), (Role::Viewer, 0));
    }
    assert_eq!(vera.issuer(1), "Registrar");
    assert!(matches!(Machine::join(&storage, &code, 62), Err(VaultError::NotAMember)));
}

#[test]
fn a_removed_owner_cannot_come_back_by_a_fork() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    maya.set_role("bob", Role::Owner);
    maya.set_role("vera", Role::Editor);
    for machine in [&mut maya, &mut bob, &mut vera] {
        machine.sync(&mut storage).unwrap();
    }
    maya.remove("bob").unwrap();
    bob.invite("eve", Role::Editor);
    let from_bob = bob.seal();
    assert!(matches!(maya.accept(&from_bob), Err(VaultError::NotEntitled(_))));
    // Through a colleague who has not heard of the removal it is refused as well.
    vera.vault = vera.accept(&from_bob).unwrap().vault;
    let from_vera = vera.seal();
    assert!(matches!(maya.accept(&from_vera), Err(VaultError::NotEntitled(_))));
    assert!(maya.vault.roster().invites().is_empty());
}
