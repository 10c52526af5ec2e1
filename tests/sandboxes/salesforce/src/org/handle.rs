//! How tests inspect and change the org.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use connector_core::{Error, ErrorKind, Result};
use jiff::Timestamp;
use serde_json::Value as Json;

use super::blocker::Blocker;
use super::object::Object;
use super::schema;
use super::state::State;
use super::table::Row;
use super::upkeep::Author;
use super::value::{self, Value};
use crate::id::Id;
use crate::options::{Options, Rights};
use crate::writes::Write;

/// The simulated org, as its administrator sees it. Cheap to clone; every clone is the same org.
#[derive(Clone)]
pub struct Org {
    state: Arc<RwLock<State>>,
    /// How far the org's clock is ahead of this machine's, in milliseconds.
    passed: Arc<AtomicI64>,
}

impl Org {
    pub(crate) fn new(options: &Options) -> Self {
        Self { state: Arc::new(RwLock::new(State::new(options))), passed: Arc::default() }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the org's clock is ahead of this machine's, in milliseconds.
    pub(crate) fn passed(&self) -> i64 {
        self.passed.load(Ordering::Relaxed)
    }

    /// Lets time pass in the org: later changes have later time stamps, and answers say a later time. Sign-ins don't notice.
    pub fn let_time_pass(&self, time: Duration) {
        self.passed.fetch_add(i64::try_from(time.as_millis()).unwrap_or(0), Ordering::Relaxed);
    }

    fn administrator(&self, state: &State) -> Author {
        let now = (Timestamp::now().as_millisecond() + self.passed()) / 1_000 * 1_000;
        Author { user: state.world.id(Object::User, 1), now }
    }

    /// How many rows each object has; objects that are turned off are left out.
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
        let row = filled(Object::User, fields)?;
        let mut state = self.write();
        let author = self.administrator(&state);
        let user = state.insert(Object::User, row, author);
        state.settle(user, author);
        state.commit();
        Ok(state.world.id(Object::User, user).to_string())
    }

    /// Adds a row to an object and returns its id. Fields left out are null or false.
    pub fn insert(&self, object: &str, fields: &[(&str, Json)]) -> Result<String> {
        let object = known(object)?;
        let row = filled(object, fields)?;
        let mut state = self.write();
        let author = self.administrator(&state);
        let index = state.insert(object, row, author);
        state.commit();
        Ok(state.world.id(object, index).to_string())
    }

    /// Changes one field of a record, and its time stamps.
    pub fn set(&self, id: &str, field: &str, json: impl Into<Json>) -> Result<()> {
        let mut state = self.write();
        let (object, index) = state.locate(parsed(id)?).ok_or_else(|| missing(id))?;
        let place = placed(object, field)?;
        let value = converted(object, place, &json.into())?;
        let author = self.administrator(&state);
        state.change((object, index), vec![(place, value)], author);
        state.commit();
        Ok(())
    }

    /// Removes a record; an assignment is revoked this way. A removed user is in no response.
    pub fn remove(&self, id: &str) -> Result<()> {
        let mut state = self.write();
        let (object, index) = state.locate(parsed(id)?).ok_or_else(|| missing(id))?;
        let author = self.administrator(&state);
        state.take_away((object, index), author);
        state.commit();
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
        self.set(&self.login_of(user)?, field, value)
    }

    /// Assigns a permission set and returns the id of the assignment.
    pub fn assign_permission_set(&self, user: &str, set: &str) -> Result<String> {
        self.insert(
            "PermissionSetAssignment",
            &[("AssigneeId", Json::from(user)), ("PermissionSetId", Json::from(set)), ("IsActive", Json::from(true))],
        )
    }

    /// Leaves this many free seats in a license (`UserLicense`, `PermissionSetLicense` or `PackageLicense`).
    pub fn set_free_seats(&self, license: &str, seats: u64) -> Result<()> {
        let mut state = self.write();
        let record = state.locate(parsed(license)?).ok_or_else(|| missing(license))?;
        state.leave_seats(record, i64::try_from(seats).unwrap_or(i64::MAX / 2));
        state.commit();
        Ok(())
    }

    /// Blocks the deactivation of a user over HTTP; `None` allows it again.
    pub fn block_deactivation(&self, user: &str, blocker: Option<Blocker>) -> Result<()> {
        let mut state = self.write();
        let index = state.find(Object::User, parsed(user)?).ok_or_else(|| missing(user))?;
        match blocker {
            Some(blocker) => state.blockers.insert(index, blocker),
            None => state.blockers.remove(&index),
        };
        Ok(())
    }

    /// Whether a changed email address takes effect only when the user has confirmed it. To confirm one, [`set`](Self::set) it.
    pub fn confirm_emails(&self, required: bool) {
        self.write().confirms_emails = required;
    }

    /// Reserves a username for a user of another org that is not visible here.
    pub fn take_username_elsewhere(&self, username: &str) {
        self.write().elsewhere.insert(username.to_lowercase());
    }

    /// The value of a field, as the API writes it.
    pub fn field(&self, id: &str, field: &str) -> Result<Json> {
        let state = self.read();
        let (object, index) = state.locate(parsed(id)?).ok_or_else(|| missing(id))?;
        let mut text = Vec::new();
        state.value(object, index, placed(object, field)?).write(&mut text);
        serde_json::from_slice(&text).map_err(|cause| {
            Error::new(ErrorKind::Internal, "The sandbox wrote a value that is not JSON").with_cause(cause)
        })
    }

    /// The ids of everything that a user holds, each with the object that says so, for example
    /// `("GroupMember", "00G…")`. The profile's own permission set is left out; what comes through a permission set
    /// group is that group.
    pub fn holdings(&self, user: &str) -> Result<Vec<(&'static str, String)>> {
        let state = self.read();
        let user = parsed(user)?;
        state.find(Object::User, user).ok_or_else(|| missing(&user.to_string()))?;
        Ok(state.holdings(user).into_iter().map(|(object, id)| (object.name(), id.to_string())).collect())
    }

    /// The id of a user's `UserLogin` row.
    pub fn login_of(&self, user: &str) -> Result<String> {
        let state = self.read();
        let row = state.login_of(parsed(user)?).ok_or_else(|| missing(user))?;
        Ok(state.world.id(Object::UserLogin, row).to_string())
    }

    /// The latest 100,000 rows that clients wrote over HTTP, oldest first.
    pub fn writes(&self) -> Vec<Write> {
        self.read().journal.all()
    }

    /// Clears the list of writes; the org keeps the changes.
    pub fn clear_writes(&self) {
        self.write().journal.clear();
    }

    /// Turns an optional object on or off; no resource knows an object that is off.
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

fn filled(object: Object, fields: &[(&str, Json)]) -> Result<Row> {
    let mut row = Row::new(object);
    for (name, json) in fields {
        let place = placed(object, name)?;
        row.put(place, converted(object, place, json)?);
    }
    Ok(row)
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
