//! What the service says about itself.

use super::fault::answer;
use super::names::{CORE_GROUP, CORE_USER, ENTERPRISE_USER, extension, location};
use super::places::{Home, Mutability, Places, Shape, Slot};
use crate::address::encoded;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::{AttributeType, Error, OperationKind, Result};
use serde_json::{Value, json};

/// How many resources a page has at most, and unless the request says so.
pub(super) const LARGEST_PAGE: usize = 1_000;
pub(super) const USUAL_PAGE: usize = 100;

pub(super) async fn configuration(
    State(state): State<ServerState>,
    Path(source): Path<String>,
) -> Result<Response, Failure> {
    let known = source.clone();
    let places = state.ask(move |reach| places(reach, &known)).await?;
    let off = json!({"supported": false});
    Ok(answer(
        StatusCode::OK,
        &json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": {"supported": places.can_patch()},
            "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": true, "maxResults": LARGEST_PAGE},
            "changePassword": off,
            "sort": {"supported": true},
            "etag": {"supported": true},
            "pagination": {"cursor": true, "index": true, "defaultPaginationMethod": "cursor", "defaultPageSize": USUAL_PAGE,
                "maxPageSize": LARGEST_PAGE},
            "authenticationSchemes": [{"type": "oauthbearertoken", "name": "Token", "description": "A token of `connector token new`", "primary": true}],
            "meta": {"resourceType": "ServiceProviderConfig", "location": format!("/scim/v2/{}/ServiceProviderConfig", encoded(&source))},
        }),
    ))
}

/// Where the attributes of a source stand.
pub(super) fn places(reach: &Reach, source: &str) -> Result<Places> {
    reach.must_know(source)?;
    Ok(Places::of(&reach.project.load(source)?.open(&reach.project)?))
}

fn types(reach: &Reach, source: &str) -> Result<Vec<Value>> {
    let has_enterprise = places(reach, source)?.slots.iter().any(|slot| slot.home == Home::Enterprise);
    let one = |name: &str, core: &str, standard: Option<&str>| {
        let own = json!({"schema": extension(source, name), "required": false});
        let standard = standard.map(|schema| json!({"schema": schema, "required": false}));
        let extensions: Vec<Value> = standard.into_iter().chain([own]).collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": format!("/{name}s"),
            "schema": core,
            "schemaExtensions": extensions,
            "meta": {"resourceType": "ResourceType", "location": location(source, "ResourceTypes", name)},
        })
    };
    Ok(vec![one("User", CORE_USER, has_enterprise.then_some(ENTERPRISE_USER)), one("Group", CORE_GROUP, None)])
}

pub(super) async fn resource_types(
    State(state): State<ServerState>,
    Path(source): Path<String>,
) -> Result<Response, Failure> {
    let found = state.ask(move |reach| types(reach, &source)).await?;
    Ok(answer(StatusCode::OK, &whole(&found)))
}

pub(super) async fn resource_type(
    State(state): State<ServerState>,
    Path((source, name)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let found = state.ask(move |reach| types(reach, &source)).await?;
    one_of(found, &name)
}

pub(super) async fn schemas(State(state): State<ServerState>, Path(source): Path<String>) -> Result<Response, Failure> {
    let found = state.ask(move |reach| Ok(described(&places(reach, &source)?, &source))).await?;
    Ok(answer(StatusCode::OK, &whole(&found)))
}

pub(super) async fn schema(
    State(state): State<ServerState>,
    Path((source, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let found = state.ask(move |reach| Ok(described(&places(reach, &source)?, &source))).await?;
    one_of(found, &id)
}

fn one_of(all: Vec<Value>, id: &str) -> Result<Response, Failure> {
    let found = all.into_iter().find(|one| one["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id)));
    let found = found.ok_or_else(|| Error::not_found(format!("there is no `{id}` here")))?;
    Ok(answer(StatusCode::OK, &found))
}

fn whole(resources: &[Value]) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(),
        "itemsPerPage": resources.len(),
        "startIndex": 1,
        "Resources": resources,
    })
}

/// An attribute that clients can read and not write.
fn attribute(name: &str, kind: &str, multi: bool, description: &str) -> Value {
    let mut attribute = json!({
        "name": name, "type": kind, "multiValued": multi, "description": description, "required": false,
        "mutability": Mutability::ReadOnly.name(), "returned": "default",
    });
    // These say nothing of other types.
    if matches!(kind, "string" | "reference" | "binary") {
        attribute["caseExact"] = false.into();
        attribute["uniqueness"] = "none".into();
    }
    attribute
}

fn text(name: &str, description: &str) -> Value {
    attribute(name, "string", false, description)
}

/// An attribute of the source.
fn of_slot(slot: &Slot, name: &str) -> Value {
    let kind = match slot.attribute.attribute_type {
        AttributeType::Boolean => "boolean",
        AttributeType::Integer => "integer",
        AttributeType::Number => "decimal",
        AttributeType::DateTime => "dateTime",
        AttributeType::Binary => "binary",
        AttributeType::Json => "complex",
        _ => "string",
    };
    let mut described = attribute(name, kind, slot.attribute.multi, &slot.attribute.description);
    described["mutability"] = slot.mutability.name().into();
    described["required"] = is_required(slot).into();
    described
}

/// Whether a client that creates a user must send it.
fn is_required(slot: &Slot) -> bool {
    slot.attribute.required && slot.mutability != Mutability::ReadOnly
}

/// The attributes of the source in one of the schemas.
fn of_home(places: &Places, home: Home) -> Vec<Value> {
    let mut attributes: Vec<Value> = Vec::new();
    for slot in places.slots.iter().filter(|slot| slot.home == home) {
        let whole = |kind: &str, multi: bool, description: &str, parts: Vec<Value>| {
            let mut whole = attribute(&slot.name, kind, multi, description);
            whole["mutability"] = slot.mutability.name().into();
            whole["required"] = is_required(slot).into();
            whole["subAttributes"] = parts.into();
            whole
        };
        let new = match slot.shape {
            Shape::Plain => of_slot(slot, &slot.name),
            Shape::Email => {
                let mut primary = attribute("primary", "boolean", false, "Always true: there is one");
                let mut kind = text("type", "Always `work`");
                for part in [&mut primary, &mut kind] {
                    part["mutability"] = Mutability::ReadOnly.name().into();
                }
                whole("complex", true, &slot.attribute.description, vec![of_slot(slot, "value"), kind, primary])
            }
            Shape::Part(part) => {
                let part = of_slot(slot, part);
                if let Some(known) = attributes.iter_mut().find(|one| one["name"] == slot.name.as_str()) {
                    let is_writable = slot.mutability != Mutability::ReadOnly;
                    if is_writable {
                        known["mutability"] = Mutability::ReadWrite.name().into();
                    }
                    if is_required(slot) {
                        known["required"] = true.into();
                    }
                    if let Some(parts) = known["subAttributes"].as_array_mut() {
                        parts.push(part);
                    }
                    continue;
                }
                let description = if slot.name == "name" { "The parts of the name" } else { "Who leads the person" };
                whole("complex", false, description, vec![part])
            }
        };
        attributes.push(new);
    }
    attributes
}

fn described(places: &Places, source: &str) -> Vec<Value> {
    let mut own = of_home(places, Home::Own);
    own.push(attribute("locked", "boolean", false, "True if the account can't sign in although it is enabled"));
    own.push(text("accountKind", "person, service, machine, guest or agent, where the source says so"));
    let mut name = text("userName", "The name that people log in with");
    name["required"] = true.into();
    name["uniqueness"] = "server".into();
    name["mutability"] = match (&places.renames, places.can(OperationKind::Create)) {
        (Some(_), _) => Mutability::ReadWrite.name().into(),
        (None, true) => Mutability::Immutable.name().into(),
        (None, false) => Mutability::ReadOnly.name().into(),
    };
    let mut active = attribute(
        "active",
        "boolean",
        false,
        "Whether the account is enabled. A new one is, unless the client says no",
    );
    if places.can_switch() {
        // Every user has it, so nobody can remove it.
        active["required"] = true.into();
        active["mutability"] = Mutability::ReadWrite.name().into();
    }
    let mut groups = attribute("groups", "complex", true, "What the account holds");
    groups["subAttributes"] = json!([
        text("value", "The id of the group"),
        reference("$ref", &["Group"], "Where the group is"),
        text("type", "Always `direct`: what is held through another group is not listed"),
    ]);
    let mut core = vec![name, active, groups];
    if places.keeps_external_ids() {
        let mut external = text("externalId", "What the client calls the user");
        external["caseExact"] = true.into();
        external["mutability"] = Mutability::ReadWrite.name().into();
        core.push(external);
    }
    if !places.has_display_name() {
        core.push(text("displayName", "A name for people"));
    }
    core.extend(of_home(places, Home::Core));
    let mut members = attribute("members", "complex", true, "Who holds it");
    members["returned"] = "request".into();
    let mut member = text("value", "The id of the user or group");
    if places.can_assign() {
        members["mutability"] = Mutability::ReadWrite.name().into();
        member["mutability"] = Mutability::Immutable.name().into();
    }
    members["subAttributes"] = json!([
        member,
        reference("$ref", &["User", "Group"], "Where it is"),
        text("type", "`User` or `Group`. Only users can be added and removed"),
        text("display", "Its name"),
    ]);
    let shown = |id: &str, name: &str, description: &str, attributes: Vec<Value>| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name, "description": description,
            "attributes": attributes, "meta": {"resourceType": "Schema", "location": location(source, "Schemas", id)},
        })
    };
    let enterprise = of_home(places, Home::Enterprise);
    let mut all = vec![
        shown(CORE_USER, "User", "An account", core),
        shown(CORE_GROUP, "Group", "An entitlement", vec![text("displayName", "Its name"), members]),
        shown(&extension(source, "User"), "SourceUser", "What the source says of an account beyond that", own),
        shown(
            &extension(source, "Group"),
            "SourceGroup",
            "What the source says of an entitlement beyond that",
            vec![
                text("entitlementType", "The type, such as group, role or license"),
                text("entitlementId", "The id at the source"),
                text("entitlementDescription", "A description for people"),
            ],
        ),
    ];
    if !enterprise.is_empty() {
        all.push(shown(ENTERPRISE_USER, "EnterpriseUser", "What the source says of an employee", enterprise));
    }
    all
}

fn reference(name: &str, types: &[&str], description: &str) -> Value {
    let mut reference = attribute(name, "reference", false, description);
    reference["referenceTypes"] = json!(types);
    reference
}
