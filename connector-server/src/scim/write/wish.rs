//! What a client wants a user to be.

use super::super::fault::marked;
use super::super::places::{Mutability, Slot};
use super::super::resource::value_of;
use super::body::{Verb, read_only};
use super::target::{Names, Target};
use super::value::{fit, switch};
use connector_core::{Change, Operation, OperationKind, Result, SecretRef};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a client calls a user from now on.
#[derive(Clone, Debug)]
pub(super) enum ExternalId {
    /// By this text.
    Kept(String),
    /// By none any more.
    Forgotten,
}

/// What a client wants a user to be.
#[derive(Debug, Default)]
pub(super) struct Wish {
    pub(super) name: Option<String>,
    pub(super) active: Option<bool>,
    /// What the client calls the user from now on, if it says so.
    pub(super) external_id: Option<ExternalId>,
    pub(super) set: Map<String, Value>,
    add: BTreeMap<String, Vec<Value>>,
    remove: BTreeMap<String, Vec<Value>>,
}

impl Wish {
    /// Takes a value. `current` is the user as it is; null for a new one. `name` is what the client calls it.
    pub(super) fn take(
        &mut self,
        names: Names<'_>,
        current: &Value,
        (name, target, value): (&str, Target<'_>, &Value),
        verb: Verb,
    ) -> Result<()> {
        match target {
            Target::Frame => Ok(()),
            Target::UserName => self.rename(names, current, value, verb),
            Target::Active => self.switch(names, current, value, verb),
            Target::Password => Err(marked("invalidValue", "passwords can't be set here, because plans keep none")
                .with_help("leave `password` out")),
            Target::ExternalId => {
                self.external_id = Some(match value {
                    Value::Null => ExternalId::Forgotten,
                    _ if verb == Verb::Remove => ExternalId::Forgotten,
                    Value::String(text) => ExternalId::Kept(text.clone()),
                    _ => return Err(marked("invalidValue", "`externalId` must be a text")),
                });
                Ok(())
            }
            Target::Slot(slot) => self.slot(names, current, slot, value, verb),
            Target::Fixed(name) => unchanged(name, current.get(name), value, verb),
            Target::FixedOwn(name) => {
                let own = current.get(super::super::names::extension(names.source, "User"));
                unchanged(name, own.and_then(|own| own.get(name)), value, verb)
            }
            Target::Unknown => Err(marked("invalidPath", format!("this source has no `{name}`"))
                .with_help("the schema under `/Schemas` says what it has")),
        }
    }

    fn rename(&mut self, names: Names<'_>, current: &Value, value: &Value, verb: Verb) -> Result<()> {
        let wanted = value.as_str().map(str::trim).filter(|name| !name.is_empty() && verb != Verb::Remove);
        let wanted =
            wanted.ok_or_else(|| marked("invalidValue", "`userName` must be a text, and every user has one"))?;
        if current.is_null() {
            self.name = Some(wanted.to_owned());
        } else if let Some(attribute) = &names.places.renames {
            self.set.insert(attribute.clone(), wanted.into());
        } else if current["userName"].as_str() != Some(wanted) {
            return Err(read_only("userName"));
        }
        Ok(())
    }

    fn switch(&mut self, names: Names<'_>, current: &Value, value: &Value, verb: Verb) -> Result<()> {
        let wanted = switch(value).filter(|_| verb != Verb::Remove);
        let wanted = wanted.ok_or_else(|| marked("invalidValue", "`active` must be true or false"))?;
        let kind = if wanted { OperationKind::Enable } else { OperationKind::Disable };
        if names.places.can(kind) {
            self.active = Some(wanted);
        } else if current["active"] != wanted && (!current.is_null() || !wanted) {
            return Err(read_only("active"));
        }
        Ok(())
    }

    fn slot(&mut self, names: Names<'_>, current: &Value, slot: &Slot, value: &Value, verb: Verb) -> Result<()> {
        let there = if current.is_null() { Value::Null } else { value_of(current, names.source, slot) };
        let attribute = slot.attribute.name.clone();
        let is_new = current.is_null();
        match slot.mutability {
            Mutability::ReadOnly if is_new => return Ok(()),
            Mutability::ReadWrite => {}
            Mutability::Immutable if is_new => {}
            _ => {
                let is_same = verb != Verb::Remove && (*value == there || fit(slot, value)? == there);
                return if is_same || verb == Verb::Remove && there.is_null() {
                    Ok(())
                } else {
                    Err(read_only(&slot.name))
                };
            }
        }
        if slot.attribute.multi && !value.is_null() && verb != Verb::Replace {
            let items = match fit(slot, value)? {
                Value::Array(items) => items,
                _ => Vec::new(),
            };
            self.some(attribute, items, verb);
            return Ok(());
        }
        let wanted = if verb == Verb::Remove { Value::Null } else { fit(slot, value)? };
        if wanted.is_null() && verb == Verb::Add {
            // To add nothing removes nothing.
            return Ok(());
        }
        if wanted.is_null() && slot.attribute.required {
            return Err(marked("invalidValue", format!("every user has `{}`, so it can't be removed", slot.name)));
        }
        self.add.remove(&attribute);
        self.remove.remove(&attribute);
        self.set.insert(attribute, wanted);
        Ok(())
    }

    /// Adds or removes some values of an attribute with several.
    pub(super) fn some(&mut self, attribute: String, items: Vec<Value>, verb: Verb) {
        if let Some(whole) = self.set.get_mut(&attribute) {
            // The whole list is known already.
            let mut list = whole.as_array().cloned().unwrap_or_default();
            list.retain(|one| !items.contains(one));
            if verb == Verb::Add {
                list.extend(items);
            }
            *whole = if list.is_empty() { Value::Null } else { list.into() };
            return;
        }
        let (to, from) =
            if verb == Verb::Add { (&mut self.add, &mut self.remove) } else { (&mut self.remove, &mut self.add) };
        if let Some(other) = from.get_mut(&attribute) {
            other.retain(|one| !items.contains(one));
        }
        from.retain(|_, others| !others.is_empty());
        to.entry(attribute).or_default().extend(items);
    }

    /// Whether something is wanted of this attribute of the source.
    pub(super) fn has(&self, attribute: &str) -> bool {
        self.set.contains_key(attribute) || self.add.contains_key(attribute) || self.remove.contains_key(attribute)
    }

    /// The operations on a user with this id.
    pub(super) fn changes(self, id: &str) -> Vec<Operation<SecretRef>> {
        let mut operations = Vec::new();
        if !self.set.is_empty() || !self.add.is_empty() || !self.remove.is_empty() {
            operations.push(Operation::new(id, Change::update(self.set, self.add, self.remove)));
        }
        if let Some(active) = self.active {
            operations.push(Operation::new(id, if active { Change::Enable } else { Change::Disable }));
        }
        operations
    }

    /// The operations that create the user.
    pub(super) fn creation(self) -> Result<Vec<Operation<SecretRef>>> {
        let name = self.name.ok_or_else(|| marked("invalidValue", "a new user needs a `userName`"))?;
        let mut attributes = self.set;
        attributes.retain(|_, value| !value.is_null());
        for (attribute, items) in self.add {
            attributes.insert(attribute, items.into());
        }
        let mut operations = vec![Operation::new("", Change::create(name.clone(), attributes, Vec::new(), None))];
        if self.active == Some(false) {
            operations.push(Operation::new(name, Change::Disable));
        }
        Ok(operations)
    }
}

/// What can't be written may be sent as it is.
fn unchanged(name: &str, there: Option<&Value>, value: &Value, verb: Verb) -> Result<()> {
    let there = there.unwrap_or(&Value::Null);
    if verb != Verb::Remove && (there == value || there.is_null() && value.as_array().is_some_and(Vec::is_empty)) {
        return Ok(());
    }
    Err(read_only(name))
}
