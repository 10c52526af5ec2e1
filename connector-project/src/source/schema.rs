//! The JSON Schemas of the files that users write, composed from the connectors of a catalog and the strategies in this
//! build.
//!
//! The order of everything is fixed, so the same binary always writes the same bytes.

use super::caps::ProvisioningSettings;
use super::catalog::Catalog;
use super::definition::{AggregationSettings, ProjectSettings};
use super::findings_file::FindingsSettings;
use super::limits::LimitSettings;
use crate::derive::Derivation;
use crate::plan::plan_schema;
use connector_core::registry::{self, AuthRegistration, ConnectorFormat, ConnectorRegistration};
use connector_core::{HttpOptions, Result};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a source file, for editors: `connector` selects the schema of `settings`, and `grant_type` selects the
/// schema of the rest of `auth`.
pub fn source_schema(catalog: &Catalog) -> Value {
    let mut defs = Map::new();
    let connectors: Vec<_> = catalog.connectors().iter().map(|one| &*one.registration).collect();
    let strategies = registry::auth_strategies();
    for connector in &connectors {
        hoist(connector_schema(connector), &connector.name, &mut defs);
    }
    for strategy in &strategies {
        hoist(grant_type_schema(strategy), strategy.grant_type, &mut defs);
    }
    let names: Vec<_> = connectors.iter().map(|connector| &*connector.name).collect();
    json!({
        "$schema": DRAFT,
        "title": "Source",
        "description": "One configured system. Its name is the file name without `.yaml`.",
        "type": "object",
        "properties": {
            "connector": {
                "description": listing("The connector of this source.", connectors.iter().map(|one| (&*one.name, &*one.description))),
                "enum": names,
            },
            "description": {"description": "A description of this source, for people.", "type": "string"},
            "auth": auth_schema(&strategies),
            "http": optional(block::<HttpOptions>()),
            "settings": {"description": "The connector's own settings.", "type": ["object", "null"]},
            "attributes": with_description(
                optional(block::<BTreeMap<String, Derivation>>()),
                "Attributes that are derived from those that the connector reads, by name.",
            ),
            "aggregation": optional(block::<AggregationSettings>()),
            "provisioning": optional(block::<ProvisioningSettings>()),
            "limits": optional(block::<LimitSettings>()),
        },
        "required": ["connector"],
        "additionalProperties": false,
        "allOf": connectors.iter().map(|connector| branch_of(connector)).collect::<Vec<_>>(),
        "$defs": defs,
    })
}

/// The schema of `connector.yaml`.
pub fn project_schema() -> Value {
    let mut schema = Value::from(SchemaGenerator::default().root_schema_for::<ProjectSettings>());
    schema["title"] = json!("Project");
    let properties = &mut schema["properties"];
    properties["http"] = with_description(
        optional(block::<HttpOptions>()),
        "HTTP options for every source. The `http:` block of a source overrides them.",
    );
    properties["aggregation"] = with_description(
        optional(block::<AggregationSettings>()),
        "Aggregation settings for every source. The `aggregation:` block of a source overrides them.",
    );
    properties["provisioning"] = with_description(
        optional(block::<ProvisioningSettings>()),
        "Caps of plans for every source. The `provisioning:` block of a source overrides them.",
    );
    properties["limits"] = with_description(
        optional(block::<LimitSettings>()),
        "Limits for every source. The `limits:` block of a source overrides them.",
    );
    if let Some(object) = schema.as_object_mut() {
        object.remove("$defs");
    }
    schema
}

/// The schema of `findings.yaml`, with the rules in this build.
pub fn findings_schema() -> Value {
    let mut schema = Value::from(SchemaGenerator::default().root_schema_for::<FindingsSettings>());
    schema["title"] = json!("Findings");
    let accept = &mut schema["properties"]["accept"];
    accept["type"] = json!(["array", "null"]);
    let rules = registry::rules();
    if !rules.is_empty() {
        accept["items"]["properties"]["rule"] = json!({
            "description": listing("The name of the rule.", rules.iter().map(|rule| (rule.name, rule.title))),
            "enum": rules.iter().map(|rule| rule.name).collect::<Vec<_>>(),
        });
    }
    schema
}

/// The schema of a connector file, for editors: `format` selects the schema of the rest. `None` if this build has no format.
pub fn connector_file_schema() -> Option<Value> {
    let formats = registry::connector_formats();
    let mut defs = Map::new();
    for format in &formats {
        let schema = with_first(connector_fields_schema(format), "format", json!({"const": format.name}));
        hoist(schema, format.name, &mut defs);
    }
    let branches = formats.iter().map(|format| {
        json!({
            "if": {"properties": {"format": {"const": format.name}}, "required": ["format"]},
            "then": {"$ref": format!("#/$defs/{}", format.name)},
        })
    });
    let schema = json!({
        "$schema": DRAFT,
        "title": "Connector file",
        "description": "A connector that a project defines. Its name is the file name without `.yaml`.",
        "type": "object",
        "properties": {"format": {
            "description": listing("The format of this file.", formats.iter().map(|one| (one.name, one.description))),
            "enum": formats.iter().map(|one| one.name).collect::<Vec<_>>(),
        }},
        "required": ["format"],
        "allOf": branches.collect::<Vec<_>>(),
        "$defs": defs,
    });
    (!formats.is_empty()).then_some(schema)
}

/// The schema of a connector file without `format`.
pub(super) fn connector_fields_schema(format: &ConnectorFormat) -> Value {
    Value::from((format.schema)(&mut SchemaGenerator::default()))
}

/// The schema of the `settings:` of a connector.
pub fn connector_schema(connector: &ConnectorRegistration) -> Value {
    let mut schema = Value::from(connector.schema(&mut SchemaGenerator::default()));
    schema["title"] = json!(format!("{} settings", connector.title));
    schema
}

/// The schema of an `auth:` block of a grant type, `grant_type` included.
pub fn grant_type_schema(strategy: &AuthRegistration) -> Value {
    let mut schema = auth_fields_schema(strategy);
    schema["title"] = json!(format!("{} auth", strategy.title));
    let grant_type = json!({"description": strategy.description, "enum": spellings(strategy)});
    with_first(schema, "grant_type", grant_type)
}

/// The schema with a required key before its other keys.
fn with_first(mut schema: Value, key: &str, rule: Value) -> Value {
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    let mut properties = Map::new();
    properties.insert(key.to_owned(), rule);
    if let Some(fields) = schema["properties"].as_object_mut() {
        properties.append(fields);
        *fields = properties;
    }
    let mut required = vec![json!(key)];
    required.extend(schema["required"].as_array().into_iter().flatten().cloned());
    schema["required"] = Value::Array(required);
    schema
}

/// The schema of an `auth:` block without `grant_type`.
pub(super) fn auth_fields_schema(strategy: &AuthRegistration) -> Value {
    Value::from((strategy.schema)(&mut SchemaGenerator::default()))
}

/// The schema called `what`: `source`, `plan`, `project`, `findings`, `connector`, the name of a connector, or a grant type.
///
/// Fails with kind `definition` if there is no such schema.
pub fn named(what: &str, catalog: &Catalog) -> Result<Value> {
    let file = format!("{what}.schema.json");
    if let Some((_, schema)) = of_files(catalog).into_iter().find(|(name, _)| *name == file) {
        return Ok(schema);
    }
    if let Ok(strategy) = registry::auth_strategy(what) {
        return Ok(grant_type_schema(strategy));
    }
    catalog.find(what).map(|one| connector_schema(&one.registration)).ok_or_else(|| unknown(what, catalog))
}

/// Whether something other than a connector has a schema of this name.
pub(super) fn is_reserved(name: &str) -> bool {
    ["source", "plan", "project", "findings", "connector"].contains(&name) || registry::auth_strategy(name).is_ok()
}

/// The schemas of the kinds of files in a project, with the names of their files in `schemas/`.
pub fn of_files(catalog: &Catalog) -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("findings.schema.json", findings_schema()),
        ("plan.schema.json", plan_schema()),
        ("project.schema.json", project_schema()),
        ("source.schema.json", source_schema(catalog)),
    ];
    all.extend(connector_file_schema().map(|schema| ("connector.schema.json", schema)));
    all
}

/// Every schema with the name of its file in `schemas/`.
pub fn all(catalog: &Catalog) -> Vec<(String, Value)> {
    let mut all: Vec<_> = of_files(catalog).into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let connectors = catalog.connectors().iter().map(|one| &one.registration);
    all.extend(connectors.map(|one| (format!("{}.schema.json", one.name), connector_schema(one))));
    let strategies = registry::auth_strategies();
    all.extend(strategies.iter().map(|one| (format!("{}.schema.json", one.grant_type), grant_type_schema(one))));
    all
}

/// The text of a schema file: indented, with a line end.
pub fn to_text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn unknown(what: &str, catalog: &Catalog) -> connector_core::Error {
    let mut known = vec!["source", "plan", "project", "findings"];
    known.extend((!registry::connector_formats().is_empty()).then_some("connector"));
    known.extend(catalog.names());
    known.extend(registry::auth_strategies().iter().map(|one| one.grant_type));
    connector_core::Error::new(connector_core::ErrorKind::Definition, format!("the schema `{what}` does not exist"))
        .with_help(format!("the schemas are: {}", known.join(", ")))
}

/// The grant type and its aliases.
pub(super) fn spellings(strategy: &AuthRegistration) -> Vec<&'static str> {
    std::iter::once(strategy.grant_type).chain(strategy.aliases.iter().copied()).collect()
}

/// The schema of a block that is the same for every connector.
pub(super) fn block<T: JsonSchema>() -> Value {
    let mut schema = Value::from(SchemaGenerator::default().root_schema_for::<T>());
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
        object.remove("title");
    }
    schema
}

/// A block that can also be empty, such as `http:` with all of its lines commented out.
fn optional(mut schema: Value) -> Value {
    schema["type"] = json!(["object", "null"]);
    schema
}

fn with_description(mut schema: Value, description: &str) -> Value {
    schema["description"] = json!(description);
    schema
}

fn auth_schema(strategies: &[&AuthRegistration]) -> Value {
    let branches: Vec<_> = strategies
        .iter()
        .map(|strategy| {
            json!({
                "if": {"properties": {"grant_type": {"enum": spellings(strategy)}}, "required": ["grant_type"]},
                "then": {"$ref": format!("#/$defs/{}", strategy.grant_type)},
            })
        })
        .collect();
    let names: Vec<_> = strategies.iter().flat_map(|strategy| spellings(strategy)).collect();
    json!({
        "description": "How Connector signs in to the source.",
        "type": "object",
        "properties": {"grant_type": {
            "description": listing("The OAuth grant type.", strategies.iter().map(|one| (one.grant_type, one.description))),
            "enum": names,
        }},
        "required": ["grant_type"],
        "allOf": branches,
    })
}

fn branch_of(connector: &ConnectorRegistration) -> Value {
    let schema = connector_schema(connector);
    let needs_settings = schema["required"].as_array().is_some_and(|required| !required.is_empty());
    let settings = json!({"$ref": format!("#/$defs/{}", connector.name)});
    let settings = if needs_settings { settings } else { json!({"anyOf": [settings, {"type": "null"}]}) };
    let mut required = Vec::new();
    let auth = if connector.grant_types.is_empty() {
        json!(false)
    } else {
        required.push("auth");
        let accepted =
            registry::auth_strategies().into_iter().filter(|one| connector.grant_types.contains(&one.grant_type));
        json!({"properties": {"grant_type": {"enum": accepted.flat_map(spellings).collect::<Vec<_>>()}}})
    };
    if needs_settings {
        required.push("settings");
    }
    json!({
        "if": {"properties": {"connector": {"const": connector.name}}, "required": ["connector"]},
        "then": {"properties": {"auth": auth, "settings": settings}, "required": required},
    })
}

fn listing<'a>(title: &str, entries: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    entries.fold(title.to_owned(), |text, (name, description)| format!("{text}\n{name}: {description}"))
}

/// Moves a schema and its definitions into the definitions of another schema.
fn hoist(mut schema: Value, name: &str, defs: &mut Map<String, Value>) {
    let inner = schema.as_object_mut().and_then(|object| {
        object.remove("$schema");
        object.remove("$defs")
    });
    let prefix = format!("{name}.");
    rename_refs(&mut schema, &prefix);
    defs.insert(name.to_owned(), schema);
    if let Some(Value::Object(inner)) = inner {
        for (key, mut definition) in inner {
            rename_refs(&mut definition, &prefix);
            defs.insert(format!("{prefix}{key}"), definition);
        }
    }
}

fn rename_refs(value: &mut Value, prefix: &str) {
    match value {
        Value::Object(object) => {
            for (key, member) in object {
                match member {
                    Value::String(target) if key == "$ref" => {
                        if let Some(definition) = target.strip_prefix("#/$defs/") {
                            *target = format!("#/$defs/{prefix}{definition}");
                        }
                    }
                    _ => rename_refs(member, prefix),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_refs(item, prefix)),
        _ => {}
    }
}
