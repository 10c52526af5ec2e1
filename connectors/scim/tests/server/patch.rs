//! The operations of a PATCH (RFC 7644, section 3.5.2).

use super::filter::fits_value;
use super::{Traits, refusal};
use scim_v2::filter::{AttrPath, PatchPath};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

pub(super) fn apply(traits: &Traits, resource: &mut Value, operation: &Value) -> Result<(), ResponseTemplate> {
    let path = operation["path"].as_str().unwrap_or_default();
    let path: PatchPath = path.parse().map_err(|_| refusal(400, Some("invalidPath"), "not a path"))?;
    let value = operation["value"].clone();
    match (operation["op"].as_str().unwrap_or_default(), path) {
        ("add", PatchPath::Attr(path)) => {
            let at = at(resource, &path);
            match (at.as_array_mut(), value) {
                (Some(there), Value::Array(new)) => {
                    for one in new {
                        if !there.iter().any(|other| other["value"] == one["value"]) {
                            there.push(one);
                        }
                    }
                }
                (_, value) => *at = value,
            }
        }
        ("replace", PatchPath::Attr(path)) => {
            if path.name == "members" && value == json!([]) {
                return Err(refusal(400, Some("invalidValue"), "members must not be empty"));
            }
            *at(resource, &path) = value;
        }
        ("remove", PatchPath::Attr(path)) => {
            let at = at(resource, &path);
            match (at.as_array_mut(), value) {
                (Some(there), Value::Array(old)) if traits.removes_by_value => {
                    there.retain(|one| !old.iter().any(|other| other["value"] == one["value"]));
                }
                _ => *at = Value::Null,
            }
        }
        ("remove", PatchPath::Value(path)) => {
            let at = at(resource, &path.attr);
            match at.as_array_mut() {
                Some(there) if traits.removes_by_filter => there.retain(|one| !fits_value(one, &path.filter)),
                _ => *at = Value::Null,
            }
        }
        _ => return Err(refusal(400, Some("invalidSyntax"), "not an operation")),
    }
    Ok(())
}

fn at<'a>(resource: &'a mut Value, path: &AttrPath) -> &'a mut Value {
    let mut at = resource;
    if let Some(uri) = &path.uri {
        at = &mut at[uri];
    }
    at = &mut at[&path.name];
    match &path.sub_attr {
        Some(part) => &mut at[part],
        None => at,
    }
}
