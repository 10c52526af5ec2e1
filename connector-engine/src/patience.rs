//! Repeats reads of the contract that failed temporarily, a few times.

use connector_core::{Error, Proposed, Result, Retry, TestReport, Trail};
use connector_project::source::Opened;
use jiff::Timestamp;
use std::time::Duration;

/// How often one thing is asked for.
const MOST_TRIES: u32 = 5;
/// The longest time to wait between two of them. A user who is asked to wait longer should know it and decide.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Asks the connector, and again if the error says that a retry can help. `later` says what to expect of a later try.
pub(crate) async fn patiently<T, F: Future<Output = Result<T>>>(
    opened: &Opened,
    later: &str,
    ask: impl Fn() -> F,
) -> Result<T> {
    let mut tries = 1;
    loop {
        let asked = match opened.limits.check(opened.context.meter(), opened.aggregation.concurrency) {
            Ok(()) => ask().await,
            Err(error) => Err(error),
        };
        let error = match asked {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match error.retry() {
            Retry::After(wait) if tries < MOST_TRIES && wait <= LONGEST_WAIT => {
                tracing::debug!(kind = error.kind().name(), tries, "asked again");
                opened.context.meter().count_retry();
                tokio::time::sleep(wait).await;
                tries += 1;
            }
            retry => {
                let error = if matches!(retry, Retry::After(_)) { put_off(error, later) } else { error };
                return Err(error.with_context("source", &opened.source));
            }
        }
    }
}

/// The same for a read that isn't a page; an error says what was being read.
pub(crate) async fn ask<T, F: Future<Output = Result<T>>>(
    opened: &Opened,
    what: &'static str,
    ask: impl Fn() -> F,
) -> Result<T> {
    let answer = patiently(opened, "run the command again later", ask).await;
    answer.map_err(|error| error.with_context("while", what))
}

/// The connector's answer for each of `asked` things; one that is missing is an error.
pub(crate) async fn ask_each<T, F: Future<Output = Result<Vec<T>>>>(
    opened: &Opened,
    what: &'static str,
    asked: usize,
    answers: impl Fn() -> F,
) -> Result<Vec<T>> {
    let found = ask(opened, what, answers).await?;
    if found.len() == asked {
        return Ok(found);
    }
    Err(Error::internal(format!("the connector did not answer for each item while {what}")))
}

/// What each operation changes, as the connector prepares it.
pub(crate) async fn prepare(
    opened: &Opened,
    ability: &dyn connector_core::PrepareOperations,
    proposed: &[Proposed],
) -> Result<Vec<Result<connector_core::Prepared>>> {
    ask_each(opened, "preparing operations", proposed.len(), || ability.prepare_operations(proposed)).await
}

/// Everything that the source itself recorded from `since` to `until`. Fails with kind `unsupported` if the connector can't read that.
pub async fn read_trail(opened: &Opened, since: Timestamp, until: Timestamp) -> Result<Trail> {
    let ability = opened.connector.capabilities().trail().ok_or_else(|| {
        Error::unsupported(format!("{} has no audit trail that this version reads", opened.registration.title))
            .with_help("`connector connectors show NAME` lists what a connector can do: `read_trail` is missing here")
    })?;
    ask(opened, "reading the audit trail", || ability.trail(since, until)).await
}

/// Tests the connection. Repeats a step that failed temporarily, a few times.
pub async fn test_connection(opened: &Opened, report: &mut TestReport) {
    for tries in 1..=MOST_TRIES {
        report.hold_passing(if tries < MOST_TRIES { LONGEST_WAIT } else { Duration::ZERO });
        opened.connector.test_connection(report).await;
        let Some(wait) = report.take_passing() else { return };
        opened.context.meter().count_retry();
        tokio::time::sleep(wait).await;
    }
}

/// Adds that a later try can help.
fn put_off(error: Error, later: &str) -> Error {
    let help = match error.help() {
        Some(help) => format!("{help}; {later}"),
        None => later.to_owned(),
    };
    error.with_help(help)
}
