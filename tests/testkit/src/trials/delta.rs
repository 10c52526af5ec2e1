//! After each operation, the changes turn what was read before into what a whole read shows.

use super::changes::read;
use super::{Kept, Need, Trial, Tried};
use crate::reading;
use crate::stage::Stage;
use crate::subject::Subject;
use connector_core::{
    Absence, Account, Assignment, AttributesBuilder, Connector, Entitlement, EntitlementRef, ErrorKind, Holder,
    OperationKind as Kind, ReadChanges, SourceChange,
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "changes_are_the_difference_of_two_whole_reads",
        need: Need::ChangesToSee,
        run: |subject| Box::pin(after_each_operation(subject)),
    },
    Trial {
        name: "changes_say_which_account_others_removed",
        need: Need::ChangesAndRemoval,
        run: |subject| Box::pin(after_a_removal(subject)),
    },
];

/// The operations after a create, each of them seen by the changes.
const OPERATIONS: &[Kind] =
    &[Kind::Update, Kind::Grant, Kind::Lock, Kind::Unlock, Kind::Disable, Kind::Enable, Kind::Revoke, Kind::Delete];

async fn after_each_operation(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(ability) = connector.capabilities().changes() else { return Ok(Kept::NotUsed("read_changes")) };
    let mut watermark = ability.watermark().await.map_err(|error| error.to_string())?;
    let mut known = Known::read(connector.as_ref()).await?;
    let stage = Stage::set(subject, connector.as_ref(), "delta").await?;
    let declared = connector.schema().operations;
    let others = OPERATIONS.iter().filter(|kind| declared.contains(kind));
    for kind in [Kind::Create].iter().chain(others) {
        if *kind != Kind::Create {
            stage.apply(&stage.operation(*kind)).await?;
        }
        // A source that only knows that something changed makes the engine read everything.
        if ability.changes(&watermark).await.is_err_and(|error| error.kind() == ErrorKind::Expired) {
            return Ok(Kept::NotUsed("changes that are more than `expired`"));
        }
        let (changes, next) = read(ability, &watermark).await?;
        known.apply(changes, ability);
        let now = Known::read(connector.as_ref()).await?;
        known.compare(&now, ability.absence()).map_err(|what| format!("after {}: {what}", kind.name()))?;
        (known, watermark) = (now, next);
    }
    Ok(Kept::Promise)
}

async fn after_a_removal(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let (Some(ability), Some(remove)) = (connector.capabilities().changes(), subject.removal()) else {
        return Ok(Kept::NotUsed("read_changes, and a way to remove an account"));
    };
    if ability.absence() == Absence::Untold {
        return Ok(Kept::NotUsed("changes that say what is gone"));
    }
    let stage = Stage::set(subject, connector.as_ref(), "removed").await?;
    let watermark = ability.watermark().await.map_err(|error| error.to_string())?;
    let mut known = Known::read(connector.as_ref()).await?;
    remove(stage.account.clone()).await.map_err(|error| format!("the test can't remove {}: {error}", stage.account))?;
    if ability.changes(&watermark).await.is_err_and(|error| error.kind() == ErrorKind::Expired) {
        return Ok(Kept::NotUsed("changes that are more than `expired`"));
    }
    let (changes, _) = read(ability, &watermark).await?;
    known.apply(changes, ability);
    let now = Known::read(connector.as_ref()).await?;
    if now.accounts.contains_key(&stage.account) {
        return Err(format!("the test removed {}, but a whole read still shows it", stage.account));
    }
    known.compare(&now, ability.absence()).map_err(|what| format!("after others removed an account: {what}"))?;
    Ok(Kept::Promise)
}

/// Who holds what: the text of the holder, and the entitlement.
type Key = (String, EntitlementRef);

/// What the store of the engine would have.
#[derive(Default)]
struct Known {
    accounts: BTreeMap<String, Account>,
    entitlements: BTreeMap<EntitlementRef, Entitlement>,
    assignments: BTreeMap<Key, Assignment>,
    /// Their holders are counted, and the number differs: the engine reads them again.
    recounted: BTreeSet<EntitlementRef>,
    /// Attributes whose values change without meaning.
    quiet: BTreeSet<String>,
}

impl Known {
    async fn read(connector: &dyn Connector) -> Result<Self, String> {
        let mut known = Self::default();
        let accounts = reading::accounts(connector).await?;
        known.accounts = accounts.into_iter().map(|one| (one.id.clone(), one)).collect();
        if let Some(ability) = connector.capabilities().entitlements() {
            let entitlements = reading::entitlements(ability).await?;
            known.entitlements = entitlements.into_iter().map(|one| (one.key.clone(), one)).collect();
            reading::assignments(ability).await?.into_iter().for_each(|one| known.put(one));
        }
        let attributes = connector.schema().attributes.into_iter();
        known.quiet = attributes.filter(|one| one.quiet).map(|one| one.name).collect();
        Ok(known)
    }

    fn put(&mut self, one: Assignment) {
        self.assignments.insert((format!("{:?}", one.holder), one.entitlement.clone()), one);
    }

    fn apply(&mut self, changes: Vec<SourceChange>, ability: &dyn ReadChanges) {
        let mut named = BTreeSet::new();
        let mut nested = BTreeSet::new();
        let mut survivors = BTreeSet::new();
        let mut counted = Vec::new();
        for change in changes {
            match change {
                SourceChange::Account(account) => {
                    survivors.insert(account.id.clone());
                    self.accounts.insert(account.id.clone(), account);
                }
                SourceChange::Present(id) => _ = survivors.insert(id),
                SourceChange::Entitlement(one) => {
                    named.insert(one.key.clone());
                    self.entitlements.insert(one.key.clone(), one);
                }
                SourceChange::Held(one) => {
                    nested.insert((format!("{:?}", one.holder), one.entitlement.clone()));
                    self.put(one);
                }
                SourceChange::NoLongerHeld(holder, of) => _ = self.assignments.remove(&(format!("{holder:?}"), of)),
                SourceChange::Removed(Holder::Account(id)) => _ = self.accounts.remove(&id),
                SourceChange::Removed(Holder::Entitlement(of)) => _ = self.entitlements.remove(&of),
                SourceChange::AllOf(of, held) => {
                    self.assignments.retain(|_, one| match &of {
                        Holder::Entitlement(of) => one.entitlement != *of,
                        holder => one.holder != *holder,
                    });
                    for one in held {
                        nested.insert((format!("{:?}", one.holder), one.entitlement.clone()));
                        self.put(one);
                    }
                }
                SourceChange::Locked(ids) => {
                    let ids: BTreeSet<_> = ids.into_iter().collect();
                    self.accounts.values_mut().for_each(|one| one.locked = ids.contains(&one.id));
                }
                SourceChange::HolderCounts(of, counts) => counted.push((of, counts)),
                _ => {}
            }
        }
        if ability.absence() == Absence::Survivors {
            self.accounts.retain(|id, _| survivors.contains(id));
        }
        if ability.names_entitlements() {
            self.entitlements.retain(|key, _| named.contains(key));
            self.assignments.retain(|key, one| !matches!(one.holder, Holder::Entitlement(_)) || nested.contains(key));
        }
        for (of, counts) in counted {
            let counts: BTreeMap<_, _> = counts.into_iter().collect();
            for key in self.entitlements.keys().filter(|key| key.entitlement_type == of) {
                let held = self.assignments.values();
                let held = held.filter(|one| one.entitlement == *key && one.holder.account_id().is_some()).count();
                if held as u64 != counts.get(&key.id).copied().unwrap_or(0) {
                    self.recounted.insert(key.clone());
                }
            }
        }
    }

    /// The first difference to a whole read.
    fn compare(&self, now: &Self, absence: Absence) -> Result<(), String> {
        for (id, account) in &now.accounts {
            let known = self.accounts.get(id).ok_or_else(|| format!("the changes leave out account {id}"))?;
            let (known, shown) = (self.line(known), self.line(account));
            if known != shown {
                return Err(format!("the changes lead to {known}, but a whole read shows {shown}"));
            }
        }
        let gone = self.accounts.keys().find(|id| !now.accounts.contains_key(*id));
        if let Some(gone) = gone.filter(|_| absence != Absence::Untold) {
            return Err(format!("account {gone} no longer exists, but the changes do not say so"));
        }
        let entitlements = |of: &Self| of.entitlements.keys().cloned().collect::<BTreeSet<_>>();
        if let Some(odd) = entitlements(self).symmetric_difference(&entitlements(now)).next() {
            return Err(format!("the changes and a whole read differ in the entitlement {odd}"));
        }
        // What is read again is right if another trial passes. What a removed account held goes with it.
        let counts = |one: &Assignment| {
            let is_there = one.holder.account_id().is_none_or(|id| now.accounts.contains_key(id));
            is_there && !self.recounted.contains(&one.entitlement)
        };
        let lines = |of: &Self| {
            let counted = of.assignments.values().filter(|one| counts(one));
            counted.map(|one| format!("{one:?}")).collect::<BTreeSet<_>>()
        };
        match lines(self).symmetric_difference(&lines(now)).next() {
            Some(odd) => Err(format!("the changes and a whole read differ in {odd}")),
            None => Ok(()),
        }
    }

    fn line(&self, account: &Account) -> String {
        let mut account = account.clone();
        let mut attributes = AttributesBuilder::default();
        for (name, value) in account.attributes.entries() {
            if !self.quiet.contains(&*name) {
                attributes.push_raw(&name, value);
            }
        }
        account.attributes = attributes.build();
        account.entitlements.sort_unstable();
        format!("{account:?}")
    }
}
