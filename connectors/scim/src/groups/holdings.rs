//! What accounts hold.

use super::entitlements::value_and_name;
use super::one::members_of;
use super::types::{kinds, named};
use crate::protocol::Object;
use crate::source::Source;
use connector_core::{Account, Concern, EntitlementRef, Result};

/// The entitlements that a user's own record names.
pub(crate) fn of_user(source: &Source, user: &Object<'_>) -> Vec<EntitlementRef> {
    let mut held: Vec<EntitlementRef> = Vec::new();
    for kind in kinds(&source.settings) {
        let items = match kind.is_resource {
            true if source.users_list_groups() => user.list("groups"),
            true => continue,
            false => user.list(&kind.given),
        };
        for item in items {
            // What follows from another group is no fact of its own.
            let is_indirect = kind.is_resource
                && Object::read(item)
                    .and_then(|item| item.text("type"))
                    .is_some_and(|how| how.eq_ignore_ascii_case("indirect"));
            if let Some((id, _)) = value_and_name(item).filter(|_| !is_indirect) {
                let key = EntitlementRef::new(kind.name.clone(), id);
                if !held.contains(&key) {
                    held.push(key);
                }
            }
        }
    }
    held
}

/// Adds which of the entitlements that a plan is about the accounts hold, where groups list their members.
pub(crate) async fn add_held(source: &Source, found: &mut [Vec<Account>], concern: &Concern) -> Result<()> {
    if source.users_list_groups() || found.iter().all(Vec::is_empty) {
        return Ok(());
    }
    for entitlement in &concern.entitlements {
        let Some(kind) = named(source, &entitlement.entitlement_type).filter(|kind| kind.is_resource) else { continue };
        let Some(mut members) = members_of(source, &kind, &entitlement.id, false).await? else { continue };
        let wanted = found.iter().flatten().map(|account| account.id.as_str()).collect();
        let held = members.ids.among(source, &wanted)?.there;
        for account in found.iter_mut().flatten() {
            if held.contains(&account.id) && !account.entitlements.contains(entitlement) {
                account.entitlements.push(entitlement.clone());
            }
        }
    }
    Ok(())
}
