//! Assignments.

use super::{ListSettings, MissingValue, PageForm};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// Where the API lists who holds what: a list of its own (`get`), a list for each entitlement or account (`for_each` and `get`), or a
/// list inside of each account or entitlement (`embedded`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignmentSettings {
    /// A type of entitlement, or `accounts`: `get` is then read for each of them, as `parent`.
    pub(crate) for_each: Option<String>,
    /// A type of entitlement, or `accounts`: `items` is then a list inside of each of them.
    pub(crate) embedded: Option<String>,
    /// The path of the list. With `for_each`, it has `{parent.id}`.
    pub(crate) get: Option<String>,
    /// Instead of `get`: the path of a list that is asked for by POST.
    pub(crate) post: Option<String>,
    /// With `post`: the body. What `page` sends goes into it: `as` is then the name of a member, or its JSON pointer.
    pub(crate) body: Option<Value>,
    /// Query parameters.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Value>,
    /// The JSON pointer of the list in the body, or with `embedded`, in the item. Default: the body is the list, and with
    /// `embedded`, the item itself is the only one.
    pub(crate) items: Option<String>,
    /// With `embedded`: what an item without the list means. `empty`: it has none. Default: it is an error.
    pub(crate) missing: Option<MissingValue>,
    /// How the list continues, and what proves its end.
    pub(crate) page: Option<PageForm>,
    /// An expression over `item` and `parent`: whether it is an assignment. Default: all are.
    pub(crate) keep: Option<String>,
    /// The number of items after which the API stops. A list that reaches it is an error.
    pub(crate) max_items: Option<NonZeroU64>,
    /// How an item becomes an assignment.
    pub(crate) map: AssignmentMap,
    /// With `for_each` of a type: a request that shows whether one account holds one entitlement, so that plans need not read
    /// the whole list.
    pub(crate) lookup: Option<LookupSettings>,
}

impl AssignmentSettings {
    pub(crate) fn list(&self) -> Option<ListSettings<'_>> {
        self.get.as_ref().or(self.post.as_ref())?;
        Some(ListSettings {
            get: self.get.as_deref(),
            post: self.post.as_deref(),
            body: self.body.as_ref(),
            query: &self.query,
            items: self.items.as_deref(),
            page: self.page.as_ref(),
            keep: None,
            max_items: self.max_items,
        })
    }
}

/// How an item becomes an assignment. All are expressions over `item` and `parent`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AssignmentMap {
    /// The id of the account that holds it. With a list of or in each account, it is that account.
    pub(crate) account: Option<String>,
    /// Instead: the alias of the account or entitlement that holds it.
    pub(crate) alias: Option<String>,
    /// Instead: the entitlement that holds it, by its type.
    pub(crate) holder: Option<BTreeMap<String, String>>,
    /// What is held, by its type: `{group: item.group_id}`. With a list of or in each entitlement, it is that entitlement.
    pub(crate) entitlement: Option<BTreeMap<String, String>>,
    /// Whether it has effect: true or false, or `active`, `inactive` or `scheduled`. Default: true.
    pub(crate) state: Option<String>,
    /// When it ends.
    pub(crate) expires: Option<String>,
    /// The entitlement that gave it, by its type.
    pub(crate) through: Option<BTreeMap<String, String>>,
    /// Values of the assignment itself, such as the role of a member.
    pub(crate) attributes: BTreeMap<String, String>,
}

/// A request that shows whether one account holds one entitlement.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupSettings {
    /// The path, with `{entitlement.id}` and `{account.id}`.
    pub(crate) get: String,
    /// Query parameters.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Value>,
    /// The statuses that say that it does not. Default: 404.
    pub(crate) absent: Option<Vec<u16>>,
    /// An expression over `body`: whether it does. Default: any answer with success says so.
    pub(crate) when: Option<String>,
    /// The JSON pointer of the assignment in the response, if it has the form of the items of the list. An empty text is the whole
    /// body. Without it, a list with `expires` is read instead.
    pub(crate) item: Option<String>,
}
