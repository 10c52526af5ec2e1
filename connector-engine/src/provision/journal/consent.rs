//! Who wrote a plan, and who approved it.

use super::handle::{Journal, OpenPlan};
use super::plan::{Earlier, Wanted, redefined, source_number};
use connector_core::{Error, Result};
use connector_sql::{OptionalExtension, params};
use connector_store::{RunLock, Store, Work, fault, replace_former};
use jiff::Timestamp;

/// Who approved which preview of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Consented {
    pub(crate) author: Option<String>,
    pub(crate) approver: Option<String>,
    /// The digest of the preview.
    pub(crate) digest: Option<String>,
}

impl Journal {
    /// Locks the source for the plan with this id.
    ///
    /// Fails with kind `not_found` if the source has no such plan or it has ended, with kind `guard` if another job holds the
    /// source, and with kind `definition` if the source's file now means a different system.
    pub(crate) fn of(store: &Store, wanted: &Wanted, id: &str) -> Result<(Self, Earlier)> {
        let lock = RunLock::take(store, Work::Provisioning, &wanted.source)?;
        let connection = store.writer()?;
        let source = source_number(&connection, &wanted.source)?;
        replace_former(&connection, source, &wanted.definition)?;
        let found = connection
            .query_row(
                "SELECT number, id, status, connector = ?3 AND definition = ?4 FROM plans WHERE source = ?1 AND id = ?2",
                params![source, id, wanted.connector, wanted.definition.hash],
                |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get::<_, bool>(3)?)),
            )
            .optional()
            .map_err(fault)?;
        let Some((plan, id, status, same)) = found else {
            return Err(Error::not_found(format!("`{}` has no plan `{id}`", wanted.source)));
        };
        let earlier = match status.as_str() {
            "applying" => Earlier::Interrupted,
            "previewed" => Earlier::Previewed,
            "previewing" => Earlier::Nothing,
            _ => {
                return Err(Error::conflict("the plan has ended").with_help("put what is still needed into a new plan"));
            }
        };
        if !same {
            return Err(redefined(&wanted.source));
        }
        Ok((Self::new(OpenPlan { connection, plan, source, id, lock }), earlier))
    }
}

impl OpenPlan {
    /// Records who wrote the plan, unless that is known.
    pub(crate) fn written_by(&mut self, author: &str) -> Result<()> {
        let statement = "UPDATE plans SET author = coalesce(author, ?2) WHERE number = ?1";
        self.connection.execute(statement, params![self.plan, author]).map_err(fault)?;
        Ok(())
    }

    /// Records who approved which preview; `None` takes it back.
    pub(crate) fn endorse(&mut self, by: Option<(&str, &str)>) -> Result<()> {
        let at = by.map(|_| Timestamp::now().to_string());
        let (approver, digest) = by.unzip();
        self.connection
            .execute(
                "UPDATE plans SET approver = ?2, approved_digest = ?3, approved_at = ?4, approved = CAST(?2 AS TEXT) IS NOT NULL
                 WHERE number = ?1",
                params![self.plan, approver, digest, at],
            )
            .map_err(fault)?;
        Ok(())
    }

    /// Who approved which preview.
    pub(crate) fn consented(&self) -> Result<Consented> {
        let query = "SELECT author, approver, approved_digest FROM plans WHERE number = ?1";
        let found = self.connection.query_row(query, [self.plan], |row| {
            Ok(Consented { author: row.get(0)?, approver: row.get(1)?, digest: row.get(2)? })
        });
        found.map_err(fault)
    }

    /// Removes a plan that was not started.
    pub(crate) fn discard(&mut self) -> Result<()> {
        super::plan::drop_plans(&self.connection, "number = ?1 AND status IN ('previewing', 'previewed')", [self.plan])
            .map_err(fault)
    }
}
