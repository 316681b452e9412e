//! The recovery code: used, renewed, ended with an owner, and tried by those who have an old one.

use super::*;
use crate::secret::Text;
use crate::vault::OpenedBy;

/// A machine of whoever has that code and that copy, come in under that name; and the code in the place of theirs.
fn come_in(bytes: &[u8], code: &Text, name: &str, seed: u64) -> Result<(Machine, Text), VaultError> {
    let opened = Locked::read(bytes, &LIMITS).unwrap().unlock_with_recovery_code(code)?;
    let Renewed { vault, recovery_code } = opened.come_in_by_code(name, NOON, &mut FixedRandom::new(seed * 31))?;
    Ok((Machine::of(vault, seed), recovery_code.unwrap()))
}

fn opens(bytes: &[u8], code: &Text) -> bool {
    Locked::read(bytes, &LIMITS).unwrap().unlock_with_recovery_code(code).is_ok()
}

/// The team, with bob an owner, and the recovery code that all owners may have seen.
fn two_owners() -> (Machine, Machine, Machine, Storage, Text) {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    maya.set_role("bob", Role::Owner);
    let code = maya.renew();
    for machine in [&mut maya, &mut bob, &mut vera] {
        machine.sync(&mut storage).unwrap();
    }
    (maya, bob, vera, storage, code)
}

impl Machine {
    fn renew(&mut self) -> Text {
        let mut random = self.random();
        let Renewed { vault, recovery_code } = self.vault.renew_recovery(self.now, &mut random).unwrap();
        self.vault = vault;
        recovery_code.unwrap()
    }

    /// Removes an owner; the code that is shown.
    fn remove_owner(&mut self, name: &str) -> Text {
        let mut random = self.random();
        let Renewed { vault, recovery_code } =
            self.vault.remove(&self.member(name), Work::Usual, self.now, &mut random).unwrap();
        self.vault = vault;
        recovery_code.unwrap()
    }

    fn names(&self) -> Vec<String> {
        self.vault.members().iter().map(|member| member.name.clone()).collect()
    }
}

#[test]
fn whoever_has_the_code_comes_in_as_one_more_owner_and_it_is_spent() {
    let founded = Unlocked::found_shared("ops", "maya", NOON, &mut FixedRandom::new(1)).unwrap();
    let code = founded.recovery_code;
    let mut maya = Machine::of(founded.vault, 1);
    maya.add(1, "Registrar");
    let before = maya.seal();
    let (mut back, next) = come_in(&before, &code, "maya", 50).unwrap();
    assert_eq!(back.vault.me(), Me::Member { name: "maya 2".into(), role: Role::Owner }, "a name of their own");
    assert_eq!(back.issuer(1), "Registrar");
    let sealed = back.seal();
    let mut storage = Some(sealed.clone());
    assert!(!opens(&sealed, &code) && opens(&sealed, &next));
    // The others go on, and are told.
    maya.sync(&mut storage).unwrap();
    assert_eq!(maya.names(), ["maya", "recovery", "maya 2"]);
    let renewal = maya.vault.roster().renewals().last().unwrap();
    assert_eq!((renewal.by.as_str(), renewal.came_in.as_deref()), ("recovery", Some("maya 2")));
    assert!(maya.vault.events().iter().any(|event| event.what == "let in maya 2 as owner"));
    // Not twice, and under no name that stands for the code.
    assert!(matches!(come_in(&sealed, &code, "eve", 51), Err(VaultError::NotAMember)));
    assert!(matches!(come_in(&sealed, &next, "Recovery", 51), Err(VaultError::Refused(_))));
    assert!(
        back.vault.come_in_by_code("eve", NOON, &mut FixedRandom::new(3)).is_err(),
        "opened with a key of one's own"
    );
    // The owner whose key is lost is removed, and with them whatever code they knew.
    let newest = back.remove_owner("maya");
    back.sync(&mut storage).unwrap();
    let sealed = storage.unwrap();
    assert!(!opens(&sealed, &next) && opens(&sealed, &newest));
    assert!(matches!(maya.accept(&sealed), Err(VaultError::NotAMember)));
}

#[test]
fn an_owner_who_leaves_takes_no_code_that_opens_anything() {
    let (mut maya, mut bob, mut vera, mut storage, code) = two_owners();
    let before = storage.clone().unwrap();
    let next = maya.remove_owner("bob");
    maya.sync(&mut storage).unwrap();
    vera.sync(&mut storage).unwrap();
    maya.add(2, "What came after");
    maya.sync(&mut storage).unwrap();
    let sealed = storage.clone().unwrap();
    assert!(!opens(&sealed, &code) && opens(&sealed, &next), "the old code on the newest copy");
    assert_eq!(maya.vault.opened_by(&before), OpenedBy::Earlier, "backup forget takes it for one of an earlier code");
    // The old code on the old copy: a fork from before the removal, written to the remote.
    let (mut evil, _) = come_in(&before, &code, "bob again", 60).unwrap();
    storage = Some(evil.seal());
    maya.sync(&mut storage).unwrap();
    assert_eq!(maya.names(), ["maya", "recovery", "vera"]);
    vera.sync(&mut storage).unwrap();
    assert_eq!(vera.names(), ["maya", "recovery", "vera"]);
    assert!(!opens(&storage.clone().unwrap(), &code), "maya's copy lies there again");
    // With changes and links of their own in it the copy is refused.
    evil.rename(1, "Stolen");
    assert!(matches!(maya.accept(&evil.seal()), Err(VaultError::NotEntitled(_))));
    let evils = evil.renew();
    evil.set_role("vera", Role::Editor);
    for machine in [&mut maya, &mut vera] {
        let refused = machine.accept(&evil.seal());
        assert!(matches!(refused, Err(VaultError::NotEntitled(_))), "{refused:?}");
    }
    // Bob's own machine, too, is out.
    assert!(matches!(bob.sync(&mut storage), Err(VaultError::NotAMember)));
    assert!(!opens(&storage.unwrap(), &evils));
}

#[test]
fn an_owner_who_is_lowered_takes_no_code_either() {
    let (mut maya, mut bob, _, mut storage, code) = two_owners();
    let mut random = maya.random();
    let lowered = maya.vault.set_role(&maya.member("bob"), Role::Editor, maya.now, &mut random).unwrap();
    let next = lowered.recovery_code.unwrap();
    maya.vault = lowered.vault;
    maya.sync(&mut storage).unwrap();
    let sealed = storage.clone().unwrap();
    assert!(!opens(&sealed, &code) && opens(&sealed, &next));
    bob.sync(&mut storage).unwrap();
    assert_eq!(bob.vault.me().role(), Role::Editor);
    assert!(bob.vault.renew_recovery(NOON, &mut FixedRandom::new(9)).is_err());
    // Where nobody is an owner the less, the code stays.
    let raised = maya.vault.set_role(&maya.member("bob"), Role::Owner, maya.now, &mut random).unwrap();
    assert!(raised.recovery_code.is_none());
    assert!(
        maya.vault.remove(&maya.member("vera"), Work::Usual, maya.now, &mut random).unwrap().recovery_code.is_none()
    );
}

#[test]
fn a_chain_that_leaves_an_old_code_in_force_is_refused() {
    let (maya, ..) = two_owners();
    let mut random = FixedRandom::new(70);
    let roster = maya.vault.roster();
    let (key, bob, vera) = (maya.vault.link_keys().member, maya.member("bob"), maya.member("vera"));
    let code = crate::vault::seal::MemberKey::random(&mut random).unwrap().public();
    let newest = maya.vault.newest();
    assert!(roster.clone().remove(&bob.keys.sign, newest, None, &key, NOON).is_err());
    assert!(roster.clone().set_role(&bob.keys.sign, Role::Viewer, None, &key, NOON).is_err());
    assert!(roster.clone().remove(&bob.keys.sign, newest, Some(&key.public()), &key, NOON).is_err(), "a known key");
    assert!(roster.clone().remove(&bob.keys.sign, newest, Some(&code), &key, NOON).is_ok());
    assert!(roster.clone().remove(&vera.keys.sign, newest, None, &key, NOON).is_ok());
    // Nobody but the code lets in without an invitation, and never without a new code; nor does it do anything else.
    let own = crate::vault::seal::MemberKey::random(&mut random).unwrap().public();
    assert!(roster.clone().admit_by_code("zoe", &own, &code, &key, NOON).is_err());
    let founded = Unlocked::found_shared("ops", "maya", NOON, &mut FixedRandom::new(1)).unwrap();
    let printed = crate::vault::recovery::read(&founded.recovery_code).unwrap();
    let recovery = crate::vault::seal::MemberKey::from_recovery_code(&printed, founded.vault.roster().vault()).unwrap();
    let mut roster = founded.vault.roster().clone();
    assert!(roster.admit_by_code("zoe", &own, &own, &recovery, NOON).is_err());
    assert!(roster.admit_by_code("recovery", &own, &code, &recovery, NOON).is_err());
    assert!(roster.renew_recovery(&code, &recovery, NOON).is_err());
    let vault_key = crate::vault::seal::Key::random(&mut random).unwrap();
    assert!(roster.start_epoch(&vault_key, &recovery, NOON).is_err());
    roster.admit_by_code("zoe", &own, &code, &recovery, NOON).unwrap();
    assert_eq!(roster.recovery_key(), Some(code));
    assert_eq!(roster.members().iter().filter(|member| member.name == "recovery").count(), 1);
}

#[test]
fn of_two_uses_apart_one_is_void_and_both_sides_agree() {
    let (mut maya, mut bob, mut vera, storage, code) = two_owners();
    let there = storage.clone().unwrap();
    let (mut zoe, _) = come_in(&there, &code, "zoe", 80).unwrap();
    let (mut yan, _) = come_in(&there, &code, "yan", 81).unwrap();
    // Each owner has heard of one of them.
    let (mut here, mut elsewhere) = (Some(zoe.seal()), Some(yan.seal()));
    maya.sync(&mut here).unwrap();
    bob.sync(&mut elsewhere).unwrap();
    vera.sync(&mut elsewhere).unwrap();
    maya.add(2, "Of maya");
    bob.add(3, "Of bob");
    maya.sync(&mut here).unwrap();
    bob.sync(&mut elsewhere).unwrap();
    bob.sync(&mut here).unwrap();
    maya.sync(&mut here).unwrap();
    bob.sync(&mut here).unwrap();
    vera.sync(&mut here).unwrap();
    for machine in [&maya, &bob, &vera] {
        let newcomers = machine.names().iter().filter(|name| ["zoe", "yan"].contains(&name.as_str())).count();
        assert_eq!(newcomers, 1, "{:?}", machine.names());
        assert_eq!(machine.names(), maya.names());
        assert_eq!((machine.issuer(2), machine.issuer(3)), ("Of maya".into(), "Of bob".into()));
    }
    let stays = maya.names().contains(&"zoe".to_owned());
    let (stays, goes) = if stays { (&mut zoe, &mut yan) } else { (&mut yan, &mut zoe) };
    stays.sync(&mut here).unwrap();
    assert_eq!(stays.vault.me().role(), Role::Owner);
    assert!(matches!(goes.sync(&mut here), Err(VaultError::NotAMember)));
}

#[test]
fn a_use_of_the_old_code_beside_the_removal_comes_to_nothing() {
    // Bob uses the code on the copy from before his removal; vera's and carl's machines see that first, and carl, an owner, builds on it.
    let (mut maya, _, mut vera, mut storage, _) = two_owners();
    let invited = maya.invite("carl", Role::Editor);
    maya.sync(&mut storage).unwrap();
    let mut carl = Machine::join(&storage, &invited, 90).unwrap();
    carl.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    maya.set_role("carl", Role::Owner);
    let code = maya.renew();
    maya.sync(&mut storage).unwrap();
    carl.sync(&mut storage).unwrap();
    vera.sync(&mut storage).unwrap();
    let before = storage.clone().unwrap();
    let (mut evil, evils) = come_in(&before, &code, "dora", 91).unwrap();
    let eve = evil.invite("eve", Role::Editor);
    let mut elsewhere = Some(evil.seal());
    carl.sync(&mut elsewhere).unwrap();
    let zoe = carl.invite("zoe", Role::Editor);
    carl.sync(&mut elsewhere).unwrap();
    // The removal, on the other branch.
    let next = maya.remove_owner("bob");
    maya.sync(&mut storage).unwrap();
    vera.sync(&mut storage).unwrap();
    // Carl hears of it: his own invitation stands, what came by the old code does not.
    carl.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    vera.sync(&mut storage).unwrap();
    carl.sync(&mut storage).unwrap();
    for machine in [&maya, &vera, &carl] {
        assert_eq!(machine.names(), ["maya", "recovery", "vera", "carl"]);
        let invited: Vec<&str> = machine.vault.roster().invites().iter().map(|invite| invite.name.as_str()).collect();
        assert_eq!(invited, ["zoe"]);
    }
    let sealed = storage.clone().unwrap();
    assert!(opens(&sealed, &next) && !opens(&sealed, &code) && !opens(&sealed, &evils));
    assert!(Machine::join(&storage, &eve, 92).is_err());
    assert!(Machine::join(&storage, &zoe, 93).is_ok());
    assert!(matches!(evil.sync(&mut storage), Err(VaultError::NotAMember)));
}

#[test]
fn a_join_by_the_side_with_the_removal_leaves_out_who_came_by_the_old_code() {
    let (mut maya, mut bob, mut vera, mut storage, code) = two_owners();
    let invited = maya.invite("carl", Role::Editor);
    maya.sync(&mut storage).unwrap();
    let mut carl = Machine::join(&storage, &invited, 90).unwrap();
    carl.sync(&mut storage).unwrap();
    for machine in [&mut maya, &mut bob, &mut carl, &mut vera] {
        machine.sync(&mut storage).unwrap();
    }
    let before = storage.clone().unwrap();
    let (mut evil, _) = come_in(&before, &code, "dora", 91).unwrap();
    let mut elsewhere = Some(evil.seal());
    // Bob, an owner, has heard of dora and invites somebody; maya has removed carl and renewed the code.
    bob.sync(&mut elsewhere).unwrap();
    bob.invite("zoe", Role::Viewer);
    bob.sync(&mut elsewhere).unwrap();
    maya.remove("carl").unwrap();
    let next = maya.renew();
    maya.sync(&mut storage).unwrap();
    // Maya's machine sees bob's copy.
    maya.sync(&mut elsewhere).unwrap();
    bob.sync(&mut elsewhere).unwrap();
    vera.sync(&mut elsewhere).unwrap();
    for machine in [&maya, &bob, &vera] {
        assert_eq!(machine.names(), ["maya", "recovery", "bob", "vera"]);
        assert_eq!(machine.vault.roster().invites().len(), 1);
    }
    let sealed = elsewhere.clone().unwrap();
    assert!(opens(&sealed, &next) && !opens(&sealed, &code));
    assert!(matches!(evil.sync(&mut elsewhere), Err(VaultError::NotAMember)));
}

#[test]
fn an_owner_removed_and_raised_at_once_is_removed() {
    // Vera is an editor to maya, who removes her; bob has made her an owner meanwhile, so the code has to end, though maya's link brings none.
    let (mut maya, mut bob, _, mut storage, code) = two_owners();
    let mut elsewhere = storage.clone();
    bob.set_role("vera", Role::Owner);
    bob.sync(&mut elsewhere).unwrap();
    maya.remove("vera").unwrap();
    maya.sync(&mut storage).unwrap();
    maya.sync(&mut elsewhere).unwrap();
    bob.sync(&mut elsewhere).unwrap();
    for machine in [&maya, &bob] {
        assert_eq!(machine.names(), ["maya", "recovery", "bob"]);
    }
    assert!(!opens(&elsewhere.clone().unwrap(), &code), "nobody has the code in force");
    let next = maya.renew();
    maya.sync(&mut elsewhere).unwrap();
    assert!(opens(&elsewhere.unwrap(), &next));
}

/// Maya's machine joins a branch on which bob renewed the code to one on which carl lowered him, or did something else.
#[test]
fn a_code_renewed_by_somebody_lowered_elsewhere_comes_to_nothing() {
    for lowered in [true, false] {
        let (mut maya, mut bob, _, mut storage, code) = two_owners();
        let invited = maya.invite("carl", Role::Editor);
        maya.sync(&mut storage).unwrap();
        let mut carl = Machine::join(&storage, &invited, 90).unwrap();
        carl.sync(&mut storage).unwrap();
        maya.sync(&mut storage).unwrap();
        maya.set_role("carl", Role::Owner);
        for machine in [&mut maya, &mut bob, &mut carl] {
            machine.sync(&mut storage).unwrap();
        }
        let mut elsewhere = storage.clone();
        let of_bob = bob.renew();
        bob.sync(&mut storage).unwrap();
        maya.sync(&mut storage).unwrap();
        if lowered {
            carl.set_role("bob", Role::Editor);
        } else {
            carl.invite("zoe", Role::Viewer);
        }
        carl.sync(&mut elsewhere).unwrap();
        maya.sync(&mut elsewhere).unwrap();
        carl.sync(&mut elsewhere).unwrap();
        assert_eq!(carl.member("bob").role, if lowered { Role::Editor } else { Role::Owner });
        let sealed = elsewhere.unwrap();
        assert!(!opens(&sealed, &code));
        assert_eq!(opens(&sealed, &of_bob), !lowered, "lowered: {lowered}");
    }
}
