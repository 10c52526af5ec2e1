//! What a user writes under `settings:`.

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

/// A source file that is valid without changes.
pub(crate) const EXAMPLE: &str = "\
connector: scim
# description: Users and groups of Acme
auth:
  # Also: basic, api_key, client_credentials, jwt_bearer, private_key_jwt, none.
  grant_type: bearer
  token_ref: env:ACME_SCIM_TOKEN
settings:
  # The URL before /Users and /Groups.
  base_url: https://acme.example/scim/v2
  # How lists are read: auto, index, cursor (RFC 9865), keyset (id gt \"…\") or none.
  # paging: auto
  # How many users or groups a page asks for. Servers may give fewer.
  # page_size: 100
  # Read only these users.
  # filter: userType eq \"Employee\"
  # Where memberships are listed: in the groups or in the users.
  # memberships: group
  # What users can hold: resource types, or attributes with several values.
  # entitlements: [Group, roles]
  # attributes: {exclude: [photos, x509Certificates]}
  # Read only changes between two full runs, if the server dates them.
  # changes: last_modified
  # How the server wants changes. By default, as its ServiceProviderConfig says.
  # write: {users: auto, groups: auto, member_removal: filter, members_per_patch: 100}
";

/// The settings of a SCIM source.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The URL of the SCIM service: the part before `/Users` and `/Groups`.
    #[schemars(with = "String", extend("format" = "uri"))]
    pub(crate) base_url: Url,
    /// How lists are read. `index`: by the number of the first row. `cursor`: with the cursors of RFC 9865. `keyset`: by id,
    /// with a filter and a sort order. `none`: in one response, for servers that can't page. `auto`: as the server says.
    #[serde(default)]
    pub(crate) paging: Paging,
    /// How many users or groups a page asks for. A server may give fewer.
    #[serde(default = "page_size")]
    #[schemars(range(min = 1, max = 1000))]
    pub(crate) page_size: u64,
    /// A SCIM filter: only these users are read. A server that ignores filters is an error.
    pub(crate) filter: Option<String>,
    /// Where memberships are listed. `group`: in the `members` of groups. `user`: in the `groups` of users, where only direct ones
    /// count.
    #[serde(default)]
    pub(crate) memberships: Memberships,
    /// What users can hold: the names of resource types that have `members`, and of attributes of users that have several values,
    /// such as `roles` and `entitlements`.
    #[serde(default = "entitlements")]
    pub(crate) entitlements: Vec<String>,
    /// The attributes of users. `exclude` lists attributes and extensions that are not read.
    #[serde(default)]
    pub(crate) attributes: AttributesSettings,
    /// Whether runs read only what changed. `last_modified`: the server dates every change in `meta.lastModified`, also a change of
    /// the members of a group.
    #[serde(default)]
    pub(crate) changes: ChangesBy,
    /// How the server wants changes: `users` and `groups` by `patch` or `put`, `member_removal` by `filter`, `value` or `replace`,
    /// and `members_per_patch`.
    #[serde(default)]
    pub(crate) write: WriteSettings,
}

fn page_size() -> u64 {
    100
}

fn entitlements() -> Vec<String> {
    vec!["Group".to_owned()]
}

/// How lists are read.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Paging {
    /// As the server says.
    #[default]
    Auto,
    /// By `startIndex`.
    Index,
    /// By `cursor`.
    Cursor,
    /// By `id gt`.
    Keyset,
    /// In one response.
    None,
}

/// Where memberships are listed.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Memberships {
    /// In the groups.
    #[default]
    Group,
    /// In the users.
    User,
}

/// The attributes of users.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AttributesSettings {
    /// Attributes and extensions that are not read, such as `photos`.
    pub(crate) exclude: Vec<String>,
}

/// Whether runs read only what changed.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangesBy {
    /// Every run reads everything.
    #[default]
    None,
    /// By `meta.lastModified`.
    LastModified,
}

/// How the server wants changes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WriteSettings {
    /// How users are changed. `patch`: only what differs. `put`: the whole user. `auto`: as the server says.
    pub(crate) users: Method,
    /// How groups are changed, in the same ways.
    pub(crate) groups: Method,
    /// How a PATCH removes a member. `filter`: `members[value eq "ID"]`, as in RFC 7644. `value`: the members to remove as the
    /// `value`, as Microsoft Entra sends it. `replace`: all other members as the new value.
    pub(crate) member_removal: MemberRemoval,
    /// How many members one PATCH adds or removes at most.
    #[schemars(range(min = 1, max = 10000))]
    pub(crate) members_per_patch: usize,
}

impl Default for WriteSettings {
    fn default() -> Self {
        Self {
            users: Method::Auto,
            groups: Method::Auto,
            member_removal: MemberRemoval::Filter,
            members_per_patch: 100,
        }
    }
}

/// How a resource is changed.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// As the server says.
    #[default]
    Auto,
    /// With PATCH.
    Patch,
    /// With PUT.
    Put,
}

/// How a PATCH removes a member.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MemberRemoval {
    /// `members[value eq "ID"]`.
    #[default]
    Filter,
    /// The path `members`, and the members to remove as the value.
    Value,
    /// All other members as the new value.
    Replace,
}
