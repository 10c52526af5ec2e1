//! The trials leave the source as they found it.

use super::{Kept, Need, Trial, Tried};
use crate::reading;
use crate::stage::{Stage, carry_out, text, without_password};
use crate::subject::Subject;
use connector_core::{Change, ErrorKind, Operation, OperationKind as Kind, SecretRef};

pub(super) const TRIALS: &[Trial] = &[Trial {
    name: "what_the_trials_create_is_gone_afterwards",
    need: Need::Operation(Kind::Delete),
    run: |subject| Box::pin(nothing_is_left(subject)),
}];

/// Removes the accounts that a trial created: deletes them, or disables them where the connector can't delete.
pub(super) async fn clean(subject: &Subject<'_>) -> Result<(), String> {
    let created = subject.take_created();
    if created.is_empty() {
        return Ok(());
    }
    let connector = subject.open()?;
    let declared = connector.schema().operations;
    let Some(kind) = [Kind::Delete, Kind::Disable].into_iter().find(|kind| declared.contains(kind)) else {
        return Ok(());
    };
    for account in created {
        let change: Change<SecretRef> = if kind == Kind::Delete { Change::Delete } else { Change::Disable };
        match carry_out(connector.as_ref(), &without_password(Operation::new(account, change))).await {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(format!("the kit can't remove what the trial created: {}", text(error)));
            }
            _ => {}
        }
    }
    Ok(())
}

async fn nothing_is_left(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let before = ids(subject).await?;
    let stage = Stage::set(subject, connector.as_ref(), "residue").await?;
    for kind in [Kind::Update, Kind::Grant] {
        if connector.schema().operations.contains(&kind) {
            stage.apply(&stage.operation(kind)).await?;
        }
    }
    stage.give_back().await?;
    clean(subject).await?;
    let after = ids(subject).await?;
    match after.iter().find(|line| !before.contains(line)).or_else(|| before.iter().find(|line| !after.contains(line)))
    {
        Some(other) => Err(format!("after the account was created and deleted, the lists differ in {other}")),
        None => Ok(Kept::Promise),
    }
}

/// The ids of all accounts, and who holds what.
async fn ids(subject: &Subject<'_>) -> Result<Vec<String>, String> {
    let connector = subject.open()?;
    let accounts = reading::accounts(connector.as_ref()).await?;
    let mut lines: Vec<String> = accounts.into_iter().map(|account| format!("account {}", account.id)).collect();
    if let Some(ability) = connector.capabilities().entitlements() {
        let held = reading::assignments(ability).await?;
        lines.extend(held.iter().map(|one| format!("{} of {}", one.entitlement, one.holder)));
    }
    lines.sort_unstable();
    Ok(lines)
}
