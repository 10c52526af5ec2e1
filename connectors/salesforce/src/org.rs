//! The org, and what is known of it.

use crate::api::Rest;
use crate::assignments::read::Groups;
use crate::entitlements::data_permissions::DataPermissions;
use crate::users::Accounts;

/// The org, and what is known of it.
#[derive(Clone, Copy)]
pub(crate) struct Org<'a> {
    pub(crate) rest: &'a Rest,
    pub(crate) accounts: &'a Accounts,
    pub(crate) groups: &'a Groups,
    pub(crate) data: &'a DataPermissions,
}
