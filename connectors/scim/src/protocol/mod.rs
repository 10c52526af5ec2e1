//! The SCIM protocol: what a server says about itself, its lists and its resources.

mod builtin;
mod discovery;
mod list;
mod object;
mod path;
mod schema;
mod service;
mod shared;
mod split;
mod spool;

pub(crate) use discovery::{Discovery, ResourceType};
pub(crate) use list::{Listed, Rows};
pub(crate) use object::{Object, items, text};
pub(crate) use path::{quoted, resource};
pub(crate) use schema::Attribute;
pub(crate) use service::{Members, Service};
pub(crate) use spool::Spooled;

/// The schema of users.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The extension for employees.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
