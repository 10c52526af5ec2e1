//! What the server says about itself.

use super::{Traits, ok};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

pub(super) fn answer(traits: &Traits, part: &str) -> Option<ResponseTemplate> {
    if !traits.discovery || (part == "Schemas" && !traits.schemas) {
        return None;
    }
    let body = match part {
        "ServiceProviderConfig" => {
            let mut config = json!({"patch": {"supported": traits.patch}, "filter": {"supported": traits.filter, "maxResults": 0},
                "sort": {"supported": traits.sort}, "etag": {"supported": traits.etag}, "changePassword": {"supported": true}});
            if traits.cursors {
                config["pagination"] = json!({"cursor": true, "index": false, "defaultPaginationMethod": "cursor"});
            }
            config
        }
        "ResourceTypes" => list(&[
            json!({"id": "User", "name": "User", "endpoint": "/Users", "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
                "schemaExtensions": [{"schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "required": false},
                    {"schema": "urn:acme:2.0:User", "required": false}]}),
            // The whole path, as some servers write it.
            json!({"id": "Group", "name": "Group", "endpoint": "/scim/v2/Groups", "schema": "urn:ietf:params:scim:schemas:core:2.0:Group"}),
        ]),
        _ => list(&schemas()),
    };
    Some(ok(200, &body).insert_header("Date", "Thu, 01 Jan 2026 12:00:00 GMT"))
}

fn schemas() -> Vec<Value> {
    let text = |name: &str| json!({"name": name, "type": "string", "multiValued": false, "mutability": "readWrite"});
    let complex = |name: &str, multi: bool, parts: &[Value]| json!({"name": name, "type": "complex", "multiValued": multi, "subAttributes": parts});
    vec![
        json!({"id": "urn:ietf:params:scim:schemas:core:2.0:User", "name": "User", "attributes": [
            text("userName"), complex("name", false, &[text("givenName"), text("familyName"), text("formatted")]), text("displayName"), text("title"), text("userType"),
            {"name": "active", "type": "boolean", "multiValued": false}, complex("emails", true, &[text("value"), text("type")]),
            complex("roles", true, &[text("value"), text("display")]), {"name": "password", "type": "string", "mutability": "writeOnly", "returned": "never"}]}),
        json!({"id": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "name": "EnterpriseUser",
            "attributes": [text("department"), text("employeeNumber"), complex("manager", false, &[text("value"), text("displayName")])]}),
        json!({"id": "urn:acme:2.0:User", "name": "Acme", "attributes": [text("badge"), {"name": "level", "type": "integer", "multiValued": false, "mutability": "readOnly"}]}),
    ]
}

fn list(rows: &[Value]) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": rows.len(), "Resources": rows})
}
