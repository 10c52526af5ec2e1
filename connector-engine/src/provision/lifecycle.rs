//! The life of a plan: settle open steps, preview, apply.

use super::caps;
use super::journal::{Earlier, OpenPlan, Standing};
use super::progress::{Phase, Progress};
use super::provisioning::{Changed, Provisioning};
use super::reasons::not_known;
use super::settle::settle;
use connector_core::{Error, Result};
use connector_project::source::{AggregationSettings, loosened_guards};
use tokio_util::sync::CancellationToken;

/// What a preview found.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Identifies the preview: an equal digest means the same changes to the same accounts.
    pub digest: String,
    /// Operations that would do something other than an earlier preview showed. If there is one, the user must see it
    /// before anything is applied.
    pub changed: Vec<Changed>,
    /// Why a guard refuses the plan, if so: it passes a cap, or changes a protected account.
    pub refusal: Option<Error>,
    /// The guards that the source turns off or loosens.
    pub warnings: Vec<String>,
}

/// How many operations with a lost response were settled, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// They were applied.
    pub applied: u64,
    /// They were not applied and will be sent again.
    pub again: u64,
    /// The result can't be determined.
    pub unknown: u64,
}

/// How applying the plan ended. The journal has the outcome of each operation.
#[derive(Debug)]
pub struct Applied {
    /// Why the rest of the plan was not sent or not read back; `None` if all was sent or the user stopped the sending.
    pub error: Option<Error>,
}

impl Provisioning<'_> {
    /// Settles operations of this source with a lost response, in this plan or an earlier one, by reading
    /// the source.
    pub async fn settle(&self, progress: impl Fn(&Progress) + Sync) -> Result<Settled> {
        let rows = self.journal.with(|journal| journal.pending()).await?;
        let total = rows.len() as u64;
        let mut settled = Settled::default();
        if total > 0 {
            self.recognize().await?;
        }
        let mut done = 0;
        // One lookup at a time, so that a plan with many of them needs no more memory.
        for part in rows.chunks(super::find_accounts::most(self.opened)) {
            progress(&Progress { phase: Phase::Settling, done, total, api_calls: self.calls() });
            let answers = settle(self.opened, part).await?;
            done += part.len() as u64;
            let mut not_made = Vec::new();
            let queued: Vec<i64> = part.iter().filter(|row| row.queued).map(|row| row.id).collect();
            // What the source has yet to make is never sent again.
            let answers: Vec<_> = answers
                .into_iter()
                .filter(|one| one.standing == Standing::Applied || !queued.contains(&one.id))
                .collect();
            settled.unknown += (part.len() - answers.len()) as u64;
            for answer in &answers {
                let Some(row) = part.iter().find(|row| row.id == answer.id) else { continue };
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

    /// Reads the accounts and determines what each operation changes. For a plan that was started, it compares only the
    /// remaining operations with the accounts.
    ///
    /// Fails with kind `cancelled` if the user stops it, with kind `guard` if another system is behind the source, and with the source's error if the source can't be read.
    pub async fn preview(&mut self, progress: impl Fn(&Progress) + Sync, stop: &CancellationToken) -> Result<Preview> {
        self.recognize().await?;
        let changed = if self.earlier == Earlier::Interrupted {
            let (changed, unseen) = self.recheck_all(&progress, stop).await?;
            self.unseen = unseen;
            changed
        } else {
            self.foresee_all(&progress, stop).await?
        };
        let digest = self.digest().await?;
        self.refusal = None;
        let mut warnings = loosened_guards(&AggregationSettings::default(), &self.opened.provisioning);
        if self.earlier != Earlier::Interrupted {
            let settings = self.opened.provisioning.clone();
            let (refusal, unknown) = self.journal.with(move |journal| caps::check(journal, &settings)).await?;
            self.refusal = refusal;
            warnings.extend(unknown);
        }
        let changed = if self.earlier == Earlier::Nothing { Vec::new() } else { by_operation(changed) };
        self.digest.clone_from(&digest);
        Ok(Preview { digest, changed, refusal: self.refusal.clone(), warnings })
    }

    /// Records that the user saw the last preview: later ones are compared with it. A preview that nobody saw approves nothing,
    /// so a job that repeats by itself stops at the same change each time.
    pub async fn seen(&mut self) -> Result<()> {
        if self.earlier == Earlier::Interrupted {
            let unseen = std::mem::take(&mut self.unseen);
            let recheck = move |journal: &mut OpenPlan| {
                if !unseen.is_empty() {
                    // Who approved the plan approved something else.
                    journal.endorse(None)?;
                }
                journal.rechecked(&unseen)
            };
            return self.journal.with(recheck).await;
        }
        let digest = self.digest.clone();
        self.journal.with(move |journal| journal.previewed(&digest)).await?;
        self.earlier = Earlier::Previewed;
        Ok(())
    }

    /// Whether the user means this plan: `digest` is that of the last preview, or of the one at which an interrupted plan started.
    pub async fn has_digest(&self, digest: &str) -> Result<bool> {
        if self.earlier == Earlier::Interrupted {
            return Ok(self.journal.with(|journal| journal.digest()).await?.as_deref() == Some(digest));
        }
        Ok(self.digest == digest)
    }

    /// Applies the plan: operations on one account in the plan's order, operations on different accounts side by
    /// side. When stopped, it sends nothing more and waits for what was sent. At the end, it reads the accounts: what they
    /// don't show is failed.
    ///
    /// Fails with kind `guard` if the preview was refused, or if the approval is missing that the source asks for.
    pub async fn apply(&mut self, progress: impl Fn(&Progress) + Sync, stop: &CancellationToken) -> Result<Applied> {
        self.recognize().await?;
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        if let Some(missing) = self.unapproved().await? {
            return Err(missing);
        }
        let verify = self.verifies && self.opened.connector.capabilities().accounts().is_some();
        let digest = (self.earlier != Earlier::Interrupted).then(|| self.digest.clone());
        self.journal.with(move |journal| journal.began(verify, digest.as_deref())).await?;
        self.earlier = Earlier::Interrupted;
        let mut error = self.carry_out_all(&progress, stop).await?;
        // The job that sends the rest also reads back what was sent now.
        let is_cut = stop.is_cancelled() && self.journal.with(|journal| journal.left()).await? > 0;
        if verify && error.is_none() && !is_cut {
            error = self.read_back(&progress, stop).await.err();
        }
        Ok(Applied { error })
    }
}

/// One entry for each operation, in the plan's order. Several of its steps may have changed.
fn by_operation(mut changed: Vec<Changed>) -> Vec<Changed> {
    changed.sort_by_key(|one| one.operation);
    changed.dedup_by(|next, one| {
        let is_same = next.operation == one.operation;
        if is_same {
            one.before.changes.append(&mut next.before.changes);
            one.now.changes.append(&mut next.now.changes);
        }
        is_same
    });
    changed
}
