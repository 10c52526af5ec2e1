//! Entitlements have declared types, and assignments refer to known accounts and entitlements.

use super::{Kept, Need, Trial, Tried};
use crate::reading;
use crate::subject::Subject;
use connector_core::jiff::Timestamp;
use connector_core::{Account, Assignment, AssignmentState, Concern, Entitlement, EntitlementRef, Holder};
use std::collections::{HashMap, HashSet};

/// The most assignments without effect that are looked for.
const MAX_LOOKED_FOR: usize = 20;

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
        name: "an_alias_names_one_account_or_entitlement",
        need: Need::Nothing,
        run: |subject| Box::pin(aliases_name_one_thing(subject)),
    },
    Trial {
        name: "only_what_has_effect_is_found_as_held",
        need: Need::EntitlementsOfAccounts,
        run: |subject| Box::pin(only_what_has_effect_is_found_as_held(subject)),
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
    let Some(ability) = connector.capabilities().entitlements() else { return Ok(Kept::NotUsed("read_entitlements")) };
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
    Ok(Kept::Promise)
}

async fn assignments_name_what_was_read(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    let Some(ability) = connector.capabilities().entitlements() else { return Ok(Kept::NotUsed("read_entitlements")) };
    let accounts = reading::accounts(connector).await?;
    let entitlements = reading::entitlements(ability).await?;
    let known_accounts: HashSet<_> = accounts.iter().map(|account| account.id.as_str()).collect();
    let known: HashSet<_> = entitlements.iter().map(|entitlement| &entitlement.key).collect();
    let by_alias = by_alias(&accounts, &entitlements)?;
    let mut held = HashSet::new();
    for account in &accounts {
        for key in &account.entitlements {
            if !known.contains(key) {
                return Err(format!("{} holds {key}, which is not an entitlement", account.id));
            }
            if !held.insert((Holder::account(&*account.id), key.clone(), None)) {
                return Err(format!("{} holds {key} twice", account.id));
            }
        }
    }
    for Assignment { holder, entitlement: key, through, .. } in reading::assignments(ability).await? {
        let is_known = match &holder {
            Holder::Account(id) => known_accounts.contains(id.as_str()),
            Holder::Entitlement(holder) => known.contains(holder),
            Holder::Alias(alias) => by_alias.contains_key(alias.as_str()),
            _ => false,
        };
        if !is_known {
            return Err(format!("{key} is assigned to {holder}, which no list contains"));
        }
        if let Some(unknown) = std::iter::once(&key).chain(&through).find(|key| !known.contains(key)) {
            return Err(format!("{holder} holds {unknown}, which is not an entitlement"));
        }
        let holder = match holder {
            Holder::Alias(alias) => by_alias[alias.as_str()].clone(),
            holder => holder,
        };
        if !held.insert((holder.clone(), key.clone(), through)) {
            return Err(format!("{holder} holds {key} twice"));
        }
    }
    Ok(Kept::Promise)
}

/// What each alias names.
fn by_alias<'a>(accounts: &'a [Account], entitlements: &'a [Entitlement]) -> Result<HashMap<&'a str, Holder>, String> {
    let accounts = accounts.iter().filter_map(|one| Some((one.alias.as_deref()?, Holder::account(&*one.id))));
    let entitlements =
        entitlements.iter().filter_map(|one| Some((one.alias.as_deref()?, Holder::Entitlement(one.key.clone()))));
    let mut by_alias = HashMap::new();
    for (alias, holder) in accounts.chain(entitlements) {
        if let Some(other) = by_alias.insert(alias, holder.clone()) {
            return Err(format!("{holder} and {other} have the same alias"));
        }
    }
    Ok(by_alias)
}

async fn aliases_name_one_thing(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let accounts = reading::accounts(connector.as_ref()).await?;
    let entitlements = match connector.capabilities().entitlements() {
        Some(ability) => reading::entitlements(ability).await?,
        None => Vec::new(),
    };
    let by_alias = by_alias(&accounts, &entitlements)?;
    Ok(if by_alias.is_empty() { Kept::NotUsed("an alias") } else { Kept::Promise })
}

/// A plan that grants what has no effect must not be told that the account holds it already.
async fn only_what_has_effect_is_found_as_held(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let abilities = connector.capabilities();
    let (Some(ability), Some(finding)) = (abilities.entitlements(), abilities.accounts()) else {
        return Ok(Kept::NotUsed("find_accounts"));
    };
    let (mut with_effect, mut without) = (HashSet::new(), Vec::new());
    for assignment in reading::assignments(ability).await? {
        let Some(account) = assignment.holder.account_id() else { continue };
        let pair = (account.to_owned(), assignment.entitlement.clone());
        let has_ended = assignment.valid_until.is_some_and(|until| until <= Timestamp::now());
        if assignment.state == AssignmentState::Active && !has_ended {
            with_effect.insert(pair);
        } else {
            without.push(pair);
        }
    }
    without.retain(|pair| !with_effect.contains(pair));
    if without.is_empty() {
        return Ok(Kept::NotUsed("an assignment without effect"));
    }
    for (account, entitlement) in without.into_iter().take(MAX_LOOKED_FOR) {
        let mut concern = Concern::default();
        concern.entitlements.insert(entitlement.clone());
        let found = finding.find_accounts(std::slice::from_ref(&account), &concern).await;
        let found = found.map_err(|error| error.to_string())?;
        if found.iter().flatten().any(|found| found.entitlements.contains(&entitlement)) {
            return Err(format!("a lookup of {account} shows {entitlement}, which has no effect"));
        }
    }
    Ok(Kept::Promise)
}

async fn entitlements_are_found(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(ability) = connector.capabilities().entitlements() else { return Ok(Kept::NotUsed("read_entitlements")) };
    let all = reading::entitlements(ability).await?;
    let Some(first) = all.first() else {
        return Err("the source has no entitlements, and this trial needs one".to_owned());
    };
    let unknown = EntitlementRef::new(first.key.entitlement_type.clone(), "no-such-entitlement");
    let found = ability.find_entitlements(&[first.key.clone(), unknown]).await.map_err(|error| error.to_string())?;
    let keys: Vec<Vec<_>> = found.iter().map(|found| found.iter().map(|one| one.key.clone()).collect()).collect();
    if keys == [vec![first.key.clone()], Vec::new()] {
        return Ok(Kept::Promise);
    }
    Err(format!("a search for {} and an unknown entitlement found {keys:?}", first.key))
}
