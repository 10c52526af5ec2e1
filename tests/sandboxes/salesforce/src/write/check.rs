//! The rules of every record: required fields, lengths, formats, picklists, references.

use super::draft::{Draft, Purpose};
use super::refusal::Refusal;
use crate::id::Id;
use crate::org::field::{Field, Kind};
use crate::org::object::Object;
use crate::org::schema;
use crate::org::state::State;
use crate::org::value::Value;

/// The largest number that a field of 18 digits holds.
const LARGEST: f64 = 1e18;

/// Checks the fields of a draft and returns everything that is wrong.
pub(super) fn fields(state: &State, draft: &Draft, purpose: Purpose) -> Result<(), Vec<Refusal>> {
    let missing = missing(draft, purpose);
    if !missing.is_empty() {
        return Err(Refusal::missing(&missing).into());
    }
    let known = schema::fields(draft.object);
    let wrong: Vec<Refusal> =
        draft.values.iter().filter_map(|(place, value)| wrong(state, &known[*place], value)).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn missing(draft: &Draft, purpose: Purpose) -> Vec<&'static str> {
    let fields = schema::fields(draft.object).iter().filter(|field| !field.nillable);
    fields
        .filter(|field| match (purpose, draft.get(field.name)) {
            (Purpose::Create, None | Some(Value::Null)) => field.createable && !field.defaulted,
            (Purpose::Update, Some(Value::Null)) => true,
            _ => false,
        })
        .map(|field| field.name)
        .collect()
}

fn wrong(state: &State, field: &Field, value: &Value) -> Option<Refusal> {
    let refusal = match (value, field.kind) {
        (Value::Text(text), _) if text.chars().count() > usize::from(field.length) => Refusal::new(
            "STRING_TOO_LONG",
            format!("{}: data value too large: {text} (max length={})", field.label, field.length),
        ),
        (Value::Text(text), Kind::Picklist) if field.restricted && !field.picklist.contains(&text.as_ref()) => {
            Refusal::new(
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                format!("{}: bad value for restricted picklist field: {text}", field.label),
            )
        }
        (Value::Text(text), Kind::Email) if !is_email(text) => {
            Refusal::new("INVALID_EMAIL_ADDRESS", format!("{}: invalid email address: {text}", field.label))
        }
        (Value::Double(number), _) if number.abs() >= LARGEST => Refusal::new(
            "NUMBER_OUTSIDE_VALID_RANGE",
            format!("{}: value outside of valid range on numeric field: {number}", field.label),
        ),
        (Value::Id(id), Kind::Reference) => return reference(state, field, *id),
        _ => return None,
    };
    Some(refusal.of(&[field.name]))
}

/// Whether a text is an e-mail address with a domain of two parts or more.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let plain =
        |text: &str| text.chars().all(|character| !character.is_whitespace() && !"@,;:<>()[]\\\"".contains(character));
    let labels: Vec<&str> = domain.split('.').collect();
    !local.is_empty()
        && plain(local)
        && labels.len() > 1
        && labels.iter().all(|label| {
            !label.is_empty() && label.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
        })
}

fn reference(state: &State, field: &Field, id: Id) -> Option<Refusal> {
    let target = Object::with_prefix(id.prefix());
    let fits = match target {
        Some(object) => field.targets.contains(&object.name()),
        None => field.targets.iter().any(|target| elsewhere(target) == Some(id.prefix())),
    };
    if !fits {
        let message = format!("{}: id value of incorrect type: {id}", field.label);
        return Some(Refusal::new("MALFORMED_ID", message).of(&[field.name]));
    }
    // Contacts are not part of the simulated org: every contact counts as existing.
    let exists = id.prefix() == CONTACT || state.locate(id).is_some();
    (!exists).then(Refusal::no_such_record)
}

const CONTACT: &str = "003";

/// The key prefix of an object that the simulated org does not have.
fn elsewhere(object: &str) -> Option<&'static str> {
    match object {
        "Contact" => Some(CONTACT),
        "CallCenter" => Some("04v"),
        "Individual" => Some("0PK"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_at_and_a_domain() {
        for good in ["jane@acme.example", "o'brien+x@a-b.co.uk", "anna.rossi@acme.com.prod"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "jane", "@acme.example", "jane@", "jane@acme", "a@b@c.d", "ja ne@acme.example", "jane@.x", "j@x..y"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
