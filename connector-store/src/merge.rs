//! The merge of what waits into the table of assignments.

use super::fault::fault;
use super::fence::check_fence;
use super::key::{Key, is_name_key, read_key, write_key};
use super::not_shown::NotShown;
use super::run_state::RunState;
use super::snapshot::AssignmentSnapshot;
use super::sql;
use super::waiting::{Merge, read_values};
use super::write_back::WriteBack;
use connector_core::{Error, ErrorKind, Result};
use connector_sql::types::ValueRef;
use connector_sql::{Connection, Row, Rows, params};
use connector_tables::BatchRow;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Assignments that are merged in one transaction. Another job that writes to the store waits no longer than for these.
const ROWS_AT_ONCE: usize = 16_384;

/// The assignments of a source from a key on, in the order of the key.
const STORED: &str =
    "SELECT account, entitlement, holder, through, inline, id, removed_run, state, valid_until, attributes
    FROM assignments
    WHERE source = ?1 AND (account, entitlement, holder, through) >= (?2, ?3, ?4, ?5)
    ORDER BY account, entitlement, holder, through, inline";

/// A stored assignment with the key of a waiting one.
struct StoredAssignment {
    id: i64,
    inline: bool,
    is_of_account: bool,
    /// Whether it lives and has the same values.
    is_same: bool,
}

/// What the table does not have.
#[derive(Default)]
struct Missing {
    rows: Vec<BatchRow>,
    /// Rows that it has with other values, or as removed ones.
    values: Vec<BatchRow>,
}

/// The stored assignments that a portion is compared with.
struct Stored<'a> {
    rows: Rows<'a>,
    /// The key of the row; empty before the first one.
    key: Vec<u8>,
    at_end: bool,
}

impl RunState {
    /// Merges what waits, portion by portion. Fails with kind `cancelled` on `stop`: the next job goes on there.
    pub(super) fn merge_waiting(
        &mut self,
        connection: &Connection,
        write_back: &mut WriteBack,
        fence: i64,
        stop: &CancellationToken,
    ) -> Result<()> {
        self.waiting.close();
        // Only what pages showed as a whole waits, whatever the last page hides.
        self.not_shown = NotShown::default();
        let merged = "SELECT merged FROM runs WHERE number = ?1";
        let after = sql::one(connection, merged, [self.run], |row| row.get(0))?;
        let mut merge = Merge::open(connection, self.run, after)?;
        let mut others_wrote = Instant::now();
        while merge.peek()?.is_some() {
            if stop.is_cancelled() {
                return Err(Error::new(ErrorKind::Cancelled, "stopped while assignments were merged"));
            }
            sql::atomically(connection, || {
                check_fence(connection, self, fence)?;
                self.merge_portion(connection, &mut merge)
            })?;
            write_back.committed(connection, ROWS_AT_ONCE);
            sql::let_others_write(connection, &mut others_wrote);
        }
        self.waiting.count = 0;
        Ok(())
    }

    fn merge_portion(&mut self, connection: &Connection, merge: &mut Merge<'_>) -> Result<()> {
        let (missing, last) = match merge.peek()? {
            Some(first) if is_name_key(&first.key) => (Missing::default(), self.add_names(connection, merge)?),
            _ => self.compare(connection, merge)?,
        };
        self.insert_assignments(connection, &missing.rows)?;
        for row in missing.values {
            self.hold(connection, read_key(&row.key)?, &read_values(&row.value)?)?;
        }
        for block in merge.take_done() {
            sql::execute(connection, "DELETE FROM waiting_assignments WHERE id = ?1", [block])?;
        }
        sql::execute(connection, "UPDATE runs SET merged = ?2 WHERE number = ?1", params![self.run, last])?;
        self.save(connection)
    }

    /// Adds a portion of the names; returns the last key.
    fn add_names(&self, connection: &Connection, merge: &mut Merge<'_>) -> Result<Vec<u8>> {
        let mut rows = Vec::new();
        for _ in 0..ROWS_AT_ONCE {
            let Some(row) = merge.next().transpose()? else { break };
            rows.push(row);
        }
        self.add_waiting_names(connection, rows.iter().map(|row| &*row.key))?;
        Ok(rows.last().map(|row| row.key.to_vec()).unwrap_or_default())
    }

    /// Walks through a portion and the table side by side; returns what the table does not have, and the last key. What
    /// is stored with the same values is only marked as seen.
    fn compare(&mut self, connection: &Connection, merge: &mut Merge<'_>) -> Result<(Missing, Vec<u8>)> {
        let (mut missing, mut last) = (Missing::default(), Vec::new());
        let Some(first) = merge.peek()?.cloned() else { return Ok((missing, last)) };
        let Key { account, entitlement, holder, through, .. } = read_key(&first.key)?;
        let mut query = connection.prepare_cached(STORED).map_err(fault)?;
        let rows = query.query(params![self.source, account, entitlement, holder, through]).map_err(fault)?;
        let mut stored = Stored { rows, key: Vec::new(), at_end: false };
        for _ in 0..ROWS_AT_ONCE {
            if merge.peek()?.is_none_or(|row| is_name_key(&row.key)) {
                break;
            }
            let Some(row) = merge.next().transpose()? else { break };
            last.clear();
            last.extend_from_slice(&row.key);
            match stored.find(&row.key)? {
                None => missing.rows.push(row),
                Some(found) => {
                    if !self.see(&StoredAssignment::from_row(&found, &row)?) {
                        missing.values.push(row);
                    }
                }
            }
        }
        self.waiting.count = self.waiting.count.saturating_sub(ROWS_AT_ONCE as u64);
        Ok((missing, last))
    }

    /// Marks an assignment as seen if it is stored with the same values.
    fn see(&mut self, stored: &StoredAssignment) -> bool {
        if stored.is_same && (stored.inline || self.seen.assignments.insert(stored.id)) {
            self.tallies.assignments.seen += u64::from(stored.is_of_account);
        }
        stored.is_same
    }
}

impl Stored<'_> {
    /// The row with that key. Asked for in the order of the keys.
    fn find(&mut self, key: &[u8]) -> Result<Option<Row<'_>>> {
        while !self.at_end && *self.key < *key {
            self.advance().map_err(fault)?;
        }
        Ok(self.rows.get().filter(|_| *self.key == *key))
    }

    fn advance(&mut self) -> connector_sql::Result<()> {
        self.rows.advance()?;
        let Some(row) = self.rows.get() else {
            self.at_end = true;
            return Ok(());
        };
        let account = row.get_ref(0)?.as_str()?;
        let (entitlement, holder, through) = (row.get(1)?, row.get(2)?, row.get(3)?);
        write_key(&mut self.key, Key { account, entitlement, holder, through, inline: row.get(4)? });
        Ok(())
    }
}

impl StoredAssignment {
    fn from_row(stored: &Row<'_>, row: &BatchRow) -> Result<Self> {
        let read = || {
            let lives = stored.get_ref(6)? == ValueRef::Null;
            let plain = [stored.get_ref(7)?, stored.get_ref(8)?, stored.get_ref(9)?] == [ValueRef::Null; 3];
            let values = if plain { None } else { Some(AssignmentSnapshot::from_row(stored, 7)?) };
            Ok((stored.get(5)?, stored.get(4)?, stored.get::<_, i64>(2)? == 0, lives, values))
        };
        let (id, inline, is_of_account, lives, values) = read().map_err(fault)?;
        let has_values = match values {
            None if row.value.is_empty() => true,
            values => values.unwrap_or_else(AssignmentSnapshot::plain).is_same(&read_values(&row.value)?),
        };
        Ok(Self { id, inline, is_of_account, is_same: lives && has_values })
    }
}
