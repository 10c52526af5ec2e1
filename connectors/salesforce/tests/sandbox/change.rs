//! One change after the other, as the engine makes them: find, prepare, carry out.

use connector_core::{
    Account, Concern, Connector, EntitlementRef, Error, Operation, Outcome, Prepared, Proposed, Result, Seat,
};
use serde_json::{Map, Value};

/// The account with this id or name, and what it holds of the entitlements.
pub(crate) async fn find(connector: &dyn Connector, name: &str, held: &[EntitlementRef]) -> Result<Account> {
    let mut concern = Concern::default();
    concern.entitlements = held.iter().cloned().collect();
    concern.locks = true;
    let ability = connector.capabilities().accounts().unwrap();
    let mut found = ability.find_accounts(&[name.to_owned()], &concern).await?;
    assert_eq!(found.len(), 1);
    let accounts = found.remove(0);
    assert_eq!(accounts.len(), 1, "{name} is not one account");
    Ok(accounts.into_iter().next().unwrap())
}

/// The only entitlement of a type with this id or name.
pub(crate) async fn entitlement(
    connector: &dyn Connector,
    entitlement_type: &'static str,
    name: &str,
) -> EntitlementRef {
    let ability = connector.capabilities().entitlements().unwrap();
    let found = ability.find_entitlements(&[EntitlementRef::new(entitlement_type, name)]).await.unwrap().remove(0);
    assert_eq!(found.len(), 1, "{entitlement_type}/{name}: {found:?}");
    found[0].key.clone()
}

/// What an operation comes to: its steps and seats, or why there is nothing to do.
pub(crate) async fn prepared(connector: &dyn Connector, operation: Operation) -> Result<(Vec<Operation>, Vec<Seat>)> {
    let account = match operation.account() {
        Some(name) => {
            let held = match &operation {
                Operation::Grant { entitlement, .. } | Operation::Revoke { entitlement, .. } => {
                    vec![entitlement.clone()]
                }
                _ => Vec::new(),
            };
            Some(find(connector, name, &held).await?)
        }
        None => None,
    };
    let ability = connector.capabilities().preparation().unwrap();
    let mut answers = ability.prepare_operations(&[Proposed { operation, account }]).await?;
    assert_eq!(answers.len(), 1);
    match answers.remove(0)? {
        Prepared::Steps { steps, seats } => Ok((steps, seats)),
        Prepared::Unchanged { .. } => Ok((Vec::new(), Vec::new())),
    }
}

/// Why an operation is refused before anything is sent.
pub(crate) async fn refused(connector: &dyn Connector, operation: Operation) -> Error {
    prepared(connector, operation).await.map(|(steps, _)| steps).expect_err("it should be refused")
}

/// Prepares an operation and carries out its steps; gives the account's id and the last outcome.
pub(crate) async fn apply(connector: &dyn Connector, operation: Operation) -> Result<(String, Outcome)> {
    let (steps, _) = prepared(connector, operation).await?;
    let mut account = String::new();
    let mut last = Outcome::Unchanged { detail: "no step".to_owned() };
    for step in steps {
        last = connector.provision(&with_account(step, &account)).await?;
        if let Outcome::Applied { account: id } = &last {
            account.clone_from(id);
        }
    }
    Ok((account, last))
}

/// A step with the id of the account that an earlier step made.
fn with_account(step: Operation, made: &str) -> Operation {
    match step {
        Operation::Grant { account, entitlement } if account.is_empty() => {
            Operation::Grant { account: made.to_owned(), entitlement }
        }
        other => other,
    }
}

pub(crate) fn create(name: &str, attributes: &Value, entitlements: &[EntitlementRef]) -> Operation {
    let attributes = object(attributes);
    Operation::Create { name: name.to_owned(), attributes, entitlements: entitlements.to_vec() }
}

pub(crate) fn update(account: &str, set: &Value) -> Operation {
    Operation::Update { account: account.to_owned(), set: object(set) }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}
