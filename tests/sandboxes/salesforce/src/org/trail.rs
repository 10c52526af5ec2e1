//! What the org records of changes: only what Setup shows. Other fields of users and memberships of groups leave no trace, as in
//! a real org.

use super::object::Object;
use super::schema;
use super::state::{Record, State};
use super::table::Row;
use super::upkeep::Author;
use super::value::Value;
use crate::id::Id;

/// The characters of an id as Setup shows it.
const SHORT_ID: usize = 15;

impl State {
    /// Records a new row.
    pub(super) fn record_insert(&mut self, record: Record, author: Author) {
        match record.0 {
            Object::User => {
                let user = self.world.id(Object::User, record.1);
                let display = format!("Created new user {}", self.titled(user));
                self.record(author, ("createduser", "Manage Users"), display);
            }
            Object::PermissionSetAssignment => self.record_assignment(record.1, true, author),
            _ => {}
        }
    }

    /// Records the new value of a field.
    pub(super) fn record_change(&mut self, (object, index): Record, field: usize, author: Author) {
        let name = schema::fields(object)[field].name;
        let is_on = self.value(object, index, field) == Value::Bool(true);
        let user = match object {
            Object::User => Some(self.world.id(Object::User, index)),
            Object::UserLogin => self.named(Object::UserLogin, index, "UserId").id(),
            _ => None,
        };
        let Some(user) = user else { return };
        let whom = self.titled(user);
        let (action, display) = match (object, name) {
            (Object::User, "IsActive") if is_on => ("activateduser", format!("Activated user {whom}")),
            (Object::User, "IsActive") => ("deactivateduser", format!("Deactivated user {whom}")),
            (Object::UserLogin, "IsFrozen") if is_on => ("frozeuser", format!("Froze user {whom}")),
            (Object::UserLogin, "IsFrozen") => ("unfrozeuser", format!("Unfroze user {whom}")),
            (Object::User, "ProfileId") => ("changedprofileforuser", format!("Changed profile for user {whom}")),
            (Object::User, "UserRoleId") => ("changedroleforuser", format!("Changed role for user {whom}")),
            (Object::User, "Email") => ("changedemail", format!("Changed email for user {whom}")),
            _ => return,
        };
        self.record(author, (action, "Manage Users"), display);
    }

    /// Records the removal of a row.
    pub(super) fn record_removal(&mut self, record: Record, author: Author) {
        if record.0 == Object::PermissionSetAssignment && self.table(record.0).has(record.1) {
            self.record_assignment(record.1, false, author);
        }
    }

    fn record_assignment(&mut self, index: u64, is_made: bool, author: Author) {
        let named = |field: &str| self.named(Object::PermissionSetAssignment, index, field).id();
        let Some(user) = named("AssigneeId") else { return };
        let (given, label) = match (named("PermissionSetGroupId"), named("PermissionSetId")) {
            (Some(group), _) => (group, "MasterLabel"),
            (None, Some(set)) if !self.is_own_set(set) => (set, "Label"),
            _ => return,
        };
        let Some((object, row)) = self.locate(given) else { return };
        let name = self.named(object, row, label).text().unwrap_or_default().to_owned();
        let kind = if object == Object::PermissionSet { "Permission set" } else { "Permission set group" };
        let (action, verb) =
            if is_made { ("PermSetAssign", "assigned to") } else { ("PermSetUnassign", "unassigned from") };
        let short = user.as_str().get(..SHORT_ID).unwrap_or_default().to_owned();
        let display = format!("{kind} {name}: {verb} user {} (UserID: [{short}])", self.titled(user));
        self.record(author, (action, "Manage Users"), display);
    }

    /// The full name of a user, or the username of a user without one.
    fn titled(&self, user: Id) -> String {
        let Some(row) = self.find(Object::User, user) else { return user.to_string() };
        let text = |field: &str| self.named(Object::User, row, field).text().map(str::to_owned);
        text("Name").or_else(|| text("Username")).unwrap_or_default()
    }

    fn record(&mut self, author: Author, (action, section): (&'static str, &'static str), display: String) {
        let row = Row::new(Object::SetupAuditTrail)
            .with("Action", action)
            .with("Section", section)
            .with("CreatedDate", Value::DateTime(author.now))
            .with("CreatedById", author.user)
            .with("Display", display);
        self.push(Object::SetupAuditTrail, row);
    }
}
