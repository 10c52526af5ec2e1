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
    schema["description"] = json!(meaning(kind));
    match kind {
        OperationKind::Grant | OperationKind::Revoke => {
            schema["properties"]["entitlement"]["pattern"] = json!(ENTITLEMENT_PATTERN);
        }
        OperationKind::Create => {
            schema["properties"]["entitlements"]["items"]["pattern"] = json!(ENTITLEMENT_PATTERN);
        }
        OperationKind::Update => schema["properties"]["set"]["minProperties"] = json!(1),
        OperationKind::SetPassword => {
            schema["properties"]["password_ref"]["pattern"] = json!(REF_PATTERN);
            schema["oneOf"] = json!([{"required": ["password_ref"]}, {"required": ["reset"]}]);
        }
        _ => {}
    }
    schema
}

fn meaning(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Create => "Make an account.",
        OperationKind::Update => "Set attributes of an account.",
        OperationKind::Grant => "Let an account hold an entitlement.",
        OperationKind::Revoke => "Take an entitlement from an account.",
        OperationKind::Disable => "Bar an account for good.",
        OperationKind::Enable => "Allow an account to be used again.",
        OperationKind::Lock => "Bar an account for now.",
        OperationKind::Unlock => "Lift a lock.",
        OperationKind::SetPassword => "Give an account a new password.",
        OperationKind::Delete => "Remove an account.",
    }
}

/// The schema of what stands under a verb: keys and types.
fn block(kind: OperationKind) -> Value {
    let text = |description: &str| json!({"description": description, "type": "string", "minLength": 1});
    let account = text("The account's id or name.");
    let entitlement = text("What is held: `TYPE/ID` or `TYPE/NAME`.");
    let values = |description: &str| json!({"description": description, "type": "object"});
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
            }),
            json!(["name"]),
        ),
        OperationKind::Update => (
            json!({
                "account": account,
                "set": values("The values to set, in the source's own spelling; a null clears one."),
            }),
            json!(["account", "set"]),
        ),
        OperationKind::Grant | OperationKind::Revoke => {
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
        OperationKind::Disable
        | OperationKind::Enable
        | OperationKind::Lock
        | OperationKind::Unlock
        | OperationKind::Delete => (json!({"account": account}), json!(["account"])),
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
