//! Who holds what.

use super::effect::Effect;
use super::group_types::GroupTypes;
use crate::api::Rest;
use crate::api::keyset::{self, Part, Position};
use crate::api::ranges::Span;
use crate::api::record::Row;
use crate::api::soql::Select;
use crate::entitlements::read::skip;
use crate::error;
use connector_core::{Assignment, AttributesBuilder, Cursor, EntitlementRef, Holder, Page, Result};
use tokio::sync::OnceCell;

const MEMBERS: &str = "GroupMember";
const ROLE_IN_TERRITORY: &str = "RoleInTerritory2";

/// A table of assignments.
struct Table {
    object: &'static str,
    fields: &'static [&'static str],
    filter: Option<&'static str>,
    /// The types that need this table.
    types: &'static [&'static str],
    read: fn(&Row<'_>) -> Result<Option<Assignment>>,
}

const TABLES: [Table; 5] = [
    Table {
        object: "PermissionSetAssignment",
        fields: &[
            "Id",
            "AssigneeId",
            "PermissionSetId",
            "PermissionSetGroupId",
            "IsActive",
            "IsRevoked",
            "ExpirationDate",
        ],
        // Not `= false`: that would skip the row of a group without a set.
        filter: Some("PermissionSet.IsOwnedByProfile != true"),
        types: &["permission_set", "permission_set_group"],
        read: |row| {
            // The row of a group also contains the group's aggregate set, which is not a separate entitlement.
            let group = if row.has("PermissionSetGroupId") { row.some_id("PermissionSetGroupId")? } else { None };
            let entitlement = match group {
                Some((group, _)) => EntitlementRef::new("permission_set_group", group),
                None => EntitlementRef::new("permission_set", row.id("PermissionSetId")?.0),
            };
            held_by(row, "AssigneeId", entitlement)
        },
    },
    Table {
        object: MEMBERS,
        fields: &["Id", "GroupId", "UserOrGroupId", "Group.Type"],
        filter: None,
        types: &["group", "queue"],
        read: |row| {
            let held = match row.parent_text("Group", "Type")?.as_deref() {
                Some("Regular") => Some("group"),
                Some("Queue") => Some("queue"),
                _ => None,
            };
            membership(row, held)
        },
    },
    Table {
        object: "PermissionSetLicenseAssign",
        fields: &["Id", "AssigneeId", "PermissionSetLicenseId"],
        filter: None,
        types: &["permission_set_license"],
        read: |row| {
            let license = EntitlementRef::new("permission_set_license", row.id("PermissionSetLicenseId")?.0);
            held_by(row, "AssigneeId", license)
        },
    },
    Table {
        object: "UserPackageLicense",
        fields: &["Id", "UserId", "PackageLicenseId"],
        filter: None,
        types: &["package_license"],
        read: |row| held_by(row, "UserId", EntitlementRef::new("package_license", row.id("PackageLicenseId")?.0)),
    },
    Table {
        object: "UserTerritory2Association",
        fields: &["Id", "UserId", "Territory2Id", "IsActive", ROLE_IN_TERRITORY],
        filter: None,
        types: &["territory"],
        read: |row| {
            let held = held_by(row, "UserId", EntitlementRef::new("territory", row.id("Territory2Id")?.0))?;
            let role = if row.has(ROLE_IN_TERRITORY) { row.text(ROLE_IN_TERRITORY)? } else { None };
            let mut attributes = AttributesBuilder::default();
            if let Some(role) = role {
                attributes.push(ROLE_IN_TERRITORY, &role)?;
            }
            Ok(held.map(|mut held| {
                held.attributes = attributes.build();
                held
            }))
        },
    },
];

/// The member of a group of this entitlement type; `None` if the group is not an entitlement.
fn membership(row: &Row<'_>, entitlement_type: Option<&'static str>) -> Result<Option<Assignment>> {
    let (_, member) = row.id("UserOrGroupId")?;
    let (group, _) = row.id("GroupId")?;
    match entitlement_type {
        // A group within a group concerns the groups, not an account.
        Some(held) if member.has_prefix("005") => held_by(row, "UserOrGroupId", EntitlementRef::new(held, group)),
        _ => Ok(None),
    }
}

fn held_by(row: &Row<'_>, field: &str, entitlement: EntitlementRef) -> Result<Option<Assignment>> {
    let (account, user) = row.id(field)?;
    if user.has_prefix("005") {
        let effect = Effect::read(row)?;
        let mut assignment = Assignment::new(Holder::account(account), entitlement);
        assignment.state = effect.state();
        assignment.valid_until = effect.until;
        Ok(Some(assignment))
    } else {
        Err(row.odd(&format!("has a `{field}` that is not a user id")))
    }
}

/// Reads one page. The first page returns a cursor for every table, so that they are read in parallel.
pub(crate) async fn page(rest: &Rest, group_types: &OnceCell<GroupTypes>, cursor: &Cursor) -> Result<Page<Assignment>> {
    let Some(position) = cursor.position::<Position>()? else {
        return start(rest).await;
    };
    let Some(table) = TABLES.iter().find(|table| table.object == position.of()) else {
        return Err(position.unknown());
    };
    let span = position.span();
    let whole = span == Span::default();
    let count = if whole { rest.counts().await?.get(table.object).copied() } else { None };
    match part(rest, group_types, table, span, count).await {
        Ok(part) => {
            let next = part.cursors(table.object)?;
            Ok(Page::fork(part.items, next))
        }
        Err(refused) if error::is_missing_object(&refused) => {
            let reason = skip(table.object, span, refused)?;
            let page = Page::last(Vec::new());
            Ok(table.types.iter().fold(page, |page, skipped| page.with_skipped(*skipped, reason.clone())))
        }
        Err(error) => Err(error),
    }
}

/// Reads one page of a table. If the org does not show the type of a group with its members, looks the type up.
async fn part(
    rest: &Rest,
    group_types: &OnceCell<GroupTypes>,
    table: &Table,
    span: Span,
    count: Option<u64>,
) -> Result<Part<Assignment>> {
    if table.object != MEMBERS || !group_types.initialized() {
        let select =
            Select { object: table.object, fields: table.fields.to_vec(), filter: table.filter.map(Into::into) };
        match keyset::shown_part(rest, &select, span, count, table.read).await {
            Err(refused) if table.object == MEMBERS && error::is_refused_query(&refused) => {
                tracing::debug!(error = %refused, "the org does not show the type of a group with its members");
            }
            answered => return answered,
        }
    }
    let types = group_types.get_or_try_init(|| GroupTypes::read(rest)).await?;
    let select = Select { object: MEMBERS, fields: vec!["Id", "GroupId", "UserOrGroupId"], filter: None };
    keyset::part(rest, &select, span, count, |row| membership(row, types.of(row.id("GroupId")?.1))).await
}

async fn start(rest: &Rest) -> Result<Page<Assignment>> {
    let tables = TABLES.iter().map(|table| keyset::cursor(table.object, Span::default()));
    let page = Page::fork(Vec::new(), tables.collect::<Result<_>>()?);
    let counts = rest.counts().await?;
    if counts.is_empty() {
        return Ok(page);
    }
    let total =
        TABLES.iter().filter_map(|table| counts.get(table.object)).fold(0_u64, |sum, one| sum.saturating_add(*one));
    // Nearly every user has one more row, for the set that the profile owns. Those rows are not read.
    let owned = counts.get("User").copied().unwrap_or_default().min(total);
    Ok(page.with_estimate(total - owned))
}
