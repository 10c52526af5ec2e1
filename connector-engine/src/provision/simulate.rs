//! Determines what the operations on some accounts change, each after the ones before it.

use super::find_accounts::{concern_of, look, missing};
use super::journal::{AskedRow, Foreseen, ForeseenStep, Made, Standing, stand_in, to_json};
use super::names::Entitlements;
use super::order;
use super::reasons::{already, already_until, exists_already, not_known, not_made, renamed, unknown_end};
use super::references::References;
use crate::patience;
use connector_core::{
    AccountSchema, AttributeType, Change, Concern, EntitlementRef, Error, ErrorKind, Operation, OperationKind,
    Prepared, Proposed, Result, SecretRef,
};
use connector_project::effect::{self, State};
use connector_project::source::Opened;
use jiff::Timestamp;
use openssl::sha::Sha256;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// What all operations of a plan share.
#[derive(Debug)]
pub(super) struct Simulation<'a> {
    pub(super) opened: &'a Opened,
    pub(super) entitlements: Entitlements,
    pub(super) schema: AccountSchema,
    /// What earlier plans sent and the source has yet to make: account and step. A create has the name as the account.
    pub(super) queued: HashSet<(String, String)>,
    /// The attribute with the time of the last password change.
    pub(super) password_changed: Option<String>,
    /// The attributes that name no other account, in lower case.
    pub(super) plain: Arc<HashSet<String>>,
    /// The new names that the plan gives to accounts: the operation, and the account as it names it.
    pub(super) renamed: HashMap<String, (u64, String)>,
}

/// The operations on one account, and the account after the operations that were simulated.
struct SimulatedAccount {
    rows: std::vec::IntoIter<AskedRow>,
    state: State,
    /// The id of the account before the plan.
    first_id: Option<String>,
    /// Why the account is ambiguous, and what to do about it.
    unclear: Option<(String, String)>,
    /// Why it is not created, if an operation that creates it fails or waits for the source.
    not_made: Option<Error>,
}

/// An operation to prepare.
struct Pending {
    simulated: usize,
    row: AskedRow,
    /// Whether the account already exists although the operation creates it.
    exists: bool,
    /// What an existing account must hold to match the operation.
    holds: Vec<EntitlementRef>,
    /// The entitlements of a new account that the source does not have.
    unknown: Option<Error>,
    proposed: Proposed,
}

/// An error together with an earlier one of the same operation.
fn both(earlier: Option<Error>, error: Error) -> Error {
    let Some(earlier) = earlier else { return error };
    let (first, second) = (earlier.help().unwrap_or_default(), error.help().unwrap_or_default());
    let help = if first.contains(second) { first.to_owned() } else { format!("{first}; {second}") };
    Error::new(earlier.kind(), format!("{}; {}", earlier.message(), error.message())).with_help(help)
}

impl Simulation<'_> {
    /// Determines what the operations on some accounts change, account by account, in the plan's order.
    pub(super) async fn foresee(&self, rows: Vec<AskedRow>) -> Result<Vec<Foreseen>> {
        let rows = self.with_existing(rows).await?;
        let references = References::look_up(self.opened, &self.schema, &rows).await?;
        let mut accounts = self.accounts(rows).await?;
        let mut foreseen: Vec<Vec<Foreseen>> = accounts.iter().map(|_| Vec::new()).collect();
        loop {
            let mut turn = Vec::new();
            let mut is_over = true;
            for (place, simulated) in accounts.iter_mut().enumerate() {
                let Some(row) = simulated.rows.next() else { continue };
                is_over = false;
                match self.propose(place, simulated, row.clone(), &references) {
                    Ok(pending) => turn.push(pending),
                    Err(error) => foreseen[place].push(simulated.refused(&row, error)),
                }
            }
            if is_over {
                break;
            }
            let proposed: Vec<_> = turn.iter().map(|pending| pending.proposed.clone()).collect();
            for (pending, prepared) in turn.into_iter().zip(self.prepare(&proposed).await?) {
                let place = pending.simulated;
                let one = self.take(&mut accounts[place], pending, prepared);
                foreseen[place].push(one);
            }
        }
        for steps in &mut foreseen {
            order::by_rank(steps, &self.entitlements);
        }
        let mut foreseen: Vec<_> = foreseen.into_iter().flatten().collect();
        for one in &mut foreseen {
            one.hash = hash(one);
        }
        Ok(foreseen)
    }

    /// The operations, with the ids of accounts that they name, the plan creates, and the source already has.
    async fn with_existing(&self, mut rows: Vec<AskedRow>) -> Result<Vec<AskedRow>> {
        let made = rows.iter().flat_map(|row| row.made.values());
        let names: BTreeSet<String> =
            made.filter_map(|made| if let Made::By(_, name) = made { Some(name.clone()) } else { None }).collect();
        if names.is_empty() || self.opened.connector.capabilities().accounts().is_none() {
            return Ok(rows);
        }
        let wanted: Vec<String> = names.into_iter().collect();
        let states = look(self.opened, &wanted, &Concern::default()).await?;
        let found =
            wanted.into_iter().zip(states).filter_map(|(name, state)| Some((name, state.ok()?.id()?.to_owned())));
        let ids: HashMap<String, String> = found.collect();
        for made in rows.iter_mut().flat_map(|row| row.made.values_mut()) {
            if let Made::By(_, name) = made
                && let Some(id) = ids.get(name)
            {
                *made = Made::Before(id.clone());
            }
        }
        Ok(rows)
    }

    /// Replaces the names of accounts that the plan creates: with what stands for their ids, or with the ids that they have.
    fn point_to_made(&self, row: &AskedRow, change: &mut Change<SecretRef>) {
        let (Change::Create { attributes, .. } | Change::Update { set: attributes, .. }) = change else { return };
        for (name, value) in attributes.iter_mut() {
            let known = self.schema.attribute(name);
            if known.is_some_and(|one| one.attribute_type == AttributeType::Reference || one.is_account())
                && let Some(made) = value.as_str().and_then(|text| row.made.get(text.trim()))
            {
                *value = match made {
                    Made::By(number, name) | Made::Again(number, name) => stand_in(name, *number).into(),
                    Made::Before(id) => id.clone().into(),
                };
            }
        }
    }

    /// What matters of these accounts: what their own operations name.
    fn concern(&self, groups: &[Vec<AskedRow>]) -> Concern {
        let mut all = Concern::default();
        for group in groups {
            let mut concern = concern_of(group.iter().map(|row| &row.operation));
            let named = std::mem::take(&mut concern.entitlements);
            concern.entitlements =
                named.iter().filter_map(|one| self.entitlements.resolve(self.opened, one).ok()).collect();
            all.attributes.append(&mut concern.attributes);
            all.locks |= concern.locks;
            all.entitlements.extend(concern.entitlements.iter().cloned());
            all.held_by.insert(group[0].operation.target().to_owned(), concern.entitlements);
        }
        all.attributes.extend(self.password_changed.clone());
        all
    }

    async fn accounts(&self, rows: Vec<AskedRow>) -> Result<Vec<SimulatedAccount>> {
        let mut groups: Vec<Vec<AskedRow>> = Vec::new();
        for row in rows {
            match groups.last_mut() {
                Some(group) if group[0].lead == row.lead => group.push(row),
                _ => groups.push(vec![row]),
            }
        }
        let wanted: Vec<String> = groups.iter().map(|group| group[0].operation.target().to_owned()).collect();
        let states = look(self.opened, &wanted, &self.concern(&groups)).await?;
        let accounts = groups.into_iter().zip(states).map(|(rows, state)| {
            let is_made = rows[0].operation.kind() == OperationKind::Create;
            let (state, unclear) = match state {
                // An account to create does not exist yet, even if the connector can't look it up.
                Ok(_) if is_made && self.opened.connector.capabilities().accounts().is_none() => {
                    (State::absent(), None)
                }
                Ok(state) => (state, None),
                Err(error) => {
                    let help = error.help().unwrap_or_default().to_owned();
                    (State::absent(), Some((error.message().to_owned(), help)))
                }
            };
            let first_id = state.id().map(str::to_owned);
            SimulatedAccount { rows: rows.into_iter(), state, first_id, unclear, not_made: None }
        });
        Ok(accounts.collect())
    }

    /// The operation to prepare, with the source's ids.
    fn propose(
        &self,
        simulated: usize,
        on: &SimulatedAccount,
        row: AskedRow,
        references: &References,
    ) -> Result<Pending> {
        if let Some((message, help)) = &on.unclear {
            return Err(Error::new(ErrorKind::Invalid, message.clone()).with_help(help.clone()));
        }
        if let Some(error) = &on.not_made {
            return Err(error.clone());
        }
        let kind = row.operation.kind();
        let names =
            [row.operation.account.as_str(), on.state.id().unwrap_or_default(), on.state.name().unwrap_or_default()];
        if names.into_iter().any(|name| self.opened.provisioning.protects(name)) {
            let message = format!("`{}` is a protected account", row.operation.target());
            return Err(Error::new(ErrorKind::Guard, message)
                .with_help("leave it out of the plan, or take it out of `provisioning.protected` in the source file"));
        }
        let is_missing = match kind {
            OperationKind::Create => false,
            _ if on.is_deleted(&row.operation.account) => true,
            OperationKind::Delete => false,
            _ => !on.state.is_there(),
        };
        let mut change = row.operation.change.clone();
        let mut unresolved = Vec::new();
        let unknown = self.resolve(&mut change, &mut unresolved)?;
        references.resolve(&self.schema, &mut change)?;
        if is_missing {
            let error = missing(self.opened, &row.operation.account);
            let renames = self.renamed.get(&row.operation.account.to_lowercase());
            return Err(match renames {
                Some((number, account)) if *number < row.number => renamed(error, *number, account),
                _ => error,
            });
        }
        if let Change::Grant { until: Some(until), .. } = &change
            && *until <= Timestamp::now()
        {
            return Err(Error::new(ErrorKind::Invalid, format!("the end of the grant, {until}, has passed"))
                .with_help("give a later `until`, or leave it out"));
        }
        if let Some(reference) = change.password() {
            // A broken ref should stop nothing halfway, but nothing is fetched and nothing runs before the plan is approved.
            self.opened.context.check_secret(reference)?;
        }
        let exists = kind == OperationKind::Create && on.state.is_there();
        let mut holds = Vec::new();
        if let Change::Create { attributes, entitlements, .. } = &mut change
            && exists
        {
            holds = std::mem::take(entitlements);
            change = Change::set(std::mem::take(attributes));
        }
        let operation = Operation::new(on.state.id().unwrap_or_default(), change);
        let mut proposed = Proposed::new(operation, on.state.account()?);
        let to_come = row.made.iter().filter(|(_, made)| !matches!(made, Made::Before(_)));
        proposed.to_be_made = to_come.map(|(name, _)| name.clone()).collect();
        proposed.unresolved = unresolved;
        Ok(Pending { simulated, row, exists, holds, unknown, proposed })
    }

    /// Replaces the entitlements that the plan names with the source's own ids. Returns the fault of those of a new account
    /// that can't be replaced: the rest of the account is still checked.
    fn resolve(&self, change: &mut Change<SecretRef>, unresolved: &mut Vec<EntitlementRef>) -> Result<Option<Error>> {
        let mut unknown = None;
        match change {
            Change::Create { entitlements, .. } => {
                let named = std::mem::take(entitlements);
                for one in named {
                    match self.entitlements.resolve(self.opened, &one) {
                        Ok(one) => entitlements.push(one),
                        Err(error) => {
                            unknown = Some(both(unknown, error));
                            unresolved.push(one);
                        }
                    }
                }
            }
            Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. } => {
                *entitlement = self.entitlements.resolve(self.opened, entitlement)?;
            }
            _ => {}
        }
        Ok(unknown)
    }

    async fn prepare(&self, proposed: &[Proposed]) -> Result<Vec<Result<Prepared>>> {
        if proposed.is_empty() {
            return Ok(Vec::new());
        }
        match self.opened.connector.capabilities().preparation() {
            Some(ability) => patience::prepare(self.opened, ability, proposed).await,
            None => Ok(proposed.iter().map(|one| Ok(Prepared::step(one.operation.clone()))).collect()),
        }
    }

    fn take(&self, simulated: &mut SimulatedAccount, pending: Pending, prepared: Result<Prepared>) -> Foreseen {
        let Pending { row, exists, holds, unknown, proposed, .. } = pending;
        if let Some(unknown) = unknown {
            let error = match prepared {
                Err(error) => both(Some(unknown), error),
                Ok(_) => unknown,
            };
            return simulated.refused(&row, error);
        }
        let schema = &self.schema;
        let checked = prepared.and_then(|prepared| effect::checked(schema, row.operation.kind(), &proposed, prepared));
        let (mut steps, seats, note) = match checked {
            Err(error) => return simulated.refused(&row, error),
            Ok(Prepared::Unchanged { .. }) if exists => return self.existing(simulated, &row, &[], &holds),
            Ok(Prepared::Unchanged { detail }) => {
                let can_look = self.opened.connector.capabilities().accounts().is_some();
                let detail = already_until(&simulated.state, &proposed.operation.change).unwrap_or(detail);
                return match effect::contradiction(schema, &simulated.state, &proposed.operation.change, can_look) {
                    Some(error) => simulated.refused(&row, error),
                    None => simulated.unchanged(&row, detail),
                };
            }
            Ok(Prepared::Steps { steps, seats, note }) => (steps, seats, note),
            Ok(_) => {
                let message = "the connector prepared an operation in a way that this version doesn't know";
                return simulated.refused(&row, Error::new(ErrorKind::Internal, message));
            }
        };
        for step in &mut steps {
            self.point_to_made(&row, &mut step.change);
        }
        if exists {
            return self.existing(simulated, &row, &steps, &holds);
        }
        let account_id = simulated.id();
        let note = note.or_else(|| unknown_end(&simulated.state, &proposed.operation.change));
        let (mut foreseen, mut waits) = (Vec::new(), false);
        for Operation { account, change, .. } in steps {
            if let (Change::Deprovision { .. }, Change::Revoke { entitlement, .. }) =
                (&proposed.operation.change, &change)
            {
                simulated.state.learn(entitlement);
            }
            let change = simulated.state.trimmed(change);
            let changes = simulated.state.changes(&change, &self.entitlements.names);
            if changes.is_empty() && !self.is_needed_anyway(&change) {
                continue;
            }
            let password_time = match (&change, &self.password_changed) {
                (Change::SetPassword { .. }, Some(attribute)) => simulated.state.password_time(attribute),
                _ => None,
            };
            let operation = Operation::new(account, change);
            if operation.kind() == OperationKind::Create && self.waits(row.operation.target(), &operation) {
                // Nothing can be done with the account before it is there.
                simulated.not_made = Some(not_known(row.number));
                return waiting(row.number, None);
            }
            simulated.state.advance(&operation.change);
            if account_id.as_ref().is_some_and(|id| self.waits(id, &operation)) {
                waits = true;
                continue;
            }
            foreseen.push(ForeseenStep { operation, changes, password_time, turn: None });
        }
        if foreseen.is_empty() && waits {
            return waiting(row.number, account_id);
        }
        if foreseen.is_empty() {
            let until = already_until(&simulated.state, &proposed.operation.change);
            return simulated.unchanged(&row, until.unwrap_or_else(|| already(row.operation.kind()).to_owned()));
        }
        Foreseen { account_id, steps: foreseen, seats, detail: note, ..blank(row.number, Standing::Planned) }
    }

    /// Whether an earlier plan sent this step and the source has yet to make it.
    fn waits(&self, account: &str, step: &Operation<SecretRef>) -> bool {
        self.queued.contains(&(account.to_owned(), to_json(step)))
    }

    /// A new account may have no attributes. And an account may be locked in another way than the one that was asked for,
    /// such as after wrong passwords; a connector that prepares a lock knows that it is needed.
    fn is_needed_anyway(&self, change: &Change<SecretRef>) -> bool {
        match change {
            Change::Create { .. } => true,
            Change::Lock => self.opened.connector.capabilities().preparation().is_some(),
            _ => false,
        }
    }

    /// The account to create already exists: with the same values, or as a conflict.
    fn existing(
        &self,
        simulated: &mut SimulatedAccount,
        row: &AskedRow,
        steps: &[Operation<SecretRef>],
        holds: &[EntitlementRef],
    ) -> Foreseen {
        let names = &self.entitlements.names;
        let mut differs: Vec<_> = steps.iter().flat_map(|step| simulated.state.changes(&step.change, names)).collect();
        let is_disabled = simulated.is_disabled_against(&row.operation.change);
        let grants = holds.iter().map(|held| Change::grant(held.clone(), None));
        differs.extend(grants.flat_map(|grant| simulated.state.changes(&grant, names)));
        if differs.is_empty() && !is_disabled {
            return simulated.unchanged(row, "already exists with these values".to_owned());
        }
        let error = exists_already(row.operation.target(), is_disabled, &differs);
        // The account exists, so the next operations can run.
        Foreseen { account_id: simulated.id(), error: Some(error), is_disabled, ..blank(row.number, Standing::Failed) }
    }
}

impl SimulatedAccount {
    fn id(&self) -> Option<String> {
        self.state.id().filter(|id| !id.is_empty()).map(str::to_owned)
    }

    /// Whether this is the id of a deleted account that was created again under its name: the new account has another id.
    fn is_deleted(&self, id: &str) -> bool {
        self.state.is_there() && self.first_id.as_deref() == Some(id) && self.state.id() != Some(id)
    }

    /// Whether the account is disabled although the operation that creates it asks for nothing that is off.
    fn is_disabled_against(&self, create: &Change<SecretRef>) -> bool {
        let Change::Create { attributes, .. } = create else { return false };
        let asks_for_off = attributes.values().any(|value| *value == Value::Bool(false));
        !asks_for_off && self.state.account().is_ok_and(|account| account.is_some_and(|account| !account.enabled))
    }

    fn unchanged(&self, row: &AskedRow, detail: String) -> Foreseen {
        Foreseen { account_id: self.id(), detail: Some(detail), ..blank(row.number, Standing::Unchanged) }
    }

    fn refused(&mut self, row: &AskedRow, error: Error) -> Foreseen {
        if row.operation.kind() == OperationKind::Create && !self.state.is_there() && self.not_made.is_none() {
            self.not_made = Some(not_made(row.number));
        }
        Foreseen { account_id: self.id(), error: Some(error), ..blank(row.number, Standing::Failed) }
    }
}

/// An operation that the source has yet to make.
fn waiting(number: u64, account_id: Option<String>) -> Foreseen {
    let detail = Some("sent by an earlier plan; the source has not made the change yet".to_owned());
    Foreseen { account_id, detail, ..blank(number, Standing::Pending) }
}

fn blank(number: u64, standing: Standing) -> Foreseen {
    Foreseen {
        number,
        account_id: None,
        standing,
        detail: None,
        error: None,
        is_disabled: false,
        steps: Vec::new(),
        seats: Vec::new(),
        hash: String::new(),
    }
}

/// A hash of the shown changes of an operation.
fn hash(one: &Foreseen) -> String {
    let mut hasher = Sha256::new();
    let mut text = |text: Option<&str>| {
        hasher.update(&text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
        hasher.update(text.unwrap_or_default().as_bytes());
    };
    text(Some(one.standing.name()));
    text(one.account_id.as_deref());
    // A note is no change.
    text(one.detail.as_deref().filter(|_| one.standing != Standing::Planned));
    text(one.error.as_ref().map(Error::message));
    for step in &one.steps {
        text(Some(&to_json(&step.operation)));
        text(Some(&to_json(&step.changes)));
    }
    hex(hasher)
}

/// People compare these: nobody must be able to make two previews with one digest.
pub(super) fn hex(hasher: Sha256) -> String {
    hasher.finish().iter().fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
}
