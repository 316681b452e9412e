//! Lists of members that no owner made.

use data_encoding::BASE64;
use tickey::vault::seal::{Key, epoch_commitment};

use super::slots::personal;
use super::*;

/// What somebody would put into the list of members who may not.
pub(super) fn links() -> Vec<(&'static str, Value)> {
    let base64 = |bytes: &[u8]| json!(BASE64.encode(bytes));
    let storage = Storage::default();
    storage.shelf().put(&scene().today);
    let maya = Machine::second(&storage, &scene().maya);
    let sign = |name: &str| base64(&maya.member(name).keys.sign);
    let (new, entry) = (stranger().public(), maya.vault.entries().next().unwrap().id.to_string());
    let invite = base64(&maya.vault.roster().invites()[0].id);
    let keys = json!({"sign": base64(&new.sign), "exchange": base64(&new.exchange)});
    let with = |mut op: Value, more: &Value| {
        op.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        op
    };
    let far = 99_999_999_999_999_u64;
    vec![
        ("an invite", with(json!({"op": "invite", "name": "mallory", "role": "editor", "expires": far}), &keys)),
        ("a way in for an owner", with(json!({"op": "admit", "name": "recovery", "role": "owner"}), &keys)),
        ("somebody let in", with(json!({"op": "admit", "name": "m", "role": "editor", "invite": invite}), &keys)),
        ("an invite ended", json!({"op": "close", "invite": invite})),
        ("a role", json!({"op": "role", "member": sign("vera"), "role": "owner"})),
        ("a role taken", json!({"op": "role", "member": sign("maya"), "role": "viewer"})),
        ("a removal", json!({"op": "remove", "member": sign("maya"), "newest": "0".repeat(32)})),
        ("a voucher", json!({"op": "vouch", "changes": [base64(&[7; 16])]})),
        ("an owner's key", with(json!({"op": "rekey", "old": sign("maya")}), &keys)),
        ("entries forgotten", json!({"op": "purge", "entries": [entry]})),
        ("an operation of tomorrow", json!({"op": "quorum", "of": 2})),
        ("something said again", json!({"op": "moot", "again": base64(&[7; 32])})),
    ]
}

/// Rosters that whoever can seal a body can put into it.
pub(super) fn roster_forgeries(who: &str, keys: &LinkKeys) {
    let sealed = |forge: &dyn Fn(&mut Forger)| sealed_by(keys, forge);
    let by_no_owner =
        Aside(if who == "eve" { "signed by nobody in the roster" } else { "signed by somebody who is not an owner" });
    for (what, op) in links() {
        shown(&format!("{what} by {who}"), &sealed(&|forger| forger.add_link(&op)), by_no_owner);
    }
    let follow = Aside("does not follow the one before");
    shown("two links swapped", &sealed(&|forger| forger.links().swap(4, 5)), follow);
    shown("a link left out", &sealed(&|forger| drop(forger.links().remove(4))), follow);
    let replayed = |op: &'static str| {
        move |forger: &mut Forger| {
            let place = forger.place(op);
            let link = forger.links()[place].clone();
            forger.links().push(link);
        }
    };
    for op in ["purge", "close", "vouch", "role"] {
        shown(&format!("a {op} once more"), &sealed(&replayed(op)), follow);
    }
    shown("no links", &sealed(&|forger| forger.links().clear()), Aside("its roster is empty"));
    shown("no founder", &sealed(&|forger| drop(forger.links().remove(0))), Aside("does not begin with a founder"));
    let namesake = Machine::founder();
    let other = Forger::opens(&namesake.sealed(), &namesake.vault.link_keys().member).body["roster"].clone();
    let of_another = Aside("its roster is that of another vault");
    shown("another vault's roster", &sealed(&|forger| forger.body["roster"] = other.clone()), of_another);
    let older = Forger::opens(&scene().with_carol, &scene().carol.member).body["roster"].clone();
    let epoch = Aside("its epoch is not the one its roster names");
    shown("an older roster", &sealed(&|forger| forger.body["roster"] = older.clone()), epoch);
    let key = BASE64.encode(&stranger().public().exchange);
    let substituted = |text: &mut Value| text["exchange"] = json!(key);
    let alter = |sign: bool| sealed(&|forger| forger.alter_link("admit", sign, substituted));
    shown("a member's key", &alter(false), Aside("its signature does not hold"));
    shown("a member's key, signed", &alter(true), Aside("signed by nobody in the roster"));
    let founded = |sign: bool| sealed(&|forger| forger.alter_link("found", sign, substituted));
    shown("the founder's key", &founded(false), Aside("the founder's signature does not hold"));
    // An epoch of their own, with everybody's grants.
    let own_epoch = sealed(&|forger| {
        let members: Vec<[u8; 32]> = scene().members().map(|(_, keys)| keys.member.public().exchange).to_vec();
        forger.vault_key = Key::from_slice(&[5; 32]).unwrap();
        forger.header.epoch += 1;
        forger.header.grants.clear();
        members.iter().for_each(|member| forger.grant(member));
        let (vault, epoch) = (forger.header.vault, forger.header.epoch);
        let commitment = epoch_commitment(&forger.vault_key, &vault, epoch);
        let commitment = BASE64.encode(&commitment);
        forger.add_link(&json!({"op": "epoch", "epoch": epoch, "commitment": commitment}));
    });
    shown("an epoch", &own_epoch, by_no_owner);
    let other_key = sealed(&|forger| {
        let members: Vec<[u8; 32]> = scene().members().map(|(_, keys)| keys.member.public().exchange).to_vec();
        forger.vault_key = Key::from_slice(&[6; 32]).unwrap();
        forger.header.grants.clear();
        members.iter().for_each(|member| forger.grant(member));
    });
    shown("another vault key", &other_key, epoch);
    let slots = taken_apart(&personal().today).header.slots;
    let with_slot = sealed(&|forger| forger.header.slots.clone_from(&slots));
    shown("a slot to guess at", &with_slot, Aside("it is shared and yet has a passphrase slot"));
}
