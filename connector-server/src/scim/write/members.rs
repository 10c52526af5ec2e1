//! Changes of the members of a group.

use super::super::fault::marked;
use super::super::filter::fits_item;
use super::body::{Verb, member, operations, path, read_only};
use connector_core::{Change, EntitlementRef, Operation, Result, SecretRef};
use scim_v2::filter::{PatchPath, ValFilter};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Who is to hold an entitlement, and who no longer.
#[derive(Debug, Default)]
pub(super) struct Members {
    wanted: BTreeMap<String, bool>,
}

impl Members {
    /// What a PATCH of a group wants. `current` is the group as it is, with its members.
    pub(super) fn of_patch(current: &Value, body: &Map<String, Value>) -> Result<Self> {
        let mut members = Self::default();
        for operation in operations(body)? {
            let (verb, value) = (operation.verb, operation.value);
            match operation.path {
                None => members.of_object(current, operation.object()?, verb)?,
                Some(text) => members.at_path(current, text, value, verb)?,
            }
        }
        Ok(members)
    }

    fn at_path(&mut self, current: &Value, text: &str, value: &Value, verb: Verb) -> Result<()> {
        match path(text)? {
            PatchPath::Attr(path) if path.name.eq_ignore_ascii_case("members") && path.sub_attr.is_none() => {
                self.take(current, value, verb)
            }
            PatchPath::Value(path) if path.attr.name.eq_ignore_ascii_case("members") => {
                if verb != Verb::Remove {
                    return Err(marked("mutability", "a member can be added and removed, not changed"));
                }
                self.remove_fitting(current, &path.filter);
                Ok(())
            }
            PatchPath::Attr(path) if path.sub_attr.is_none() && verb != Verb::Remove => {
                same(current, &path.name, value)
            }
            _ => Err(read_only(text)),
        }
    }

    /// What a PUT of a group wants. Without a list of members, they stay as they are.
    pub(super) fn of_put(current: &Value, body: &Map<String, Value>) -> Result<Self> {
        let mut members = Self::default();
        // Null is the same as a list that is not there (RFC 7643, 2.5).
        let says_nothing = |name: &str, value: &Value| value.is_null() && name.eq_ignore_ascii_case("members");
        let said = body.iter().filter(|(name, value)| !says_nothing(name, value));
        members.of_object(
            current,
            &said.map(|(name, value)| (name.clone(), value.clone())).collect(),
            Verb::Replace,
        )?;
        Ok(members)
    }

    fn of_object(&mut self, current: &Value, object: &Map<String, Value>, verb: Verb) -> Result<()> {
        for (name, value) in object {
            if name.eq_ignore_ascii_case("members") {
                self.take(current, value, verb)?;
            } else {
                same(current, name, value)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, current: &Value, value: &Value, verb: Verb) -> Result<()> {
        let ids = ids(value)?;
        let there: Vec<&str> = current["members"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| one["type"] == "User")
            .filter_map(|one| one["value"].as_str())
            .collect();
        match verb {
            Verb::Add => self.note(ids.iter().map(String::as_str), true),
            Verb::Remove if value.is_null() => self.note(there.into_iter(), false),
            // Some clients name the members to remove in the value.
            Verb::Remove => self.note(ids.iter().map(String::as_str), false),
            Verb::Replace => {
                self.wanted.clear();
                self.note(there.iter().copied().filter(|one| !ids.iter().any(|id| id == one)), false);
                self.note(ids.iter().map(String::as_str).filter(|id| !there.contains(id)), true);
            }
        }
        Ok(())
    }

    /// Removes the users that fit, also those that an earlier operation added.
    fn remove_fitting(&mut self, current: &Value, filter: &ValFilter) {
        let fits = |id: &str| fits_item(&json!({"value": id, "type": "User"}), filter);
        for (id, holds) in &mut self.wanted {
            *holds = *holds && !fits(id);
        }
        let listed = current["members"].as_array().into_iter().flatten().filter(|one| one["type"] == "User");
        let fitting = listed.filter(|one| fits_item(one, filter)).filter_map(|one| one["value"].as_str());
        let fitting: Vec<_> = fitting.filter(|id| !self.wanted.contains_key(*id)).collect();
        self.note(fitting.into_iter(), false);
    }

    fn note<'a>(&mut self, ids: impl Iterator<Item = &'a str>, holds: bool) {
        self.wanted.extend(ids.map(|id| (id.to_owned(), holds)));
    }

    /// The operations that bring it about.
    pub(super) fn changes(self, group: &EntitlementRef) -> Vec<Operation<SecretRef>> {
        let change = |holds: bool| {
            if holds { Change::grant(group.clone(), None) } else { Change::revoke(group.clone()) }
        };
        self.wanted.into_iter().map(|(id, holds)| Operation::new(id, change(holds))).collect()
    }
}

/// The ids of the users in a value.
fn ids(value: &Value) -> Result<Vec<String>> {
    let items = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    let id = |item: &Value| {
        let id = match item {
            Value::String(id) => Some(id.as_str()),
            Value::Object(object) => {
                let kind = member(object, "type").and_then(Value::as_str).unwrap_or("User");
                if !kind.eq_ignore_ascii_case("User") {
                    let message = "only users can be added and removed: which group is in another is up to the source";
                    return Err(marked("invalidValue", message));
                }
                member(object, "value").and_then(Value::as_str)
            }
            _ => None,
        };
        let id = id.filter(|id| !id.is_empty());
        id.map(str::to_owned).ok_or_else(|| marked("invalidValue", "a member needs a `value`: the id of the user"))
    };
    items.into_iter().map(id).collect()
}

/// What can't be written may be sent as it is.
fn same(current: &Value, name: &str, value: &Value) -> Result<()> {
    let object = current.as_object();
    let there = object.and_then(|object| member(object, name));
    let is_frame = ["schemas", "id", "meta"].into_iter().any(|known| name.eq_ignore_ascii_case(known));
    if is_frame || there == Some(value) || name.eq_ignore_ascii_case("externalId") {
        return Ok(());
    }
    Err(read_only(name).with_help("the source itself names and describes its groups"))
}
