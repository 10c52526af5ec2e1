//! The one who writes: commits pages and ends the run.

use super::completeness::{is_complete, mark_incomplete};
use super::counted::Differing;
use super::fault::fault;
use super::fence::check_fence;
use super::guard::Limits;
use super::instance::recognize;
use super::live;
use super::lock::RunLock;
use super::open::Store;
use super::page::{Items, ReadPage};
use super::report;
use super::run::{RunReport, RunStatus};
use super::run_state::RunState;
use super::sql;
use super::step::{PerStep, Step};
use super::survey::Survey;
use super::watermark;
use super::write_back::WriteBack;
use connector_core::{Allowance, Cursor, Error, ErrorKind, HolderRange, Result};
use connector_sql::{Connection, params};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Pages with so many rows are committed.
const ROWS_OF_GROUP: usize = 32_768;
/// Pages are committed after this time: another job that writes to the store waits no longer, and a kill costs no more.
const TIME_OF_GROUP: Duration = Duration::from_millis(250);
/// Pages are committed if no other page comes within this time.
const IDLE_TIME_OF_GROUP: Duration = Duration::from_millis(10);

/// What this job cost the source so far.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// Requests sent.
    pub api_calls: u64,
    /// Requests that were repeated.
    pub retries: u64,
    /// Bytes of responses.
    pub bytes_received: u64,
    /// What the source says of its limits.
    pub limits: BTreeMap<String, Allowance>,
}

/// How a job ends.
#[derive(Debug)]
pub enum Ending {
    /// Everything is read.
    Complete {
        /// Whether to mark what was not seen as removed.
        remove: bool,
        /// How much of it.
        limits: Limits,
    },
    /// An error ended it.
    Failed(Error),
    /// A guard refused it before anything was read.
    Refused(Error),
    /// It stopped before it would use calls that are kept for others.
    PutOff(Error),
    /// It was asked to stop.
    Interrupted,
}

/// Pages that are committed together: so each page of the file is written once for many rows.
#[derive(Debug)]
struct Group {
    began: Instant,
    rows: usize,
    usage: Usage,
}

/// The one who writes: holds the source for a job, commits its pages and ends its run.
#[derive(Debug)]
pub struct Writer {
    connection: Connection,
    write_back: WriteBack,
    state: RunState,
    fence: i64,
    group: Option<Group>,
    /// When other jobs could write last.
    others_wrote: Instant,
    began: Instant,
    /// The cost of earlier jobs of this run: milliseconds, and calls, retries and bytes.
    earlier_ms: u64,
    earlier: [u64; 3],
    _lock: RunLock,
}

impl Writer {
    pub(crate) fn new(
        store: &Store,
        connection: Connection,
        state: RunState,
        fence: i64,
        lock: RunLock,
        earlier_ms: u64,
        earlier: [u64; 3],
    ) -> Self {
        let began = Instant::now();
        Self {
            connection,
            write_back: WriteBack::new(store),
            state,
            fence,
            group: None,
            others_wrote: began,
            began,
            earlier_ms,
            earlier,
            _lock: lock,
        }
    }

    /// Takes in a page: its rows, the bits of what was seen and the change of the frontier. They are committed together, with those
    /// of other pages.
    ///
    /// After an error the memory of this writer no longer fits the store: it can only end the run as failed.
    pub fn take_in(&mut self, page: &ReadPage, usage: Usage) -> Result<PerStep<u64>> {
        if self.group.is_none() {
            self.connection.begin().map_err(fault)?;
            self.group = Some(Group { began: Instant::now(), rows: 0, usage: Usage::default() });
            check_fence(&self.connection, &self.state, self.fence).inspect_err(|_| self.drop_group())?;
        }
        take_in_page(&self.connection, &mut self.state, page).inspect_err(|_| self.drop_group())?;
        tracing::debug!(step = page.step().name(), rows = page.len(), next = page.next.len(), "page taken in");
        if let Some(group) = &mut self.group {
            group.rows += page.len();
            group.usage = usage;
            if group.rows >= ROWS_OF_GROUP || group.began.elapsed() >= TIME_OF_GROUP {
                self.commit()?;
            }
        }
        Ok(self.seen_so_far())
    }

    /// How long pages may still wait for their commit; `None` if no page waits.
    pub fn time_left(&self) -> Option<Duration> {
        self.group.as_ref().map(|group| TIME_OF_GROUP.saturating_sub(group.began.elapsed()).min(IDLE_TIME_OF_GROUP))
    }

    /// Commits the pages that were taken in.
    pub fn commit(&mut self) -> Result<()> {
        let Some(group) = &self.group else { return Ok(()) };
        let rows = group.rows;
        self.state
            .save(&self.connection)
            .and_then(|()| {
                let run = self.state.run;
                save_usage(&self.connection, run, self.earlier_ms, self.began, self.earlier, &group.usage)
            })
            .and_then(|()| self.connection.commit().map_err(fault))
            .inspect_err(|_| self.drop_group())?;
        self.write_back.committed(&self.connection, rows);
        self.group = None;
        sql::let_others_write(&self.connection, &mut self.others_wrote);
        tracing::debug!("pages committed");
        Ok(())
    }

    /// Drops the pages that were taken in and not committed.
    fn drop_group(&mut self) {
        self.group = None;
        self.connection.roll_back();
    }

    /// Compares the id of the system with that of the source. Fails with kind `guard` if it is another one.
    pub fn recognize(&mut self, found: Option<&str>, accept_new: bool) -> Result<()> {
        let transaction = sql::begin(&self.connection)?;
        check_fence(&transaction, &self.state, self.fence)?;
        if let Some(warning) = recognize(&transaction, self.state.source, found, accept_new)? {
            report::warn(&transaction, self.state.run, &warning)?;
        }
        sql::commit(transaction)
    }

    /// Adds warnings to the run.
    pub fn warn(&mut self, texts: &[String]) -> Result<()> {
        texts.iter().try_for_each(|text| report::warn(&self.connection, self.state.run, text))
    }

    /// Keeps where the changes start that this run does not read.
    pub fn keep_watermark(&mut self, watermark: &Cursor) -> Result<()> {
        let transaction = sql::begin(&self.connection)?;
        check_fence(&transaction, &self.state, self.fence)?;
        watermark::keep(&transaction, self.state.run, Some(watermark))?;
        sql::commit(transaction)
    }

    /// Accounts after a row that the run did not see and would remove.
    pub fn missing_accounts(&self, after: i64, most: usize, limits: Limits) -> Result<Vec<(i64, String)>> {
        self.state.missing_accounts(&self.connection, after, most, limits)
    }

    /// Keeps accounts that the list did not show and a lookup found.
    pub fn still_there(&mut self, rows: &[i64]) {
        for row in rows {
            let is_new = u64::from(self.state.seen.accounts.insert(*row));
            self.state.tallies.accounts.seen += is_new;
            self.state.found += is_new;
        }
    }

    /// The holders that the store has in another number than the changes say, when all changes are applied. None if the
    /// changes don't show everything: then nothing is removed.
    pub fn differing(&mut self) -> Result<Vec<Differing>> {
        if !is_complete(&self.connection, self.state.run, Step::Accounts)? {
            return Ok(Vec::new());
        }
        self.state.differing(&self.connection)
    }

    /// Reads on at these positions because numbers differ, and removes the holders of what has none any more.
    pub fn read_again(&mut self, without_holders: &[HolderRange], cursors: &[Cursor]) -> Result<()> {
        let (connection, state, fence) = (&self.connection, &mut self.state, self.fence);
        sql::atomically(connection, || {
            check_fence(connection, state, fence)?;
            state.read_again(connection, without_holders, cursors)?;
            state.save(connection)
        })
    }

    /// Goes back to the anchor of a live cursor that has ended, in one transaction.
    pub fn go_back(&mut self, step: Step, anchor: &Cursor, error: &Error) -> Result<()> {
        let transaction = sql::begin(&self.connection)?;
        check_fence(&transaction, &self.state, self.fence)?;
        live::expired(&transaction, self.state.run, step, anchor, error)?;
        sql::commit(transaction)
    }

    /// Rows that the run has seen so far.
    pub fn seen_so_far(&self) -> PerStep<u64> {
        self.state.seen_so_far()
    }

    /// Calls that earlier jobs of this run made.
    pub fn earlier_calls(&self) -> u64 {
        self.earlier[0]
    }

    /// Ends the run and returns its report. The comparison of a large source takes a while: `stop` ends it, and the next job
    /// starts with it.
    pub fn finish(&mut self, ending: &Ending, usage: &Usage, stop: &CancellationToken) -> Result<RunReport> {
        if !matches!(ending, Ending::Complete { .. }) {
            return self.end(ending, None, usage);
        }
        sql::stop_with(&self.connection, Some(stop.clone()))?;
        let surveyed = self.survey(ending, stop);
        let ended = surveyed.and_then(|survey| self.end(ending, survey.as_ref(), usage));
        sql::stop_with(&self.connection, None)?;
        match ended {
            Err(error) if error.kind() == ErrorKind::Cancelled => self.end(&Ending::Interrupted, None, usage),
            ended => ended,
        }
    }

    /// Writes what waited until everything was read, and compares what the run saw with the store.
    fn survey(&mut self, ending: &Ending, stop: &CancellationToken) -> Result<Option<Survey>> {
        let Ending::Complete { remove, .. } = ending else { return Ok(None) };
        let (connection, state) = (&self.connection, &mut self.state);
        state.merge_waiting(connection, &mut self.write_back, self.fence, stop)?;
        state.count_rows_of_tables(connection)?;
        sql::atomically(connection, || {
            check_fence(connection, state, self.fence)?;
            state.resolve_aliases(connection)?;
            state.save(connection)
        })?;
        state.survey(connection, *remove).map(Some)
    }

    fn end(&mut self, ending: &Ending, survey: Option<&Survey>, usage: &Usage) -> Result<RunReport> {
        let transaction = sql::begin(&self.connection)?;
        check_fence(&transaction, &self.state, self.fence)?;
        let (status, error) = match (ending, survey) {
            (Ending::Complete { remove, limits }, Some(survey)) => {
                match self.state.reconcile(&transaction, survey, *remove, *limits)? {
                    None => (RunStatus::Succeeded, None),
                    Some(refusal) => (RunStatus::Refused, Some(refusal)),
                }
            }
            (Ending::Failed(error), _) => (RunStatus::Failed, Some(error.clone())),
            (Ending::Refused(error), _) => (RunStatus::Refused, Some(error.clone())),
            (Ending::PutOff(error), _) => (RunStatus::Interrupted, Some(error.clone())),
            (Ending::Complete { .. } | Ending::Interrupted, _) => (
                RunStatus::Interrupted,
                Some(
                    Error::new(ErrorKind::Cancelled, "stopped; what was read is kept")
                        .with_help("run it again to go on where it stopped"),
                ),
            ),
        };
        if survey.is_some() {
            self.state.save(&transaction)?;
            if status == RunStatus::Succeeded {
                self.state.holder_counts.keep(&transaction)?;
            }
            watermark::settle(&transaction, &self.state)?;
            for table in ["frontier", "seen", "gone", "counted", "counted_types", "waiting_assignments"] {
                sql::execute(&transaction, &format!("DELETE FROM {table} WHERE run = ?1"), [self.state.run])?;
            }
        }
        save_usage(&transaction, self.state.run, self.earlier_ms, self.began, self.earlier, usage)?;
        save_status(&transaction, self.state.run, status, error.as_ref())?;
        sql::commit(transaction)?;
        // The planner's statistics; a run is right without them.
        let statistics = self.connection.dialect().pick("PRAGMA optimize", "SELECT 1");
        if self.connection.execute_batch(statistics).is_err() {
            tracing::debug!("the statistics of the store were not updated");
        }
        tracing::debug!(status = status.name(), "run ended");
        report::one(&self.connection, self.state.run).map(|stored| stored.report)
    }
}

/// Takes in the rows of a page and what it says beside them.
fn take_in_page(connection: &Connection, state: &mut RunState, page: &ReadPage) -> Result<()> {
    let (run, step) = (state.run, page.step());
    state.comes_again = live::may_come_again(connection, run, step, &page.cursor)?;
    state.not_shown.clone_from(&page.not_shown);
    state.hides_of_accounts_only = page.has_changed_accounts();
    state.newly_kept.clear();
    let fresh = take_in(connection, state, &page.items)?;
    if fresh > 0 {
        live::got_further(connection, run, step, &page.cursor)?;
    } else if page.repeats() && is_certain(state, page) && !live::comes_again(connection, run, step, &page.cursor)? {
        return Err(repeated(step, "a page shows only what earlier pages of this run showed"));
    }
    advance(connection, state, page)?;
    note(connection, state, page)
}

/// Takes in the rows; returns how many of them the run has not seen before.
fn take_in(connection: &Connection, state: &mut RunState, items: &Items) -> Result<usize> {
    let mut fresh = 0;
    match items {
        Items::Accounts(accounts) => {
            state.look_ahead(connection, accounts)?;
            for account in accounts {
                fresh += usize::from(state.account(connection, account)?);
            }
            state.end_page(connection)?;
        }
        Items::Entitlements(entitlements) => {
            for entitlement in entitlements {
                fresh += usize::from(state.entitlement(connection, entitlement)?);
            }
        }
        Items::Assignments(assignments) => fresh = state.assignments(connection, assignments)?,
        Items::Changes(changes) => {
            changes.iter().try_for_each(|change| state.change(connection, change))?;
            // Each change is new; a cursor that comes back ends a source that repeats itself.
            fresh = changes.len();
        }
    }
    Ok(fresh)
}

/// Whether a page whose rows were all seen before can't be new ones that were taken for seen ones by chance.
fn is_certain(state: &RunState, page: &ReadPage) -> bool {
    page.step() != Step::Assignments || state.waiting.are_repeated(page.len())
}

/// Takes the page's cursor from the frontier and adds those after it.
fn advance(connection: &Connection, state: &RunState, page: &ReadPage) -> Result<()> {
    let step = page.step();
    let done = sql::execute(
        connection,
        "UPDATE frontier SET done = 1 WHERE run = ?1 AND step = ?2 AND cursor = ?3 AND done = 0",
        params![state.run, step.name(), page.cursor.as_str()],
    )?;
    if done != 1 {
        return Err(Error::new(ErrorKind::Internal, "a page was read that the run does not ask for"));
    }
    for cursor in &page.next {
        let added = sql::execute(
            connection,
            "INSERT INTO frontier (run, step, cursor, anchor) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![state.run, step.name(), cursor.as_str(), cursor.anchor().as_ref().map(Cursor::as_str)],
        )?;
        if added == 0 {
            return Err(repeated(step, "a position came back that this run has been given before"));
        }
    }
    Ok(())
}

fn repeated(step: Step, how: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("the source repeats itself while reading {}: {how}", step.name()))
        .with_help("run it again; if it happens again, drop the unfinished run with `--restart` and report it to the makers of the source or the connector")
        .with_context("step", step.name())
}

/// Keeps what the page says beside its rows.
fn note(connection: &Connection, state: &RunState, page: &ReadPage) -> Result<()> {
    for skipped in &page.skipped {
        sql::execute(
            connection,
            "INSERT INTO skipped (run, type) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![state.run, skipped.entitlement_type],
        )?;
        let text = format!("{}: not read: {}", skipped.entitlement_type, skipped.reason);
        report::warn(connection, state.run, &text)?;
    }
    if let Some(reason) = &page.incomplete {
        let step = page.step().name();
        mark_incomplete(connection, state.run, page.step())?;
        report::warn(connection, state.run, &format!("{step}: not everything was read: {reason}"))?;
    }
    if let Some(watermark) = &page.watermark {
        watermark::keep(connection, state.run, Some(watermark))?;
    }
    if let Some(warning) = page.not_shown.warning(&state.newly_kept) {
        report::warn(connection, state.run, &warning)?;
    }
    for warning in &page.warnings {
        report::warn(connection, state.run, warning)?;
    }
    Ok(())
}

fn save_usage(
    connection: &Connection,
    run: i64,
    earlier_ms: u64,
    began: Instant,
    earlier: [u64; 3],
    usage: &Usage,
) -> Result<()> {
    let now_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let limits = serde_json::to_string(&usage.limits).expect("names and numbers can be written as JSON");
    sql::execute(
        connection,
        "UPDATE runs SET active_ms = ?2, api_calls = ?3, retries = ?4, bytes_received = ?5,
                 limits = CASE WHEN ?6 = '{}' THEN limits ELSE ?6 END
             WHERE number = ?1",
        params![
            run,
            earlier_ms.saturating_add(now_ms),
            earlier[0] + usage.api_calls,
            earlier[1] + usage.retries,
            earlier[2] + usage.bytes_received,
            limits,
        ],
    )?;
    Ok(())
}

fn save_status(connection: &Connection, run: i64, status: RunStatus, error: Option<&Error>) -> Result<()> {
    let step = error.and_then(|error| error.context().find(|(key, _)| *key == "step").map(|(_, step)| step.to_owned()));
    sql::execute(
        connection,
        "UPDATE runs SET status = ?2, ended_at = ?3, error_kind = ?4, error_message = ?5, error_help = ?6,
                 error_step = ?7
             WHERE number = ?1",
        params![
            run,
            status.name(),
            Timestamp::now().to_string(),
            error.map(|error| error.kind().name()),
            error.map(Error::message),
            error.and_then(Error::help),
            step,
        ],
    )?;
    Ok(())
}
