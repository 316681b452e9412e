//! What is kept of a vault's changes: the bounds on each, on those that mean nothing, and on an entry's history.

use data_encoding::BASE64;
use proptest::prelude::*;

use crate::otp::{Kind, Otp};
use crate::secret::{Secret, Text};
use crate::vault::bounds::{self, TooLong};
use crate::vault::document::{Change, Document};
use crate::vault::fixed::FixedRandom;
use crate::vault::roster::Roster;
use crate::vault::seal::MemberKey;
use crate::vault::{Clock, Details, Edit, EntryId, RecoveryCode, Stamp, Unlocked, VaultError};

const NOON: u64 = 1_800_000_000_000;

fn id(n: u8) -> EntryId {
    EntryId::random(&mut FixedRandom::new(9_000 + u64::from(n))).unwrap()
}

fn personal() -> Document {
    Document::new(Roster::found("maya", None, &MemberKey::random(&mut FixedRandom::new(5)).unwrap(), NOON).unwrap())
}

fn vault() -> (Unlocked, Clock) {
    let founded = Unlocked::found_shared("ops", "maya", NOON, &mut FixedRandom::new(6)).unwrap();
    (founded.vault, Clock::new(1, Stamp::default()))
}

fn details() -> Details {
    Details::new(Otp::new(Kind::Hotp, Secret::from(&b"12345678901234567890"[..])), "Bank", "maya")
}

fn long(n: usize) -> Text {
    Text::from("x".repeat(n).as_str())
}

fn code(code: String) -> RecoveryCode {
    RecoveryCode { id: None, code: Text::from(code.as_str()), used: true }
}

/// A change's text with those members of `set` and `over`.
fn text(stamp: Stamp, by: u8, set: &str, over: &str) -> String {
    format!(
        r#"{{"entry":"{}","at":"{stamp}","by":"{}","set":{{{set}}},"over":{{{over}}}}}"#,
        id(1),
        BASE64.encode(&[by; 16])
    )
}

fn change(ms: u64, by: u8, set: &str) -> Change {
    Change::read(&text(Stamp::new(NOON + ms, 0, by.into()), by, set, "")).unwrap().0
}

#[test]
fn a_change_beyond_its_bounds_is_no_change() {
    let is_change = |set: &str, over: &str| Change::read(&text(Stamp::new(NOON, 0, 1), 1, set, over)).is_some();
    let list = |n: usize, item: &dyn Fn(usize) -> String| (0..n).map(item).collect::<Vec<_>>().join(",");
    let string = |n: usize| format!("\"{}\"", "x".repeat(n));
    for (name, longest) in [("issuer", 1024), ("account", 1024), ("note", 64 * 1024), ("colour", 192 * 1024 - 2)] {
        assert!(is_change(&format!("\"{name}\":{}", string(longest)), ""), "{name}");
        assert!(!is_change(&format!("\"{name}\":{}", string(longest + 1)), ""), "{name}");
    }
    let escaped = |n: usize| format!("\"issuer\":\"{}\"", "\\u0041".repeat(n));
    assert!(is_change(&escaped(1024), "") && !is_change(&escaped(1025), ""), "it is the text that counts");
    let tags = |n, tag: usize| format!("\"tags\":[{}]", list(n, &|_| string(tag)));
    assert!(is_change(&tags(64, 128), ""));
    assert!(!is_change(&tags(65, 128), "") && !is_change(&tags(64, 129), ""));
    let fields = |n| list(n, &|field| format!("\"f{field}\":1"));
    assert!(is_change(&fields(64), "") && !is_change(&fields(65), ""));
    assert!(!is_change(&list(65, &|_| "\"note\":1".into()), ""), "a doubled name counts as often as it stands there");
    let name = |n| format!("\"{}\":1", "n".repeat(n));
    assert!(is_change(&name(128), "") && !is_change(&name(129), ""));
    let stamps = |n| list(n, &|n| format!("\"{}\"", Stamp::new(n as u64, 0, 1)));
    let over = |n| format!("\"note\":[{}]", stamps(n));
    assert!(is_change("", &over(64)) && !is_change("", &over(65)));
    let fields_over = |n| list(n, &|field| format!("\"f{field}\":[]"));
    assert!(is_change("", &fields_over(64)) && !is_change("", &fields_over(65)));
    let whole = text(Stamp::new(NOON, 0, 1), 1, "", "");
    let padded = |n: usize| {
        let padded = whole.replacen('{', &format!("{{{}", " ".repeat(n - whole.len())), 1);
        Change::read(&padded).map(|(change, _)| change)
    };
    assert!(padded(256 * 1024).is_some() && padded(256 * 1024 + 1).is_none());
    // However deep it is: what is not looked into is skipped without recursion.
    assert!(is_change(&format!("\"colour\":{}{}", "[".repeat(90_000), "]".repeat(90_000)), ""));
}

#[test]
fn what_is_too_long_is_refused_by_name() {
    let (vault, mut clock) = vault();
    let mut plan = |details: &Details| vault.plan(&[Edit::Add(id(1), Box::new(details.clone()))], &mut clock, NOON);
    type Alter = Box<dyn Fn(&mut Details)>;
    let cases: [(&str, Alter); 9] = [
        ("the issuer is longer than 1 KiB", Box::new(|d| d.issuer = long(1025))),
        ("the account is longer than 1 KiB", Box::new(|d| d.account = long(1025))),
        ("the note is longer than 64 KiB", Box::new(|d| d.note = long(64 * 1024 + 1))),
        (
            "the note has too many control characters",
            Box::new(|d| d.note = Text::from("\u{1}".repeat(40_000).as_str())),
        ),
        ("a tag is longer than 128 bytes", Box::new(|d| d.tags = vec![long(129)])),
        ("an entry has at most 64 tags", Box::new(|d| d.tags = vec![long(1); 65])),
        ("the PIN is longer than 1 KiB", Box::new(|d| d.otp.pin = Some(long(1025)))),
        ("a recovery code is longer than 1 KiB", Box::new(|d| d.recovery_codes = vec![code("x".repeat(1025))])),
        (
            "at most 256 recovery codes are added at once",
            Box::new(|d| d.recovery_codes = (0..257).map(|n| code(n.to_string())).collect()),
        ),
    ];
    for (words, alter) in cases {
        let mut too_long = details();
        alter(&mut too_long);
        assert_eq!(plan(&too_long).unwrap_err(), VaultError::Refused(words.into()));
        // What a file brought already hinders no other edit.
        if too_long.recovery_codes.len() < 2 {
            let mut renamed = too_long.clone();
            renamed.issuer = if words.contains("issuer") { too_long.issuer.clone() } else { Text::from("Other") };
            assert_eq!(bounds::check(&renamed, Some(&too_long)), Ok(()), "{words}");
        }
    }
    assert_eq!(bounds::check(&details(), None), Ok::<(), TooLong>(()));
}

/// The largest entry that may be added.
fn largest() -> Details {
    let mut largest = details();
    largest.otp.secret = Secret::from("s".repeat(64 * 1024).as_bytes());
    largest.otp.counter = 7;
    largest.otp.pin = Some(Text::from("\u{1}".repeat(1024).as_str()));
    (largest.issuer, largest.account) = (Text::from("i".repeat(1024).as_str()), Text::from("\"".repeat(1024).as_str()));
    largest.note = Text::from("\u{1}".repeat(32_000).as_str());
    largest.tags = vec![Text::from("\u{1}".repeat(128).as_str()); 64];
    largest.recovery_codes = (0..256).map(|n| code(format!("{n:04}{}", "\u{1}".repeat(1020)))).collect();
    largest
}

#[test]
fn no_change_of_our_own_is_beyond_the_bounds() {
    let (mut vault, mut clock) = vault();
    let within = |changes: &[Change]| {
        for change in changes {
            assert_eq!(Change::read(change.raw()).as_ref().map(|(read, _)| read), Some(change));
        }
    };
    let added = vault.plan(&[Edit::Add(id(1), Box::new(largest()))], &mut clock, NOON).unwrap();
    assert!(added.len() > 8, "{} changes", added.len());
    within(&added);
    vault = vault.with(&added);
    let same = |vault: &Unlocked| {
        let mut kept = vault.entry(id(1)).unwrap().details.clone();
        kept.recovery_codes.iter_mut().for_each(|code| code.id = None);
        kept == largest()
    };
    assert!(same(&vault), "a large entry is kept whole");
    let before = vault.clone();
    // Everything at once, and everything back: by undo, and by a backup.
    let mut other = details();
    (other.otp.counter, other.otp.kind) = (0, Kind::Totp);
    let changed = vault.plan(&[Edit::Change(id(1), Box::new(other))], &mut clock, NOON).unwrap();
    within(&changed);
    vault = vault.with(&changed);
    assert!(vault.entry(id(1)).unwrap().details.recovery_codes.is_empty());
    let undone = vault.plan_undo(&changed, &mut clock, NOON).unwrap();
    within(&undone);
    assert!(same(&vault.with(&undone)));
    let returned = vault.plan_return_to(&before, &mut clock, NOON).unwrap();
    within(&returned);
    assert!(same(&vault.with(&returned)));
    let gone = before.plan_undo(&added, &mut clock, NOON).unwrap();
    assert!(before.with(&gone).entry(id(1)).unwrap().deleted, "one undo takes all of it back");
}

#[test]
fn only_the_newest_values_are_in_conflict_and_one_change_settles_them() {
    let (mut vault, mut clock) = vault();
    let added = vault.plan(&[Edit::Add(id(1), Box::new(details()))], &mut clock, NOON).unwrap();
    let rival = |n: u64| {
        let mut renamed = details();
        renamed.issuer = Text::from(format!("rival {n}").as_str());
        let mut clock = Clock::new(n, Stamp::default());
        vault.with(&added).plan(&[Edit::Change(id(1), Box::new(renamed))], &mut clock, NOON + 1 + n).unwrap()
    };
    let rivals: Vec<Change> = (0..200).flat_map(rival).collect();
    vault = vault.with(&added).with(&rivals);
    let conflicts = vault.conflicts(id(1));
    assert_eq!((conflicts.len(), conflicts[0].sides.len()), (1, 21));
    let choice = conflicts[0].choice(20).unwrap();
    let settled = vault.plan(&[Edit::Settle(id(1), choice)], &mut clock, NOON + 5_000).unwrap();
    assert_eq!(settled.len(), 1);
    assert!(Change::read(settled[0].raw()).is_some());
    vault = vault.with(&settled);
    assert!(vault.conflicts(id(1)).is_empty());
    assert_eq!(&*vault.entry(id(1)).unwrap().details.issuer, "rival 199");
}

#[test]
fn a_change_replaces_only_what_it_sets_and_only_earlier_assignments() {
    let stamp = |n| Stamp::new(NOON + n, 0, 1);
    let read = |n, set: &str, over: &str| Change::read(&text(stamp(n), 1, set, over)).unwrap().0;
    let conflicts = |more: Change| {
        let mut document = personal();
        document.insert(vec![read(1, r#""note":"a""#, ""), read(3, r#""note":"b""#, ""), more]);
        document.held[&id(1)].entry.as_ref().unwrap().conflicts.clone()
    };
    let over_both = format!(r#""note":["{}","{}"]"#, stamp(1), stamp(3));
    assert_eq!(conflicts(read(2, r#""issuer":"x""#, &over_both)), ["note"], "it does not set the note");
    assert_eq!(conflicts(read(2, r#""note":"c""#, &over_both)), ["note"], "it is earlier than one of them");
    assert!(conflicts(read(4, r#""note":"c""#, &over_both)).is_empty());
}

#[test]
fn nobodys_edits_make_anothers_note_or_pin_go() {
    let mut document = personal();
    document.insert(vec![
        change(0, 1, r#""kind":"motp","secret":"JBSWY3DP","pin":"1111","note":"the only copy""#),
        change(1, 1, r#""issuer":"first""#),
    ]);
    let edits = (0..500).map(|n| change(10 + n, 2, &format!(r#""note":"{n}","issuer":"{n}""#))).collect();
    document.insert(edits);
    let pins = (0..100).map(|n| change(1_000 + n, 2, &format!(r#""pin":"{n}""#))).collect();
    document.insert(pins);
    let kept = |field: &str, by: u8| {
        let changes = &document.held[&id(1)].changes;
        changes.iter().filter(|kept| kept.by() == Some([by; 16]) && kept.contents().set.get(field).is_some()).count()
    };
    assert_eq!((kept("note", 1), kept("issuer", 1), kept("pin", 1)), (1, 1, 1));
    assert_eq!((kept("note", 2), kept("issuer", 2)), (21, 21), "an author's own edits are pruned");
    assert_eq!(kept("pin", 2), 100, "a PIN never is");
}

/// An editor's program is altered: it names ever new fields. The same ones count on every machine, and nobody else's make way.
#[test]
fn of_one_authors_fields_so_many_count_whatever_the_order_they_come_in() {
    let most = bounds::FIELDS_BY_ONE;
    let named = |ms: usize, by: u8, names: std::ops::Range<usize>, more: &str| {
        let names: Vec<String> = names.map(|n| format!("\"f{n:06}\":1")).collect();
        change(ms as u64, by, &format!("{}{more}", names.join(",")))
    };
    let fields = |document: &Document| {
        let contents = crate::vault::surplus::look_into(&document.held[&id(1)].changes);
        let by = |by: u8| {
            let theirs = contents.iter().filter(move |change| *change.by == BASE64.encode(&[by; 16]));
            theirs
                .flat_map(|change| &change.set.0)
                .map(|(name, _)| name.to_string())
                .collect::<std::collections::BTreeSet<_>>()
        };
        (by(1), by(2))
    };
    let mut all = vec![named(0, 1, 900_000..900_003, r#","note":"mine","recovery.a":"abcd""#)];
    all.extend((0..most / 60 + 20).map(|n| named(10 + n, 2, n * 60..n * 60 + 60, "")));
    all.push(named(9_000, 2, 0..0, r#""zz":1,"secret":"JBSWY3DP","issuer":"Bank""#));
    all.push(named(9_001, 2, 0..0, r#""recovery.z":"one too many""#));
    let of = |changes: &[Change]| {
        let mut document = personal();
        document.insert(changes.to_vec());
        document
    };
    let whole = of(&all);
    let (mine, theirs) = fields(&whole);
    assert_eq!((mine.len(), theirs.len()), (5, most + 2), "the secret and the issuer count beside them");
    assert!(theirs.contains("secret") && !theirs.contains("zz") && !theirs.contains("recovery.z"));
    let entry = whole.held[&id(1)].entry.as_ref().unwrap();
    assert_eq!((&*entry.details.issuer, &*entry.details.note, entry.details.recovery_codes.len()), ("Bank", "mine", 1));
    assert!(entry.left_out >= 2);
    // What counts for nothing goes, but for recovery codes.
    let is_kept = |ms: u64| whole.held[&id(1)].changes.iter().any(|change| change.at().ms() == NOON + ms);
    assert!(is_kept(9_000) && is_kept(9_001) && !is_kept(10 + most as u64 / 60 + 19));
    let merge = |x: &Document, y: &Document| x.merge(y, x.roster.clone(), bounds::ASIDE);
    let (one, two) = all.split_at(40);
    assert_eq!(merge(&of(two), &of(one)), whole);
    assert_eq!(merge(&of(one), &of(two)), whole);
    let mut one_by_one = personal();
    all.iter().rev().for_each(|change| one_by_one.insert(vec![change.clone()]));
    assert_eq!(one_by_one, whole);
}

#[test]
fn an_entry_that_has_had_too_many_recovery_codes_takes_no_more() {
    let (mut vault, mut clock) = vault();
    let added = vault.plan(&[Edit::Add(id(1), Box::new(details()))], &mut clock, NOON).unwrap();
    vault = vault.with(&added);
    let mut refused = None;
    for round in 0..20_u64 {
        let mut fresh = vault.entry(id(1)).unwrap().details.clone();
        fresh.recovery_codes = (0..255).map(|n| code(format!("{round} {n}"))).collect();
        match vault.plan(&[Edit::Change(id(1), Box::new(fresh))], &mut clock, NOON + round) {
            Ok(changes) => vault = vault.with(&changes),
            Err(error) => refused = refused.or(Some((round, error))),
        }
    }
    let (round, error) = refused.unwrap();
    assert!(round > 5 && matches!(&error, VaultError::Refused(words) if words.contains("too many recovery codes")));
    let entry = vault.entry(id(1)).unwrap();
    assert_eq!((entry.left_out, entry.details.recovery_codes.len()), (0, 255), "all that was taken counts");
}

#[test]
fn a_name_doubled_in_a_change_is_one_assignment() {
    let mut document = personal();
    let all = ["\"note\":1"; 60].join(",");
    document.insert((0..21).map(|n| change(n, 1, r#""note":"kept""#)).collect());
    document.insert(vec![change(100, 1, &all)]);
    assert_eq!(document.held[&id(1)].changes.len(), 21);
}

#[test]
fn what_means_nothing_is_bounded_whatever_the_order_it_comes_in() {
    let body = |strays: std::ops::Range<u32>| {
        let base = String::from_utf8(personal().write().unwrap().to_vec()).unwrap();
        let list: Vec<String> = strays.clone().map(|n| n.to_string()).collect();
        let members: Vec<String> = strays.map(|n| format!(",\"later {n}\":{n}")).collect();
        let base = base.replacen("\"entries\":[]", &format!("\"entries\":[{}]", list.join(",")), 1);
        let body = format!("{}{}}}", base.trim_end().strip_suffix('}').unwrap(), members.concat());
        Document::read(personal().roster.vault(), body.as_bytes()).unwrap()
    };
    let all = body(0..2_000);
    let (a, b, c) = (body(0..700), body(500..1_500), body(1_200..2_000));
    let merge = |x: &Document, y: &Document| x.merge(y, x.roster.clone(), bounds::ASIDE);
    let written = String::from_utf8(all.write().unwrap().to_vec()).unwrap();
    assert_eq!(written.matches("\"later ").count(), 256);
    assert_eq!(written.split_once("\"entries\":[").unwrap().1.split_once(']').unwrap().0.split(',').count(), 256);
    assert_eq!(merge(&merge(&a, &b), &c), all);
    assert_eq!(merge(&c, &merge(&b, &a)), all);
    assert_eq!(merge(&all, &a), all);
}

#[test]
fn of_what_does_not_count_nothing_gives_way_to_what_comes_later() {
    let (vault, _) = vault();
    let with = |changes: &[Change]| {
        let mut document = vault.document().clone();
        document.insert(changes.to_vec());
        document
    };
    let merge = |x: &Document, y: &Document| x.merge(y, x.roster.clone(), bounds::ASIDE);
    let of = |document: &Document, by: u8| document.aside().filter(|change| change.by() == Some([by; 16])).count();
    let mut all: Vec<Change> = (0..1_000).map(|n| change(n, 8, "\"note\":1")).collect();
    all.sort_by(|a, b| a.hash().cmp(b.hash()));
    let (chosen, known) = all.split_at(600);
    // What counted here once stays, whatever the number; of another key as many come as there is room for.
    assert_eq!((of(&with(known), 8), of(&merge(&with(known), &with(chosen)), 8)), (400, 400));
    let few = merge(&with(&known[..100]), &with(chosen));
    assert!(known[..100].iter().all(|change| few.has(change)));
    assert_eq!((of(&few, 8), few.held.len()), (bounds::ASIDE, 0));
    assert_eq!(of(&merge(&few, &with(&[change(1, 9, "\"note\":2")])), 9), 1, "each key has room of its own");
    // Wherever each began, they come to rest, and what the storage holds at the end is within the bound.
    let starts: [&[Change]; 5] = [&[], &all[..300], &all[200..500], &all[490..510], &all];
    for (one, two) in starts.iter().flat_map(|one| starts.iter().map(move |two| (one, two))) {
        let (mut machines, mut storage, mut writes) = ([with(one), with(two)], with(&[]), 0);
        for at in [0, 1, 0, 1, 0, 1, 0, 1] {
            machines[at] = merge(&machines[at], &storage);
            if !machines[at].is_held_by(&storage) || machines[at].is_beyond(&storage) {
                (storage, writes) = (machines[at].clone(), writes + 1);
            }
        }
        assert!(writes <= 4, "{writes} writes for {} and {}", one.len(), two.len());
        assert!(machines.iter().all(|machine| machine.is_held_by(&storage) && !machine.is_beyond(&storage)));
    }
}

/// A change of one of a few fields or several, by one of two authors, at one of few times.
fn any_change() -> impl Strategy<Value = Change> {
    let set = prop_oneof![
        6 => (0u8..4).prop_map(|n| format!(r#""note":"{n}""#)),
        2 => (0u8..4).prop_map(|n| format!(r#""note":"{n}","issuer":"{n}""#)),
        1 => (0u8..4).prop_map(|n| format!(r#""note":"{n}","note":"{n}""#)),
        1 => (0u64..9).prop_map(|n| format!(r#""counter":{{"of":"{}","next":{n}}}"#, Stamp::new(NOON, 0, 1))),
        1 => Just(r#""secret":"JBSWY3DP","note":null"#.to_owned()),
        1 => Just(String::new()),
    ];
    (0u64..60, 1u8..3, set, prop::collection::vec(0u64..60, 0..3)).prop_map(|(ms, by, set, over)| {
        let over: Vec<String> = over.iter().map(|ms| format!("\"{}\"", Stamp::new(NOON + ms, 0, by.into()))).collect();
        let over = format!(r#""note":[{}]"#, over.join(","));
        Change::read(&text(Stamp::new(NOON + ms, 0, by.into()), by, &set, &over)).unwrap().0
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pruning_before_or_after_a_merge_comes_to_the_same(
        lists in prop::collection::vec(prop::collection::vec(any_change(), 0..80), 3)
    ) {
        let of = |changes: &[Change]| {
            let mut document = personal();
            document.insert(changes.to_vec());
            document
        };
        let merge = |x: &Document, y: &Document| x.merge(y, x.roster.clone(), bounds::ASIDE);
        let all = of(&lists.concat());
        let [a, b, c] = [of(&lists[0]), of(&lists[1]), of(&lists[2])];
        prop_assert_eq!(&merge(&merge(&a, &b), &c), &all);
        prop_assert_eq!(&merge(&c, &merge(&b, &a)), &all);
        prop_assert_eq!(&merge(&all, &b), &all, "idempotent");
        let mut one_by_one = personal();
        lists.concat().into_iter().rev().for_each(|change| one_by_one.insert(vec![change]));
        prop_assert_eq!(&one_by_one, &all);
        // And what is pruned changes nothing that is shown.
        if let Some(held) = all.held.get(&id(1)) {
            let mut whole = lists.concat();
            whole.sort();
            whole.dedup();
            let contents: Vec<_> = whole.iter().map(Change::contents).collect();
            let conflicts = crate::vault::fold::Assignments::of(&contents).conflicts();
            let shown = held.entry.as_ref().unwrap();
            prop_assert_eq!(&shown.conflicts, &conflicts);
            let note = |kept: &[Change]| {
                let contents: Vec<_> = kept.iter().map(Change::contents).collect();
                crate::vault::fold::newest(&contents, "note").map(|(at, value)| (at, value.json().to_owned()))
            };
            prop_assert_eq!(note(&held.changes), note(&whole));
        }
    }
}
