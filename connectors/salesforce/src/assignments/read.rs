//! Who holds what.

use super::group_types::GroupTypes;
use crate::api::Rest;
use crate::api::keyset::{self, Part, Position};
use crate::api::ranges::Span;
use crate::api::record::Row;
use crate::api::soql::Select;
use crate::entitlements::read::skip;
use crate::error;
use connector_core::{Assignment, Cursor, EntitlementRef, Holder, Page, Result};
use tokio::sync::OnceCell;

const MEMBERS: &str = "GroupMember";

/// A table of assignments.
struct Table {
    object: &'static str,
    fields: &'static [&'static str],
    filter: Option<&'static str>,
    /// The types that are not read without it.
    types: &'static [&'static str],
    read: fn(&Row<'_>) -> Result<Option<Assignment>>,
}

const TABLES: [Table; 5] = [
    Table {
        object: "PermissionSetAssignment",
        fields: &["Id", "AssigneeId", "PermissionSetId", "PermissionSetGroupId"],
        // Not `= false`: that would leave out the row of a group that names no set.
        filter: Some("PermissionSet.IsOwnedByProfile != true"),
        types: &["permission_set", "permission_set_group"],
        read: |row| {
            // The row of a group names the group's aggregate set as well, which is no entitlement of its own.
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
        fields: &["Id", "UserId", "Territory2Id"],
        filter: None,
        types: &["territory"],
        read: |row| held_by(row, "UserId", EntitlementRef::new("territory", row.id("Territory2Id")?.0)),
    },
];

/// The row of a member of a group of this entitlement type; nothing where the group is no entitlement.
fn membership(row: &Row<'_>, entitlement_type: Option<&'static str>) -> Result<Option<Assignment>> {
    let (_, member) = row.id("UserOrGroupId")?;
    let (group, _) = row.id("GroupId")?;
    match entitlement_type {
        // Groups within groups are a matter of the groups, not of an account.
        Some(held) if member.has_prefix("005") => held_by(row, "UserOrGroupId", EntitlementRef::new(held, group)),
        _ => Ok(None),
    }
}

fn held_by(row: &Row<'_>, field: &str, entitlement: EntitlementRef) -> Result<Option<Assignment>> {
    let (account, user) = row.id(field)?;
    if user.has_prefix("005") {
        Ok(Some(Assignment::new(Holder::account(account), entitlement)))
    } else {
        Err(row.odd(&format!("has a `{field}` that is not one of a user")))
    }
}

/// One page. The start names every table, so that they are read side by side.
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

/// One page of a table. Members of groups are looked up where the org does not tell the type of their group.
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
                tracing::debug!(error = %refused, "the org does not tell the type of a group with its members");
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
    // Nearly every user has one row more, for the set that the profile owns; those rows are not read.
    let owned = counts.get("User").copied().unwrap_or_default().min(total);
    Ok(page.with_estimate(total - owned))
}
