//! A user as an account.

use super::fields::{Fields, prefixed};
use crate::error::odd;
use crate::groups::of_user;
use crate::protocol::{Object, items, text};
use crate::source::Source;
use connector_core::{Account, AttributesBuilder, Result};
use serde_json::value::RawValue;

/// The account of a user.
pub(crate) fn account(source: &Source, fields: &Fields, id: &str, user: &Object<'_>) -> Result<Account> {
    let name = user.text("userName").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| {
        odd(
            format!("user `{id}` has no `userName`"),
            "give the credentials of the source the right to read it, or ask the owner of the server",
        )
    })?;
    let mut account = Account::new(id, name);
    account.enabled = is_active(id, user)?;
    account.display_name = user
        .text("displayName")
        .or_else(|| user.object("name").and_then(|name| name.text("formatted")))
        .map(std::borrow::Cow::into_owned)
        .filter(|name| !name.is_empty());
    let mut values = Values { source, fields, builder: AttributesBuilder::with_capacity(512) };
    for (name, value) in user.members() {
        match name.to_ascii_lowercase().as_str() {
            "id" | "schemas" | "active" | "groups" | "password" => {}
            "meta" => {
                for time in ["created", "lastModified"] {
                    if let Some(value) = Object::read(value).and_then(|meta| meta.get(time)) {
                        values.builder.push_raw(&format!("meta.{time}"), value);
                    }
                }
            }
            lower if lower.starts_with("urn:") => {
                for (attribute, value) in Object::read(value).iter().flat_map(Object::members) {
                    values.push(name, attribute, value);
                }
            }
            _ => values.push("", name, value),
        }
    }
    account.attributes = values.builder.build();
    account.entitlements = of_user(source, user);
    Ok(account)
}

/// Whether a user may sign in. Without a word about it, the user may.
pub(crate) fn is_active(id: &str, user: &Object<'_>) -> Result<bool> {
    let Some(value) = user.get("active") else { return Ok(true) };
    // Some servers write it as a text.
    let word = text(value).map_or_else(|| value.get().to_owned(), |text| text.to_ascii_lowercase());
    match word.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(odd(format!("`active` of user `{id}` is neither true nor false"), "ask the owner of the server")),
    }
}

/// The attributes of one account.
struct Values<'a> {
    source: &'a Source,
    fields: &'a Fields,
    builder: AttributesBuilder,
}

impl Values<'_> {
    /// Adds an attribute, or its parts. What has no value is left out: null, and a list without items.
    fn push(&mut self, extension: &str, attribute: &str, value: &RawValue) {
        let name = prefixed(extension, attribute);
        if self.source.is_excluded(extension) || self.source.is_excluded(&name) {
            return;
        }
        if self.fields.get(&name).is_none()
            && let Some(parts) = Object::read(value)
        {
            for (part, value) in parts.members().filter(|(part, _)| *part != "$ref") {
                self.one(&format!("{name}.{part}"), value);
            }
            return;
        }
        self.one(&name, value);
    }

    fn one(&mut self, name: &str, value: &RawValue) {
        let text = value.get();
        if text == "null" || (text.starts_with('[') && items(value).is_empty()) || self.source.is_excluded(name) {
            return;
        }
        match self.fields.get(name) {
            // Some servers write a list with one value as that value.
            Some(field) if field.described.multi_valued && !text.starts_with('[') => {
                match RawValue::from_string(format!("[{text}]")) {
                    Ok(list) => self.builder.push_raw(&field.name, &list),
                    Err(_) => self.builder.push_raw(&field.name, value),
                }
            }
            Some(field) => self.builder.push_raw(&field.name, value),
            None => {
                self.source.note_undescribed(name);
                self.builder.push_raw(name, value);
            }
        }
    }
}
