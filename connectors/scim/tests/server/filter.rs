//! Filters, read by another program's parser and applied here.

use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter, ValFilter};
use serde_json::Value;

/// Whether a resource fits a filter.
pub(super) fn fits(resource: &Value, filter: &Filter) -> bool {
    match filter {
        Filter::Attr(one) => expression(resource, one),
        Filter::Not(inner) => !fits(resource, inner),
        Filter::And(all) => all.as_slice().iter().all(|one| fits(resource, one)),
        Filter::Or(any) => any.as_slice().iter().any(|one| fits(resource, one)),
        Filter::ValuePath(path) => items(&at(resource, &path.attr)).iter().any(|item| fits_value(item, &path.filter)),
    }
}

/// Whether an item of a list fits a filter in brackets.
pub(super) fn fits_value(item: &Value, filter: &ValFilter) -> bool {
    match filter {
        ValFilter::Attr(one) => expression(item, one),
        ValFilter::Not(inner) => !fits_value(item, inner),
        ValFilter::And(all) => all.as_slice().iter().all(|one| fits_value(item, one)),
        ValFilter::Or(any) => any.as_slice().iter().any(|one| fits_value(item, one)),
    }
}

/// Whether a filter has only `eq` and `and`.
pub(super) fn is_plain(filter: &Filter) -> bool {
    match filter {
        Filter::Attr(AttrExp::Comparison(_, op, _)) => *op == CompareOp::Eq,
        Filter::And(all) => all.as_slice().iter().all(is_plain),
        _ => false,
    }
}

fn expression(resource: &Value, one: &AttrExp) -> bool {
    match one {
        AttrExp::Present(path) => !at(resource, path).is_null(),
        AttrExp::Comparison(path, op, wanted) => {
            items(&at(resource, path)).iter().any(|value| compare(path, value, op, wanted))
        }
    }
}

fn compare(path: &AttrPath, value: &Value, op: &CompareOp, wanted: &CompValue) -> bool {
    let wanted = match wanted {
        CompValue::Str(text) => text.clone(),
        other => return other.to_string() == format!("{value}"),
    };
    let value = value.get("value").unwrap_or(value).as_str().unwrap_or_default().to_owned();
    let (value, wanted) = if path.name.eq_ignore_ascii_case("userName") {
        (value.to_lowercase(), wanted.to_lowercase())
    } else {
        (value, wanted)
    };
    match op {
        CompareOp::Eq => value == wanted,
        CompareOp::Ne => value != wanted,
        CompareOp::Co => value.contains(&wanted),
        CompareOp::Sw => value.starts_with(&wanted),
        CompareOp::Ew => value.ends_with(&wanted),
        CompareOp::Gt => value > wanted,
        CompareOp::Lt => value < wanted,
        CompareOp::Ge => value >= wanted,
        CompareOp::Le => value <= wanted,
    }
}

fn at(resource: &Value, path: &AttrPath) -> Value {
    let mut at = resource;
    if let Some(uri) = &path.uri {
        at = &at[uri];
    }
    at = &at[&path.name];
    match &path.sub_attr {
        Some(part) if at.is_array() => items(at).iter().map(|item| item[part].clone()).collect(),
        Some(part) => at[part].clone(),
        None => at.clone(),
    }
}

fn items(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}
