//! Codes: used once, for one vault, for a time.

use super::*;
use crate::vault::join::Join;
use crate::vault::seal::MemberKey;

#[test]
fn a_code_is_used_once_and_ends() {
    let (mut maya, _, _, mut storage) = team();
    let code = maya.invite("dan", Role::Editor);
    maya.sync(&mut storage).unwrap();
    let with_invite = storage.clone();
    let mut dan = Machine::join(&storage, &code, 6).unwrap();
    dan.sync(&mut storage).unwrap();
    assert!(
        matches!(Machine::join(&storage, &code, 7), Err(VaultError::Refused(words)) if words.contains("used already"))
    );
    // Somebody who got hold of the code and of the file as it was before uses it, too: neither counts.
    let mut eve = Machine::join(&with_invite, &code, 8).unwrap();
    let from_eve = eve.seal();
    maya.vault = maya.accept(&from_eve).unwrap().vault;
    let deeds = maya.sync(&mut storage).unwrap();
    assert!(!deeds.is_empty() && deeds.iter().all(|deed| *deed == Deed::Doubled("dan".into())));
    assert_eq!(maya.vault.newcomers().len(), 2);
    let chosen =
        maya.vault.newcomers().into_iter().find(|newcomer| newcomer.keys == dan.vault.link_keys().member.public());
    let mut random = maya.random();
    maya.vault = maya.vault.admit(&chosen.unwrap(), maya.now, &mut random).unwrap();
    maya.sync(&mut storage).unwrap();
    dan.sync(&mut storage).unwrap();
    assert_eq!(dan.vault.me(), Me::Member { name: "dan".into(), role: Role::Editor });
    assert!(matches!(eve.accept(storage.as_ref().unwrap()), Err(VaultError::NotAMember)));
}

/// Two people come by two invitations before any member's program runs.
#[test]
fn two_newcomers_come_in_one_after_the_other_while_no_member_is_there() {
    let (mut maya, mut bob, _, mut storage) = team();
    let codes = [maya.invite("carol", Role::Editor), maya.invite("dan", Role::Viewer)];
    maya.sync(&mut storage).unwrap();
    let mut newcomers = Vec::new();
    for (code, seed) in codes.iter().zip([41, 42]) {
        let mut newcomer = Machine::join(&storage, code, seed).unwrap();
        newcomer.sync(&mut storage).unwrap();
        newcomers.push(newcomer);
    }
    assert_eq!(newcomers[1].issuer(1), "Registrar");
    let deeds = maya.sync(&mut storage).unwrap();
    assert_eq!(deeds, [Deed::LetIn("carol".into()), Deed::LetIn("dan".into())]);
    for machine in newcomers.iter_mut().chain([&mut bob]) {
        machine.sync(&mut storage).unwrap();
        assert_eq!(machine.vault.members().len(), 6);
    }
    // What is signed by a code that has ended lets nobody read on.
    let code = maya.invite("eve", Role::Viewer);
    maya.sync(&mut storage).unwrap();
    let ended = newcomers[0].vault.invite.clone().unwrap();
    let mut forged = Machine { vault: maya.vault.clone(), ..newcomers[0].clone() };
    (forged.vault.member, forged.vault.invite) = (ended, None);
    let forged = Some(forged.seal());
    assert!(matches!(Machine::join(&forged, &code, 43), Err(VaultError::NotEntitled(_))));
}

#[test]
fn an_invitation_ends_with_the_owner_who_made_it() {
    for lowered in [false, true] {
        let (mut maya, mut bob, _, mut storage) = team();
        maya.set_role("bob", Role::Owner);
        maya.sync(&mut storage).unwrap();
        bob.sync(&mut storage).unwrap();
        let code = bob.invite("mallory", Role::Editor);
        bob.sync(&mut storage).unwrap();
        let own = maya.invite("carol", Role::Editor);
        maya.sync(&mut storage).unwrap();
        match lowered {
            true => maya.set_role("bob", Role::Editor),
            false => maya.remove("bob").unwrap(),
        }
        assert_eq!(maya.vault.roster().invites().iter().map(|invite| &*invite.name).collect::<Vec<_>>(), ["carol"]);
        maya.sync(&mut storage).unwrap();
        assert!(matches!(Machine::join(&storage, &code, 51), Err(VaultError::NotAMember)));
        Machine::join(&storage, &own, 52).unwrap();
    }
}

/// An owner who acts on an older copy has an honest program say all of the branch again, their own invitation with it.
#[test]
fn an_invitation_said_again_ends_with_the_owner_who_made_it() {
    let (mut maya, mut bob, _, mut storage) = team();
    maya.set_role("bob", Role::Owner);
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    let (before, there) = (bob.vault.clone(), storage.clone());
    let code = bob.invite("ghost", Role::Editor);
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    (bob.vault, storage) = (before, there);
    bob.invite("legit", Role::Editor);
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    let mut names: Vec<&str> = maya.vault.roster().invites().iter().map(|invite| &*invite.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["ghost", "legit"]);
    maya.remove("bob").unwrap();
    assert!(maya.vault.roster().invites().is_empty());
    maya.sync(&mut storage).unwrap();
    assert!(matches!(Machine::join(&storage, &code, 51), Err(VaultError::NotAMember)));
}

#[test]
fn a_newcomer_whose_machine_stopped_halfway_gets_in() {
    let (mut maya, _, _, mut storage) = team();
    let code = maya.invite("dan", Role::Editor);
    maya.sync(&mut storage).unwrap();
    let keys = Machine::join(&storage, &code, 6).unwrap().vault.link_keys();
    // The keys were kept, the vault was not.
    let fetched = Locked::read(storage.as_ref().unwrap(), &LIMITS).unwrap().open_working_copy(&keys).unwrap();
    let mut dan = Machine::of(fetched.with_own_record(NOON).unwrap(), 6);
    assert!(dan.vault.with_own_record(NOON + 1).unwrap() == dan.vault, "once");
    dan.sync(&mut storage).unwrap();
    assert_eq!(maya.sync(&mut storage).unwrap(), [Deed::LetIn("dan".into())]);
    dan.sync(&mut storage).unwrap();
    assert_eq!(dan.vault.me(), Me::Member { name: "dan".into(), role: Role::Editor });
    assert!(dan.vault.with_own_record(NOON).unwrap() == dan.vault);
}

#[test]
fn a_code_opens_no_other_vault() {
    let (mut maya, _, _, mut storage) = team();
    let before = storage.clone();
    let code = maya.invite("dan", Role::Editor);
    maya.sync(&mut storage).unwrap();
    assert!(matches!(Machine::join(&before, &code, 6), Err(VaultError::NotAMember)), "a copy from before the invite");
    // Another founder's vault with an invite for the same name, and the right vault with another invite's code.
    let mut other =
        Machine::of(Unlocked::found_shared("ops", "maya", NOON, &mut FixedRandom::new(7)).unwrap().vault, 7);
    let other_code = other.invite("dan", Role::Editor);
    let mut lies = None;
    other.sync(&mut lies).unwrap();
    assert!(matches!(Machine::join(&lies, &code, 6), Err(VaultError::NotAMember)));
    assert!(matches!(Machine::join(&storage, &other_code, 6), Err(VaultError::NotAMember)));
    Machine::join(&storage, &code, 6).unwrap();
}

#[test]
fn an_expired_code_opens_nothing_that_comes_after() {
    let (mut maya, _, _, mut storage) = team();
    let code = maya.invite("dan", Role::Editor);
    maya.sync(&mut storage).unwrap();
    maya.now += 8 * DAY;
    assert_eq!(maya.sync(&mut storage).unwrap(), [Deed::Expired("dan".into())]);
    assert!(matches!(Machine::join(&storage, &code, 6), Err(VaultError::NotAMember)));
}

#[test]
fn what_only_a_newcomers_file_holds_is_not_lost() {
    let (mut maya, mut bob, _, mut storage) = team();
    let code = maya.invite("dan", Role::Editor);
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    bob.add(2, "Cloud root");
    bob.sync(&mut storage).unwrap();
    // Dan's file stands where Bob's was, and Bob's machine is gone.
    let mut dan = Machine::join(&storage, &code, 6).unwrap();
    dan.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    assert_eq!(maya.issuer(2), "Cloud root");
    dan.sync(&mut storage).unwrap();
    assert_eq!(dan.issuer(2), "Cloud root");
}

#[test]
fn who_looks_like_a_member_waits_for_an_owners_yes() {
    let (mut maya, bob, _, mut storage) = team();
    for name in ["\u{412}ob", "BOB", "b0b", "vera\u{a0}", "\u{410}lice", "ma\u{443}a"] {
        let mut random = maya.random();
        let refused = maya.vault.invite(name, Role::Editor, maya.now + DAY, maya.now, &mut random).unwrap_err();
        assert!(matches!(refused, VaultError::Refused(_)), "{name:?}: {refused}");
    }
    let code = maya.invite("dan", Role::Editor);
    let zoe = maya.invite("zoe", Role::Editor);
    maya.sync(&mut storage).unwrap();
    // The newcomer's own program says no; one that was altered does not.
    let locked = Locked::read(storage.as_ref().unwrap(), &LIMITS).unwrap();
    let with_name = |name: &str| Unlocked::join(&locked, &code, Some(name), NOON, &mut FixedRandom::new(8));
    for name in ["b\u{43e}b", "Zoe", "MAYA"] {
        assert!(matches!(with_name(name), Err(VaultError::Refused(words)) if words.contains("looks like")), "{name:?}");
    }
    for (name, seed) in [("b\u{43e}b", 11), ("\u{410}lice", 12), ("Zoe", 13), ("bob", 14)] {
        let roster = maya.vault.roster();
        let own = MemberKey::random(&mut FixedRandom::new(seed)).unwrap();
        let join =
            Join::write(roster, code.invite(roster).unwrap(), &code.key(roster.vault()).unwrap(), &own, name, NOON)
                .unwrap();
        let mut owner = maya.clone();
        owner.vault.document.joins.add(join, roster);
        let deeds = owner.sync(&mut storage.clone()).unwrap();
        let waits = |deed: &Deed| matches!(deed, Deed::Waits(who, _) if who == name);
        assert!(!deeds.is_empty() && deeds.iter().all(waits), "{name:?}: {deeds:?}");
        assert_eq!(owner.vault.members().len(), maya.vault.members().len());
        // An owner may know better: then both can be told from each other.
        let newcomer = owner.vault.newcomers().remove(0);
        let mut random = owner.random();
        let admitted = owner.vault.admit(&newcomer, NOON, &mut random).unwrap();
        let name = &admitted.roster().member_by_key(&own.public().sign).unwrap().name;
        let others = admitted.members().iter().filter(|member| member.keys != own.public());
        let alike = |a: &str, b: &str| crate::text::looks(a).alike == crate::text::looks(b).alike;
        assert!(others.into_iter().all(|other| !alike(&other.name, name)), "{name:?}");
        // A name is no reason to refuse what an owner has signed.
        let mut bob = bob.clone();
        let mut remote = Some(Machine { vault: admitted, ..owner }.seal());
        bob.sync(&mut remote).unwrap();
        assert!(bob.vault.roster().member_by_key(&own.public().sign).is_some());
    }
    // Whoever takes the name on their own invitation is let in at once.
    let mut newcomer = Machine::join(&storage, &zoe, 15).unwrap();
    newcomer.sync(&mut storage).unwrap();
    assert_eq!(maya.sync(&mut storage).unwrap(), [Deed::LetIn("zoe".into())]);
}

#[test]
fn an_invitation_that_ended_unused_keeps_no_name() {
    let (mut maya, ..) = team();
    maya.invite("dan", Role::Editor);
    maya.now += 8 * DAY;
    let (epoch, mut random) = (maya.vault.epoch(), maya.random());
    let invited = maya.vault.invite("Dan", Role::Viewer, maya.now + DAY, maya.now, &mut random).unwrap();
    let invites = invited.vault.roster().invites();
    assert_eq!(invites.iter().map(|invite| &*invite.name).collect::<Vec<_>>(), ["Dan"]);
    assert!(invited.vault.epoch() > epoch, "its code opens nothing that comes after");
    // One that is open keeps its name.
    let again = invited.vault.invite("dan", Role::Viewer, maya.now + DAY, maya.now, &mut random);
    assert!(matches!(again, Err(VaultError::Refused(_))));
}
