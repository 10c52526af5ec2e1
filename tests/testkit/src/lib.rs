//! Conformance trials for connectors.
//!
//! Each trial opens a new connector and uses it through the public contract. A trial passes, fails, or is not applicable.
//! The capabilities of the connector decide which trials apply.
//!
//! ```
//! # use connector_core::*;
//! # #[derive(Debug)] struct Directory;
//! # #[async_trait::async_trait] impl Connector for Directory {
//! #   async fn test_connection(&self, report: &mut TestReport) { report.step("api", async { Ok(Finding::passed("there")) }).await; }
//! #   async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> { cursor.position::<()>()?; Ok(Page::last(vec![Account::new("1", "jane")])) }
//! #   fn schema(&self) -> AccountSchema { AccountSchema::default() }
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let report = connector_testkit::check(|| Ok(Box::new(Directory))).await;
//! assert!(report.passed(), "{report}");
//! # }
//! ```

mod fault;
mod harness;
mod proxy;
mod reading;
mod replay;
mod report;
mod stage;
mod subject;
mod trials;
mod whole;

pub use harness::run;
pub use proxy::Proxy;
pub use replay::Replay;
pub use report::{Report, TrialOutcome, TrialResult};
pub use subject::{Fixture, Subject};
pub use whole::{Whole, whole_accounts, whole_assignments, whole_entitlements};

use connector_core::{Connector, Result};
use trials::Kept;

/// Runs the trials that only read. `open` creates a new connector for each trial. The source must have at least one account
/// and must not change during the trials.
pub async fn check(open: impl Fn() -> Result<Box<dyn Connector>> + Send + Sync) -> Report {
    check_subject(&Subject::new(open)).await
}

/// Runs every trial that applies and returns the [`Report`]. A test binary uses [`run`].
pub async fn check_subject(subject: &Subject<'_>) -> Report {
    let mut report = Report::default();
    for trial in trials::all() {
        let outcome = match subject.open() {
            Ok(connector) => match trial.missing(subject, connector.as_ref()) {
                Some(missing) => TrialOutcome::NotApplicable(missing),
                None => match trial.run(subject).await {
                    Ok(Kept::Promise) => TrialOutcome::Passed,
                    Ok(Kept::NotUsed(what)) => TrialOutcome::NotApplicable(what),
                    Err(seen) => TrialOutcome::Failed(seen),
                },
            },
            Err(error) => TrialOutcome::Failed(error),
        };
        report.push(trial.name, outcome);
    }
    report
}

/// Compiles and runs the examples in the connector guide of the book.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/writing-a-connector.md")]
struct WritingAConnector;

/// Compiles and runs the example in the chapter on web APIs of the book.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/web-api.md")]
struct WebApi;
