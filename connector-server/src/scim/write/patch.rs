//! PATCH of a user.

use super::super::fault::marked;
use super::super::filter::fits_item;
use super::super::places::{Home, Mutability, Shape, Slot};
use super::super::resource::value_of;
use super::body::{Verb, operations, path};
use super::target::{Names, Target};
use super::wish::Wish;
use connector_core::Result;
use scim_v2::filter::{PatchPath, PatchValuePath};
use serde_json::{Map, Value, json};

/// What a PATCH wants a user to be.
pub(super) fn wish(names: Names<'_>, current: &Value, body: &Map<String, Value>) -> Result<Wish> {
    let mut wish = Wish::default();
    for operation in operations(body)? {
        let (verb, value) = (operation.verb, operation.value);
        match operation.path {
            None => take_members(&mut wish, names, current, Home::Core, operation.object()?, verb)?,
            Some(text) => {
                if let Some(home) = names.home(text) {
                    take_extension(&mut wish, names, current, home, value, verb)?;
                    continue;
                }
                take_path(&mut wish, names, current, (text, &path(text)?), value, verb)?;
            }
        }
    }
    Ok(wish)
}

fn take_members(
    wish: &mut Wish,
    names: Names<'_>,
    current: &Value,
    home: Home,
    object: &Map<String, Value>,
    verb: Verb,
) -> Result<()> {
    for (name, target, value) in names.members(home, object) {
        // Clients send all that they know of a user, also what this source doesn't have.
        if !matches!(target, Target::Unknown) || home == Home::Own {
            wish.take(names, current, (&name, target, &value), verb)?;
        }
    }
    Ok(())
}

/// A path that is only a schema names everything in it.
fn take_extension(
    wish: &mut Wish,
    names: Names<'_>,
    current: &Value,
    home: Home,
    value: &Value,
    verb: Verb,
) -> Result<()> {
    if verb == Verb::Remove {
        let is_written = |slot: &&Slot| slot.home == home && slot.mutability == Mutability::ReadWrite;
        let slots: Vec<&Slot> = names.places.slots.iter().filter(is_written).collect();
        for slot in slots.into_iter().filter(|slot| !value_of(current, names.source, slot).is_null()) {
            wish.take(names, current, (&slot.name, Target::Slot(slot), &Value::Null), verb)?;
        }
        return Ok(());
    }
    let object = value.as_object().ok_or_else(|| marked("invalidValue", "the value for a schema must be an object"))?;
    take_members(wish, names, current, home, object, verb)
}

fn take_path(
    wish: &mut Wish,
    names: Names<'_>,
    current: &Value,
    (text, path): (&str, &PatchPath),
    value: &Value,
    verb: Verb,
) -> Result<()> {
    let attribute = match path {
        PatchPath::Attr(attribute) => attribute,
        PatchPath::Value(path) => &path.attr,
    };
    let unknown = || marked("invalidPath", format!("this source has no schema for `{text}`"));
    let home = attribute.uri.as_deref().map_or(Some(Home::Core), |uri| names.home(uri)).ok_or_else(unknown)?;
    for (target, value) in names.targets(home, attribute, value) {
        match (path, target) {
            (PatchPath::Value(path), Target::Slot(slot)) => {
                take_items(wish, names, current, (slot, path), &value, verb)?;
            }
            (PatchPath::Value(_), _) => {
                return Err(marked("noTarget", format!("`{text}` names nothing that this source has")));
            }
            (PatchPath::Attr(_), target) => wish.take(names, current, (text, target, &value), verb)?,
        }
    }
    Ok(())
}

/// A path with a condition: an address, or some values of a list.
fn take_items(
    wish: &mut Wish,
    names: Names<'_>,
    current: &Value,
    (slot, path): (&Slot, &PatchValuePath),
    value: &Value,
    verb: Verb,
) -> Result<()> {
    let there = value_of(current, names.source, slot);
    let part = path.sub_attr.as_deref().unwrap_or("value");
    if slot.shape == Shape::Email {
        let address = json!({"value": there, "type": "work", "primary": true});
        if !fits_item(&address, &path.filter) || !["value", "type", "primary"].contains(&part) {
            return Err(marked("noTarget", "this source has one address of a user, that for work"));
        }
        // The kind of address stays as it is.
        return if part == "value" {
            wish.take(names, current, (part, Target::Slot(slot), value), verb)
        } else {
            Ok(())
        };
    }
    let items: Vec<Value> = there.as_array().cloned().unwrap_or_default();
    let fitting: Vec<Value> =
        items.into_iter().filter(|item| fits_item(&json!({"value": item}), &path.filter)).collect();
    if !slot.attribute.multi || (fitting.is_empty() && verb != Verb::Remove) {
        return Err(marked("noTarget", format!("no value of `{}` fits the condition", slot.name)));
    }
    if !fitting.is_empty() {
        wish.take(names, current, (&slot.name, Target::Slot(slot), &fitting.into()), Verb::Remove)?;
    }
    if verb == Verb::Remove {
        Ok(())
    } else {
        wish.take(names, current, (&slot.name, Target::Slot(slot), value), Verb::Add)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::places::Places;
    use super::*;
    use connector_core::{
        AccountSchema, AttributeMeaning, AttributeSchema, AttributeType, Change, OperationKind, Writable,
    };

    fn places() -> Places {
        let text = |name: &str, meaning| AttributeSchema::text(name).means(meaning).writable(Writable::Always);
        let attributes = vec![
            text("mail", AttributeMeaning::Email),
            text("dept", AttributeMeaning::Department),
            AttributeSchema::new("boss", AttributeType::Reference)
                .means(AttributeMeaning::Manager)
                .writable(Writable::Always),
            text("sn", AttributeMeaning::FamilyName).required(),
        ];
        let schema = AccountSchema::new(attributes).with_operations(vec![OperationKind::Update]);
        Places::new(schema, None, Vec::new())
    }

    fn set(operation: &Value) -> std::result::Result<Value, String> {
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let current = json!({"userName": "ann", "active": true, "emails": [{"value": "a@x.example", "type": "work", "primary": true}],
            "name": {"familyName": "Ash"}, urn: {"department": "Sales"}});
        let body = json!({"Operations": [operation]});
        let places = places();
        let names = Names { source: "hr", places: &places };
        let wish = wish(names, &current, body.as_object().unwrap()).map_err(|error| error.message().to_owned())?;
        match &wish.changes("1").first().unwrap().change {
            Change::Update { set, .. } => Ok(set.clone().into()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_means_something_in_every_source_is_written_at_its_standard_place() {
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        for (operation, wanted) in [
            (json!({"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "b"}), json!({"mail": "b"})),
            (
                json!({"op": "add", "path": "emails", "value": [{"value": "h", "type": "home"}, {"value": "b", "type": "work"}]}),
                json!({"mail": "b"}),
            ),
            (
                json!({"op": "replace", "value": {"emails": [{"value": "b", "primary": true}, {"value": "c"}]}}),
                json!({"mail": "b"}),
            ),
            (json!({"op": "remove", "path": "emails[value eq \"a@x.example\"]"}), json!({"mail": null})),
            (json!({"op": "remove", "path": "emails"}), json!({"mail": null})),
            (json!({"op": "replace", "path": format!("{urn}:department"), "value": "Legal"}), json!({"dept": "Legal"})),
            (json!({"op": "replace", "path": format!("{urn}:manager"), "value": "7"}), json!({"boss": "7"})),
            (
                json!({"op": "add", "path": format!("{urn}:manager"), "value": {"value": "7", "$ref": "x"}}),
                json!({"boss": "7"}),
            ),
            (
                json!({"op": "add", "value": {urn: {"manager": {"value": "7"}, "department": "Legal"}}}),
                json!({"boss": "7", "dept": "Legal"}),
            ),
            (
                json!({"op": "replace", "path": "name", "value": {"familyName": "Alder", "givenName": "not here"}}),
                json!({"sn": "Alder"}),
            ),
        ] {
            assert_eq!(set(&operation), Ok(wanted), "{operation}");
        }
        for (operation, kind) in [
            (json!({"op": "remove", "path": "name.familyName"}), "invalidValue"),
            (json!({"op": "add", "path": "emails[type eq \"home\"].value", "value": "b"}), "noTarget"),
            (json!({"op": "add", "path": "name.givenName", "value": "b"}), "invalidPath"),
        ] {
            assert!(set(&operation).unwrap_err().starts_with(kind), "{operation}");
        }
    }
}
