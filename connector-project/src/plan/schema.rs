//! The JSON Schema of a plan.

use connector_core::OperationKind;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

const ENTITLEMENT_PATTERN: &str = "^[a-z][a-z0-9_]*/.*\\S";
const REF_PATTERN: &str = "^[a-z][a-z0-9_-]*:.+";

/// The schema of a plan in YAML or JSON, for editors.
pub fn plan_schema() -> Value {
    let verbs: Map<_, _> = OperationKind::ALL.iter().map(|kind| (kind.name().to_owned(), published(*kind))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Plan",
        "description": "Changes to one source, in the order in which Connector makes them.",
        "type": ["object", "array"],
        "properties": {
            "operations": {
                "description": "The changes, in order.",
                "type": "array",
                "items": {"$ref": "#/$defs/operation"},
                "minItems": 1,
            },
        },
        "required": ["operations"],
        "additionalProperties": false,
        "items": {"$ref": "#/$defs/operation"},
        "minItems": 1,
        "$defs": {"operation": {
            "description": "One change: a verb and its block.",
            "type": "object",
            "properties": verbs,
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        }},
    })
}

/// The schema of the block under a verb, including the rules that the reader checks with its own messages.
fn published(kind: OperationKind) -> Value {
    let mut schema = block(kind);
    schema["description"] = json!(kind.description());
    match kind {
        OperationKind::Grant | OperationKind::Revoke => {
            schema["properties"]["entitlement"]["pattern"] = json!(ENTITLEMENT_PATTERN);
        }
        OperationKind::Create => {
            schema["properties"]["entitlements"]["items"]["pattern"] = json!(ENTITLEMENT_PATTERN);
            schema["properties"]["password_ref"]["pattern"] = json!(REF_PATTERN);
        }
        OperationKind::Update => {
            for key in ["set", "add", "remove"] {
                schema["properties"][key]["minProperties"] = json!(1);
            }
            schema["anyOf"] = json!([{"required": ["set"]}, {"required": ["add"]}, {"required": ["remove"]}]);
        }
        OperationKind::SetPassword => {
            schema["properties"]["password_ref"]["pattern"] = json!(REF_PATTERN);
            schema["oneOf"] = json!([{"required": ["password_ref"]}, {"required": ["reset"]}]);
        }
        _ => {}
    }
    schema
}

/// The schema of the block under a verb: keys and types.
fn block(kind: OperationKind) -> Value {
    let text = |description: &str| json!({"description": description, "type": "string", "minLength": 1});
    let account = text("The id or name of the account.");
    let entitlement = text("The entitlement: `TYPE/ID` or `TYPE/NAME`.");
    let values = |description: &str| json!({"description": description, "type": "object"});
    let several = |description: &str| {
        let value = json!({"type": ["array", "string", "number", "boolean"]});
        json!({"description": description, "type": "object", "additionalProperties": value})
    };
    let (properties, required) = match kind {
        OperationKind::Create => (
            json!({
                "name": text("The name of the new account."),
                "attributes": values("The attributes to set, by their names on the source."),
                "entitlements": {
                    "description": "The entitlements to grant when the account is created.",
                    "type": "array",
                    "items": entitlement,
                },
                "password_ref": text("A ref to the initial password, such as `env:NEW_PASSWORD`. Never the password itself."),
            }),
            json!(["name"]),
        ),
        OperationKind::Update => (
            json!({
                "account": account,
                "set": values("The attributes to set, by their names on the source. A null clears the attribute."),
                "add": several("The values to add to attributes with several values. The other values stay."),
                "remove": several("The values to remove from attributes with several values. The other values stay."),
            }),
            json!(["account"]),
        ),
        OperationKind::Grant => (
            json!({
                "account": account,
                "entitlement": entitlement,
                "until": text("When the grant ends: a date (midnight UTC) or an RFC 3339 time."),
            }),
            json!(["account", "entitlement"]),
        ),
        OperationKind::Revoke => {
            (json!({"account": account, "entitlement": entitlement}), json!(["account", "entitlement"]))
        }
        OperationKind::SetPassword => (
            json!({
                "account": account,
                "password_ref": {
                    "description": "A ref to the new password, such as `env:NEW_PASSWORD`. Never the password itself.",
                    "type": "string",
                },
                "reset": {"description": "Ask the source to send the user a new password.", "const": true},
            }),
            json!(["account"]),
        ),
        OperationKind::Deprovision => (
            json!({
                "account": account,
                "transfer_to": text("The id or name of the account that takes over what can be handed over."),
            }),
            json!(["account"]),
        ),
        OperationKind::Transfer => (
            json!({
                "account": account,
                "to": text("The id or name of the account that takes over."),
                "what": text("What to hand over, in the words of the connector. Default: everything that can be handed over."),
            }),
            json!(["account", "to"]),
        ),
        _ => (json!({"account": account}), json!(["account"])),
    };
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// The compiled schema of the block under a verb.
pub(super) struct BlockSchema {
    kind: OperationKind,
    pub(super) schema: Value,
    pub(super) validator: Validator,
}

static BLOCKS: LazyLock<Vec<BlockSchema>> = LazyLock::new(|| {
    let ready = |kind: &OperationKind| {
        let schema = block(*kind);
        let validator = jsonschema::draft202012::new(&schema).ok()?;
        Some(BlockSchema { kind: *kind, schema, validator })
    };
    OperationKind::ALL.iter().filter_map(ready).collect()
});

impl BlockSchema {
    pub(super) fn of(kind: OperationKind) -> &'static Self {
        BLOCKS.iter().find(|block| block.kind == kind).expect("every kind has a schema, and a test compiles each one")
    }

    /// The keys that the verb accepts.
    pub(super) fn keys(&self) -> Vec<&str> {
        self.schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
    }
}
