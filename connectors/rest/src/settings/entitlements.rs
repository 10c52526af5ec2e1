//! Entitlements.

use super::{AttributeForm, ListSettings, PageForm};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// A type of entitlement: a list of the API, or the ones that the settings name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntitlementSettings {
    /// The name for people.
    pub(crate) title: Option<String>,
    /// What holding one means, in a sentence.
    pub(crate) description: Option<String>,
    /// Instead of a list: the entitlements that exist, by id, each with its name for people.
    pub(crate) fixed: Option<BTreeMap<String, String>>,
    /// The path of the list.
    pub(crate) get: Option<String>,
    /// Instead of `get`: the path of a list that is asked for by POST.
    pub(crate) post: Option<String>,
    /// With `post`: the body. What `page` sends goes into it: `as` is then the name of a member, or its JSON pointer.
    pub(crate) body: Option<Value>,
    /// Query parameters.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Value>,
    /// The JSON pointer of the list in the body. Default: the body is the list.
    pub(crate) items: Option<String>,
    /// How the list continues, and what proves its end.
    pub(crate) page: Option<PageForm>,
    /// An expression over `item`: whether it is one. Default: all are.
    pub(crate) keep: Option<String>,
    /// The number of items after which the API stops. A list that reaches it is an error.
    pub(crate) max_items: Option<NonZeroU64>,
    /// How an item becomes an entitlement.
    pub(crate) map: Option<EntitlementMap>,
}

impl EntitlementSettings {
    pub(crate) fn list(&self) -> Option<ListSettings<'_>> {
        self.get.as_ref().or(self.post.as_ref())?;
        Some(ListSettings {
            get: self.get.as_deref(),
            post: self.post.as_deref(),
            body: self.body.as_ref(),
            query: &self.query,
            items: self.items.as_deref(),
            page: self.page.as_ref(),
            keep: self.keep.as_deref(),
            max_items: self.max_items,
        })
    }
}

/// How an item becomes an entitlement. All are expressions over `item`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntitlementMap {
    /// The id, which never changes.
    pub(crate) id: String,
    /// The name for people. Default: the same as `id`.
    pub(crate) name: Option<String>,
    /// What it is for.
    pub(crate) description: Option<String>,
    /// What lists of members call it, if that is not the id.
    pub(crate) alias: Option<String>,
    /// The attributes by name.
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, AttributeForm>,
}
