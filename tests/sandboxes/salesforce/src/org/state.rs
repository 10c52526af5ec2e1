//! The whole org: the generated world, its tables, what is available.

use std::collections::HashSet;

use super::catalog;
use super::holdings;
use super::object::Object;
use super::schema;
use super::table::Table;
use super::value::Value;
use super::world::World;
use crate::id::Id;
use crate::options::{Options, Rights};

/// A record: which object, which row.
pub(crate) type Record = (Object, u64);

/// The whole org.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) world: World,
    tables: Vec<Table>,
    unavailable: HashSet<Object>,
    /// Fields hidden from the integration user.
    hidden: HashSet<(Object, usize)>,
    pub(crate) rights: Rights,
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
            tables: (0..Object::COUNT).map(|_| Table::default()).collect(),
            unavailable: HashSet::new(),
            hidden: HashSet::new(),
            rights: Rights::default(),
        };
        catalog::fill(&mut state);
        if !options.territories {
            state.unavailable.extend([Object::Territory2, Object::Territory2Model, Object::UserTerritory2Association]);
        }
        state.set_rights(options.rights.clone());
        state
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
            Object::UserLogin | Object::LoginHistory => rights.manage_users,
            Object::UserRole => rights.view_roles || rights.view_setup,
            Object::PermissionSet | Object::PermissionSetLicenseAssign => {
                rights.view_setup || rights.assign_permission_sets
            }
            Object::PermissionSetAssignment => {
                rights.view_setup || rights.assign_permission_sets || rights.manage_users
            }
            Object::PermissionSetGroup | Object::PermissionSetGroupComponent | Object::PermissionSetLicense => {
                rights.view_setup
            }
            _ => true,
        };
        allowed && !self.unavailable.contains(&object)
    }

    /// The place of a field that the integration user sees.
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

    /// The record that an id names, of whatever object.
    pub(crate) fn locate(&self, id: Id) -> Option<Record> {
        let object = Object::with_prefix(id.prefix())?;
        self.find(object, id).map(|index| (object, index))
    }

    /// The rows of `object` whose `field` names the user `user`, where that can be said without a scan.
    pub(crate) fn of_user(&self, object: Object, field: usize, user: Id) -> Option<Vec<u64>> {
        let by_user = matches!(
            (object, schema::fields(object)[field].name),
            (Object::PermissionSetAssignment | Object::PermissionSetLicenseAssign, "AssigneeId")
                | (Object::GroupMember, "UserOrGroupId")
                | (
                    Object::UserPackageLicense
                        | Object::UserLogin
                        | Object::UserTerritory2Association
                        | Object::LoginHistory,
                    "UserId"
                )
        );
        if !by_user {
            return None;
        }
        let table = self.table(object);
        let mut rows = Vec::new();
        if let Some(index) = self.world.index(Object::User, user)
            && index < self.world.users
        {
            rows.extend(holdings::of_user(&self.world, object, index).filter(|row| table.has(*row)));
        }
        rows.extend(table.stored().filter(|row| self.value(object, *row, field) == Value::Id(user)));
        Some(rows)
    }

    /// The user with this username, whatever its case.
    pub(crate) fn user_named(&self, username: &str) -> Option<u64> {
        let place = schema::place(Object::User, "Username")?;
        let fits = |index: &u64| {
            self.table(Object::User).has(*index)
                && self
                    .value(Object::User, *index, place)
                    .text()
                    .is_some_and(|known| known.eq_ignore_ascii_case(username))
        };
        // Generated usernames end in the row number.
        let guess = username.split('@').next().and_then(|local| local.rsplit('.').next()?.parse().ok());
        guess.filter(fits).or_else(|| (0..self.table(Object::User).end()).find(fits))
    }
}
