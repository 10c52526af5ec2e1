//! The whole org: its generated data, its tables, and which objects are available.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};

use super::blocker::Blocker;
use super::catalog;
use super::holdings;
use super::object::Object;
use super::password::Passwords;
use super::schema;
use super::table::{Row, Table};
use super::undo::Undo;
use super::unique::Unique;
use super::value::Value;
use super::world::World;
use crate::id::Id;
use crate::options::{Options, Rights};
use crate::writes::Journal;

/// A record: which object, which row.
pub(crate) type Record = (Object, u64);

/// How many rows there are for each value of a reference field.
pub(crate) type Counts = HashMap<Option<Id>, u64>;

/// The whole org.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) world: World,
    tables: Vec<Table>,
    unavailable: HashSet<Object>,
    /// Fields hidden from the integration user.
    hidden: HashSet<(Object, usize)>,
    pub(crate) rights: Rights,
    /// Usernames that users of other orgs have.
    pub(crate) elsewhere: HashSet<String>,
    /// Users that can't be deactivated, and why.
    pub(crate) blockers: HashMap<u64, Blocker>,
    /// Whether a changed email address waits until the user confirms it.
    pub(crate) confirms_emails: bool,
    pub(crate) passwords: Passwords,
    /// The writes over HTTP.
    pub(crate) journal: Journal,
    pub(super) unique: Unique,
    /// What the org was started with.
    options: Options,
    as_made: OnceLock<Box<State>>,
    /// Counts of generated rows as the org was made, by statement.
    pub(crate) counted: Mutex<HashMap<String, Arc<Counts>>>,
    /// How to undo the changes since the last commit.
    pub(super) undo: Vec<Undo>,
}

impl State {
    pub(crate) fn new(options: &Options) -> Self {
        let held = u64::from(options.assignments_per_user.min(40));
        let world = World {
            seed: options.seed,
            users: options.users.max(1),
            held,
            territories: options.territories,
            username: options.username.clone(),
            stride: held.max(1),
            ..World::default()
        };
        let mut state = Self {
            world,
            tables: Object::all().map(|object| Table::held_by(holder(object))).collect(),
            unavailable: HashSet::new(),
            hidden: HashSet::new(),
            rights: Rights::default(),
            elsewhere: HashSet::new(),
            blockers: HashMap::new(),
            confirms_emails: false,
            passwords: Passwords::new(),
            journal: Journal::default(),
            unique: Unique::default(),
            options: options.clone(),
            as_made: OnceLock::new(),
            counted: Mutex::default(),
            undo: Vec::new(),
        };
        catalog::fill(&mut state);
        if !options.territories {
            state.unavailable.extend([Object::Territory2, Object::Territory2Model, Object::UserTerritory2Association]);
        }
        state.set_rights(options.rights.clone());
        state
    }

    /// The same org without any change.
    pub(crate) fn as_made(&self) -> &Self {
        self.as_made.get_or_init(|| Box::new(Self::new(&self.options)))
    }

    pub(crate) fn set_rights(&mut self, rights: Rights) {
        self.hidden = rights
            .hidden_fields
            .iter()
            .filter_map(|name| {
                let (object, field) = name.split_once('.')?;
                let object = Object::named(object)?;
                Some((object, schema::place(object, field)?))
            })
            .collect();
        if !rights.manage_users
            && let Some(place) = schema::place(Object::User, "NumberOfFailedLogins")
        {
            self.hidden.insert((Object::User, place));
        }
        self.rights = rights;
    }

    pub(crate) fn set_available(&mut self, object: Object, available: bool) {
        if available {
            self.unavailable.remove(&object);
        } else {
            self.unavailable.insert(object);
        }
    }

    /// Whether the integration user sees the object at all.
    pub(crate) fn sees(&self, object: Object) -> bool {
        let rights = &self.rights;
        let allowed = match object {
            Object::UserLogin | Object::LoginHistory | Object::AuthSession | Object::OauthToken => rights.manage_users,
            Object::UserRole => rights.view_roles || rights.view_setup,
            Object::PermissionSet | Object::PermissionSetLicenseAssign => {
                rights.view_setup || rights.assign_permission_sets
            }
            Object::PermissionSetAssignment => {
                rights.view_setup || rights.assign_permission_sets || rights.manage_users
            }
            Object::PermissionSetGroup
            | Object::PermissionSetGroupComponent
            | Object::PermissionSetLicense
            | Object::MutingPermissionSet
            | Object::SetupAuditTrail
            | Object::CustomPermission
            | Object::SetupEntityAccess
            | Object::BotDefinition
            | Object::NamedCredential
            | Object::ObjectPermissions
            | Object::FieldPermissions => rights.view_setup,
            Object::ConnectedApplication | Object::ExternalClientApplication => {
                rights.view_setup && rights.customize_application
            }
            _ => true,
        };
        allowed && !self.unavailable.contains(&object)
    }

    /// The index of a field that the integration user sees.
    pub(crate) fn field(&self, object: Object, name: &str) -> Option<usize> {
        schema::place(object, name).filter(|place| self.sees_field(object, *place))
    }

    pub(crate) fn sees_field(&self, object: Object, place: usize) -> bool {
        self.hidden.is_empty() || !self.hidden.contains(&(object, place))
    }

    pub(crate) fn table(&self, object: Object) -> &Table {
        &self.tables[object.place()]
    }

    pub(crate) fn table_mut(&mut self, object: Object) -> &mut Table {
        &mut self.tables[object.place()]
    }

    /// The value of a field of an existing row.
    pub(crate) fn value(&self, object: Object, index: u64, field: usize) -> Value {
        if field == 0 {
            return Value::Id(self.world.id(object, index));
        }
        if let Some(value) = self.table(object).value(index, field) {
            return value;
        }
        match schema::fields(object)[field].make {
            Some(make) => make(&self.world, index),
            None => Value::Null,
        }
    }

    /// The value of a field by its name.
    pub(crate) fn named(&self, object: Object, index: u64, field: &str) -> Value {
        schema::place(object, field).map_or(Value::Null, |place| self.value(object, index, place))
    }

    /// The row of this object that an id names.
    pub(crate) fn find(&self, object: Object, id: Id) -> Option<u64> {
        self.world.index(object, id).filter(|index| self.table(object).has(*index))
    }

    /// The record with this id, of any object.
    pub(crate) fn locate(&self, id: Id) -> Option<Record> {
        let object = Object::with_prefix(id.prefix())?;
        self.find(object, id).map(|index| (object, index))
    }

    /// Changes a field of a row.
    pub(crate) fn set(&mut self, object: Object, index: u64, field: usize, value: Value) {
        if object == Object::User {
            self.unique.note(field, &value, index);
        }
        let earlier = self.table_mut(object).set(index, field, value);
        self.undo.push(Undo::Unset { object, index, field, earlier });
    }

    /// Changes a field of a row by its name. Ignores a name that the object does not have.
    pub(crate) fn set_named(&mut self, object: Object, index: u64, field: &str, value: impl Into<Value>) {
        if let Some(place) = schema::place(object, field) {
            self.set(object, index, place, value.into());
        }
    }

    /// Appends a row and returns its number.
    pub(crate) fn push(&mut self, object: Object, row: Row) -> u64 {
        let index = self.table(object).end();
        if object == Object::User {
            for field in 0..schema::fields(object).len() {
                self.unique.note(field, row.value(field), index);
            }
        }
        self.undo.push(Undo::Pop(object));
        self.table_mut(object).push(row)
    }

    /// Removes a row; false if it was already removed.
    pub(crate) fn remove(&mut self, object: Object, index: u64) -> bool {
        let removed = self.table_mut(object).remove(index);
        if removed {
            self.undo.push(Undo::Restore(object, index));
        }
        removed
    }

    /// The rows of `object` whose `field` is `holder`, a user or a group; `None` if that needs a scan.
    pub(crate) fn of_holder(&self, object: Object, field: usize, holding: Id) -> Option<Vec<u64>> {
        if holder(object) != Some(field) {
            return None;
        }
        let table = self.table(object);
        let mut rows = Vec::new();
        if let Some(index) = self.world.index(Object::User, holding)
            && index < self.world.users
        {
            rows.extend(holdings::of_user(&self.world, object, index));
        }
        rows.extend_from_slice(table.once_held(holding));
        rows.sort_unstable();
        rows.dedup();
        rows.retain(|row| table.has(*row) && self.value(object, *row, field) == Value::Id(holding));
        Some(rows)
    }

    /// The login row of a user.
    pub(crate) fn login_of(&self, user: Id) -> Option<u64> {
        self.held(Object::UserLogin, user).first().copied()
    }

    /// What a user holds: the object of each assignment and the id of what it gives.
    pub(crate) fn holdings(&self, user: Id) -> Vec<(Object, Id)> {
        let mut held = Vec::new();
        for (object, field) in [
            (Object::PermissionSetAssignment, "PermissionSetId"),
            (Object::PermissionSetLicenseAssign, "PermissionSetLicenseId"),
            (Object::GroupMember, "GroupId"),
            (Object::UserPackageLicense, "PackageLicenseId"),
            (Object::UserTerritory2Association, "Territory2Id"),
        ] {
            for row in self.held(object, user) {
                let group = self.named(object, row, "PermissionSetGroupId").id();
                let given = group.or_else(|| self.named(object, row, field).id());
                held.extend(given.filter(|id| !self.is_own_set(*id)).map(|id| (object, id)));
            }
        }
        held
    }

    /// Whether an id is that of a permission set which a profile owns.
    pub(crate) fn is_own_set(&self, id: Id) -> bool {
        self.find(Object::PermissionSet, id)
            .is_some_and(|row| self.named(Object::PermissionSet, row, "IsOwnedByProfile") == Value::Bool(true))
    }

    /// The rows of `object` that belong to a user or a group; none if the object has no holder.
    pub(crate) fn held(&self, object: Object, holding: Id) -> Vec<u64> {
        holder(object).and_then(|field| self.of_holder(object, field, holding)).unwrap_or_default()
    }
}

/// The field that names the holder of a row.
fn holder(object: Object) -> Option<usize> {
    let field = match object {
        Object::PermissionSetAssignment | Object::PermissionSetLicenseAssign => "AssigneeId",
        Object::GroupMember => "UserOrGroupId",
        Object::UserPackageLicense
        | Object::UserLogin
        | Object::UserTerritory2Association
        | Object::LoginHistory
        | Object::OauthToken => "UserId",
        Object::AuthSession => "UsersId",
        _ => return None,
    };
    schema::place(object, field)
}
