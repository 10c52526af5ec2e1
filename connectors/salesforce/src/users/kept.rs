//! How Salesforce keeps the values that it is given.

use crate::api::description::FieldDescription;
use crate::api::ranges::RecordId;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

/// The form of moments in responses.
const MOMENT: &str = "%Y-%m-%dT%H:%M:%S%.f%z";

/// Whether the field holds a value that differs from `kept` only in what Salesforce changes when it stores a value: letter
/// case of email addresses and usernames, line breaks, blanks at the ends, the order of several values.
pub(crate) fn is_same(field: &FieldDescription, wanted: &Value, kept: &Value) -> bool {
    if wanted == kept {
        return true;
    }
    match field.field_type.as_str() {
        "boolean" => wanted.as_bool().unwrap_or(false) == kept.as_bool().unwrap_or(false),
        "int" | "long" | "double" | "currency" | "percent" => match (wanted.as_f64(), kept.as_f64()) {
            (Some(wanted), Some(kept)) => (wanted - kept).abs() < f64::EPSILON,
            _ => false,
        },
        kind => match (text(wanted), text(kept)) {
            (Some(wanted), Some(kept)) => is_same_text(&field.name, kind, &wanted, &kept),
            _ => false,
        },
    }
}

fn is_same_text(name: &str, kind: &str, wanted: &str, kept: &str) -> bool {
    match kind {
        "email" => wanted.to_lowercase() == kept.to_lowercase(),
        _ if name == "Username" => wanted.to_lowercase() == kept.to_lowercase(),
        "reference" | "id" => RecordId::read(wanted).is_some_and(|id| RecordId::read(kept) == Some(id)),
        "datetime" => {
            let moment = |text: &str| text.parse::<Timestamp>().or_else(|_| Timestamp::strptime(MOMENT, text)).ok();
            wanted == kept || moment(wanted).is_some_and(|wanted| moment(kept) == Some(wanted))
        }
        "multipicklist" => {
            let values = |text: &str| text.split(';').map(|one| one.trim().to_owned()).collect::<BTreeSet<_>>();
            values(wanted) == values(kept)
        }
        _ => wanted == kept,
    }
}

/// Text with one kind of line break and without blanks at the ends. No value is the same as an empty text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is_same(name: &str, field_type: &str, wanted: &Value, kept: &Value) -> bool {
        let field = serde_json::from_value(json!({"name": name, "type": field_type})).unwrap();
        super::is_same(&field, wanted, kept)
    }

    #[test]
    fn what_salesforce_changes_when_it_stores_a_value_makes_no_difference() {
        for (name, field_type, wanted, kept) in [
            ("Email", "email", json!("Jane.Roe@Acme.Example"), json!("jane.roe@acme.example")),
            ("Username", "string", json!("JANE@acme.example"), json!("jane@acme.example")),
            ("Street", "textarea", json!("Via Roma 1\r\nHall B "), json!("Via Roma 1\nHall B")),
            ("Title", "string", json!(""), Value::Null),
            ("Contractor__c", "boolean", Value::Null, json!(false)),
            ("Cost__c", "double", json!(12), json!(12.0)),
            ("ManagerId", "reference", json!("005ak00000Y8sKV"), json!("005ak00000Y8sKVAAZ")),
            ("Start__c", "datetime", json!("2027-01-31T08:00:00Z"), json!("2027-01-31T08:00:00.000+0000")),
            ("Areas__c", "multipicklist", json!("South;North"), json!("North;South")),
        ] {
            assert!(is_same(name, field_type, &wanted, &kept), "{name}: {wanted} and {kept}");
        }
    }

    #[test]
    fn another_value_is_another_value() {
        for (name, field_type, wanted, kept) in [
            ("Email", "email", json!("jane@acme.example"), json!("joan@acme.example")),
            ("Title", "string", json!("CEO"), json!("ceo")),
            ("Title", "string", json!("CEO"), Value::Null),
            ("Street", "textarea", json!("a\n\nb"), json!("a\nb")),
            ("Cost__c", "double", json!(0), Value::Null),
            ("Contractor__c", "boolean", json!(true), Value::Null),
            ("ManagerId", "reference", json!("005ak00000Y8sKVAAZ"), json!("005ak00000Y8skvAAZ")),
            ("Areas__c", "multipicklist", json!("North"), json!("North;South")),
        ] {
            assert!(!is_same(name, field_type, &wanted, &kept), "{name}: {wanted} and {kept}");
        }
    }
}
