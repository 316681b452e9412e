//! The vault as a whole: opening, altering, editing, undoing, merging.

use std::sync::OnceLock;

use proptest::prelude::*;

use crate::otp::{Digits, Kind, Otp, Period};
use crate::secret::{Secret, Text};
use crate::vault::document::Change;
use crate::vault::file::File;
use crate::vault::fixed::FixedRandom;
use crate::vault::seal::MemberKey;
use crate::vault::{
    Clock, Cost, Details, Edit, EntryId, Founded, Limits, Locked, OpenedBy, RecoveryCode, Renewed, Stamp, Unlocked,
    VaultError,
};

const LIMITS: Limits = Limits { ram: 8 << 30 };
const CHEAP: Cost = Cost { m_kib: 19 * 1024, t: 2, p: 1 };
const NOON: u64 = 1_800_000_000_000;

fn founded() -> &'static Founded {
    static FOUNDED: OnceLock<Founded> = OnceLock::new();
    FOUNDED.get_or_init(|| {
        Unlocked::found("maya", &Text::from("a passphrase"), CHEAP, &LIMITS, NOON, &mut FixedRandom::new(21)).unwrap()
    })
}

fn id(n: u8) -> EntryId {
    EntryId::random(&mut FixedRandom::new(1_000 + u64::from(n))).unwrap()
}

fn details(issuer: &str) -> Details {
    Details::new(Otp::new(Kind::Totp, Secret::from(&b"12345678901234567890"[..])), issuer, "maya@example.com")
}

fn hotp(counter: u64) -> Details {
    let mut details = details("Bank");
    details.otp.kind = Kind::Hotp;
    details.otp.counter = counter;
    details
}

/// A vault with a clock of its own, as a window or a machine has it.
#[derive(Clone)]
struct Replica {
    vault: Unlocked,
    clock: Clock,
    now: u64,
}

impl Replica {
    fn new(n: u64) -> Replica {
        Replica { vault: founded().vault.clone(), clock: Clock::new(n, Stamp::default()), now: NOON }
    }

    fn edit(&mut self, edits: &[Edit]) -> Vec<Change> {
        let changes = self.vault.plan(edits, &mut self.clock, self.now).unwrap();
        self.take(&changes);
        changes
    }

    fn undo(&mut self, done: &[Change]) -> Vec<Change> {
        let changes = self.vault.plan_undo(done, &mut self.clock, self.now).unwrap();
        self.take(&changes);
        changes
    }

    fn take(&mut self, changes: &[Change]) {
        self.vault = self.vault.with(changes);
        self.now += 1_000;
    }

    fn details(&self, n: u8) -> Details {
        self.vault.entry(id(n)).unwrap().details.clone()
    }
}

#[test]
fn a_sealed_vault_opens_with_its_passphrase_and_its_recovery_code() {
    let mut replica = Replica::new(1);
    replica.edit(&[Edit::Add(id(1), Box::new(details("GitHub")))]);
    let bytes = replica.vault.seal(&mut FixedRandom::new(22)).unwrap();
    replica.vault.check_sealed(&bytes).unwrap();
    let locked = Locked::read(&bytes, &LIMITS).unwrap();
    assert_eq!(locked.unlock(&Text::from("a passphrase"), &LIMITS).unwrap(), replica.vault);
    assert_eq!(locked.unlock(&Text::from("a Passphrase"), &LIMITS).unwrap_err(), VaultError::WrongPassphrase);
    let recovered = locked.unlock_with_recovery_code(&founded().recovery_code).unwrap();
    assert!(recovered.opened_by_recovery());
    assert_eq!(recovered.entry(id(1)), replica.vault.entry(id(1)));
    let other = crate::vault::recovery::write(&crate::secret::Secret::new(vec![3; 16])).unwrap();
    assert_eq!(locked.unlock_with_recovery_code(&other).unwrap_err(), VaultError::NotAMember);
}

#[test]
fn every_flipped_byte_is_found_before_a_passphrase_is_asked_for() {
    let bytes = Replica::new(1).vault.seal(&mut FixedRandom::new(23)).unwrap();
    for at in 0..bytes.len() - 1 {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x01;
        let said = Locked::read(&flipped, &LIMITS).map(|_| ()).unwrap_err();
        let named =
            matches!(said, VaultError::Damaged(_) | VaultError::NotAVault(_) | VaultError::ParametersRefused(_));
        assert!(named && said != VaultError::WrongPassphrase, "byte {at}: {said}");
    }
}

/// Takes a sealed vault apart, lets `forge` change it, and signs it again with `key`.
fn forged(forge: impl Fn(&mut File), key: &MemberKey) -> Vec<u8> {
    let bytes = Replica::new(1).vault.seal(&mut FixedRandom::new(24)).unwrap();
    let (_, mut file) = File::read(&bytes).unwrap();
    forge(&mut file);
    file.author = key.public().sign;
    file.signature = key.sign(&super::unlocked::signed_text(&file.header_bytes, &file.nonce, &file.body));
    file.write().unwrap()
}

#[test]
fn a_file_signed_again_by_a_stranger_is_not_believed() {
    let stranger = MemberKey::random(&mut FixedRandom::new(25)).unwrap();
    let open = |bytes: Vec<u8>| founded().vault.reopen(&bytes, &LIMITS).map(|_| ()).unwrap_err();
    assert!(matches!(open(forged(|_| {}, &stranger)), VaultError::NotEntitled(_)));
    let header = |forge: fn(&mut crate::vault::file::Header)| {
        move |file: &mut File| {
            forge(&mut file.header);
            file.header_bytes = file.header.write().unwrap();
        }
    };
    // Any other header bytes belong to another body, even where the values mean the same.
    assert!(matches!(open(forged(|file| file.header_bytes.push(b' '), &stranger)), VaultError::Altered(_)));
    assert!(matches!(open(forged(header(|header| header.slots.clear()), &stranger)), VaultError::Altered(_)));
    assert!(matches!(open(forged(header(|header| header.epoch = 2), &stranger)), VaultError::NotAMember));
    assert!(matches!(open(forged(header(|header| header.vault = [7; 16]), &stranger)), VaultError::Altered(_)));
    assert!(matches!(open(forged(|file| file.nonce = [0; 24], &stranger)), VaultError::Altered(_)));
    // Cheaper derivation for the next guess: the slot is bound to its numbers.
    let cheaper = forged(header(|header| header.slots[0].cost.t = 3), &stranger);
    let locked = Locked::read(&cheaper, &LIMITS).unwrap();
    assert_eq!(locked.unlock(&Text::from("a passphrase"), &LIMITS).unwrap_err(), VaultError::WrongPassphrase);
    let hostile = forged(header(|header| header.slots[0].cost.m_kib = u32::MAX), &stranger);
    assert!(matches!(Locked::read(&hostile, &LIMITS), Err(VaultError::ParametersRefused(_))));
    // Each slot within its bounds, and all four together 64 GiB of work for every try: no copy that any machine takes.
    let many = |header: &mut crate::vault::file::Header| {
        header.slots[0].cost = Cost { m_kib: 4 << 20, t: 4, p: 1 };
        header.slots = vec![header.slots[0].clone(); 4];
    };
    let dear = forged(header(many), &stranger);
    let said = Locked::read(&dear, &Limits { ram: 1 << 40 }).unwrap_err();
    assert!(said.to_string().contains("16 GiB"), "{said}");
    let vault = &founded().vault;
    let accepted = vault.accept(&dear, None, &Limits { ram: 1 << 40 }, NOON, &mut FixedRandom::new(27));
    assert!(matches!(accepted.unwrap_err(), VaultError::Altered(_)));
}

#[test]
fn a_renewed_recovery_code_ends_the_one_before() {
    let mut random = FixedRandom::new(28);
    let founded = founded();
    let Renewed { vault, recovery_code } = founded.vault.renew_recovery(NOON, &mut random).unwrap();
    let (bytes, code) = (vault.seal(&mut random).unwrap(), recovery_code.unwrap());
    assert_eq!(vault.epoch(), founded.vault.epoch() + 1);
    let locked = Locked::read(&bytes, &LIMITS).unwrap();
    assert!(locked.unlock(&Text::from("a passphrase"), &LIMITS).is_ok(), "the passphrase stays");
    assert_eq!(locked.unlock_with_recovery_code(&founded.recovery_code).unwrap_err(), VaultError::NotAMember);
    let opened = locked.unlock_with_recovery_code(&code).unwrap();
    assert!(opened.opened_by_recovery());
    // A copy from before is one that an earlier code opens; and the code sets a passphrase, nothing else.
    let before = founded.vault.seal(&mut random).unwrap();
    assert_eq!(vault.opened_by(&before), OpenedBy::Earlier);
    assert_eq!(vault.opened_by(&bytes), OpenedBy::Present);
    assert_eq!(founded.vault.opened_by(&bytes), OpenedBy::Unknown, "a later epoch is for a later key to judge");
    let other = Unlocked::found("maya", &Text::from("a passphrase"), CHEAP, &LIMITS, NOON, &mut random).unwrap().vault;
    assert_eq!(other.opened_by(&before), OpenedBy::Unknown);
    assert!(opened.renew_recovery(NOON, &mut random).is_err());
    assert!(opened.come_in_by_code("maya", NOON, &mut random).is_err(), "a personal vault has one member");
    assert!(opened.change_passphrase(&Text::from("new"), CHEAP, &LIMITS, NOON, &mut random).is_ok());
}

#[test]
fn a_new_passphrase_ends_the_old_one_and_the_recovery_code_stays() {
    let mut random = FixedRandom::new(26);
    let mut replica = Replica::new(1);
    replica.edit(&[Edit::Add(id(1), Box::new(details("GitHub")))]);
    let old = replica.vault.clone();
    let new = old.change_passphrase(&Text::from("another"), CHEAP, &LIMITS, NOON, &mut random).unwrap();
    let bytes = new.seal(&mut random).unwrap();
    let locked = Locked::read(&bytes, &LIMITS).unwrap();
    assert_eq!(locked.epoch(), 2);
    assert_eq!(locked.unlock(&Text::from("a passphrase"), &LIMITS).unwrap_err(), VaultError::WrongPassphrase);
    assert_eq!(old.reopen(&bytes, &LIMITS).unwrap_err(), VaultError::NotAMember);
    // Other key slots are an earlier passphrase's, but those of the same epoch may be anybody's.
    let twin = old.change_passphrase(&Text::from("a third"), CHEAP, &LIMITS, NOON, &mut random).unwrap();
    for (copy, by) in [(&old, OpenedBy::Earlier), (&new, OpenedBy::Present), (&twin, OpenedBy::Unknown)] {
        assert_eq!(new.opened_by(&copy.seal(&mut random).unwrap()), by);
    }
    let again = locked.unlock(&Text::from("another"), &LIMITS).unwrap();
    assert_eq!(again.entry(id(1)), old.entry(id(1)));
    assert_eq!(again.history(id(1))[0].by, "maya");
    // The passphrase is lost; the code opens, and sets a new one.
    let recovered = locked.unlock_with_recovery_code(&founded().recovery_code).unwrap();
    let reset = recovered.change_passphrase(&Text::from("third"), CHEAP, &LIMITS, NOON, &mut random).unwrap();
    let bytes = reset.seal(&mut random).unwrap();
    let locked = Locked::read(&bytes, &LIMITS).unwrap();
    assert!(!locked.unlock(&Text::from("third"), &LIMITS).unwrap().opened_by_recovery());
    assert!(locked.unlock_with_recovery_code(&founded().recovery_code).is_ok());
}

#[test]
fn what_is_added_is_kept_whole() {
    let mut replica = Replica::new(1);
    let mut full = details("Odd \u{1b}[31m\n\u{202e} \"quotes\" \\ 日本");
    full.otp.digits = Digits::new(8).unwrap();
    full.otp.period = Period::new(86_400).unwrap();
    full.otp.pin = Some(Text::from("0042"));
    full.tags = vec![Text::from("Work/Ops"), Text::from("")];
    full.note = Text::from("a\nnote");
    full.favourite = true;
    full.recovery_codes = vec![
        RecoveryCode { id: None, code: Text::from("first"), used: false },
        RecoveryCode { id: None, code: Text::from("second"), used: true },
    ];
    replica.edit(&[Edit::Add(id(1), Box::new(full.clone()))]);
    let bytes = replica.vault.seal(&mut FixedRandom::new(27)).unwrap();
    let mut kept = founded().vault.reopen(&bytes, &LIMITS).unwrap().entry(id(1)).unwrap().details.clone();
    for code in &mut kept.recovery_codes {
        assert!(code.id.take().is_some());
    }
    assert_eq!(kept, full);
}

#[test]
fn a_counter_of_any_size_only_grows_and_a_lower_one_assigns_the_secret_again() {
    let mut replica = Replica::new(1);
    replica.edit(&[Edit::Add(id(1), Box::new(hotp(9_007_199_254_740_993)))]);
    replica.edit(&[Edit::UseCounter(id(1))]);
    assert_eq!(replica.details(1).otp.counter, 9_007_199_254_740_994);
    replica.edit(&[Edit::Change(id(1), Box::new(hotp(5)))]);
    assert_eq!(replica.details(1).otp.counter, 5);
    replica.edit(&[Edit::Change(id(1), Box::new(hotp(u64::MAX)))]);
    let refused = replica.vault.plan(&[Edit::UseCounter(id(1))], &mut replica.clock, NOON).unwrap_err();
    assert!(matches!(refused, VaultError::Refused(_)));
}

#[test]
fn a_counter_used_on_two_machines_never_goes_back() {
    let mut here = Replica::new(1);
    here.edit(&[Edit::Add(id(1), Box::new(hotp(0)))]);
    let mut there = Replica { vault: here.vault.clone(), ..Replica::new(2) };
    for _ in 0..50 {
        there.edit(&[Edit::UseCounter(id(1))]);
    }
    here.now += 1_000_000;
    for _ in 0..30 {
        here.edit(&[Edit::UseCounter(id(1))]);
    }
    let merged = here.vault.merge(&there.vault).unwrap();
    assert_eq!(merged.entry(id(1)).unwrap().details.otp.counter, 50);
    assert!(merged.entry(id(1)).unwrap().conflicts.is_empty());
}

#[test]
fn what_is_so_already_makes_no_change() {
    let mut replica = Replica::new(1);
    replica.edit(&[Edit::Add(id(1), Box::new(details("GitHub")))]);
    for (edit, changes) in [
        (Edit::Restore(id(1)), 0),
        (Edit::Favourite(id(1), false), 0),
        (Edit::Favourite(id(1), true), 1),
        (Edit::Favourite(id(1), true), 0),
        (Edit::Delete(id(1)), 1),
        (Edit::Delete(id(1)), 0),
        (Edit::Restore(id(1)), 1),
    ] {
        assert_eq!(replica.edit(std::slice::from_ref(&edit)).len(), changes, "{edit:?}");
    }
}

#[test]
fn an_edit_sees_what_the_same_plan_did_to_its_entry() {
    let mut replica = Replica::new(1);
    replica.edit(&[Edit::Add(id(1), Box::new(hotp(0))), Edit::UseCounter(id(1)), Edit::UseCounter(id(1))]);
    assert_eq!(replica.details(1).otp.counter, 2);
}

/// Then both have the same code, and whoever hears of it draws another.
#[test]
fn a_counter_moved_to_the_same_number_on_two_machines_was_drawn_twice() {
    let mut here = Replica::new(1);
    here.edit(&[Edit::Add(id(1), Box::new(hotp(0)))]);
    let mut there = Replica { vault: here.vault.clone(), ..Replica::new(2) };
    let first = here.edit(&[Edit::UseCounter(id(1))]);
    assert!(!here.vault.drawn_twice(&first[0]));
    there.edit(&[Edit::UseCounter(id(1))]);
    here.vault = here.vault.merge(&there.vault).unwrap();
    assert!(here.vault.drawn_twice(&first[0]));
    let second = here.edit(&[Edit::UseCounter(id(1))]);
    let renamed = here.edit(&[Edit::Change(id(1), Box::new(Details { issuer: "Other".into(), ..hotp(2) }))]);
    assert!(!here.vault.drawn_twice(&second[0]) && !here.vault.drawn_twice(&renamed[0]));
}

#[test]
fn undo_takes_back_and_undoing_that_gives_again() {
    let mut replica = Replica::new(1);
    let added = replica.edit(&[Edit::Add(id(1), Box::new(details("GitHub")))]);
    let mut changed = details("GitLab");
    changed.otp.secret = Secret::from(&b"another secret......"[..]);
    let edited = replica.edit(&[Edit::Change(id(1), Box::new(changed.clone()))]);
    let undone = replica.undo(&edited);
    assert_eq!(replica.details(1), details("GitHub"));
    replica.undo(&undone);
    assert_eq!(replica.details(1), changed);
    let deleted = replica.edit(&[Edit::Delete(id(1))]);
    assert!(replica.vault.entry(id(1)).unwrap().deleted);
    replica.undo(&deleted);
    assert!(!replica.vault.entry(id(1)).unwrap().deleted);
    let gone = replica.undo(&added);
    assert!(replica.vault.entry(id(1)).unwrap().deleted);
    replica.undo(&gone);
    assert!(!replica.vault.entry(id(1)).unwrap().deleted);
    assert_eq!(replica.details(1), changed);
}

#[test]
fn undo_leaves_alone_what_somebody_changed_since() {
    let mut replica = Replica::new(1);
    replica.edit(&[Edit::Add(id(1), Box::new(details("one")))]);
    let second = replica.edit(&[Edit::Change(id(1), Box::new(details("two")))]);
    replica.edit(&[Edit::Change(id(1), Box::new(details("three")))]);
    assert!(replica.undo(&second).is_empty());
    assert_eq!(&*replica.details(1).issuer, "three");
}

#[test]
fn returning_to_a_backup_writes_the_old_values_as_new_changes() {
    let mut replica = Replica::new(1);
    replica.edit(&[Edit::Add(id(1), Box::new(details("one"))), Edit::Add(id(2), Box::new(hotp(7)))]);
    let backup = replica.vault.clone();
    replica.edit(&[Edit::Change(id(1), Box::new(details("changed"))), Edit::Delete(id(2)), Edit::UseCounter(id(2))]);
    replica.edit(&[Edit::Add(id(3), Box::new(details("since")))]);
    let changes = replica.vault.plan_return_to(&backup, &mut replica.clock, replica.now).unwrap();
    replica.take(&changes);
    assert_eq!(&*replica.details(1).issuer, "one");
    assert!(!replica.vault.entry(id(2)).unwrap().deleted);
    assert_eq!(replica.details(2).otp.counter, 8, "a counter never goes back");
    assert!(replica.vault.entry(id(3)).unwrap().deleted);
}

#[test]
fn concurrent_edits_of_one_field_are_flagged_until_one_is_written_over_both() {
    let mut here = Replica::new(1);
    here.edit(&[Edit::Add(id(1), Box::new(details("GitHub")))]);
    let mut there = Replica { vault: here.vault.clone(), ..Replica::new(2) };
    here.edit(&[Edit::Change(id(1), Box::new(details("here")))]);
    there.now += 500_000;
    there.edit(&[Edit::Change(id(1), Box::new(details("there")))]);
    here.vault = here.vault.merge(&there.vault).unwrap();
    let entry = here.vault.entry(id(1)).unwrap();
    assert_eq!((&*entry.details.issuer, entry.conflicts.as_slice()), ("there", &["issuer".to_owned()][..]));
    here.edit(&[Edit::Change(id(1), Box::new(details("settled")))]);
    let entry = here.vault.entry(id(1)).unwrap();
    assert_eq!((&*entry.details.issuer, entry.conflicts.len()), ("settled", 0));
}

#[test]
fn an_edit_does_not_bring_back_what_was_deleted_elsewhere() {
    let mut here = Replica::new(1);
    here.edit(&[Edit::Add(id(1), Box::new(details("GitHub")))]);
    let mut there = Replica { vault: here.vault.clone(), ..Replica::new(2) };
    here.edit(&[Edit::Delete(id(1))]);
    there.now += 500_000;
    there.edit(&[Edit::Change(id(1), Box::new(details("edited")))]);
    let merged = here.vault.merge(&there.vault).unwrap();
    let entry = merged.entry(id(1)).unwrap();
    assert!(entry.deleted);
    assert_eq!(&*entry.details.issuer, "edited");
}

#[test]
fn what_is_purged_stays_away() {
    let mut here = Replica::new(1);
    here.edit(&[Edit::Add(id(1), Box::new(details("GitHub"))), Edit::Add(id(2), Box::new(details("Bank")))]);
    let mut there = Replica { vault: here.vault.clone(), ..Replica::new(2) };
    there.edit(&[Edit::Change(id(1), Box::new(details("edited")))]);
    here.vault = here.vault.purge(&[id(1)], NOON).unwrap();
    for merged in [here.vault.merge(&there.vault).unwrap(), there.vault.merge(&here.vault).unwrap()] {
        assert_eq!(merged.entry(id(1)), None);
        assert!(merged.entry(id(2)).is_some());
    }
}

#[test]
fn one_bad_value_is_a_problem_of_its_entry_and_unknown_things_are_carried_along() {
    let odd = format!(
        r#"{{"entry":"{}","at":"{}","by":"","set":{{"kind":"totp","issuer":"Odd","secret":"JBSWY3DP","period":0,"colour":[1, 2]}},"more":{{}}}}"#,
        id(1),
        Stamp::new(NOON, 0, 9)
    );
    let mut replica = Replica::new(1);
    replica.take(&[Change::read(&odd).unwrap().0]);
    let entry = replica.vault.entry(id(1)).unwrap();
    assert!(entry.problem.as_ref().unwrap().contains("period"));
    assert!(entry.code(NOON / 1000).is_err());
    let bytes = replica.vault.seal(&mut FixedRandom::new(28)).unwrap();
    let again = founded().vault.reopen(&bytes, &LIMITS).unwrap();
    assert_eq!(again, replica.vault);
    // An edit mends it.
    let mut mended = replica.details(1);
    mended.issuer = Text::from("Mended");
    replica.edit(&[Edit::Change(id(1), Box::new(mended))]);
    let entry = replica.vault.entry(id(1)).unwrap();
    assert_eq!(entry.problem, None);
    assert!(entry.code(NOON / 1000).is_ok());
}

#[test]
fn only_an_object_with_a_plain_id_and_stamps_is_a_change() {
    let good = format!(r#"{{"entry":"{}","at":"{}","set":{{}}}}"#, id(1), Stamp::new(NOON, 0, 9));
    assert!(Change::read(&good).is_some());
    let plain = id(1).to_string();
    for odd in [
        good.replacen(&plain, &plain.to_uppercase(), 1),
        good.replacen(&plain, &plain.replace('-', ""), 1),
        good.replacen(&plain, &format!("{{{plain}}}"), 1),
        good.replacen("\"set\":{}", "\"set\":{},\"set\":{}", 1),
        good.replacen("\"set\":{}", "\"by\":7", 1),
        good.replacen("\"set\":{}", "\"over\":{\"issuer\":[\"now\"]}", 1),
        format!(r#"["{plain}","{}","",{{}},{{}}]"#, Stamp::new(NOON, 0, 9)),
    ] {
        assert!(Change::read(&odd).is_none(), "{odd}");
    }
}

#[test]
fn after_the_last_stamp_there_is_an_error_and_no_change_that_nobody_sees() {
    let last = Stamp::new(Stamp::MAX_MS, u16::MAX, u64::MAX);
    let change = format!(
        r#"{{"entry":"{}","at":"{last}","by":"","set":{{"kind":"totp","secret":"JBSWY3DP","issuer":"Last"}}}}"#,
        id(1)
    );
    let mut replica = Replica::new(1);
    replica.take(&[Change::read(&change).unwrap().0]);
    let edits = [Edit::Change(id(1), Box::new(details("Newer")))];
    let refused = replica.vault.plan(&edits, &mut replica.clock, NOON).unwrap_err();
    assert!(matches!(refused, VaultError::Refused(_)), "{refused}");
    // The rest of the vault goes on.
    replica.edit(&[Edit::Add(id(2), Box::new(details("GitHub")))]);
    assert_eq!(replica.vault.entry(id(2)).unwrap().changed.ms(), replica.now - 1_000);
}

#[test]
fn hostile_bodies_open_or_are_refused_but_never_panic() {
    use crate::vault::document::Document;
    let vault = &founded().vault;
    let written = String::from_utf8(vault.document().write().unwrap().to_vec()).unwrap();
    for (from, to) in [
        ("\"entries\":[]", "\"entries\":[1,null,{},{\"entry\":\"x\"},[[]]]"),
        ("\"entries\":[]", "\"entries\":{}"),
        ("\"entries\":[]", "\"entry\":[]"),
        ("\"roster\"", "\"rooster\""),
        ("{\"roster\"", "[\"roster\""),
    ] {
        let _ = Document::read(vault.document().roster.vault(), written.replacen(from, to, 1).as_bytes());
    }
    let strays = written.replacen("\"entries\":[]", "\"entries\":[1,{\"entry\":\"x\"}],\"later\":{\"a\":1}", 1);
    let read = Document::read(vault.document().roster.vault(), strays.as_bytes()).unwrap();
    let again = String::from_utf8(read.write().unwrap().to_vec()).unwrap();
    assert!(again.contains(r#""entries":[1,{"entry":"x"}],"later":{"a":1}"#), "{again}");
}

/// One thing that may happen on a replica.
#[derive(Debug, Clone)]
enum Step {
    Rename(u8, u8),
    Delete(u8),
    Restore(u8),
    Use(u8),
    Favourite(u8, bool),
    Undo,
    Meet(usize),
    Skew(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..3, any::<u8>()).prop_map(|(n, name)| Step::Rename(n, name)),
        1 => (0u8..3).prop_map(Step::Delete),
        1 => (0u8..3).prop_map(Step::Restore),
        3 => (0u8..3).prop_map(Step::Use),
        1 => (0u8..3, any::<bool>()).prop_map(|(n, on)| Step::Favourite(n, on)),
        1 => Just(Step::Undo),
        2 => (0usize..3).prop_map(Step::Meet),
        1 => (-10_000_000i64..10_000_000).prop_map(Step::Skew),
    ]
}

fn run(steps: &[(usize, Step)]) -> (Vec<Replica>, Vec<Change>) {
    let mut base = Replica::new(100);
    for n in 0..3 {
        base.edit(&[Edit::Add(id(n), Box::new(hotp(0)))]);
    }
    let mut replicas: Vec<Replica> = (0..3).map(|n| Replica { vault: base.vault.clone(), ..Replica::new(n) }).collect();
    let mut made = Vec::new();
    let mut last: Vec<Vec<Change>> = vec![Vec::new(); 3];
    for (who, step) in steps {
        let other = match step {
            Step::Meet(with) => Some(replicas[*with].vault.clone()),
            _ => None,
        };
        let replica = &mut replicas[*who];
        let done = match step {
            Step::Rename(n, name) => {
                let mut details = replica.details(*n);
                details.issuer = Text::from(format!("name {name}"));
                replica.edit(&[Edit::Change(id(*n), Box::new(details))])
            }
            Step::Delete(n) => replica.edit(&[Edit::Delete(id(*n))]),
            Step::Restore(n) => replica.edit(&[Edit::Restore(id(*n))]),
            Step::Use(n) => replica.edit(&[Edit::UseCounter(id(*n))]),
            Step::Favourite(n, on) => replica.edit(&[Edit::Favourite(id(*n), *on)]),
            Step::Undo => {
                let done = last[*who].clone();
                replica.undo(&done)
            }
            Step::Meet(_) => {
                replica.vault = replica.vault.merge(&other.unwrap()).unwrap();
                continue;
            }
            Step::Skew(ms) => {
                replica.now = replica.now.saturating_add_signed(*ms);
                continue;
            }
        };
        last[*who] = done.clone();
        made.extend(done);
    }
    (replicas, made)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn replicas_that_have_met_agree_in_any_order(steps in prop::collection::vec((0usize..3, step()), 0..80)) {
        let (replicas, _) = run(&steps);
        let [a, b, c] = [&replicas[0].vault, &replicas[1].vault, &replicas[2].vault];
        let merge = |x: &Unlocked, y: &Unlocked| x.merge(y).unwrap();
        prop_assert_eq!(merge(a, b), merge(b, a), "commutative");
        prop_assert_eq!(merge(&merge(a, b), c), merge(a, &merge(b, c)), "associative");
        prop_assert_eq!(merge(a, a), a.clone(), "idempotent");
        let all = merge(&merge(a, b), c);
        prop_assert_eq!(merge(&merge(c, a), &merge(b, a)), all.clone(), "convergent");
        let body = |vault: &Unlocked| vault.document().write().unwrap().to_vec();
        prop_assert_eq!(body(&merge(&merge(b, c), a)), body(&all), "to the byte");
    }

    #[test]
    fn no_value_disappears_without_a_later_stamp(steps in prop::collection::vec((0usize..3, step()), 0..80)) {
        let (replicas, made) = run(&steps);
        let all = replicas[0].vault.merge(&replicas[1].vault).unwrap().merge(&replicas[2].vault).unwrap();
        let kept: Vec<&Change> = all.document().changes().collect();
        for change in made {
            if kept.contains(&&change) {
                continue;
            }
            for (name, _) in &change.contents().set.0 {
                let newer = kept.iter().filter(|kept| {
                    kept.entry() == change.entry() && ***kept > change && kept.contents().set.get(name).is_some()
                });
                prop_assert!(newer.count() >= 21, "{name} was dropped early");
            }
        }
        for n in 0..3 {
            let highest = replicas.iter().map(|replica| replica.details(n).otp.counter).max();
            prop_assert_eq!(Some(all.entry(id(n)).unwrap().details.otp.counter), highest);
        }
    }
}
