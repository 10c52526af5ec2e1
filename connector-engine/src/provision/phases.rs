//! What is done with a plan: settle what was left open, preview, apply.

use super::journal::{Earlier, Held, Standing};
use super::progress::{Phase, Progress};
use super::provisioning::{Changed, Provisioning};
use super::reasons::not_known;
use super::settle::settle;
use connector_core::{Error, Result};
use tokio_util::sync::CancellationToken;

/// What a preview found.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Identifies what is shown: the same digest stands for the same changes of the same accounts.
    pub digest: String,
    /// Operations that come to something else than an earlier preview showed. Where there is one, nothing may be applied
    /// before the user has seen it.
    pub changed: Vec<Changed>,
}

/// What settling found of operations whose answer was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// They had been carried out.
    pub applied: u64,
    /// They had not, and are to be done again.
    pub again: u64,
    /// It can't be told.
    pub unknown: u64,
}

/// How carrying out ended. How each operation stands is told by the journal.
#[derive(Debug)]
pub struct Applied {
    /// What kept the rest of the plan from being sent; none when nothing did, or when the user asked to stop.
    pub error: Option<Error>,
}

impl Provisioning<'_> {
    /// Finds out what became of operations of this source whose answer was lost, in this plan or an earlier one, by reading
    /// the source.
    pub async fn settle(&self, progress: impl Fn(&Progress) + Sync) -> Result<Settled> {
        let rows = self.journal.with(|journal| journal.pending()).await?;
        let total = rows.len() as u64;
        let mut settled = Settled::default();
        if total > 0 {
            self.recognize().await?;
        }
        let mut done = 0;
        // As many as one request finds, so that a plan with many of them needs no more memory.
        for part in rows.chunks(super::look::most(&self.job)) {
            progress(&Progress { phase: Phase::Settling, done, total, api_calls: self.calls() });
            let answers = settle(&self.job, part).await?;
            done += part.len() as u64;
            let mut not_made = Vec::new();
            for (row, answer) in part.iter().zip(&answers) {
                match answer.standing {
                    Standing::Planned => settled.again += 1,
                    Standing::Pending if row.is_create => {
                        settled.unknown += 1;
                        not_made.push((row.id, not_known(row.number)));
                    }
                    Standing::Pending => settled.unknown += 1,
                    _ => settled.applied += 1,
                }
            }
            self.journal
                .with(move |journal| {
                    journal.answer(&answers)?;
                    not_made.iter().try_for_each(|(create, error)| journal.give_up(*create, error).map(drop))
                })
                .await?;
        }
        Ok(settled)
    }

    /// Reads the accounts and works out what each operation comes to. For a plan that was begun, only what is left is held
    /// against the accounts.
    ///
    /// Fails with kind `cancelled` when it was asked to stop, with kind `guard` when another system is behind the source, and
    /// when the source can't be read.
    pub async fn preview(&mut self, progress: impl Fn(&Progress) + Sync, stop: &CancellationToken) -> Result<Preview> {
        self.recognize().await?;
        let changed = if self.earlier == Earlier::Interrupted {
            self.recheck_all(&progress, stop).await?
        } else {
            self.foresee_all(&progress, stop).await?
        };
        let digest = self.digest().await?;
        let changed = if self.earlier == Earlier::Nothing { Vec::new() } else { by_operation(changed) };
        if self.earlier != Earlier::Interrupted {
            let kept = digest.clone();
            self.journal.with(move |journal| journal.previewed(&kept)).await?;
            self.earlier = Earlier::Previewed;
        }
        Ok(Preview { digest, changed })
    }

    /// Carries out what is planned: operations of one account in the plan's order, those of different accounts side by
    /// side. Asked to stop, it sends nothing more and waits for what was sent.
    pub async fn apply(&mut self, progress: impl Fn(&Progress) + Sync, stop: &CancellationToken) -> Result<Applied> {
        self.recognize().await?;
        self.journal.with(Held::began).await?;
        self.earlier = Earlier::Interrupted;
        let error = self.carry_out_all(&progress, stop).await?;
        Ok(Applied { error })
    }
}

/// One entry for each operation, in the plan's order; several steps of it may have changed.
fn by_operation(mut changed: Vec<Changed>) -> Vec<Changed> {
    changed.sort_by_key(|one| one.operation);
    changed.dedup_by(|next, one| {
        let is_same = next.operation == one.operation;
        if is_same {
            one.before.append(&mut next.before);
            one.now.append(&mut next.now);
        }
        is_same
    });
    changed
}
