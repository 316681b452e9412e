//! Work that takes longer than a frame: done on threads of its own, answered by a report.

use std::convert::Infallible;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use super::clipboard::{CopyError, Held};
use super::trouble;
use crate::app::msg::ImportRead;
use crate::app::{Msg, Trouble};
use crate::secret::{Text, wiping_stack};

/// What a job tells the main loop.
#[derive(Debug)]
pub(super) enum Report {
    Msg(Msg),
    /// A holder has the copied text, or could not take it (then it is handed back).
    Held {
        copy: u64,
        result: Result<Held, (CopyError, Text)>,
    },
    /// A holder has ended: see [`super::clipboard::Watch::wait`].
    HolderEnded {
        copy: u64,
        cleared: Option<bool>,
    },
}

/// Sends reports and wakes the main loop.
#[derive(Debug, Clone)]
pub(super) struct Post {
    reports: mpsc::Sender<Report>,
    wake: Arc<PipeWriter>,
}

impl Post {
    pub(super) fn send(&self, report: Report) {
        if self.reports.send(report).is_ok() {
            let _ = (&*self.wake).write_all(&[1]);
        }
    }
}

/// A way for reports: the sender, the receiver, and the pipe that has a byte when a report is there.
pub(super) fn post() -> io::Result<(Post, mpsc::Receiver<Report>, PipeReader)> {
    let (read, write) = io::pipe()?;
    let (sender, receiver) = mpsc::channel();
    Ok((Post { reports: sender, wake: Arc::new(write) }, receiver, read))
}

/// Runs `work`; a panic in it becomes words for a person.
pub(super) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, Trouble> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        trouble::trouble(
            "the program broke while doing this; nothing that was not reported as saved is saved",
            Some("please report it as a bug, and start the program again"),
        )
    })
}

/// A thread for work that changes no vault: opening, making, reading imports, writing exports. One thing after another.
pub(super) struct Desk {
    work: Option<mpsc::Sender<Work>>,
    post: Post,
    /// Whether anybody waits for the reading that was given last.
    awaited: Arc<AtomicBool>,
    /// Each thread has a clone of the sender as long as it runs.
    running: (mpsc::Sender<Infallible>, mpsc::Receiver<Infallible>),
}

type Work = Box<dyn FnOnce() + Send>;

impl Desk {
    pub(super) fn new(post: Post) -> Desk {
        Desk { work: None, post, awaited: Arc::default(), running: mpsc::channel() }
    }

    /// Reads something to be imported, which may take seconds and can be abandoned.
    pub(super) fn read(&mut self, work: impl FnOnce() -> Result<ImportRead, Trouble> + Send + 'static) {
        let awaited = Arc::new(AtomicBool::new(true));
        self.awaited = awaited.clone();
        let panicked = awaited.clone();
        self.give(
            move || Some(Msg::ImportRead(work())).filter(|_| awaited.load(Ordering::Relaxed)),
            move |trouble| if panicked.load(Ordering::Relaxed) { Msg::ImportRead(Err(trouble)) } else { Msg::Wake },
        );
    }

    /// Nobody waits for what is being read. It cannot be stopped half-way: its thread ends with it, and its answer is dropped; what comes next
    /// is done by another.
    pub(super) fn abandon(&mut self) {
        self.awaited.store(false, Ordering::Relaxed);
        self.work = None;
    }

    /// Gives up what is being done, and says when the last thread has ended: nothing is received any more then.
    pub(super) fn settle(&mut self) -> mpsc::Receiver<Infallible> {
        self.abandon();
        std::mem::replace(&mut self.running, mpsc::channel()).1
    }

    /// Does `work` on the desk's thread; its answer becomes a message. `broken` says what a panic becomes.
    pub(super) fn give(
        &mut self,
        work: impl FnOnce() -> Option<Msg> + Send + 'static,
        broken: impl FnOnce(Trouble) -> Msg + Send + 'static,
    ) {
        let post = self.post.clone();
        let mut work: Work = Box::new(move || match contained(work) {
            Ok(Some(msg)) => post.send(Report::Msg(msg)),
            Ok(None) => {}
            Err(trouble) => post.send(Report::Msg(broken(trouble))),
        });
        if let Some(sender) = &self.work {
            match sender.send(work) {
                Ok(()) => return,
                Err(mpsc::SendError(back)) => work = back,
            }
        }
        let (sender, receiver) = mpsc::channel::<Work>();
        let _ = sender.send(work);
        let running = self.running.0.clone();
        let started = std::thread::Builder::new().name("desk".into()).spawn(move || {
            let _running = running;
            while let Ok(work) = receiver.recv() {
                wiping_stack(work);
            }
        });
        self.work = started.is_ok().then_some(sender);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_abandoned_holds_nothing_up_and_answers_nothing() {
        let (post, reports, _wake) = post().unwrap();
        let mut desk = Desk::new(post);
        let (go, wait) = mpsc::channel::<()>();
        let (done, ended) = mpsc::channel::<()>();
        desk.read(move || {
            let _ = wait.recv();
            let _ = done.send(());
            Ok(ImportRead::NeedsPassword { format: "old", wrong: None })
        });
        desk.abandon();
        desk.read(|| Ok(ImportRead::NeedsPassword { format: "new", wrong: None }));
        let answer = |report| match report {
            Report::Msg(Msg::ImportRead(Ok(ImportRead::NeedsPassword { format, .. }))) => format,
            other => panic!("{other:?}"),
        };
        assert_eq!(answer(reports.recv().unwrap()), "new");
        go.send(()).unwrap();
        ended.recv().unwrap();
        // The abandoned thread's sender goes with it: nothing more comes.
        drop(desk);
        assert!(reports.recv().is_err());
    }

    #[test]
    fn a_panic_becomes_words_and_the_next_job_is_done() {
        let (post, reports, mut wake) = post().unwrap();
        let mut desk = Desk::new(post);
        desk.give(|| panic!("the secret is hunter2"), |trouble| Msg::Exported(Err(trouble)));
        desk.give(|| Some(Msg::Wake), |_| unreachable!());
        let mut byte = [0; 1];
        io::Read::read_exact(&mut wake, &mut byte).unwrap();
        let Report::Msg(Msg::Exported(Err(trouble))) = reports.recv().unwrap() else { panic!() };
        assert!(!trouble.message.contains("hunter2"));
        assert!(matches!(reports.recv().unwrap(), Report::Msg(Msg::Wake)));
    }
}
