//! Passphrase slots of a personal vault.

use tickey::vault::Cost;
use tickey::vault::file::Slot;

use super::*;

/// A vault of one, with its older passphrase's file.
pub(super) struct Personal {
    pub today: Vec<u8>,
    older: Vec<u8>,
    vault: Unlocked,
    old_key: LinkKeys,
}

const CHEAP: Cost = Cost { m_kib: 19 * 1024, t: 2, p: 1 };

pub(super) fn personal() -> &'static Personal {
    static PERSONAL: OnceLock<Personal> = OnceLock::new();
    PERSONAL.get_or_init(|| {
        let mut laptop =
            Machine::with(Unlocked::found("maya", &"one".into(), CHEAP, &LIMITS, now(0), &mut Os).unwrap().vault);
        laptop.add("Site");
        let (older, old_key) = (laptop.sealed(), laptop.vault.link_keys());
        let vault = laptop.vault.change_passphrase(&"two".into(), CHEAP, &LIMITS, now(0), &mut Os).unwrap();
        Personal { today: vault.seal(&mut Os).unwrap(), older, vault, old_key }
    })
}

#[test]
fn the_slots_of_a_personal_vault_are_bound_to_all_else() {
    let personal = personal();
    let (today, older) = (taken_apart(&personal.today), taken_apart(&personal.older));
    let cheap = Unlocked::found("maya", &"one".into(), CHEAP, &LIMITS, now(0), &mut Os).unwrap().vault;
    let other = taken_apart(&cheap.seal(&mut Os).unwrap());
    let check = |what: &str, forgery: &[u8], said: Said| {
        let storage = Storage::default();
        storage.shelf().put(&personal.today);
        let mut machine = Machine::with(personal.vault.clone());
        machine.sync(&mut storage.honest());
        storage.shelf().put(forgery);
        let synced = machine.sync(&mut storage.honest());
        let named = synced.notices.iter().any(|notice| match (said, notice) {
            (Aside(words), Notice::SetAside(why, _)) | (Back(words), Notice::WentBack(why)) => why.contains(words),
            _ => false,
        });
        assert!(named, "{what}: {:?}", synced.notices);
        assert!(machine.vault == personal.vault, "{what}");
        assert_eq!(machine.aside(), [forgery], "{what}");
        let there = storage.shelf().bytes().unwrap().clone();
        let locked = Locked::read(&there, &LIMITS).unwrap();
        assert_eq!(locked.costs(), [CHEAP], "{what}");
        assert!(locked.unlock(&"two".into(), &LIMITS).unwrap().entries().eq(personal.vault.entries()), "{what}");
        assert_eq!(locked.unlock(&"one".into(), &LIMITS), Err(VaultError::WrongPassphrase), "{what}");
    };
    let with = |forge: &dyn Fn(&mut Vec<Slot>)| {
        let mut file = today.clone();
        forge(&mut file.header.slots);
        signed(file, &stranger())
    };
    let body = Aside("its body does not belong to its header");
    check("cheaper memory", &with(&|slots| slots[0].cost.m_kib -= 1), Aside("too weak"));
    check("far too cheap", &with(&|slots| slots[0].cost.m_kib = 8), Aside("too weak"));
    check("dearer memory", &with(&|slots| slots[0].cost.m_kib = 1 << 20), body);
    check("far too dear", &with(&|slots| slots[0].cost.m_kib = u32::MAX), Aside("4096 MiB are allowed"));
    check("more passes", &with(&|slots| slots[0].cost.t = 60), body);
    check("passes without end", &with(&|slots| slots[0].cost.t = u32::MAX), Aside("2 to 64 are allowed"));
    check("lanes", &with(&|slots| slots[0].cost.p = 17), Aside("1 to 16 are allowed"));
    check("another salt", &with(&|slots| slots[0].salt = [0; 16]), body);
    check("no slot", &with(&|slots| slots.clear()), body);
    check("the slot twice", &with(&|slots| slots.push(slots[0].clone())), body);
    check("too many slots", &with(&|slots| *slots = vec![slots[0].clone(); 5]), Aside("key slots"));
    check("the old passphrase's slot", &with(&|slots| slots.clone_from(&older.header.slots)), body);
    check("that one as well", &with(&|slots| slots.extend(older.header.slots.clone())), body);
    check("another vault's slot", &with(&|slots| slots.clone_from(&other.header.slots)), body);
    check("the old passphrase's file", &personal.older, Back("sealed before the key in use here"));
    // Who knows the old passphrase can seal with the old key.
    let mut forger = Forger::opens(&personal.older, &personal.old_key.member);
    forger.changes().clear();
    check("emptied by the old passphrase", &forger.sealed(), Back("sealed before the key in use here"));
}
