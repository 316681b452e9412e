//! Storage whose keeper makes files of their own: from outside, as a viewer, as somebody who was removed or demoted, with an invite's code, as an editor.
//!
//! Each is put before every member's machine, which must name it for what it is, take nothing of it, and put its own copy back.

mod invites;
mod members;
mod rosters;
mod slots;
mod stranger;

use std::sync::OnceLock;

use serde_json::{Value, json};
use tickey::runtime::clock::Os;
use tickey::store::memory;
use tickey::store::sync::{Notice, SyncError};
use tickey::vault::rekey::LinkKeys;
use tickey::vault::roster::Role;
use tickey::vault::{Locked, Unlocked, VaultError};

use crate::forger::{Forger, signed, stranger, taken_apart};
use crate::machine::{LIMITS, Machine, now};
use crate::storage::Storage;

/// A team, and everybody who ever had a key of theirs.
struct Scene {
    /// What lies at the remote.
    today: Vec<u8>,
    /// What lay there when Carol was in, before one role was changed, and before the newest link, which starts no epoch.
    with_carol: Vec<u8>,
    before_demotion: Vec<u8>,
    before_last_link: Vec<u8>,
    maya: LinkKeys,
    bob: LinkKeys,
    vera: LinkKeys,
    /// An editor who was removed.
    carol: LinkKeys,
    /// An owner who was made an editor.
    dan: LinkKeys,
    /// Has an open invite's code, and a code whose invite was ended.
    eve: LinkKeys,
    ended: LinkKeys,
}

impl Scene {
    /// Those whose machines look at the remote.
    fn members(&self) -> [(&'static str, &LinkKeys); 3] {
        [("maya", &self.maya), ("bob", &self.bob), ("vera", &self.vera)]
    }
}

fn invited(keys: &LinkKeys) -> LinkKeys {
    LinkKeys::of(keys.invite.clone().unwrap())
}

fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let storage = Storage::default();
        let there = || storage.shelf().bytes().unwrap().clone();
        let mut maya = Machine::founder();
        maya.add("Registrar");
        let gone = maya.add("To be forgotten");
        let bob = maya.let_in(&storage, "bob", Role::Editor);
        let vera = maya.let_in(&storage, "vera", Role::Viewer);
        let mut carol = maya.let_in(&storage, "carol", Role::Editor);
        let dan = maya.let_in(&storage, "dan", Role::Editor);
        carol.sync(&mut storage.honest());
        carol.add("By Carol");
        carol.sync(&mut storage.honest());
        maya.add("Mail");
        maya.sync(&mut storage.honest());
        let with_carol = there();
        maya.remove("carol");
        maya.save(
            maya.vault
                .set_role(&maya.member("dan"), Role::Owner, now(0), &mut tickey::runtime::clock::Os)
                .unwrap()
                .vault,
        );
        maya.sync(&mut storage.honest());
        let before_demotion = there();
        maya.save(
            maya.vault
                .set_role(&maya.member("dan"), Role::Editor, now(0), &mut tickey::runtime::clock::Os)
                .unwrap()
                .vault,
        );
        let code = maya.invite("frank", Role::Viewer);
        maya.sync(&mut storage.honest());
        let ended = Machine::join(&storage, &code).vault.link_keys();
        let invite = maya.vault.roster().invites()[0].clone();
        maya.save(maya.vault.end_invite(&invite, now(0), &mut Os).unwrap());
        let code = maya.invite("eve", Role::Editor);
        maya.sync(&mut storage.honest());
        let eve = Machine::join(&storage, &code).vault.link_keys();
        let before_last_link = there();
        maya.save(maya.vault.purge(&[gone], now(0)).unwrap());
        maya.sync(&mut storage.honest());
        let [maya, bob, vera, carol, dan] = [maya, bob, vera, carol, dan].map(|machine| machine.vault.link_keys());
        let (eve, ended) = (invited(&eve), invited(&ended));
        Scene { today: there(), with_carol, before_demotion, before_last_link, maya, bob, vera, carol, dan, eve, ended }
    })
}

/// What a machine must say of a forgery.
#[derive(Clone, Copy)]
enum Said {
    /// Refused with these words and kept aside.
    Aside(&'static str),
    /// Told as a copy that went back, in these words.
    Back(&'static str),
    /// Nothing: there was nothing in it to take or to miss.
    Nothing,
}
use Said::{Aside, Back, Nothing};

/// Shows the forgery to each member's machine, which knows better.
fn shown(what: &str, forgery: &[u8], said: Said) {
    for (who, keys) in scene().members() {
        shown_to(&format!("{what}, to {who}"), keys, forgery, said);
    }
}

fn shown_to(what: &str, keys: &LinkKeys, forgery: &[u8], said: Said) {
    let storage = Storage::default();
    storage.shelf().put(&scene().today);
    let mut machine = Machine::second(&storage, keys);
    machine.sync(&mut storage.honest());
    let before = machine.vault.clone();
    storage.shelf().put(forgery);
    let synced = machine.sync(&mut storage.honest());
    assert!(machine.vault == before, "{what}: something of it was taken");
    machine.reopen();
    assert!(machine.vault == before, "{what}: something of it is in the working copy");
    let words = |notice: &Notice| match (said, notice) {
        (Aside(words), Notice::SetAside(why, _)) | (Back(words), Notice::WentBack(why)) => why.contains(words),
        _ => false,
    };
    match said {
        Nothing => assert!(!synced.notices.iter().any(is_alarm), "{what}: {:?}", synced.notices),
        _ => assert!(synced.notices.iter().any(words), "{what}: {:?}", synced.notices),
    }
    let kept = if matches!(said, Aside(_)) { vec![forgery.to_vec()] } else { Vec::new() };
    assert!(machine.aside() == kept, "{what}: what was kept aside");
    // What is missing and was missed by nobody, only who may write puts there again.
    if matches!(said, Nothing) && machine.vault.may_edit().is_err() {
        let mut notices = synced.notices.iter().filter(|notice| !matches!(notice, Notice::BadRecord(_)));
        assert!(notices.next() == Some(&Notice::ViewerAhead) && notices.next().is_none(), "{what}");
        return;
    }
    let there = storage.shelf().bytes().unwrap().clone();
    for (who, keys) in scene().members() {
        let opened = Locked::read(&there, &LIMITS).unwrap().open_from_elsewhere(keys).unwrap();
        assert!(opened.seen() == before.seen() && opened.entries().eq(before.entries()), "{what}: for {who}");
    }
    let again = machine.sync(&mut storage.honest());
    assert!(again.notices.is_empty() && again.sent == 0 && again.received == 0, "{what}: it comes to rest");
}

fn is_alarm(notice: &Notice) -> bool {
    matches!(notice, Notice::SetAside(..) | Notice::WentBack(_))
}

/// Shows something that no machine can tell from what it may be: nothing is changed on either side.
fn stuck(what: &str, forgery: &[u8], named: fn(&VaultError) -> bool) {
    for (who, keys) in scene().members() {
        let storage = Storage::default();
        storage.shelf().put(&scene().today);
        let mut machine = Machine::second(&storage, keys);
        machine.sync(&mut storage.honest());
        let before = machine.vault.clone();
        storage.shelf().put(forgery);
        match machine.try_sync(&mut storage.honest()) {
            Err(SyncError::Vault(error)) if named(&error) => {}
            other => panic!("{what}, to {who}: {other:?}"),
        }
        assert!(machine.vault == before && storage.shelf().bytes().unwrap() == forgery, "{what}, to {who}");
        let remembered = memory::read(&machine.home, &machine.vault.vault_id());
        assert!(!remembered.shut_out, "{what}: {who} may edit on, no owner has signed it");
    }
}

fn sealed_by(key: &LinkKeys, forge: impl Fn(&mut Forger)) -> Vec<u8> {
    let mut forger = Forger::opens(&scene().today, &key.member);
    forge(&mut forger);
    forger.sealed()
}

/// A change's exact bytes, altered.
fn alter_change(forger: &mut Forger, with: &str, alter: impl Fn(&str) -> String) {
    let changes = forger.changes();
    let place = changes.iter().position(|change| change.to_string().contains(with)).unwrap();
    let altered = alter(&changes[place].to_string());
    assert_ne!(altered, changes[place].to_string());
    changes[place] = serde_json::from_str(&altered).unwrap();
}

fn redated(change: &str) -> String {
    let at = change.split_once("\"at\":\"").unwrap().1.split_at(12).0.to_owned();
    change.replacen(&at, "0fffffffffff", 1)
}
