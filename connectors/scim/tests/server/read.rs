//! Lists and single resources.

use super::filter::{fits, is_plain};
use super::{Traits, World, ok, refusal};
use scim_v2::filter::Filter;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

fn parameter(request: &Request, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// A resource as a request wants to see it.
fn shown(traits: &Traits, world: &World, kind: &str, resource: &Value, request: &Request, is_list: bool) -> Value {
    let mut shown = resource.clone();
    let object = shown.as_object_mut().unwrap();
    if kind == "Groups" {
        let asks = parameter(request, "attributes").is_some_and(|only| only.contains("members"));
        if traits.hides_members && is_list || traits.members_on_request && !asks {
            object.remove("members");
        }
        for member in object.get_mut("members").and_then(Value::as_array_mut).into_iter().flatten() {
            if !traits.types_members {
                member.as_object_mut().unwrap().remove("type");
            }
        }
    } else if traits.lists_groups {
        let of = |group: &&Value| {
            group["members"].as_array().is_some_and(|all| all.iter().any(|one| one["value"] == resource["id"]))
        };
        let mut groups: Vec<_> =
            world.groups.iter().filter(of).map(|group| json!({"value": group["id"], "type": "direct"})).collect();
        groups.push(json!({"value": "g-indirect", "type": "indirect"}));
        object.insert("groups".to_owned(), groups.into());
    }
    if let Some(only) = parameter(request, "attributes") {
        let only: Vec<&str> = only.split(',').collect();
        object.retain(|name, _| name == "id" || name == "schemas" || only.contains(&name.as_str()));
    }
    for name in parameter(request, "excludedAttributes").unwrap_or_default().split(',') {
        object.remove(name);
    }
    shown
}

pub(super) fn list(traits: &Traits, world: &mut World, kind: &str, request: &Request) -> ResponseTemplate {
    let mut rows = world.all(kind).clone();
    if let Some(text) = parameter(request, "filter") {
        let Ok(filter) = text.parse::<Filter>() else { return refusal(400, Some("invalidFilter"), "not a filter") };
        if !traits.filter || (traits.only_eq_and && !is_plain(&filter)) {
            return refusal(400, Some("invalidFilter"), "filter is not supported");
        }
        if !traits.ignores_filter {
            rows.retain(|row| fits(row, &filter));
        }
    }
    let refuses_now = traits.refuses_sort_from.is_some_and(|from| world.pages + 1 >= from);
    if parameter(request, "sortBy").is_some() && (traits.refuses_sort || refuses_now) {
        return refusal(400, Some("invalidPath"), "id can't be sorted");
    }
    if parameter(request, "sortBy").is_some() {
        rows.sort_by_key(|row| row["id"].as_str().unwrap().to_owned());
    }
    world.pages += 1;
    if traits.unstable && rows.len() > 2 {
        let by = usize::try_from(world.pages).unwrap() % rows.len();
        rows.rotate_left(by);
    }
    let number = |name: &str| parameter(request, name).and_then(|text| text.parse::<usize>().ok());
    let count = if traits.ignores_count { usize::MAX } else { number("count").unwrap_or(20).min(traits.cap) };
    let mut next = None;
    let mut start = number("startIndex").unwrap_or(1).saturating_sub(usize::from(!traits.counts_from_zero));
    if traits.ignores_start {
        start = 0;
    }
    if let Some(cursor) = parameter(request, "cursor").filter(|_| traits.cursors) {
        start = match world.cursors.iter().find(|(known, _)| *known == cursor) {
            Some((_, start)) => *start,
            None if cursor.is_empty() => 0,
            None => return refusal(400, Some("expiredCursor"), "the cursor has expired"),
        };
        let is_lost = traits.loses_cursor_after.is_some_and(|pages| world.pages >= pages);
        if start + count < rows.len() && !is_lost {
            let name = format!("c{}-{}", world.pages, start + count);
            world.cursors.push((name.clone(), start + count));
            next = Some(name);
        }
    }
    if traits.wraps && start >= rows.len()
        || traits.wraps && start + count > rows.len() && start > 0 && count > 1 && start + count != rows.len()
    {
        start = 0;
    }
    if traits.refuses_start_after_end && start > 0 && start >= rows.len() {
        return refusal(400, Some("invalidValue"), "startIndex is after the end");
    }
    let total = rows.len() + traits.total_too_high;
    let page: Vec<_> = rows.into_iter().skip(start).take(count).collect();
    let page: Vec<_> = page.iter().map(|row| shown(traits, world, kind, row, request, true)).collect();
    let total = if traits.page_total { page.len() } else { total };
    let mut body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": total,
        "itemsPerPage": page.len(), "startIndex": start + 1, "Resources": page});
    if let Some(next) = next {
        body["nextCursor"] = next.into();
    }
    ok(200, &body)
}

pub(super) fn one(traits: &Traits, world: &World, kind: &str, id: &str, request: &Request) -> ResponseTemplate {
    match world.get(kind, id) {
        Some(resource) => {
            let answer = ok(200, &shown(traits, world, kind, resource, request, false));
            match resource["meta"]["version"].as_str().filter(|_| traits.etag) {
                Some(version) => answer.insert_header("ETag", version),
                None => answer,
            }
        }
        None => refusal(404, None, "no such resource"),
    }
}
