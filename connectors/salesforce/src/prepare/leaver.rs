//! Prepares what a user loses who leaves.

use super::heirs::NOT_HANDED_OVER;
use super::{Known, changes, grants, unchanged};
use crate::api::ranges::RecordId;
use crate::api::rights::{self, Act};
use crate::api::soql;
use crate::assignments::holdings::HOLDINGS;
use crate::assignments::read as assignments;
use crate::error;
use crate::org::Org;
use crate::provision::{Access, REFERENCES, Reference, SESSIONS, TOKENS};
use crate::users::locks;
use connector_core::{
    Account, Change, Cursor, EntitlementRef, Error, ErrorKind, Operation, Prepared, Proposed, Result, Seat, SecretRef,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Something that a leaver loses. The order is that of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Leaving {
    Lock,
    Disable,
    Sessions,
    Tokens,
    Queues,
    Groups,
    PermissionSets,
    Licenses,
    Territories,
    Role,
}

impl Leaving {
    /// What a leaver loses if the settings don't say.
    pub(crate) const USUAL: [Self; 6] =
        [Self::Lock, Self::Disable, Self::Sessions, Self::Tokens, Self::Queues, Self::Groups];

    /// The types of entitlements that are revoked.
    pub(super) fn types(self) -> &'static [&'static str] {
        match self {
            Self::Queues => &["queue"],
            Self::Groups => &["group"],
            Self::PermissionSets => &["permission_set", "permission_set_group"],
            Self::Licenses => &["permission_set_license", "package_license"],
            Self::Territories => &["territory"],
            Self::Lock | Self::Disable | Self::Sessions | Self::Tokens | Self::Role => &[],
        }
    }

    /// The objects whose rows change, beside User.
    pub(super) fn objects(self) -> Vec<&'static str> {
        match self {
            Self::Lock => vec![locks::OBJECT],
            Self::Sessions => vec![SESSIONS.object],
            Self::Tokens => vec![TOKENS.object],
            _ => {
                let of_type = HOLDINGS.iter().filter(|holding| self.types().contains(&holding.entitlement_type));
                of_type.map(|holding| holding.object).collect()
            }
        }
    }
}

/// What is known of the users who leave.
#[derive(Debug, Default)]
pub(super) struct Leavers {
    leaving: Vec<Leaving>,
    /// What they hold, of what is to be revoked.
    held: BTreeMap<RecordId, Vec<EntitlementRef>>,
    /// Who has rows that let them in, by object; `None` for an object that the service account can't see.
    access: BTreeMap<&'static str, Option<BTreeSet<RecordId>>>,
    /// What can't be read, and why.
    unread: Vec<String>,
}

impl Leavers {
    /// Asks the org about the users whom operations bar or deprovision.
    pub(super) async fn look_up(org: Org<'_>, leaving: &[Leaving], proposed: &[Proposed]) -> Result<Self> {
        let of = |wanted: fn(&Change<SecretRef>) -> bool| -> Vec<RecordId> {
            let of_kind = proposed.iter().filter(|one| wanted(&one.operation.change));
            of_kind.filter_map(|one| RecordId::read(&one.operation.account)).filter(|id| id.has_prefix("005")).collect()
        };
        let leavers = of(|change| matches!(change, Change::Deprovision { .. }));
        let mut known = Self { leaving: leaving.to_vec(), ..Self::default() };
        known.leaving.sort_unstable();
        let sessions = of(|change| matches!(change, Change::Deprovision { .. } | Change::EndSessions));
        let tokens = of(|change| matches!(change, Change::Deprovision { .. } | Change::RevokeTokens));
        for (access, users) in [(&SESSIONS, sessions), (&TOKENS, tokens)] {
            if !users.is_empty() {
                known.access.insert(access.object, who_has(org, access, &users).await?);
            }
        }
        if !leavers.is_empty() {
            known.read_holdings(org, &leavers).await?;
        }
        Ok(known)
    }

    async fn read_holdings(&mut self, org: Org<'_>, users: &[RecordId]) -> Result<()> {
        let types: Vec<&str> = self.leaving.iter().flat_map(|one| one.types()).copied().collect();
        for object in assignments::held_by_users() {
            let mut of_object = HOLDINGS.iter().filter(|holding| holding.object == object);
            let Some(holding) = of_object.find(|holding| types.contains(&holding.entitlement_type)) else { continue };
            let (table, condition) =
                (assignments::table(object)?, soql::one_of(holding.user, users.iter().map(RecordId::as_str)));
            let mut left = vec![Cursor::start()];
            while let Some(cursor) = left.pop() {
                let page = table.page(org.rest, org.groups, &cursor, Some(&condition)).await?;
                self.unread
                    .extend(page.skipped().iter().map(|one| format!("{}: {}", one.entitlement_type, one.reason)));
                let (rows, next) = page.into_parts();
                left.extend(next);
                for row in rows {
                    let user = row.holder.account_id().and_then(RecordId::read);
                    if let Some(user) = user.filter(|_| types.contains(&row.entitlement.entitlement_type.as_ref())) {
                        self.held.entry(user).or_default().push(row.entitlement);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Which of the users have rows; `None` if the service account can't see the object.
async fn who_has(org: Org<'_>, access: &Access, users: &[RecordId]) -> Result<Option<BTreeSet<RecordId>>> {
    match access.of_users(org.rest, users).await {
        Ok(rows) => Ok(Some(rows.into_iter().map(|(user, _)| user).collect())),
        Err(refused) if error::is_missing_object(&refused) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Ending sessions, or revoking tokens.
pub(super) fn access(known: &Known<'_>, account: &Account, change: &Change<SecretRef>) -> Result<Prepared> {
    let access = if matches!(change, Change::EndSessions) { &SESSIONS } else { &TOKENS };
    changes::not_oneself(known, account, access.ending)?;
    may_end(known, access)?;
    let has = known.leavers.access.get(access.object).and_then(Option::as_ref);
    let user = grants::id(&EntitlementRef::new("user", &account.id))?;
    if has.is_some_and(|users| !users.contains(&user)) {
        return Ok(unchanged(access.none));
    }
    Ok(Prepared::step(Operation::new(&account.id, change.clone())))
}

fn may_end(known: &Known<'_>, access: &Access) -> Result<()> {
    if let Some(None) = known.leavers.access.get(access.object) {
        let cause = Error::unsupported(format!("the org does not show `{}`", access.object));
        return Err(rights::missing(access.object, cause));
    }
    known.may(access.object, Act::Remove)
}

/// Everything that a leaver loses. What can't be taken is said in the note, and the rest is taken.
pub(super) fn prepare(known: &Known<'_>, account: &Account, transfer_to: Option<&str>) -> Result<Prepared> {
    changes::not_oneself(known, account, "take its access away")?;
    // Without somebody who can take over, nothing is done.
    let handed_over = transfer_to.map(|heir| known.heirs.steps(account, heir, None)).transpose()?;
    let mut plan = Plan { account, steps: Vec::new(), seats: Vec::new(), not_done: known.leavers.unread.clone() };
    let bars = |one: &Leaving| matches!(one, Leaving::Lock | Leaving::Disable);
    // Frozen first, because handing over takes time; deactivated last, because a reference can keep a user active.
    let (first, last): (Vec<&Leaving>, Vec<&Leaving>) =
        known.leavers.leaving.iter().filter(|one| bars(one)).partition(|one| matches!(one, Leaving::Lock));
    for leaving in first {
        plan.bar(known, *leaving);
    }
    let (handed_over, hidden) = handed_over.unwrap_or_default();
    plan.hand_over(known, handed_over);
    for leaving in last {
        plan.bar(known, *leaving);
    }
    // A user who can still sign in now may do so before the plan is applied.
    let may_sign_in = plan.steps.iter().any(|step| matches!(step.change, Change::Lock | Change::Disable));
    for leaving in known.leavers.leaving.iter().filter(|one| !bars(one)) {
        match leaving {
            Leaving::Sessions => plan.end(known, &SESSIONS, Change::EndSessions, may_sign_in),
            Leaving::Tokens => plan.end(known, &TOKENS, Change::RevokeTokens, may_sign_in),
            Leaving::Role => plan.leave_role(known),
            other => plan.revoke(known, other.types()),
        }
    }
    if plan.steps.is_empty() {
        return plan.prepared();
    }
    plan.not_done.extend(hidden);
    match transfer_to {
        Some(_) => plan.not_done.push(NOT_HANDED_OVER.to_owned()),
        None => plan.not_done.extend(REFERENCES.iter().filter_map(|one| stays(known, account, one))),
    }
    plan.prepared()
}

/// What the leaver stays to others, if nobody takes over.
fn stays(known: &Known<'_>, account: &Account, reference: &Reference) -> Option<String> {
    let Reference { role, field, .. } = reference;
    let users = match known.heirs.count(reference, account) {
        0 => return None,
        1 => "1 active user".to_owned(),
        several => format!("{several} active users"),
    };
    Some(format!("it stays {role} of {users}: name `transfer_to`, or update their `{field}`"))
}

/// The steps of one leaver.
struct Plan<'a> {
    account: &'a Account,
    steps: Vec<Operation<SecretRef>>,
    seats: Vec<Seat>,
    /// What is not done, and why.
    not_done: Vec<String>,
}

impl Plan<'_> {
    /// Adds the steps of an operation, or notes why it can't be done.
    fn add(&mut self, prepared: Result<Prepared>, what: &str) {
        match prepared {
            Ok(Prepared::Steps { steps, seats, note }) => {
                self.steps.extend(steps);
                self.seats.extend(seats);
                self.not_done.extend(note);
            }
            Ok(_) => {}
            Err(error) => {
                let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
                self.not_done.push(format!("{what}: {}{help}", error.message()));
            }
        }
    }

    fn bar(&mut self, known: &Known<'_>, leaving: Leaving) {
        match leaving {
            Leaving::Lock => self.add(changes::lock(known, self.account, true), "not frozen"),
            _ if self.account.enabled => self.add(changes::enable(known, self.account, false), "not deactivated"),
            _ => {}
        }
    }

    fn hand_over(&mut self, known: &Known<'_>, steps: Vec<Operation<SecretRef>>) {
        match known.may("User", Act::Change) {
            Ok(()) => self.steps.extend(steps),
            Err(_) if steps.is_empty() => {}
            Err(error) => self.add(Err(error), "nothing is handed over"),
        }
    }

    fn end(&mut self, known: &Known<'_>, access: &Access, change: Change<SecretRef>, may_sign_in: bool) {
        if let Err(error) = may_end(known, access) {
            return self.add(Err(error), &format!("no {} is ended", access.noun));
        }
        let users = known.leavers.access.get(access.object).and_then(Option::as_ref);
        let user = RecordId::read(&self.account.id);
        let has = user.is_some_and(|user| users.is_none_or(|users| users.contains(&user)));
        if has || may_sign_in {
            self.steps.push(Operation::new(&self.account.id, change));
        }
    }

    fn revoke(&mut self, known: &Known<'_>, types: &[&str]) {
        let user = RecordId::read(&self.account.id);
        let held = user.and_then(|user| known.leavers.held.get(&user));
        for entitlement in held.into_iter().flatten().filter(|one| types.contains(&one.entitlement_type.as_ref())) {
            let revoked = grants::revoked(known, &self.account.id, entitlement);
            self.add(revoked, &format!("`{entitlement}` stays"));
        }
    }

    fn leave_role(&mut self, known: &Known<'_>) {
        let Some(role) = self.account.attributes.get::<String>("UserRoleId") else { return };
        let change = Change::revoke(EntitlementRef::new("role", role));
        self.add(grants::prepare(known, self.account, &change), "the role stays");
    }

    /// Fails if nothing can be done although the user can sign in.
    fn prepared(self) -> Result<Prepared> {
        let note = (!self.not_done.is_empty()).then(|| format!("not done: {}", self.not_done.join("; ")));
        if !self.steps.is_empty() {
            return Ok(Prepared::steps(self.steps, self.seats).with_note(note));
        }
        match note {
            Some(note) if self.account.enabled && !self.account.locked => Err(Error::new(ErrorKind::Permission, note)
                .with_help("`connector test` shows which permissions the service account needs")),
            note => Ok(unchanged(note.as_deref().unwrap_or("has left already"))),
        }
    }
}
