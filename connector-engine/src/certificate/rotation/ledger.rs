//! The ledger of certificate rotations. It records the stage of each one.

use connector_core::{Error, ErrorKind, Result};
use connector_sql::{Connection, Params, Row, params};
use connector_store::{RunLock, Store, Work, fault, moment, recognize, sql, word};
use jiff::Timestamp;
use strum::{EnumString, IntoStaticStr};
use ulid::Ulid;

/// The stage of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Stage {
    /// The new key is being created.
    Making,
    /// The new key exists; nothing has been sent.
    Made,
    /// The app has taken the new certificate.
    Deployed,
    /// The source accepts the new key.
    Proven,
    /// The source uses the new key and certificate.
    Switched,
    /// The new certificate was not accepted: the app must get the old one back.
    Returning,
    /// The source uses the new key, and the rotation is finished.
    Done,
    /// The source uses the old key again.
    Returned,
}

impl Stage {
    fn name(self) -> &'static str {
        self.into()
    }
}

/// The record of one rotation.
#[derive(Clone, Debug)]
pub(super) struct RotationRecord {
    pub(super) id: String,
    pub(super) stage: Stage,
    pub(super) app: String,
    /// The client id to switch to, if another app takes over.
    pub(super) issuer: Option<String>,
    pub(super) key: String,
    pub(super) certificate: String,
    pub(super) next_key: String,
    pub(super) next_certificate: String,
    pub(super) old_pem: Option<String>,
    pub(super) new_pem: Option<String>,
    pub(super) deployed_at: Option<Timestamp>,
}

/// The rotations of one source, locked for one job. Every write is on the disk before it returns.
#[derive(Debug)]
pub(super) struct Ledger {
    connection: Connection,
    source: i64,
    lock: RunLock,
}

impl Ledger {
    /// Locks the source. Fails with kind `guard` if another job is rotating its certificate.
    pub(super) fn hold(store: &Store, source: &str) -> Result<Self> {
        let lock = RunLock::take(store, Work::Rotation, source)?;
        let connection = store.journal()?;
        let source = sql::one(
            &connection,
            "INSERT INTO sources (name) VALUES (?1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
            [source],
            |row| row.get(0),
        )?;
        Ok(Self { connection, source, lock })
    }

    /// Writes something, unless another job has taken the source over: then this one must send nothing more.
    fn write(&self, statement: &str, parameters: impl Params) -> Result<()> {
        let transaction = self.connection.transaction().map_err(fault)?;
        self.lock.check(&transaction)?;
        sql::execute(&transaction, statement, parameters)?;
        sql::commit(transaction)
    }

    /// Makes sure that the source still points to the same system. Fails with kind `guard` if not.
    pub(super) fn recognize(&self, found: Option<&str>) -> Result<()> {
        recognize(&self.connection, self.source, found, false).map(drop)
    }

    /// Whether a rotation is unfinished. Works while another job holds the lock.
    pub(super) fn is_unfinished(store: &Store, source: &str) -> Result<bool> {
        sql::one(
            &store.reader()?,
            "SELECT EXISTS (SELECT 1 FROM rotations r JOIN sources s ON s.id = r.source
                     WHERE s.name = ?1 AND r.ended_at IS NULL)",
            [source],
            |row| row.get(0),
        )
    }

    /// The unfinished rotation.
    pub(super) fn unfinished(&self) -> Result<Option<RotationRecord>> {
        sql::first(
            &self.connection,
            "SELECT id, stage, app, issuer, key, certificate, next_key, next_certificate, old_pem, new_pem, deployed_at
                 FROM rotations WHERE source = ?1 AND ended_at IS NULL ORDER BY number DESC LIMIT 1",
            [self.source],
            record,
        )
    }

    /// The new certificate of the last rotation, if that rotation restored the old one.
    pub(super) fn given_up(&self) -> Result<Option<String>> {
        let last: Option<(Stage, Option<String>)> = sql::first(
            &self.connection,
            "SELECT stage, new_pem FROM rotations WHERE source = ?1 ORDER BY number DESC LIMIT 1",
            [self.source],
            |row| Ok((word(row, 0)?, row.get(1)?)),
        )?;
        Ok(last.filter(|(stage, _)| *stage == Stage::Returned).and_then(|(_, pem)| pem))
    }

    /// Records that a rotation starts. This ends an unfinished one that has sent nothing.
    pub(super) fn begin(&self, record: &RotationRecord) -> Result<()> {
        self.write(
            "UPDATE rotations SET stage = 'returned', ended_at = ?2 WHERE source = ?1 AND ended_at IS NULL",
            params![self.source, Timestamp::now().to_string()],
        )?;
        self.write("INSERT INTO rotations (id, source, app, issuer, stage, key, certificate, next_key, next_certificate, began_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", params![
                    record.id,
                    self.source,
                    record.app,
                    record.issuer,
                    record.stage.name(),
                    record.key,
                    record.certificate,
                    record.next_key,
                    record.next_certificate,
                    Timestamp::now().to_string(),
                ])
    }

    /// Records the stage.
    pub(super) fn save(&self, record: &RotationRecord) -> Result<()> {
        let ended = matches!(record.stage, Stage::Done | Stage::Returned).then(|| Timestamp::now().to_string());
        self.write("UPDATE rotations SET stage = ?2, old_pem = ?3, new_pem = ?4, deployed_at = ?5, ended_at = ?6 WHERE id = ?1",
            params![
                record.id,
                record.stage.name(),
                record.old_pem,
                record.new_pem,
                record.deployed_at.map(|moment| moment.to_string()),
                ended,
            ],
        )
    }

    /// Adds a step to the history.
    pub(super) fn note(&self, record: &RotationRecord, step: &str, detail: &str) -> Result<()> {
        self.write(
            "INSERT INTO rotation_steps (rotation, at, step, detail)
                 SELECT number, ?2, ?3, ?4 FROM rotations WHERE id = ?1",
            params![record.id, Timestamp::now().to_string(), step, detail],
        )
    }

    /// Records why the app must get its old certificate back.
    pub(super) fn blame(&self, record: &RotationRecord, error: &Error) -> Result<()> {
        self.write("UPDATE rotations SET error_message = ?2 WHERE id = ?1", params![record.id, error.message()])
    }

    /// Why the app must get its old certificate back.
    pub(super) fn blamed(&self, record: &RotationRecord) -> Result<Error> {
        let message: Option<String> =
            sql::one(&self.connection, "SELECT error_message FROM rotations WHERE id = ?1", [&record.id], |row| {
                row.get(0)
            })?;
        message.map(|message| Error::new(ErrorKind::Auth, message)).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "the store does not say why the source has its old certificate again")
        })
    }
}

impl RotationRecord {
    /// Whether nothing was sent to the source: the certificate of the app is recorded before anything is deployed.
    pub(super) fn has_sent_nothing(&self) -> bool {
        matches!(self.stage, Stage::Making | Stage::Made) && self.old_pem.is_none()
    }

    /// An id for a new rotation.
    pub(super) fn new_id() -> String {
        Ulid::new().to_string()
    }
}

fn record(row: &Row<'_>) -> connector_sql::Result<RotationRecord> {
    Ok(RotationRecord {
        id: row.get(0)?,
        stage: word(row, 1)?,
        app: row.get(2)?,
        issuer: row.get(3)?,
        key: row.get(4)?,
        certificate: row.get(5)?,
        next_key: row.get(6)?,
        next_certificate: row.get(7)?,
        old_pem: row.get(8)?,
        new_pem: row.get(9)?,
        deployed_at: moment(row, 10)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> (tempfile::TempDir, Ledger, RotationRecord) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store.db")).unwrap();
        let ledger = Ledger::hold(&store, "directory").unwrap();
        let record = RotationRecord {
            id: RotationRecord::new_id(),
            stage: Stage::Deployed,
            app: "App".to_owned(),
            issuer: None,
            key: "a.key".to_owned(),
            certificate: "a.crt".to_owned(),
            next_key: "a.key.next".to_owned(),
            next_certificate: "a.crt.next".to_owned(),
            old_pem: None,
            new_pem: Some("new".to_owned()),
            deployed_at: Some(Timestamp::UNIX_EPOCH),
        };
        ledger.begin(&record).unwrap();
        ledger.save(&record).unwrap();
        (folder, ledger, record)
    }

    #[test]
    fn a_rotation_is_read_as_it_was_written() {
        let (_folder, ledger, record) = begun();
        let read = ledger.unfinished().unwrap().unwrap();
        assert_eq!((read.id, read.stage, read.deployed_at), (record.id, record.stage, record.deployed_at));
        assert_eq!(ledger.given_up().unwrap(), None);
    }

    #[test]
    fn what_nobody_can_read_in_the_ledger_is_an_error_and_no_default() {
        for damage in ["stage = 'melted'", "deployed_at = 'soon'"] {
            let (_folder, ledger, _) = begun();
            sql::execute(&ledger.connection, &format!("UPDATE rotations SET {damage}"), []).unwrap();
            let error = ledger.unfinished().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Internal, "{damage}");
        }
        let (_folder, ledger, record) = begun();
        sql::execute(&ledger.connection, "UPDATE rotations SET stage = 'melted'", []).unwrap();
        assert_eq!(ledger.given_up().unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(ledger.blamed(&record).unwrap_err().kind(), ErrorKind::Internal);
    }
}
