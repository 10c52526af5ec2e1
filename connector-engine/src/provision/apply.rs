//! Applies what the preview showed.

use super::call::{Called, Next, carry_out};
use super::journal::{Standing, StepRow};
use super::lanes::{Item, Lanes};
use super::progress::{Phase, Progress};
use super::provisioning::Provisioning;
use super::reasons::{not_known, not_made};
use connector_core::{Change, Error, Lane, Result};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many changing requests run at the same time. More would block each other, because systems
/// lock the records that changes to different accounts share.
const WRITES: usize = 4;

/// How many steps to keep in memory, so that batches fill up although each account has its own order.
const WINDOW: usize = 4_000;

/// The lane of a connector that takes one operation at a time.
const SINGLE: Lane = Lane::new("single", 1);

/// A plan that is being applied.
struct Execution<'a, P> {
    of: &'a Provisioning<'a>,
    lanes: Lanes,
    /// The turn of the last step taken from the journal, and whether the journal has no more steps.
    after: i64,
    complete: bool,
    total: u64,
    done: u64,
    stop: Option<Error>,
    /// Canceled when nothing more may be sent.
    halt: CancellationToken,
    progress: &'a P,
}

/// A task in progress: a request, or the wait before the next try.
enum Ended {
    Called(Called),
    Waited(Vec<Item>),
}

impl Provisioning<'_> {
    /// Applies every remaining step. The returned error is the reason why the rest was not sent.
    pub(super) async fn carry_out_all(
        &self,
        progress: &(impl Fn(&Progress) + Sync),
        stop: &CancellationToken,
    ) -> Result<Option<Error>> {
        let total = self.journal.with(|journal| journal.left()).await?;
        let mut execution = Execution {
            of: self,
            lanes: Lanes::default(),
            after: -1,
            complete: false,
            total,
            done: 0,
            stop: None,
            halt: stop.child_token(),
            progress,
        };
        for lead in self.journal.with(|journal| journal.unsettled()).await? {
            execution.lanes.hold(lead);
        }
        execution.tell();
        execution.go().await?;
        Ok(execution.stop)
    }
}

impl<'a, P: Fn(&Progress)> Execution<'a, P> {
    async fn go(&mut self) -> Result<()> {
        let mut under_way: FuturesUnordered<BoxFuture<'a, Result<Ended>>> = FuturesUnordered::new();
        loop {
            let goes_on = !self.halt.is_cancelled();
            if goes_on {
                self.fill().await?;
            }
            while goes_on && self.stop.is_none() && under_way.len() < WRITES {
                if let Err(error) = self.of.opened.limits.check(self.of.opened.context.meter(), WRITES) {
                    self.stop = Some(error.with_context("source", &self.of.opened.source));
                    self.halt.cancel();
                    break;
                }
                let Some(batch) = self.lanes.next_batch(under_way.is_empty(), self.complete) else { break };
                under_way.push(Box::pin(self.of.call(batch)));
            }
            // Waits for what was sent, even after a signal.
            match under_way.next().await {
                None => return Ok(()),
                Some(ended) => match ended? {
                    Ended::Waited(items) => items.into_iter().for_each(|item| self.lanes.again(item)),
                    Ended::Called(called) => {
                        if let Some(waiting) = self.take(called).await? {
                            under_way.push(Box::pin(waiting));
                        }
                        self.tell();
                    }
                },
            }
        }
    }

    /// Takes steps from the journal while there is room.
    async fn fill(&mut self) -> Result<()> {
        while !self.complete && self.lanes.len() + WINDOW / 4 <= WINDOW {
            let after = self.after;
            let rows = self.of.journal.with(move |journal| journal.steps_after(after, WINDOW / 4)).await?;
            self.complete = rows.len() < WINDOW / 4;
            for row in rows {
                self.after = row.turn;
                let lane = self.of.lane(&row);
                self.lanes.add(Item { doubtful: row.tries > 0, row, lane, tries: 0 });
            }
        }
        Ok(())
    }

    /// Handles the result of a request. Returns a wait if something must be sent again.
    async fn take(&mut self, called: Called) -> Result<Option<impl Future<Output = Result<Ended>> + use<'a, P>>> {
        let mut again = Vec::new();
        let mut wait = Duration::ZERO;
        for (item, next) in called.items {
            match next {
                Next::Done { standing, account } => {
                    self.done += 1;
                    self.conclude(&item, standing, account.as_deref()).await?;
                    self.lanes.done(&item.row);
                }
                Next::Again(after) => {
                    wait = wait.max(after);
                    again.push(item);
                }
                // Its account stays blocked: the next step must not overtake this one.
                Next::Left => {}
            }
        }
        if let Some(error) = called.stop {
            self.stop.get_or_insert(error);
            self.halt.cancel();
        }
        let halt = self.halt.clone();
        Ok((!again.is_empty()).then_some(async move {
            // After a stop, there is no need to wait for what will not be sent.
            let _ = halt.run_until_cancelled(tokio::time::sleep(wait)).await;
            Ok(Ended::Waited(again))
        }))
    }

    /// Updates the later steps of the same account.
    async fn conclude(&mut self, item: &Item, standing: Standing, account: Option<&str>) -> Result<()> {
        if !matches!(item.row.operation.change, Change::Create { .. }) {
            return Ok(());
        }
        if let Some(id) = account {
            self.lanes.made(item.row.lead, id);
            return Ok(());
        }
        let error = match standing {
            Standing::Failed => not_made(item.row.number),
            _ => not_known(item.row.number),
        };
        let create = item.row.id;
        let given_up = self.of.journal.with(move |journal| journal.give_up(create, &error)).await?;
        self.done += given_up as u64;
        self.lanes.drop_account(item.row.lead);
        Ok(())
    }

    fn tell(&self) {
        (self.progress)(&Progress {
            phase: Phase::Applying,
            done: self.done,
            total: self.total,
            api_calls: self.of.calls(),
        });
    }
}

impl Provisioning<'_> {
    async fn call(&self, batch: Vec<Item>) -> Result<Ended> {
        carry_out(self.opened, &self.journal, batch).await.map(Ended::Called)
    }

    fn lane(&self, row: &StepRow) -> Lane {
        self.opened.connector.capabilities().batch().map_or(SINGLE, |ability| ability.lane(&row.operation))
    }
}
