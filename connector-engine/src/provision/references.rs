//! Accounts that the values of a plan name, such as a manager: their ids are found before anything is sent.

use super::find_accounts::{look, most};
use super::journal::AskedRow;
use connector_core::{AccountSchema, Change, Concern, Error, ErrorKind, Result, SecretRef};
use connector_project::source::Opened;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// The accounts that values name: their ids, or why a name gives none.
#[derive(Debug, Default)]
pub(super) struct References(HashMap<String, Result<String>>);

impl References {
    /// Finds the accounts that these operations name. A connector that prepares operations finds them itself, and of one that
    /// can't look up accounts, every value is taken as it is.
    pub(super) async fn look_up(opened: &Opened, schema: &AccountSchema, rows: &[AskedRow]) -> Result<Self> {
        let abilities = opened.connector.capabilities();
        if abilities.preparation().is_some() || abilities.accounts().is_none() {
            return Ok(Self::default());
        }
        let mut named = BTreeSet::new();
        for row in rows {
            let mut change = row.operation.change.clone();
            each_account(schema, &mut change, |_, text| {
                let name = text.trim();
                if !name.is_empty() && !row.made.contains_key(name) {
                    named.insert(name.to_owned());
                }
                Ok(None)
            })?;
        }
        let named: Vec<String> = named.into_iter().collect();
        let mut found = HashMap::new();
        for part in named.chunks(most(opened)) {
            let states = look(opened, part, &Concern::default()).await?;
            for (name, state) in part.iter().zip(states) {
                let id = state.and_then(|state| state.id().map(str::to_owned).ok_or_else(|| unknown(opened, name)));
                found.insert(name.clone(), id);
            }
        }
        Ok(Self(found))
    }

    /// Puts ids in the place of names. Fails if a value names no account, or several.
    pub(super) fn resolve(&self, schema: &AccountSchema, change: &mut Change<SecretRef>) -> Result<()> {
        each_account(schema, change, |attribute, text| match self.0.get(text.trim()) {
            None => Ok(None),
            Some(Ok(id)) => Ok(Some(id.clone())),
            Some(Err(error)) => {
                let message = format!("`{attribute}`: {}", error.message());
                Err(error.clone().with_message(message))
            }
        })
    }
}

fn unknown(opened: &Opened, name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("`{}` has no account `{name}`", opened.source)).with_help(format!(
        "write the id or the name of an account; `connector accounts {}` lists those of the last aggregation",
        opened.source
    ))
}

/// Gives each value of an attribute that names accounts, with the attribute, and puts what comes back in its place.
fn each_account(
    schema: &AccountSchema,
    change: &mut Change<SecretRef>,
    mut of: impl FnMut(&str, &str) -> Result<Option<String>>,
) -> Result<()> {
    let is_account = |name: &str| schema.attribute(name).is_some_and(connector_core::AttributeSchema::is_account);
    let mut put = |name: &str, value: &mut Value| -> Result<()> {
        if let Some(text) = value.as_str()
            && let Some(id) = of(name, text)?
        {
            *value = id.into();
        }
        Ok(())
    };
    let (Change::Create { attributes: set, .. } | Change::Update { set, .. }) = &mut *change else { return Ok(()) };
    for (name, value) in set.iter_mut().filter(|(name, _)| is_account(name)) {
        match value {
            Value::Array(values) => values.iter_mut().try_for_each(|value| put(name, value))?,
            value => put(name, value)?,
        }
    }
    let Change::Update { add, remove, .. } = change else { return Ok(()) };
    for (name, values) in add.iter_mut().chain(remove).filter(|(name, _)| is_account(name)) {
        values.iter_mut().try_for_each(|value| put(name, value))?;
    }
    Ok(())
}
