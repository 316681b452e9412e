//! Work that takes longer than a frame: done on threads of its own, answered by a report.

use std::convert::Infallible;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};

use super::clipboard::{CopyError, Held};
use super::trouble;
use crate::app::{Answer, Msg, Ticket, Trouble};
use crate::secret::{Text, wiping_stack};

/// What a job tells the main loop.
#[derive(Debug)]
pub(super) enum Report {
    Msg(Msg),
    /// A holder has the copied text, or could not take it (then it is handed back).
    Held {
        copy: Ticket,
        result: Result<Held, (CopyError, Text)>,
    },
    /// A holder has ended: see [`super::clipboard::Watch::wait`].
    HolderEnded {
        copy: Ticket,
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
    /// Each thread has a clone of the sender as long as it runs.
    running: (mpsc::Sender<Infallible>, mpsc::Receiver<Infallible>),
}

type Work = Box<dyn FnOnce() + Send>;

impl JobQueue {
    pub(super) fn new(sender: ReportSender) -> JobQueue {
        JobQueue { work: None, sender, running: mpsc::channel() }
    }

    /// Does `work` on the queue's thread, and answers with that ticket. `broken` says what a panic becomes.
    pub(super) fn answer(
        &mut self,
        ticket: Ticket,
        work: impl FnOnce() -> Option<Answer> + Send + 'static,
        broken: impl FnOnce(Trouble) -> Answer + Send + 'static,
    ) {
        self.give(
            move || work().map(|answer| Msg::Answer(ticket, answer)),
            move |trouble| Msg::Answer(ticket, broken(trouble)),
        );
    }

    /// Nobody waits for what is being read. It cannot be stopped half-way: its thread ends with it, and nobody takes its answer; what comes
    /// next is done by another.
    pub(super) fn abandon(&mut self) {
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
    fn what_is_abandoned_holds_nothing_up() {
        let (sender, reports, _wake) = report_channel().unwrap();
        let mut queue = JobQueue::new(sender);
        let (go, wait) = mpsc::channel::<()>();
        let found = |name: &str| Some(Answer::Completions(vec![name.to_owned()]));
        let read = move || {
            let _ = wait.recv();
            found("old")
        };
        queue.answer(Ticket(1), read, |_| unreachable!());
        queue.abandon();
        queue.answer(Ticket(2), move || found("new"), |_| unreachable!());
        let answer = |report| match report {
            Report::Msg(Msg::Answer(ticket, Answer::Completions(found))) => (ticket, found.concat()),
            other => panic!("{other:?}"),
        };
        assert_eq!(answer(reports.recv().unwrap()), (Ticket(2), "new".to_owned()));
        // The abandoned thread's answer has its own ticket; its sender goes with it.
        go.send(()).unwrap();
        assert_eq!(answer(reports.recv().unwrap()), (Ticket(1), "old".to_owned()));
        drop(queue);
        assert!(reports.recv().is_err());
    }

    #[test]
    fn a_panic_becomes_words_and_the_next_job_is_done() {
        let (sender, reports, mut wake) = report_channel().unwrap();
        let mut queue = JobQueue::new(sender);
        queue.answer(Ticket(1), || panic!("the secret is hunter2"), |broken| Answer::Exported(Err(broken)));
        queue.give(|| Some(Msg::Wake), |_| unreachable!());
        let mut byte = [0; 1];
        io::Read::read_exact(&mut wake, &mut byte).unwrap();
        let Report::Msg(Msg::Answer(Ticket(1), Answer::Exported(Err(trouble)))) = reports.recv().unwrap() else {
            panic!()
        };
        assert!(!trouble.message.contains("hunter2"));
        assert!(matches!(reports.recv().unwrap(), Report::Msg(Msg::Wake)));
    }
}
