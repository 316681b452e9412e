//! What happens while a sync is under way: another program of this machine, an owner who acts, a server that refuses, a user who ends it.

use tickey::runtime::clock::Os;
use tickey::store::remote::{Guarantees, Read, Remote, RemoteError, Tag, Trouble, Written};
use tickey::store::sync::{Notice, SyncError};
use tickey::vault::Edit;
use tickey::vault::rekey::LinkKeys;
use tickey::vault::roster::Role;
use tickey::vault::seal::MemberKey;

use crate::machine::{Machine, details, new_id};
use crate::storage::{Client, Storage};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Request {
    Read,
    Write,
}

/// A way to the storage on which something happens before each request.
struct Meanwhile<'a> {
    inner: Client,
    happens: &'a mut (dyn FnMut(Request) -> Result<(), RemoteError> + Send),
}

impl Remote for Meanwhile<'_> {
    fn read(&mut self, known: Option<&Tag>) -> Result<Read, RemoteError> {
        (self.happens)(Request::Read)?;
        self.inner.read(known)
    }

    fn write(&mut self, bytes: &[u8], expected: Option<&Tag>) -> Result<Written, RemoteError> {
        (self.happens)(Request::Write)?;
        self.inner.write(bytes, expected)
    }

    fn probe(&mut self) -> Result<Guarantees, RemoteError> {
        self.inner.probe()
    }
}

/// The keys of a member's link after a new passphrase with new keys.
fn renewed(machine: &Machine) -> LinkKeys {
    LinkKeys {
        member: MemberKey::random(&mut Os).unwrap(),
        older: vec![machine.vault.link_keys().member],
        invite: None,
    }
}

/// Two windows of Bob's laptop: one syncs, the other saves. Between reading and writing, Maya puts the new key in force that Bob's desktop asked for.
#[test]
fn what_another_window_saves_during_a_sync_outlives_the_key_it_was_signed_with() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    let mut desktop = maya.let_in(&storage, "bob", Role::Editor);
    let mut laptop = Machine::second(&storage, &desktop.vault.link_keys());
    laptop.sync(&mut storage.honest());
    let keys = renewed(&desktop);
    for machine in [&mut desktop, &mut laptop] {
        machine.save(machine.vault.with_keys(&keys));
    }
    desktop.sync(&mut storage.honest());
    let old = maya.member("bob").keys;
    let mut window = laptop.window();
    let id = new_id();
    let (mut saved, mut given) = (false, false);
    let mut happens = |request| {
        if request == Request::Read && !saved {
            saved = true;
            window.edit(&[Edit::Add(id, Box::new(details("From the other window")))]);
        }
        if request == Request::Write && !given {
            given = true;
            maya.sync(&mut storage.honest());
        }
        Ok(())
    };
    laptop.sync(&mut Meanwhile { inner: storage.honest(), happens: &mut happens });
    assert!(saved && given);
    maya.sync(&mut storage.honest());
    assert!(maya.member("bob").keys != old, "the new key is in force");
    assert_eq!(maya.issuers(), ["From the other window"]);
    assert_eq!(maya.vault.history(id)[0].by, "bob");
    assert!(maya.vault.set_aside().is_empty());
}

/// A viewer may have no right to write where the vault lies: then the request for a new key waits, and reading goes on.
#[test]
fn a_viewer_whose_request_is_refused_is_told_and_reads_on() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    let mut vera = maya.let_in(&storage, "vera", Role::Viewer);
    vera.save(vera.vault.with_keys(&renewed(&vera)));
    maya.add("New");
    maya.sync(&mut storage.honest());
    let refuse = |request| match request {
        Request::Read => Ok(()),
        Request::Write => Err(RemoteError::new(Trouble::Refused, "memory", "403")),
    };
    let synced = vera.sync(&mut Meanwhile { inner: storage.honest(), happens: &mut { refuse } });
    assert!(
        matches!(&synced.notices[..], [.., Notice::KeyWaits(why)] if why.contains("memory")),
        "{:?}",
        synced.notices
    );
    assert_eq!(vera.issuers(), ["New"]);
    let old = maya.member("vera").keys;
    vera.sync(&mut storage.honest());
    maya.sync(&mut storage.honest());
    assert!(maya.member("vera").keys != old, "asked again where it may");
    // An editor whose changes are refused is told that nothing was sent.
    maya.add("Unsent");
    let error = maya.try_sync(&mut Meanwhile { inner: storage.honest(), happens: &mut { refuse } }).unwrap_err();
    assert!(matches!(&error, SyncError::Remote(error) if error.kind() == Trouble::Refused), "{error}");
}

#[test]
fn a_request_that_is_cancelled_ends_the_sync_as_cancelled() {
    let (storage, mut maya) = (Storage::default(), Machine::founder());
    for when in [Request::Read, Request::Write] {
        let mut happens = |request| match request == when {
            true => Err(RemoteError::new(Trouble::Cancelled, "memory", "")),
            false => Ok(()),
        };
        let error = maya.try_sync(&mut Meanwhile { inner: storage.honest(), happens: &mut happens }).unwrap_err();
        assert!(matches!(error, SyncError::Cancelled), "{error}");
    }
}

/// Whoever waits to be let in cannot write for the others.
#[test]
fn a_newcomer_leaves_an_empty_remote_empty() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    let code = maya.invite("bob", Role::Editor);
    maya.sync(&mut storage.honest());
    let mut bob = Machine::join(&storage, &code);
    storage.shelf().now = None;
    bob.sync(&mut storage.honest());
    assert!(storage.shelf().now.is_none());
}
