//! Reads one page and repeats what failed.

use crate::store::{Items, Mode, ReadPage, Step};
use connector_core::{Cursor, Error, ErrorKind, ReadChanges, Result, Retry};
use connector_project::source::Opened;
use std::time::Duration;

/// How many times one page is requested.
const MAX_TRIES_OF_A_PAGE: u32 = 5;
/// The longest wait between two requests. If the source asks for a longer one, the user should decide: the run ends,
/// and the next run continues where this one stopped.
const MAX_WAIT_FOR_A_PAGE: Duration = Duration::from_secs(30);

/// Reads the page at a position.
///
/// May be dropped at any time.
pub(super) async fn read(opened: &Opened, mode: Mode, step: Step, cursor: &Cursor) -> Result<ReadPage> {
    patiently(opened, || ask(opened, mode, step, cursor)).await.map_err(|error| {
        tracing::debug!(step = step.name(), cursor = cursor.as_str(), kind = error.kind().name(), "page failed");
        error.with_context("step", step.name()).with_context("cursor", cursor.as_str())
    })
}

/// Asks the connector. Repeats a few times what the connector marks as worth repeating.
pub(super) async fn patiently<T, F: Future<Output = Result<T>>>(opened: &Opened, ask: impl Fn() -> F) -> Result<T> {
    let mut tries = 1;
    loop {
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match error.retry() {
            Retry::After(wait) if tries < MAX_TRIES_OF_A_PAGE && wait <= MAX_WAIT_FOR_A_PAGE => {
                tracing::debug!(kind = error.kind().name(), tries, "asked again");
                opened.context.meter().count_retry();
                tokio::time::sleep(wait).await;
                tries += 1;
            }
            retry => {
                let error = if matches!(retry, Retry::After(_)) { put_off(error) } else { error };
                return Err(error.with_context("source", &opened.source));
            }
        }
    }
}

/// Adds that the run can continue later.
fn put_off(error: Error) -> Error {
    const LATER: &str = "the next run goes on where this one was";
    let help = match error.help() {
        Some(help) => format!("{help}; {LATER}"),
        None => format!("run it again later: {LATER}"),
    };
    error.with_help(help)
}

/// The ability that a run of changes needs.
pub(super) fn changes_of(opened: &Opened) -> Result<&dyn ReadChanges> {
    opened.connector.capabilities().changes().ok_or_else(|| {
        Error::unsupported(format!("connector `{}` can't read only changes", opened.registration.name))
            .with_help("leave out `--delta`; a full run also writes only what changed")
    })
}

async fn ask(opened: &Opened, mode: Mode, step: Step, cursor: &Cursor) -> Result<ReadPage> {
    if mode == Mode::Delta {
        let ability = changes_of(opened)?;
        return Ok(ReadPage::new(cursor.clone(), ability.changes(cursor).await?, Items::Changes));
    }
    if step == Step::Accounts {
        let page = opened.connector.aggregate_accounts(cursor).await?;
        return Ok(ReadPage::new(cursor.clone(), page, Items::Accounts));
    }
    let Some(ability) = opened.connector.capabilities().entitlements() else {
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
