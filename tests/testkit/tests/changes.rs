//! Proves the trials of changes: correct connectors pass, and each broken one is caught by the trial meant for it.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use async_trait::async_trait;
use connector_core::{
    Absence, Account, AccountSchema, Capabilities, Change, Connector, Cursor, EntitlementRef, Error, Finding,
    Operation, OperationKind, Outcome, Page, ReadChanges, Result, SourceChange, TestReport,
};
use connector_testkit::{Fixture, Report, Subject, check_subject};
use std::sync::{Arc, Mutex};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    ForgetsTheWatermark,
    LiveWatermark,
    /// The watermark means nothing to another connector.
    WatermarkOfThisProcess,
    MixesAbsence,
    LosesASurvivor,
    /// The watermark is taken when the changes are read.
    WatermarkTooLate,
    /// There is one account more than the changes count.
    CountsTooFew,
    /// Another account is locked than the changes say.
    NamesAnotherLock,
}

/// A log of names. The place in the log is the watermark.
#[derive(Debug)]
struct Log {
    fault: Fault,
    absence: Absence,
    names: Arc<Mutex<Vec<String>>>,
    opened: u64,
}

impl Log {
    fn place(&self) -> (u64, usize) {
        let late = if self.fault == Fault::WatermarkTooLate { 100 } else { 0 };
        (self.opened, self.names.lock().unwrap().len() + late)
    }
}

fn account(name: &str) -> Account {
    Account::new(format!("id-{name}"), name)
}

#[async_trait]
impl Connector for Log {
    async fn test_connection(&self, report: &mut TestReport) {
        report.step("api", async { Ok(Finding::passed("there")) }).await;
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        cursor.position::<()>()?;
        Ok(Page::last(self.names.lock().unwrap().iter().map(|name| account(name)).collect()))
    }

    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        match &operation.change {
            Change::Create { name, .. } => {
                self.names.lock().unwrap().push(name.clone());
                Ok(Outcome::Applied { account: format!("id-{name}") })
            }
            other => Err(Error::unsupported(format!("no {other:?}"))),
        }
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default().with_operations(vec![OperationKind::Create])
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::none().with_changes(self)
    }
}

#[async_trait]
impl ReadChanges for Log {
    fn absence(&self) -> Absence {
        self.absence
    }

    async fn watermark(&self) -> Result<Cursor> {
        Cursor::of(&self.place())
    }

    async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>> {
        let (opened, read) = cursor.position::<(u64, usize)>()?.unwrap_or_default();
        if self.fault == Fault::WatermarkOfThisProcess && opened != self.opened {
            return Err(Error::protocol("unknown watermark"));
        }
        let names = self.names.lock().unwrap().clone();
        let mut changes: Vec<_> = names.iter().skip(read).map(|name| SourceChange::Account(account(name))).collect();
        if self.absence == Absence::Survivors {
            let lost = usize::from(self.fault == Fault::LosesASurvivor);
            changes.extend(names.iter().skip(lost).map(|name| SourceChange::Present(format!("id-{name}"))));
        }
        let count = names.len() as u64 - u64::from(self.fault == Fault::CountsTooFew);
        changes.push(SourceChange::AccountCount(count));
        let locked = if self.fault == Fault::NamesAnotherLock { vec!["id-jane".to_owned()] } else { Vec::new() };
        changes.push(SourceChange::Locked(locked));
        if self.fault == Fault::MixesAbsence {
            changes.push(SourceChange::Present("id-jane".to_owned()));
        }
        let page = Page::last(changes);
        Ok(match self.fault {
            Fault::ForgetsTheWatermark => page,
            Fault::LiveWatermark => page.with_watermark(Cursor::live(&self.place(), &Cursor::start())?),
            _ => page.with_watermark(Cursor::of(&self.place())?),
        })
    }
}

async fn check(fault: Fault, absence: Absence) -> Report {
    let names = Arc::new(Mutex::new(vec!["jane".to_owned(), "joe".to_owned()]));
    let opened = std::sync::atomic::AtomicU64::new(0);
    let subject = Subject::new(move || {
        let opened = opened.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(Box::new(Log { fault, absence, names: names.clone(), opened }))
    });
    let fixture = Fixture {
        name: str::to_owned,
        attributes: serde_json::Map::new(),
        update: serde_json::Map::new(),
        entitlement: EntitlementRef::new("none", "none"),
        unknown_id: None,
    };
    check_subject(&subject.with_fixture(fixture)).await
}

const TRIALS: [&str; 4] = [
    "changes_end_and_say_where_the_next_ones_start",
    "changes_say_in_one_way_which_accounts_are_gone",
    "what_happens_after_a_watermark_is_among_the_changes",
    "numbers_and_full_lists_among_changes_are_those_of_a_whole_read",
];

#[tokio::test]
async fn correct_connectors_pass_the_trials_of_changes() {
    for absence in [Absence::Told, Absence::Survivors, Absence::Untold] {
        let report = check(Fault::None, absence).await;
        assert!(
            TRIALS.iter().all(|trial| report.to_string().contains(&format!("passed          {trial}"))),
            "{report}"
        );
    }
}

#[tokio::test]
async fn each_fault_of_changes_is_caught_by_the_trial_meant_for_it() {
    let [ends, absence, seen, numbers] = TRIALS;
    for (fault, kind, trial) in [
        (Fault::ForgetsTheWatermark, Absence::Told, ends),
        (Fault::LiveWatermark, Absence::Told, ends),
        (Fault::WatermarkOfThisProcess, Absence::Told, ends),
        (Fault::MixesAbsence, Absence::Told, absence),
        (Fault::LosesASurvivor, Absence::Survivors, absence),
        (Fault::WatermarkTooLate, Absence::Told, seen),
        (Fault::CountsTooFew, Absence::Told, numbers),
        (Fault::NamesAnotherLock, Absence::Told, numbers),
    ] {
        let report = check(fault, kind).await;
        assert!(report.failed().contains(&trial), "{fault:?} was not caught by {trial}:\n{report}");
    }
}
