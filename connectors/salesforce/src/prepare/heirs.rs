//! Who takes over from users, and what.

use super::{Known, changes, unchanged};
use crate::api::ranges::RecordId;
use crate::api::rights::Act;
use crate::error;
use crate::org::Org;
use crate::provision::{REFERENCES, Reference};
use crate::users;
use connector_core::{Account, Change, Concern, Error, ErrorKind, Operation, Prepared, Proposed, Result, SecretRef};
use std::collections::{BTreeMap, BTreeSet};

/// What no plan can hand over, and why.
pub(super) const NOT_HANDED_OVER: &str = "not handed over: its records, its open approval requests, and its places in the org's \
    settings (default owner of leads and cases, default workflow user, approver in approval processes), which the REST API does not \
    change: change them in Setup";

/// Who takes over from users, and what they are to others.
#[derive(Debug, Default)]
pub(super) struct Heirs {
    /// The users with the names that operations give for those who take over.
    named: BTreeMap<String, Vec<Account>>,
    /// How many active users refer to each user, by what they refer to it for; `None` if the org hides that.
    counts: BTreeMap<&'static str, Option<BTreeMap<RecordId, usize>>>,
    /// The users who leave with these operations.
    leaving: BTreeSet<RecordId>,
}

impl Heirs {
    pub(super) async fn look_up(org: Org<'_>, proposed: &[Proposed]) -> Result<Self> {
        let mut heirs = Self::default();
        let (mut users, mut names) = (Vec::new(), BTreeSet::new());
        for one in proposed {
            let name = match &one.operation.change {
                Change::Deprovision { transfer_to, .. } => transfer_to.as_ref(),
                Change::Transfer { to, .. } => Some(to),
                _ => continue,
            };
            names.extend(name.cloned());
            if let Some(user) = RecordId::read(&one.operation.account).filter(|id| id.has_prefix("005")) {
                users.push(user);
                if matches!(one.operation.change, Change::Deprovision { .. }) {
                    heirs.leaving.insert(user);
                }
            }
        }
        if users.is_empty() {
            return Ok(heirs);
        }
        for reference in &REFERENCES {
            heirs.counts.insert(reference.what, counted(org, reference, &users).await?);
        }
        let names: Vec<String> = names.into_iter().collect();
        if !names.is_empty() {
            let found = users::find::accounts(org.rest, org.accounts, &names, &Concern::default()).await?;
            heirs.named = names.into_iter().zip(found).collect();
        }
        Ok(heirs)
    }

    /// For how many active users the user is that; 0 if the org hides it.
    pub(super) fn count(&self, reference: &Reference, account: &Account) -> usize {
        let known = self.counts.get(reference.what).and_then(Option::as_ref);
        let user = RecordId::read(&account.id);
        user.and_then(|user| known?.get(&user)).copied().unwrap_or(0)
    }

    /// The active user with this id or username, who takes over from `account`.
    fn heir(&self, account: &Account, name: &str) -> Result<RecordId> {
        let invalid = |what: &str, help: &str| {
            Err(Error::new(ErrorKind::Invalid, format!("`{name}` can't take over: {what}")).with_help(help))
        };
        let another = "name an active user";
        let heir = match self.named.get(name).map(Vec::as_slice) {
            Some([heir]) => heir,
            Some([_, _, ..]) => return invalid("several users have this name", "name the user by its id"),
            _ => return invalid("the org has no such user", "name a user by its id or username"),
        };
        let id = RecordId::read(&heir.id);
        match id {
            _ if heir.id == account.id => invalid("that is the user itself", another),
            _ if !heir.enabled => invalid("it is inactive", another),
            Some(id) if self.leaving.contains(&id) => invalid("it leaves with this plan", another),
            Some(id) => Ok(id),
            None => invalid("the org has no such user", another),
        }
    }

    /// The steps that hand over to the user with this name, and what is not handed over.
    pub(super) fn steps(
        &self,
        account: &Account,
        name: &str,
        what: Option<&str>,
    ) -> Result<(Vec<Operation<SecretRef>>, Vec<String>)> {
        let heir = self.heir(account, name)?;
        if let Some(what) = what.filter(|what| !REFERENCES.iter().any(|one| one.what == *what)) {
            let known: Vec<_> = REFERENCES.iter().map(|one| format!("`{}`", one.what)).collect();
            return Err(Error::new(ErrorKind::Invalid, format!("Salesforce can't hand over `{what}`"))
                .with_help(format!("write {}, or leave `what` out for all of it", known.join(" or "))));
        }
        let (mut steps, mut hidden) = (Vec::new(), Vec::new());
        for reference in REFERENCES.iter().filter(|one| what.is_none_or(|what| what == one.what)) {
            if let Some(None) = self.counts.get(reference.what) {
                hidden.push(format!("the org hides for whom it is {} (`{}`)", reference.role, reference.field));
            } else if self.count(reference, account) > 0 {
                let change = Change::transfer(heir.as_str(), Some(reference.what.to_owned()));
                steps.push(Operation::new(&account.id, change));
            }
        }
        Ok((steps, hidden))
    }
}

async fn counted(org: Org<'_>, reference: &Reference, users: &[RecordId]) -> Result<Option<BTreeMap<RecordId, usize>>> {
    match reference.of_users(org.rest, users).await {
        Ok(rows) => {
            let mut counts = BTreeMap::new();
            for (user, _) in rows {
                *counts.entry(user).or_default() += 1;
            }
            Ok(Some(counts))
        }
        Err(refused) if error::is_refused_query(&refused) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Handing over alone.
pub(super) fn prepare(known: &Known<'_>, account: &Account, to: &str, what: Option<&str>) -> Result<Prepared> {
    known.may("User", Act::Change)?;
    changes::not_oneself(known, account, "hand its work over")?;
    let (steps, mut notes) = known.heirs.steps(account, to, what)?;
    if steps.is_empty() {
        return Ok(unchanged(notes.first().map_or("has nothing to hand over", String::as_str)));
    }
    notes.push(NOT_HANDED_OVER.to_owned());
    Ok(Prepared::steps(steps, Vec::new()).with_note(Some(notes.join("; "))))
}
