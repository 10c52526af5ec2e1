//! Accounts and entitlements as resources.

use super::names::{CORE_GROUP, CORE_USER, attribute_name, extension, location};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_core::Attributes;
use connector_engine::query::{StoredAccount, StoredEntitlement};
use openssl::sha::sha256;
use serde_json::{Map, Value, json};

/// Which attributes a client asks for (RFC 7644, 3.9).
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) only: Vec<String>,
    pub(super) without: Vec<String>,
}

impl Wanted {
    pub(super) fn of(only: Option<&str>, without: Option<&str>) -> Self {
        let names = |text: Option<&str>| -> Vec<String> {
            text.unwrap_or_default()
                .split(',')
                .map(|name| name.trim().to_lowercase())
                .filter(|name| !name.is_empty())
                .collect()
        };
        Self { only: names(only), without: names(without) }
    }

    /// Whether an attribute that is only returned on request is asked for.
    pub(super) fn asks_for(&self, name: &str) -> bool {
        self.only.iter().any(|one| base(one) == name)
    }

    pub(super) fn excludes(&self, name: &str) -> bool {
        self.without.iter().any(|one| one == name) || (!self.only.is_empty() && !self.asks_for(name))
    }

    /// Leaves out what is not asked for.
    pub(super) fn apply(&self, resource: &mut Value) {
        let Some(object) = resource.as_object_mut() else { return };
        let always = |name: &str| matches!(name, "id" | "schemas" | "meta");
        object.retain(|name, value| {
            let small = name.to_lowercase();
            if always(&small) {
                return true;
            }
            let inside = format!("{small}:");
            if self.without.contains(&small) {
                return false;
            }
            // A part of an extension: `urn:…:User:department`.
            if let Some(inner) = value.as_object_mut().filter(|_| small.starts_with("urn:")) {
                let named = |list: &[String], part: &str| list.contains(&format!("{inside}{}", part.to_lowercase()));
                let whole = self.only.is_empty() || self.only.contains(&small);
                inner.retain(|part, _| !named(&self.without, part) && (whole || named(&self.only, part)));
                return !inner.is_empty();
            }
            self.only.is_empty() || self.only.iter().any(|one| base(one) == small)
        });
    }
}

/// `name` of `name.familyName` and of `urn:…:User:name`.
fn base(name: &str) -> &str {
    let name = if name.starts_with("urn:") { name.rsplit(':').next().unwrap_or(name) } else { name };
    name.split('.').next().unwrap_or(name)
}

/// An account as a User.
pub(super) fn as_user(source: &str, account: &StoredAccount) -> Value {
    let mut own = attributes(&account.attributes);
    own.insert("locked".to_owned(), Value::Bool(account.locked));
    if !account.kind.is_unspecified() {
        own.insert("accountKind".to_owned(), account.kind.name().into());
    }
    let held = account.holdings.iter().filter(|held| held.state.is_active());
    let groups: Vec<Value> = held
        .map(|held| {
            let id = group_id(&held.entitlement.entitlement_type, &held.entitlement.id);
            let kind = if held.path.is_empty() { "direct" } else { "indirect" };
            json!({"value": id, "$ref": location(source, "Groups", &id), "type": kind})
        })
        .collect();
    let mut resource = json!({
        "schemas": [CORE_USER, extension(source, "User")],
        "id": account.id,
        "userName": account.name,
        "active": account.enabled,
    });
    if let Some(name) = &account.display_name {
        resource["displayName"] = name.as_str().into();
    }
    if !groups.is_empty() {
        resource["groups"] = groups.into();
    }
    resource[extension(source, "User")] = own.into();
    with_meta(resource, source, "User", &account.id)
}

/// An entitlement as a Group. Its members are added where somebody asks for them.
pub(super) fn as_group(source: &str, stored: &StoredEntitlement, members: Option<Vec<Value>>) -> Value {
    let entitlement = &stored.entitlement;
    let id = group_id(&entitlement.key.entitlement_type, &entitlement.key.id);
    let mut own = attributes(&entitlement.attributes);
    own.insert("entitlementType".to_owned(), entitlement.key.entitlement_type.to_string().into());
    own.insert("entitlementId".to_owned(), entitlement.key.id.as_str().into());
    if let Some(description) = &entitlement.description {
        own.insert("entitlementDescription".to_owned(), description.as_str().into());
    }
    let mut resource = json!({
        "schemas": [CORE_GROUP, extension(source, "Group")],
        "id": id,
        "displayName": entitlement.name,
    });
    resource[extension(source, "Group")] = own.into();
    if let Some(members) = members {
        resource["members"] = members.into();
    }
    with_meta(resource, source, "Group", &id)
}

/// The id of the group of an entitlement. No type has a colon.
pub(super) fn group_id(entitlement_type: &str, id: &str) -> String {
    format!("{entitlement_type}:{id}")
}

fn with_meta(mut resource: Value, source: &str, kind: &str, id: &str) -> Value {
    let hash = URL_SAFE_NO_PAD.encode(&sha256(resource.to_string().as_bytes())[..12]);
    resource["meta"] = json!({
        "resourceType": kind,
        "location": location(source, &format!("{kind}s"), id),
        "version": format!("W/\"{hash}\""),
    });
    resource
}

fn attributes(attributes: &Attributes) -> Map<String, Value> {
    let parsed = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
    let entries = attributes.entries().into_iter().map(|(name, value)| (attribute_name(&name), parsed(value.get())));
    entries.filter(|(_, value)| !value.is_null()).collect()
}
