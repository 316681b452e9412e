//! Attacks by members, old keys and bad records, as whoever has an altered program would try them.

use data_encoding::BASE64;
use serde_json::json;

use super::*;
use crate::vault::join::Join;
use crate::vault::records::Records;
use crate::vault::rekey::LinkKeys;
use crate::vault::request::Request;
use crate::vault::seal::{MemberKey, PublicKeys};

/// A record on that invitation with whatever keys, signed with those.
fn record(machine: &Machine, code: &InviteCode, name: &str, sign: &MemberKey, keys: &PublicKeys) -> Records<Join> {
    let roster = machine.vault.roster();
    let id = code.invite(roster).unwrap().id;
    let [sign_text, exchange, invite] = [&keys.sign, &keys.exchange, &id].map(|bytes| BASE64.encode(bytes));
    let text = json!({"invite": invite, "name": name, "sign": sign_text, "exchange": exchange, "at": 1}).to_string();
    let signed = [b"tickey/1 join".as_slice(), roster.vault(), text.as_bytes()].concat();
    let by = |key: &MemberKey| BASE64.encode(&key.sign(&signed));
    let invited = by(&code.key(roster.vault()).unwrap());
    let stored = json!([{"join": BASE64.encode(text.as_bytes()), "invited": invited, "signature": by(sign)}]);
    // Verified against a roster that knows no keys yet, as an altered program would do without.
    let mut bad = Vec::new();
    let records = Records::read(&stored.to_string(), roster, &mut bad).unwrap();
    assert!(records.is_empty() && bad.len() == 1 && bad[0].what.contains("dan"), "{bad:?}");
    records
}

#[test]
fn a_record_with_a_bad_key_is_left_out_and_named() {
    let (mut maya, bob, ..) = team();
    let code = maya.invite("dan", Role::Editor);
    let own = MemberKey::random(&mut FixedRandom::new(6)).unwrap();
    let (good, used) = (own.public(), bob.vault.link_keys().member.public());
    let with = |exchange| PublicKeys { exchange, ..good };
    let mut one = [0; 32];
    one[0] = 1;
    for exchange in [[0; 32], one, [0xff; 32], used.exchange, used.sign, good.sign] {
        record(&maya, &code, "dan", &own, &with(exchange));
    }
    record(&maya, &code, "recovery", &own, &good);
    record(&maya, &code, &"d".repeat(201), &own, &good);
    // By a key that is not the one it names.
    record(&maya, &code, "dan", &MemberKey::random(&mut FixedRandom::new(7)).unwrap(), &good);
}

#[test]
fn of_many_records_the_same_sixteen_stay_everywhere() {
    let (mut maya, ..) = team();
    let code = maya.invite("dan", Role::Editor);
    let roster = maya.vault.roster().clone();
    let join = |seed: u64| {
        let own = MemberKey::random(&mut FixedRandom::new(900 + seed)).unwrap();
        let invite = code.invite(&roster).unwrap();
        Join::write(&roster, invite, &code.key(roster.vault()).unwrap(), &own, "dan", NOON).unwrap()
    };
    let joins: Vec<Join> = (0..40).map(join).collect();
    let mut halves = [Records::default(), Records::default()];
    for (n, join) in joins.iter().enumerate() {
        halves[n % 2].add(join.clone(), &roster);
    }
    let mut all = Records::default();
    joins.iter().rev().for_each(|join| all.add(join.clone(), &roster));
    let [mut one, two] = halves;
    one.merge(&two, &roster);
    assert!(one == all && all.len() == 16);
}

#[test]
fn a_request_for_a_bad_key_is_left_out() {
    let (maya, bob, ..) = team();
    let roster = maya.vault.roster();
    let (old, new) = (bob.vault.link_keys().member, MemberKey::random(&mut FixedRandom::new(6)).unwrap());
    let good = Request::write(roster.vault(), &old.public().sign, &old, &new);
    let read = |request: &serde_json::Value| {
        let mut bad = Vec::new();
        let list = json!([request]).to_string();
        (Records::<Request>::read(&list, roster, &mut bad).unwrap().len(), bad)
    };
    let good = serde_json::to_value(good).unwrap();
    assert_eq!(read(&good), (1, Vec::new()));
    for (member, value) in [
        ("exchange", BASE64.encode(&[0; 32])),
        ("exchange", BASE64.encode(&maya.vault.link_keys().member.public().exchange)),
        ("sign", BASE64.encode(&maya.vault.link_keys().member.public().sign)),
        ("agreed", BASE64.encode(&[7; 64])),
        ("signature", BASE64.encode(&[7; 64])),
        ("more", "unknown".into()),
    ] {
        let mut request = good.clone();
        request[member] = json!(value);
        let (taken, bad) = read(&request);
        assert_eq!((taken, bad.len()), (0, 1), "{member}");
    }
}

/// A stolen invitation, an old key of one's own: who seals with them what a new machine is to fetch.
#[test]
fn what_a_key_of_ones_own_sealed_elsewhere_is_held_against_signatures() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    let keys = bob.new_keys();
    bob.knows(&keys);
    bob.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    vera.sync(&mut storage).unwrap();
    let opens = |bytes: &[u8], keys: &LinkKeys| Locked::read(bytes, &LIMITS).unwrap().open_from_elsewhere(keys);
    assert!(opens(storage.as_ref().unwrap(), &keys).is_ok());
    // Vera has the vault key of today, and Bob's old key.
    let mut thief = Machine { vault: vera.vault.forged(|raw| raw.replace("Registrar", "Forged!!!")), ..vera.clone() };
    let by_vera = thief.seal();
    (thief.vault.member, thief.vault.invite) = (keys.older[0].clone(), None);
    let by_old_key = thief.seal();
    let mut editor = Machine { vault: bob.vault.forged(|raw| raw.replace("Registrar", "Forged!!!")), ..bob.clone() };
    let by_bob = editor.seal();
    for (bytes, words) in [(by_vera, "may only view"), (by_old_key, "has replaced"), (by_bob.clone(), "not signed")] {
        let refused = opens(&bytes, &keys).unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
    }
    // The same bytes in the place of one's own working copy are this machine's own word.
    assert!(Locked::read(&by_bob, &LIMITS).unwrap().open_working_copy(&keys).is_ok());
}

/// Whoever leaves a record with an expired code keeps it open no longer than an owner has to decide.
#[test]
fn a_late_record_keeps_no_invitation_open_for_ever() {
    for guests in [1, 2] {
        let (mut maya, _, _, mut storage) = team();
        let code = maya.invite("dan", Role::Editor);
        maya.sync(&mut storage).unwrap();
        let before = storage.clone();
        for guest in 0..guests {
            let mut dan = Machine::join(&before, &code, 6 + guest).unwrap();
            dan.sync(&mut storage.clone()).unwrap();
            maya.vault = maya.accept(&dan.seal()).unwrap().vault;
        }
        maya.now += 8 * DAY;
        maya.sync(&mut storage).unwrap();
        assert_eq!(maya.vault.roster().invites().len(), 1, "it waits for a yes");
        maya.now += 7 * DAY;
        assert_eq!(maya.sync(&mut storage).unwrap(), [Deed::Expired("dan".into())]);
        assert!(maya.vault.roster().invites().is_empty() && maya.vault.newcomers().is_empty());
        assert!(matches!(Machine::join(&storage, &code, 9), Err(VaultError::NotAMember)));
    }
}

#[test]
fn an_invitation_used_after_its_end_waits_for_a_yes() {
    let (mut maya, _, _, mut storage) = team();
    let code = maya.invite("dan", Role::Editor);
    let ends = maya.vault.roster().invites()[0].expires_ms;
    maya.sync(&mut storage).unwrap();
    let mut dan = Machine::join(&storage, &code, 6).unwrap();
    dan.sync(&mut storage).unwrap();
    // By the owner's clock it came too late, whatever the record says.
    maya.now += 8 * DAY;
    for _ in 0..2 {
        let deeds = maya.sync(&mut storage).unwrap();
        assert!(!deeds.is_empty() && deeds.iter().all(|deed| *deed == Deed::Late("dan".into(), ends)));
        assert!(maya.vault.members().iter().all(|member| member.name != "dan"));
    }
    let newcomer = maya.vault.newcomers().remove(0);
    let mut random = maya.random();
    maya.vault = maya.vault.admit(&newcomer, maya.now, &mut random).unwrap();
    maya.sync(&mut storage).unwrap();
    dan.sync(&mut storage).unwrap();
    assert_eq!(dan.vault.me(), Me::Member { name: "dan".into(), role: Role::Editor });
}

/// Two programs of one owner let the same people in at once: the same acts, one of which stands, and nothing follows.
#[test]
fn equal_acts_at_once_are_one() {
    let (mut maya, _, _, mut storage) = team();
    let codes = [maya.invite("dan", Role::Editor), maya.invite("zoe", Role::Viewer)];
    maya.sync(&mut storage).unwrap();
    for (seed, code) in codes.iter().enumerate() {
        let record = Machine::join(&storage, code, 20 + seed as u64).unwrap().seal();
        maya.vault = maya.accept(&record).unwrap().vault;
    }
    let mut windows: Vec<Machine> =
        (0..8).map(|n| Machine { seed: 40_000 + n * 1_000, now: NOON + n, ..maya.clone() }).collect();
    for window in &mut windows {
        let mut random = window.random();
        window.vault = window.vault.housekeeping(window.now, &mut random).unwrap().unwrap().0;
    }
    let (epoch, heads) = (windows[0].vault.epoch(), windows.iter().map(|window| window.vault.roster().head()));
    let smallest = heads.min().unwrap();
    for at in 1..8 {
        let relation = windows[0].vault.roster().relation(windows[at].vault.roster());
        assert!(matches!(relation, Relation::Crossed { equal: true, .. }), "{relation:?}");
        let merged = windows[0].vault.merge(&windows[at].vault).unwrap();
        let bytes = windows[at].seal();
        windows[0].vault = windows[0].accept(&bytes).unwrap().vault;
        assert!(windows[0].vault == merged);
        assert_eq!(windows[0].vault.epoch(), epoch, "no new epoch follows");
    }
    assert_eq!(windows[0].vault.roster().head(), smallest);
    // Who went on holds what the others did meanwhile.
    windows[1].invite("eve", Role::Viewer);
    assert_eq!(windows[0].vault.roster().relation(windows[1].vault.roster()), Relation::Ahead);
    assert_eq!(windows[1].vault.roster().relation(windows[0].vault.roster()), Relation::Behind);
}

/// Bob floods the vault, and is removed without an owner standing for it.
#[test]
fn what_a_member_added_is_cut_and_stays_away() {
    let (mut maya, mut bob, mut vera, mut storage) = team();
    maya.add(40, "Of Maya");
    maya.sync(&mut storage).unwrap();
    bob.sync(&mut storage).unwrap();
    bob.rename(40, "Changed by Bob");
    for n in 50..80 {
        bob.add(n, "Flood");
    }
    bob.sync(&mut storage).unwrap();
    let flooded = storage.clone();
    vera.sync(&mut storage).unwrap();
    maya.sync(&mut storage).unwrap();
    let before = maya.seal().len();
    let (member, mut random) = (maya.member("bob"), maya.random());
    // At once, or when a removal left the changes aside.
    let at_once = maya.vault.remove(&member, Work::Drop, maya.now, &mut random).unwrap().vault;
    let kept = maya.vault.remove(&member, Work::Usual, maya.now, &mut random).unwrap().vault;
    assert_eq!(kept.entries().count(), 32, "who is removed otherwise keeps what they did");
    assert!(matches!(maya.vault.cut("bob", maya.now), Err(VaultError::Refused(_))), "the key is in force");
    assert!(matches!(bob.vault.cut("vera", NOON), Err(VaultError::Refused(_))), "not an owner");
    for vault in [at_once, kept.cut("bob", maya.now).unwrap()] {
        let kept = vault.entries().count() == 32;
        let mut storage = storage.clone();
        let (mut maya, mut vera) = (Machine { vault, ..maya.clone() }, vera.clone());
        maya.sync(&mut storage).unwrap();
        vera.sync(&mut storage).unwrap();
        if kept {
            continue;
        }
        for machine in [&maya, &vera] {
            assert_eq!(machine.vault.entries().count(), 2);
            assert_eq!(machine.issuer(40), "Of Maya");
            assert!(machine.vault.set_aside().is_empty() && machine.went_back.is_none());
        }
        assert!(maya.seal().len() + 8 * 1024 < before);
        // Whoever still has the flood brings nothing back.
        let accepted = maya.accept(flooded.as_ref().unwrap());
        assert!(accepted.is_err() || accepted.unwrap().vault == maya.vault);
        let stale = Machine { vault: vera.vault.merge(&bob.vault).unwrap(), ..vera.clone() };
        assert_eq!(stale.vault.entries().count(), 2);
    }
}

#[test]
fn nobody_but_an_owner_puts_a_link_on() {
    let (maya, bob, vera, _) = team();
    for machine in [&bob, &vera] {
        let new = MemberKey::random(&mut FixedRandom::new(6)).unwrap();
        let old = machine.vault.link_keys().member;
        let request = Request::write(&machine.vault.id(), &old.public().sign, &old, &new);
        let mut roster = machine.vault.roster().clone();
        // Not even the end of a key of their own.
        let refused = roster.rekey(&request, &old, NOON).unwrap_err();
        assert!(refused.to_string().contains("not an owner"), "{refused}");
        let owner = maya.vault.link_keys().member;
        roster.rekey(&request, &owner, NOON).unwrap();
        assert!(roster.member_by_key(&old.public().sign).is_none());
    }
}
