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
        "description": "Wanted changes of one source, carried out in this order.",
        "type": ["object", "array"],
        "properties": {
            "operations": {
                "description": "The wanted changes, in order.",
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
            "description": "One wanted change: its verb, and what it concerns.",
            "type": "object",
            "properties": verbs,
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        }},
    })
}

/// The schema of what stands under a verb, with what the reader checks in words of its own.
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

/// The schema of what stands under a verb: keys and types.
fn block(kind: OperationKind) -> Value {
    let text = |description: &str| json!({"description": description, "type": "string", "minLength": 1});
    let account = text("The account's id or name.");
    let entitlement = text("What is held: `TYPE/ID` or `TYPE/NAME`.");
    let values = |description: &str| json!({"description": description, "type": "object"});
    let several = |description: &str| {
        let value = json!({"type": ["array", "string", "number", "boolean"]});
        json!({"description": description, "type": "object", "additionalProperties": value})
    };
    let (properties, required) = match kind {
        OperationKind::Create => (
            json!({
                "name": text("The name of the new account."),
                "attributes": values("The values to set, in the source's own spelling."),
                "entitlements": {
                    "description": "What the account shall hold from the start.",
                    "type": "array",
                    "items": entitlement,
                },
                "password_ref": text("Where the first password is kept; never the password itself."),
            }),
            json!(["name"]),
        ),
        OperationKind::Update => (
            json!({
                "account": account,
                "set": values("The values to set, in the source's own spelling; a null clears one."),
                "add": several("The values to add to attributes that hold several; the other values stay."),
                "remove": several("The values to remove from attributes that hold several; the other values stay."),
            }),
            json!(["account"]),
        ),
        OperationKind::Grant => (
            json!({
                "account": account,
                "entitlement": entitlement,
                "until": text("When the account stops holding it: a date (midnight UTC) or an RFC 3339 time."),
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
                    "description": "Where the new password is kept; never the password itself.",
                    "type": "string",
                },
                "reset": {"description": "Let the source send the user a new one.", "const": true},
            }),
            json!(["account"]),
        ),
        _ => (json!({"account": account}), json!(["account"])),
    };
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// The schema of what stands under a verb, ready to check many.
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
        BLOCKS.iter().find(|block| block.kind == kind).expect("each kind has a schema that a test compiles")
    }

    /// The keys that may stand under the verb.
    pub(super) fn keys(&self) -> Vec<&str> {
        self.schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
    }
}
