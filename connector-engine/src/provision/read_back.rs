//! Reads the accounts at the end of a plan: what they don't show was not applied, whatever the response said.

use super::find_accounts::{concern_of_each, key_of, look};
use super::journal::{Standing, StepOutcome, StepRow};
use super::preview::READS;
use super::progress::{Phase, Progress};
use super::provisioning::Provisioning;
use super::settle::time_left;
use connector_core::{Error, ErrorKind, Result};
use connector_files::shell_word;
use connector_project::effect::{Taken, View};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

impl Provisioning<'_> {
    /// Reads what was applied, many accounts at once, and goes on where an earlier job stopped.
    pub(super) async fn read_back(
        &self,
        progress: &(impl Fn(&Progress) + Sync),
        stop: &CancellationToken,
    ) -> Result<()> {
        let total = self.journal.with(|journal| journal.count()).await?;
        let (mut done, mut after, mut is_over) = (0, -1, false);
        let mut reads = FuturesUnordered::new();
        loop {
            while reads.len() < READS && !is_over {
                match self.next_accounts(after).await? {
                    Some(last) => {
                        reads.push(self.read_some_back(after, last, stop));
                        after = last;
                    }
                    None => is_over = true,
                }
            }
            match reads.next().await {
                None => return Ok(()),
                Some(Ok(0)) => {}
                Some(count) => {
                    done += count?;
                    let done = done.min(total);
                    progress(&Progress { phase: Phase::ReadingBack, done, total, api_calls: self.calls() });
                }
            }
        }
    }

    /// Reads the accounts of a part of the plan. Returns how many steps it has checked.
    async fn read_some_back(&self, after: i64, last: i64, stop: &CancellationToken) -> Result<u64> {
        let rows = self.journal.with(move |journal| journal.to_read_back(after, last)).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        if stop.is_cancelled() {
            // What was not read back is not known to be applied, so this is no success.
            let message = "stopped before the accounts were read to check what was applied";
            let help = format!("`connector provision {} --resume` reads them", shell_word(&self.opened.source));
            return Err(Error::new(ErrorKind::Cancelled, message).with_help(help));
        }
        let mut wrong = self.not_as_said(&rows).await?;
        // A source may need a moment to show what it has done.
        let wait = rows.iter().filter(|row| wrong.iter().any(|one| one.id == row.id)).filter_map(time_left).max();
        if let Some(wait) = wait {
            tokio::time::sleep(wait).await;
            wrong = self.not_as_said(&rows).await?;
        }
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        self.journal.with(move |journal| journal.read_back(&ids, &wrong)).await?;
        Ok(rows.len() as u64)
    }

    /// The steps whose outcome is another one than the response said.
    async fn not_as_said(&self, rows: &[StepRow]) -> Result<Vec<StepOutcome>> {
        let schema = self.opened.connector.schema();
        let groups: Vec<_> = rows.chunk_by(|one, next| one.lead == next.lead).collect();
        let wanted: Vec<_> = groups.iter().map(|group| key_of(&group[group.len() - 1])).collect();
        let of_groups = groups.iter().zip(&wanted);
        let steps = of_groups.flat_map(|(group, key)| group.iter().map(|row| (key.clone(), &row.operation)));
        let mut concern = concern_of_each(steps);
        let password_changed = schema.password_changed();
        concern.attributes.extend(password_changed.clone());
        let states = look(self.opened, &wanted, &concern).await?;
        let prepares = self.opened.connector.capabilities().preparation().is_some();
        let mut wrong = Vec::new();
        for (group, state) in groups.into_iter().zip(states) {
            // Several accounts with one name: this account can't be told from the others.
            let Ok(state) = state else { continue };
            let mut view = View::new(&schema, &state, prepares);
            for row in group.iter().rev() {
                let time = password_changed.as_deref().map(|attribute| state.attribute(attribute));
                let missing = view.missing(Taken {
                    change: &row.operation.change,
                    password_before: row.password_time.as_ref(),
                    password_now: time.as_ref(),
                });
                match missing {
                    None if row.queued => wrong.push(StepOutcome {
                        detail: Some("the source has made the change".to_owned()),
                        account: state.id().filter(|_| row.is_create).map(str::to_owned),
                        ..StepOutcome::new(row.id, Standing::Applied)
                    }),
                    Some(missing) if !row.queued => {
                        wrong.push(StepOutcome::failed(row.id, contradicted(row, &missing)));
                    }
                    _ => {}
                }
            }
        }
        Ok(wrong)
    }
}

fn contradicted(row: &StepRow, missing: &str) -> Error {
    let said = if row.outcome == Standing::Unchanged { "said that nothing has to change" } else { "accepted it" };
    Error::new(ErrorKind::Protocol, format!("the source {said}, but the account does not show it: {missing}"))
        .with_help("check the account in the source itself; to send it again, run the plan again")
}
