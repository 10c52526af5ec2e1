//! Proves the trial of live cursors: a correct connector passes, and each broken one is caught by that trial.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use async_trait::async_trait;
use connector_core::{
    Account, AccountSchema, Connector, Cursor, Error, ErrorKind, Finding, Page, Result, Sessions, TestReport,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Another connector answers instead of saying that the connection is gone.
    AnswersElsewhere,
    /// The error has another kind.
    FailsElsewhere,
    /// The anchor lies behind the rows that the live cursor shows.
    AnchorTooFar,
}

/// People that are read through a connection.
#[derive(Debug)]
struct Stream {
    fault: Fault,
    sessions: Sessions<u64>,
}

const PEOPLE: u64 = 7;

/// An offset to connect at, or the key of an open session.
type Position = (Option<u64>, String);

#[async_trait]
impl Connector for Stream {
    async fn test_connection(&self, report: &mut TestReport) {
        report.step("api", async { Ok(Finding::passed("there")) }).await;
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        let first = match cursor.position::<Position>()? {
            None => 0,
            Some((Some(offset), _)) => offset,
            Some((None, key)) => match (self.sessions.take(&key), self.fault) {
                (Err(_), Fault::AnswersElsewhere) => PEOPLE - 1,
                (Err(_), Fault::FailsElsewhere) => return Err(Error::new(ErrorKind::Unavailable, "closed")),
                (session, _) => session?,
            },
        };
        let end = (first + 3).min(PEOPLE);
        let items = (first..end).map(|number| Account::new(format!("p{number}"), format!("person{number}"))).collect();
        if end == PEOPLE {
            return Ok(Page::last(items));
        }
        let anchor = if self.fault == Fault::AnchorTooFar { end + 1 } else { end };
        let anchor = Cursor::of::<Position>(&(Some(anchor), String::new()))?;
        let live: Position = (None, self.sessions.keep(end));
        Ok(Page::then(items, Cursor::live(&live, &anchor)?))
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default()
    }
}

async fn check(fault: Fault) -> connector_testkit::Report {
    connector_testkit::check(|| Ok(Box::new(Stream { fault, sessions: Sessions::new(4) }))).await
}

#[tokio::test]
async fn a_correct_connector_with_live_cursors_passes_every_trial() {
    let report = check(Fault::None).await;
    assert!(report.passed(), "{report}");
}

#[tokio::test]
async fn a_broken_live_cursor_is_caught() {
    for fault in [Fault::AnswersElsewhere, Fault::FailsElsewhere, Fault::AnchorTooFar] {
        let report = check(fault).await;
        let trial = "a_live_cursor_expires_elsewhere_and_its_anchor_shows_the_same_rows";
        assert_eq!(report.failed(), [trial], "{fault:?}:\n{report}");
    }
}
