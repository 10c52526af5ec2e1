//! Operations are applied and read back, are unchanged when repeated, and can be undone.

use super::{Kept, Need, Trial, Tried};
use crate::stage::{Stage, text, without_password};
use crate::subject::Subject;
use connector_core::{Account, Change, Operation, OperationKind as Kind, Outcome, Prepared, Proposed, Writable};
use serde_json::Value;
use std::collections::BTreeMap;

macro_rules! operation {
    ($name:literal, $kind:ident) => {
        Trial {
            name: $name,
            need: Need::Operation(Kind::$kind),
            run: |subject| Box::pin(operation(subject, Kind::$kind)),
        }
    };
}

pub(super) const TRIALS: &[Trial] = &[
    operation!("create_adds_an_account_that_is_read_back", Create),
    operation!("update_sets_values_and_is_unchanged_when_repeated", Update),
    Trial {
        name: "update_changes_nothing_that_it_does_not_name",
        need: Need::Operation(Kind::Update),
        run: |subject| Box::pin(update_changes_nothing_else(subject)),
    },
    operation!("grant_is_read_back_and_unchanged_when_repeated", Grant),
    operation!("revoke_is_read_back_and_unchanged_when_repeated", Revoke),
    operation!("disable_is_read_back_and_unchanged_when_repeated", Disable),
    operation!("enable_is_read_back_and_unchanged_when_repeated", Enable),
    operation!("lock_is_read_back_and_unchanged_when_repeated", Lock),
    operation!("unlock_is_read_back_and_unchanged_when_repeated", Unlock),
    operation!("delete_removes_the_account", Delete),
    operation!("set_password_is_applied", SetPassword),
    Trial {
        name: "preparing_changes_nothing",
        need: Need::Preparation,
        run: |subject| Box::pin(preparing_changes_nothing(subject)),
    },
    Trial {
        name: "a_prepared_create_keeps_its_entitlements",
        need: Need::Preparation,
        run: |subject| Box::pin(prepared_create_keeps_entitlements(subject)),
    },
    Trial {
        name: "a_batch_has_the_same_results_as_single_operations",
        need: Need::Batch,
        run: |subject| Box::pin(batch_equals_singles(subject)),
    },
];

fn opposite(kind: Kind) -> Option<Kind> {
    Some(match kind {
        Kind::Grant => Kind::Revoke,
        Kind::Revoke => Kind::Grant,
        Kind::Disable => Kind::Enable,
        Kind::Enable => Kind::Disable,
        Kind::Lock => Kind::Unlock,
        Kind::Unlock => Kind::Lock,
        _ => return None,
    })
}

async fn operation(subject: &Subject<'_>, kind: Kind) -> Tried {
    let connector = subject.open()?;
    let stage = Stage::set(subject, connector.as_ref(), kind.name()).await?;
    let name = kind.name();
    // An operation that undoes another one needs the other one first.
    if let Some(before @ (Kind::Grant | Kind::Disable | Kind::Lock)) = opposite(kind) {
        stage.apply(&stage.operation(before)).await?;
    }
    if kind != Kind::Create {
        let outcome = stage.apply(&stage.operation(kind)).await?;
        if !matches!(&outcome, Outcome::Applied { account } if *account == stage.account) {
            return Err(format!("{name} returned {outcome:?}"));
        }
    }
    if !stage.is_done(kind).await? {
        return Err(format!("{name} was applied, but the account does not show the change"));
    }
    if !matches!(kind, Kind::Create | Kind::SetPassword | Kind::Delete) {
        let again = stage.apply(&stage.operation(kind)).await?;
        if !matches!(again, Outcome::Unchanged { .. }) {
            return Err(format!("{name} returned {again:?} when repeated"));
        }
    }
    let declared = connector.schema().operations;
    if let Some(undo) = opposite(kind).filter(|undo| declared.contains(undo)) {
        stage.apply(&stage.operation(undo)).await?;
        if !stage.is_done(undo).await? {
            return Err(format!("{} does not undo {name}", undo.name()));
        }
    }
    Ok(Kept::Promise)
}

/// The attributes that have a value.
fn filled(account: &Account) -> BTreeMap<String, Value> {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    let names = account.attributes.entries().into_iter().map(|(name, _)| name.into_owned());
    let values = names.filter_map(|name| account.attributes.get(&name).map(|value| (name, value)));
    values.filter(|(_, value)| !is_empty(value)).collect()
}

/// An API that takes whole objects empties what a request leaves out.
async fn update_changes_nothing_else(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let schema = connector.schema();
    let stage = Stage::set(subject, connector.as_ref(), "others").await?;
    let grants = schema.operations.contains(&Kind::Grant);
    if grants {
        stage.apply(&stage.operation(Kind::Grant)).await?;
    }
    let before = stage.read().await?.ok_or("the account was created, but is not found")?;
    stage.apply(&stage.operation(Kind::Update)).await?;
    let after = stage.read().await?.ok_or("after an update, the account is not found")?;
    let updated = stage.fixture.update.keys().cloned().collect::<Vec<_>>().join("`, `");
    let mut others = 0;
    for (name, value) in filled(&before) {
        let declared = schema.attributes.iter().find(|one| one.name == name);
        if stage.fixture.update.contains_key(&name) || declared.is_some_and(|one| one.quiet) {
            continue;
        }
        others += 1;
        // The source derives what nobody can write, such as a full name. It may change with the update, but does not vanish.
        let is_derived = declared.is_some_and(|one| one.writable == Writable::Never);
        match filled(&after).remove(&name) {
            None => return Err(format!("an update of `{updated}` emptied `{name}`, which was {value}")),
            Some(now) if now != value && !is_derived => {
                return Err(format!("an update of `{updated}` changed `{name}` from {value} to {now}"));
            }
            _ => {}
        }
    }
    if (before.enabled, before.locked) != (after.enabled, after.locked) {
        return Err(format!("an update of `{updated}` enabled, disabled, locked or unlocked the account"));
    }
    if grants && !stage.holds(&after).await? {
        return Err(format!("an update of `{updated}` took `{}` from the account", stage.fixture.entitlement));
    }
    if grants {
        stage.give_back().await?;
    }
    Ok(if others > 0 {
        Kept::Promise
    } else {
        Kept::NotUsed("another attribute in the fixture than those of `update`")
    })
}

async fn preparing_changes_nothing(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let stage = Stage::set(subject, connector.as_ref(), "prepare").await?;
    let before = stage.read().await?;
    for kind in connector.schema().operations {
        // The kit has no other account that could take over.
        if !matches!(kind, Kind::Create | Kind::Transfer) {
            stage.prepare(kind).await?;
        }
    }
    if before == stage.read().await? {
        Ok(Kept::Promise)
    } else {
        Err("preparing an operation changed the account".to_owned())
    }
}

/// The engine grants what a prepared create leaves out, but then the connector counted no license for it.
async fn prepared_create_keeps_entitlements(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let (Some(fixture), Some(ability)) = (subject.fixture(), connector.capabilities().preparation()) else {
        return Ok(Kept::NotUsed("prepare_operations and create"));
    };
    if !connector.schema().operations.contains(&Kind::Create) {
        return Ok(Kept::NotUsed("prepare_operations and create"));
    }
    let wanted = &fixture.entitlement;
    let name = (fixture.name)("prepared");
    let change = Change::create(&name, fixture.attributes_of(&name), vec![wanted.clone()], None);
    let proposed = Proposed::new(Operation::new("", change), None);
    let prepared = ability.prepare_operations(&[proposed]).await.map_err(text)?;
    let steps = match prepared.into_iter().next() {
        Some(Ok(Prepared::Steps { steps, .. })) => steps,
        Some(Err(error)) => return Err(text(error)),
        other => return Err(format!("preparing to create a new account returned {other:?}")),
    };
    let names = |value: &Value| value.as_str() == Some(wanted.id.as_str());
    let is_kept = steps.iter().any(|step| match &step.change {
        Change::Grant { entitlement, .. } => entitlement == wanted,
        Change::Create { attributes, entitlements, .. } => {
            let has_it = |value: &Value| names(value) || value.as_array().is_some_and(|all| all.iter().any(names));
            entitlements.contains(wanted) || attributes.values().any(has_it)
        }
        _ => false,
    });
    if is_kept { Ok(Kept::Promise) } else { Err(format!("preparing to create an account that holds {wanted} lost it")) }
}

async fn batch_equals_singles(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(batch) = connector.capabilities().batch() else { return Ok(Kept::NotUsed("provision_batch")) };
    let one = Stage::set(subject, connector.as_ref(), "batch-one").await?;
    let two = Stage::set(subject, connector.as_ref(), "batch-two").await?;
    let mut operations = one.steps(&one.operation(Kind::Update)).await.map_err(text)?;
    operations.extend(two.steps(&two.operation(Kind::Update)).await.map_err(text)?);
    let operations: Vec<_> = operations.into_iter().map(without_password).collect();
    let outcomes = batch.provision_batch(&operations).await.map_err(text)?;
    let mut expected = Vec::new();
    for operation in &operations {
        expected.push(Outcome::Applied { account: operation.account.clone() });
    }
    let given = outcomes.into_iter().collect::<Result<Vec<_>, _>>().map_err(text)?;
    if given != expected {
        return Err(format!("the batch returned {given:?} instead of {expected:?}"));
    }
    for stage in [one, two] {
        if !stage.is_done(Kind::Update).await? {
            return Err(format!("the batch did not change {}", stage.account));
        }
    }
    Ok(Kept::Promise)
}
