//! Entries that go to another vault, or into two.

use std::os::unix::fs::PermissionsExt;

use crate::{RFC, User};

fn user() -> User {
    let user = User::with_entries();
    user.run(&["vault", "create", "ops", "--as", "maya"]).success();
    user
}

fn names(user: &User, vault: &str) -> Vec<String> {
    let rows = user.json(&["list", "--vault", vault]);
    rows.as_array().unwrap().iter().map(|row| row["issuer"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_moved_entry_takes_its_counter_along_and_leaves_the_trash_behind() {
    let user = user();
    user.run(&["code", "Badge"]).success();
    let row = user.json(&["mv", "Badge", "ops"]);
    assert_eq!((row["vault"].as_str(), row["counter"].as_u64()), (Some("ops"), Some(1)));
    assert_eq!(names(&user, "personal"), ["Site"]);
    assert_eq!(names(&user, "ops"), ["Badge"]);
    assert!(user.output(&["list", "--trash", "--vault", "personal"]).starts_with("Badge"));
    // RFC 4226's second code comes next.
    assert_eq!(user.output(&["code", "Badge"]), "287082\n");
    // And back again.
    user.run(&["mv", "Badge", "personal"]).success();
    assert_eq!(names(&user, "ops"), Vec::<String>::new());
    assert_eq!(user.output(&["code", "Badge"]), "359152\n");
}

#[test]
fn a_copied_entry_is_in_both() {
    let user = user();
    user.run(&["cp", "Site", "ops"]).success();
    assert_eq!(names(&user, "personal"), ["Badge", "Site"]);
    assert_eq!(names(&user, "ops"), ["Site"]);
    let said = user.run(&["cp", "Site", "ops", "--vault", "personal"]).code(1);
    let said = String::from_utf8(said.get_output().stderr.clone()).unwrap();
    assert!(said.contains("has the same secret") && said.contains("--allow-duplicate"), "{said}");
    user.run(&["cp", "Site", "ops", "--vault", "personal", "--allow-duplicate"]).success();
    assert_eq!(names(&user, "ops"), ["Site", "Site"]);
}

#[test]
fn what_cannot_be_carried_over_stays() {
    let user = user();
    let said = user.run(&["cp", "Badge", "ops"]).code(1);
    assert!(String::from_utf8(said.get_output().stderr.clone()).unwrap().contains("gives the same code twice"));
    user.run(&["mv", "Badge", "nowhere"]).code(3);
    user.run(&["mv", "Nothing", "ops"]).code(3);
    user.run(&["mv", "Badge", "personal"]).code(1);
    // The other vault cannot be written: the entry stays where it is.
    let folder = user.path("data/tickey");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o500)).unwrap();
    let failed = user.run(&["mv", "Badge", "ops"]);
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    if rustix::process::geteuid().is_root() {
        return;
    }
    failed.code(1);
    assert_eq!(names(&user, "personal"), ["Badge", "Site"]);
    assert_eq!(names(&user, "ops"), Vec::<String>::new());
}

#[test]
fn a_viewer_adds_nothing_and_takes_nothing_out() {
    let (maya, vera) = (user(), User::with_vault());
    let remote = format!("folder:{}", maya.path("ops.json").display());
    maya.add(&format!("otpauth://totp/Own:v?secret={RFC}"));
    maya.run(&["mv", "Own", "ops"]).success();
    maya.run(&["--vault", "ops", "remote", "set", &remote]).success();
    let code = maya.output(&["--vault", "ops", "member", "invite", "vera", "--role", "viewer"]);
    let code = vera.file("code", code);
    // A name that is taken is refused while the code is still good.
    vera.run(&["join", &remote, "--code-file", &code, "--name", "personal"]).code(2);
    vera.run(&["join", &remote, "--code-file", &code]).success();
    maya.run(&["sync"]).success();
    vera.run(&["sync"]).success();
    vera.run(&["mv", "Own", "personal"]).code(1);
    vera.run(&["cp", "Own", "personal"]).success();
    vera.add("otpauth://totp/Mine:v?secret=JBSWY3DPEHPK3PXP");
    let said = vera.run(&["mv", "Mine", "ops"]).code(1);
    assert!(String::from_utf8(said.get_output().stderr.clone()).unwrap().contains("viewer"));
    let said = vera.run(&["--vault", "personal", "mv", "Own", "ops"]).code(1);
    assert!(String::from_utf8(said.get_output().stderr.clone()).unwrap().contains("viewer"), "not that it is there");
    assert_eq!(names(&vera, "personal"), ["Mine", "Own"]);
}
