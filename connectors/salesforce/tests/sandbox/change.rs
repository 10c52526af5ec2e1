//! One change after the other, as the engine makes them: find, prepare, carry out.

use connector_core::{
    Account, Change, Concern, Connector, EntitlementRef, Error, Operation, OperationKind, Outcome, Prepared, Proposed,
    Result, Seat, SecretRef,
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
pub(crate) async fn prepared(
    connector: &dyn Connector,
    operation: Operation<SecretRef>,
) -> Result<(Vec<Operation<SecretRef>>, Vec<Seat>)> {
    let account = if operation.kind() == OperationKind::Create {
        None
    } else {
        let held: Vec<_> = operation.change.entitlement().cloned().into_iter().collect();
        Some(find(connector, &operation.account, &held).await?)
    };
    let ability = connector.capabilities().preparation().unwrap();
    let mut answers = ability.prepare_operations(&[Proposed::new(operation, account)]).await?;
    assert_eq!(answers.len(), 1);
    match answers.remove(0)? {
        Prepared::Steps { steps, seats, .. } => Ok((steps, seats)),
        _ => Ok((Vec::new(), Vec::new())),
    }
}

/// Why an operation is refused before anything is sent.
pub(crate) async fn refused(connector: &dyn Connector, operation: Operation<SecretRef>) -> Error {
    prepared(connector, operation).await.map(|(steps, _)| steps).expect_err("it should be refused")
}

/// Prepares an operation and carries out its steps; gives the account's id and the last outcome.
pub(crate) async fn apply(connector: &dyn Connector, operation: Operation) -> Result<(String, Outcome)> {
    let Operation { account, change, .. } = operation;
    let password = change.password().cloned();
    let reference = password.as_ref().map(|_| "env:PASSWORD".parse().unwrap());
    let (steps, _) = prepared(connector, Operation::new(account, change.with_password(reference))).await?;
    let mut made = String::new();
    let mut last = Outcome::unchanged("no step");
    for step in steps {
        let password = password.clone().filter(|_| step.change.password().is_some());
        // A new account has an id only now.
        let account = if step.account.is_empty() { &made } else { &step.account };
        last = connector.provision(&Operation::new(account, step.change.with_password(password))).await?;
        if let Outcome::Applied { account: id } = &last {
            made.clone_from(id);
        }
    }
    Ok((made, last))
}

pub(crate) fn create<P>(name: &str, attributes: &Value, entitlements: &[EntitlementRef]) -> Operation<P> {
    let attributes = object(attributes);
    Operation::new("", Change::create(name, attributes, entitlements.to_vec(), None))
}

pub(crate) fn update<P>(account: &str, set: &Value) -> Operation<P> {
    Operation::new(account, Change::set(object(set)))
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}
