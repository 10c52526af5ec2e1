//! The attributes of a user as fields of the org, in its spelling, with values that it takes.

use super::references::{self, References, alias};
use super::values::{is_email, typed};
use crate::api::description::{Description, FieldDescription};
use crate::users::schema::standard;
use connector_core::nearest;
use connector_core::{Error, ErrorKind, Result, Writable};
use serde_json::{Map, Value};

/// Types of fields that only put other fields together.
const COMPOUND: [&str; 3] = ["address", "location", "complexvalue"];

/// When values are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Create,
    Update,
}

/// The values as the org takes them. The error names everything that is wrong with them.
pub(super) fn record(
    user: &Description,
    references: &References,
    given: &Map<String, Value>,
    when: When,
) -> Result<Map<String, Value>> {
    let mut record = Map::new();
    let mut faults = Vec::new();
    for (name, value) in given {
        match one(user, references, name, value, when) {
            Ok((field, value)) => {
                if let Some(earlier) = record.insert(field.to_owned(), value.clone())
                    && earlier != value
                {
                    let message = format!("`{field}` is given twice, with different values");
                    faults.push(Error::new(ErrorKind::Invalid, message).with_help("leave out one of them"));
                }
            }
            Err(fault) => faults.push(fault),
        }
    }
    together(faults).map_or(Ok(record), Err)
}

fn one<'a>(
    user: &'a Description,
    references: &References,
    name: &str,
    value: &Value,
    when: When,
) -> Result<(&'a str, Value)> {
    let alias = alias(name);
    let Some(field) = user.field(alias.map_or(name, |alias| alias.field)) else { return Err(unknown(user, name)) };
    may_be_set(field, when)?;
    let value = match alias {
        Some(alias) => references.id(alias, value)?,
        None => typed(field, value)?,
    };
    let value = if field.name == "Username" { username(value.as_str().unwrap_or_default())?.into() } else { value };
    if value.is_null() && !field.nillable && when == When::Update {
        return Err(
            Error::new(ErrorKind::Invalid, format!("`{}` can't be empty", field.name)).with_help("give a value")
        );
    }
    Ok((&field.name, value))
}

/// A username as Salesforce keeps it.
pub(super) fn username(text: &str) -> Result<String> {
    const LONGEST: usize = 80;
    let text = text.trim().to_lowercase();
    if is_email(&text) && text.chars().count() <= LONGEST {
        return Ok(text);
    }
    Err(Error::new(ErrorKind::Invalid, format!("`{text}` is not a valid username")).with_help(format!(
        "a username has the form of an email address, like `jane@acme.example`, and at most {LONGEST} characters"
    )))
}

fn unknown(user: &Description, name: &str) -> Error {
    let known = user.fields.iter().map(|field| field.name.as_str()).chain(references::names());
    let why = "custom fields end in `__c`, and field-level security may hide one from the service account";
    let help = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`? Otherwise: {why}"),
        None => format!("check the spelling: {why}"),
    };
    Error::new(ErrorKind::Invalid, format!("User has no attribute `{name}`")).with_help(help)
}

fn may_be_set(field: &FieldDescription, when: When) -> Result<()> {
    let name = &field.name;
    let may = if when == When::Create { field.createable } else { field.updateable };
    if may {
        return Ok(());
    }
    let invalid =
        |what: &str, help: &str| Err(Error::new(ErrorKind::Invalid, format!("`{name}` {what}")).with_help(help));
    let writable = standard(name).map(|field| field.attribute().writable);
    match writable {
        _ if name == "Name" => invalid("can't be set", "set `FirstName` and `LastName`; Salesforce combines them"),
        _ if COMPOUND.contains(&field.field_type.as_str()) => {
            invalid("can't be set as a whole", "set the fields that it is made of")
        }
        _ if field.calculated => invalid("can't be set: a formula computes it", "leave it out"),
        Some(Writable::OnCreate) if when == When::Update => {
            invalid("can only be set when the user is created", "leave it out")
        }
        None if when == When::Update && field.createable => {
            invalid("can only be set when the user is created", "leave it out")
        }
        Some(Writable::Never) => invalid("can't be set: Salesforce sets it itself", "leave it out"),
        None if !name.ends_with("__c") => invalid("can't be set: Salesforce sets it itself", "leave it out"),
        _ => Err(Error::new(ErrorKind::Permission, format!("the service account can read `{name}` but not edit it"))
            .with_help(
                "allow editing the field in the field-level security of a permission set of the service account",
            )),
    }
}

/// Several faults as one; `None` without a fault.
pub(super) fn together(faults: Vec<Error>) -> Option<Error> {
    faults.into_iter().reduce(|all, next| both(&all, &next))
}

/// Two faults as one.
pub(super) fn both(first: &Error, second: &Error) -> Error {
    let message = format!("{}; {}", first.message(), second.message());
    let (help, more) = (first.help().unwrap_or_default(), second.help().unwrap_or_default());
    let help = if help.contains(more) { help.to_owned() } else { format!("{help}; {more}") };
    Error::new(first.kind(), message).with_help(help)
}
