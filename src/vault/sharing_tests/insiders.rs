//! What members with altered programs could try, and come to nothing with.

use super::*;
use crate::vault::change::{self, Author, Set};
use crate::vault::document::Document;
use crate::vault::join::Join;
use crate::vault::records::Record;
use crate::vault::seal::MemberKey;

#[test]
fn a_viewer_brings_nothing_with_a_copy_that_has_no_new_change() {
    let (mut maya, _, mut vera, _) = team();
    let refused = maya.accept(&vera.seal()).unwrap_err();
    assert!(matches!(refused, VaultError::NotEntitled(words)  if words.contains("vera")));
}

#[test]
fn what_carries_no_signature_is_not_carried_in_a_shared_vault() {
    let (maya, ..) = team();
    let body = String::from_utf8(maya.vault.document.write().unwrap().to_vec()).unwrap();
    let body = body.replacen("\"entries\":[", "\"entries\":[1,{\"entry\":\"x\"},", 1);
    let body = format!("{},\"settings\":\"theirs\"}}", body.trim_end().strip_suffix('}').unwrap());
    assert_eq!(Document::read(&maya.vault.id(), body.as_bytes()).unwrap(), maya.vault.document);
}

#[test]
fn who_was_left_out_by_an_editor_comes_back() {
    let (mut maya, mut bob, vera, _) = team();
    bob.add(2, "Cloud root");
    let mut malicious = bob.clone();
    malicious.vault.header.grants.clear();
    malicious.vault.header.grants.extend(bob.vault.header.grants.iter().filter_map(|grant| {
        let (key, header) = (bob.vault.link_keys().member, &bob.vault.header);
        crate::vault::seal::open_grant(grant, &key, &header.vault, header.epoch).map(|_| grant.clone())
    }));
    let written = malicious.seal();
    let keys = vera.vault.link_keys();
    let opens = |bytes: &[u8]| Locked::read(bytes, &LIMITS).unwrap().open_working_copy(&keys);
    assert!(matches!(opens(&written), Err(VaultError::NotAMember)));
    let accepted = maya.accept(&written).unwrap();
    assert!(!accepted.holds_all, "it has to be written again");
    assert_eq!(accepted.vault.entry(id(2)).unwrap().details.issuer.as_str(), "Cloud root");
    // Somebody who has a grant of their own notices nothing, and mends it with the next thing they write.
    assert!(opens(&malicious.vault.seal_to_all(&mut FixedRandom::new(5)).unwrap()).is_ok());
}

#[test]
fn an_entry_is_hidden_from_nobody() {
    let (mut maya, mut bob, ..) = team();
    bob.now += 1_000;
    let at = bob.clock.tick(bob.now, bob.vault.newest()).unwrap();
    let author = Author::new(&bob.vault.link_keys().member, Some(bob.vault.id()));
    bob.vault = bob.vault.with(&[change::write(id(1), at, &[Set::new("kind", "link", Vec::new())], &author).unwrap()]);
    let written = bob.seal();
    maya.vault = maya.accept(&written).unwrap().vault;
    assert!(maya.vault.entry(id(1)).unwrap().problem.is_some());
    assert!(maya.vault.links().is_empty());
}

#[test]
fn a_newcomer_takes_no_name_that_reads_like_anothers() {
    let (mut maya, ..) = team();
    let code = maya.invite("Zoe", Role::Editor);
    let roster = maya.vault.roster();
    let invite = code.invite(roster).unwrap();
    let own = MemberKey::random(&mut FixedRandom::new(6)).unwrap();
    for (name, may) in
        [("Zoe", true), ("Recovery", false), ("maya\u{200b}", false), (" maya", false), ("\u{1b}[2J", false)]
    {
        let join = Join::write(roster, invite, &code.key(roster.vault()).unwrap(), &own, name, NOON).unwrap();
        assert_eq!(join.verify(roster).is_ok(), may, "{name:?}");
    }
}
