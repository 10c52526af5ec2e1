//! Reads the accounts at the end of a plan: what they don't show was not applied, whatever the response said.

use super::find_accounts::{concern_of, key_of, look};
use super::journal::{Standing, StepOutcome, StepRow};
use super::progress::{Phase, Progress};
use super::provisioning::Provisioning;
use super::settle::time_left;
use super::state::{State, is_alike};
use connector_core::{AccountSchema, AttributeType, Change, Error, ErrorKind, Result, SecretRef};
use serde_json::Value;
use std::collections::HashSet;
use tokio_util::sync::CancellationToken;

impl Provisioning<'_> {
    /// Reads what was applied, many accounts at once, and goes on where an earlier job stopped.
    pub(super) async fn read_back(
        &self,
        progress: &(impl Fn(&Progress) + Sync),
        stop: &CancellationToken,
    ) -> Result<()> {
        let total = self.journal.with(|journal| journal.count()).await?;
        let (mut done, mut after) = (0, -1);
        while let Some(last) = self.next_accounts(after).await? {
            if stop.is_cancelled() {
                break;
            }
            let rows = self.journal.with(move |journal| journal.to_read_back(after, last)).await?;
            after = last;
            if rows.is_empty() {
                continue;
            }
            done += rows.len() as u64;
            let mut wrong = self.not_as_said(&rows).await?;
            // A source may need a moment to show what it has done.
            let wait = rows.iter().filter(|row| wrong.iter().any(|one| one.id == row.id)).filter_map(time_left).max();
            if let Some(wait) = wait {
                tokio::time::sleep(wait).await;
                wrong = self.not_as_said(&rows).await?;
            }
            let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
            self.journal.with(move |journal| journal.read_back(&ids, &wrong)).await?;
            progress(&Progress { phase: Phase::ReadingBack, done: done.min(total), total, api_calls: self.calls() });
        }
        Ok(())
    }

    /// The steps whose outcome is another one than the response said.
    async fn not_as_said(&self, rows: &[StepRow]) -> Result<Vec<StepOutcome>> {
        let schema = self.opened.connector.schema();
        let mut concern = concern_of(rows.iter().map(|row| &row.operation));
        let password_changed = schema.password_changed();
        concern.attributes.extend(password_changed.clone());
        let groups: Vec<_> = rows.chunk_by(|one, next| one.lead == next.lead).collect();
        let wanted: Vec<_> = groups.iter().map(|group| key_of(&group[group.len() - 1])).collect();
        let states = look(self.opened, &wanted, &concern).await?;
        let prepares = self.opened.connector.capabilities().preparation().is_some();
        let mut wrong = Vec::new();
        for (group, state) in groups.into_iter().zip(states) {
            // Several accounts with one name: this account can't be told from the others.
            let Ok(state) = state else { continue };
            let mut view = View { schema: &schema, state: &state, prepares, later: HashSet::new(), gone: false };
            for row in group.iter().rev() {
                let time = password_changed.as_deref().map(|attribute| state.attribute(attribute));
                let missing = view.missing(row, time.as_ref());
                match missing {
                    None if row.queued => wrong.push(StepOutcome {
                        detail: Some("the source has made the change".to_owned()),
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

/// An account after a plan, looked at from the last step to the first: a later step can undo an earlier one.
struct View<'a> {
    schema: &'a AccountSchema,
    state: &'a State,
    /// Whether the connector put ids in the place of names.
    prepares: bool,
    /// What later steps changed: attributes, entitlements and their types, switches.
    later: HashSet<String>,
    /// Whether a later step deleted or created the account.
    gone: bool,
}

impl View<'_> {
    /// What the account doesn't show of a step, if something.
    fn missing(&mut self, row: &StepRow, password_time: Option<&Value>) -> Option<String> {
        if self.gone {
            return None;
        }
        let change = &row.operation.change;
        if matches!(change, Change::Delete) {
            self.gone = true;
            return self.state.is_there().then(|| "it still exists".to_owned());
        }
        if !self.state.is_there() {
            return Some("it does not exist".to_owned());
        }
        match change {
            Change::Create { attributes, .. } => {
                // What came before concerns an account that had the name before.
                self.gone = true;
                self.values(attributes.iter().map(|(name, value)| (name, value.clone())))
            }
            Change::Update { set, .. } => {
                self.values(set.iter().map(|(name, value)| (name, value.clone()))).or_else(|| self.members(change))
            }
            Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. } => {
                let (grants, key) = (matches!(change, Change::Grant { .. }), entitlement.to_string());
                let is_first = self.later.insert(key);
                // One of a type can replace another one.
                let replaced = grants && !self.later.insert(format!("{}/", entitlement.entitlement_type));
                let holds = self.state.holds(entitlement);
                (is_first && holds != grants && !replaced)
                    .then(|| format!("it {} {entitlement}", if grants { "does not hold" } else { "still holds" }))
            }
            Change::SetPassword { .. } => {
                let is_first = self.later.insert("password".to_owned());
                let is_old = row.password_time.is_some() && row.password_time.as_ref() == password_time;
                (is_first && is_old).then(|| "the time of its last password change is the same".to_owned())
            }
            switch => {
                let name = if matches!(switch, Change::Lock | Change::Unlock) { "locked" } else { "enabled" };
                let is_first = self.later.insert(name.to_owned());
                let is_wrong = !self.state.changes(switch, &super::state::EntitlementNames::new()).is_empty();
                (is_first && is_wrong).then(|| format!("`{name}` is as before"))
            }
        }
    }

    fn values<'a>(&mut self, wanted: impl Iterator<Item = (&'a String, Value)>) -> Option<String> {
        let mut missing = None;
        for (name, wanted) in wanted {
            if self.later.insert(name.to_lowercase()) && missing.is_none() {
                missing = self.value(name, &wanted);
            }
        }
        missing
    }

    fn value(&self, name: &str, wanted: &Value) -> Option<String> {
        let shown = self.state.attribute(name);
        let known = self.schema.attribute(name);
        // An attribute that nobody declares may be one that can't be read, and a reference can be written by name.
        let is_hidden = shown.is_null() && known.is_none();
        let by_name = !self.prepares && known.is_some_and(|one| one.attribute_type == AttributeType::Reference);
        let is_shown = is_alike(&shown, wanted) || is_hidden || (by_name && !shown.is_null());
        (!is_shown).then(|| format!("`{name}` is {shown}"))
    }

    fn members(&mut self, change: &Change<SecretRef>) -> Option<String> {
        let Change::Update { add, remove, .. } = change else { return None };
        let touched: Vec<_> = add.keys().chain(remove.keys()).map(|name| name.to_lowercase()).collect();
        let is_untouched = |later: &HashSet<String>, name: &str| !later.contains(&name.to_lowercase());
        let differs = |(name, values): (&String, &Vec<Value>), is_added: bool| {
            let shown = self.state.attribute(name);
            let held: Vec<Value> = shown.as_array().cloned().unwrap_or_else(|| vec![shown.clone()]);
            let has = |value: &Value| held.iter().any(|one| is_alike(one, value));
            is_untouched(&self.later, name) && values.iter().any(|value| has(value) != is_added)
        };
        let wrong =
            add.iter().find(|one| differs(*one, true)).or_else(|| remove.iter().find(|one| differs(*one, false)));
        let missing = wrong.map(|(name, _)| format!("`{name}` is {}", self.state.attribute(name)));
        self.later.extend(touched);
        missing
    }
}
