//! Filters of clients, applied to resources.

use super::names::{CORE_GROUP, CORE_USER};
use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter, ValFilter};
use serde_json::Value;
use std::cmp::Ordering;

/// Whether a resource fits a filter.
pub(super) fn fits(resource: &Value, filter: &Filter) -> bool {
    match filter {
        Filter::Attr(one) => expression(resource, one),
        Filter::Not(inner) => !fits(resource, inner),
        Filter::And(all) => all.as_slice().iter().all(|one| fits(resource, one)),
        Filter::Or(any) => any.as_slice().iter().any(|one| fits(resource, one)),
        Filter::ValuePath(path) => values(resource, &path.attr).iter().any(|item| fits_item(item, &path.filter)),
    }
}

pub(super) fn fits_item(item: &Value, filter: &ValFilter) -> bool {
    match filter {
        ValFilter::Attr(one) => expression(item, one),
        ValFilter::Not(inner) => !fits_item(item, inner),
        ValFilter::And(all) => all.as_slice().iter().all(|one| fits_item(item, one)),
        ValFilter::Or(any) => any.as_slice().iter().any(|one| fits_item(item, one)),
    }
}

/// The text that a filter says an attribute must be, if it says nothing else that could be true without it.
pub(super) fn must_be<'a>(filter: &'a Filter, name: &str) -> Option<&'a str> {
    match filter {
        Filter::Attr(AttrExp::Comparison(path, CompareOp::Eq, CompValue::Str(text)))
            if is_core(path) && path.sub_attr.is_none() && path.name.eq_ignore_ascii_case(name) =>
        {
            Some(text)
        }
        Filter::And(all) => all.as_slice().iter().find_map(|one| must_be(one, name)),
        _ => None,
    }
}

fn expression(resource: &Value, one: &AttrExp) -> bool {
    match one {
        AttrExp::Present(path) => values(resource, path).iter().any(|value| !is_empty(value)),
        AttrExp::Comparison(path, op, wanted) => {
            let found = values(resource, path);
            match op {
                // What is absent is not equal to anything.
                CompareOp::Ne => !found.iter().any(|value| compare(value, &CompareOp::Eq, wanted)),
                op => found.iter().any(|value| compare(value, op, wanted)),
            }
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

/// Whether a path is one of the core schemas, as it is without a schema.
pub(super) fn is_core(path: &AttrPath) -> bool {
    path.uri.as_ref().is_none_or(|uri| [CORE_USER, CORE_GROUP].iter().any(|core| uri.eq_ignore_ascii_case(core)))
}

/// The values at a path; the items of a list one by one.
pub(super) fn values(resource: &Value, path: &AttrPath) -> Vec<Value> {
    let inside = match &path.uri {
        Some(uri) if !is_core(path) => member(resource, uri),
        _ => Some(resource),
    };
    let Some(found) = inside.and_then(|inside| member(inside, &path.name)) else { return Vec::new() };
    let items = match found {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    match &path.sub_attr {
        Some(part) => items.iter().filter_map(|item| member(item, part)).cloned().collect(),
        None => items,
    }
}

/// A member of an object; names have any case (RFC 7643, 2.1).
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn compare(value: &Value, op: &CompareOp, wanted: &CompValue) -> bool {
    // An item of a list stands for its value.
    let value = value.get("value").unwrap_or(value);
    let wanted: Value = serde_json::from_str(&wanted.to_string()).unwrap_or(Value::Null);
    match (value, &wanted) {
        // Clients write `active eq "False"`.
        (Value::Bool(known), Value::String(text)) => ordered(op, known.to_string().cmp(&text.to_lowercase())),
        (Value::String(known), Value::String(text)) => {
            let (known, text) = (known.to_lowercase(), text.to_lowercase());
            match op {
                CompareOp::Co => known.contains(&text),
                CompareOp::Sw => known.starts_with(&text),
                CompareOp::Ew => known.ends_with(&text),
                op => ordered(op, known.cmp(&text)),
            }
        }
        (Value::Number(known), Value::Number(number)) => known
            .as_f64()
            .zip(number.as_f64())
            .and_then(|(one, other)| one.partial_cmp(&other))
            .is_some_and(|order| ordered(op, order)),
        (known, other) => *op == CompareOp::Eq && known == other,
    }
}

fn ordered(op: &CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn filters_are_applied_as_the_standard_says_and_as_clients_write_them() {
        let urn = "urn:connector:params:scim:schemas:hr:2.0:User";
        let user = json!({"id": "1", "userName": "Jane", "active": true, "groups": [{"value": "role:a", "type": "direct"}],
            urn: {"Department": "Sales", "level": 7, "tags": ["x", "y"], "none": ""}});
        for (filter, wanted) in [
            ("userName eq \"jane\"", true),
            ("USERNAME EQ \"JANE\"", true),
            ("userName sw \"ja\" and active eq true", true),
            ("active eq \"True\"", true),
            ("active eq false or userName co \"an\"", true),
            ("not (userName ew \"e\")", false),
            ("title pr", false),
            ("title ne \"x\"", true),
            ("groups.value eq \"role:a\"", true),
            ("groups[type eq \"direct\" and value eq \"role:a\"]", true),
            ("groups[type eq \"indirect\"]", false),
            ("urn:connector:params:scim:schemas:hr:2.0:User:department eq \"sales\"", true),
            ("urn:connector:params:scim:schemas:hr:2.0:User:level gt 6", true),
            ("urn:connector:params:scim:schemas:hr:2.0:User:level le 6", false),
            ("urn:connector:params:scim:schemas:hr:2.0:User:tags eq \"y\"", true),
            ("urn:connector:params:scim:schemas:hr:2.0:User:none pr", false),
            ("urn:ietf:params:scim:schemas:core:2.0:User:active eq true", true),
            // Another schema has nothing of it.
            ("urn:example:other:2.0:User:active eq true", false),
        ] {
            let parsed: Filter = filter.parse().unwrap_or_else(|fault| panic!("{filter}: {fault}"));
            assert_eq!(fits(&user, &parsed), wanted, "{filter}");
        }
        let both: Filter = "active eq true and userName eq \"Jane\"".parse().unwrap();
        assert_eq!((must_be(&both, "username"), must_be(&both, "id")), (Some("Jane"), None));
        let of_extension: Filter = format!("{urn}:userName eq \"Jane\"").parse().unwrap();
        assert_eq!(must_be(&of_extension, "username"), None, "an attribute of the extension is another one");
        let either: Filter = "active eq true or userName eq \"Jane\"".parse().unwrap();
        assert_eq!(must_be(&either, "username"), None);
    }
}
