//! A file on a branch of a git repository, by the person's own `git` and whatever it is set up with: helpers, keys, proxies.
//!
//! The branch is called `tickey` and the file `vault.json`; whatever else the repository holds is left alone. A bare copy in the cache folder
//! has the newest version only, and may be thrown away. Plumbing commands alone are used: no working tree, no hooks, no prompts. Every command is
//! killed when its time is over, with all it started. What a push that came too late would have written becomes the second parent of
//! the next, so that history has both.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::command::{Command, Done};
use super::credentials::{git_has_default, git_names};
use super::{
    Bounds, Deadline, Environment, Guarantees, Guard, LARGEST, Read, Remote, RemoteContext, RemoteError, Tag, Trouble,
    Written,
};
use crate::store::{StoreError, disk, lock, paths};

const BRANCH: &str = "refs/heads/tickey";
const FILE: &str = "vault.json";
/// In the bare copy: what was fetched, and what was made but came too late.
const THEIRS: &str = "refs/tickey/theirs";
const TOO_LATE: &str = "refs/tickey/too-late";
/// What receives a push on this machine: whoever can write in a repository here could else have it run commands as us.
const RECEIVER: &str = "--receive-pack=git -c core.hooksPath=/dev/null -c core.alternateRefsCommand=true -c receive.autogc=false receive-pack";
/// The bare copy is made anew once it has more than this, in bytes.
const LARGEST_COPY: u64 = 512 * 1024 * 1024;
/// How deep what it holds lies: `objects/xx/hash` is the deepest that grows.
const COPY_DEPTH: u8 = 4;
/// How much of a command's answer is read that is no file.
const WORDS: usize = 256 * 1024;

/// See the module.
pub(super) struct Git {
    repository: String,
    place: String,
    cache: PathBuf,
    environment: Environment,
    bounds: Bounds,
}

impl Git {
    pub(super) fn new(repository: &str, around: &RemoteContext) -> Git {
        Git {
            repository: repository.into(),
            place: format!("git:{repository}"),
            cache: around.cache.join("git"),
            environment: around.environment.clone(),
            bounds: around.bounds.clone(),
        }
    }

    /// One operation, with the bare copy to itself.
    fn begin(&self) -> Result<Work<'_>, RemoteError> {
        self.keep_default_login()?;
        let deadline = self.bounds.start();
        let copy = bare_copy(&self.cache, &self.repository);
        let failed = |error: StoreError| self.error(Trouble::Failed, error.to_string());
        disk::make_folder(&self.cache).map_err(failed)?;
        let turn = lock::hold(&copy, deadline.left(&self.place)?).map_err(failed)?;
        Ok(Work { git: self, copy, deadline, _turn: turn })
    }

    /// Git gives the `default` login of `~/.netrc` to whatever server asks, and has no setting against it.
    fn keep_default_login(&self) -> Result<(), RemoteError> {
        let Some((_, rest)) = self.repository.split_once("://").filter(|(scheme, _)| scheme.starts_with("http")) else {
            return Ok(());
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address,
            None => authority.split(':').next().unwrap_or_default(),
        };
        if git_has_default(&self.environment) && !git_names(host, &self.environment) {
            let detail = format!(
                "~/.netrc has a default login, and git would give it to {host}; name the machine {host} there, or take the default out"
            );
            return Err(self.error(Trouble::Refused, detail));
        }
        Ok(())
    }

    fn protocols(&self) -> &'static str {
        if self.repository.starts_with("http://") { "file:http:https:ssh" } else { "file:https:ssh" }
    }

    /// Whether the repository lies on this machine: then its own settings and hooks would count here.
    fn is_here(&self) -> bool {
        self.repository.starts_with('/') || self.repository.starts_with("file:")
    }

    fn error(&self, kind: Trouble, detail: impl AsRef<str>) -> RemoteError {
        RemoteError::new(kind, &self.place, detail)
    }
}

/// Where the bare copy of a repository lies in that folder.
fn bare_copy(folder: &Path, repository: &str) -> PathBuf {
    let name = HEXLOWER.encode(Sha256::digest(repository).get(..16).unwrap_or_default());
    folder.join(format!("{name}.git"))
}

/// See [`super::repository_copy`].
pub(super) fn copy_of(cache: &Path, repository: &str) -> PathBuf {
    bare_copy(&cache.join("git"), repository)
}

/// An operation under way.
struct Work<'a> {
    git: &'a Git,
    copy: PathBuf,
    deadline: Deadline,
    _turn: lock::Lock,
}

impl Work<'_> {
    fn run(&self, arguments: &[&str], input: &[u8], most: usize) -> Result<Done, RemoteError> {
        let settings = [
            "core.hooksPath=/dev/null",
            "core.pager=cat",
            "fetch.fsckObjects=true",
            "gc.auto=0",
            "maintenance.auto=false",
            "push.gpgSign=false",
            // A redirect may lead to a server that no login is meant for.
            match git_has_default(&self.git.environment) {
                true => "http.followRedirects=false",
                false => "http.followRedirects=initial",
            },
        ];
        let settings = settings.iter().flat_map(|setting| ["-c", setting]);
        let arguments: Vec<&str> = settings.chain(arguments.iter().copied()).collect();
        let variables = [
            ("GIT_DIR", self.copy.as_os_str()),
            ("GIT_TERMINAL_PROMPT", "0".as_ref()),
            // Before every setting: none of the ways to reach a repository that run a command, and none that is less safe than the address
            // says, wherever a server's redirect leads.
            ("GIT_ALLOW_PROTOCOL", self.git.protocols().as_ref()),
            // Nor does a repository here have its missing parts fetched the way its own settings say.
            ("GIT_NO_LAZY_FETCH", "1".as_ref()),
            // ssh asks nobody either: what it would show instead of a prompt says no.
            ("SSH_ASKPASS", "false".as_ref()),
            ("SSH_ASKPASS_REQUIRE", "force".as_ref()),
            ("GIT_AUTHOR_NAME", "tickey".as_ref()),
            ("GIT_AUTHOR_EMAIL", "tickey@localhost".as_ref()),
            ("GIT_COMMITTER_NAME", "tickey".as_ref()),
            ("GIT_COMMITTER_EMAIL", "tickey@localhost".as_ref()),
            // Its words are read.
            ("LC_ALL", "C".as_ref()),
        ];
        let of_git = |name: &str| {
            let own = [
                "GIT_WORK_TREE",
                "GIT_INDEX_FILE",
                "GIT_OBJECT_DIRECTORY",
                "GIT_NAMESPACE",
                "GIT_COMMON_DIR",
                "LANGUAGE",
            ];
            own.contains(&name)
                || name.starts_with("GIT_ALTERNATE_")
                || name.starts_with("GIT_AUTHOR_")
                || name.starts_with("GIT_COMMITTER_")
        };
        let command = Command { program: "git", arguments: &arguments, input, most };
        command.run(self.git.environment.for_child(of_git, &variables), &self.deadline, &self.git.place)
    }

    /// Runs a command that must succeed; its answer, trimmed.
    fn line(&self, arguments: &[&str], input: &[u8]) -> Result<String, RemoteError> {
        let done = self.run(arguments, input, WORDS)?;
        if !done.good {
            return Err(self.trouble(&done));
        }
        Ok(String::from_utf8_lossy(&done.out).trim().to_owned())
    }

    /// What stands on the branch there.
    fn head(&self) -> Result<Option<String>, RemoteError> {
        // Elsewhere than in the copy, which may not be made yet: what kind of hashes it has depends on the answer.
        let listed = self.line(&["ls-remote", "--quiet", "--refs", "--", &self.git.repository, BRANCH], b"")?;
        let hash = listed
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .find(|(_, name)| *name == BRANCH)
            .map(|(hash, _)| hash);
        match hash {
            Some(hash) if !is_hash(hash) => Err(self.git.error(Trouble::Torn, "it names no version")),
            hash => Ok(hash.map(str::to_owned)),
        }
    }

    /// Makes the bare copy where there is none, or one of another kind.
    fn make_copy(&self, like: Option<&str>) -> Result<(), RemoteError> {
        let format = if like.is_some_and(|hash| hash.len() == 64) { "sha256" } else { "sha1" };
        if self.copy.join("HEAD").is_file() {
            let done = self.run(&["rev-parse", "--show-object-format"], b"", WORDS)?;
            let same = done.good && String::from_utf8_lossy(&done.out).trim() == format;
            // Whoever writes there decides how much every fetch adds.
            let small = size(&self.copy, COPY_DEPTH) <= LARGEST_COPY;
            if small && (same || (done.good && like.is_none())) {
                return Ok(());
            }
        }
        if self.copy.exists() {
            std::fs::remove_dir_all(&self.copy)
                .map_err(|error| self.git.error(Trouble::Failed, format!("{}: {error}", self.copy.display())))?;
        }
        let format = format!("--object-format={format}");
        self.line(&["init", "--bare", "--quiet", "--template=", &format], b"").map(drop)
    }

    fn fetch(&self) -> Result<String, RemoteError> {
        // Of the whole history only the newest version is needed, and a path would give all of it.
        let repository = match self.git.repository.starts_with('/') {
            true => format!("file://{}", self.git.repository),
            false => self.git.repository.clone(),
        };
        let spec = format!("+{BRANCH}:{THEIRS}");
        let fetch =
            ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--depth=1", "--"];
        self.line(&[&fetch[..], &[&repository, &spec]].concat(), b"")?;
        self.line(&["rev-parse", "--verify", THEIRS], b"")
    }

    /// The file of a commit that was fetched.
    fn file(&self, commit: &str) -> Result<Vec<u8>, RemoteError> {
        let object = format!("{commit}:{FILE}");
        let size = self.run(&["cat-file", "-s", &object], b"", WORDS)?;
        if !size.good {
            return Err(self.git.error(Trouble::NoPlace, format!("its branch tickey has no {FILE}")));
        }
        let size = String::from_utf8_lossy(&size.out).trim().parse::<usize>().unwrap_or(usize::MAX);
        if size > LARGEST {
            return Err(self.git.error(Trouble::TooLarge, "more than 256 MiB lie there"));
        }
        let done = self.run(&["cat-file", "blob", &object], b"", LARGEST)?;
        if !done.good || done.out.len() != size {
            return Err(self.git.error(Trouble::Torn, "git did not give the whole file"));
        }
        Ok(done.out)
    }

    /// A commit of these bytes, in the place of the file in `parent`.
    fn commit(&self, bytes: &[u8], parents: &[&str]) -> Result<String, RemoteError> {
        let blob = self.line(&["hash-object", "-w", "--stdin"], bytes)?;
        let others = match parents.first() {
            Some(parent) => self.line(&["ls-tree", parent], b"")?,
            None => String::new(),
        };
        let mut tree: String = others
            .lines()
            .filter(|line| line.split_once('\t').is_none_or(|(_, name)| name != FILE))
            .flat_map(|line| [line, "\n"])
            .collect();
        tree.push_str(&format!("100644 blob {blob}\t{FILE}\n"));
        let tree = self.line(&["mktree"], tree.as_bytes())?;
        let mut arguments = vec!["commit-tree", &tree, "-m", "tickey"];
        arguments.extend(parents.iter().flat_map(|parent| ["-p", parent]));
        self.line(&arguments, b"")
    }

    /// Pushes a commit where `expected` stands (or nothing): whether it was taken.
    fn push(&self, commit: &str, branch: &str, expected: Option<&str>) -> Result<bool, RemoteError> {
        let lease = format!("--force-with-lease={branch}:{}", expected.unwrap_or_default());
        let spec = format!("{commit}:{branch}");
        let mut push = vec!["push", "--quiet", "--porcelain", "--no-verify", "--recurse-submodules=no", &lease];
        if self.git.is_here() {
            push.push(RECEIVER);
        }
        push.extend(["--", &self.git.repository, &spec]);
        let done = self.run(&push, b"", WORDS).map_err(RemoteError::perhaps_arrived)?;
        if done.good {
            return Ok(true);
        }
        let said = String::from_utf8_lossy(&done.out).into_owned();
        let Some(rejected) = said.lines().find(|line| line.starts_with('!')) else {
            let error = self.trouble(&done);
            return Err(match error.kind() {
                Trouble::Unreachable | Trouble::Refused | Trouble::Certificate | Trouble::NoPlace => error,
                _ => error.perhaps_arrived(),
            });
        };
        let reason = rejected.rsplit('\t').next().unwrap_or_default();
        let quicker = [
            "[rejected]",
            "cannot lock ref",
            "failed to update ref",
            "incorrect old value",
            "already exists",
            "fetch first",
        ];
        if quicker.iter().any(|word| reason.contains(word)) {
            return Ok(false);
        }
        Err(self.git.error(Trouble::Refused, format!("it took no push: {reason}")))
    }

    /// What a command's failure means, by its own words.
    fn trouble(&self, done: &Done) -> RemoteError {
        let said = done.said.to_lowercase();
        let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let kind = if any(&[
            "could not resolve host",
            "connection refused",
            "unreachable",
            "no route to host",
            "failed to connect",
        ]) || any(&["connect to host", "couldn't connect", "could not resolve hostname"])
        {
            Trouble::Unreachable
        } else if any(&["certificate"]) {
            Trouble::Certificate
        } else if any(&[
            "permission denied",
            "authentication failed",
            "could not read username",
            "could not read password",
        ]) || any(&[
            "host key verification failed",
            "access denied",
            "error: 401",
            "error: 403",
            "dubious ownership",
        ]) {
            Trouble::Refused
        } else if any(&["does not appear to be a git repository", "not found", "does not exist"]) {
            Trouble::NoPlace
        } else if any(&["no space left", "quota"]) {
            Trouble::Full
        } else if any(&["early eof", "hung up", "broken pipe", "connection reset", "unexpected disconnect", "fsck"]) {
            Trouble::Torn
        } else {
            Trouble::Failed
        };
        let telling = |line: &&str| ["fatal:", "error:", "ssh:"].iter().any(|word| line.starts_with(word));
        let line = done.said.lines().find(telling).or_else(|| done.said.lines().find(|line| !line.trim().is_empty()));
        let looked = match kind {
            Trouble::Refused => "; logins come from git's credential helpers and from ssh's keys and known hosts",
            _ => "",
        };
        self.git.error(kind, format!("git says {}{looked}", without_logins(line.unwrap_or("nothing"))))
    }
}

/// How many bytes lie in a folder and those under it, so many levels deep.
fn size(folder: &Path, levels: u8) -> u64 {
    let Some(levels) = levels.checked_sub(1) else { return 0 };
    let found = |name| {
        let path = folder.join(name);
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => size(&path, levels),
            found => found.map_or(0, |found| found.len()),
        }
    };
    paths::names(folder).unwrap_or_default().into_iter().map(found).fold(0, u64::saturating_add)
}

fn is_hash(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `text` with `https://maya:secret@host` cut to `https://host`: git may be set up to put logins into addresses.
fn without_logins(text: &str) -> String {
    let mut parts = text.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['/', ' ', '\'', '"']).unwrap_or(part.len());
        let (authority, rest) = part.split_at(end);
        clean.push_str("://");
        clean.push_str(authority.rsplit('@').next().unwrap_or_default());
        clean.push_str(rest);
    }
    clean
}

impl Remote for Git {
    fn read(&mut self, known: Option<&Tag>) -> Result<Read, RemoteError> {
        let work = self.begin()?;
        let Some(head) = work.head()? else { return Ok(Read::Absent) };
        if let Some(known) = known.filter(|known| known.name == head) {
            return Ok(Read::Same(known.clone()));
        }
        work.make_copy(Some(&head))?;
        let commit = work.fetch()?;
        let bytes = work.file(&commit)?;
        let tag = Tag::new(commit, true, &bytes);
        Ok(Read::of(bytes, tag, known))
    }

    fn write(&mut self, bytes: &[u8], expected: Option<&Tag>) -> Result<Written, RemoteError> {
        if bytes.len() > LARGEST {
            return Err(self.error(Trouble::TooLarge, "more than 256 MiB"));
        }
        let work = self.begin()?;
        let expected = match expected {
            Some(tag) if is_hash(&tag.name) => Some(tag.name.as_str()),
            Some(_) => return Ok(Written::Conflict),
            None => None,
        };
        work.make_copy(expected)?;
        // The copy may have been thrown away since.
        if let Some(parent) = expected
            && !work.run(&["cat-file", "-e", &format!("{parent}^{{commit}}")], b"", WORDS)?.good
            && (work.head()?.as_deref() != Some(parent) || work.fetch()? != parent)
        {
            return Ok(Written::Conflict);
        }
        let too_late = work.run(&["rev-parse", "--verify", "--quiet", TOO_LATE], b"", WORDS)?;
        let too_late = String::from_utf8_lossy(&too_late.out).trim().to_owned();
        let too_late = Some(too_late.as_str()).filter(|hash| is_hash(hash) && expected.is_some());
        let parents: Vec<&str> = expected.into_iter().chain(too_late).collect();
        let commit = work.commit(bytes, &parents)?;
        if work.push(&commit, BRANCH, expected)? {
            let _ = work.run(&["update-ref", "-d", TOO_LATE], b"", WORDS);
            let _ = work.run(
                &[
                    "-c",
                    "gc.autoPackLimit=20",
                    "-c",
                    "gc.auto=500",
                    "-c",
                    "gc.pruneExpire=now",
                    "-c",
                    "gc.autoDetach=false",
                    "gc",
                    "--auto",
                    "--quiet",
                ],
                b"",
                WORDS,
            );
            return Ok(Written::Done(Tag::new(commit, true, bytes)));
        }
        work.line(&["update-ref", TOO_LATE, &commit], b"")?;
        Ok(Written::Conflict)
    }

    fn probe(&mut self) -> Result<Guarantees, RemoteError> {
        let work = self.begin()?;
        work.make_copy(work.head()?.as_deref())?;
        let branch = super::scratch_name(BRANCH);
        let (first, second) = (work.commit(b"first", &[])?, work.commit(b"second", &[])?);
        if !work.push(&first, &branch, None)? {
            return Err(self.error(Trouble::Failed, "a new branch is said to be there already"));
        }
        let made_twice = work.push(&second, &branch, None);
        let stale = work.push(&second, &branch, Some(&second));
        let removed = work.push("", &branch, Some(&first));
        let atomic = !made_twice? && !stale?;
        let mut notes = vec!["keeps every old version: whoever had access once keeps what they fetched".to_owned()];
        if !removed.unwrap_or(false) {
            notes.push(format!(
                "let its scratch branch be made but not removed: {}",
                branch.trim_start_matches("refs/heads/")
            ));
        }
        Ok(Guarantees { guard: if atomic { Guard::Atomic } else { Guard::Ignores }, notes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_cut_out_of_what_git_says() {
        for (said, shown) in [
            (
                "fatal: unable to access 'https://maya:s3cret@host/x': no",
                "fatal: unable to access 'https://host/x': no",
            ),
            ("a https://t@h and ssh://u:p@h/x@y", "a https://h and ssh://h/x@y"),
            ("https://", "https://"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(without_logins(said), shown);
        }
    }
}
