//! Makes sure that preparing an operation loses nothing: a connector can forget a part of it, or say that it is not needed.

use super::state::{EntitlementNames, State, is_alike};
use crate::plan::{check_kind, fit};
use connector_core::{
    AccountSchema, AttributeType, Change, Error, Operation, OperationKind, Prepared, Proposed, Result, SecretRef,
};
use serde_json::Value;

/// Holds the prepared steps of an operation of this kind against the schema, and completes those of a create. Fails with kind
/// `unsupported` or `invalid`.
pub fn checked(
    schema: &AccountSchema,
    kind: OperationKind,
    proposed: &Proposed,
    prepared: Prepared,
) -> Result<Prepared> {
    check_kind(schema, kind)?;
    let Prepared::Steps { steps, seats, note } = prepared else { return Ok(prepared) };
    let mut steps = with_entitlements(schema, &proposed.operation.change, steps);
    for step in &mut steps {
        check_kind(schema, step.kind())?;
        fit(schema, kind, &mut step.change)?;
    }
    Ok(Prepared::Steps { steps, seats, note })
}

/// The steps of a create, with a grant for each entitlement that no step gives otherwise.
fn with_entitlements(
    schema: &AccountSchema,
    asked: &Change<SecretRef>,
    steps: Vec<Operation<SecretRef>>,
) -> Vec<Operation<SecretRef>> {
    let Change::Create { attributes: given, entitlements, .. } = asked else { return steps };
    let mut wanted = entitlements.clone();
    let mut steps = steps;
    for step in &mut steps {
        if let Change::Create { entitlements, .. } = &mut step.change {
            wanted.append(entitlements);
        }
    }
    for one in wanted {
        let of_record = |(name, value): (&String, &Value)| {
            let is_id = |value: &Value| value.as_str() == Some(one.id.as_str());
            let names_it = is_id(value) || value.as_array().is_some_and(|values| values.iter().any(is_id));
            let is_reference =
                || schema.attribute(name).is_some_and(|known| known.attribute_type == AttributeType::Reference);
            names_it && (given.get(name) != Some(value) || is_reference())
        };
        let is_given = steps.iter().any(|step| match &step.change {
            Change::Grant { entitlement, .. } => *entitlement == one,
            Change::Create { attributes, .. } | Change::Update { set: attributes, .. } => {
                attributes.iter().any(of_record)
            }
            _ => false,
        });
        if !is_given {
            steps.push(Operation::new("", Change::grant(one, None)));
        }
    }
    steps
}

/// The error if the connector says that nothing has to change although the account shows otherwise.
pub fn contradiction(
    schema: &AccountSchema,
    state: &State,
    change: &Change<SecretRef>,
    can_look: bool,
) -> Option<Error> {
    let is_needed = match change {
        _ if !can_look => false,
        Change::Create { .. } => !state.is_there(),
        // The connector may know an end that it does not show.
        Change::Grant { entitlement, until: Some(_), .. }
            if state.holds(entitlement) && state.end(entitlement).is_none() =>
        {
            false
        }
        // The account shows neither a password, a session, a token nor who refers to it.
        Change::SetPassword { .. }
        | Change::EndSessions
        | Change::RevokeTokens
        | Change::Deprovision { .. }
        | Change::Transfer { .. } => false,
        Change::Update { set, .. } => set.iter().any(|(name, wanted)| {
            let shown = state.attribute(name);
            // A reference can be written by name, and what is not shown can still be there.
            let is_plain = schema.attribute(name).is_some_and(|known| known.attribute_type != AttributeType::Reference);
            is_plain && !shown.is_null() && !is_alike(&shown, wanted)
        }),
        change => !state.changes(change, &EntitlementNames::new()).is_empty(),
    };
    is_needed.then(|| {
        Error::internal("the connector says that nothing has to change, but the account shows that it does")
            .with_help("report this to the author of the connector")
    })
}
