//! Reads one page and repeats what failed.

use crate::patience::patiently;
use connector_core::{Cursor, Error, ErrorKind, ReadChanges, Result};
use connector_project::source::Opened;
use connector_store::{Items, Mode, ReadPage, Step};

/// Reads the page at a position.
///
/// May be dropped at any time.
pub(super) async fn read(opened: &Opened, mode: Mode, step: Step, cursor: &Cursor) -> Result<ReadPage> {
    patiently(opened, "the next run continues where this one stopped", || ask(opened, mode, step, cursor))
        .await
        .map_err(|error| {
            tracing::debug!(step = step.name(), cursor = cursor.as_str(), kind = error.kind().name(), "page failed");
            error.with_context("step", step.name()).with_context("cursor", cursor.as_str())
        })
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
