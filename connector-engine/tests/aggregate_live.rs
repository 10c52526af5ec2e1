//! Live cursors: a read that lost its connection goes back to the anchor, and rows count once.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Place, World, account, run, run_as_due};
use async_trait::async_trait;
use connector_core::{
    Account, AccountSchema, Connector, Context, Cursor, Error, ErrorKind, Page, Percentage, Result, Sessions,
    TestReport,
};
use connector_engine::aggregate::{Mode, RunStatus, Wanted};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROWS: usize = 60;
const PAGE: usize = 5;

/// A list that is read through a connection, which the source closes after some pages.
#[derive(Clone)]
struct Stream {
    /// What a connection has read.
    sessions: Arc<Sessions<usize>>,
    /// How many pages a connection lasts, by its number.
    pages: Arc<dyn Fn(usize) -> usize + Send + Sync>,
    connections: Arc<AtomicUsize>,
    reads: Arc<AtomicUsize>,
    /// The read with this number fails for good.
    fails_at: usize,
    /// Whether each page can be read again from its first row.
    anchors_move: bool,
    context: Context,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

/// A position: the offset to connect at, or a session with the number of its connection and of pages left.
type Position = (Option<usize>, String, usize);

impl Stream {
    fn new(pages: impl Fn(usize) -> usize + Send + Sync + 'static) -> Self {
        Self {
            sessions: Arc::new(Sessions::new(4)),
            pages: Arc::new(pages),
            connections: Arc::default(),
            reads: Arc::default(),
            fails_at: usize::MAX,
            anchors_move: false,
            context: Context::new("directory", "."),
        }
    }

    fn job(&self) -> Job<'_> {
        Job {
            source: "directory",
            definition: "stream",
            connector: self,
            context: &self.context,
            mode: Mode::Full,
            concurrency: 2,
            delete_threshold: Percentage::new(10.0),
            reserve: None,
            delete_window: connector_core::TimeSpan::from_secs(24 * 60 * 60),
            restart: false,
            accept_new_system: false,
            remove: true,
        }
    }
}

#[async_trait]
impl Connector for Stream {
    async fn test_connection(&self, _: &mut TestReport) {}

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        tokio::task::yield_now().await;
        if self.reads.fetch_add(1, Ordering::SeqCst) == self.fails_at {
            return Err(Error::unavailable("gone"));
        }
        let position: Option<Position> = cursor.position()?;
        let (offset, left, anchor) = match position {
            Some((None, key, left)) => (self.sessions.take(&key)?, left, cursor.anchor().unwrap()),
            connect => {
                let number = self.connections.fetch_add(1, Ordering::SeqCst);
                let offset = connect.and_then(|(offset, ..)| offset).unwrap_or(0);
                (offset, (self.pages)(number), cursor.clone())
            }
        };
        if left == 0 {
            return Err(Error::new(ErrorKind::Expired, "the source closed the connection"));
        }
        let end = (offset + PAGE).min(ROWS);
        let items = (offset..end).map(|number| account(&format!("{number:03}"), "{}", &[])).collect();
        if end == ROWS {
            return Ok(Page::last(items));
        }
        let anchor = if self.anchors_move { Cursor::of::<Position>(&(Some(end), String::new(), 0))? } else { anchor };
        let live: Position = (None, self.sessions.keep(end), left - 1);
        Ok(Page::then(items, Cursor::live(&live, &anchor)?))
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default()
    }
}

#[tokio::test]
async fn a_run_of_another_process_reads_a_live_list_again_from_its_anchor() {
    for fails_at in [1, 2, 7, 11] {
        let place = Place::new();
        let mut first = Stream::new(|_| usize::MAX);
        first.fails_at = fails_at;
        assert_eq!(place.run(&first.job()).await.status, RunStatus::Failed);
        let second = Stream::new(|_| usize::MAX);
        let report = place.run(&second.job()).await;
        assert_eq!((report.status, report.resumed), (RunStatus::Succeeded, true), "{:?}", report.error);
        let accounts = report.counts.accounts;
        assert_eq!((accounts.seen, accounts.added, accounts.removed), (60, 60, 0));
    }
}

#[tokio::test]
async fn a_kill_loses_nothing_of_a_live_list_and_counts_nothing_twice() {
    let whole = Place::new();
    whole.run(&Stream::new(|_| usize::MAX).job()).await;
    for commits in 0..12 {
        let place = Place::new();
        place.run_and_drop(&Stream::new(|_| usize::MAX).job(), commits).await;
        let report = loop {
            match run(
                &place.store,
                &Stream::new(|_| usize::MAX).job(),
                |_| {},
                tokio_util::sync::CancellationToken::new(),
            )
            .await
            {
                // The dropped job may still be writing its last page.
                Err(error) if error.kind() == ErrorKind::Guard => tokio::task::yield_now().await,
                report => break report.unwrap(),
            }
        };
        assert_eq!(report.status, RunStatus::Succeeded, "{:?}", report.error);
        assert_eq!(
            place.query("SELECT account_id, hash FROM accounts"),
            whole.query("SELECT account_id, hash FROM accounts")
        );
        assert_eq!(report.counts.accounts.seen, 60);
    }
}

#[tokio::test]
async fn a_closed_connection_sends_the_read_back_to_the_anchor_in_the_same_run() {
    let place = Place::new();
    let stream = Stream::new(|connection| if connection == 0 { 4 } else { usize::MAX });
    let report = place.run(&stream.job()).await;
    assert_eq!((report.status, report.counts.accounts.seen), (RunStatus::Succeeded, 60), "{:?}", report.error);
    assert_eq!(stream.connections.load(Ordering::SeqCst), 2);
    assert_eq!(report.warnings, Vec::<String>::new());
}

#[tokio::test]
async fn a_read_whose_anchor_moves_gets_through_connections_that_never_last() {
    let place = Place::new();
    let mut stream = Stream::new(|_| 2);
    stream.anchors_move = true;
    let report = place.run(&stream.job()).await;
    assert_eq!((report.status, report.counts.accounts.seen), (RunStatus::Succeeded, 60), "{:?}", report.error);
    assert_eq!(stream.connections.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn a_read_that_never_gets_further_than_its_connection_ends_the_run() {
    let place = Place::new();
    let stream = Stream::new(|_| 4);
    let report = place.run(&stream.job()).await;
    let error = report.error.unwrap();
    assert_eq!((report.status, error.kind), (RunStatus::Failed, ErrorKind::Expired));
    assert!(error.help.unwrap().contains("before the read got any further"));
    assert_eq!(report.counts.accounts.seen, 20);
    assert!(stream.connections.load(Ordering::SeqCst) <= 8, "it went back again and again");
}

#[tokio::test]
async fn a_read_that_begins_again_says_what_its_first_try_stored() {
    let (place, begun_again) = (Place::new(), AtomicUsize::new(0));
    let mut fake = Fake::new(&World::of(21)).with_script(move |step, cursor, _| {
        let is_third = step == "accounts" && cursor.position::<(usize, usize)>().unwrap() == Some((0, 14));
        let fails = is_third && begun_again.fetch_add(1, Ordering::SeqCst) == 0;
        fails.then(|| Err(Error::new(ErrorKind::Expired, "the token is gone")))
    });
    fake.branches = 1;
    let report = run_as_due(&place.store, &fake.job(), Wanted::Due).await;
    assert_eq!((report.status, report.counts.accounts.seen), (RunStatus::Succeeded, 21), "{:?}", report.error);
    let stored = report.counts.accounts.unchanged;
    assert!(stored > 0, "{report:?}");
    let warning =
        format!("the read began again: the token is gone; the first try stored {stored} accounts, 6 entitlements");
    assert!(report.warnings[0].starts_with(&warning), "{:?}", report.warnings);
}

/// A server that shows the first page for ever under live cursors, as one that ignores the cookie does.
#[derive(Clone, Debug, Default)]
struct Loop(Arc<AtomicUsize>);

#[async_trait]
impl Connector for Loop {
    async fn test_connection(&self, _: &mut TestReport) {}

    async fn aggregate_accounts(&self, _: &Cursor) -> Result<Page<Account>> {
        tokio::task::yield_now().await;
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Page::then(vec![account("same", "{}", &[])], Cursor::live(&number, &Cursor::start())?))
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default()
    }
}

#[tokio::test]
async fn live_pages_that_repeat_end_the_run() {
    let place = Place::new();
    let (stream, endless) = (Stream::new(|_| 1), Loop::default());
    let report = place.run(&Job { connector: &endless, ..stream.job() }).await;
    assert_eq!(report.error.unwrap().kind, ErrorKind::Protocol);
}
