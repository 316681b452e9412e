//! Tests of planning an import.

use super::*;
use crate::formats::Candidate;
use crate::otp::{Algorithm, Digits, Otp, Period};
use crate::secret::Secret;
use crate::vault::{RecoveryCode, RecoveryId, Stamp};

struct Numbered(u8);
impl Random for Numbered {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        self.0 += 1;
        out.fill(self.0);
        Ok(())
    }
}

fn details(issuer: &str, account: &str, key: &str) -> Details {
    Details::new(Otp::new(Kind::Totp, Secret::from(key.as_bytes())), issuer, account)
}

fn ours(number: u32, details: Details) -> Entry {
    Entry {
        id: format!("00000000-0000-4000-8000-{number:012}").parse().unwrap(),
        details,
        deleted: false,
        problem: None,
        conflicts: Vec::new(),
        left_out: 0,
        added: Stamp::default(),
        changed: Stamp::default(),
    }
}

fn file(entries: Vec<Details>) -> Imported {
    let entries = entries
        .into_iter()
        .map(|details| Candidate { place: String::new(), details, notices: Vec::new(), trashed: false })
        .collect();
    Imported { entries, ..Imported::default() }
}

/// `+` added, `=` replaced, `-` skipped, in the order of the file.
fn signs(plan: &Plan) -> String {
    plan.rows
        .iter()
        .map(|row| match row.action {
            Action::Add => '+',
            Action::Replace(_) => '=',
            Action::Skip(_) => '-',
        })
        .collect()
}

#[test]
fn each_policy_does_what_it_says() {
    let vault = [ours(1, details("GitHub", "octo", "one")), ours(2, details("Bank", "me", "two"))];
    let read = || {
        file(vec![
            details("GitHub", "octo", "one"),
            details("Bank", "me", "changed"),
            details("Mail", "me", "three"),
            details("Mail", "me", "three"),
        ])
    };
    assert_eq!(signs(&plan(read(), vault.iter(), OnDuplicate::Skip)), "--+-");
    assert_eq!(signs(&plan(read(), vault.iter(), OnDuplicate::Replace)), "-=+-", "the same values are not a change");
    assert_eq!(signs(&plan(read(), vault.iter(), OnDuplicate::Keep)), "++++");
    let skipped = plan(read(), vault.iter(), OnDuplicate::Skip);
    let reasons: Vec<_> = skipped.rows.iter().map(|row| format!("{:?}", row.action)).collect();
    assert!(
        reasons[0].contains("there already") && reasons[1].contains("another secret") && reasons[3].contains("twice")
    );
}

#[test]
fn the_same_secret_with_other_parameters_is_another_entry() {
    let plain = details("GitHub", "octo", "the one secret");
    let changed: Vec<Details> = [
        |otp: &mut Otp| otp.algorithm = Algorithm::Sha256,
        |otp: &mut Otp| otp.digits = Digits::new(8).unwrap(),
        |otp: &mut Otp| otp.period = Period::new(60).unwrap(),
        |otp: &mut Otp| otp.kind = Kind::Hotp,
    ]
    .into_iter()
    .map(|change| {
        let mut other = plain.clone();
        change(&mut other.otp);
        other
    })
    .collect();
    let all: Vec<Details> = std::iter::once(plain.clone()).chain(changed.clone()).collect();
    assert_eq!(signs(&plan(file(all), [].into_iter(), OnDuplicate::Skip)), "+++++", "none is in the file twice");
    for (other, name) in changed.into_iter().zip(["algorithm", "digits", "period", "kind"]) {
        let vault = [ours(1, plain.clone())];
        let skipping = plan(file(vec![other.clone()]), vault.iter(), OnDuplicate::Skip);
        assert_eq!(signs(&skipping), "+", "{name}");
        assert!(skipping.rows[0].notices[0].contains(&format!("another {name}")), "{:?}", skipping.rows[0].notices);
        assert_eq!(signs(&plan(file(vec![other.clone()]), vault.iter(), OnDuplicate::Replace)), "=", "{name}");
        let both = [ours(1, plain.clone()), ours(2, other.clone())];
        assert_eq!(signs(&plan(file(vec![other, plain.clone()]), both.iter(), OnDuplicate::Skip)), "--", "{name}");
    }
    // The counter moves, and a PIN may be left out.
    let mut counted = plain.clone();
    (counted.otp.kind, counted.otp.counter) = (Kind::Hotp, 7);
    let mut later = counted.clone();
    later.otp.counter = 9;
    assert_eq!(signs(&plan(file(vec![later]), [ours(1, counted)].iter(), OnDuplicate::Skip)), "-");
    let motp = |pin: Option<&str>| {
        let mut motp = details("VPN", "badge", "12345678");
        (motp.otp.kind, motp.otp.pin) = (Kind::Motp, pin.map(Into::into));
        motp
    };
    let vault = [ours(1, motp(Some("1234")))];
    for (pin, sign) in [(Some("1234"), "-"), (None, "-"), (Some("9999"), "+")] {
        assert_eq!(signs(&plan(file(vec![motp(pin)]), vault.iter(), OnDuplicate::Skip)), sign, "{pin:?}");
    }
}

#[test]
fn what_is_refused_shows_no_link() {
    let problem = |label: &str| Problem { place: "entry 1".into(), label: label.into(), reason: "why".into() };
    let mut read = file(Vec::new());
    read.problems = vec![problem("A otpauth://totp/B?secret=MY"), problem("Bank")];
    let plan = plan(read, [].into_iter(), OnDuplicate::Skip);
    assert_eq!(plan.problems, [problem(""), problem("Bank")]);
}

#[test]
fn a_short_secret_is_pointed_out() {
    let plan = plan(
        file(vec![details("A", "", "nine byte"), details("B", "", "ten bytes!")]),
        [].into_iter(),
        OnDuplicate::Skip,
    );
    assert!(plan.rows[0].notices[0].contains("72 bits") && plan.rows[1].notices.is_empty());
}

#[test]
fn one_of_ours_stands_for_one_of_theirs() {
    // Two accounts without a name of their own: the one that is the same is known, so the other is new.
    let vault = [ours(1, details("GitHub", "", "one"))];
    let read = file(vec![details("GitHub", "", "two"), details("GitHub", "", "one")]);
    assert_eq!(signs(&plan(read, vault.iter(), OnDuplicate::Skip)), "+-");
    let nameless = file(vec![details("", "", "x")]);
    let vault = [ours(1, details("", "", "y"))];
    assert_eq!(signs(&plan(nameless, vault.iter(), OnDuplicate::Replace)), "+");
}

#[test]
fn trash_is_left_alone_on_both_sides() {
    let mut gone = ours(1, details("GitHub", "octo", "one"));
    gone.deleted = true;
    let mut read = file(vec![details("GitHub", "octo", "one"), details("Old", "", "x")]);
    read.entries[1].trashed = true;
    assert_eq!(signs(&plan(read, [gone].iter(), OnDuplicate::Skip)), "+-");
}

#[test]
fn replacing_keeps_what_the_file_does_not_know() {
    let mut mine = details("GitHub", "octo", "one");
    mine.tags = vec!["Work".into()];
    mine.note = "mine".into();
    mine.favourite = true;
    mine.recovery_codes = vec![RecoveryCode { id: Some(RecoveryId("a".into())), code: "1111".into(), used: false }];
    let vault = [ours(1, mine)];
    let mut theirs = details("GitHub", "octo", "new key");
    theirs.tags = vec!["Dev".into()];
    theirs.recovery_codes = vec![
        RecoveryCode { id: None, code: "1111".into(), used: true },
        RecoveryCode { id: None, code: "2222".into(), used: false },
    ];
    let plan = plan(file(vec![theirs]), vault.iter(), OnDuplicate::Replace);
    let edits = plan.edits(&mut Numbered(0)).unwrap();
    let [Edit::Change(id, changed)] = edits.as_slice() else { panic!("{edits:?}") };
    assert_eq!(*id, vault[0].id);
    assert_eq!(changed.otp.secret.expose(), b"new key");
    assert_eq!((changed.note.as_str(), changed.favourite), ("mine", true));
    assert_eq!(changed.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(), ["Work", "Dev"]);
    assert_eq!(changed.recovery_codes.len(), 2);
    assert_eq!(changed.recovery_codes[0].id, Some(RecoveryId("a".into())));
    assert!(changed.recovery_codes[0].used);
}

#[test]
fn what_no_entry_may_hold_is_left_out_and_says_why() {
    let plan = plan(
        file(vec![details(&"x".repeat(1025), "", "a"), details("Site", "", "b")]),
        [].into_iter(),
        OnDuplicate::Skip,
    );
    assert_eq!(signs(&plan), "-+");
    assert_eq!(plan.rows[0].action, Action::Skip("the issuer is longer than 1 KiB".into()));
}

#[test]
fn replacing_keeps_a_pin_for_codes_of_the_same_kind() {
    let of = |kind, pin: Option<&str>, key: &str| {
        let mut details = details("VPN", "badge", key);
        (details.otp.kind, details.otp.pin) = (kind, pin.map(Into::into));
        details
    };
    let vault = [ours(1, of(Kind::Motp, Some("1234"), "old key"))];
    for (kind, pin, expected) in [
        (Kind::Motp, None, Some("1234")),
        (Kind::Motp, Some("9999"), Some("9999")),
        (Kind::Yandex, None, None),
        (Kind::Yandex, Some("9999"), Some("9999")),
    ] {
        let plan = plan(file(vec![of(kind, pin, "new key, 16 byte")]), vault.iter(), OnDuplicate::Replace);
        let edits = plan.edits(&mut Numbered(0)).unwrap();
        let [Edit::Change(_, changed)] = edits.as_slice() else { panic!("{edits:?}") };
        assert_eq!(changed.otp.pin.as_deref(), expected, "{kind:?} {pin:?}");
    }
}

#[test]
fn replacing_keeps_the_highest_counter() {
    let badge = |counter, tag: &str| {
        let mut badge = details("Badge", "88", "12345678901234567890");
        badge.otp.kind = Kind::Hotp;
        badge.otp.counter = counter;
        badge.tags = vec![tag.into()];
        badge
    };
    let vault = [ours(1, badge(41, "Work"))];
    for (theirs, highest) in [(7, 41), (41, 41), (50, 50), (u64::MAX, u64::MAX)] {
        let plan = plan(file(vec![badge(theirs, "New")]), vault.iter(), OnDuplicate::Replace);
        let edits = plan.edits(&mut Numbered(0)).unwrap();
        let [Edit::Change(_, changed)] = edits.as_slice() else { panic!("{edits:?}") };
        assert_eq!(changed.otp.counter, highest, "theirs is at {theirs}");
    }
    // Another secret has a counter of its own.
    let mut other = badge(7, "New");
    other.otp.secret = Secret::from(&b"another secret, 20 b"[..]);
    let plan = plan(file(vec![other]), vault.iter(), OnDuplicate::Replace);
    let edits = plan.edits(&mut Numbered(0)).unwrap();
    let [Edit::Change(_, changed)] = edits.as_slice() else { panic!("{edits:?}") };
    assert_eq!(changed.otp.counter, 7);
}

#[test]
fn new_entries_get_ids_of_their_own() {
    let plan = plan(file(vec![details("A", "", "1"), details("B", "", "2")]), [].into_iter(), OnDuplicate::Skip);
    match plan.edits(&mut Numbered(0)).unwrap().as_slice() {
        [Edit::Add(one, _), Edit::Add(two, _)] => assert_ne!(one, two),
        other => panic!("{other:?}"),
    }
}
