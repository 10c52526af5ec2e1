//! The names that expressions can use at each place.

use crate::expression::Names;

type Known = &'static [(&'static str, Names)];

const SUBJECT: Names = Names::Only(&["id", "name", "alias", "item"]);

pub(super) const NOTHING: Known = &[];
/// The times of a list that is read in parts.
pub(super) const PART: Known = &[("from", Names::Value), ("to", Names::Value)];
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
/// The requests after a create have the new id.
pub(super) const AFTER: Known =
    &[("id", Names::Value), ("name", Names::Value), ("password", Names::Value), ("attributes", Names::Any)];
pub(super) const JOB: Known = &[("job", Names::Value)];
/// What `find` and `read` give to the request of an operation. Using one that the operation has not is a fault of its own.
const FOUND: (&str, Names) = ("found", Names::Any);
const READ: (&str, Names) = ("read", Names::Any);
pub(super) const ACCOUNT: Known = &[("account", SUBJECT), FOUND, READ];
pub(super) const UPDATE: Known = &[("account", SUBJECT), ("attributes", Names::Any), FOUND, READ];
pub(super) const PASSWORD: Known = &[("account", SUBJECT), ("password", Names::Value), FOUND, READ];
pub(super) const GRANT: Known = &[
    ("account", SUBJECT),
    ("entitlement", SUBJECT),
    ("until", Names::Value),
    // The attributes of the assignment that there is already.
    ("held", Names::Any),
    FOUND,
    READ,
];
/// The item that `find` looks for.
pub(super) const FIND_OF_ACCOUNT: Known = &[("account", SUBJECT), ("item", Names::Any)];
pub(super) const FIND_OF_GRANT: Known = &[("account", SUBJECT), ("entitlement", SUBJECT), ("item", Names::Any)];
