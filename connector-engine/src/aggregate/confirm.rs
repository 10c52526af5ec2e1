//! Accounts that the list did not show are looked up before they count as gone: a list can drift while it is read.

use super::commit::Committer;
use super::job::Job;
use super::read::patiently;
use crate::store::{Ending, Writer};
use connector_core::{Concern, Error, FindAccounts, Result};
use tokio_util::sync::CancellationToken;

/// Looks up what the run would remove, if the connector finds accounts. Returns how the run ends if this did not work.
pub(super) async fn confirm(job: &Job<'_>, thread: &Committer, stop: &CancellationToken) -> Option<Ending> {
    let ability = job.connector.capabilities().accounts()?;
    tokio::select! {
        biased;
        () = stop.cancelled() => Some(Ending::Interrupted),
        looked_up = look_up(job, ability, thread) => looked_up.err().map(Ending::Failed),
    }
}

async fn look_up(job: &Job<'_>, ability: &dyn FindAccounts, thread: &Committer) -> Result<()> {
    let (most, threshold, concern) = (ability.most_accounts().max(1), job.delete_threshold, Concern::default());
    let mut after = 0;
    loop {
        let missing = thread.with(move |writer| writer.missing_accounts(after, most, threshold)).await?;
        let Some((last, _)) = missing.last() else { return Ok(()) };
        after = *last;
        let (rows, ids): (Vec<i64>, Vec<String>) = missing.into_iter().unzip();
        let found = patiently(job, || ability.find_accounts(&ids, &concern)).await?;
        if found.len() != ids.len() {
            return Err(Error::internal("the connector did not answer for each account"));
        }
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
