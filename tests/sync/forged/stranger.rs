//! From outside: no key of the vault's, only its versions and those of other vaults.

use tickey::vault::file::File;

use super::slots::personal;
use super::*;

#[test]
fn parts_of_two_versions_are_damage() {
    // Bytes that make no sense are looked at several times, each later than the last: all at once, then.
    let (one, two) = (taken_apart(&scene().today), taken_apart(&scene().with_carol));
    let mixed = [
        ("the header", File { header: two.header, header_bytes: two.header_bytes, ..one.clone() }),
        ("the body", File { body: two.body, ..one.clone() }),
        ("the nonce", File { nonce: two.nonce, ..one.clone() }),
        ("the author", File { author: scene().bob.member.public().sign, ..one.clone() }),
        ("the signature", File { signature: two.signature, ..one.clone() }),
    ];
    std::thread::scope(|scope| {
        for (what, file) in &mixed {
            for (who, keys) in scene().members() {
                let what = format!("{what}, to {who}");
                scope.spawn(move || shown_to(&what, keys, &file.write().unwrap(), Aside("signature does not hold")));
            }
        }
    });
}

/// Whoever keeps the storage signs with keys of their own, and has no key to open anything.
#[test]
fn what_a_stranger_signs_is_nobodys() {
    let scene = scene();
    let (today, older) = (taken_apart(&scene.today), taken_apart(&scene.with_carol));
    let other = taken_apart(&Machine::founder().sealed());
    let with = |forge: &dyn Fn(&mut File)| {
        let mut file = today.clone();
        forge(&mut file);
        signed(file, &stranger())
    };
    let body = Aside("its body does not belong to its header");
    let unopened = Aside("sealed to nobody here");
    shown("all of it", &with(&|_| {}), Aside("its author is not in its roster"));
    shown("an older one", &signed(older.clone(), &stranger()), Aside("its author is not in its roster"));
    shown("grants in another order", &with(&|file| file.header.grants.reverse()), body);
    shown("a grant twice", &with(&|file| file.header.grants.push(file.header.grants[0].clone())), body);
    shown("no grants", &with(&|file| file.header.grants.clear()), unopened);
    shown("grants of an older one", &with(&|file| file.header.grants.clone_from(&older.header.grants)), unopened);
    shown("grants of another vault", &with(&|file| file.header.grants.clone_from(&other.header.grants)), unopened);
    shown("an older epoch", &with(&|file| file.header.epoch -= 1), unopened);
    shown("the older header", &with(&|file| file.header = older.header.clone()), body);
    shown("the older body", &with(&|file| (file.body, file.nonce) = (older.body.clone(), older.nonce)), body);
    shown("the other's body", &with(&|file| file.body.clone_from(&other.body)), body);
    shown(
        "too many grants",
        &with(&|file| file.header.grants = vec![file.header.grants[0].clone(); 1025]),
        Aside("grants"),
    );
    let slots = taken_apart(&personal().today).header.slots;
    shown("a slot", &with(&|file| file.header.slots.clone_from(&slots)), body);
    shown("too many slots", &with(&|file| file.header.slots = vec![slots[0].clone(); 5]), Aside("key slots"));
    let dear = |file: &mut tickey::vault::file::File| {
        file.header.slots.clone_from(&slots);
        file.header.slots[0].cost.m_kib = u32::MAX;
    };
    shown("a slot that costs too much", &with(&dear), Aside("4096 MiB are allowed"));
    // Another vault, of the same name and founder's name; and under this one's id.
    let namesake = Machine::founder();
    shown("another vault", &namesake.sealed(), Aside("another vault lies in its place"));
    let mut posing = Forger::opens(&namesake.sealed(), &namesake.vault.link_keys().member);
    posing.header.vault = today.header.vault;
    shown("another vault under this id", &posing.sealed(), unopened);
    // What cannot be told from a vault that went on without us.
    stuck("a later epoch", &with(&|file| file.header.epoch += 1), |error| *error == VaultError::NotAMember);
    let newer = String::from_utf8(scene.today.clone()).unwrap().replacen("\"header\":\"", "\"header\":\"e30=", 1);
    let newer = newer.replacen("{\"tickey\":1", "{\"tickey\":2", 1);
    stuck("a later format", newer.as_bytes(), |error| matches!(error, VaultError::Newer(_)));
}
