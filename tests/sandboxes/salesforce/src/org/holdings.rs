//! The generated assignments: who holds what, computed from the row number.
//!
//! With `held` real assignments per user, a user has one profile-owned row and `held - 1` others in
//! `PermissionSetAssignment`; the last one is a group or queue membership for users 0 and 1 of every four, a permission
//! set license for user 2, a package license for user 3.

use super::object::Object;
use super::people;
use super::value::Value;
use super::world::World;

const SET: u64 = 40;
const MEMBER: u64 = 41;
const LICENSE: u64 = 42;
const PACKAGE: u64 = 43;
const STAMP: u64 = 44;
const TERRITORY: u64 = 45;

/// How many generated rows an object has.
pub(crate) fn rows(world: &World, object: Object) -> u64 {
    let users = world.users;
    let some = u64::from(world.held > 0);
    match object {
        Object::User | Object::UserLogin => users,
        Object::PermissionSetAssignment => users * world.stride,
        Object::GroupMember => some * (users / 4 * 2 + (users % 4).min(2)),
        Object::PermissionSetLicenseAssign => some * (users / 4 + u64::from(users % 4 > 2)),
        Object::UserPackageLicense => some * (users / 4),
        Object::UserTerritory2Association if world.territories => users / 10,
        Object::LoginHistory => users.min(1_000),
        _ => 0,
    }
}

/// The generated rows of `object` that belong to user number `user`.
pub(crate) fn of_user(world: &World, object: Object, user: u64) -> std::ops::Range<u64> {
    let one = |row: u64| row..row + 1;
    let some = world.held > 0;
    match (object, user % 4) {
        (Object::PermissionSetAssignment, _) => user * world.stride..(user + 1) * world.stride,
        (Object::UserLogin, _) => one(user),
        (Object::GroupMember, part @ (0 | 1)) if some => one(user / 4 * 2 + part),
        (Object::PermissionSetLicenseAssign, 2) | (Object::UserPackageLicense, 3) if some => one(user / 4),
        (Object::UserTerritory2Association, _) if world.territories && user.is_multiple_of(10) => one(user / 10),
        (Object::LoginHistory, _) if user < 1_000 => one(user),
        _ => 0..0,
    }
}

fn user(world: &World, index: u64) -> Value {
    Value::Id(world.id(Object::User, index))
}

pub(crate) fn assignee(world: &World, index: u64) -> Value {
    user(world, index / world.stride)
}

/// What an assignment row gives: `None` for the profile's own set.
fn granted(world: &World, index: u64) -> Option<super::world::Grantable> {
    let slot = index % world.stride;
    let kinds = world.grantables.len() as u64;
    if slot == 0 || kinds == 0 {
        return None;
    }
    // Neighbors in the list are different kinds of sets, so each user holds some of each, none twice.
    let place = (world.roll(index / world.stride, SET) + slot - 1) % kinds;
    world.grantables.get(usize::try_from(place).ok()?).copied()
}

pub(crate) fn assigned_set(world: &World, index: u64) -> Value {
    let row = match granted(world, index) {
        Some(grantable) => grantable.set,
        // The first rows of PermissionSet are the profiles' own sets, in the profiles' order.
        None => people::profile_of(world, index / world.stride).unwrap_or(0),
    };
    Value::Id(world.id(Object::PermissionSet, row))
}

pub(crate) fn assigned_group(world: &World, index: u64) -> Value {
    granted(world, index)
        .and_then(|grantable| grantable.group)
        .map(|row| world.id(Object::PermissionSetGroup, row))
        .into()
}

pub(crate) fn assignment_active(_: &World, _: u64) -> Value {
    Value::Bool(true)
}

pub(crate) fn stamp(world: &World, index: u64) -> Value {
    Value::DateTime(world.moment(index, STAMP, 365))
}

pub(crate) fn member_group(world: &World, index: u64) -> Value {
    let list = if world.chance(index, MEMBER, 20) { &world.queues } else { &world.public_groups };
    Value::Id(world.id(Object::Group, world.pick(index / 2, MEMBER, list)))
}

pub(crate) fn member(world: &World, index: u64) -> Value {
    user(world, index / 2 * 4 + index % 2)
}

pub(crate) fn license_assignee(world: &World, index: u64) -> Value {
    user(world, index * 4 + 2)
}

pub(crate) fn assigned_license(world: &World, index: u64) -> Value {
    let row = world.roll(index, LICENSE) % world.permission_set_licenses;
    Value::Id(world.id(Object::PermissionSetLicense, row))
}

pub(crate) fn package_user(world: &World, index: u64) -> Value {
    user(world, index * 4 + 3)
}

pub(crate) fn package(world: &World, index: u64) -> Value {
    let row = world.roll(index, PACKAGE) % world.package_licenses;
    Value::Id(world.id(Object::PackageLicense, row))
}

pub(crate) fn territory_user(world: &World, index: u64) -> Value {
    user(world, index * 10)
}

pub(crate) fn territory(world: &World, index: u64) -> Value {
    Value::Id(world.id(Object::Territory2, world.roll(index, TERRITORY) % world.territory_count.max(1)))
}

pub(crate) fn territory_role(world: &World, index: u64) -> Value {
    if world.chance(index, TERRITORY, 10) { "Owner".into() } else { Value::Null }
}

pub(crate) fn login_time(world: &World, index: u64) -> Value {
    people::last_login(world, index)
}
