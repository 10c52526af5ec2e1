//! A plan in progress: how a job starts and leaves it.

use super::journal::{Earlier, Journal, OpenPlan, PlanUsage, Standing, Wanted};
use crate::patience::ask;
use connector_core::{Error, ErrorKind, Operation, Result, SecretRef};
use connector_project::effect::ValueChange;
use connector_project::source::Opened;
use connector_store::{Store, recognize};
use jiff::Timestamp;
use std::time::Instant;
use tokio::sync::OnceCell;

/// A plan in progress: written to the journal, and locked so that no other job provisions the same source.
#[derive(Debug)]
pub struct Provisioning<'a> {
    pub(super) opened: &'a Opened,
    pub(super) journal: Journal,
    pub(super) earlier: Earlier,
    /// Set when the system was recognized as that of the source.
    recognized: OnceCell<()>,
    /// Why the last preview was refused by a guard.
    pub(super) refusal: Option<Error>,
    /// Identifies the result of the last preview.
    pub(super) digest: String,
    /// The changes of steps of an interrupted plan that became other ones, until the user sees them.
    pub(super) unseen: Vec<(i64, Vec<ValueChange>)>,
    pub(super) verifies: bool,
    calls_before: u64,
    retries_before: u64,
    began: Instant,
}

/// An operation that would do something other than an earlier preview showed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Its position in the plan, from 0.
    pub operation: u64,
    /// Its result in the earlier preview.
    pub before: Shown,
    /// Its result now.
    pub now: Shown,
}

/// What a preview shows of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// What it changes.
    pub changes: Vec<ValueChange>,
    /// Its outcome.
    pub outcome: Standing,
    /// Why, if it is unchanged or failed.
    pub reason: Option<String>,
}

impl Shown {
    /// An operation that is going to change this.
    pub(super) fn planned(changes: Vec<ValueChange>) -> Self {
        Self { changes, outcome: Standing::Planned, reason: None }
    }
}

impl<'a> Provisioning<'a> {
    /// Writes a plan to the journal, or continues a previewed or interrupted plan with the same content.
    /// `file` is the plan's file as the user named it; `read` passes its operations one by one. `author` is who writes it; empty
    /// if nobody knows. Earlier previews of the same file by the same author are removed, unless somebody approved them.
    ///
    /// Fails with kind `guard` if another job provisions the source, with kind `definition` if the source's file now means
    /// a different system than when the plan was interrupted, and with the error of `read`.
    pub fn begin(
        store: &Store,
        opened: &'a Opened,
        file: &str,
        author: &str,
        read: impl FnOnce(&mut dyn FnMut(Operation<SecretRef>)) -> Result<()>,
    ) -> Result<Self> {
        let (journal, earlier) =
            Journal::begin(store, &wanted(opened, file, author), |sink| read(&mut |operation| sink(&operation)))?;
        Ok(Self::new(opened, journal, earlier))
    }

    /// Continues the newest unfinished plan of the source that was [approved](Provisioning::approve); `None` if
    /// there is none. Fails like [`Provisioning::begin`].
    pub fn interrupted(store: &Store, opened: &'a Opened) -> Result<Option<Self>> {
        let found = Journal::interrupted(store, &wanted(opened, "", ""))?;
        Ok(found.map(|(journal, earlier)| Self::new(opened, journal, earlier)))
    }

    pub(super) fn new(opened: &'a Opened, journal: Journal, earlier: Earlier) -> Self {
        let (calls_before, retries_before) = (opened.context.meter().api_calls(), opened.context.meter().retries());
        Self {
            opened,
            journal,
            earlier,
            recognized: OnceCell::new(),
            refusal: None,
            digest: String::new(),
            unseen: Vec::new(),
            verifies: true,
            calls_before,
            retries_before,
            began: Instant::now(),
        }
    }

    /// Records whether the user approves the plan. An approved plan that is interrupted later continues without asking
    /// again. Withdraw the approval if the plan's changes have changed.
    pub async fn approve(&self, approved: bool) -> Result<()> {
        self.journal.with(move |journal| journal.approve(approved)).await
    }

    /// Ends an interrupted plan: what was not sent is abandoned, and no later job applies it. Settle what was
    /// sent [before](Provisioning::settle).
    pub async fn abandon(&self) -> Result<()> {
        if self.earlier == Earlier::Interrupted {
            let error = Error::new(ErrorKind::Cancelled, "the plan was abandoned before this operation was sent")
                .with_help("put it into a new plan if it is still needed");
            self.journal.with(move |journal| journal.abandon(&error).map(drop)).await
        } else {
            self.approve(false).await
        }
    }

    /// Leaves out reading the accounts at the end.
    pub fn skip_read_back(&mut self) {
        self.verifies = false;
    }

    /// The plan's id, a ULID.
    pub fn id(&self) -> String {
        self.journal.plan_id()
    }

    /// How far the plan was before this job.
    pub fn earlier(&self) -> Earlier {
        self.earlier
    }

    /// When the user saw the preview with which the plan was left; `None` if nobody saw one, or if the plan was started.
    pub async fn previewed_at(&self) -> Result<Option<Timestamp>> {
        if self.earlier != Earlier::Previewed {
            return Ok(None);
        }
        self.journal.with(|journal| journal.previewed_at()).await
    }

    /// The plan's file, as the user named it when the plan started.
    pub async fn file(&self) -> Result<String> {
        self.journal.with(|journal| journal.file()).await
    }

    /// Ids and files of other unfinished plans of the source.
    pub async fn others_interrupted(&self) -> Result<Vec<(String, String)>> {
        self.journal.with(|journal| journal.others_interrupted()).await
    }

    /// Records the cost of this job, and ends the plan if nothing is left to do.
    pub async fn leave(&self) -> Result<()> {
        let meter = self.opened.context.meter();
        let usage = PlanUsage {
            api_calls: self.calls(),
            retries: meter.retries().saturating_sub(self.retries_before),
            active_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        self.journal.with(move |journal| journal.leave(usage)).await
    }

    /// Makes sure, once a job, that the system is the one that the source had before. Fails with kind `guard` if not.
    pub(super) async fn recognize(&self) -> Result<()> {
        let once = || async {
            let id = || self.opened.connector.instance_id();
            let found = ask(self.opened, "reading the id of the system", id).await?;
            let compare = move |plan: &mut OpenPlan| recognize(&plan.connection, plan.source, found.as_deref(), false);
            self.journal.with(compare).await.map(drop)
        };
        self.recognized.get_or_try_init(once).await.copied()
    }

    /// Requests that this job sent so far.
    pub(super) fn calls(&self) -> u64 {
        self.opened.context.meter().api_calls().saturating_sub(self.calls_before)
    }
}

pub(super) fn wanted(opened: &Opened, file: &str, author: &str) -> Wanted {
    Wanted {
        source: opened.source.clone(),
        connector: opened.registration.name.to_string(),
        definition: opened.definition.clone(),
        file: file.to_owned(),
        author: author.to_owned(),
    }
}
