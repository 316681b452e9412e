//! Every forgery that a storage, or a member with access to it, could try.

use super::*;

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
        let refused = maya.accept(&file.write().unwrap()).unwrap_err();
        assert!(matches!(refused, VaultError::Damaged(_)), "{refused}");
    }
}

/// Signs a file anew, as a member with an altered program could.
fn signed_again(mut file: File, machine: &Machine) -> Vec<u8> {
    let member = machine.vault.link_keys().member;
    file.author = member.public().sign;
    file.signature = member.sign(&signed_text(&file.header_bytes, &file.nonce, &file.body));
    file.write().unwrap()
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
