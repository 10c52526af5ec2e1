//! Grants and revocations, compiled.

use super::assignments::Block;
use super::compiler::Compiler;
use super::operations::{self, Operations, Request};
use super::scopes;
use crate::expression::escaped;
use crate::settings::{OperationSettings, Settings};
use serde_json::Value;

/// Adds the grants and revocations to the operations.
pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    settings: &Settings,
    blocks: &[Block],
    mut operations: Operations,
) -> Operations {
    let Some(given) = &settings.operations else { return operations };
    for (name, all) in [("grant", &given.grant), ("revoke", &given.revoke)] {
        for (of, one) in all {
            let place = format!("/operations/{name}/{}", escaped(of));
            if !settings.entitlements.contains_key(of) {
                compiler.add(&place, format!("unknown type `{of}`"), "write a type under `entitlements`");
            }
            let mut request = operations::request(compiler, one, &place, scopes::GRANT, "account");
            request.renew = one.renew.as_deref().map(|one| renewal(compiler, name, one, &format!("{place}/renew")));
            let about: Vec<_> = blocks.iter().filter(|block| block.is_about(of)).collect();
            if compiler.faults.is_empty() {
                check_held(compiler, &about, &request, &place);
                check_renewal(compiler, &about, (&request, one), &place);
            }
            let into = if name == "grant" { &mut operations.grant } else { &mut operations.revoke };
            into.insert(of.clone(), request);
        }
    }
    operations
}

fn renewal(compiler: &mut Compiler<'_>, name: &str, given: &OperationSettings, place: &str) -> Box<Request> {
    if name != "grant" || given.renew.is_some() {
        compiler.add(place, "only a grant has `renew`", "remove it");
    }
    let request = operations::request(compiler, given, place, scopes::GRANT, "account");
    if !request.uses("until") && compiler.faults.is_empty() {
        compiler.add(place, "the request sends no end", "write `{until}` into the body");
    }
    Box::new(request)
}

/// Checks that what `held` names is read.
fn check_held(compiler: &mut Compiler<'_>, blocks: &[&Block], request: &Request, place: &str) {
    let renewal = request.renew.as_deref();
    let used: Vec<_> = [Some(request), renewal].into_iter().flatten().flat_map(|one| one.members("held")).collect();
    let is_known = |name: &String| blocks.iter().any(|block| block.attributes.iter().any(|(known, _)| known == name));
    if let Some(unknown) = used.iter().find(|name| !is_known(name)) {
        let help = format!("add `{unknown}` to `map.attributes` of the assignments");
        compiler.add(place, format!("`held` has no `{unknown}`"), help);
    }
    if !used.is_empty() && blocks.iter().any(|block| block.lookup.as_ref().is_some_and(|lookup| lookup.item.is_none()))
    {
        let help = "add `item` to `lookup`: the JSON pointer of the assignment in its response";
        compiler.add(place, "`lookup` does not show what `held` names", help);
    }
}

/// A grant with another end must not change what the assignment has besides, such as a role.
fn check_renewal(
    compiler: &mut Compiler<'_>,
    blocks: &[&Block],
    (request, given): (&Request, &OperationSettings),
    place: &str,
) {
    let (request, given, place) = match (&request.renew, &given.renew) {
        (Some(request), Some(given)) => (&**request, &**given, format!("{place}/renew")),
        _ => (request, given, place.to_owned()),
    };
    if !request.uses("until") {
        return;
    }
    if request.add.is_some() {
        let help = "add `renew`, whose request replaces the entry of who holds it already";
        compiler.add(place.clone(), "a grant with another end would add who holds it already a second time", help);
    }
    let known = blocks.iter().flat_map(|block| &block.attributes).map(|(name, _)| name.as_str());
    let known: Vec<_> = known.collect();
    let mut overwritten = Vec::new();
    if let Some(body) = &given.body {
        members_without_held(body, &known, &format!("{place}/body"), &mut overwritten);
    }
    for (pointer, name) in overwritten {
        let help = format!("write `{name}: \"{{held.{name} | default('…')}}\"`, or add `renew` with its own request");
        compiler.add(
            pointer,
            format!("a grant with another end would overwrite `{name}` of who holds it already"),
            help,
        );
    }
}

/// The members of these names that don't use `held`, each with its place.
fn members_without_held(body: &Value, names: &[&str], place: &str, found: &mut Vec<(String, String)>) {
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                let pointer = format!("{place}/{}", escaped(name));
                if names.contains(&name.as_str()) && !value.to_string().contains("held.") {
                    found.push((pointer, name.clone()));
                } else {
                    members_without_held(value, names, &pointer, found);
                }
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                members_without_held(value, names, &format!("{place}/{at}"), found);
            }
        }
        _ => {}
    }
}
