//! By an invite's code, and against a member.

use tickey::vault::seal::{Grant, open_grant};
use tickey::vault::sharing::Deed;

use super::rosters::roster_forgeries;
use super::*;

/// Whoever has an invite's code can read, leave a record, and pass on what members signed: nothing else.
#[test]
fn of_what_comes_by_an_invite_only_records_and_what_members_signed_are_taken() {
    let by_eve = |forge: &dyn Fn(&mut Forger)| sealed_by(&scene().eve, forge);
    let forged =
        |forger: &mut Forger| alter_change(forger, "Registrar", |change| change.replace("Registrar", "Forged"));
    shown("all of it", &by_eve(&|_| {}), Nothing);
    shown("a change in an owner's name", &by_eve(&forged), Aside("not signed by the member it names"));
    shown("an element that is no change", &by_eve(&|forger| forger.changes().push(json!({"entry": "x"}))), Nothing);
    shown("something of tomorrow", &by_eve(&|forger| forger.body["more"] = json!("and more")), Nothing);
    shown("a record of nobody's", &by_eve(&|forger| forger.body["joins"] = record_of_nobody()), Nothing);
    let missing = Back("changes that were in it before are missing");
    shown("no changes", &by_eve(&|forger| forger.changes().clear()), missing);
    shown(
        "its last link left out",
        &by_eve(&|forger| drop(forger.links().pop())),
        Back("its list of members is older"),
    );
    roster_forgeries("eve", &scene().eve);
    // A code that was ended opens what lay there before, and its file is nobody's.
    shown(
        "a code that was ended",
        &signed(taken_apart(&scene().today), &scene().ended.member),
        Aside("not in its roster"),
    );
    let mut before = Forger::opens(&scene().before_last_link, &scene().eve.member);
    before.signer = scene().ended.member.clone();
    shown("by a code that was ended", &before.sealed(), Aside("not in its roster"));
}

fn record_of_nobody() -> Value {
    json!([{"join": "e30=", "invited": "AAAA", "signature": "AAAA"}])
}

#[test]
fn an_invite_that_is_used_twice_lets_nobody_in_and_one_that_was_used_lets_in_nobody_else() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    maya.sync(&mut storage.honest());
    let code = maya.invite("dan", Role::Editor);
    maya.sync(&mut storage.honest());
    let mut dan = Machine::join(&storage, &code);
    let eve = Machine::join(&storage, &code);
    dan.sync(&mut storage.honest());
    // Eve's record beside Dan's: one file with both.
    let mut both = Forger::opens(storage.shelf().bytes().unwrap(), &invited(&eve.vault.link_keys()).member);
    let of_eve = Forger::opens(&eve.sealed(), &both.signer).body["joins"][0].clone();
    both.body["joins"].as_array_mut().unwrap().push(of_eve);
    storage.shelf().put(&both.sealed());
    let synced = maya.sync(&mut storage.honest());
    let doubled = Deed::Doubled("dan".into());
    assert_eq!(synced.notices, [Notice::Deed(doubled)]);
    assert!(maya.vault.members().iter().all(|member| member.name != "dan"));
    let newcomers = maya.vault.newcomers();
    assert_eq!(newcomers.len(), 2);
    let of_dan = newcomers.iter().find(|newcomer| newcomer.keys == dan.vault.link_keys().member.public()).unwrap();
    maya.save(maya.vault.admit(of_dan, now(0), &mut Os).unwrap());
    maya.sync(&mut storage.honest());
    // Eve puts her file there again.
    let before = maya.vault.clone();
    for again in [both.sealed(), eve.sealed()] {
        storage.shelf().put(&again);
        let synced = maya.sync(&mut storage.honest());
        assert!(matches!(&synced.notices[..], [Notice::WentBack(_)]), "{:?}", synced.notices);
        assert!(maya.vault == before);
    }
    dan.sync(&mut storage.honest());
    assert!(dan.vault.may_edit().is_ok());
    assert_eq!(dan.vault.members().len(), 3);
}

/// An owner starts an epoch, and an editor passes it on without a colleague's grant: who takes it in seals to everybody again.
#[test]
fn a_member_left_out_by_an_editor_is_let_in_again_by_the_next() {
    for with_another_in_its_place in [false, true] {
        let storage = Storage::default();
        storage.shelf().put(&scene().today);
        let [mut maya, mut bob, mut vera] =
            [&scene().maya, &scene().bob, &scene().vera].map(|keys| Machine::second(&storage, keys));
        for machine in [&mut bob, &mut vera] {
            machine.sync(&mut storage.honest());
        }
        maya.remove("dan");
        maya.sync(&mut storage.honest());
        let mut forger = Forger::opens(storage.shelf().bytes().unwrap(), &scene().maya.member);
        let (id, epoch) = (forger.header.vault, forger.header.epoch);
        let for_vera = |grant: &Grant| open_grant(grant, &scene().vera.member, &id, epoch).is_some();
        forger.header.grants.retain(|grant| !for_vera(grant));
        if with_another_in_its_place {
            forger.grant(&stranger().public().exchange);
        }
        forger.signer = scene().bob.member.clone();
        storage.shelf().put(&forger.sealed());
        assert!(matches!(vera.try_sync(&mut storage.honest()), Err(SyncError::Vault(VaultError::NotAMember))));
        bob.sync(&mut storage.honest());
        if with_another_in_its_place {
            // How many there are is seen at once; whose they are, only by whom they are for.
            bob.add("Next");
            bob.sync(&mut storage.honest());
        }
        vera.sync(&mut storage.honest());
        assert_eq!(vera.vault.epoch(), epoch);
        assert!(vera.issuers() == bob.issuers());
    }
}
