//! The schema of accounts.

use super::fields::{Field, Fields};
use crate::source::Source;
use connector_core::{AccountSchema, AttributeMeaning, AttributeSchema, AttributeType, OperationKind, Writable};

/// How many accounts one call finds.
pub(crate) const MOST_FOUND: usize = 200;

/// What standard attributes mean in every source. Those of the extension for employees are named by their ends.
const MEANINGS: [(&str, AttributeMeaning); 7] = [
    ("userName", AttributeMeaning::LoginName),
    ("name.givenName", AttributeMeaning::GivenName),
    ("name.familyName", AttributeMeaning::FamilyName),
    ("title", AttributeMeaning::Title),
    (":enterprise:2.0:User:employeeNumber", AttributeMeaning::EmployeeNumber),
    (":enterprise:2.0:User:department", AttributeMeaning::Department),
    (":enterprise:2.0:User:manager.value", AttributeMeaning::Manager),
];

/// The attributes that the server describes, or those of RFC 7643 before the server was asked.
pub(crate) fn schema(source: &Source) -> AccountSchema {
    let fields = Fields::of(source.known(), |name| source.is_excluded(name));
    let mut attributes: Vec<_> = fields.iter().map(attribute).collect();
    attributes.push(
        AttributeSchema::date_time("meta.created")
            .means(AttributeMeaning::Created)
            .described("When the user was created"),
    );
    attributes
        .push(AttributeSchema::date_time("meta.lastModified").quiet().described("When the user was last changed"));
    for name in source.undescribed() {
        attributes.push(
            AttributeSchema::new(name, AttributeType::Json)
                .writable(Writable::Always)
                .described("An attribute that the server has, but does not describe"),
        );
    }
    let operations = vec![
        OperationKind::Create,
        OperationKind::Update,
        OperationKind::Grant,
        OperationKind::Revoke,
        OperationKind::Disable,
        OperationKind::Enable,
        OperationKind::SetPassword,
        OperationKind::Delete,
    ];
    let schema = AccountSchema::new(attributes).with_operations(operations);
    // Without a description, the server may have any attribute.
    if source.known().missing.contains(&"Schemas") { schema.open() } else { schema }
}

fn attribute(field: &Field) -> AttributeSchema {
    let described = &field.described;
    let is_reference = field.name.ends_with(":User:manager.value");
    let kind = match described.kind.as_deref().unwrap_or("string").to_ascii_lowercase().as_str() {
        _ if is_reference => AttributeType::Reference,
        "boolean" => AttributeType::Boolean,
        "integer" => AttributeType::Integer,
        "decimal" => AttributeType::Number,
        "datetime" => AttributeType::DateTime,
        "binary" => AttributeType::Binary,
        "complex" => AttributeType::Json,
        _ => AttributeType::String,
    };
    let writable = match described.mutability() {
        "readOnly" => Writable::Never,
        "immutable" => Writable::OnCreate,
        _ => Writable::Always,
    };
    let mut schema = AttributeSchema::new(&field.name, kind)
        .writable(writable)
        .described(described.description.as_deref().map(first_sentence).unwrap_or_default());
    schema.multi = described.multi_valued;
    // A plan gives the login name as the name of the account.
    schema.required = described.required && field.name != "userName" && writable != Writable::Never;
    let meaning =
        MEANINGS.iter().find(|(name, _)| field.name == *name || field.name.ends_with(name) && name.starts_with(':'));
    schema.meaning = meaning.map(|(_, meaning)| *meaning);
    schema
}

/// The first sentence, without its period.
fn first_sentence(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = line.find(". ").unwrap_or(line.len());
    line[..end].trim_end_matches('.').to_owned()
}
