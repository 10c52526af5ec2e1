//! Who holds what.

use super::effect::{ACTIVE, END, Effect, REVOKED};
use super::group_types::GroupTypes;
use super::hierarchy::{HAS_PARENT, Hierarchy, OBJECT as HIERARCHY};
use super::holdings::HOLDINGS;
use super::nested_groups::NestedGroups;
use super::setup_access;
use crate::api::Rest;
use crate::api::bulk::{self, Place};
use crate::api::keyset::{self, Part, Position};
use crate::api::ranges::{RecordId, Span};
use crate::api::record::Row;
use crate::api::rights;
use crate::api::shortfall;
use crate::api::soql::Select;
use crate::entitlements::read::skip;
use crate::error;
use connector_core::{Assignment, AttributesBuilder, Cursor, EntitlementRef, Error, Holder, Page, Result};
use std::borrow::Cow;
use tokio::sync::OnceCell;

pub(crate) const MEMBERS: &str = "GroupMember";
/// Such as all users of the org, or the users of a territory.
const UNKNOWN_MEMBERS: &str =
    "some groups contain users by a rule (such as all internal users); `--effective` does not list these users";
const ROLE_IN_TERRITORY: &str = "RoleInTerritory2";

/// What a row says.
enum Held {
    Assignment(Assignment),
    /// A group is a member of a group. What it stands for is known after all groups are read.
    Nested {
        member: RecordId,
        group: EntitlementRef,
    },
}

/// What is known of groups, once it is needed.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    types: OnceCell<GroupTypes>,
    nested: OnceCell<NestedGroups>,
    hierarchy: Hierarchy,
}

/// A table of assignments.
pub(crate) struct Table {
    object: &'static str,
    fields: &'static [&'static str],
    filter: Option<&'static str>,
    /// The types that need this table.
    types: &'static [&'static str],
    read: fn(&Row<'_>) -> Result<Option<Held>>,
}

const TABLES: [Table; 8] = [
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
                if let Held::Assignment(assignment) = &mut held {
                    assignment.attributes = attributes.build();
                }
                held
            }))
        },
    },
    Table {
        object: "PermissionSetGroupComponent",
        fields: &["Id", "PermissionSetGroupId", "PermissionSetId"],
        filter: None,
        types: &["permission_set", "muting_permission_set"],
        read: |row| {
            let (group, _) = row.id("PermissionSetGroupId")?;
            let (set, id) = row.id("PermissionSetId")?;
            let held = match id {
                id if id.has_prefix("0PS") => "permission_set",
                id if id.has_prefix("0QM") => "muting_permission_set",
                // A component of a kind that came later.
                _ => return Ok(None),
            };
            let holder = Holder::Entitlement(EntitlementRef::new("permission_set_group", group));
            Ok(Some(Held::Assignment(Assignment::new(holder, EntitlementRef::new(held, set)))))
        },
    },
    Table {
        object: setup_access::OBJECT,
        fields: &setup_access::FIELDS,
        filter: Some("SetupEntityType = 'CustomPermission'"),
        types: &["custom_permission"],
        read: custom_permission,
    },
    Table {
        object: HIERARCHY,
        fields: &["Id", "ParentRoleId"],
        filter: Some(HAS_PARENT),
        types: &["role"],
        read: |row| {
            // Whoever has a role sees what the roles below it see.
            let above = Holder::Entitlement(EntitlementRef::new("role", row.id("ParentRoleId")?.0));
            Ok(Some(Held::Assignment(Assignment::new(above, EntitlementRef::new("role", row.id("Id")?.0)))))
        },
    },
];

/// What gives a custom permission.
fn custom_permission(row: &Row<'_>) -> Result<Option<Held>> {
    let Some(holder) = setup_access::holder(row)? else { return Ok(None) };
    let permission = EntitlementRef::new("custom_permission", row.id("SetupEntityId")?.0);
    Ok(Some(Held::Assignment(Assignment::new(Holder::Entitlement(holder), permission))))
}

/// The member of a group of this entitlement type; `None` if the group is not an entitlement.
fn membership(row: &Row<'_>, entitlement_type: Option<&'static str>) -> Result<Option<Held>> {
    let (_, member) = row.id("UserOrGroupId")?;
    let (group, _) = row.id("GroupId")?;
    let Some(entitlement_type) = entitlement_type else { return Ok(None) };
    let group = EntitlementRef::new(entitlement_type, group);
    if member.has_prefix("005") {
        held_by(row, "UserOrGroupId", group)
    } else {
        Ok(Some(Held::Nested { member, group }))
    }
}

fn held_by(row: &Row<'_>, field: &str, entitlement: EntitlementRef) -> Result<Option<Held>> {
    let (account, user) = row.id(field)?;
    if user.has_prefix("005") {
        let effect = Effect::read(row)?;
        let mut assignment = Assignment::new(Holder::account(account), entitlement);
        assignment.state = effect.state();
        assignment.valid_until = effect.until;
        Ok(Some(Held::Assignment(assignment)))
    } else {
        Err(row.odd(&format!("has a `{field}` that is not a user id")))
    }
}

/// Reads one page. The first page returns a cursor for every table, so that they are read in parallel.
pub(crate) async fn page(rest: &Rest, groups: &Groups, cursor: &Cursor) -> Result<Page<Assignment>> {
    let Some(position) = cursor.position::<Position>()? else {
        return start(rest).await;
    };
    let Some(table) = TABLES.iter().find(|table| table.object == position.of()) else {
        return Err(position.unknown());
    };
    let span = position.span();
    if table.object == HIERARCHY && span == Span::default() {
        return hierarchy(rest, groups).await;
    }
    let whole = span == Span::default();
    let count = if whole { rest.counts().await?.get(table.object).copied() } else { None };
    match part(rest, groups, table, span, Rows::All(position.job(), count)).await {
        Ok(part) => {
            let next = part.cursors(table.object, position.seen())?;
            let reason = shortfall::after(rest, table.object, &part, position.seen()).await?;
            let page = resolved(rest, groups, part.items, next).await?;
            let page = table.as_shown(page, &rest.hidden(table.object));
            let page = rest.warnings().fold(page, Page::with_warning);
            Ok(match reason {
                Some(reason) => page.with_incomplete(reason),
                None => page,
            })
        }
        Err(refused) if error::is_missing_object(&refused) => table.skipped(span, refused),
        Err(error) => Err(error),
    }
}

/// The table with the rows of an object.
pub(crate) fn table(object: &str) -> Result<&'static Table> {
    TABLES
        .iter()
        .find(|table| table.object == object)
        .ok_or_else(|| Error::protocol(format!("this connector reads no assignments from `{object}`")))
}

/// The objects whose rows say what users hold.
pub(crate) fn held_by_users() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|table| table.object).filter(|object| HOLDINGS.iter().any(|holding| holding.object == *object))
}

/// The objects with rows that say what entitlements hold.
pub(crate) fn held_by_entitlements() -> impl Iterator<Item = &'static str> {
    let is_member = |object: &str| object == MEMBERS;
    TABLES
        .iter()
        .map(|table| table.object)
        .filter(move |object| is_member(object) || !HOLDINGS.iter().any(|holding| holding.object == *object))
}

impl Table {
    /// The object.
    pub(crate) fn object(&self) -> &'static str {
        self.object
    }

    /// The fields that are read.
    pub(crate) fn fields(&self) -> &'static [&'static str] {
        self.fields
    }

    /// The names in each record, without the hidden fields.
    pub(crate) fn columns(&self, hidden: &[&'static str]) -> Vec<&'static str> {
        let shown = self.fields.iter().filter(|field| !hidden.contains(field));
        let names = shown.map(|field| field.split_once('.').map_or(*field, |(parent, _)| parent));
        let mut columns: Vec<_> = names.collect();
        columns.dedup();
        columns
    }

    /// A row as the assignment of a user; `None` for any other row.
    pub(crate) fn assignment(&self, row: &Row<'_>) -> Result<Option<Assignment>> {
        Ok(match (self.read)(row)? {
            Some(Held::Assignment(assignment)) => Some(assignment),
            _ => None,
        })
    }

    /// One page of the rows that also meet another condition, all in one list.
    pub(crate) async fn page(
        &self,
        rest: &Rest,
        groups: &Groups,
        cursor: &Cursor,
        condition: Option<&str>,
    ) -> Result<Page<Assignment>> {
        let position = cursor.position::<Position>()?;
        let span = position.as_ref().map_or(Span::default(), Position::span);
        if self.object == HIERARCHY {
            return hierarchy(rest, groups).await;
        }
        match part(rest, groups, self, span, Rows::Some(condition)).await {
            Ok(part) => {
                let next = part.cursors(self.object, None)?;
                let page = resolved(rest, groups, part.items, next).await?;
                Ok(self.as_shown(page, &rest.hidden(self.object)))
            }
            Err(refused) if error::is_missing_object(&refused) => self.skipped(span, refused),
            Err(error) => Err(error),
        }
    }

    fn skipped(&self, span: Span, refused: Error) -> Result<Page<Assignment>> {
        let reason = skip(self.object, span, refused)?;
        Ok(self.types.iter().fold(Page::last(Vec::new()), |page, skipped| page.with_skipped(*skipped, reason.clone())))
    }

    /// The page, with what the org does not show of its rows, so that it is not read as empty.
    pub(crate) fn as_shown<T>(&self, page: Page<T>, hidden: &[&'static str]) -> Page<T> {
        if hidden.is_empty() {
            return page;
        }
        let member = |field| match field {
            END => "valid_until",
            ACTIVE | REVOKED => "state",
            other => other,
        };
        let hides = |name: &str| hidden.iter().any(|field| member(*field) == name);
        let shown = self.fields.iter().map(|field| member(*field)).chain(["state", "valid_until"]);
        page.with_only_shown(shown.filter(|name| !hides(name))).with_warning(rights::hidden(self.object, hidden))
    }

    /// The condition of the rows, together with another one.
    fn filter(&self, condition: Option<&str>) -> Option<Cow<'static, str>> {
        match (self.filter, condition) {
            (own, None) => own.map(Cow::Borrowed),
            (None, Some(other)) => Some(Cow::Owned(other.to_owned())),
            (Some(own), Some(other)) => Some(Cow::Owned(format!("{own} AND {other}"))),
        }
    }
}

/// The role hierarchy in one page. Groups need it too, so that it is read once.
async fn hierarchy(rest: &Rest, groups: &Groups) -> Result<Page<Assignment>> {
    let below = groups.hierarchy.below(rest).await.map_err(|refused| {
        if error::is_missing_object(&refused) { rights::missing(HIERARCHY, refused) } else { refused }
    })?;
    let role = |id: &RecordId| EntitlementRef::new("role", id.as_str());
    // Whoever has a role sees what the roles below it see.
    let held = |(above, roles): (&RecordId, &Vec<RecordId>)| {
        let holder = Holder::Entitlement(role(above));
        roles.iter().map(|below| Assignment::new(holder.clone(), role(below))).collect::<Vec<_>>()
    };
    Ok(Page::last(below.iter().flat_map(held).collect()))
}

/// Which rows of a table are read.
#[derive(Clone, Copy)]
enum Rows<'a> {
    /// All of them, perhaps by a job or in several lists: where the job is, and about how many rows there are.
    All(Option<&'a Place>, Option<u64>),
    /// Those that meet a condition, in one list.
    Some(Option<&'a str>),
}

/// Reads one page of a table. If the org does not show the type of a group with its members, looks the type up.
async fn part(rest: &Rest, groups: &Groups, table: &Table, span: Span, rows: Rows<'_>) -> Result<Part<Held>> {
    let (count, condition) = match rows {
        Rows::All(job, count) => match by_job(rest, table, span, job).await? {
            Some(part) => return Ok(part),
            None => (count, None),
        },
        Rows::Some(condition) => (None, condition),
    };
    let filter = table.filter(condition);
    if table.object != MEMBERS || !groups.types.initialized() {
        let select = Select { object: table.object, fields: table.fields.to_vec(), filter: filter.clone() };
        match keyset::shown_part(rest, &select, span, count, table.read).await {
            Err(refused) if table.object == MEMBERS && error::is_refused_query(&refused) => {
                tracing::debug!(error = %refused, "the org does not show the type of a group with its members");
            }
            answered => return answered,
        }
    }
    let types = groups.types.get_or_try_init(|| GroupTypes::read(rest)).await?;
    let select = Select { object: MEMBERS, fields: vec!["Id", "GroupId", "UserOrGroupId"], filter };
    keyset::part(rest, &select, span, count, |row| membership(row, types.of(row.id("GroupId")?.1))).await
}

/// Reads one page of a table with a job, without the fields that the org hides. `None` if REST is to read it.
async fn by_job(rest: &Rest, table: &Table, span: Span, job: Option<&Place>) -> Result<Option<Part<Held>>> {
    if job.is_none() && !bulk::is_due(rest, table.object, span).await? {
        return Ok(None);
    }
    let hidden = match rest.find_hidden(table.object, table.fields).await {
        // REST finds out what that means.
        Err(refused) if job.is_none() && error::job_refusal(&refused).is_some() => return Ok(None),
        found => found?,
    };
    let select = Select { object: table.object, fields: table.fields.to_vec(), filter: table.filter.map(Into::into) };
    bulk::part(rest, &select.without(&hidden), span, job, table.read).await
}

/// The page, with what its nested groups stand for.
async fn resolved(rest: &Rest, groups: &Groups, rows: Vec<Held>, next: Vec<Cursor>) -> Result<Page<Assignment>> {
    let mut items = Vec::with_capacity(rows.len());
    let mut has_unknown = false;
    for row in rows {
        match row {
            Held::Assignment(assignment) => items.push(assignment),
            Held::Nested { member, group } => {
                let nested = groups.nested.get_or_try_init(|| NestedGroups::read(rest, &groups.hierarchy)).await?;
                let assignments = nested.assignments(member, &group);
                has_unknown |= assignments.is_empty();
                items.extend(assignments);
            }
        }
    }
    let page = Page::fork(items, next);
    Ok(if has_unknown { page.with_warning(UNKNOWN_MEMBERS) } else { page })
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
