//! Accounts and entitlements as resources.

use super::names::{AttributeNames, CORE_GROUP, CORE_USER, ENTERPRISE_USER, extension, location};
use super::places::{Home, Places, Shape, Slot};
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
pub(super) fn as_user(source: &str, places: &Places, external_id: Option<String>, account: &StoredAccount) -> Value {
    let held = account.holdings.iter().filter(|held| held.state.is_active());
    let groups: Vec<Value> = held
        .map(|held| {
            let id = group_id(&held.entitlement.entitlement_type, &held.entitlement.id);
            json!({"value": id, "$ref": location(source, "Groups", &id), "type": "direct"})
        })
        .collect();
    let mut resource = json!({"id": account.id, "userName": account.name, "active": account.enabled});
    if let Some(name) = account.display_name.as_ref().filter(|_| !places.has_display_name()) {
        resource["displayName"] = name.as_str().into();
    }
    if !groups.is_empty() {
        resource["groups"] = groups.into();
    }
    if let Some(external_id) = external_id.filter(|_| places.keeps_external_ids()) {
        resource["externalId"] = external_id.into();
    }
    let (mut own, mut enterprise, mut more) = (Map::new(), Map::new(), places.more_names());
    for (name, value) in account.attributes.entries() {
        let value: Value = serde_json::from_str(value.get()).unwrap_or(Value::Null);
        if value.is_null() || places.login.as_deref() == Some(&*name) {
            continue;
        }
        match places.of_attribute(&name) {
            None => _ = own.insert(more.give(&name), value),
            Some(slot) => {
                let inside = match slot.home {
                    Home::Own => &mut own,
                    Home::Enterprise => &mut enterprise,
                    Home::Core => match resource.as_object_mut() {
                        Some(core) => core,
                        None => &mut own,
                    },
                };
                put(inside, slot, value);
            }
        }
    }
    if account.locked {
        own.insert("locked".to_owned(), Value::Bool(true));
    }
    if !account.kind.is_unspecified() {
        own.insert("accountKind".to_owned(), account.kind.name().into());
    }
    let mut schemas = vec![CORE_USER.to_owned()];
    for (schema, members) in [(ENTERPRISE_USER.to_owned(), enterprise), (extension(source, "User"), own)] {
        if !members.is_empty() {
            resource[&schema] = members.into();
            schemas.push(schema);
        }
    }
    resource["schemas"] = schemas.into();
    let mut resource = with_meta(resource, source, "User", &account.id);
    if let Some(added) = account.added_at {
        resource["meta"]["created"] = added.to_string().into();
        resource["meta"]["lastModified"] = account.changed_at.unwrap_or(added).to_string().into();
    }
    resource
}

/// Puts the value of an attribute at its place.
fn put(inside: &mut Map<String, Value>, slot: &Slot, value: Value) {
    match slot.shape {
        Shape::Plain => _ = inside.insert(slot.name.clone(), value),
        Shape::Email => {
            inside.insert(slot.name.clone(), json!([{"value": value, "type": "work", "primary": true}]));
        }
        Shape::Part(part) => inside.entry(slot.name.clone()).or_insert_with(|| json!({}))[part] = value,
    }
}

/// The value of an attribute of the source in a User; null where there is none.
pub(super) fn value_of(resource: &Value, source: &str, slot: &Slot) -> Value {
    let inside = match slot.home {
        Home::Core => resource,
        Home::Enterprise => &resource[ENTERPRISE_USER],
        Home::Own => &resource[extension(source, "User")],
    };
    let found = &inside[slot.name.as_str()];
    match slot.shape {
        Shape::Plain => found.clone(),
        Shape::Email => found[0]["value"].clone(),
        Shape::Part(part) => found[part].clone(),
    }
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

/// The attributes of an entitlement. Their names are not those of the extension itself.
fn attributes(attributes: &Attributes) -> Map<String, Value> {
    let mut names = AttributeNames::beside(&["entitlementType", "entitlementId", "entitlementDescription"]);
    let parsed = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
    let entries = attributes.entries().into_iter().map(|(name, value)| (names.give(&name), parsed(value.get())));
    entries.filter(|(_, value)| !value.is_null()).collect()
}
