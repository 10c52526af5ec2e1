//! Prepares grants and revokes.

use super::{Known, changes, unchanged};
use crate::api::ranges::RecordId;
use crate::api::rights::Act;
use crate::assignments::holdings::{Holding, holding, refuse_end};
use crate::provision::{inline, refused};
use connector_core::{Account, Change, EntitlementRef, Error, ErrorKind, Operation, Prepared, Result, Seat, SecretRef};
use jiff::Timestamp;

/// One grant or revocation, and the seat that it takes or gives back.
pub(super) struct Granted {
    pub(super) step: Operation<SecretRef>,
    pub(super) seat: Option<Seat>,
}

/// An operation that grants or revokes.
pub(super) fn prepare(known: &Known<'_>, account: &Account, change: &Change<SecretRef>) -> Result<Prepared> {
    let Some(entitlement) = change.entitlement() else { return Err(refused(change)) };
    let (grants, until) = match change {
        Change::Grant { until, .. } => (true, *until),
        _ => (false, None),
    };
    id(entitlement)?;
    if let Some(set) = inline(change) {
        refuse_end(entitlement, until)?;
        // The attributes show the account after earlier operations of the plan, the entitlements show it as it is now.
        let holds = |field: &String| account.attributes.get::<String>(field).is_some_and(|id| id == entitlement.id);
        if !grants && !set.keys().all(holds) {
            return Ok(unchanged("does not hold it"));
        }
        known.may("User", Act::Change)?;
        if set.keys().any(|field| field == "ProfileId") && !set.keys().all(holds) {
            changes::not_oneself(known, account, "change its profile")?;
        }
        let profile = (entitlement.entitlement_type == "profile").then_some(entitlement.id.as_str());
        let seats = changes::seats(known, account, account.enabled, profile);
        return Ok(Prepared::steps(vec![Operation::new(&account.id, Change::set(set))], seats));
    }
    let granted = if grants {
        // What is held already stays so, also while the user is disabled.
        let may_hold = account.enabled || account.entitlements.contains(entitlement);
        let granted = grant(known, &account.id, may_hold, entitlement, until)?;
        // A new end takes no seat.
        if account.entitlements.contains(entitlement) { Granted { seat: None, ..granted } } else { granted }
    } else {
        // Its rights come by these: without them it may not even be able to sign in.
        if account.entitlements.contains(entitlement) && holding(entitlement).is_some_and(needs_active) {
            changes::not_oneself(known, account, "take that from it")?;
        }
        revoke(known, &account.id, entitlement)?
    };
    let note = known.recalculating.note([entitlement]);
    Ok(Prepared::steps(vec![granted.step], granted.seat.into_iter().collect()).with_note(note))
}

/// Letting an account hold what stands in a row of its own.
pub(super) fn grant(
    known: &Known<'_>,
    account: &str,
    may_hold: bool,
    entitlement: &EntitlementRef,
    until: Option<Timestamp>,
) -> Result<Granted> {
    let step = Operation::new(account, Change::grant(entitlement.clone(), until));
    let held = row(&step, entitlement)?;
    refuse_end(entitlement, until)?;
    known.may(held.object, Act::Make)?;
    if !may_hold && needs_active(held) {
        let message = format!("Salesforce grants no {} to a user who is disabled", noun(held));
        return Err(Error::new(ErrorKind::Invalid, message).with_help("enable the user first"));
    }
    Ok(Granted { step, seat: known.licenses.of_entitlement(entitlement, true) })
}

/// The revocation of something that the user holds.
pub(super) fn revoked(known: &Known<'_>, account: &str, entitlement: &EntitlementRef) -> Result<Prepared> {
    let Granted { step, seat } = revoke(known, account, entitlement)?;
    Ok(Prepared::steps(vec![step], seat.into_iter().collect()))
}

fn revoke(known: &Known<'_>, account: &str, entitlement: &EntitlementRef) -> Result<Granted> {
    let step = Operation::new(account, Change::revoke(entitlement.clone()));
    let held = row(&step, entitlement)?;
    known.may(held.object, Act::Remove)?;
    Ok(Granted { step, seat: known.licenses.of_entitlement(entitlement, false) })
}

fn row(step: &Operation<SecretRef>, entitlement: &EntitlementRef) -> Result<&'static Holding> {
    id(entitlement)?;
    holding(entitlement).ok_or_else(|| refused(&step.change))
}

/// Salesforce gives disabled users no permission sets and no licenses for them.
fn needs_active(held: &Holding) -> bool {
    matches!(held.object, "PermissionSetAssignment" | "PermissionSetLicenseAssign")
}

fn noun(held: &Holding) -> String {
    held.entitlement_type.replace('_', " ")
}

/// The id of an entitlement.
pub(super) fn id(entitlement: &EntitlementRef) -> Result<RecordId> {
    RecordId::read(&entitlement.id).ok_or_else(|| {
        Error::new(ErrorKind::Invalid, format!("`{entitlement}` does not name a record by its id"))
            .with_help("`connector entitlements` lists the ids")
    })
}
