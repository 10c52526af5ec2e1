//! Entitlements, compiled.

use super::accounts::{Attribute, attributes};
use super::compiler::Compiler;
use super::lists::{self, List};
use super::scopes;
use crate::expression::{Expression, escaped};
use crate::settings::EntitlementSettings;
use std::collections::BTreeMap;

/// A type of entitlement.
#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) description: String,
    /// Id and name of those that the settings name.
    pub(crate) fixed: Vec<(String, String)>,
    pub(crate) listed: Option<Listed>,
}

/// A list of entitlements, and what becomes what.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) list: List,
    pub(crate) id: Expression,
    pub(crate) name: Option<Expression>,
    pub(crate) description: Option<Expression>,
    pub(crate) alias: Option<Expression>,
    pub(crate) attributes: Vec<Attribute>,
}

pub(super) fn compile(compiler: &mut Compiler<'_>, types: &BTreeMap<String, EntitlementSettings>) -> Vec<Type> {
    types.iter().map(|(name, of)| one_type(compiler, name, of)).collect()
}

fn one_type(compiler: &mut Compiler<'_>, name: &str, of: &EntitlementSettings) -> Type {
    let place = format!("/entitlements/{}", escaped(name));
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.bytes().all(fits) || !name.starts_with(|c: char| c.is_ascii_lowercase()) || name == "accounts" {
        compiler.add(&place, format!("`{name}` is not the name of a type"), "write it like `role` or `cost_center`");
    }
    let listed = match (of.list(), &of.map, &of.fixed) {
        (Some(list), Some(map), None) => {
            let list = lists::compile(compiler, &list, &place, scopes::NOTHING, scopes::ITEM);
            let mut item = |text: Option<&String>, name: &str| {
                compiler.optional(text.map(String::as_str), scopes::ITEM, &format!("{place}/map/{name}"))
            };
            let (name, alias) = (item(map.name.as_ref(), "name"), item(map.alias.as_ref(), "alias"));
            let description = item(map.description.as_ref(), "description");
            Some(Listed {
                list,
                id: compiler.expression(&map.id, scopes::ITEM, &format!("{place}/map/id")),
                name,
                description,
                alias,
                attributes: attributes(compiler, &map.attributes, &format!("{place}/map/attributes")),
            })
        }
        (Some(_), None, None) => {
            compiler.add(&place, "`map` is missing", "say what becomes what: `map: {id: item.id, name: item.name}`");
            None
        }
        (None, None, Some(_)) => None,
        (None, _, None) => {
            compiler.add(&place, "nothing says which entitlements exist", "add `get` and `map`, or `fixed`");
            None
        }
        (_, _, Some(_)) => {
            compiler.add(format!("{place}/fixed"), "`fixed` and a list exclude each other", "remove one of them");
            None
        }
    };
    let fixed = of.fixed.iter().flatten().map(|(id, name)| (id.clone(), name.clone()));
    Type {
        name: name.to_owned(),
        title: of.title.clone().unwrap_or_else(|| name.to_owned()),
        description: of.description.clone().unwrap_or_default(),
        fixed: fixed.collect(),
        listed,
    }
}
