//! The thread that commits pages.

use connector_core::{Cursor, Error, ErrorKind, Result};
use connector_store::{Beginning, Ending, PerStep, ReadPage, RunReport, Step, Store, Usage, Writer};
use std::sync::mpsc::{self as blocking, RecvTimeoutError};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// A request to the thread.
enum Command {
    Do(Box<dyn FnOnce(&mut Writer) + Send>),
    Commit(Box<ReadPage>, Usage),
    GoBack(Step, Cursor, Error),
    Finish(Ending, Usage, CancellationToken, oneshot::Sender<Result<RunReport>>),
}

/// The result of a commit.
pub(super) struct Committed {
    pub(super) step: Step,
    pub(super) estimate: Option<u64>,
    pub(super) seen: PerStep<u64>,
}

/// How a job starts.
pub(super) struct Started {
    pub(super) frontier: Vec<(Step, Cursor)>,
    pub(super) resumed: bool,
    pub(super) untouched: bool,
    pub(super) seen: PerStep<u64>,
    pub(super) earlier_calls: u64,
}

/// The thread that commits pages, one after the other. When this is dropped, the thread commits the remaining pages and ends.
pub(super) struct Committer {
    commands: blocking::Sender<Command>,
    results: mpsc::UnboundedReceiver<Result<Committed>>,
    waiting: usize,
}

impl Committer {
    /// Starts the run on its own thread.
    pub(super) async fn start(store: &Store, beginning: Beginning) -> Result<(Self, Started)> {
        let (commands, inbox) = blocking::channel();
        let (outbox, results) = mpsc::unbounded_channel();
        let (tell, started) = oneshot::channel();
        let store = store.clone();
        std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || work(&store, &beginning, tell, &inbox, &outbox))
            .map_err(|cause| Error::new(ErrorKind::Internal, "no thread could be started").with_cause(cause))?;
        let started = started.await.map_err(|_| ended())??;
        Ok((Self { commands, results, waiting: 0 }, started))
    }

    /// Uses the store after the earlier pages are committed.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (tell, done) = oneshot::channel();
        // The requester may already be gone.
        let work = Box::new(move |writer: &mut Writer| drop(tell.send(work(writer))));
        self.commands.send(Command::Do(work)).map_err(|_| ended())?;
        done.await.map_err(|_| ended())?
    }

    /// Pages that wait for their commit. The caller keeps the number small.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn commit(&mut self, page: Box<ReadPage>, usage: Usage) -> Result<()> {
        self.waiting += 1;
        self.commands.send(Command::Commit(page, usage)).map_err(|_| ended())
    }

    /// Goes back to the anchor of a live cursor that ended with `error`, after the earlier pages are committed.
    pub(super) fn go_back(&mut self, step: Step, anchor: Cursor, error: Error) -> Result<()> {
        self.waiting += 1;
        self.commands.send(Command::GoBack(step, anchor, error)).map_err(|_| ended())
    }

    /// The result of the next commit. Call it only if a page is waiting. May be dropped at any time.
    pub(super) async fn committed(&mut self) -> Result<Committed> {
        let result = self.results.recv().await.ok_or_else(ended)?;
        // The thread commits nothing after an error.
        self.waiting = if result.is_ok() { self.waiting - 1 } else { 0 };
        result
    }

    /// Ends the run after the earlier pages are committed.
    pub(super) async fn finish(self, ending: Ending, usage: Usage, stop: CancellationToken) -> Result<RunReport> {
        let (tell, report) = oneshot::channel();
        self.commands.send(Command::Finish(ending, usage, stop, tell)).map_err(|_| ended())?;
        report.await.map_err(|_| ended())?
    }
}

fn work(
    store: &Store,
    beginning: &Beginning,
    tell: oneshot::Sender<Result<Started>>,
    inbox: &blocking::Receiver<Command>,
    outbox: &mpsc::UnboundedSender<Result<Committed>>,
) {
    let mut begun = match beginning.begin(store) {
        Ok(begun) => begun,
        Err(error) => {
            // The requester may already be gone.
            let _ = tell.send(Err(error));
            return;
        }
    };
    let started = Started {
        frontier: std::mem::take(&mut begun.frontier),
        resumed: begun.resumed,
        untouched: begun.untouched,
        seen: begun.writer.seen_so_far(),
        earlier_calls: begun.writer.earlier_calls(),
    };
    let mut writer = begun.writer;
    if tell.send(Ok(started)).is_err() {
        return;
    }
    let mut broken = None;
    while let Some(command) = next(&mut writer, inbox, outbox, &mut broken) {
        match command {
            Command::Do(work) => work(&mut writer),
            // After a failed commit the rest is read again by the next job.
            Command::Commit(..) | Command::GoBack(..) if broken.is_some() => {}
            Command::Commit(page, usage) => {
                let (step, estimate) = (page.step(), page.estimate);
                let result = writer.take_in(&page, usage).map(|seen| Committed { step, estimate, seen });
                broken = result.as_ref().err().cloned();
                let _ = outbox.send(result);
            }
            Command::GoBack(step, anchor, error) => {
                let result = writer.go_back(step, &anchor, &error);
                broken = result.as_ref().err().cloned();
                let seen = writer.seen_so_far();
                let _ = outbox.send(result.map(|()| Committed { step, estimate: None, seen }));
            }
            Command::Finish(ending, usage, stop, tell) => {
                // What could not be committed was not read: nothing may be removed for it.
                let ending = match (ending, broken) {
                    (Ending::Complete { .. }, Some(error)) => Ending::Failed(error),
                    (ending, _) => ending,
                };
                let report = writer.finish(&ending, &usage, &stop);
                // Unlocks before it answers, so that a job that starts on the answer finds the source unlocked.
                drop(writer);
                let _ = tell.send(report);
                return;
            }
        }
    }
}

/// The next request. Commits the pages that were taken in if none comes in time, or if it isn't another page.
fn next(
    writer: &mut Writer,
    inbox: &blocking::Receiver<Command>,
    outbox: &mpsc::UnboundedSender<Result<Committed>>,
    broken: &mut Option<Error>,
) -> Option<Command> {
    let mut command = match writer.time_left() {
        Some(time) => inbox.recv_timeout(time),
        None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    if !matches!(command, Ok(Command::Commit(..)))
        && let Err(error) = writer.commit()
    {
        *broken = Some(error.clone());
        let _ = outbox.send(Err(error));
    }
    if let Err(RecvTimeoutError::Timeout) = command {
        command = inbox.recv().map_err(|_| RecvTimeoutError::Disconnected);
    }
    command.ok()
}

fn ended() -> Error {
    Error::new(ErrorKind::Internal, "the thread that writes the store ended")
}
