//! Runs of changes from a source that does not say what is gone, but counts what is there.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Place, World, reference, run_as_due};
use async_trait::async_trait;
use connector_core::{
    Absence, Account, AccountSchema, Assignment, Capabilities, Connector, Cursor, Entitlement, ErrorKind, Holder,
    HolderRange, Page, Percentage, ReadChanges, Result, SourceChange, TestReport,
};
use connector_engine::aggregate::{self, Mode, Options, RunReport, RunStatus, Wanted};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// A source that gives new rows as changes, and counts.
#[derive(Clone, Debug)]
struct Counting {
    fake: Fake,
    /// What was added or changed since the last run.
    changes: Vec<SourceChange>,
    locked: Vec<String>,
    /// Sets of holders that are larger are counted in two parts first.
    most: u64,
    /// The number of accounts that the source says, if it is another one.
    accounts: Option<u64>,
    /// Holders can't be read again.
    only_counts: bool,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Serialize, Deserialize)]
enum At {
    Start,
    Counts,
    Holders(String, String, String),
    Count(String, String, String),
}

impl Counting {
    fn new(world: &World) -> Self {
        Self {
            fake: Fake::new(world),
            changes: Vec::new(),
            locked: Vec::new(),
            most: 100,
            accounts: None,
            only_counts: false,
            asked: Arc::default(),
        }
    }

    fn job(&self) -> Job<'_> {
        Job { connector: self, concurrency: 1, delete_threshold: Percentage::new(100.0), ..self.fake.job() }
    }

    fn in_range(&self, range: &HolderRange) -> Vec<Assignment> {
        let mut held: Vec<Assignment> = self
            .fake
            .world
            .assignments
            .iter()
            .filter(|one| {
                one.entitlement == range.entitlement && one.holder.account_id().is_some_and(|id| range.has(id))
            })
            .cloned()
            .collect();
        held.sort_by(|left, right| left.holder.account_id().cmp(&right.holder.account_id()));
        held
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn range(of: &str, after: &str, up_to: &str) -> HolderRange {
    let end = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    HolderRange::all(reference(of)).between(end(after), end(up_to))
}

#[async_trait]
impl Connector for Counting {
    async fn test_connection(&self, _: &mut TestReport) {}

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        self.fake.aggregate_accounts(cursor).await
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default()
    }

    fn capabilities(&self) -> Capabilities<'_> {
        self.fake.capabilities().with_changes(self)
    }
}

#[async_trait]
impl ReadChanges for Counting {
    fn absence(&self) -> Absence {
        Absence::Untold
    }

    fn names_entitlements(&self) -> bool {
        true
    }

    async fn watermark(&self) -> Result<Cursor> {
        Cursor::of(&At::Start)
    }

    async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>> {
        tokio::task::yield_now().await;
        let at = cursor.position::<At>()?.unwrap();
        let page = match at {
            At::Start => {
                let entitlements = self.fake.world.entitlements.values().cloned().map(SourceChange::Entitlement);
                let nested = self.fake.world.assignments.iter().filter(|one| one.holder.account_id().is_none());
                let mut changes: Vec<_> = entitlements.chain(nested.cloned().map(SourceChange::Held)).collect();
                changes.extend(self.changes.iter().cloned());
                Page::then(changes, Cursor::of(&At::Counts)?).with_watermark(Cursor::of(&At::Start)?)
            }
            At::Counts => {
                let mut counts: BTreeMap<String, u64> = BTreeMap::new();
                for one in &self.fake.world.assignments {
                    if one.holder.account_id().is_some() && one.entitlement.entitlement_type == "group" {
                        *counts.entry(one.entitlement.id.clone()).or_default() += 1;
                    }
                }
                let accounts = self.accounts.unwrap_or(self.fake.world.accounts.len() as u64);
                Page::last(vec![
                    SourceChange::AccountCount(accounts),
                    SourceChange::Locked(self.locked.clone()),
                    SourceChange::HolderCounts("group".to_owned(), counts.into_iter().collect()),
                ])
            }
            At::Holders(of, after, up_to) => {
                self.asked.lock().unwrap().push(format!("holders {of} {after}-{up_to}"));
                let range = range(&of, &after, &up_to);
                Page::last(vec![SourceChange::Holders(range.clone(), self.in_range(&range))])
            }
            At::Count(of, after, up_to) => {
                self.asked.lock().unwrap().push(format!("count {of} {after}-{up_to}"));
                let range = range(&of, &after, &up_to);
                Page::last(vec![SourceChange::HolderCount(range.clone(), self.in_range(&range).len() as u64)])
            }
        };
        Ok(page)
    }

    fn read_again(&self, range: &HolderRange, counted: u64, _: u64) -> Result<Vec<Cursor>> {
        if self.only_counts {
            return Ok(Vec::new());
        }
        let of = range.entitlement.to_string();
        let (after, up_to) = (range.after.clone().unwrap_or_default(), range.up_to.clone().unwrap_or_default());
        if counted <= self.most {
            return Ok(vec![Cursor::of(&At::Holders(of, after, up_to))?]);
        }
        let middle = "00050".to_owned();
        Ok(vec![Cursor::of(&At::Count(of.clone(), after, middle.clone()))?, Cursor::of(&At::Count(of, middle, up_to))?])
    }
}

async fn aggregate(place: &Place, source: &Counting) -> RunReport {
    run_as_due(&place.store, &source.job(), Wanted::Due).await
}

/// What a fresh store has of the same source.
async fn fresh(world: &World) -> Vec<Vec<rusqlite::types::Value>> {
    let place = Place::new();
    aggregate(&place, &Counting::new(world)).await;
    held(&place)
}

fn held(place: &Place) -> Vec<Vec<rusqlite::types::Value>> {
    place.query(
        "SELECT h.account, e.type, e.entitlement_id, o.entitlement_id FROM assignments h JOIN entitlements e ON e.id = h.entitlement
         LEFT JOIN entitlements o ON o.id = h.holder WHERE h.removed_run IS NULL ORDER BY 1, 2, 3, 4",
    )
}

fn take_away(world: &mut World, account: &str, group: &str) {
    let before = world.assignments.len();
    world.assignments.retain(|one| one.holder != Holder::account(account) || one.entitlement != reference(group));
    assert_eq!(world.assignments.len(), before - 1);
}

#[tokio::test]
async fn what_left_no_trace_is_found_by_its_number_and_only_that_is_read_again() {
    let (place, mut world) = (Place::new(), World::of(30));
    assert_eq!(aggregate(&place, &Counting::new(&world)).await.mode, Mode::Full);
    take_away(&mut world, "00001", "group/g1");
    // One comes and another one goes: the number is the same as before.
    take_away(&mut world, "00000", "group/g0");
    world.assign("00002", "group/g0");
    let added = SourceChange::Held(Assignment::new(Holder::account("00002"), reference("group/g0")));
    let source = Counting { changes: vec![added], ..Counting::new(&world) };
    let report = aggregate(&place, &source).await;
    assert_eq!((report.status, report.mode), (RunStatus::Succeeded, Mode::Delta), "{report:?}");
    assert_eq!((report.counts.assignments.added, report.counts.assignments.removed), (1, 2));
    assert_eq!(source.asked(), ["holders group/g0 -", "holders group/g1 -"]);
    assert_eq!(held(&place), fresh(&world).await);
    let quiet = Counting::new(&world);
    assert_eq!(aggregate(&place, &quiet).await.counts.assignments.removed, 0);
    assert_eq!(quiet.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_large_set_is_counted_in_parts_and_only_the_part_that_differs_is_read() {
    let (place, mut world) = (Place::new(), World::of(100));
    aggregate(&place, &Counting::new(&world)).await;
    take_away(&mut world, "00076", "group/g1");
    let source = Counting { most: 30, ..Counting::new(&world) };
    assert_eq!(aggregate(&place, &source).await.counts.assignments.removed, 1);
    assert_eq!(source.asked(), ["count group/g1 -00050", "count group/g1 00050-", "holders group/g1 00050-"]);
    assert_eq!(held(&place), fresh(&world).await);
}

#[tokio::test]
async fn an_entitlement_that_nobody_holds_any_more_needs_no_read() {
    let (place, mut world) = (Place::new(), World::of(10));
    aggregate(&place, &Counting::new(&world)).await;
    world.assignments.retain(|one| one.entitlement != reference("group/g3"));
    world.entitlements.remove(&reference("group/g3"));
    let source = Counting::new(&world);
    let report = aggregate(&place, &source).await;
    assert_eq!(
        (report.mode, report.counts.entitlements.removed, report.counts.assignments.removed),
        (Mode::Delta, 1, 4)
    );
    assert_eq!(source.asked(), Vec::<String>::new());
    assert_eq!(held(&place), fresh(&world).await);
}

#[tokio::test]
async fn all_entitlements_and_all_that_they_hold_are_named_and_the_rest_goes() {
    let (place, mut world) = (Place::new(), World::of(10));
    let nested = |of: &str| Assignment::new(Holder::Entitlement(reference("group/g4")), reference(of));
    world.assignments.extend([nested("group/g1"), nested("group/g2")]);
    aggregate(&place, &Counting::new(&world)).await;
    world.assignments.retain(|one| *one != nested("group/g1"));
    world.entitlements.insert(reference("group/g9"), Entitlement::new(reference("group/g9"), "New"));
    let report = aggregate(&place, &Counting::new(&world)).await;
    assert_eq!((report.mode, report.counts.entitlements.added), (Mode::Delta, 1), "{report:?}");
    assert_eq!(held(&place), fresh(&world).await);
}

#[tokio::test]
async fn exactly_the_named_accounts_are_locked() {
    let (place, world) = (Place::new(), World::of(10));
    aggregate(&place, &Counting::new(&world)).await;
    let locked = |place: &Place| place.number("SELECT sum(locked * CAST(account_id AS BIGINT)) FROM accounts");
    for (ids, sum, changed) in [(&["00003", "00005", "none"][..], 8, 2), (&["00005", "00007"], 12, 2), (&[], 0, 2)] {
        let locked_ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let report = aggregate(&place, &Counting { locked: locked_ids, ..Counting::new(&world) }).await;
        assert_eq!((report.mode, report.counts.accounts.changed, locked(&place)), (Mode::Delta, changed, sum));
    }
    // The rows are those that a full run writes.
    let all = run_as_due(&place.store, &Counting::new(&world).job(), Wanted::Full).await;
    assert_eq!((all.mode, all.counts.accounts.changed), (Mode::Full, 0));
}

#[tokio::test]
async fn changes_that_prove_too_little_become_a_full_run_that_counts_all_of_it() {
    let (place, mut world) = (Place::new(), World::of(20));
    aggregate(&place, &Counting::new(&world)).await;
    take_away(&mut world, "00001", "group/g1");
    world.add_account("new", "{}", &[]);
    let added = vec![SourceChange::Account(world.accounts["new"].clone())];
    let cases = [
        (Counting { accounts: Some(7), changes: added, ..Counting::new(&world) }, "the source shows 7 accounts"),
        (Counting { only_counts: true, ..Counting::new(&world) }, "the source shows 7 holders of `group/g1`"),
    ];
    for (source, why) in cases {
        let place = Place::new();
        aggregate(&place, &Counting::new(&World::of(20))).await;
        let source = Counting { accounts: source.accounts.or(Some(20)), ..source };
        let report = aggregate(&place, &source).await;
        assert_eq!((report.status, report.mode), (RunStatus::Succeeded, Mode::Full), "{report:?}");
        assert!(report.warnings.iter().any(|warning| warning.contains(why)), "{:?}", report.warnings);
        assert_eq!((report.counts.accounts.added, report.counts.assignments.removed), (1, 1));
        assert_eq!(place.number("SELECT count(*) FROM runs"), 2);
        assert_eq!(held(&place), fresh(&world).await);
        assert_eq!(aggregate(&place, &Counting::new(&world)).await.mode, Mode::Delta);
    }
}

#[tokio::test]
async fn a_connector_that_reads_no_changes_reads_everything_or_refuses() {
    let (place, fake) = (Place::new(), Fake::new(&World::of(5)));
    let run = async |wanted| {
        let (opened, stop) = (fake.job().opened(), CancellationToken::new());
        aggregate::run_as_due(&place.store, &opened, wanted, Options::default(), |_| {}, stop).await
    };
    assert_eq!(run(Wanted::Delta).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(fake.asked.lock().unwrap().is_empty());
    for _ in 0..2 {
        assert_eq!(run(Wanted::Due).await.unwrap().mode, Mode::Full);
    }
}

#[tokio::test]
async fn the_numbers_survive_a_job_that_stopped() {
    for stops_after in 1..4 {
        let (place, mut world) = (Place::new(), World::of(30));
        aggregate(&place, &Counting::new(&world)).await;
        take_away(&mut world, "00001", "group/g1");
        take_away(&mut world, "00002", "group/g3");
        let source = Counting::new(&world);
        let job = source.job();
        let mut dropped = Box::pin(run_as_due(&place.store, &job, Wanted::Due));
        let mut polls = 0;
        std::future::poll_fn(|context| {
            polls += 1;
            let ended = dropped.as_mut().poll(context).is_ready();
            if ended || polls > stops_after * 2 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        drop(dropped);
        let report = aggregate(&place, &Counting::new(&world)).await;
        assert_eq!(report.status, RunStatus::Succeeded, "{report:?}");
        assert_eq!(held(&place), fresh(&world).await, "stopped after {stops_after}");
    }
}
