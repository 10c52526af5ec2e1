//! What can be written at all, and what the integration user may write.

use super::object::Object;
use super::state::State;

/// Which writes of an object are possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) create: bool,
    pub(crate) update: bool,
    pub(crate) delete: bool,
}

impl Calls {
    /// What a user with all permissions may do.
    pub(crate) fn documented(object: Object) -> Self {
        let (create, update, delete, _) = object.calls();
        Self { create, update, delete }
    }
}

impl State {
    /// What the integration user may do. It manages people, not the org: profiles, sets and groups are read-only to it.
    pub(crate) fn calls(&self, object: Object) -> Calls {
        let may = match object {
            Object::User
            | Object::UserLogin
            | Object::AuthSession
            | Object::OauthToken
            | Object::GroupMember
            | Object::UserPackageLicense
            | Object::UserTerritory2Association => self.rights.manage_users,
            Object::PermissionSetAssignment | Object::PermissionSetLicenseAssign => self.rights.assign_permission_sets,
            _ => false,
        };
        let Calls { create, update, delete } = Calls::documented(object);
        Calls { create: create && may, update: update && may, delete: delete && may }
    }
}
