//! The run from the first page to the end.

use super::commit::{Committed, Committer, Started};
use super::concurrency::Concurrency;
use super::confirm::confirm;
use super::options::{Options, limits_of};
use super::progress::{Phase, Progress, StepProgress};
use super::read::{changes_of, read};
use crate::patience::ask;
use connector_core::{Cursor, Error, ErrorKind, Meter, Result};
use connector_project::source::{Opened, loosened_guards};
use connector_store::{
    Beginning, Differing, Ending, Mode, PerStep, Quiet, ReadPage, RunReport, Step, Store, Usage, Writer,
};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Aggregates a source: resumes its unfinished run, or starts a new one.
///
/// A run that failed, was stopped or was refused by a guard is a report with that status and an error in it.
/// `Err` means that no run could begin or the store broke: kind `guard` when another job holds the source.
pub async fn run(
    store: &Store,
    opened: &Opened,
    options: Options,
    progress: impl Fn(&Progress) + Send + Sync,
    stop: CancellationToken,
) -> Result<RunReport> {
    run_because(store, opened, options, None, &progress, stop).await
}

/// Why a run reads everything although something else was wanted.
pub(super) struct WhyFull {
    pub(super) warning: String,
    /// Whether it goes on with the run of changes, which failed.
    pub(super) takes_over: bool,
}

impl WhyFull {
    /// Only changes were wanted.
    pub(super) fn instead_of_changes(why: &str, takes_over: bool) -> Self {
        Self { warning: format!("everything was read instead of only the changes: {why}"), takes_over }
    }
}

/// The same; a warning says why everything is read, if something else was wanted.
pub(super) async fn run_because(
    store: &Store,
    opened: &Opened,
    options: Options,
    why_full: Option<WhyFull>,
    progress: &(impl Fn(&Progress) + Send + Sync),
    stop: CancellationToken,
) -> Result<RunReport> {
    let start = Readings::of(opened.context.meter());
    let mut steps = vec![Step::Accounts];
    if opened.connector.capabilities().entitlements().is_some() {
        // Entitlements first: assignments then find what they name.
        steps = vec![Step::Entitlements, Step::Accounts, Step::Assignments];
    }
    let (mut absence, mut names_entitlements) = (None, false);
    if options.mode == Mode::Delta {
        let ability = changes_of(opened)?;
        (absence, names_entitlements) = (Some(ability.absence()), ability.names_entitlements());
        steps = vec![Step::Accounts];
    }
    let beginning = Beginning {
        source: opened.source.clone(),
        connector: opened.registration.name.to_string(),
        definition: opened.definition.clone(),
        mode: options.mode,
        restart: options.restart || options.accept_new_system,
        takes_over: why_full.as_ref().is_some_and(|why| why.takes_over),
        steps,
        absence,
        names_entitlements,
        quiet: Quiet::of(opened.connector.as_ref()),
    };
    let (mut thread, started) = Committer::start(store, beginning).await?;
    let untouched = started.untouched;
    let mut reads = Reads::new(started, progress);
    let why = why_full.map(|why| why.warning);
    let ending = match prepare(opened, options, &thread, untouched, why, &stop).await {
        None => reads.go(opened, options, &mut thread, &start, &stop).await,
        Some(ending) => ending,
    };
    let ending = match ending {
        Ending::Complete { remove: true, .. } => confirm(opened, &thread, &stop).await.unwrap_or(ending),
        ending => ending,
    };
    if let Some(warning) = opened.limits.warning(opened.context.meter()) {
        thread.with(move |writer| writer.warn(&[warning])).await?;
    }
    if matches!(ending, Ending::Complete { .. }) {
        reads.tell(Phase::Reconciling, start.usage(opened.context.meter()).api_calls);
    }
    thread.finish(ending, start.usage(opened.context.meter()), stop).await
}

/// The checks before the first page. Returns how the run ends if it must not read.
async fn prepare(
    opened: &Opened,
    options: Options,
    thread: &Committer,
    untouched: bool,
    why_full: Option<String>,
    stop: &CancellationToken,
) -> Option<Ending> {
    let mut warnings = loosened_guards(&opened.aggregation, &opened.provisioning);
    warnings.extend(why_full);
    let recognized = async {
        thread.with(move |writer| writer.warn(&warnings)).await?;
        recognize(opened, options.accept_new_system, thread).await?;
        if untouched { keep_watermark(opened, options.mode, thread).await } else { Ok(()) }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => Some(Ending::Interrupted),
        recognized = recognized => match recognized {
            Ok(()) => None,
            // Nothing says that the run itself is wrong: it continues when the source has calls left.
            Err(error) if opened.limits.check(opened.context.meter(), opened.aggregation.concurrency).is_err() => {
                Some(Ending::PutOff(error))
            }
            Err(error) if error.kind() == ErrorKind::Guard => Some(Ending::Refused(error)),
            Err(error) => Some(Ending::Failed(error)),
        }
    }
}

/// Makes sure that the source still points to the same system. Fails with kind `guard` if not.
pub(super) async fn recognize(opened: &Opened, accept_new: bool, thread: &Committer) -> Result<()> {
    let found = ask(opened, "reading the id of the system", || opened.connector.instance_id()).await?;
    thread.with(move |writer| writer.recognize(found.as_deref(), accept_new)).await
}

/// Changes from now on are for the next run, whenever this one reads what they changed.
async fn keep_watermark(opened: &Opened, mode: Mode, thread: &Committer) -> Result<()> {
    match opened.connector.capabilities().changes() {
        Some(ability) if mode == Mode::Full => {
            let watermark = ask(opened, "reading the watermark", || ability.watermark()).await?;
            thread.with(move |writer| writer.keep_watermark(&watermark)).await
        }
        _ => Ok(()),
    }
}

/// The state of a job.
struct Reads<P> {
    /// The positions to read, newest first, so that a read that forks repeatedly stays narrow.
    frontier: VecDeque<Position>,
    /// How many times the read went back to an anchor. Pages that were being read before that are dropped.
    rounds: HashMap<(Step, Cursor), u32>,
    resumed: bool,
    seen: PerStep<u64>,
    estimates: PerStep<Option<u64>>,
    earlier_calls: u64,
    began: Instant,
    progress: P,
}

/// A position to read.
struct Position {
    step: Step,
    cursor: Cursor,
    /// For a live cursor: how many times the read had gone back to an anchor when this was found.
    round: u32,
}

/// What woke the job.
enum Woken {
    Stopped,
    Committed(Result<Committed>),
    Read(Position, Result<Box<ReadPage>>),
}

impl<P: Fn(&Progress)> Reads<P> {
    fn new(started: Started, progress: P) -> Self {
        Self {
            frontier: started.frontier.into_iter().map(|(step, cursor)| Position { step, cursor, round: 0 }).collect(),
            rounds: HashMap::new(),
            resumed: started.resumed,
            seen: started.seen,
            estimates: PerStep::default(),
            earlier_calls: started.earlier_calls,
            began: Instant::now(),
            progress,
        }
    }

    /// Reads and commits until nothing is left, something failed, or the user asks to stop.
    async fn go(
        &mut self,
        opened: &Opened,
        options: Options,
        thread: &mut Committer,
        start: &Readings,
        stop: &CancellationToken,
    ) -> Ending {
        let mut reads = FuturesUnordered::new();
        let meter = opened.context.meter();
        let most = opened.aggregation.concurrency;
        let mut concurrency = Concurrency::new(most, Instant::now(), meter.bytes_received(), meter.retries());
        self.tell(Phase::Reading, start.usage(opened.context.meter()).api_calls);
        let ending = loop {
            // A slow disk slows the reads down instead of filling the memory.
            let limit = concurrency.now();
            while reads.len() < limit && reads.len() + thread.waiting() < limit + 2 {
                let Some(position) = self.frontier.pop_front() else { break };
                reads.push(async move {
                    let page = read(opened, options.mode, position.step, &position.cursor).await.map(Box::new);
                    (position, page)
                });
            }
            if reads.is_empty() && thread.waiting() == 0 {
                match self.read_again(opened, options.mode, thread).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => return Ending::Failed(error),
                }
                return Ending::Complete { remove: options.remove, limits: limits_of(opened) };
            }
            match wake(&mut reads, thread, stop).await {
                Woken::Stopped => break Ending::Interrupted,
                Woken::Read(position, _) if position.round < self.round_of(position.step, &position.cursor) => {}
                Woken::Read(position, page) => {
                    let (bytes, retries) = (meter.bytes_received(), meter.retries());
                    concurrency.page_read(Instant::now(), bytes, retries, thread.waiting());
                    let passed_on = match page {
                        Ok(page) => {
                            self.go_on_after(&page);
                            thread.commit(page, start.usage(opened.context.meter()))
                        }
                        Err(error) => self.go_back(&position, of_changes(opened, options.mode, error), thread),
                    };
                    match passed_on {
                        Ok(()) => {}
                        Err(error) if error.kind() == ErrorKind::Guard => break Ending::PutOff(error),
                        Err(error) => break Ending::Failed(error),
                    }
                }
                Woken::Committed(Ok(committed)) => {
                    self.committed(&committed, start.usage(opened.context.meter()).api_calls);
                }
                Woken::Committed(Err(error)) => break Ending::Failed(error),
            }
        };
        // Pages that are being read are dropped; pages that were read are committed before the run ends.
        drop(reads);
        self.settle(thread, ending, start.usage(opened.context.meter()).api_calls).await
    }

    /// Compares the numbers that the changes gave with the store. True if there is something to read again.
    async fn read_again(&mut self, opened: &Opened, mode: Mode, thread: &Committer) -> Result<bool> {
        if mode != Mode::Delta {
            return Ok(false);
        }
        let differing = thread.with(Writer::differing).await?;
        if differing.is_empty() {
            return Ok(false);
        }
        let ability = changes_of(opened)?;
        let (mut without_holders, mut cursors) = (Vec::new(), Vec::new());
        for Differing { range, counted, stored } in differing {
            if counted == 0 {
                without_holders.push(range);
                continue;
            }
            let positions = ability.read_again(&range, counted, stored)?;
            if positions.is_empty() {
                let entitlement = &range.entitlement;
                let message =
                    format!("the source shows {counted} holders of `{entitlement}`, but the store has {stored}");
                return Err(Error::new(ErrorKind::Expired, message));
            }
            cursors.extend(positions);
        }
        let positions = cursors.clone();
        thread.with(move |writer| writer.read_again(&without_holders, &positions)).await?;
        let found = cursors.into_iter().map(|cursor| Position { step: Step::Accounts, cursor, round: 0 });
        self.frontier.extend(found);
        Ok(!self.frontier.is_empty())
    }

    /// Waits until the pages that were read are committed. Keeps the first error.
    async fn settle(&mut self, thread: &mut Committer, mut ending: Ending, calls: u64) -> Ending {
        while thread.waiting() > 0 {
            match thread.committed().await {
                Ok(committed) => self.committed(&committed, calls),
                Err(error) if !matches!(ending, Ending::Failed(_)) => ending = Ending::Failed(error),
                Err(_) => {}
            }
        }
        ending
    }

    /// Pages are committed in the order in which they are read, so what follows a page can be read before it is committed.
    fn go_on_after(&mut self, page: &ReadPage) {
        for cursor in page.next.iter().rev() {
            let round = self.round_of(page.step(), cursor);
            self.frontier.push_front(Position { step: page.step(), cursor: cursor.clone(), round });
        }
    }

    /// Goes back to the anchor if the read failed because its live cursor has ended. Returns any other error.
    fn go_back(&mut self, position: &Position, error: Error, thread: &mut Committer) -> Result<()> {
        let step = position.step;
        let Some(anchor) = position.cursor.anchor().filter(|_| error.kind() == ErrorKind::Expired) else {
            return Err(error);
        };
        *self.rounds.entry((step, anchor.clone())).or_default() += 1;
        self.frontier.retain(|other| other.step != step || other.cursor.anchor().as_ref() != Some(&anchor));
        self.frontier.push_front(Position { step, cursor: anchor.clone(), round: 0 });
        thread.go_back(step, anchor, error)
    }

    fn round_of(&self, step: Step, cursor: &Cursor) -> u32 {
        cursor.anchor().and_then(|anchor| self.rounds.get(&(step, anchor)).copied()).unwrap_or_default()
    }

    fn committed(&mut self, committed: &Committed, calls: u64) {
        self.seen = committed.seen;
        let estimate = &mut self.estimates[committed.step];
        *estimate = (*estimate).max(committed.estimate);
        self.tell(Phase::Reading, calls);
    }

    fn tell(&self, phase: Phase, calls: u64) {
        let of = |step| StepProgress { seen: self.seen[step], estimate: self.estimates[step] };
        (self.progress)(&Progress {
            phase,
            resumed: self.resumed,
            steps: PerStep {
                accounts: of(Step::Accounts),
                entitlements: of(Step::Entitlements),
                assignments: of(Step::Assignments),
            },
            api_calls: self.earlier_calls + calls,
            elapsed: self.began.elapsed(),
        });
    }
}

/// Adds the help for a source that no longer keeps the changes since the watermark.
fn of_changes(opened: &Opened, mode: Mode, error: Error) -> Error {
    if mode == Mode::Full || error.kind() != ErrorKind::Expired || error.help().is_some() {
        return error;
    }
    error.with_help(format!("run a full aggregation: `connector aggregate {} --full`", opened.source))
}

async fn wake<F: Future<Output = (Position, Result<Box<ReadPage>>)>>(
    reads: &mut FuturesUnordered<F>,
    thread: &mut Committer,
    stop: &CancellationToken,
) -> Woken {
    let committing = thread.waiting() > 0;
    tokio::select! {
        biased;
        () = stop.cancelled() => Woken::Stopped,
        committed = thread.committed(), if committing => Woken::Committed(committed),
        Some((position, page)) = reads.next(), if !reads.is_empty() => Woken::Read(position, page),
    }
}

/// What the meter showed when the job began: earlier jobs may have used the same one.
pub(super) struct Readings {
    calls: u64,
    retries: u64,
    bytes: u64,
}

impl Readings {
    pub(super) fn of(meter: &Meter) -> Self {
        Self { calls: meter.api_calls(), retries: meter.retries(), bytes: meter.bytes_received() }
    }

    pub(super) fn usage(&self, meter: &Meter) -> Usage {
        Usage {
            api_calls: meter.api_calls().saturating_sub(self.calls),
            retries: meter.retries().saturating_sub(self.retries),
            bytes_received: meter.bytes_received().saturating_sub(self.bytes),
            limits: meter.allowances(),
        }
    }
}
