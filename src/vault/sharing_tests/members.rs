//! Working together and apart: edits, roles, removal, coming back.

use proptest::prelude::*;

use super::*;

#[test]
fn a_team_comes_together_and_edits_apart() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    bob.add(2, "Cloud root");
    maya.rename(1, "Domains");
    maya.add(3, "Mail");
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    vera.sync(&mut storage).unwrap();
    for machine in [&maya, &bob, &vera] {
        assert_eq!([1, 2, 3].map(|n| machine.issuer(n)), ["Domains", "Cloud root", "Mail"]);
        assert_eq!(machine.vault.fingerprint(), maya.vault.fingerprint());
    }
    assert!(maya.vault.history(id(2)).iter().all(|item| item.by == "bob"));
    assert_eq!(maya.vault.members().len(), 4);
    assert_eq!(maya.member("vera").let_in_by.as_deref(), Some("maya"));
}

#[test]
fn a_working_copy_opens_with_its_members_key() {
    let (_, mut bob, mut vera, storage) = team();
    for machine in [&mut bob, &mut vera] {
        let keys = machine.vault.link_keys();
        let sealed = machine.seal();
        let again = Locked::read(&sealed, &LIMITS).unwrap().open_working_copy(&keys).unwrap();
        assert_eq!(again, machine.vault);
        machine.vault.check_sealed(&sealed).unwrap();
        Locked::read(storage.as_ref().unwrap(), &LIMITS).unwrap().open_working_copy(&keys).unwrap();
    }
    assert_eq!(Locked::read(&bob.seal(), &LIMITS).unwrap().unlock(&"x".into(), &LIMITS), Err(VaultError::NotAMember));
}

#[test]
fn a_conflict_is_flagged_and_settled_for_everybody() {
    let (mut maya, mut bob, _, mut storage) = team();
    maya.rename(1, "By Maya");
    bob.now += 5_000;
    bob.rename(1, "By Bob");
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    for machine in [&maya, &bob] {
        assert_eq!(machine.issuer(1), "By Bob");
        assert_eq!(machine.vault.entry(id(1)).unwrap().conflicts, ["issuer"]);
    }
    maya.now += 60_000;
    maya.rename(1, "Agreed");
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    assert_eq!((bob.issuer(1).as_str(), bob.vault.entry(id(1)).unwrap().conflicts.len()), ("Agreed", 0));
}

#[test]
fn a_viewer_can_change_nothing() {
    let (mut maya, _, mut vera, storage) = team();
    let edit = [Edit::Delete(id(1))];
    let (mut clock, now) = (vera.clock, vera.now);
    assert!(matches!(vera.vault.plan(&edit, &mut clock, now), Err(VaultError::Refused(_))));
    // A program that does not ask: what it signs is refused as a whole.
    let forced = vera.vault.plan_unasked(&edit, &mut clock, now).unwrap();
    vera.vault = vera.vault.with(&forced);
    assert_eq!(vera.issuer(1), "Registrar", "not even its own reader lets it count");
    let written = vera.seal();
    assert!(matches!(maya.accept(&written), Err(VaultError::NotEntitled(words)) if words.contains("vera")));
    assert!(maya.accept(storage.as_ref().unwrap()).unwrap().holds_all);
}

#[test]
fn who_is_removed_is_shut_out_and_their_work_stays() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    bob.add(2, "Cloud root");
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    assert!(maya.vault.to_reenrol().is_empty());
    let epoch = maya.vault.epoch();
    maya.remove("bob").unwrap();
    maya.sync(&mut storage).unwrap();
    assert_eq!(maya.vault.epoch(), epoch + 1);
    assert_eq!(maya.issuer(2), "Cloud root", "what bob did before counts");
    // Bob's program opens nothing that came after.
    assert!(matches!(bob.accept(storage.as_ref().unwrap()), Err(VaultError::NotAMember)));
    // Bob writes all the same: his file is refused and named.
    bob.rename(1, "Bob was here");
    let late = bob.seal();
    assert!(matches!(maya.accept(&late), Err(VaultError::NotEntitled(words)) if words.contains("bob was removed")));
    vera.sync(&mut storage).unwrap();
    assert!(matches!(vera.accept(&late), Err(VaultError::NotEntitled(_))));
    assert_eq!((vera.issuer(1).as_str(), vera.issuer(2).as_str()), ("Registrar", "Cloud root"));
    // The list of what to enrol again empties as secrets change.
    assert_eq!(maya.vault.to_reenrol().len(), 2);
    let mut details = maya.vault.entry(id(1)).unwrap().details.clone();
    details.otp.secret = Secret::from(&b"another secret here!"[..]);
    maya.edit(&[Edit::Change(id(1), Box::new(details))]);
    let left = maya.vault.to_reenrol();
    assert_eq!((left.len(), left[0].entry, left[0].known_to.as_slice()), (1, id(2), &["bob".to_owned()][..]));
}

#[test]
fn late_changes_that_a_colleague_passed_on_are_set_aside() {
    let (mut maya, mut bob, _, mut storage) = team();
    let code = maya.invite("carol", Role::Editor);
    maya.sync(&mut storage).unwrap();
    let mut carol = Machine::join(&storage, &code, 4).unwrap();
    carol.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    carol.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    maya.remove("bob").unwrap();
    // Carol, who has not heard of it, takes what Bob wrote, and writes herself.
    bob.rename(1, "Bob was here");
    let from_bob = bob.seal();
    carol.vault = carol.accept(&from_bob).unwrap().vault;
    carol.add(5, "From Carol");
    let from_carol = carol.seal();
    maya.vault = maya.accept(&from_carol).unwrap().vault;
    assert_eq!((maya.issuer(1).as_str(), maya.issuer(5).as_str()), ("Registrar", "From Carol"));
    assert_eq!(maya.vault.set_aside().into_iter().collect::<Vec<_>>(), [("bob".to_owned(), 1)]);
    let mut storage = Some(maya.seal());
    carol.sync(&mut storage).unwrap();
    assert_eq!(carol.issuer(1), "Registrar");
    assert_eq!(carol.vault, Machine { vault: carol.vault.clone(), ..carol.clone() }.vault);
}

#[test]
fn the_last_owner_stays_and_nobody_removes_themselves() {
    let (mut maya, mut bob, ..) = team();
    let refused = |result: Result<Renewed, VaultError>| assert!(matches!(result, Err(VaultError::Refused(_))));
    let mut random = FixedRandom::new(99);
    refused(maya.vault.set_role(&maya.member("maya"), Role::Editor, NOON, &mut random));
    refused(maya.vault.remove(&maya.member("maya"), Work::Usual, NOON, &mut random));
    refused(bob.vault.remove(&bob.member("maya"), Work::Usual, NOON, &mut random));
    refused(bob.vault.set_role(&bob.member("bob"), Role::Owner, NOON, &mut random));
    assert!(matches!(bob.vault.invite("eve", Role::Viewer, NOON, NOON, &mut random), Err(VaultError::Refused(_))));
    maya.set_role("bob", Role::Owner);
    // The new recovery code would be shown to the very one whom it is to keep out.
    refused(maya.vault.set_role(&maya.member("maya"), Role::Editor, NOON, &mut random));
    let recovery = maya.member("recovery");
    refused(maya.vault.remove(&recovery, Work::Usual, NOON, &mut random));
    refused(maya.vault.set_role(&recovery, Role::Viewer, NOON, &mut random));
    bob.now += 1;
}

#[test]
fn a_counter_never_goes_back_on_two_machines() {
    let (mut maya, mut bob, _, mut storage) = team();
    let mut otp = Otp::new(Kind::Hotp, Secret::from(&b"12345678901234567890"[..]));
    otp.counter = 5;
    maya.edit(&[Edit::Add(id(4), Box::new(Details::new(otp, "Bank", "")))]);
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    maya.edit(&[Edit::UseCounter(id(4))]);
    bob.edit(&[Edit::UseCounter(id(4))]);
    bob.edit(&[Edit::UseCounter(id(4))]);
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    for machine in [&maya, &bob] {
        let entry = machine.vault.entry(id(4)).unwrap();
        assert_eq!((entry.details.otp.counter, entry.conflicts.len()), (7, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_the_order_and_the_clocks_everybody_ends_alike(
        steps in prop::collection::vec((0usize..4, 0u8..6, 0u8..4), 1..40),
        skew in prop::collection::vec(0u64..10_000_000, 4),
    ) {
        let (maya, bob, _, mut storage) = team();
        let second = Machine { clock: Clock::new(77, Stamp::default()), seed: 77_000, ..maya.clone() };
        let third = Machine { clock: Clock::new(78, Stamp::default()), seed: 78_000, ..bob.clone() };
        let mut machines = [maya, bob, second, third];
        for (machine, skew) in machines.iter_mut().zip(skew) {
            machine.now += skew;
        }
        let mut made = std::collections::BTreeSet::new();
        for (who, what, n) in steps {
            let machine = &mut machines[who];
            let n = 10 + n;
            let exists = machine.vault.entry(id(n)).is_some();
            match what {
                0 | 1 if !exists => { machine.add(n, "new"); made.insert(n); }
                2 if exists => { let name = format!("by {who}"); machine.rename(n, &name) },
                3 if exists && !machine.vault.entry(id(n)).unwrap().deleted => machine.edit(&[Edit::Delete(id(n))]),
                _ => { machine.sync(&mut storage).unwrap(); }
            }
        }
        for _ in 0..2 {
            for machine in &mut machines {
                machine.sync(&mut storage).unwrap();
            }
        }
        let [first, rest @ ..] = &machines;
        for other in rest {
            prop_assert!(first.vault.seen() == other.vault.seen());
            let entries = |machine: &Machine| machine.vault.entries().cloned().collect::<Vec<_>>();
            prop_assert_eq!(entries(first), entries(other));
        }
        for n in made {
            prop_assert!(first.vault.entry(id(n)).is_some());
        }
    }
}
