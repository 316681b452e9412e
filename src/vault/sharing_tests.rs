//! A team around one remote, honest and not: founding, joining, editing apart, removing, forks, and every forgery that a storage could try.

mod insiders;

use proptest::prelude::*;

use crate::otp::{Kind, Otp};
use crate::secret::Secret;
use crate::vault::accept::{Accepted, Seen};
use crate::vault::file::File;
use crate::vault::fixed::FixedRandom;
use crate::vault::join::InviteCode;
use crate::vault::roster::{Member, Relation, Role};
use crate::vault::sharing::{Deed, Me};
use crate::vault::unlocked::signed_text;
use crate::vault::{Clock, Details, Edit, EntryId, Limits, Locked, Stamp, Unlocked, VaultError};

const LIMITS: Limits = Limits { ram: 8 << 30 };
const NOON: u64 = 1_800_000_000_000;
const DAY: u64 = 86_400_000;

type Storage = Option<Vec<u8>>;

/// One member's machine.
#[derive(Clone)]
struct Machine {
    vault: Unlocked,
    clock: Clock,
    now: u64,
    seed: u64,
    seen: Option<Seen>,
    went_back: Option<String>,
}

impl Machine {
    fn of(vault: Unlocked, seed: u64) -> Machine {
        Machine {
            vault,
            clock: Clock::new(seed, Stamp::default()),
            now: NOON,
            seed: seed * 1_000,
            seen: None,
            went_back: None,
        }
    }

    fn random(&mut self) -> FixedRandom {
        self.seed += 1;
        FixedRandom::new(self.seed)
    }

    fn seal(&mut self) -> Vec<u8> {
        let mut random = self.random();
        self.vault.seal(&mut random).unwrap()
    }

    fn accept(&mut self, bytes: &[u8]) -> Result<Accepted, VaultError> {
        let mut random = self.random();
        self.vault.accept(bytes, self.seen.as_ref(), &LIMITS, self.now, &mut random)
    }

    /// The loop of a sync, until the storage holds all that this machine does.
    fn sync(&mut self, storage: &mut Storage) -> Result<Vec<Deed>, VaultError> {
        let mut deeds = Vec::new();
        for _ in 0..10 {
            let mut holds_all = false;
            if let Some(bytes) = storage.clone() {
                let accepted = self.accept(&bytes)?;
                self.vault = accepted.vault;
                self.went_back = accepted.went_back.or(self.went_back.take());
                holds_all = accepted.holds_all;
                if holds_all {
                    self.seen = Some(accepted.seen);
                }
            }
            let mut random = self.random();
            if let Some((vault, done)) = self.vault.housekeeping(self.now, &mut random)? {
                holds_all &= vault == self.vault;
                self.vault = vault;
                deeds.extend(done);
            }
            if holds_all {
                return Ok(deeds);
            }
            match self.vault.me() {
                Me::Member { role: Role::Viewer, .. } => return Ok(deeds),
                Me::Pending { .. } if storage.is_some() && self.seen.is_some() => return Ok(deeds),
                Me::Pending { .. } => {
                    self.seen = Some(self.vault.seen());
                    *storage = Some(self.seal());
                    return Ok(deeds);
                }
                Me::Member { .. } => *storage = Some(self.seal()),
            }
        }
        panic!("the loop does not come to rest");
    }

    fn edit(&mut self, edits: &[Edit]) {
        self.now += 1_000;
        let changes = self.vault.plan(edits, &mut self.clock, self.now).unwrap();
        self.vault = self.vault.with(&changes);
    }

    fn add(&mut self, n: u8, issuer: &str) {
        let otp = Otp::new(Kind::Totp, Secret::from(&b"12345678901234567890"[..]));
        self.edit(&[Edit::Add(id(n), Box::new(Details::new(otp, issuer, "ops")))]);
    }

    fn rename(&mut self, n: u8, issuer: &str) {
        let mut details = self.vault.entry(id(n)).unwrap().details.clone();
        details.issuer = issuer.into();
        self.edit(&[Edit::Change(id(n), Box::new(details))]);
    }

    fn issuer(&self, n: u8) -> String {
        self.vault.entry(id(n)).map(|entry| entry.details.issuer.to_string()).unwrap_or_default()
    }

    fn member(&self, name: &str) -> Member {
        self.vault.members().iter().find(|member| member.name == name).unwrap().clone()
    }

    fn set_role(&mut self, name: &str, role: Role) {
        self.vault = self.vault.set_role(&self.member(name), role, self.now).unwrap();
    }

    fn remove(&mut self, name: &str) -> Result<(), VaultError> {
        let mut random = self.random();
        self.vault = self.vault.remove(&self.member(name), self.now, &mut random)?;
        Ok(())
    }

    fn invite(&mut self, name: &str, role: Role) -> InviteCode {
        let mut random = self.random();
        let invited = self.vault.invite(name, role, self.now + 7 * DAY, self.now, &mut random).unwrap();
        self.vault = invited.vault;
        InviteCode::read(&invited.code).unwrap()
    }

    fn join(storage: &Storage, code: &InviteCode, seed: u64) -> Result<Machine, VaultError> {
        let locked = Locked::read(storage.as_ref().unwrap(), &LIMITS).unwrap();
        let vault = Unlocked::join(&locked, code, None, NOON, &mut FixedRandom::new(seed * 7_919))?;
        Ok(Machine::of(vault, seed))
    }
}

fn id(n: u8) -> EntryId {
    EntryId::random(&mut FixedRandom::new(5_000 + u64::from(n))).unwrap()
}

fn founder() -> Machine {
    let founded = Unlocked::found_shared("ops", "maya", NOON, &mut FixedRandom::new(1)).unwrap();
    Machine::of(founded.vault, 1)
}

/// Maya (owner), Bob (editor) and Vera (viewer), all in, all synced.
fn team() -> (Machine, Machine, Machine, Storage) {
    let mut storage = None;
    let mut maya = founder();
    maya.add(1, "Registrar");
    maya.sync(&mut storage).unwrap();
    let mut people = Vec::new();
    for (name, role, seed) in [("bob", Role::Editor, 2), ("vera", Role::Viewer, 3)] {
        let code = maya.invite(name, role);
        maya.sync(&mut storage).unwrap();
        let mut newcomer = Machine::join(&storage, &code, seed).unwrap();
        assert_eq!(newcomer.issuer(1), "Registrar", "a newcomer reads at once");
        newcomer.sync(&mut storage).unwrap();
        assert_eq!(maya.sync(&mut storage).unwrap(), [Deed::LetIn(name.into())]);
        newcomer.sync(&mut storage).unwrap();
        assert_eq!(newcomer.vault.me(), Me::Member { name: name.into(), role });
        people.push(newcomer);
    }
    let vera = people.pop().unwrap();
    let mut bob = people.pop().unwrap();
    bob.sync(&mut storage).unwrap();
    (maya, bob, vera, storage)
}

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
        let again = Locked::read(&sealed, &LIMITS).unwrap().open_with(&keys).unwrap();
        assert_eq!(again, machine.vault);
        machine.vault.check_sealed(&sealed).unwrap();
        Locked::read(storage.as_ref().unwrap(), &LIMITS).unwrap().open_with(&keys).unwrap();
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
    let refused = |result: Result<Unlocked, VaultError>| assert!(matches!(result, Err(VaultError::Refused(_))));
    let mut random = FixedRandom::new(99);
    refused(maya.vault.set_role(&maya.member("maya"), Role::Editor, NOON));
    refused(maya.vault.remove(&maya.member("maya"), NOON, &mut random));
    refused(bob.vault.remove(&bob.member("maya"), NOON, &mut random));
    refused(bob.vault.set_role(&bob.member("bob"), Role::Owner, NOON));
    assert!(matches!(bob.vault.invite("eve", Role::Viewer, NOON, NOON, &mut random), Err(VaultError::Refused(_))));
    maya.set_role("bob", Role::Owner);
    assert!(maya.vault.set_role(&maya.member("maya"), Role::Editor, NOON).is_ok());
    bob.now += 1;
}

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

#[test]
fn a_newcomer_whose_machine_stopped_halfway_gets_in() {
    let (mut maya, _, _, mut storage) = team();
    let code = maya.invite("dan", Role::Editor);
    maya.sync(&mut storage).unwrap();
    let keys = Machine::join(&storage, &code, 6).unwrap().vault.link_keys();
    // The keys were kept, the vault was not.
    let fetched = Locked::read(storage.as_ref().unwrap(), &LIMITS).unwrap().open_with(&keys).unwrap();
    let mut dan = Machine::of(fetched.with_own_record(NOON), 6);
    assert!(dan.vault.with_own_record(NOON + 1) == dan.vault, "once");
    dan.sync(&mut storage).unwrap();
    assert_eq!(maya.sync(&mut storage).unwrap(), [Deed::LetIn("dan".into())]);
    dan.sync(&mut storage).unwrap();
    assert_eq!(dan.vault.me(), Me::Member { name: "dan".into(), role: Role::Editor });
    assert!(dan.vault.with_own_record(NOON) == dan.vault);
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

#[test]
fn an_owner_who_lost_everything_comes_back_with_the_printed_code() {
    let founded = Unlocked::found_shared("ops", "maya", NOON, &mut FixedRandom::new(1)).unwrap();
    let code = founded.recovery_code;
    let mut maya = Machine::of(founded.vault, 1);
    maya.add(1, "Registrar");
    let lost = maya.seal();
    let opened = Locked::read(&lost, &LIMITS).unwrap().unlock_with_recovery_code(&code).unwrap();
    let owner = opened.members()[0].clone();
    let back = opened.take_over(&owner, NOON, &mut FixedRandom::new(50)).unwrap();
    let mut back = Machine::of(back, 50);
    assert_eq!(back.vault.me(), Me::Member { name: "maya".into(), role: Role::Owner });
    back.rename(1, "Found again");
    let sealed = back.seal();
    assert!(matches!(maya.accept(&sealed), Err(VaultError::NotAMember)), "the lost key reads no more");
    let keys = back.vault.link_keys();
    assert_eq!(Locked::read(&sealed, &LIMITS).unwrap().open_with(&keys).unwrap(), back.vault);
}

#[test]
fn an_older_copy_is_noticed_and_repaired() {
    let (mut maya, mut bob, _, mut storage) = team();
    let old = storage.clone();
    bob.add(2, "Newer");
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    assert_eq!(maya.went_back, None);
    let mut storage = old;
    maya.sync(&mut storage).unwrap();
    assert!(maya.went_back.as_ref().is_some_and(|words| words.contains("missing")));
    bob.vault = bob.accept(storage.as_ref().unwrap()).unwrap().vault;
    assert_eq!(bob.issuer(2), "Newer");
    // Before the team was whole.
    let (mut maya, ..) = team();
    let mut young = founder();
    let very_old = young.seal();
    maya.seen = Some(maya.vault.seen());
    let accepted = maya.accept(&very_old).unwrap();
    assert!(accepted.went_back.is_some() && !accepted.holds_all);
    assert_eq!(accepted.vault.members().len(), 4);
}

#[test]
fn parts_of_two_versions_do_not_mix() {
    let (mut maya, ..) = team();
    let one = File::read(&maya.seal()).unwrap().1;
    maya.invite("dan", Role::Viewer);
    let two = File::read(&maya.seal()).unwrap().1;
    let mixed = [
        File { header_bytes: two.header_bytes.clone(), header: two.header.clone(), ..one.clone() },
        File { body: two.body.clone(), ..one.clone() },
        File { nonce: two.nonce, ..one.clone() },
        File { signature: two.signature, ..one.clone() },
        File { author: [7; 32], ..one.clone() },
    ];
    for file in mixed {
        let refused = maya.accept(&file.write()).unwrap_err();
        assert!(matches!(refused, VaultError::Damaged(_)), "{refused}");
    }
}

/// Signs a file anew, as a member with an altered program could.
fn signed_again(mut file: File, machine: &Machine) -> Vec<u8> {
    let member = machine.vault.link_keys().member;
    file.author = member.public().sign;
    file.signature = member.sign(&signed_text(&file.header_bytes, &file.nonce, &file.body));
    file.write()
}

#[test]
fn what_a_member_signs_again_is_held_against_its_parts() {
    let (mut maya, mut bob, mut vera, _) = team();
    let good = File::read(&maya.seal()).unwrap().1;
    // A viewer signs what an editor wrote.
    bob.add(8, "By Bob");
    let written = File::read(&bob.seal()).unwrap().1;
    assert!(matches!(maya.accept(&signed_again(written, &vera)), Err(VaultError::NotEntitled(_))));
    // An editor signs a body under another header.
    maya.remove("vera").unwrap();
    let newer = File::read(&maya.seal()).unwrap().1;
    let header = File { header_bytes: good.header_bytes.clone(), header: good.header.clone(), ..newer };
    assert!(matches!(maya.accept(&signed_again(header, &bob)), Err(VaultError::Altered(_))));
    // Another vault, by the same founder's name, under the same name.
    let other = Unlocked::found_shared("ops", "maya", NOON, &mut FixedRandom::new(77)).unwrap().vault;
    let sealed = other.seal(&mut FixedRandom::new(78)).unwrap();
    assert!(matches!(bob.accept(&sealed), Err(VaultError::Altered(words)) if words.contains("another vault")));
    vera.now += 1;
}

#[test]
fn a_change_of_another_hand_is_found() {
    let (mut maya, mut bob, ..) = team();
    bob.add(2, "Genuine");
    let forged = bob.vault.forged(|raw| raw.replace("Genuine", "Forged!"));
    let mut liar = Machine { vault: forged, ..bob.clone() };
    let sealed = liar.seal();
    assert!(matches!(maya.accept(&sealed), Err(VaultError::Altered(words)) if words.contains("not signed")));
    // Bob's program names Maya as the author of what Bob did.
    let key_id = |machine: &Machine| {
        let sign = machine.vault.link_keys().member.public().sign;
        data_encoding::BASE64.encode(&crate::vault::seal::key_id(&sign))
    };
    let (of_bob, of_maya) = (key_id(&bob), key_id(&maya));
    let forged = bob.vault.forged(|raw| raw.replace(&of_bob, &of_maya));
    let sealed = Machine { vault: forged, ..bob.clone() }.seal();
    assert!(matches!(maya.accept(&sealed), Err(VaultError::Altered(words)) if words.contains("not signed")));
    assert_eq!(maya.issuer(2), "");
    let sealed = bob.seal();
    maya.vault = maya.accept(&sealed).unwrap().vault;
    assert_eq!(maya.issuer(2), "Genuine");
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
