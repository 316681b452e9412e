//! One file on a web server that has versions: what S3 and WebDAV share. Reads with the name of a known version, writes under preconditions,
//! and measures what a server makes of them.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use super::http::{Answer, Content, Halt, is_strong};
use super::{Deadline, Guarantees, Guard, LARGEST, Read, RemoteError, Tag, Trouble, Written};

/// How many writers try at once to replace one version, and how often, when a server is measured.
const RIVALS: usize = 6;
const ROUNDS: usize = 6;
/// What a slow one of them sends: more than is kept in buffers on the way.
const SLOW: usize = 256 * 1024;
/// How long a server is given to make the name of a new version a strong one.
const STRENGTHENS: Duration = Duration::from_secs(3);

/// A request's headers.
pub(super) type Headers<'a> = &'a [(&'static str, String)];

/// One file on one server.
pub(super) trait Server: Send {
    /// One request about the file.
    fn ask(
        &mut self,
        method: &'static str,
        headers: Headers,
        body: Option<Content>,
        deadline: &Deadline,
    ) -> Result<Answer, RemoteError>;
    /// What an answer of 404 means: no file, or an error when there is no place for one.
    fn absent(&mut self, answer: &Answer, deadline: &Deadline) -> Result<(), RemoteError>;
    /// An answer that is an error.
    fn refusal(&self, answer: &Answer) -> RemoteError;
    /// Whether a version's name can be trusted once it was given to these bytes.
    fn is_settled(&self, answer: &Answer) -> bool;
    /// An error about the file.
    fn error(&self, kind: Trouble, detail: &str) -> RemoteError;
    /// Another of the same, for another thread.
    fn again(&self) -> Box<dyn Server>;
}

pub(super) fn read(server: &mut dyn Server, known: Option<&Tag>, deadline: &Deadline) -> Result<Read, RemoteError> {
    let unless = known.filter(|known| known.settled && is_strong(&known.name));
    let headers: Vec<_> = unless.iter().map(|known| ("if-none-match", known.name.clone())).collect();
    let answer = server.ask("GET", &headers, None, deadline)?;
    match (answer.status, unless) {
        (200, _) => {
            let tag = Tag::new(answer.etag(), server.is_settled(&answer), &answer.body);
            Ok(Read::of(answer.body, tag, known))
        }
        (304, Some(known)) => Ok(Read::Same(known.clone())),
        (404 | 410, _) => server.absent(&answer, deadline).map(|()| Read::Absent),
        _ => Err(server.refusal(&answer)),
    }
}

/// What is there, compared with what is expected.
enum Now {
    Absent,
    /// The expected version, by its name now.
    Expected(String),
    Other,
}

/// Looks; by the version's name where that is certain and `by_name`, else by its content.
fn look(
    server: &mut dyn Server,
    expected: Option<&Tag>,
    by_name: bool,
    deadline: &Deadline,
) -> Result<Now, RemoteError> {
    if by_name && expected.is_none_or(|expected| expected.settled && is_strong(&expected.name)) {
        let answer = server.ask("HEAD", &[], None, deadline)?;
        match (answer.status, expected) {
            (404 | 410, _) => return Ok(Now::Absent),
            (200, None) => return Ok(Now::Other),
            (200, Some(expected)) if answer.etag() == expected.name => return Ok(Now::Expected(answer.etag())),
            // Another name may still be the same content; and not every server knows the question.
            (200 | 400 | 405 | 501, _) => {}
            _ => return Err(server.refusal(&answer)),
        }
    }
    let answer = server.ask("GET", &[], None, deadline)?;
    match (answer.status, expected) {
        (404 | 410, _) => Ok(Now::Absent),
        (200, Some(expected)) if expected.is_of(&answer.body) => Ok(Now::Expected(answer.etag())),
        (200, _) => Ok(Now::Other),
        _ => Err(server.refusal(&answer)),
    }
}

/// A lock that is held while a file is written.
pub(super) struct Lock<'a> {
    pub token: &'a str,
    /// The server did not know its own lock again (something on the way may have dropped what names it).
    pub forgotten: bool,
}

/// Writes if what is expected is there, under a precondition where the version's name allows one.
pub(super) fn write(
    server: &mut dyn Server,
    bytes: &[u8],
    expected: Option<&Tag>,
    mut lock: Option<&mut Lock>,
    deadline: &Deadline,
) -> Result<Written, RemoteError> {
    if bytes.len() > LARGEST {
        return Err(server.error(Trouble::TooLarge, "more than 256 MiB"));
    }
    let body = Content::from(bytes);
    let mut guarded = true;
    loop {
        let guard = match (look(server, expected, guarded, deadline)?, expected) {
            (Now::Absent, None) => Some(("if-none-match", "*".to_owned())),
            (Now::Expected(name), Some(_)) => is_strong(&name).then_some(("if-match", name)),
            _ => return Ok(Written::Conflict),
        };
        let mut headers = vec![("content-type", "application/octet-stream".to_owned())];
        headers.extend(lock.iter().map(|lock| ("if", format!("(<{}>)", lock.token))));
        headers.extend(guard.filter(|_| guarded));
        let answer = server.ask("PUT", &headers, Some(body.clone()), deadline)?;
        match answer.status {
            200..=299 => return Ok(Written::Done(Tag::new(answer.etag(), server.is_settled(&answer), bytes))),
            // Either somebody was quicker, or the server's names mean nothing: the content tells, and then it is written without.
            412 | 501 if guarded => guarded = false,
            404 | 409 | 410 | 412 | 423 => {
                server.absent(&answer, deadline)?;
                if let Some(lock) = &mut lock {
                    lock.forgotten = answer.status == 423;
                }
                return Ok(Written::Conflict);
            }
            // Some servers fail where there is no folder.
            408 | 500.. => {
                server.absent(&answer, deadline)?;
                return Err(server.refusal(&answer).perhaps_arrived());
            }
            _ => return Err(server.refusal(&answer)),
        }
    }
}

/// Measures what a server makes of preconditions, with `scratch`, a file that nobody else knows. It is removed by the caller.
pub(super) fn measure(scratch: &mut dyn Server, deadline: &Deadline) -> Result<Guarantees, RemoteError> {
    let mut put = |condition: Option<(&'static str, &str)>, body: &[u8]| {
        let headers: Vec<_> = condition.map(|(name, value)| (name, value.to_owned())).into_iter().collect();
        scratch.ask("PUT", &headers, Some(body.into()), deadline)
    };
    let mut first = put(Some(("if-none-match", "*")), b"first")?;
    if matches!(first.status, 412 | 501) {
        // It knows no such condition.
        first = put(None, b"first")?;
    }
    let again = put(Some(("if-none-match", "*")), b"second")?;
    let stale = put(Some(("if-match", "\"no such version\"")), b"third")?;
    if !matches!(first.status, 200..=299) {
        if matches!(first.status, 404 | 409 | 410 | 500) {
            scratch.absent(&first, deadline)?;
        }
        return Err(scratch.refusal(&first));
    }
    let last: &[u8] = match (again.status, stale.status) {
        (_, 200..=299) => b"third",
        (200..=299, _) => b"second",
        _ => b"first",
    };
    let back = scratch.ask("GET", &[], None, deadline)?;
    if back.status != 200 || back.body != last {
        return Err(scratch.error(Trouble::Failed, "what was just written is not read back as it was written"));
    }
    let mut notes = Vec::new();
    let name = back.etag();
    if name.is_empty() {
        notes.push("gives versions no names: every look moves the whole file".to_owned());
    } else if !is_strong(&name) {
        notes.push("names a new version only weakly at first".to_owned());
    }
    let refused = |status| matches!(status, 404 | 409 | 412);
    let checks = refused(again.status) && refused(stale.status);
    let guard = match checks.then(|| rivals(scratch, deadline)).transpose()?.flatten() {
        _ if !checks => Guard::Ignores,
        Some(true) => Guard::Atomic,
        Some(false) => Guard::Checks,
        None => {
            notes.push("never names a version strongly, so that replacing one cannot be made conditional".to_owned());
            Guard::Checks
        }
    };
    Ok(Guarantees { guard, notes })
}

/// Lets several writers replace one version: whether never two of them could. `None` when the server gives no strong name to be replaced.
fn rivals(scratch: &mut dyn Server, deadline: &Deadline) -> Result<Option<bool>, RemoteError> {
    // First a slow one, whose precondition held when it began, and a quick one meanwhile.
    let Some(name) = strong_name(scratch, deadline)? else { return Ok(None) };
    let headers = [("if-match", name)];
    let (halt, mut slow) = (Halt::default(), scratch.again());
    let content = Content { bytes: vec![b's'; SLOW].into(), halt: Some(halt.clone()) };
    let taken = std::thread::scope(|scope| {
        let slow = scope.spawn(|| slow.ask("PUT", &headers, Some(content), deadline));
        halt.reached();
        // The server's own time to look at what it has.
        std::thread::sleep(Duration::from_millis(200));
        let quick = scratch.ask("PUT", &headers, Some(b"quick".as_slice().into()), deadline);
        halt.go_on();
        [Some(quick), slow.join().ok()].into_iter().flatten().filter(was_taken).count()
    });
    if taken > 1 {
        return Ok(Some(false));
    }
    for round in 0..ROUNDS {
        let Some(name) = strong_name(scratch, deadline)? else { return Ok(None) };
        let (headers, together) = ([("if-match", name)], Barrier::new(RIVALS));
        let taken = std::thread::scope(|scope| {
            let rivals: Vec<_> = (0..RIVALS)
                .map(|rival| {
                    let (mut server, headers, together) = (scratch.again(), &headers, &together);
                    // Other lengths: some servers make a version's name from its time and length.
                    let body = vec![b'r'; round.saturating_mul(RIVALS).saturating_add(rival).saturating_add(100)];
                    scope.spawn(move || {
                        together.wait();
                        server.ask("PUT", headers, Some(body.as_slice().into()), deadline)
                    })
                })
                .collect();
            rivals.into_iter().filter_map(|rival| rival.join().ok()).filter(was_taken).count()
        });
        if taken > 1 {
            return Ok(Some(false));
        }
    }
    Ok(Some(true))
}

fn was_taken(answer: &Result<Answer, RemoteError>) -> bool {
    answer.as_ref().is_ok_and(|answer| matches!(answer.status, 200..=299))
}

/// The name of the version that is there, once it is a strong one.
fn strong_name(scratch: &mut dyn Server, deadline: &Deadline) -> Result<Option<String>, RemoteError> {
    let start = Instant::now();
    loop {
        let name = scratch.ask("HEAD", &[], None, deadline)?.etag();
        if is_strong(&name) {
            return Ok(Some(name));
        }
        if name.is_empty() || start.elapsed() > STRENGTHENS {
            return Ok(None);
        }
        std::thread::sleep(STRENGTHENS.checked_div(8).unwrap_or(STRENGTHENS));
    }
}
