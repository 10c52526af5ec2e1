//! What objects and fields are: the global list, basic information, describe.

use serde_json::{Map, Value as Json, json};

use super::answer::Answer;
use super::shared::Shared;
use crate::org::Calls;
use crate::org::field::{Field, Kind};
use crate::org::object::Object;
use crate::org::schema;
use crate::org::state::State;
use crate::org::user_fields::DEFAULTS;

/// `GET …/sobjects`.
pub(crate) fn objects(shared: &Shared, version: &str) -> Answer {
    let state = shared.org.read();
    let list: Vec<Json> = Object::all()
        .filter(|object| state.sees(*object))
        .map(|object| Json::Object(head(&state, object, version)))
        .collect();
    Answer::json(200, &json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": list}))
}

/// `GET …/sobjects/X`.
pub(crate) fn object(shared: &Shared, object: Object, version: &str) -> Answer {
    let head = head(&shared.org.read(), object, version);
    Answer::json(200, &json!({"objectDescribe": head, "recentItems": []}))
}

/// `GET …/sobjects/X/describe`.
pub(crate) fn describe(shared: &Shared, object: Object, version: &str) -> Answer {
    let state = shared.org.read();
    let mut answer = head(&state, object, version);
    let calls = state.calls(object);
    let fields: Vec<Json> = schema::fields(object)
        .iter()
        .enumerate()
        .filter(|(place, _)| state.sees_field(object, *place))
        .map(|(_, described)| field(object, described, calls))
        .collect();
    let children: Vec<Json> = schema::CHILDREN
        .iter()
        .filter(|known| known.parent == object && state.sees(known.object))
        .map(|known| {
            json!({
                "cascadeDelete": false, "childSObject": known.object.name(), "deprecatedAndHidden": false,
                "field": known.field, "junctionIdListNames": [], "junctionReferenceTo": [],
                "relationshipName": known.name, "restrictedDelete": false,
            })
        })
        .collect();
    answer.insert("actionOverrides".to_owned(), json!([]));
    answer.insert("childRelationships".to_owned(), Json::Array(children));
    answer.insert("fields".to_owned(), Json::Array(fields));
    answer.insert("namedLayoutInfos".to_owned(), json!([]));
    answer.insert("recordTypeInfos".to_owned(), json!([]));
    answer.insert("supportedScopes".to_owned(), json!([{"label": "All", "name": "everything"}]));
    Answer::json(200, &Json::Object(answer))
}

/// The entry of an object in the global list.
fn head(state: &State, object: Object, version: &str) -> Map<String, Json> {
    let (.., replicateable) = object.calls();
    let Calls { create: createable, update: updateable, delete: deletable } = state.calls(object);
    let (label, plural) = object.labels();
    let base = format!("/services/data/{version}/sobjects/{}", object.name());
    let mut urls = json!({
        "sobject": base, "describe": format!("{base}/describe"), "rowTemplate": format!("{base}/{{ID}}"),
    });
    if object == Object::User {
        urls["passwordUtilities"] = json!(format!("{base}/{{ID}}/password"));
    }
    let Json::Object(head) = json!({
        "activateable": false, "associateEntityType": null, "associateParentEntity": null, "createable": createable,
        "custom": false, "customSetting": false, "deepCloneable": false, "deletable": deletable,
        "deprecatedAndHidden": false, "feedEnabled": object == Object::User, "hasSubtypes": false,
        "isInterface": false, "isSubtype": false, "keyPrefix": object.prefix(), "label": label,
        "labelPlural": plural, "layoutable": object == Object::User, "mergeable": false, "mruEnabled": false,
        "name": object.name(), "queryable": true, "replicateable": replicateable, "retrieveable": true,
        "searchable": object == Object::User, "triggerable": object == Object::User, "undeletable": false,
        "updateable": updateable, "urls": urls,
    }) else {
        return Map::new();
    };
    head
}

/// The description of a field.
fn field(object: Object, field: &Field, calls: Calls) -> Json {
    let is_text = field.kind.soap_type() == "xsd:string";
    let values: Vec<Json> = field
        .picklist
        .iter()
        .map(|value| {
            let is_default = object == Object::User && DEFAULTS.contains(&(field.name, value));
            json!({"active": true, "defaultValue": is_default, "label": value, "validFor": null, "value": value})
        })
        .collect();
    let relationship = if field.relationship.is_empty() { Json::Null } else { json!(field.relationship) };
    let mut all = Map::new();
    for part in [
        json!({
            "byteLength": u32::from(field.length) * if is_text { 3 } else { 1 },
            "caseSensitive": field.name == "FederationIdentifier", "compoundFieldName": compound(object, field),
            "createable": field.createable && calls.create, "custom": field.custom(),
            "defaultValue": if field.kind == Kind::Boolean { json!(false) } else { Json::Null },
            "defaultedOnCreate": field.defaulted, "digits": if field.kind == Kind::Int { 8 } else { 0 },
            "filterable": field.filterable, "idLookup": field.id_lookup, "label": field.label,
            "length": field.length, "name": field.name, "nameField": field.name == "Name",
            "nillable": field.nillable, "picklistValues": values,
        }),
        json!({
            "aggregatable": field.filterable && field.kind != Kind::Boolean,
            "groupable": field.filterable && !matches!(field.kind, Kind::DateTime | Kind::Double),
            "namePointing": field.targets.len() > 1, "permissionable": field.custom(),
            "polymorphicForeignKey": field.targets.len() > 1,
            "precision": if field.kind == Kind::Double { 18 } else { 0 }, "referenceTo": field.targets,
            "relationshipName": relationship, "restrictedPicklist": field.restricted,
            "scale": 0, "searchPrefilterable": field.kind == Kind::Reference, "soapType": field.kind.soap_type(),
            "sortable": field.filterable, "type": field.kind.name(), "unique": field.unique,
            "updateable": field.updateable && calls.update,
        }),
        same_for_all(),
    ] {
        if let Json::Object(part) = part {
            all.extend(part);
        }
    }
    Json::Object(all)
}

/// The part of a description that is the same for every field of this org.
fn same_for_all() -> Json {
    json!({
        "aiPredictionField": false, "autoNumber": false, "calculated": false, "calculatedFormula": null,
        "cascadeDelete": false, "controllerName": null, "defaultValueFormula": null, "dependentPicklist": false,
        "deprecatedAndHidden": false, "displayLocationInDecimal": false, "encrypted": false, "externalId": false,
        "extraTypeInfo": null, "filteredLookupInfo": null, "formulaTreatNullNumberAsZero": false,
        "highScaleNumber": false, "htmlFormatted": false, "inlineHelpText": null, "mask": null, "maskType": null,
        "queryByDistance": false, "referenceTargetField": null, "relationshipOrder": null, "restrictedDelete": false,
        "writeRequiresMasterRead": false,
    })
}

/// The compound field that a part belongs to.
fn compound(object: Object, field: &Field) -> Json {
    if object != Object::User {
        return Json::Null;
    }
    match field.name {
        "FirstName" | "LastName" => json!("Name"),
        "Street" | "City" | "State" | "PostalCode" | "Country" | "Latitude" | "Longitude" | "GeocodeAccuracy" => {
            json!("Address")
        }
        _ => Json::Null,
    }
}
