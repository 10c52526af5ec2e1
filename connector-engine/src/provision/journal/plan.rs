//! The states of a plan: read, previewed, started, ended.

use super::handle::{Journal, OpenPlan};
use super::load::Loading;
use super::row::unreadable;
use connector_core::{Error, ErrorKind, Operation, Result, SecretRef};
use connector_project::source::Definition;
use connector_sql::{Connection, OptionalExtension, params};
use connector_store::{RunLock, Store, Work, fault, replace_former, sql};
use jiff::Timestamp;
use ulid::Ulid;

/// The source and file of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) source: String,
    pub(crate) connector: String,
    pub(crate) definition: Definition,
    /// The plan's file, as the user named it.
    pub(crate) file: String,
    /// Who writes the plan; empty if nobody knows, or for a plan that the journal has.
    pub(crate) author: String,
}

/// How far a plan was before this job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Nobody saw a preview yet.
    Nothing,
    /// It was previewed, and nothing was applied: the new preview is compared with the one that was shown.
    Previewed,
    /// It was started and interrupted: only the rest is applied.
    Interrupted,
}

/// The cost of a job.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PlanUsage {
    pub(crate) api_calls: u64,
    pub(crate) retries: u64,
    pub(crate) active_ms: u64,
}

impl Journal {
    /// Locks the source for this plan and writes its operations, unless a plan with the same content was previewed or
    /// interrupted: then that one continues. `read` passes the operations one by one.
    ///
    /// Fails with kind `guard` if another job holds the source, and with the error of `read`.
    pub(crate) fn begin(
        store: &Store,
        wanted: &Wanted,
        read: impl FnOnce(&mut dyn FnMut(&Operation<SecretRef>)) -> Result<()>,
    ) -> Result<(Self, Earlier)> {
        let lock = RunLock::take(store, Work::Provisioning, &wanted.source)?;
        let connection = store.writer()?;
        let source = source_number(&connection, &wanted.source)?;
        let transaction = connection.transaction().map_err(fault)?;
        drop_unseen(&transaction, source)?;
        replace_former(&transaction, source, &wanted.definition)?;
        let id = Ulid::new().to_string();
        let plan = sql::insert(
            &transaction,
            "INSERT INTO plans (id, source, connector, definition, file, content, status, author)
             VALUES (?1, ?2, ?3, ?4, ?5, '', 'previewing', nullif(?6, '')) RETURNING number",
            params![id, source, wanted.connector, wanted.definition.hash, wanted.file, wanted.author],
        )?;
        let mut loading = Loading::of(&transaction, plan);
        let mut broken = None;
        read(&mut |operation| {
            if broken.is_none() {
                broken = loading.add(operation).err();
            }
        })?;
        if let Some(error) = broken {
            return Err(error);
        }
        let content = loading.finish()?;
        if let Some(earlier) = earlier(&transaction, source, wanted, &content)? {
            // Rolled back: the journal already has these operations.
            drop(transaction);
            let (plan, id, beginning) = earlier;
            if beginning == Earlier::Previewed {
                let renamed = "UPDATE plans SET file = ?2 WHERE number = ?1 AND (author IS NULL OR author = ?3)";
                connection.execute(renamed, params![plan, wanted.file, wanted.author]).map_err(fault)?;
            }
            return Ok((Self::new(OpenPlan { connection, plan, source, id, lock }), beginning));
        }
        transaction
            .execute("UPDATE plans SET content = ?2 WHERE number = ?1", params![plan, content])
            .and_then(|_| drop_superseded(&transaction, source, plan, wanted))
            .map_err(fault)?;
        transaction.commit().map_err(fault)?;
        Ok((Self::new(OpenPlan { connection, plan, source, id, lock }), Earlier::Nothing))
    }

    /// Locks the source for its newest unfinished plan that the user approved; `None` if there is none.
    ///
    /// Fails with kind `guard` if another job holds the source, and with kind `definition` if the source's file now means
    /// a different system.
    pub(crate) fn interrupted(store: &Store, wanted: &Wanted) -> Result<Option<(Self, Earlier)>> {
        let lock = RunLock::take(store, Work::Provisioning, &wanted.source)?;
        let connection = store.writer()?;
        let source = source_number(&connection, &wanted.source)?;
        replace_former(&connection, source, &wanted.definition)?;
        let found = connection
            .query_row(
                "SELECT number, id, status, connector = ?2 AND definition = ?3 FROM plans
                 WHERE source = ?1 AND (approved OR status = 'applying') AND status <> 'ended'
                 ORDER BY status = 'applying' DESC, number DESC LIMIT 1",
                params![source, wanted.connector, wanted.definition.hash],
                |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get::<_, bool>(3)?)),
            )
            .optional()
            .map_err(fault)?;
        let Some((plan, id, status, same)) = found else { return Ok(None) };
        if !same {
            return Err(redefined(&wanted.source));
        }
        let earlier = match status.as_str() {
            "applying" => Earlier::Interrupted,
            "previewed" => Earlier::Previewed,
            _ => Earlier::Nothing,
        };
        Ok(Some((Self::new(OpenPlan { connection, plan, source, id, lock }), earlier)))
    }
}

impl OpenPlan {
    /// The id of the system; empty if it shows none.
    pub(crate) fn instance(&self) -> Result<String> {
        self.connection
            .query_row("SELECT coalesce(instance, '') FROM sources WHERE id = ?1", [self.source], |row| row.get(0))
            .map_err(fault)
    }

    /// The plan's file, as the user named it.
    pub(crate) fn file(&self) -> Result<String> {
        self.connection
            .query_row("SELECT file FROM plans WHERE number = ?1", [self.plan], |row| row.get(0))
            .map_err(fault)
    }

    /// The digest of the preview at which the plan started.
    pub(crate) fn digest(&self) -> Result<Option<String>> {
        self.connection
            .query_row("SELECT digest FROM plans WHERE number = ?1", [self.plan], |row| row.get(0))
            .map_err(fault)
    }

    /// Records whether the user approves the plan. A started plan stays approved.
    pub(crate) fn approve(&mut self, approved: bool) -> Result<()> {
        self.connection
            .execute(
                "UPDATE plans SET approved = ?2 WHERE number = ?1 AND (?2 OR status <> 'applying')",
                params![self.plan, approved],
            )
            .map_err(fault)?;
        Ok(())
    }

    /// Records that the user saw the complete preview: its changes count as shown.
    pub(crate) fn previewed(&mut self, digest: &str) -> Result<()> {
        let transaction = self.connection.transaction().map_err(fault)?;
        transaction
            .execute(
                "UPDATE operations SET shown = NULL, shown_changes = NULL, shown_outcome = NULL, shown_reason = NULL
                 WHERE plan = ?1 AND shown IS NOT NULL",
                [self.plan],
            )
            .map_err(fault)?;
        transaction
            .execute(
                "UPDATE plans SET status = 'previewed', digest = ?2, previewed_at = ?3 WHERE number = ?1",
                params![self.plan, digest, Timestamp::now().to_string()],
            )
            .map_err(fault)?;
        transaction.commit().map_err(fault)
    }

    /// When the user last saw the complete preview.
    pub(crate) fn previewed_at(&self) -> Result<Option<Timestamp>> {
        let query = "SELECT previewed_at FROM plans WHERE number = ?1";
        let found = self.connection.query_row(query, [self.plan], |row| row.get::<_, Option<String>>(0));
        Ok(found.map_err(unreadable)?.and_then(|text| text.parse().ok()))
    }

    /// Records that applying starts: from now on, a commit is on disk when it
    /// returns. A power failure may lose what a preview found.
    /// With `verify`, the plan ends only after its steps were read back. `digest` is that of the preview that starts it.
    pub(crate) fn began(&mut self, verify: bool, digest: Option<&str>) -> Result<()> {
        self.connection.keep_every_commit().map_err(fault)?;
        self.connection
            .execute(
                "UPDATE plans SET status = 'applying', verify = ?3, began_at = coalesce(began_at, ?2), digest = coalesce(?4, digest)
                 WHERE number = ?1",
                params![self.plan, Timestamp::now().to_string(), verify, digest],
            )
            .map_err(fault)?;
        Ok(())
    }

    /// Adds the cost of this job, and ends the plan if nothing is left to apply or settle.
    pub(crate) fn leave(&mut self, usage: PlanUsage) -> Result<()> {
        self.connection
            .execute(
                "UPDATE plans SET api_calls = api_calls + ?2, retries = retries + ?3, active_ms = active_ms + ?4
                 WHERE number = ?1",
                params![self.plan, usage.api_calls, usage.retries, usage.active_ms],
            )
            .and_then(|_| end_finished(&self.connection, self.source))
            .map_err(fault)?;
        Ok(())
    }

    /// Ids and files of other interrupted plans of the source.
    pub(crate) fn others_interrupted(&self) -> Result<Vec<(String, String)>> {
        self.connection
            .prepare("SELECT id, file FROM plans WHERE source = ?1 AND status = 'applying' AND number <> ?2")
            .and_then(|mut statement| {
                statement.query_map([self.source, self.plan], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .map_err(fault)
    }
}

/// A plan has ended if nothing is planned, and nothing is pending except what settling could not determine.
fn end_finished(connection: &Connection, source: i64) -> connector_sql::Result<usize> {
    connection.execute(
        "UPDATE plans SET status = 'ended', ended_at = ?2
         WHERE source = ?1 AND status = 'applying' AND NOT EXISTS
             (SELECT 1 FROM operations o WHERE o.plan = plans.number
                 AND (o.outcome = 'planned' OR (o.outcome = 'pending' AND o.error_kind IS NULL AND NOT o.queued)
                     OR (plans.verify AND o.tries > 0 AND NOT o.read_back
                         AND (o.outcome IN ('applied', 'unchanged') OR o.queued))))",
        params![source, Timestamp::now().to_string()],
    )
}

pub(super) fn source_number(connection: &Connection, name: &str) -> Result<i64> {
    connection
        .query_row(
            "INSERT INTO sources (name) VALUES (?1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
            [name],
            |row| row.get(0),
        )
        .map_err(fault)
}

/// Removes the plan of a killed job if nobody saw it.
fn drop_unseen(connection: &Connection, source: i64) -> Result<()> {
    drop_plans(connection, "source = ?1 AND status = 'previewing'", [source]).map_err(fault)
}

/// Removes earlier previews of the same file, whose content has changed. What somebody approved, or somebody else wrote under the
/// same name, stays.
fn drop_superseded(connection: &Connection, source: i64, plan: i64, wanted: &Wanted) -> connector_sql::Result<()> {
    let condition = "source = ?1 AND status = 'previewed' AND number <> ?2 AND file = ?3 AND approver IS NULL
         AND (author IS NULL OR author = ?4)";
    drop_plans(connection, condition, params![source, plan, wanted.file, wanted.author])
}

pub(super) fn drop_plans(
    connection: &Connection,
    condition: &str,
    parameters: impl connector_sql::Params + Copy,
) -> connector_sql::Result<()> {
    connection.execute(
        &format!("DELETE FROM operations WHERE plan IN (SELECT number FROM plans WHERE {condition})"),
        parameters,
    )?;
    connection.execute(&format!("DELETE FROM plans WHERE {condition}"), parameters)?;
    Ok(())
}

/// The interrupted plan with the same content, or else the previewed one.
fn earlier(
    connection: &Connection,
    source: i64,
    wanted: &Wanted,
    content: &str,
) -> Result<Option<(i64, String, Earlier)>> {
    let found = connection
        .query_row(
            "SELECT number, id, status = 'applying', connector = ?3 AND definition = ?4 FROM plans
             WHERE source = ?1 AND content = ?2 AND status IN ('previewed', 'applying')
             ORDER BY status = 'applying' DESC, number DESC LIMIT 1",
            params![source, content, wanted.connector, wanted.definition.hash],
            |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, bool>(2)?, row.get::<_, bool>(3)?)),
        )
        .optional()
        .map_err(fault)?;
    match found {
        Some((_, _, true, false)) => Err(redefined(&wanted.source)),
        Some((plan, id, true, true)) => Ok(Some((plan, id, Earlier::Interrupted))),
        Some((plan, id, false, true)) => Ok(Some((plan, id, Earlier::Previewed))),
        // A preview of another system does not apply to this one.
        Some((_, _, false, false)) | None => Ok(None),
    }
}

pub(super) fn redefined(source: &str) -> Error {
    let message = format!("a plan for `{source}` was interrupted, and the source's file now means a different system");
    Error::new(ErrorKind::Definition, message)
        .with_help("restore connector, sign-in and settings, settle the plan with `--resume`, then change them")
}
