//! Seats of licenses: how many exist, and who uses one.

use super::object::Object;
use super::state::{Record, State};
use super::value::Value;

/// The field with the number of seats of a license.
fn total_field(object: Object) -> &'static str {
    if object == Object::PackageLicense { "AllowedLicenses" } else { "TotalLicenses" }
}

impl State {
    /// How many seats of a license are free; `None` if it is unlimited.
    pub(crate) fn free_seats(&self, (object, index): Record) -> Option<i64> {
        let number = |field| match self.named(object, index, field) {
            Value::Int(number) => number,
            _ => 0,
        };
        let total = number(total_field(object));
        // -1 means that the whole org may use the package.
        (total >= 0).then(|| (total - number("UsedLicenses")).max(0))
    }

    /// Uses seats of a license, or frees them if `seats` is negative.
    pub(crate) fn take_seats(&mut self, (object, index): Record, seats: i64) {
        if let Value::Int(used) = self.named(object, index, "UsedLicenses") {
            self.set_named(object, index, "UsedLicenses", Value::Int((used + seats).max(0)));
        }
    }

    /// Sets the seats of a license to the used ones plus `free`.
    pub(crate) fn leave_seats(&mut self, (object, index): Record, free: i64) {
        if let Value::Int(used) = self.named(object, index, "UsedLicenses") {
            self.set_named(object, index, total_field(object), Value::Int(used + free));
        }
    }

    /// The user license of a profile.
    pub(crate) fn license_of_profile(&self, profile: u64) -> Option<u64> {
        self.named(Object::Profile, profile, "UserLicenseId").id().and_then(|id| self.find(Object::UserLicense, id))
    }

    /// The user license of a user.
    pub(crate) fn license_of(&self, user: u64) -> Option<u64> {
        let profile = self.named(Object::User, user, "ProfileId").id()?;
        self.license_of_profile(self.find(Object::Profile, profile)?)
    }

    /// The license that a user takes a seat of: that of the profile, while the user is active.
    pub(crate) fn seat_of(&self, user: u64) -> Option<u64> {
        let is_active = self.named(Object::User, user, "IsActive") == Value::Bool(true);
        if is_active { self.license_of(user) } else { None }
    }
}
