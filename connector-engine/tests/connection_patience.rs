//! A connection test repeats what failed temporarily, at each of its steps.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

#[allow(unreachable_pub, reason = "other tests share it")]
mod fake_registration;

use async_trait::async_trait;
use connector_core::{
    Account, AccountSchema, Connector, Context, Cursor, Error, Finding, Page, Result, Retry, StepStatus, TestReport,
};
use connector_project::source::{AggregationSettings, Definition, LimitSettings, Opened, ProvisioningSettings};
use fake_registration::registration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const STEPS: [&str; 3] = ["token", "api", "objects"];

/// Fails `failures` times at the step with this number.
#[derive(Clone, Debug)]
struct Hiccup {
    at: usize,
    failures: usize,
    wait: Duration,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl Connector for Hiccup {
    async fn test_connection(&self, report: &mut TestReport) {
        for (number, name) in STEPS.into_iter().enumerate() {
            let answer = async {
                if number == self.at && self.asked.fetch_add(1, Ordering::SeqCst) < self.failures {
                    return Err(Error::unavailable("503").with_retry(Retry::After(self.wait)));
                }
                Ok(Finding::passed("fine"))
            };
            report.step(name, answer).await;
        }
    }

    async fn aggregate_accounts(&self, _: &Cursor) -> Result<Page<Account>> {
        Ok(Page::last(Vec::new()))
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default()
    }
}

/// The steps with their results, the number of requests of the step that fails, and the number of retries.
async fn tested(at: usize, failures: usize, wait: Duration) -> (Vec<(&'static str, StepStatus)>, usize, u64) {
    let hiccup = Hiccup { at, failures, wait, asked: Arc::default() };
    let context = Context::new("directory", ".");
    let opened = Opened {
        source: "directory".to_owned(),
        connector: Box::new(hiccup.clone()),
        registration: registration(),
        context: context.clone(),
        definition: Definition { hash: String::new(), former: String::new() },
        aggregation: AggregationSettings::default(),
        provisioning: ProvisioningSettings::default(),
        limits: LimitSettings::default(),
    };
    let mut report = TestReport::new();
    connector_engine::test_connection(&opened, &mut report).await;
    let steps = report.steps().iter().map(|step| (step.name, step.status)).collect();
    (steps, hiccup.asked.load(Ordering::SeqCst), context.meter().retries())
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_for_a_moment_is_repeated_wherever_it_is() {
    for (at, name) in STEPS.into_iter().enumerate() {
        let (steps, asked, retries) = tested(at, 2, Duration::from_secs(1)).await;
        assert_eq!(steps, STEPS.map(|name| (name, StepStatus::Passed)), "each step is recorded once");
        assert_eq!((asked, retries), (3, 2), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_keeps_failing_ends_the_test() {
    let (steps, asked, _) = tested(1, usize::MAX, Duration::from_secs(1)).await;
    assert_eq!(steps, [("token", StepStatus::Passed), ("api", StepStatus::Failed), ("objects", StepStatus::Skipped)]);
    assert_eq!(asked, 5);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_an_hour() {
    let (steps, asked, _) = tested(0, 1, Duration::from_hours(1)).await;
    assert_eq!((steps[0].1, asked), (StepStatus::Failed, 1));
}
