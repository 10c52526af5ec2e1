//! The side effects of a changed record: names, seats, and the rows that are created with a user.

use super::object::Object;
use super::people;
use super::state::{Record, State};
use super::table::Row;
use super::value::Value;
use crate::id::Id;

/// Who writes, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author {
    /// The user.
    pub(crate) user: Id,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
}

impl State {
    /// Appends a row with its system fields and its side effects.
    pub(crate) fn insert(&mut self, object: Object, row: Row, author: Author) -> u64 {
        let now = Value::DateTime(author.now);
        let row = row
            .with("CreatedDate", now.clone())
            .with("CreatedById", author.user)
            .with("LastModifiedDate", now.clone())
            .with("LastModifiedById", author.user)
            .with("SystemModstamp", now);
        let index = self.push(object, row);
        self.record_insert((object, index), author);
        if object == Object::User {
            self.compound(index);
            if let Some(license) = self.seat_of(index) {
                self.take_seats((Object::UserLicense, license), 1);
            }
        } else if let Some(license) = self.granted_license((object, index)) {
            self.take_seats(license, 1);
        }
        index
    }

    /// Creates the rows that every user has: the login, and the assignment of the profile's own set.
    pub(crate) fn settle(&mut self, user: u64, author: Author) {
        let id = self.world.id(Object::User, user);
        let login = Row::new(Object::UserLogin).with("UserId", id);
        self.insert(Object::UserLogin, login, author);
        if let Some(set) = self.own_set(user) {
            let assignment = Row::new(Object::PermissionSetAssignment)
                .with("AssigneeId", id)
                .with("PermissionSetId", set)
                .with("IsActive", true);
            self.insert(Object::PermissionSetAssignment, assignment, author);
        }
    }

    /// Changes fields of a row, its timestamps, and everything that depends on them.
    pub(crate) fn change(&mut self, (object, index): Record, values: Vec<(usize, Value)>, author: Author) {
        let before = (object == Object::User).then(|| (self.seat_of(index), self.own_set(index)));
        for (field, value) in values {
            let is_new = self.value(object, index, field) != value;
            self.set(object, index, field, value);
            if is_new {
                self.record_change((object, index), field, author);
            }
        }
        self.set_named(object, index, "LastModifiedDate", Value::DateTime(author.now));
        self.set_named(object, index, "LastModifiedById", author.user);
        self.set_named(object, index, "SystemModstamp", Value::DateTime(author.now));
        if let Some((seat, set)) = before {
            self.compound(index);
            self.move_seat(seat, self.seat_of(index));
            self.follow_profile(index, set, author);
        }
    }

    /// Removes a row and frees its seat; false if it was already removed.
    pub(crate) fn take_away(&mut self, record: Record, author: Author) -> bool {
        self.record_removal(record, author);
        let license = self.granted_license(record);
        let removed = self.remove(record.0, record.1);
        if let Some(license) = license.filter(|_| removed) {
            self.take_seats(license, -1);
        }
        removed
    }

    /// The license that an assignment of a license takes a seat of.
    fn granted_license(&self, (object, index): Record) -> Option<Record> {
        let (license, field) = match object {
            Object::PermissionSetLicenseAssign => (Object::PermissionSetLicense, "PermissionSetLicenseId"),
            Object::UserPackageLicense => (Object::PackageLicense, "PackageLicenseId"),
            _ => return None,
        };
        let row = self.find(license, self.named(object, index, field).id()?)?;
        Some((license, row))
    }

    /// Recomputes `Name` and `Address` from their parts.
    fn compound(&mut self, user: u64) {
        let part = |field: &str| self.named(Object::User, user, field);
        let name = people::full_name(&part("FirstName"), &part("LastName"));
        let address = people::compound_address(&people::ADDRESS_PARTS.map(part), &part("Street"));
        self.set_named(Object::User, user, "Name", name);
        self.set_named(Object::User, user, "Address", address);
    }

    fn move_seat(&mut self, from: Option<u64>, to: Option<u64>) {
        if from == to {
            return;
        }
        for (license, seats) in [(from, -1), (to, 1)] {
            if let Some(license) = license {
                self.take_seats((Object::UserLicense, license), seats);
            }
        }
    }

    /// The set that the user's profile owns.
    fn own_set(&self, user: u64) -> Option<Id> {
        let profile = self.named(Object::User, user, "ProfileId").id()?;
        let row = self.find(Object::Profile, profile)?;
        // The first rows of PermissionSet are the profiles' own sets, in the profiles' order.
        Some(self.world.id(Object::PermissionSet, row))
    }

    /// Updates the assignment of the profile's own set after a change of profile.
    fn follow_profile(&mut self, user: u64, before: Option<Id>, author: Author) {
        let (Some(before), Some(now)) = (before, self.own_set(user)) else { return };
        if before == now {
            return;
        }
        let assignee = self.world.id(Object::User, user);
        let own = self
            .held(Object::PermissionSetAssignment, assignee)
            .into_iter()
            .find(|row| self.named(Object::PermissionSetAssignment, *row, "PermissionSetId") == Value::Id(before));
        if let Some(row) = own {
            self.set_named(Object::PermissionSetAssignment, row, "PermissionSetId", now);
            self.set_named(Object::PermissionSetAssignment, row, "SystemModstamp", Value::DateTime(author.now));
        }
    }
}
