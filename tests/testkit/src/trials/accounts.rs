//! Accounts have unique ids and match the schema.

use super::{Kept, Need, Trial, Tried};
use crate::reading;
use crate::subject::Subject;
use connector_core::{Account, AttributeSchema, AttributeType, Cursor};
use serde_json::Value;
use std::collections::HashSet;

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "account_ids_are_unique_and_not_empty",
        need: Need::Nothing,
        run: |subject| Box::pin(account_ids_are_unique(subject)),
    },
    Trial {
        name: "attributes_match_the_schema",
        need: Need::Nothing,
        run: |subject| Box::pin(attributes_match_the_schema(subject)),
    },
    Trial {
        name: "an_attribute_that_is_not_shown_has_no_value",
        need: Need::Nothing,
        run: |subject| Box::pin(not_shown_has_no_value(subject)),
    },
];

async fn not_shown_has_no_value(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let page = async |cursor: &Cursor| {
        let page = connector.aggregate_accounts(cursor).await?;
        let hidden = page.not_shown().to_vec();
        let (items, next) = page.into_parts();
        Ok((vec![(items, hidden)], next))
    };
    let pages = reading::walk("accounts", &Cursor::start(), page).await?;
    let schema = connector.schema();
    let mut kept = Kept::NotUsed("an attribute that is not shown");
    for (accounts, hidden) in pages.into_iter().flat_map(|(_, page)| page) {
        for name in &hidden {
            kept = Kept::Promise;
            if !schema.attributes.iter().any(|attribute| attribute.name == *name) {
                return Err(format!("`{name}` is not shown, but the schema does not declare it"));
            }
            if let Some(account) = accounts.iter().find(|one| one.attributes.get::<Value>(name).is_some()) {
                return Err(format!("`{name}` is said not to be shown, but account {} has it", account.id));
            }
        }
    }
    Ok(kept)
}

async fn account_ids_are_unique(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    let accounts = reading::accounts(connector).await?;
    if accounts.is_empty() {
        return Err("the source has no accounts, and this trial needs one".to_owned());
    }
    let mut ids = HashSet::new();
    for account in &accounts {
        if account.id.is_empty() || account.name.is_empty() {
            return Err(format!("an account has an empty id or name: {:?}", account.id));
        }
        if !ids.insert(account.id.as_str()) {
            return Err(format!("the list contains account {} twice", account.id));
        }
    }
    Ok(Kept::Promise)
}

async fn attributes_match_the_schema(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    let accounts = reading::accounts(connector).await?;
    // Read the schema after the accounts, because then the connector knows what only the source knows.
    let schema = connector.schema();
    for account in accounts {
        for (name, value) in account.attributes.entries() {
            let value: Value = serde_json::from_str(value.get()).map_err(|error| error.to_string())?;
            let Some(attribute) = schema.attributes.iter().find(|attribute| attribute.name == name) else {
                return Err(format!(
                    "account {} has the attribute `{name}`, which the schema does not declare",
                    account.id
                ));
            };
            fits(&account, attribute, &value)?;
        }
    }
    Ok(Kept::Promise)
}

fn fits(account: &Account, attribute: &AttributeSchema, value: &Value) -> Result<(), String> {
    let one = |value: &Value| match attribute.attribute_type {
        AttributeType::String
        | AttributeType::DateTime
        | AttributeType::Date
        | AttributeType::Reference
        | AttributeType::Binary => value.is_string(),
        AttributeType::Boolean => value.is_boolean(),
        AttributeType::Integer => value.is_i64() || value.is_u64(),
        AttributeType::Number => value.is_number(),
        _ => true,
    };
    let fitting = match value {
        Value::Array(values) if attribute.multi => values.iter().all(one),
        value => !attribute.multi && one(value),
    };
    if fitting {
        Ok(())
    } else {
        Err(format!("account {}: the value of `{}` does not have the declared type", account.id, attribute.name))
    }
}
