//! Compares what is left of an interrupted plan with the accounts as they are now.

use super::find_accounts::{concern_of_each, key_of, look};
use super::journal::{Standing, StepOutcome, StepRow};
use super::progress::{Phase, Progress};
use super::provisioning::{Changed, Provisioning, Shown};
use super::reasons::stopped;
use connector_core::{Change, Result};
use connector_project::effect::{EntitlementNames, State, ValueChange};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

impl Provisioning<'_> {
    /// Looks at the accounts of the remaining steps. Returns the operations that would do something other than was
    /// shown, and the new changes of their steps: they count only when the user has seen them.
    pub(super) async fn recheck_all(
        &self,
        progress: &(impl Fn(&Progress) + Sync),
        stop: &CancellationToken,
    ) -> Result<(Vec<Changed>, Vec<(i64, Vec<ValueChange>)>)> {
        let total = self.journal.with(|journal| journal.left()).await?;
        let mut found = Found::default();
        let (mut done, mut after) = (0, -1);
        while let Some(last) = self.next_accounts(after).await? {
            if stop.is_cancelled() {
                return Err(stopped());
            }
            let rows = self.journal.with(move |journal| journal.left_of(after, last)).await?;
            after = last;
            if rows.is_empty() {
                continue;
            }
            done += rows.len() as u64;
            self.recheck_some(&rows, &mut found).await?;
            progress(&Progress { phase: Phase::Previewing, done, total, api_calls: self.calls() });
        }
        // Only now: a recheck that breaks off records nothing.
        let Found { changed, unseen, times, so_now } = found;
        self.journal
            .with(move |journal| {
                journal.answer(&so_now)?;
                journal.passwords_changed_at(&times)
            })
            .await?;
        Ok((changed, unseen))
    }

    async fn recheck_some(&self, rows: &[StepRow], found: &mut Found) -> Result<()> {
        let groups: Vec<_> = rows.chunk_by(|one, next| one.lead == next.lead).collect();
        let wanted: Vec<_> = groups.iter().map(|group| key_of(&group[0])).collect();
        let of_groups = groups.iter().zip(&wanted);
        let steps = of_groups.flat_map(|(group, key)| group.iter().map(|row| (key.clone(), &row.operation)));
        let mut concern = concern_of_each(steps);
        let password_changed = self.opened.connector.schema().password_changed();
        concern.attributes.extend(password_changed.clone());
        let states = look(self.opened, &wanted, &concern).await?;
        for (group, state) in groups.into_iter().zip(states) {
            let mut state = state.unwrap_or_else(|_| State::absent());
            for row in group {
                let change = &row.operation.change;
                let before = row.changes.clone();
                let now = state.changes(change, &names_of(&before));
                if now.is_empty() && !before.is_empty() && !matches!(change, Change::Create { .. }) {
                    // Somebody else made this change.
                    let detail = Some("already done by somebody else".to_owned());
                    found.so_now.push(StepOutcome { detail, ..StepOutcome::new(row.id, Standing::Unchanged) });
                } else if before != now {
                    found.unseen.push((row.id, now.clone()));
                    let (before, now) = (Shown::planned(before), Shown::planned(now));
                    found.changed.push(Changed { operation: row.number, before, now });
                }
                if let (Change::SetPassword { .. }, Some(attribute)) = (change, &password_changed) {
                    found.times.push((row.id, state.password_time(attribute)));
                }
                state.advance(change);
            }
        }
        Ok(())
    }
}

/// What the accounts show about the remaining steps.
#[derive(Default)]
struct Found {
    changed: Vec<Changed>,
    /// The changes of steps now.
    unseen: Vec<(i64, Vec<ValueChange>)>,
    /// When each password was last changed.
    times: Vec<(i64, Option<Value>)>,
    /// Steps that are no longer needed.
    so_now: Vec<StepOutcome>,
}

/// The names that were shown, so that a new name alone is no difference.
fn names_of(changes: &[ValueChange]) -> EntitlementNames {
    let named = changes.iter().filter_map(|change| match change {
        ValueChange::Entitlement { entitlement, name: Some(name), .. } => Some((entitlement.clone(), name.clone())),
        _ => None,
    });
    named.collect()
}
