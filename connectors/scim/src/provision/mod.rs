//! Changes of users and of members.

mod body;
mod create;
mod members;
mod others;
mod users;

use crate::groups::named;
use crate::settings::Method;
use crate::source::Source;
use connector_core::{Change, EntitlementRef, Error, Lane, Operation, Outcome, Result, SecretRef};
use members::Member;

/// How many times a change is tried again because somebody else changed the same thing.
const MOST_TRIES: usize = 6;

/// How many grants and revokes are carried out together: those of one group share its requests.
const MOST_MEMBERS: usize = 2000;

/// Which operations go together.
pub(crate) fn lane(operation: &Operation<SecretRef>) -> Lane {
    match operation.change {
        Change::Grant { .. } | Change::Revoke { .. } => Lane::new("members", MOST_MEMBERS),
        _ => Lane::new("users", 1),
    }
}

/// Carries out operations, one outcome each.
pub(crate) async fn carry_out(source: &Source, operations: &[Operation]) -> Vec<Result<Outcome>> {
    let mut outcomes: Vec<Option<Result<Outcome>>> = operations.iter().map(|_| None).collect();
    let mut members = Vec::new();
    for (place, operation) in operations.iter().enumerate() {
        let of_group = match &operation.change {
            Change::Grant { entitlement, until: None, .. } => Some((entitlement, true)),
            Change::Revoke { entitlement, .. } => Some((entitlement, false)),
            _ => None,
        };
        match of_group {
            Some((group, add)) if named(source, &group.entitlement_type).is_some_and(|kind| kind.is_resource) => {
                let account = operation.account.clone();
                members.push(Member { place, account, group: group.clone(), add });
            }
            _ => outcomes[place] = Some(one(source, operation).await),
        }
    }
    for (place, outcome) in members::change(source, members).await {
        outcomes[place] = Some(outcome);
    }
    let lost = || Err(Error::internal("an operation has no outcome"));
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(lost)).collect()
}

async fn one(source: &Source, operation: &Operation) -> Result<Outcome> {
    let account = &operation.account;
    match &operation.change {
        Change::Create { name, attributes, password, .. } => {
            create::create(source, name, attributes, password.as_ref()).await
        }
        Change::Update { set, add, remove, .. } => users::update(source, account, set, add, remove).await,
        Change::Enable => users::switch(source, account, true).await,
        Change::Disable => users::switch(source, account, false).await,
        Change::SetPassword { password, .. } => users::set_password(source, account, password.as_ref()).await,
        Change::Delete => users::delete(source, account).await,
        Change::Grant { until: Some(_), .. } => Err(Error::unsupported("SCIM has no grants that end by themselves")
            .with_help("remove `until`, and revoke it later")),
        Change::Grant { entitlement, .. } => users::change_value(source, account, entitlement, true).await,
        Change::Revoke { entitlement, .. } => users::change_value(source, account, entitlement, false).await,
        Change::Lock | Change::Unlock => Err(Error::unsupported(format!(
            "this connector does not support `{}`: SCIM has no locks",
            operation.kind().name()
        ))),
        _ => Err(Error::unsupported(format!("this connector does not support `{}`", operation.kind().name()))),
    }
}

/// Whether a resource is replaced whole.
fn puts(method: Method, patch: bool) -> bool {
    match method {
        Method::Auto => !patch,
        Method::Patch => false,
        Method::Put => true,
    }
}

fn unknown_type(entitlement: &EntitlementRef) -> Error {
    Error::unsupported(format!("the settings have no entitlements `{}`", entitlement.entitlement_type))
        .with_help("add the type to `entitlements` in the settings")
}
