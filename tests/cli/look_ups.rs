//! Names and ids that a colleague planted in a shared vault: no command takes them for one's own.

use std::time::Duration;

use tickey::otp::uri;
use tickey::runtime::clock::Os;
use tickey::secret::Text;
use tickey::store::disk;
use tickey::store::paths::Home;
use tickey::vault::{Clock, Details, Edit, EntryId, Limits, Locked, Stamp, Unlocked};

use crate::{PASSPHRASE, RFC, User, errors};

const LIMITS: Limits = Limits { ram: 8 << 30 };
const THEIRS: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// A user with a personal and a shared vault.
fn user() -> User {
    let user = User::with_vault();
    user.run(&["vault", "create", "ops", "--as", "maya"]).success();
    user
}

/// The shared vault as its members open it.
fn ops(user: &User) -> (Unlocked, disk::Tag) {
    let home = home(user);
    let (bytes, _) = disk::read(&user.vault()).unwrap();
    let personal = Locked::read(&bytes, &LIMITS).unwrap().unlock(&Text::from(PASSPHRASE), &LIMITS).unwrap();
    let (bytes, tag) = disk::read(&home.vault(Some("ops"))).unwrap();
    let (_, link) = personal.links().remove(0);
    (Locked::read(&bytes, &LIMITS).unwrap().open_working_copy(&link.keys).unwrap(), tag)
}

fn home(user: &User) -> Home {
    Home { data: user.path("data/tickey"), state: user.path("state/tickey"), config: user.path("config/tickey") }
}

/// What an editor's altered program can do: an entry of any name under any id.
fn plant(user: &User, id: EntryId, link: &str) {
    let labelled = uri::parse(link).unwrap();
    let details = Details::new(labelled.otp, labelled.issuer, labelled.account);
    let (vault, tag) = ops(user);
    let mut clock = Clock::new(7, Stamp::default());
    let changes = vault.plan(&[Edit::Add(id, Box::new(details))], &mut clock, 1_767_323_042_000).unwrap();
    let (path, vault) = (home(user).vault(Some("ops")), vault.with(&changes));
    disk::save(&path, Some(&tag), &vault, &LIMITS, Duration::from_secs(10), 1_767_323_042_000, &mut Os).unwrap();
}

fn bytes(user: &User) -> [Vec<u8>; 2] {
    ["personal", "ops"].map(|name| std::fs::read(home(user).vault(Some(name))).unwrap())
}

#[test]
fn a_planted_id_redirects_no_command() {
    let user = user();
    let id = user.add(&format!("otpauth://totp/Bank:maya?secret={RFC}&digits=8"));
    let trashed = user.add(&format!("otpauth://totp/Old:maya?secret={RFC}"));
    user.run(&["rm", &trashed, "--yes"]).success();
    for id in [&id, &trashed] {
        plant(&user, id.parse().unwrap(), &format!("otpauth://totp/Planted:eve?secret={THEIRS}"));
    }
    let before = bytes(&user);
    for arguments in [
        &["code", &id][..],
        &["code", &id, "--json"],
        &["show", &id],
        &["show", &id, "--secret"],
        &["show", &id, "--uri"],
        &["show", &id, "--qr"],
        &["show", &trashed],
        &["edit", &id, "--issuer", "Other"],
        &["rm", &id, "--yes"],
        &["rm", &id, "--yes", "--for-good"],
        &["rm", &trashed, "--yes"],
        &["rm", &trashed, "--yes", "--for-good"],
        &["restore", &trashed],
        &["history", &id],
        &["history", &trashed],
        &["conflicts", "settle", &id, "issuer", "1"],
    ] {
        let assert = user.run(arguments).code(4).stdout("");
        let said = errors(&assert);
        assert!(said.contains("--vault personal") && said.contains("--vault ops"), "{arguments:?}: {said}");
    }
    // One of the two is where it shall go: the other one is meant, and it is one's own.
    user.run(&["cp", &id, "ops"]).success();
    assert_eq!(user.output(&["show", "Bank", "--secret", "--vault", "ops"]).trim(), RFC);
    assert_eq!(bytes(&user)[0], before[0], "nothing of one's own was changed");
    assert_eq!(user.output(&["code", &id, "--at", "59", "--vault", "personal"]), "94287082\n");
    assert_eq!(user.output(&["show", &id, "--secret", "--vault", "ops"]).trim(), THEIRS);
    let rows = user.json(&["list", &id]);
    let vaults: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["vault"].as_str().unwrap()).collect();
    assert_eq!(vaults, ["personal", "ops"]);
    user.run(&["restore", &trashed, "--vault", "personal"]).success();
    user.run(&["mv", &id, "ops", "--allow-duplicate"]).success();
    assert!(user.output(&["list", "--trash", "--vault", "personal"]).starts_with("Bank"));
}

#[test]
fn a_planted_name_stands_before_none_of_ones_own() {
    for planted in ["Bank", "BANK", "%20bank%20", "Bank%E2%80%8B"] {
        let user = user();
        user.add(&format!("otpauth://totp/Bank%20Austria:maya?secret={RFC}&digits=8"));
        let id = EntryId::random(&mut Os).unwrap();
        plant(&user, id, &format!("otpauth://totp/{planted}:ops?secret={THEIRS}"));
        let before = bytes(&user);
        for arguments in [
            &["code", "bank"][..],
            &["show", "bank", "--secret"],
            &["edit", "bank", "--issuer", "Other"],
            &["rm", "bank", "--yes"],
            &["history", "bank"],
        ] {
            let assert = user.run(arguments).code(4).stdout("");
            let said = errors(&assert);
            assert!(said.contains("Bank Austria") && said.contains(&id.to_string()), "{planted} {arguments:?}: {said}");
            assert!(said.contains("--vault personal") && said.contains("--vault ops"), "{planted}: {said}");
        }
        assert_eq!(bytes(&user), before);
        assert_eq!(user.output(&["code", "bank austria", "--at", "59"]), "94287082\n", "exact, and one's own");
        assert_eq!(user.output(&["code", "bank", "--at", "59", "--vault", "personal"]), "94287082\n");
        let json = user.json(&["code", "bank", "--vault", "ops"]);
        assert_eq!((json["vault"].as_str(), json["id"].as_str()), (Some("ops"), Some(&*id.to_string())));
    }
}

#[test]
fn what_is_done_in_a_shared_vault_says_its_name() {
    let user = user();
    plant(&user, EntryId::random(&mut Os).unwrap(), &format!("otpauth://totp/Cloud:root?secret={THEIRS}"));
    let said = |arguments: &[&str]| errors(&user.run(arguments).success());
    assert_eq!(said(&["edit", "Cloud", "--note", "x"]), "changed Cloud (root) in ops\n");
    let gone = said(&["rm", "Cloud", "--yes"]);
    assert!(gone.starts_with("moved Cloud (root) in ops to the trash; tickey --vault ops restore "), "{gone}");
    assert_eq!(said(&["restore", "Cloud"]), "restored Cloud (root) in ops\n");
}
