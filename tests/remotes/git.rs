//! Git repositories: on this machine, and over ssh to a server of our own.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tickey::store::remote::{self, Environment, Guard, Read, Remote, Trouble, Written};

use crate::conformance;
use crate::repository::{Team, git};
use crate::servers;

fn people() -> impl Fn() -> String {
    let next = std::sync::atomic::AtomicUsize::new(0);
    move || format!("person {}", next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
}

#[test]
fn does_what_every_remote_must() {
    let Some(team) = Team::new() else { return };
    let next = people();
    let url = format!("file://{}", team.repository());
    conformance::check(&|| team.open(&next(), &url), &[Guard::Atomic]);
    let branches = git(Path::new(&team.repository()), &["branch", "--list"]);
    assert_eq!(branches.trim(), "tickey", "the probe left something");
    // Nothing about who and what.
    assert!(
        team.log("--format=%an <%ae> %cn %s").lines().all(|line| line == "tickey <tickey@localhost> tickey tickey")
    );
}

#[test]
fn one_machine_may_have_several_windows() {
    let Some(team) = Team::new() else { return };
    conformance::check(&|| team.open("maya", &team.repository()), &[Guard::Atomic]);
}

#[test]
fn over_ssh() {
    let Some(mut team) = Team::new() else { return };
    let Some((server, url)) = team.over_ssh() else { return };
    let known = team.folder.path().join("known");
    let host = std::fs::read(&known).unwrap();
    std::fs::remove_file(&known).unwrap();
    // A server that nobody has met is not talked to, and nobody is asked.
    let error = team.open("stranger", &url).read(None).unwrap_err();
    assert_eq!(error.kind(), Trouble::Refused, "{error}");
    assert!(error.to_string().contains("known hosts"), "{error}");

    std::fs::write(&known, host).unwrap();
    let next = people();
    conformance::one_after_another(&|| team.open(&next(), &url));

    let ssh = team.ssh.replace("/key ", "/host ");
    team.environment = team.environment.with("GIT_SSH_COMMAND", ssh);
    let error = team.open("eve", &url).read(None).unwrap_err();
    assert_eq!(error.kind(), Trouble::Refused, "{error}");
    drop(server);
    let error = team.open("maya", &url).read(None).unwrap_err();
    assert_eq!(error.kind(), Trouble::Unreachable, "{error}");
}

#[test]
fn a_push_that_came_too_late_stays_in_history() {
    let Some(team) = Team::new() else { return };
    let (mut maya, mut bob) = (team.open("maya", &team.repository()), team.open("bob", &team.repository()));
    let Written::Done(first) = maya.write(b"first", None).unwrap() else { panic!() };
    let Read::Found(_, seen) = bob.read(None).unwrap() else { panic!() };
    assert!(matches!(bob.write(b"bob's", Some(&seen)).unwrap(), Written::Done(_)));
    assert_eq!(maya.write(b"maya's", Some(&first)).unwrap(), Written::Conflict);
    let Read::Found(_, theirs) = maya.read(Some(&first)).unwrap() else { panic!() };
    assert!(matches!(maya.write(b"both", Some(&theirs)).unwrap(), Written::Done(_)));
    let parents = team.log("--format=%P");
    assert_eq!(parents.lines().next().unwrap().split(' ').count(), 2, "{parents}");
    assert_eq!(team.log("--format=%h").lines().count(), 4);
    let Read::Found(_, theirs) = bob.read(None).unwrap() else { panic!() };
    assert!(matches!(bob.write(b"next", Some(&theirs)).unwrap(), Written::Done(_)));
    assert_eq!(team.log("--format=%P").lines().next().unwrap().split(' ').count(), 1);
}

#[test]
fn what_else_is_on_the_branch_stays() {
    let Some(team) = Team::new() else { return };
    let work = team.folder.path().join("work");
    let mut maya = team.open("maya", &team.repository());
    maya.write(b"1", None).unwrap();
    git(team.folder.path(), &["clone", "--quiet", "--branch", "tickey", "repository", "work"]);
    std::fs::write(work.join("README é"), "hands off").unwrap();
    git(&work, &["add", "."]);
    git(&work, &["-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "words"]);
    git(&work, &["push", "--quiet"]);
    let tag = tag_of(maya.as_mut());
    assert!(matches!(maya.write(b"2", Some(&tag)).unwrap(), Written::Done(_)));
    git(&work, &["pull", "--quiet"]);
    assert_eq!(std::fs::read(work.join("vault.json")).unwrap(), b"2");
    assert_eq!(std::fs::read(work.join("README é")).unwrap(), b"hands off");
}

fn tag_of(remote: &mut dyn Remote) -> remote::Tag {
    match remote.read(None).unwrap() {
        Read::Found(_, tag) => tag,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lost_or_broken_copy_is_made_again() {
    let Some(team) = Team::new() else { return };
    let mut maya = team.open("maya", &team.repository());
    let Written::Done(tag) = maya.write(b"1", None).unwrap() else { panic!() };
    let copies = team.folder.path().join("maya");
    std::fs::remove_dir_all(&copies).unwrap();
    let Written::Done(tag) = maya.write(b"2", Some(&tag)).unwrap() else { panic!("the version was there") };
    for copy in std::fs::read_dir(copies.join("git")).unwrap() {
        let copy = copy.unwrap().path();
        if copy.is_dir() {
            std::fs::write(copy.join("HEAD"), "rubbish").unwrap();
        }
    }
    assert!(matches!(maya.read(None).unwrap(), Read::Found(bytes, _) if bytes == b"2"));
    assert!(matches!(maya.write(b"3", Some(&tag)).unwrap(), Written::Done(_)));
}

#[test]
fn a_repository_of_other_hashes() {
    let Some(team) = Team::new() else { return };
    let path = team.folder.path().join("other");
    git(team.folder.path(), &["init", "--bare", "--quiet", "--object-format=sha256", "other"]);
    let work = team.folder.path().join("seed");
    git(team.folder.path(), &["init", "--quiet", "--object-format=sha256", "-b", "tickey", "seed"]);
    std::fs::write(work.join("vault.json"), "seed").unwrap();
    git(&work, &["add", "."]);
    git(&work, &["-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "seed"]);
    git(&work, &["push", "--quiet", path.to_str().unwrap(), "tickey"]);
    let mut maya = team.open("maya", path.to_str().unwrap());
    let tag = tag_of(maya.as_mut());
    assert!(matches!(maya.write(b"next", Some(&tag)).unwrap(), Written::Done(_)));
}

#[test]
fn what_hinders_is_named() {
    let Some(team) = Team::new() else { return };
    let missing = team.folder.path().join("missing").display().to_string();
    for url in [missing.clone(), format!("file://{missing}")] {
        for error in
            [team.open("maya", &url).read(None).unwrap_err(), team.open("maya", &url).write(b"x", None).unwrap_err()]
        {
            assert_eq!(error.kind(), Trouble::NoPlace, "{error}");
        }
    }
    let closed = format!("http://127.0.0.1:{}/vault.git", servers::free_port());
    assert_eq!(team.open("maya", &closed).read(None).unwrap_err().kind(), Trouble::Unreachable);
    // A repository that says no.
    git(Path::new(&team.repository()), &["config", "receive.hideRefs", "refs/heads/tickey"]);
    let error = team.open("maya", &team.repository()).write(b"x", None).unwrap_err();
    assert_eq!(error.kind(), Trouble::Refused, "{error}");
    // No git at all.
    let nowhere = Team { environment: Environment::default().with("PATH", "/nonexistent"), ..team };
    let error = nowhere.open("maya", "/srv/vault.git").read(None).unwrap_err();
    assert!(error.to_string().contains("git is not installed"), "{error}");
}

#[test]
fn a_command_that_hangs_is_killed() {
    let Some(mut team) = Team::new() else { return };
    let ssh = team.folder.path().join("hanging");
    std::fs::write(&ssh, "#!/bin/sh\nsleep 600\n").unwrap();
    std::fs::set_permissions(&ssh, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    team.environment = team.environment.clone().with("GIT_SSH_COMMAND", ssh.as_os_str());
    let mut remote = team.open_within("maya", "git@example.org:vault.git", Duration::from_secs(1));
    assert_eq!(remote.read(None).unwrap_err().kind(), Trouble::TimedOut);
}

#[test]
fn git_runs_nothing_that_was_not_meant() {
    let Some(team) = Team::new() else { return };
    let mark = team.folder.path().join("mark");
    // A person's own shorthand must not become a command either.
    let rule = "[protocol \"ext\"]\n\tallow = always\n";
    let config = format!("[url \"ext::touch {}\"]\n\tinsteadOf = team:\n{rule}", mark.display());
    std::fs::write(team.folder.path().join(".gitconfig"), config).unwrap();
    assert!(team.open("maya", "team:x").read(None).is_err());
    assert!(!mark.exists());
}

#[test]
fn a_repository_on_this_machine_runs_nothing_here() {
    let Some(team) = Team::new() else { return };
    let (repository, mark) = (team.repository(), team.folder.path().join("mark"));
    let at = |name: &str| Path::new(&repository).join(name);
    let command = format!("touch {} ; :", mark.display());
    std::fs::create_dir_all(at("hooks")).unwrap();
    for hook in ["pre-receive", "reference-transaction", "update", "post-receive", "post-update", "pre-auto-gc"] {
        std::fs::write(at("hooks").join(hook), format!("#!/bin/sh\n{command}\n")).unwrap();
        std::fs::set_permissions(at("hooks").join(hook), PermissionsExt::from_mode(0o755)).unwrap();
    }
    git(team.folder.path(), &["init", "--bare", "--quiet", "other"]);
    let objects = team.folder.path().join("other/objects");
    std::fs::write(at("objects/info/alternates"), format!("{}\n", objects.display())).unwrap();
    let settings = [
        ("core.alternateRefsCommand", &*command),
        ("core.sshCommand", &command),
        ("uploadpack.packObjectsHook", &command),
        ("gc.auto", "1"),
        ("gc.recentObjectsHook", &command),
    ];
    for (name, value) in settings {
        git(Path::new(&repository), &["config", name, value]);
    }
    for (person, url) in [("maya", repository.clone()), ("bob", format!("file://{repository}"))] {
        let mut remote = team.open(person, &url);
        let seen = match remote.read(None).unwrap() {
            Read::Found(_, tag) => Some(tag),
            _ => None,
        };
        assert!(matches!(remote.write(person.as_bytes(), seen.as_ref()).unwrap(), Written::Done(_)));
        remote.probe().unwrap();
    }
    assert!(!mark.exists());
}

/// Whoever writes there decides how much every fetch adds here.
#[test]
fn a_bare_copy_that_grew_is_made_anew() {
    let Some(team) = Team::new() else { return };
    let repository = team.repository();
    let (mut maya, mut bob) = (team.open("maya", &repository), team.open("bob", &repository));
    let Written::Done(first) = maya.write(b"first", None).unwrap() else { panic!() };
    let copies = team.folder.path().join("maya/git");
    let is_copy = |path: &std::path::PathBuf| path.extension().is_some_and(|ending| ending == "git");
    let mut copies = std::fs::read_dir(copies).unwrap().map(|entry| entry.unwrap().path()).filter(is_copy);
    let grown = copies.next().unwrap().join("objects/pack/grown");
    std::fs::File::create(&grown).unwrap().set_len(600 << 20).unwrap();
    assert!(matches!(maya.read(Some(&first)).unwrap(), Read::Same(_)));
    bob.read(None).unwrap();
    let Written::Done(second) = bob.write(b"second", Some(&first)).unwrap() else { panic!() };
    assert!(matches!(maya.read(Some(&first)).unwrap(), Read::Found(bytes, _) if bytes == b"second"));
    assert!(!grown.exists());
    assert!(matches!(maya.write(b"third", Some(&second)).unwrap(), Written::Done(_)));
}
