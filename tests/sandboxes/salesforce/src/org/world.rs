//! The numbers that the generated part of the org is computed from.

use super::object::Object;
use crate::id::Id;

/// 2020-01-01T00:00:00Z in milliseconds: the org's first day.
pub(crate) const FOUNDED: i64 = 1_577_836_800_000;
/// 2026-11-20T00:00:00Z in milliseconds: the day the generated data was last changed.
pub(crate) const SETTLED: i64 = 1_795_132_800_000;
const DAY: i64 = 86_400_000;

/// What a user can be given through a permission set assignment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grantable {
    /// The row in `PermissionSet`: a set, or the aggregate set of a group.
    pub(crate) set: u64,
    /// The row in `PermissionSetGroup`.
    pub(crate) group: Option<u64>,
}

/// The numbers that the generated part of the org is computed from.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) users: u64,
    /// Real assignments per user.
    pub(crate) held: u64,
    pub(crate) territories: bool,
    pub(crate) username: String,
    /// Rows in `PermissionSetAssignment` per user.
    pub(crate) stride: u64,
    pub(crate) roles: u64,
    pub(crate) grantables: Vec<Grantable>,
    /// Rows in Group that are public groups.
    pub(crate) public_groups: Vec<u64>,
    /// Rows in Group that are queues.
    pub(crate) queues: Vec<u64>,
    pub(crate) permission_set_licenses: u64,
    pub(crate) package_licenses: u64,
    pub(crate) territory_count: u64,
}

impl World {
    /// A number that depends on the seed, a row and what it is for.
    pub(crate) fn roll(&self, index: u64, salt: u64) -> u64 {
        let mut z = self
            .seed
            .wrapping_mul(0xA076_1D64_78BD_642F)
            .wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .wrapping_add(salt.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// True for about `percent` of a hundred rows.
    pub(crate) fn chance(&self, index: u64, salt: u64, percent: u64) -> bool {
        self.roll(index, salt) % 100 < percent
    }

    /// One of `list`.
    pub(crate) fn pick<T: Copy>(&self, index: u64, salt: u64, list: &[T]) -> T {
        let length = list.len() as u64;
        list[usize::try_from(self.roll(index, salt) % length).expect("below the list's length")]
    }

    /// The number that an object's first id counts from.
    pub(crate) fn first_counter(&self, object: Object) -> u64 {
        60_000_000 + self.roll(object.place() as u64, 77) % 500_000_000
    }

    /// The id of a row.
    pub(crate) fn id(&self, object: Object, index: u64) -> Id {
        Id::new(object.prefix(), self.first_counter(object) + index)
    }

    /// The row that an id of this object names, whether it exists or not.
    pub(crate) fn index(&self, object: Object, id: Id) -> Option<u64> {
        if id.prefix() != object.prefix() {
            return None;
        }
        id.counter()?.checked_sub(self.first_counter(object))
    }

    /// A moment in the org's life before it was settled, in whole seconds.
    pub(crate) fn moment(&self, index: u64, salt: u64, days_back: u64) -> i64 {
        let seconds = i64::try_from(self.roll(index, salt) % (days_back * 86_400)).unwrap_or(0);
        SETTLED - seconds * 1_000
    }

    /// When a generated user was created: a later user has a later date.
    pub(crate) fn created(&self, index: u64) -> i64 {
        let span = SETTLED - 30 * DAY - FOUNDED;
        let part = i128::from(span) * i128::from(index) / i128::from(self.users.max(1));
        (FOUNDED + i64::try_from(part).unwrap_or(span)) / 1_000 * 1_000
    }

    /// The id of the org.
    pub(crate) fn organization(&self) -> Id {
        self.id(Object::Organization, 0)
    }
}
