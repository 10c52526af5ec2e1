//! The door through which tests change the org and look at it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use connector_core::{Error, ErrorKind, Result};
use jiff::Timestamp;
use serde_json::Value as Json;

use super::object::Object;
use super::people;
use super::schema;
use super::state::State;
use super::table::Row;
use super::value::{self, Value};
use crate::id::Id;
use crate::options::{Options, Rights};

/// The simulated org, as its administrator sees it. Cheap to clone; every clone is the same org.
#[derive(Clone)]
pub struct Org {
    state: Arc<RwLock<State>>,
}

impl Org {
    pub(crate) fn new(options: &Options) -> Self {
        Self { state: Arc::new(RwLock::new(State::new(options))) }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many rows each object has; objects that are switched off are left out.
    ///
    /// With N users and A ≥ 1 assignments per user: `User` and `UserLogin` N; `PermissionSetAssignment` N·A - 1, of
    /// which N - 1 are the profiles' own rows and N·(A-1) real ones; `GroupMember` N/2 + 5 (five nested),
    /// `PermissionSetLicenseAssign` and `UserPackageLicense` N/4 each. So N·A real assignments in all.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let state = self.read();
        Object::all()
            .filter(|object| state.sees(*object))
            .map(|object| (object.name(), state.table(object).count()))
            .collect()
    }

    /// The id of the user of this number; number 0 is the integration user.
    pub fn user_id(&self, number: u64) -> String {
        self.read().world.id(Object::User, number).to_string()
    }

    /// The id of row `number` of any object, for example `("PermissionSet", 20)`.
    pub fn id_of(&self, object: &str, number: u64) -> Result<String> {
        let object = known(object)?;
        Ok(self.read().world.id(object, number).to_string())
    }

    /// The id of the user with this username.
    pub fn user_named(&self, username: &str) -> Option<String> {
        let state = self.read();
        state.user_named(username).map(|index| state.world.id(Object::User, index).to_string())
    }

    /// Adds a user with its `UserLogin` row and, when a `ProfileId` is given, its profile's own assignment.
    /// `Username` and `LastName` have to be among the fields.
    pub fn add_user(&self, fields: &[(&str, Json)]) -> Result<String> {
        for needed in ["Username", "LastName"] {
            if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(needed)) {
                return Err(Error::new(ErrorKind::Invalid, format!("A user needs a `{needed}`")));
            }
        }
        let user = self.insert("User", fields)?;
        self.insert("UserLogin", &[("UserId", Json::from(user.as_str()))])?;
        let profile = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("ProfileId"));
        if let Some((_, Json::String(profile))) = profile {
            let set = self.own_set(profile)?;
            self.insert(
                "PermissionSetAssignment",
                &[
                    ("AssigneeId", Json::from(user.as_str())),
                    ("PermissionSetId", Json::from(set)),
                    ("IsActive", Json::from(true)),
                ],
            )?;
        }
        Ok(user)
    }

    fn own_set(&self, profile: &str) -> Result<String> {
        let id = parsed(profile)?;
        let state = self.read();
        let row = state.find(Object::Profile, id).ok_or_else(|| missing(profile))?;
        Ok(state.world.id(Object::PermissionSet, row).to_string())
    }

    /// Adds a row to an object and says its id. Fields left out are null or false.
    pub fn insert(&self, object: &str, fields: &[(&str, Json)]) -> Result<String> {
        let object = known(object)?;
        let mut row = Row::new(object);
        for (name, json) in fields {
            let place = placed(object, name)?;
            row = row.with(schema::fields(object)[place].name, converted(object, place, json)?);
        }
        let now = Value::DateTime(now());
        let mut state = self.write();
        let administrator = state.world.id(Object::User, 1);
        row = row
            .with("CreatedDate", now.clone())
            .with("CreatedById", administrator)
            .with("LastModifiedDate", now.clone())
            .with("LastModifiedById", administrator)
            .with("SystemModstamp", now);
        let index = state.table_mut(object).push(row);
        if object == Object::User {
            rename(&mut state, index);
        }
        Ok(state.world.id(object, index).to_string())
    }

    /// Changes one field of a record, and its time stamps.
    pub fn set(&self, id: &str, field: &str, json: impl Into<Json>) -> Result<()> {
        let mut state = self.write();
        let (object, index) = state.locate(parsed(id)?).ok_or_else(|| missing(id))?;
        let place = placed(object, field)?;
        let value = converted(object, place, &json.into())?;
        state.table_mut(object).set(index, place, value.clone());
        for stamp in ["LastModifiedDate", "SystemModstamp"] {
            if let Some(place) = schema::place(object, stamp) {
                state.table_mut(object).set(index, place, Value::DateTime(now()));
            }
        }
        if object == Object::User {
            rename(&mut state, index);
            follow_profile(&mut state, index, schema::fields(object)[place].name, &value);
        }
        Ok(())
    }

    /// Removes a record; for an assignment that is what revoking does. A user vanishes from every answer.
    pub fn remove(&self, id: &str) -> Result<()> {
        let mut state = self.write();
        let (object, index) = state.locate(parsed(id)?).ok_or_else(|| missing(id))?;
        state.table_mut(object).remove(index);
        Ok(())
    }

    /// Sets a user's `IsActive` to false.
    pub fn deactivate(&self, user: &str) -> Result<()> {
        self.set(user, "IsActive", false)
    }

    /// Sets a user's `IsActive` to true.
    pub fn activate(&self, user: &str) -> Result<()> {
        self.set(user, "IsActive", true)
    }

    /// Freezes or unfreezes a user.
    pub fn freeze(&self, user: &str, frozen: bool) -> Result<()> {
        self.set_login(user, "IsFrozen", frozen)
    }

    /// Locks a user's password, as too many wrong ones do, or unlocks it.
    pub fn lock_password(&self, user: &str, locked: bool) -> Result<()> {
        self.set_login(user, "IsPasswordLocked", locked)
    }

    fn set_login(&self, user: &str, field: &str, value: bool) -> Result<()> {
        let login = {
            let state = self.read();
            let id = parsed(user)?;
            let rows = state.of_user(Object::UserLogin, placed(Object::UserLogin, "UserId")?, id);
            let row = rows.and_then(|rows| rows.first().copied()).ok_or_else(|| missing(user))?;
            state.world.id(Object::UserLogin, row).to_string()
        };
        self.set(&login, field, value)
    }

    /// Assigns a permission set and says the id of the assignment.
    pub fn assign_permission_set(&self, user: &str, set: &str) -> Result<String> {
        self.insert(
            "PermissionSetAssignment",
            &[("AssigneeId", Json::from(user)), ("PermissionSetId", Json::from(set)), ("IsActive", Json::from(true))],
        )
    }

    /// Switches an optional object on or off; an object that is off is unknown to every resource.
    pub fn set_available(&self, object: &str, available: bool) -> Result<()> {
        let object = known(object)?;
        self.write().set_available(object, available);
        Ok(())
    }

    /// Changes what the integration user may do.
    pub fn set_rights(&self, rights: Rights) {
        self.write().set_rights(rights);
    }
}

impl fmt::Debug for Org {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Org").field("users", &self.read().table(Object::User).count()).finish_non_exhaustive()
    }
}

fn now() -> i64 {
    Timestamp::now().as_millisecond() / 1_000 * 1_000
}

/// Keeps `Name` the sum of its parts.
fn rename(state: &mut State, index: u64) {
    let first = state.named(Object::User, index, "FirstName");
    let last = state.named(Object::User, index, "LastName");
    if let Some(place) = schema::place(Object::User, "Name") {
        state.table_mut(Object::User).set(index, place, people::full_name(&first, &last));
    }
}

/// Lets the profile's own assignment follow a change of profile.
fn follow_profile(state: &mut State, index: u64, field: &str, value: &Value) {
    if field != "ProfileId" || index >= state.world.users {
        return;
    }
    let set = match value {
        Value::Id(profile) => state.world.index(Object::Profile, *profile),
        _ => None,
    };
    let place = schema::place(Object::PermissionSetAssignment, "PermissionSetId");
    if let (Some(set), Some(place)) = (set, place) {
        let row = index * state.world.stride;
        let id = state.world.id(Object::PermissionSet, set);
        state.table_mut(Object::PermissionSetAssignment).set(row, place, Value::Id(id));
    }
}

fn known(object: &str) -> Result<Object> {
    Object::named(object)
        .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("The sandbox has no object `{object}`")))
}

fn parsed(id: &str) -> Result<Id> {
    Id::parse(id).ok_or_else(|| Error::new(ErrorKind::Invalid, format!("`{id}` is not a record id")))
}

fn missing(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("The sandbox has no record `{id}`"))
}

fn placed(object: Object, field: &str) -> Result<usize> {
    schema::place(object, field)
        .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("`{}` has no field `{field}`", object.name())))
}

fn converted(object: Object, place: usize, json: &Json) -> Result<Value> {
    let field = &schema::fields(object)[place];
    value::from_json(json, field.kind).ok_or_else(|| {
        Error::new(ErrorKind::Invalid, format!("`{json}` is no {} for `{}`", field.kind.name(), field.name))
    })
}
