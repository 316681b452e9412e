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
pub(super) struct ReportSender {
    reports: mpsc::Sender<Report>,
    wake: Arc<PipeWriter>,
}

impl ReportSender {
    pub(super) fn send(&self, report: Report) {
        if self.reports.send(report).is_ok() {
            let _ = (&*self.wake).write_all(&[1]);
        }
    }
}

/// A way for reports: the sender, the receiver, and the pipe that has a byte when a report is there.
pub(super) fn report_channel() -> io::Result<(ReportSender, mpsc::Receiver<Report>, PipeReader)> {
    let (read, write) = io::pipe()?;
    let (sender, receiver) = mpsc::channel();
    Ok((ReportSender { reports: sender, wake: Arc::new(write) }, receiver, read))
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
pub(super) struct JobQueue {
    work: Option<mpsc::Sender<Work>>,
    sender: ReportSender,
    /// Whether anybody waits for the reading that was given last.
    awaited: Arc<AtomicBool>,
    /// Each thread has a clone of the sender as long as it runs.
    running: (mpsc::Sender<Infallible>, mpsc::Receiver<Infallible>),
}

type Work = Box<dyn FnOnce() + Send>;

impl JobQueue {
    pub(super) fn new(sender: ReportSender) -> JobQueue {
        JobQueue { work: None, sender, awaited: Arc::default(), running: mpsc::channel() }
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

    /// Does `work` on the queue's thread; its answer becomes a message. `broken` says what a panic becomes.
    pub(super) fn give(
        &mut self,
        work: impl FnOnce() -> Option<Msg> + Send + 'static,
        broken: impl FnOnce(Trouble) -> Msg + Send + 'static,
    ) {
        let sender = self.sender.clone();
        let mut work: Work = Box::new(move || match contained(work) {
            Ok(Some(msg)) => sender.send(Report::Msg(msg)),
            Ok(None) => {}
            Err(trouble) => sender.send(Report::Msg(broken(trouble))),
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
        let started = std::thread::Builder::new().name("jobs".into()).spawn(move || {
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
        let (sender, reports, _wake) = report_channel().unwrap();
        let mut queue = JobQueue::new(sender);
        let (go, wait) = mpsc::channel::<()>();
        let (done, ended) = mpsc::channel::<()>();
        queue.read(move || {
            let _ = wait.recv();
            let _ = done.send(());
            Ok(ImportRead::NeedsPassword { format: "old", wrong: None })
        });
        queue.abandon();
        queue.read(|| Ok(ImportRead::NeedsPassword { format: "new", wrong: None }));
        let answer = |report| match report {
            Report::Msg(Msg::ImportRead(Ok(ImportRead::NeedsPassword { format, .. }))) => format,
            other => panic!("{other:?}"),
        };
        assert_eq!(answer(reports.recv().unwrap()), "new");
        go.send(()).unwrap();
        ended.recv().unwrap();
        // The abandoned thread's sender goes with it: nothing more comes.
        drop(queue);
        assert!(reports.recv().is_err());
    }

    #[test]
    fn a_panic_becomes_words_and_the_next_job_is_done() {
        let (sender, reports, mut wake) = report_channel().unwrap();
        let mut queue = JobQueue::new(sender);
        queue.give(|| panic!("the secret is hunter2"), |trouble| Msg::Exported(Err(trouble)));
        queue.give(|| Some(Msg::Wake), |_| unreachable!());
        let mut byte = [0; 1];
        io::Read::read_exact(&mut wake, &mut byte).unwrap();
        let Report::Msg(Msg::Exported(Err(trouble))) = reports.recv().unwrap() else { panic!() };
        assert!(!trouble.message.contains("hunter2"));
        assert!(matches!(reports.recv().unwrap(), Report::Msg(Msg::Wake)));
    }
}
