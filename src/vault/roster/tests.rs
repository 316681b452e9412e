//! Chains: what follows, what does not, and what two that parted come to.

use super::*;
use crate::vault::fixed::FixedRandom;
use crate::vault::request::Request;

fn founded(random: &mut FixedRandom) -> (Roster, MemberKey, Key) {
    let founder = MemberKey::random(random).unwrap();
    let vault_key = Key::random(random).unwrap();
    let mut roster = Roster::found("maya", None, &founder, 1_000).unwrap();
    roster.start_epoch(&vault_key, &founder, 1_000).unwrap();
    (roster, founder, vault_key)
}

#[test]
fn a_chain_reads_back_as_itself() {
    let mut random = FixedRandom::new(11);
    let (mut roster, founder, vault_key) = founded(&mut random);
    let recovery = MemberKey::random(&mut random).unwrap();
    roster.renew_recovery(&recovery.public(), &founder, 1_001).unwrap();
    roster.purge(&[EntryId::random(&mut random).unwrap()], &founder, 1_002).unwrap();
    let again = Roster::read(roster.vault(), &roster.stored()).unwrap();
    assert_eq!(again, roster);
    assert!(again.is_epoch(1, &vault_key));
    assert!(!again.is_epoch(1, &Key::from_slice(&[0; 32]).unwrap()));
    assert_eq!(again.members().len(), 2);
}

#[test]
fn a_vault_is_founded_by_its_first_link_alone() {
    let mut random = FixedRandom::new(17);
    let (founder, stranger) = (MemberKey::random(&mut random).unwrap(), MemberKey::random(&mut random).unwrap());
    let begins = |signer: &MemberKey, more: serde_json::Value| {
        let PublicKeys { sign, exchange } = founder.public();
        let mut text = serde_json::json!({
            "n": 0_u32, "at": 1_u32, "op": "found", "name": "maya", "sign": BASE64.encode(&sign), "exchange": BASE64.encode(&exchange),
        });
        text.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let bytes = serde_json::to_vec(&text).unwrap();
        let (signature, by) = (signer.sign(&signed_text(None, &bytes)), signer.public().sign);
        Roster::begin(Link { bytes, by, signature }).map(|_| ())
    };
    let hash = BASE64.encode(&[7; 32]);
    for more in
        [serde_json::json!({}), serde_json::json!({"shared": "ops"}), serde_json::json!({"name": "d".repeat(200)})]
    {
        begins(&founder, more).unwrap();
    }
    for more in [
        serde_json::json!({"n": 1_u32}),
        serde_json::json!({"previous": hash}),
        serde_json::json!({"again": hash}),
        serde_json::json!({"name": ""}),
        serde_json::json!({"name": RECOVERY}),
        serde_json::json!({"name": "d\u{9b}n"}),
        serde_json::json!({"shared": ""}),
        serde_json::json!({"shared": "d".repeat(201)}),
        serde_json::json!({"exchange": BASE64.encode(&founder.public().sign)}),
    ] {
        assert!(matches!(begins(&founder, more.clone()), Err(VaultError::Altered(_))), "{more}");
    }
    assert!(begins(&stranger, serde_json::json!({})).is_err());
}

/// Each side has to give way to the same one, or they would write over each other for ever.
#[test]
fn of_two_who_did_the_same_apart_both_choose_the_same_branch() {
    let mut random = FixedRandom::new(18);
    let (roster, founder, vault_key) = founded(&mut random);
    let entries = [EntryId::random(&mut random).unwrap()];
    let branch = |at| {
        let mut branch = roster.clone();
        branch.purge(&entries, &founder, at).unwrap();
        branch
    };
    let mut chosen = BTreeSet::new();
    for at in 10..20 {
        let (one, two) = (branch(at), branch(100));
        let Relation::Crossed { theirs, equal: true } = one.relation(&two) else { panic!("{:?}", one.relation(&two)) };
        assert_eq!(two.relation(&one), Relation::Crossed { theirs: !theirs, equal: true });
        chosen.insert(theirs);
    }
    assert_eq!(chosen.len(), 2, "by no rule but the hash");
    // One of them did more: the other follows.
    let (mut more, less) = (branch(10), branch(11));
    more.start_epoch(&vault_key, &founder, 12).unwrap();
    assert_eq!((less.relation(&more), more.relation(&less)), (Relation::Ahead, Relation::Behind));
    assert_eq!(less.relation(&less.clone()), Relation::Same);
    // The vault's first key is no change of it.
    assert!(roster.events().iter().all(|event| event.what != "changed the vault key"));
    assert_eq!(more.events().last().unwrap().what, "changed the vault key");
}

#[test]
fn links_dropped_reordered_or_forged_are_refused() {
    let mut random = FixedRandom::new(12);
    let (mut roster, founder, _) = founded(&mut random);
    let recovery = MemberKey::random(&mut random).unwrap();
    roster.renew_recovery(&recovery.public(), &founder, 1_001).unwrap();
    let vault = *roster.vault();
    let refused = |links: Vec<StoredLink>| matches!(Roster::read(&vault, &links), Err(VaultError::Altered(_)));
    let mut dropped = roster.stored();
    dropped.remove(1);
    assert!(refused(dropped));
    let mut swapped = roster.stored();
    swapped.swap(1, 2);
    assert!(refused(swapped));
    assert!(refused(Vec::new()));
    let other = founded(&mut random).0;
    assert!(refused(other.stored()));
    let mut grafted = roster.stored();
    grafted.extend(other.stored().into_iter().skip(1));
    assert!(refused(grafted));
    for n in 0..3 {
        let mut forged = roster.stored();
        forged[n].signature = BASE64.encode(&[0; 64]);
        assert!(refused(forged), "signature of link {n}");
    }
}

#[test]
fn a_stranger_cannot_add_a_link_and_a_key_enters_once() {
    let mut random = FixedRandom::new(13);
    let (mut roster, founder, vault_key) = founded(&mut random);
    let stranger = MemberKey::random(&mut random).unwrap();
    assert!(roster.clone().start_epoch(&vault_key, &stranger, 2).is_err());
    assert!(roster.clone().renew_recovery(&founder.public(), &founder, 2).is_err());
    let old = founder.public().sign;
    let (vault, entry) = (*roster.vault(), [EntryId::random(&mut random).unwrap()]);
    let asked = Request::write(&vault, &old, &founder, &stranger);
    assert!(roster.clone().rekey(&asked, &stranger, 2).is_err());
    for not_agreed in [
        Request::write(&vault, &old, &stranger, &stranger),
        Request::write(&[9; 16], &old, &founder, &stranger),
        Request { signature: asked.agreed.clone(), ..asked.clone() },
    ] {
        assert!(roster.clone().rekey(&not_agreed, &founder, 2).is_err());
    }
    roster.rekey(&asked, &founder, 2).unwrap();
    assert!(roster.clone().purge(&entry, &founder, 3).is_err(), "the old key signs nothing any more");
    roster.purge(&entry, &stranger, 3).unwrap();
    assert_eq!(roster.member_by_key_id(&key_id(&old)).map(|member| member.name.as_str()), Some("maya"));
}

#[test]
fn an_operation_of_a_newer_program_is_named() {
    let bytes = br#"{"n":1,"previous":"","at":1,"op":"quorum"}"#.to_vec();
    let link = Link { bytes, by: [0; 32], signature: [0; 64] };
    assert!(matches!(link.read(), Err(VaultError::Newer(_))));
}

fn signed(roster: &Roster, signer: &MemberKey, op: &serde_json::Value) -> Link {
    let mut text = serde_json::json!({"n": roster.links.len(), "previous": BASE64.encode(&roster.head()), "at": 1_u32});
    text.as_object_mut().unwrap().extend(op.as_object().unwrap().clone());
    let bytes = serde_json::to_vec(&text).unwrap();
    let signature = signer.sign(&signed_text(Some(roster.vault()), &bytes));
    Link { bytes, by: signer.public().sign, signature }
}

#[test]
fn a_link_beyond_its_bound_is_refused() {
    let mut random = FixedRandom::new(14);
    let (roster, founder, _) = founded(&mut random);
    let takes = |op: serde_json::Value| roster.clone().take(signed(&roster, &founder, &op));
    let hash = BASE64.encode(&[7; 32]);
    assert!(takes(serde_json::json!({"op": "vouch", "changes": vec![&hash; 1_300]})).is_ok());
    assert!(takes(serde_json::json!({"op": "vouch", "changes": vec![&hash; 1_500]})).is_err());
    let keys = MemberKey::random(&mut random).unwrap().public();
    let invite = |name: &str, exchange: &[u8; 32]| {
        let (sign, exchange) = (BASE64.encode(&keys.sign), BASE64.encode(exchange));
        serde_json::json!({"op": "invite", "name": name, "role": "viewer", "sign": sign, "exchange": exchange, "expires": 1_u32})
    };
    assert!(takes(invite(&"d".repeat(200), &keys.exchange)).is_ok());
    for name in ["", &"d".repeat(201), "d\u{9b}n", "recovery"] {
        assert!(takes(invite(name, &keys.exchange)).is_err(), "{name:?}");
    }
    for exchange in [[0; 32], keys.sign, founder.public().exchange] {
        assert!(takes(invite("dan", &exchange)).is_err());
    }
    let mut more = invite("dan", &keys.exchange);
    more["until"] = serde_json::json!(1);
    assert!(matches!(takes(more), Err(VaultError::Newer(_))));
    let mut padded = signed(&roster, &founder, &invite("dan", &keys.exchange));
    padded.bytes.extend(vec![b' '; 1024]);
    padded.signature = founder.sign(&signed_text(Some(roster.vault()), &padded.bytes));
    assert!(roster.clone().take(padded).is_err());
}

#[test]
fn a_link_in_another_place_or_under_an_unfit_name_is_refused() {
    let mut random = FixedRandom::new(19);
    let (mut roster, founder, _) = founded(&mut random);
    let keys = MemberKey::random(&mut random).unwrap().public();
    let id = roster.invite("dan", Role::Viewer, keys, 9, &founder, 2).unwrap();
    let takes = |op: serde_json::Value| roster.clone().take(signed(&roster, &founder, &op));
    let own = MemberKey::random(&mut random).unwrap().public();
    let admit = |name: &str, role: &str| {
        let (sign, exchange) = (BASE64.encode(&own.sign), BASE64.encode(&own.exchange));
        serde_json::json!({"op": "admit", "name": name, "role": role, "sign": sign, "exchange": exchange, "invite": BASE64.encode(&id)})
    };
    takes(admit("dan", "viewer")).unwrap();
    for (name, role) in
        [("", "viewer"), ("d\u{9b}n", "viewer"), (RECOVERY, "viewer"), ("dan", "editor"), ("dan", "owner")]
    {
        assert!(takes(admit(name, role)).is_err(), "{name:?} {role}");
    }
    let with = |name: &str, value: serde_json::Value| {
        let mut op = admit("dan", "viewer");
        op[name] = value;
        op
    };
    let n = roster.links.len();
    for (name, value) in [
        ("n", serde_json::json!(n - 1)),
        ("n", serde_json::json!(n + 1)),
        ("previous", serde_json::json!(BASE64.encode(&[7; 32]))),
    ] {
        assert!(takes(with(name, value.clone())).is_err(), "{name} {value}");
    }
    // What says nothing is for what another link said.
    assert!(takes(serde_json::json!({"op": "moot"})).is_err());
    takes(serde_json::json!({"op": "moot", "again": BASE64.encode(&id)})).unwrap();
}

#[test]
fn the_last_links_are_for_shutting_out() {
    let mut random = FixedRandom::new(15);
    let (mut roster, founder, vault_key) = founded(&mut random);
    let entry = [EntryId::random(&mut random).unwrap()];
    let filler = Arc::clone(&roster.links[1]);
    roster.links.resize(MOST_LINKS - KEPT_LINKS - 1, Arc::clone(&filler));
    roster.purge(&entry, &founder, 2).unwrap();
    assert!(roster.purge(&entry, &founder, 3).is_err());
    roster.start_epoch(&vault_key, &founder, 4).unwrap();
    roster.links.resize(MOST_LINKS - 1, filler);
    roster.start_epoch(&vault_key, &founder, 5).unwrap();
    assert!(roster.start_epoch(&vault_key, &founder, 6).is_err());
}

#[test]
fn there_are_as_many_readers_as_grants() {
    let mut random = FixedRandom::new(16);
    let (mut roster, founder, _) = founded(&mut random);
    let invite = |roster: &mut Roster, random: &mut FixedRandom| {
        let keys = MemberKey::random(random).unwrap().public();
        roster.invite("dan", Role::Viewer, keys, 9, &founder, 2)
    };
    for _ in 1..MOST_READERS {
        invite(&mut roster, &mut random).unwrap();
    }
    assert!(invite(&mut roster, &mut random).is_err());
    assert_eq!(roster.readers(), MOST_READERS);
}
