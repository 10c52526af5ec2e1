//! What earlier runs allow the next one to read.

use super::column::{moment, word};
use super::open::Store;
use super::run::{Mode, RunStatus};
use super::sql;
use connector_core::Result;
use connector_project::source::Definition;
use connector_sql::params;
use jiff::Timestamp;

/// What earlier runs of a source allow the next one to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// How much the newest run reads, if it can be resumed.
    pub unfinished: Option<Mode>,
    /// When the last full run that succeeded began.
    pub last_full: Option<Timestamp>,
    /// Why changes can't be read, if there was a full run.
    pub no_changes: Option<String>,
}

impl Past {
    /// Reads the past of a source.
    pub fn of(store: &Store, source: &str, connector: &str, definition: &Definition) -> Result<Self> {
        let connection = store.reader()?;
        let is_same = |hash: &str| hash == definition.hash || hash == definition.former;
        let newest = "SELECT r.mode, r.status, r.definition FROM runs r JOIN sources s ON s.id = r.source
             WHERE s.name = ?1 AND r.connector = ?2 AND r.mode <> 'refresh' ORDER BY r.number DESC LIMIT 1";
        let newest = sql::first(&connection, newest, params![source, connector], |row| {
            Ok((word::<Mode>(row, 0)?, word::<RunStatus>(row, 1)?, row.get::<_, String>(2)?))
        })?;
        let unfinished = newest.filter(|(_, status, hash)| status.is_unfinished() && is_same(hash));
        let last_full = "SELECT r.started_at FROM runs r JOIN sources s ON s.id = r.source
             WHERE s.name = ?1 AND r.status = 'succeeded' AND r.mode = 'full' ORDER BY r.number DESC LIMIT 1";
        let last_full = sql::first(&connection, last_full, [source], |row| moment(row, 0))?.flatten();
        let last =
            "SELECT r.connector, r.definition, r.watermark IS NOT NULL FROM runs r JOIN sources s ON s.id = r.source
             WHERE s.name = ?1 AND r.status = 'succeeded' AND r.mode <> 'refresh' ORDER BY r.number DESC LIMIT 1";
        let last: Option<(String, String, bool)> =
            sql::first(&connection, last, [source], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let no_changes = last.and_then(|(of, hash, has_watermark)| {
            if of != connector || !is_same(&hash) {
                Some("the source file changed since the last run")
            } else if has_watermark {
                None
            } else {
                Some("the last run did not see everything, so nothing says where its changes end")
            }
        });
        let no_changes = no_changes.map(str::to_owned);
        Ok(Self { unfinished: unfinished.map(|(mode, ..)| mode), last_full, no_changes })
    }
}
