//! Changes dated ahead, a clock that is wrong, and taking back what somebody did.

use super::*;
use crate::vault::change::{self, Author, Change, Set};

const END: u64 = Stamp::MAX_MS;

/// What an altered program of that machine's writes: a change of the first entry, dated as it likes.
fn forged(machine: &Machine, at: Stamp, sets: &[Set]) -> Change {
    change::write(id(1), at, sets, &Author::new(&machine.vault.link_keys().member, Some(machine.vault.id()))).unwrap()
}

fn issuer(value: &str) -> Set {
    Set::new("issuer", value, Vec::new())
}

/// Maya has Bob's change, stamped at the end of time.
fn ahead() -> (Machine, Machine, Machine, Storage) {
    let (mut maya, mut bob, vera, storage) = team();
    let stamp = Stamp::new(END, u16::MAX, u64::MAX);
    bob.vault = bob.vault.with(&[forged(&bob, stamp, &[issuer("Bob's for ever")])]);
    let written = bob.seal();
    maya.vault = maya.accept(&written).unwrap().vault;
    (maya, bob, vera, storage)
}

#[test]
fn a_change_dated_ahead_is_saved_and_does_not_count() {
    let (mut maya, ..) = ahead();
    assert_eq!(maya.issuer(1), "Registrar");
    assert_eq!(maya.vault.waiting().into_iter().collect::<Vec<_>>(), [("bob".to_owned(), 1)]);
    assert!(maya.vault.history(id(1)).iter().any(|item| item.waits && item.by == "bob"));
    // It can be edited and trashed, and no stamp follows it there.
    maya.rename(1, "Renamed");
    assert_eq!(maya.issuer(1), "Renamed");
    maya.edit(&[Edit::Delete(id(1))]);
    assert!(maya.vault.entry(id(1)).unwrap().deleted);
    assert!(maya.vault.newest().ms() <= maya.now);
    let sealed = maya.seal();
    let again = maya.vault.reopen(&sealed, &LIMITS).unwrap();
    assert_eq!((&again, again.waiting().len()), (&maya.vault, 1));
    assert_eq!(again.at(END).waiting().len(), 0, "it counts once its time has come");
    assert_eq!(&*again.at(END).entry(id(1)).unwrap().details.issuer, "Bob's for ever");
    assert_eq!(again.at(END).at(maya.now), again);
}

#[test]
fn removing_its_author_vouches_for_no_change_dated_ahead() {
    let (mut maya, mut bob, _, _) = ahead();
    bob.rename(1, "By Bob, in time");
    let written = bob.seal();
    maya.vault = maya.accept(&written).unwrap().vault;
    maya.now += 10_000;
    maya.remove("bob").unwrap();
    assert!(maya.vault.waiting().is_empty());
    assert_eq!(maya.vault.set_aside().into_iter().collect::<Vec<_>>(), [("bob".to_owned(), 1)]);
    assert_eq!(&*maya.vault.at(END).entry(id(1)).unwrap().details.issuer, "By Bob, in time");
}

#[test]
fn nothing_a_leaver_stamps_ahead_keeps_a_new_secret_on_the_list() {
    for stamp in [Stamp::new(END, 0, 9), Stamp::new(NOON + DAY - 60_000, 0, 9)] {
        let (mut maya, bob, ..) = team();
        let mut written = bob.clone();
        written.vault = bob.vault.with(&[forged(&bob, stamp, &[issuer("Ahead")])]);
        let written = written.seal();
        maya.vault = maya.accept(&written).unwrap().vault;
        maya.add(7, "Never read again");
        maya.remove("bob").unwrap();
        assert!(maya.vault.to_reenrol().iter().any(|secret| secret.entry == id(7)));
        let mut details = maya.vault.entry(id(7)).unwrap().details.clone();
        details.otp.secret = Secret::from(&b"a new secret, of today"[..]);
        maya.edit(&[Edit::Change(id(7), Box::new(details))]);
        assert!(maya.vault.to_reenrol().iter().all(|secret| secret.entry != id(7)), "{stamp}");
    }
}

#[test]
fn where_two_authors_are_ahead_the_clock_is_wrong_and_nothing_is_edited() {
    let (mut maya, mut bob, ..) = ahead();
    maya.rename(1, "Years later");
    maya.vault = maya.vault.at(NOON);
    let mut back = maya.clone();
    back.now = NOON - 400 * DAY;
    let refused = back.vault.plan(&[Edit::Delete(id(1))], &mut back.clock, back.now).unwrap_err();
    assert!(matches!(&refused, VaultError::Refused(words) if words.contains("clock")), "{refused}");
    assert!(back.vault.remove(&back.member("bob"), Work::Usual, back.now, &mut FixedRandom::new(3)).is_err());
    // And right again: nothing is lost.
    maya.rename(1, "Right again");
    assert_eq!(maya.issuer(1), "Right again");
    // One author alone cannot make the clock look wrong.
    bob.vault = maya.vault.clone();
    assert!(maya.vault.at(maya.now).clock_is_plausible().is_ok());
}

#[test]
fn copies_agree_whatever_they_held_when_a_change_came_due() {
    let (mut maya, mut bob, ..) = team();
    let later = NOON + 3 * DAY;
    let mut changes: Vec<Change> =
        (0..40).map(|n| forged(&bob, Stamp::new(NOON + 50_000 + n, 0, 9), &[issuer(&n.to_string())])).collect();
    changes.extend((0..40).map(|n| forged(&bob, Stamp::new(later + n, 0, 9), &[issuer(&format!("later {n}"))])));
    bob.vault = bob.vault.at(NOON);
    bob.vault.document.insert(changes);
    let early = bob.seal();
    maya.vault = maya.accept(&early).unwrap().vault;
    assert_eq!((maya.issuer(1), maya.vault.waiting()["bob"]), ("39".into(), 40));
    let (there, here) = (bob.vault.at(later + DAY), maya.vault.at(later + DAY));
    assert_eq!(&*here.entry(id(1)).unwrap().details.issuer, "later 39");
    assert_eq!(here.document.changes().count(), there.document.changes().count());
    assert!(here.document.held == there.document.held);
}

#[test]
fn reverting_gives_each_field_the_value_before_and_undo_takes_that_back() {
    let (mut maya, mut bob, _, mut storage) = team();
    let mut hotp = maya.vault.entry(id(1)).unwrap().details.clone();
    (hotp.otp.kind, hotp.otp.counter) = (Kind::Hotp, 5);
    let code = |code: &str| crate::vault::RecoveryCode { id: None, code: code.into(), used: false };
    hotp.recovery_codes = vec![code("one"), code("two")];
    maya.edit(&[Edit::Add(id(2), Box::new(hotp))]);
    maya.add(3, "Deleted by Bob");
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    bob.now = maya.now + 1_000;
    bob.rename(1, "Bob's");
    let mut broken = bob.vault.entry(id(2)).unwrap().details.clone();
    broken.otp.counter = u64::MAX;
    broken.note = "by Bob".into();
    broken.recovery_codes.iter_mut().for_each(|code| code.used = true);
    bob.edit(&[Edit::Change(id(2), Box::new(broken)), Edit::Delete(id(3))]);
    bob.add(4, "Made by Bob");
    let before = maya.vault.clone();
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    maya.now = bob.now + 1_000;
    let bobs = maya.vault.clone();
    let member = maya.member("bob");
    let changes = maya.vault.plan_revert(&member, 0, &mut maya.clock, maya.now).unwrap();
    maya.vault = maya.vault.with(&changes);
    let shown = |vault: &Unlocked, n: u8| {
        let entry = vault.entry(id(n)).unwrap();
        let codes: Vec<_> =
            entry.details.recovery_codes.iter().map(|code| (code.code.to_string(), code.used)).collect();
        (
            entry.details.issuer.to_string(),
            entry.details.otp.counter,
            entry.details.note.to_string(),
            codes,
            entry.deleted,
        )
    };
    for n in [1, 2, 3] {
        assert_eq!(shown(&maya.vault, n), shown(&before, n));
    }
    assert!(maya.vault.entry(id(4)).unwrap().deleted);
    let undone = maya.vault.plan_undo(&changes, &mut maya.clock, maya.now).unwrap();
    maya.vault = maya.vault.with(&undone);
    for n in [1, 3, 4] {
        assert_eq!(shown(&maya.vault, n), shown(&bobs, n));
    }
    assert_eq!(shown(&maya.vault, 2).1, u64::MAX);
    // Only an owner may, and only since a time where one is given.
    assert!(bob.vault.plan_revert(&member, 0, &mut bob.clock, bob.now).is_err());
    assert!(bobs.plan_revert(&member, bob.now + 1, &mut maya.clock, maya.now).unwrap().is_empty());
}
