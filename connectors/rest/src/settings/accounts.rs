//! Accounts.

use super::{ListSettings, PageForm};
use connector_core::TimeSpan;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// The list of accounts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountsSettings {
    /// The path of the list, relative to `base_url`.
    pub(crate) get: Option<String>,
    /// Instead of `get`: the path of a list that is asked for by POST.
    pub(crate) post: Option<String>,
    /// With `post`: the body. What `page` sends goes into it: `as` is then the name of a member, or its JSON pointer.
    pub(crate) body: Option<Value>,
    /// Query parameters, such as the page size. With a list of values, a parameter is sent once for each.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Value>,
    /// The JSON pointer of the list in the body. Default: the body is the list.
    pub(crate) items: Option<String>,
    /// How the list continues, and what proves its end.
    pub(crate) page: PageForm,
    /// An expression over `item`: whether it is an account. Default: all are.
    pub(crate) keep: Option<String>,
    /// The number of items after which the API stops. A list that reaches it is an error, because more may exist.
    pub(crate) max_items: Option<NonZeroU64>,
    /// How the list is read in parts, if it has `max_items` or more.
    pub(crate) split: Option<SplitSettings>,
    /// How an item becomes an account. All are expressions over `item`.
    pub(crate) map: AccountMap,
    /// The request for one account.
    pub(crate) one: Option<OneSettings>,
    /// Whether the list shows too little of each account, so that each is read with `one`.
    #[serde(default)]
    pub(crate) detail: bool,
    /// The request that finds an account by its name.
    pub(crate) find: Option<FindSettings>,
    /// How the list shows only what changed.
    pub(crate) since: Option<SinceSettings>,
}

impl AccountsSettings {
    pub(crate) fn list(&self) -> ListSettings<'_> {
        ListSettings {
            get: self.get.as_deref(),
            post: self.post.as_deref(),
            body: self.body.as_ref(),
            query: &self.query,
            items: self.items.as_deref(),
            page: Some(&self.page),
            keep: self.keep.as_deref(),
            max_items: self.max_items,
        }
    }
}

/// How a list is read in parts: by a time that every account has and that never changes, such as when it was created. The list then asks
/// for the accounts from `{from}` on and before `{to}`. A part that is still too long is halved.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SplitSettings {
    /// How the API writes the times. Default: `rfc3339`.
    pub(crate) format: TimeFormat,
}

/// How an item becomes an account. All are expressions over `item`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountMap {
    /// The id, which never changes.
    pub(crate) id: String,
    /// The login name. Default: the same as `id`.
    pub(crate) name: Option<String>,
    /// The name for people.
    pub(crate) display_name: Option<String>,
    /// Whether the account may be used. Default: every account may.
    pub(crate) enabled: Option<String>,
    /// Whether it is blocked for now. Default: no account is.
    pub(crate) locked: Option<String>,
    /// Who uses it: `person`, `service`, `machine`, `guest`, `agent` or `unspecified`.
    pub(crate) kind: Option<String>,
    /// The id of the account that answers for it.
    pub(crate) owner: Option<String>,
    /// What lists of members call it, if that is not the id.
    pub(crate) alias: Option<String>,
    /// The attributes by name.
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, AttributeForm>,
}

/// An attribute: its expression, or more about it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum AttributeForm {
    /// The expression over `item`. The value is text.
    Expression(String),
    /// The expression and more.
    Settings(Box<AttributeSettings>),
}

/// An attribute.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributeSettings {
    /// The expression over `item`.
    pub(crate) from: String,
    /// The type of its values. Default: text.
    #[serde(rename = "type", default)]
    pub(crate) kind: ValueType,
    /// Whether it holds a list.
    #[serde(default)]
    pub(crate) list: bool,
    /// What an item without it means. Default: it has no value.
    #[serde(default)]
    pub(crate) missing: MissingValue,
    /// When plans can set it. Default: never.
    #[serde(default)]
    pub(crate) writable: WritableWhen,
    /// The JSON pointer where a create or update sends it, below the `attributes` of the operation. Default: its name.
    pub(crate) write: Option<String>,
    /// Whether creating an account needs it.
    #[serde(default)]
    pub(crate) required: bool,
    /// What it stands for in every system.
    pub(crate) meaning: Option<Meaning>,
    /// Whether a new value alone is no change, such as the time of the last login.
    #[serde(default)]
    pub(crate) quiet: bool,
    /// What it means, in a sentence.
    #[serde(default)]
    pub(crate) description: String,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ValueType {
    /// Text.
    #[default]
    Text,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// A moment, as the API writes it.
    DateTime,
    /// A day.
    Date,
    /// The id of another object.
    Reference,
    /// The id of another account. A plan can give its name instead, and a value that no account has is refused.
    Account,
    /// An object or a list.
    Json,
}

/// What an item without an attribute means.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissingValue {
    /// It has no value.
    #[default]
    Empty,
    /// The API hides it from this sign-in, so the last known value stays.
    Hidden,
}

/// When plans can set an attribute.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WritableWhen {
    /// Never.
    #[default]
    Never,
    /// When the account is created.
    OnCreate,
    /// At any time.
    Always,
}

/// What an attribute stands for in every system.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Meaning {
    /// The name that people log in with.
    LoginName,
    /// The e-mail address.
    Email,
    /// The first name.
    GivenName,
    /// The last name.
    FamilyName,
    /// The number in the personnel system.
    EmployeeNumber,
    /// The department.
    Department,
    /// The job title.
    Title,
    /// The id of the manager's account.
    Manager,
    /// When the account was made.
    Created,
    /// When it last signed in.
    LastLogin,
    /// When the password was last changed.
    PasswordChanged,
}

/// The request for one account.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneSettings {
    /// The path, with `{id}`.
    pub(crate) get: String,
    /// Query parameters.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Value>,
    /// The JSON pointer of the account in the body. Default: the body is the account.
    pub(crate) at: Option<String>,
    /// The statuses that say that it does not exist. Default: 404.
    pub(crate) absent: Option<Vec<u16>>,
}

/// The request that finds an account by its name. Its response has all accounts with that name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindSettings {
    /// The path of a GET, with `{name}` here, in `query` or in `body`.
    pub(crate) get: Option<String>,
    /// The path, if the API wants a POST to search.
    pub(crate) post: Option<String>,
    /// The body of the POST.
    pub(crate) body: Option<Value>,
    /// Query parameters.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Value>,
    /// The JSON pointer of the list in the body. Default: the body is the list.
    pub(crate) items: Option<String>,
    /// The statuses that say that no account has that name. Default: no status does.
    pub(crate) absent: Option<Vec<u16>>,
}

/// How the list of accounts shows only what changed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SinceSettings {
    /// The query parameter that sends the time. It takes the place of the one with the same name, if the list has one.
    pub(crate) query: String,
    /// The value of the parameter, with `{since}`. Default: the time alone.
    pub(crate) value: Option<String>,
    /// The expression over `item` that gives the time of its last change.
    pub(crate) field: String,
    /// An expression over `item` that is true for an account that no longer exists, if the API shows these among the changes:
    /// `item.deleted`. Then a read of changes removes them. No other list shows them as accounts either.
    pub(crate) gone: Option<String>,
    /// How much two reads of changes overlap, for changes that become visible late.
    pub(crate) overlap: TimeSpan,
    /// How the API writes the time. Default: `rfc3339`.
    #[serde(default)]
    pub(crate) format: TimeFormat,
}

/// How an API writes a time.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TimeFormat {
    /// `2027-01-31T08:00:00Z`.
    #[default]
    Rfc3339,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMs,
}
