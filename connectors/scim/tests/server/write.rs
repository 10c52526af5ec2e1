//! Changes.

use super::patch;
use super::{Traits, World, ok, refusal};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

fn body(request: &Request) -> Result<Value, ResponseTemplate> {
    let kind = request.headers.get("content-type").and_then(|value| value.to_str().ok());
    if kind != Some("application/scim+json") {
        return Err(refusal(415, None, "send application/scim+json"));
    }
    serde_json::from_slice(&request.body).map_err(|_| refusal(400, Some("invalidSyntax"), "not JSON"))
}

pub(super) fn create(_: &Traits, world: &mut World, request: &Request) -> ResponseTemplate {
    let mut user = match body(request) {
        Ok(user) => user,
        Err(refused) => return refused,
    };
    let Some(name) = user["userName"].as_str().map(str::to_lowercase) else {
        return refusal(400, Some("invalidValue"), "userName is required");
    };
    if world.users.iter().any(|one| one["userName"].as_str().unwrap().to_lowercase() == name) {
        return refusal(409, Some("uniqueness"), "userName is taken");
    }
    user.as_object_mut().unwrap().remove("password");
    let id = world.add_user(user);
    ok(201, world.get("Users", &id).unwrap())
}

/// The resource to change, if it has the version that the request wants.
fn current(world: &World, kind: &str, id: &str, request: &Request) -> Result<Value, ResponseTemplate> {
    let resource = world.get(kind, id).ok_or_else(|| refusal(404, None, "no such resource"))?;
    let wanted = request.headers.get("if-match").and_then(|value| value.to_str().ok());
    if wanted.is_some_and(|wanted| resource["meta"]["version"] != wanted) {
        return Err(refusal(412, None, "another version"));
    }
    Ok(resource.clone())
}

pub(super) fn replace(_: &Traits, world: &mut World, kind: &str, id: &str, request: &Request) -> ResponseTemplate {
    let (mut new, _) = match (body(request), current(world, kind, id, request)) {
        (Ok(new), Ok(old)) => (new, old),
        (Err(refused), _) | (_, Err(refused)) => return refused,
    };
    new["id"] = id.into();
    new.as_object_mut().unwrap().remove("password");
    world.put(kind, new);
    ok(200, world.get(kind, id).unwrap())
}

pub(super) fn patch(traits: &Traits, world: &mut World, kind: &str, id: &str, request: &Request) -> ResponseTemplate {
    if !traits.patch {
        return refusal(501, None, "no PATCH");
    }
    let (change, mut resource) = match (body(request), current(world, kind, id, request)) {
        (Ok(new), Ok(old)) => (new, old),
        (Err(refused), _) | (_, Err(refused)) => return refused,
    };
    if change["schemas"] != json!(["urn:ietf:params:scim:api:messages:2.0:PatchOp"]) {
        return refusal(400, Some("invalidSyntax"), "not a PatchOp");
    }
    let all = change["Operations"].as_array().unwrap();
    let most = if traits.removes_first_only && all.iter().all(|one| one["op"] == "remove") { 1 } else { all.len() };
    for operation in &all[..most] {
        let adds = operation["op"] == "add" && operation["path"] == "members";
        if adds && traits.refuses_members {
            return refusal(403, None, "members come from the directory");
        }
        let unknown = |member: &&Value| world.get("Users", member["value"].as_str().unwrap_or_default()).is_none();
        if adds && operation["value"].as_array().unwrap().iter().any(|member| unknown(&member)) {
            return refusal(400, Some("invalidValue"), "no such member");
        }
        if let Err(refused) = patch::apply(traits, &mut resource, operation) {
            return refused;
        }
    }
    resource.as_object_mut().unwrap().remove("password");
    world.put(kind, resource);
    ResponseTemplate::new(204)
}

pub(super) fn delete(world: &mut World, id: &str) -> ResponseTemplate {
    let before = world.users.len();
    world.users.retain(|user| user["id"] != id);
    if world.users.len() == before {
        return refusal(404, None, "no such user");
    }
    for group in &mut world.groups {
        if let Some(members) = group["members"].as_array_mut() {
            members.retain(|member| member["value"] != id);
        }
    }
    ResponseTemplate::new(204)
}
