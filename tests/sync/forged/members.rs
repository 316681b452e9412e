//! By those who have, or had, a key: they can seal what they like, and sign it.

use super::rosters::{links, roster_forgeries};
use super::*;

/// A viewer has the vault key: can seal what they like, and sign it.
#[test]
fn what_a_viewer_seals_is_set_aside() {
    let view = Aside("vera may only view");
    let by_vera = |forge: &dyn Fn(&mut Forger)| sealed_by(&scene().vera, forge);
    let of_bob =
        |forger: &mut Forger| alter_change(forger, "Registrar", |change| change.replace("Registrar", "Forged"));
    shown("all of it", &by_vera(&|_| {}), view);
    shown("a change in an owner's name", &by_vera(&of_bob), view);
    shown("a change dated anew", &by_vera(&|forger| alter_change(forger, "Registrar", redated)), view);
    shown("a change left out", &by_vera(&|forger| drop(forger.changes().remove(0))), view);
    shown("no changes", &by_vera(&|forger| forger.changes().clear()), view);
    shown("an element that is no change", &by_vera(&|forger| forger.changes().push(json!({"entry": "x"}))), view);
    shown("something of tomorrow", &by_vera(&|forger| forger.body["more"] = json!("and more")), view);
    shown("a grant for a stranger", &by_vera(&|forger| forger.grant(&stranger().public().exchange)), view);
    shown("its last link left out", &by_vera(&|forger| drop(forger.links().pop())), view);
    let nothing = Forger::opens(&scene().today, &scene().vera.member);
    shown("no JSON", &nothing.sealed_as(b"rubbish"), Aside("no JSON object"));
    shown("no roster", &nothing.sealed_as(b"{}"), Aside("no roster"));
    roster_forgeries("vera", &scene().vera);
    // Everybody but herself shut out: those whom it is not sealed to know the key all the same.
    let alone = by_vera(&|forger| forger.grant_only(&scene().vera.member));
    for (who, keys) in &scene().members()[..2] {
        shown_to(&format!("only her grant, to {who}"), keys, &alone, view);
    }
}

/// An editor may write: what is not theirs to write is found all the same.
#[test]
fn what_an_editor_seals_is_held_against_every_signature() {
    let by_bob = |forge: &dyn Fn(&mut Forger)| sealed_by(&scene().bob, forge);
    let unsigned = Aside("is not signed by the member it names");
    let forged =
        |forger: &mut Forger| alter_change(forger, "Registrar", |change| change.replace("Registrar", "Forged"));
    shown("a change in an owner's name", &by_bob(&forged), unsigned);
    shown("a change dated anew", &by_bob(&|forger| alter_change(forger, "Registrar", redated)), unsigned);
    // Not the newest of its machine, by which a copy that went back is told.
    let left_out = |forger: &mut Forger| forger.changes().retain(|change| !change.to_string().contains("Registrar"));
    let nobody = |change: &str| change.replacen("\"by\":\"", "\"by\":\"AA", 1);
    shown("a change of nobody's", &by_bob(&|forger| alter_change(forger, "Registrar", nobody)), unsigned);
    shown("a change left out", &by_bob(&left_out), Nothing);
    shown(
        "no changes",
        &by_bob(&|forger| forger.changes().clear()),
        Back("changes that were in it before are missing"),
    );
    let older = Back("its list of members is older");
    shown("its last link left out", &by_bob(&|forger| drop(forger.links().pop())), older);
    roster_forgeries("bob", &scene().bob);
    let alone = by_bob(&|forger| forger.grant_only(&scene().bob.member));
    for (who, keys) in [("maya", &scene().maya), ("vera", &scene().vera)] {
        shown_to(&format!("only his grant, to {who}"), keys, &alone, Nothing);
    }
}

/// Carol was removed: she has the keys of the epochs she was in.
#[test]
fn what_somebody_seals_who_was_removed_is_set_aside() {
    let gone = Aside("carol was removed");
    let storage = Storage::default();
    storage.shelf().put(&scene().with_carol);
    let mut carol = Machine::second(&storage, &scene().carol);
    carol.add("Carol was here");
    shown("her working copy", &carol.sealed(), gone);
    let by_carol = |forge: &dyn Fn(&mut Forger)| {
        let mut forger = Forger::opens(&scene().with_carol, &scene().carol.member);
        forge(&mut forger);
        forger.sealed()
    };
    let back = Back("it is of epoch");
    shown("what she had", &by_carol(&|_| {}), back);
    shown("an element that is no change", &by_carol(&|forger| forger.changes().push(json!({"entry": "x"}))), back);
    shown("something of tomorrow", &by_carol(&|forger| forger.body["more"] = json!("and more")), back);
    shown("a change left out", &by_carol(&|forger| drop(forger.changes().remove(0))), back);
    let epoch = scene_epoch();
    let grants_of_today = |forger: &mut Forger| {
        forger.header.epoch = epoch;
        forger.header.grants.clear();
        scene().members().iter().for_each(|(_, keys)| forger.grant(&keys.member.public().exchange));
    };
    let not_named = Aside("its epoch is not the one its roster names");
    shown("her old key in today's epoch", &by_carol(&grants_of_today), not_named);
    let links_of_carol = by_carol(&|forger| forger.add_link(&links()[0].1));
    shown("a link of hers", &links_of_carol, Aside("signed by somebody who is not an owner"));
    // Today's file under her signature, and something that opens for nobody.
    shown("today's file", &signed(taken_apart(&scene().today), &scene().carol.member), gone);
    let mut nothing = taken_apart(&scene().today);
    nothing.body.reverse();
    nothing.header.grants.clear();
    let nothing = signed(nothing, &scene().carol.member);
    stuck("something that opens for nobody", &nothing, |error| *error == VaultError::NotAMember);
}

fn scene_epoch() -> u64 {
    Locked::read(&scene().today, &LIMITS).unwrap().epoch()
}

/// Dan was an owner, and is an editor now: no link of his counts any more.
#[test]
fn what_an_owner_of_the_past_adds_is_set_aside() {
    let mut dan = Forger::opens(&scene().before_demotion, &scene().dan.member);
    let old = dan.sealed();
    shown("what he had", &old, Back("it is of epoch"));
    dan.add_link(&links()[0].1);
    shown("an invite of his", &dan.sealed(), Aside("changed by somebody who is not an owner"));
    // Somebody whom he makes an owner signs the file.
    let mut dan = Forger::opens(&scene().before_demotion, &scene().dan.member);
    let accomplice = stranger();
    let base64 = |bytes: [u8; 32]| data_encoding::BASE64.encode(&bytes);
    let (sign, exchange) = (base64(accomplice.public().sign), base64(accomplice.public().exchange));
    dan.add_link(&json!({"op": "admit", "name": "eve", "role": "owner", "sign": sign, "exchange": exchange}));
    shown("an owner of his making", &dan.sealed(), Aside("what the recovery code alone may"));
    // A recovery code of his making: its key signs no file, and his link is no owner's.
    let recovery = json!({"op": "recovery", "sign": sign, "exchange": exchange});
    let mut dan = Forger::opens(&scene().before_demotion, &scene().dan.member);
    dan.add_link(&recovery);
    shown("a recovery code of his making", &dan.sealed(), Aside("changed by somebody who is not an owner"));
    dan.signer = accomplice;
    shown("a file that it signs", &dan.sealed(), Aside("signed with the recovery code's key"));
    let mut dan = Forger::opens(&scene().today, &scene().dan.member);
    dan.add_link(&links()[0].1);
    shown("an invite of his today", &dan.sealed(), Aside("signed by somebody who is not an owner"));
}
