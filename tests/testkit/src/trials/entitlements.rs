//! Entitlements have declared types, and assignments refer to known accounts and entitlements.

use super::{Need, Trial, Tried};
use crate::reading;
use crate::subject::Subject;
use connector_core::{EntitlementRef, Holder};
use std::collections::HashSet;

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "entitlements_are_unique_and_of_declared_types",
        need: Need::Entitlements,
        run: |subject| Box::pin(entitlements_are_of_declared_types(subject)),
    },
    Trial {
        name: "assignments_are_unique_and_refer_to_known_rows",
        need: Need::Entitlements,
        run: |subject| Box::pin(assignments_name_what_was_read(subject)),
    },
    Trial {
        name: "an_entitlement_is_found_by_its_id_and_an_unknown_one_is_not",
        need: Need::Entitlements,
        run: |subject| Box::pin(entitlements_are_found(subject)),
    },
];

async fn entitlements_are_of_declared_types(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    let Some(ability) = connector.capabilities().entitlements() else { return Ok(()) };
    let declared: HashSet<_> = ability.entitlement_types().into_iter().map(|declared| declared.name).collect();
    let mut keys = HashSet::new();
    for entitlement in reading::entitlements(ability).await? {
        if !declared.contains(entitlement.key.entitlement_type.as_ref()) {
            return Err(format!("the connector does not declare the type of {}", entitlement.key));
        }
        if entitlement.name.is_empty() {
            return Err(format!("{} has no name", entitlement.key));
        }
        if !keys.insert(entitlement.key.clone()) {
            return Err(format!("the list contains {} twice", entitlement.key));
        }
    }
    Ok(())
}

async fn assignments_name_what_was_read(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    let Some(ability) = connector.capabilities().entitlements() else { return Ok(()) };
    let accounts = reading::accounts(connector).await?;
    let entitlements = reading::entitlements(ability).await?;
    let known_accounts: HashSet<_> = accounts.iter().map(|account| account.id.as_str()).collect();
    let known: HashSet<_> = entitlements.iter().map(|entitlement| &entitlement.key).collect();
    let inline = accounts.iter().flat_map(|account| account.entitlements.iter().map(|key| (account.id.as_str(), key)));
    let assignments = reading::assignments(ability).await?;
    let own = assignments.iter().filter_map(|one| Some((one.holder.account_id()?, &one.entitlement)));
    for assignment in &assignments {
        let is_known = match &assignment.holder {
            Holder::Entitlement(holder) => known.contains(holder) && known.contains(&assignment.entitlement),
            _ => continue,
        };
        if !is_known {
            return Err(format!(
                "{} is assigned to {}, but no list contains this holder",
                assignment.entitlement, assignment.holder
            ));
        }
    }
    let mut held = HashSet::new();
    for (account, key) in inline.chain(own) {
        if !known_accounts.contains(account) {
            return Err(format!("{key} is assigned to {account}, which is not an account"));
        }
        if !known.contains(key) {
            return Err(format!("{account} holds {key}, which is not an entitlement"));
        }
        if !held.insert((account, key)) {
            return Err(format!("{account} holds {key} twice"));
        }
    }
    Ok(())
}

async fn entitlements_are_found(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(ability) = connector.capabilities().entitlements() else { return Ok(()) };
    let all = reading::entitlements(ability).await?;
    let Some(first) = all.first() else {
        return Err("the source has no entitlements, and this trial needs one".to_owned());
    };
    let unknown = EntitlementRef::new(first.key.entitlement_type.clone(), "no-such-entitlement");
    let found = ability.find_entitlements(&[first.key.clone(), unknown]).await.map_err(|error| error.to_string())?;
    let keys: Vec<Vec<_>> = found.iter().map(|found| found.iter().map(|one| one.key.clone()).collect()).collect();
    if keys == [vec![first.key.clone()], Vec::new()] {
        return Ok(());
    }
    Err(format!("a search for {} and an unknown entitlement found {keys:?}", first.key))
}
