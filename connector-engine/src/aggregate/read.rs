//! Reading one page, with patience.

use super::job::Job;
use crate::store::{Items, Mode, ReadPage, Step};
use connector_core::{Cursor, Error, ErrorKind, ReadChanges, Result, Retry};
use std::time::Duration;

/// How often one page is asked for.
const MAX_TRIES_OF_A_PAGE: u32 = 5;
/// The longest time to wait between two of them. Who is asked to wait longer should know it and decide: the run ends,
/// and the next one goes on where it was.
const MAX_WAIT_FOR_A_PAGE: Duration = Duration::from_secs(30);

/// Reads the page at a position.
///
/// May be dropped at any time.
pub(super) async fn read(job: &Job<'_>, step: Step, cursor: &Cursor) -> Result<ReadPage> {
    patiently(job, || ask(job, step, cursor)).await.map_err(|error| {
        tracing::debug!(step = step.name(), cursor = cursor.as_str(), kind = error.kind().name(), "page failed");
        error.with_context("step", step.name()).with_context("cursor", cursor.as_str())
    })
}

/// Asks the connector. What it says is worth repeating is repeated, a few times.
pub(super) async fn patiently<T, F: Future<Output = Result<T>>>(job: &Job<'_>, ask: impl Fn() -> F) -> Result<T> {
    let mut tries = 1;
    loop {
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match error.retry() {
            Retry::After(wait) if tries < MAX_TRIES_OF_A_PAGE && wait <= MAX_WAIT_FOR_A_PAGE => {
                tracing::debug!(kind = error.kind().name(), tries, "asked again");
                job.meter.count_retry();
                tokio::time::sleep(wait).await;
                tries += 1;
            }
            retry => {
                let error = if matches!(retry, Retry::After(_)) { put_off(error) } else { error };
                return Err(error.with_context("source", job.source));
            }
        }
    }
}

/// Says that the run can go on later.
fn put_off(error: Error) -> Error {
    const LATER: &str = "the next run goes on where this one was";
    let help = match error.help() {
        Some(help) => format!("{help}; {LATER}"),
        None => format!("run it again later: {LATER}"),
    };
    error.with_help(help)
}

/// The ability that a run of changes needs.
pub(super) fn changes_of<'a>(job: &Job<'a>) -> Result<&'a dyn ReadChanges> {
    job.connector.capabilities().changes().ok_or_else(|| {
        Error::unsupported(format!("connector `{}` can't read only changes", job.connector_name))
            .with_help("leave out `--delta`; a full run also writes only what changed")
    })
}

async fn ask(job: &Job<'_>, step: Step, cursor: &Cursor) -> Result<ReadPage> {
    if job.mode == Mode::Delta {
        let ability = changes_of(job)?;
        return Ok(ReadPage::new(cursor.clone(), ability.changes(cursor).await?, Items::Changes));
    }
    if step == Step::Accounts {
        let page = job.connector.aggregate_accounts(cursor).await?;
        return Ok(ReadPage::new(cursor.clone(), page, Items::Accounts));
    }
    let Some(ability) = job.connector.capabilities().entitlements() else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("the unfinished run was reading {}, which this connector no longer does", step.name()),
        )
        .with_help("drop the unfinished run with `--restart`"));
    };
    Ok(match step {
        Step::Entitlements => ReadPage::new(cursor.clone(), ability.entitlements(cursor).await?, Items::Entitlements),
        _ => ReadPage::new(cursor.clone(), ability.assignments(cursor).await?, Items::Assignments),
    })
}
