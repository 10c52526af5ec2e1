//! Accounts that the list did not show are looked up before they count as gone: a list can drift while it is read.

use super::commit::Committer;
use super::options::limits_of;
use crate::patience::ask_each;
use connector_core::{Concern, FindAccounts, Result};
use connector_project::source::Opened;
use connector_store::{Ending, Writer};
use tokio_util::sync::CancellationToken;

/// Looks up what the run would remove, if the connector finds accounts. Returns how the run ends if this did not work.
pub(super) async fn confirm(opened: &Opened, thread: &Committer, stop: &CancellationToken) -> Option<Ending> {
    let ability = opened.connector.capabilities().accounts()?;
    tokio::select! {
        biased;
        () = stop.cancelled() => Some(Ending::Interrupted),
        looked_up = look_up(opened, ability, thread) => looked_up.err().map(Ending::Failed),
    }
}

async fn look_up(opened: &Opened, ability: &dyn FindAccounts, thread: &Committer) -> Result<()> {
    let (most, limits, concern) = (ability.most_accounts().max(1), limits_of(opened), Concern::default());
    let mut after = 0;
    loop {
        let missing = thread.with(move |writer| writer.missing_accounts(after, most, limits)).await?;
        let Some((last, _)) = missing.last() else { return Ok(()) };
        after = *last;
        let (rows, ids): (Vec<i64>, Vec<String>) = missing.into_iter().unzip();
        let look = || ability.find_accounts(&ids, &concern);
        let found = ask_each(opened, "looking up missing accounts", ids.len(), look).await?;
        let answers = rows.into_iter().zip(ids.iter().zip(&found));
        let there = answers.filter(|(_, (id, found))| found.iter().any(|one| one.id == **id));
        let there: Vec<i64> = there.map(|(row, _)| row).collect();
        let keep = move |writer: &mut Writer| {
            writer.still_there(&there);
            Ok(())
        };
        thread.with(keep).await?;
    }
}
