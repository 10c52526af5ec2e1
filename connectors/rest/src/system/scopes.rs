//! The names that expressions can use at each place.

use crate::expression::Names;

type Known = &'static [(&'static str, Names)];

const SUBJECT: Names = Names::Only(&["id", "name", "alias", "item"]);

pub(super) const NOTHING: Known = &[];
pub(super) const BODY: Known = &[("body", Names::Any)];
pub(super) const RESPONSE: Known = &[("status", Names::Value), ("body", Names::Any)];
pub(super) const ITEM: Known = &[("item", Names::Any)];
pub(super) const PARENT: Known = &[("parent", SUBJECT)];
pub(super) const ITEM_OF_PARENT: Known = &[("item", Names::Any), ("parent", SUBJECT)];
pub(super) const ID: Known = &[("id", Names::Value)];
pub(super) const NAME: Known = &[("name", Names::Value)];
pub(super) const SINCE: Known = &[("since", Names::Value)];
pub(super) const PAIR: Known = &[("entitlement", SUBJECT), ("account", SUBJECT)];
pub(super) const CREATE: Known = &[("name", Names::Value), ("password", Names::Value), ("attributes", Names::Any)];
pub(super) const ACCOUNT: Known = &[("account", SUBJECT)];
pub(super) const UPDATE: Known = &[("account", SUBJECT), ("attributes", Names::Any)];
pub(super) const PASSWORD: Known = &[("account", SUBJECT), ("password", Names::Value)];
pub(super) const GRANT: Known = &[("account", SUBJECT), ("entitlement", SUBJECT), ("until", Names::Value)];
