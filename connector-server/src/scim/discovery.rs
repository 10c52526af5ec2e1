//! What the service says about itself.

use super::fault::answer;
use super::names::{CORE_GROUP, CORE_USER, attribute_name, extension, location};
use crate::address::encoded;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::{AttributeType, Error, Result};
use serde_json::{Value, json};

/// How many resources a page has at most, and unless the request says so.
pub(super) const LARGEST_PAGE: usize = 1_000;
pub(super) const USUAL_PAGE: usize = 100;

pub(super) async fn configuration(
    State(state): State<ServerState>,
    Path(source): Path<String>,
) -> Result<Response, Failure> {
    let known = source.clone();
    state.ask(move |reach| reach.must_know(&known)).await?;
    let off = json!({"supported": false});
    Ok(answer(
        StatusCode::OK,
        &json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": off,
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

fn types(source: &str) -> Vec<Value> {
    let one = |name: &str, core: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": format!("/{name}s"),
            "schema": core,
            "schemaExtensions": [{"schema": extension(source, name), "required": true}],
            "meta": {"resourceType": "ResourceType", "location": location(source, "ResourceTypes", name)},
        })
    };
    vec![one("User", CORE_USER), one("Group", CORE_GROUP)]
}

pub(super) async fn resource_types(
    State(state): State<ServerState>,
    Path(source): Path<String>,
) -> Result<Response, Failure> {
    let found = state.ask(move |reach| reach.must_know(&source).map(|()| types(&source))).await?;
    Ok(answer(StatusCode::OK, &whole(&found)))
}

pub(super) async fn resource_type(
    State(state): State<ServerState>,
    Path((source, name)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let found = state.ask(move |reach| reach.must_know(&source).map(|()| types(&source))).await?;
    one_of(found, &name)
}

pub(super) async fn schemas(State(state): State<ServerState>, Path(source): Path<String>) -> Result<Response, Failure> {
    let found = state.ask(move |reach| described(reach, &source)).await?;
    Ok(answer(StatusCode::OK, &whole(&found)))
}

pub(super) async fn schema(
    State(state): State<ServerState>,
    Path((source, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let found = state.ask(move |reach| described(reach, &source)).await?;
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
    json!({
        "name": name, "type": kind, "multiValued": multi, "description": description, "required": false, "caseExact": false,
        "mutability": "readOnly", "returned": "default", "uniqueness": "none",
    })
}

fn described(reach: &Reach, source: &str) -> Result<Vec<Value>> {
    reach.must_know(source)?;
    let opened = reach.project.load(source)?.open(&reach.project)?;
    let own = opened.connector.schema().attributes.into_iter().map(|one| {
        let kind = match one.attribute_type {
            AttributeType::Boolean => "boolean",
            AttributeType::Integer => "integer",
            AttributeType::Number => "decimal",
            AttributeType::DateTime => "dateTime",
            AttributeType::Binary => "binary",
            AttributeType::Json => "complex",
            _ => "string",
        };
        attribute(&attribute_name(&one.name), kind, one.multi, &one.description)
    });
    let mut own: Vec<Value> = own.collect();
    own.push(attribute("locked", "boolean", false, "Whether the account can't sign in although it is enabled"));
    own.push(attribute(
        "accountKind",
        "string",
        false,
        "person, service, machine, guest or agent, where the source says so",
    ));
    let mut name = attribute("userName", "string", false, "The name that people log in with");
    name["required"] = true.into();
    name["uniqueness"] = "server".into();
    let mut groups = attribute("groups", "complex", true, "What the account holds");
    groups["subAttributes"] = json!([
        attribute("value", "string", false, "The id of the group"),
        attribute("$ref", "reference", false, "Where the group is"),
        attribute("type", "string", false, "`direct`, or `indirect` for what is held through another group"),
    ]);
    let mut members = attribute("members", "complex", true, "Who holds it");
    members["returned"] = "request".into();
    members["subAttributes"] = json!([
        attribute("value", "string", false, "The id of the user or group"),
        attribute("$ref", "reference", false, "Where it is"),
        attribute("type", "string", false, "`User` or `Group`"),
        attribute("display", "string", false, "Its name"),
    ]);
    let shown = |id: &str, name: &str, description: &str, attributes: Vec<Value>| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name, "description": description,
            "attributes": attributes, "meta": {"resourceType": "Schema", "location": location(source, "Schemas", id)},
        })
    };
    let text = |name: &str, description: &str| attribute(name, "string", false, description);
    Ok(vec![
        shown(
            CORE_USER,
            "User",
            "An account",
            vec![
                name,
                text("displayName", "A name for people"),
                attribute("active", "boolean", false, "Whether the account is enabled"),
                groups,
            ],
        ),
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
    ])
}
