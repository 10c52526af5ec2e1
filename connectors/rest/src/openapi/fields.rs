//! How the members of an item become an account or an entitlement.

use super::document::{Document, Kind, Shape};
use super::words::{bare, member};
use serde_json::Value;

/// Attributes beyond these make a draft that nobody reads.
const MOST_ATTRIBUTES: usize = 40;

/// Members that hold a secret, or parts of their names.
const SECRET: &[&str] = &["password", "passwd", "secret", "token", "apikey", "privatekey", "credential", "otp"];

/// The members of an item that Connector knows by name.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) enabled: Option<String>,
    pub(super) locked: Option<String>,
}

/// An attribute: its name, its expression and its settings.
#[derive(Debug)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    pub(super) from: String,
    pub(super) kind: &'static str,
    pub(super) is_list: bool,
    pub(super) meaning: Option<&'static str>,
    pub(super) is_quiet: bool,
}

/// Finds the members that Connector knows. `kind` is the singular of the list: `user`.
pub(super) fn fields<'a>(document: &Document<'a>, item: &Shape<'a>, kind: &str) -> Fields {
    let kind = bare(kind);
    let ids = ["id", "uuid", "guid", "uid", "objectid", "key"].map(str::to_owned);
    let ids = ids.into_iter().chain([format!("{kind}id"), format!("{kind}uuid"), "slug".to_owned()]);
    Fields {
        id: ids.into_iter().find_map(|name| scalar(document, item, &name)),
        name: first(
            document,
            item,
            &["username", "login", "loginname", "userprincipalname", "email", "mail", "emailaddress"],
        ),
        display_name: first(document, item, &["displayname", "fullname", "realname", "name", "title"]),
        description: first(document, item, &["description", "purpose"]),
        enabled: enabled(document, item),
        locked: first_of(document, item, &["locked", "islocked", "lockedout"], Kind::Boolean).map(|(_, path)| path),
    }
}

/// The name for people of an entitlement.
pub(super) fn entitlement_name<'a>(document: &Document<'a>, item: &Shape<'a>) -> Option<String> {
    first(document, item, &["name", "displayname", "title", "label", "slug"])
}

fn enabled<'a>(document: &Document<'a>, item: &Shape<'a>) -> Option<String> {
    if let Some((_, path)) =
        first_of(document, item, &["active", "enabled", "isactive", "isenabled", "accountenabled"], Kind::Boolean)
    {
        return Some(path);
    }
    let off = ["disabled", "isdisabled", "suspended", "issuspended", "deactivated", "blocked", "deleted", "archived"];
    if let Some((_, path)) = first_of(document, item, &off, Kind::Boolean) {
        return Some(format!("not {path}"));
    }
    let (schema, path) = first_of(document, item, &["status", "state", "accountstatus"], Kind::Text)?;
    let shape = document.shape(schema);
    let on =
        shape.values.into_iter().find(|value| ["active", "enabled"].contains(&value.to_ascii_lowercase().as_str()))?;
    Some(format!("{path} == '{on}'"))
}

fn first<'a>(document: &Document<'a>, item: &Shape<'a>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| first_of(document, item, &[name], Kind::Text)).map(|(_, path)| path)
}

/// The first member of these bare names that has this kind.
fn first_of<'a>(document: &Document<'a>, item: &Shape<'a>, names: &[&str], kind: Kind) -> Option<(&'a Value, String)> {
    names.iter().find_map(|wanted| {
        let found = item.properties.iter().find(|(name, schema)| {
            bare(name) == **wanted && {
                let shape = document.shape(schema);
                shape.kind == kind || shape.kind == Kind::Unknown
            }
        });
        found.and_then(|(name, schema)| Some((*schema, member("item", name)?)))
    })
}

/// A member with this bare name that is a text or a number.
pub(super) fn scalar<'a>(document: &Document<'a>, item: &Shape<'a>, wanted: &str) -> Option<String> {
    let found = item.properties.iter().find(|(name, schema)| {
        bare(name) == wanted
            && matches!(document.shape(schema).kind, Kind::Text | Kind::Integer | Kind::Number | Kind::Unknown)
    });
    member("item", found?.0)
}

/// The other members that are plain values or lists of texts. What holds a secret is left out.
pub(super) fn attributes<'a>(document: &Document<'a>, item: &Shape<'a>, fields: &Fields) -> Vec<Attribute<'a>> {
    let used = [&fields.id, &fields.name, &fields.enabled, &fields.locked];
    let is_used = |path: &str| used.into_iter().flatten().any(|known| known == path);
    let mut all = Vec::new();
    for (name, schema) in &item.properties {
        let bare = bare(name);
        let Some(from) = member("item", name).filter(|from| !is_used(from)) else { continue };
        if SECRET.iter().any(|part| bare.contains(part)) {
            continue;
        }
        let Some((kind, is_list)) = value_type(document, schema) else { continue };
        let (meaning, is_quiet) = meaning(&bare);
        all.push(Attribute { name, from, kind, is_list, meaning, is_quiet });
        if all.len() == MOST_ATTRIBUTES {
            break;
        }
    }
    all
}

fn value_type<'a>(document: &Document<'a>, schema: &'a Value) -> Option<(&'static str, bool)> {
    let shape = document.shape(schema);
    if shape.kind == Kind::List {
        let inner = document.shape(shape.items?);
        return (inner.kind == Kind::Text).then_some(("text", true));
    }
    let kind = match (shape.kind, shape.format) {
        (Kind::Text, Some("date-time")) => "date_time",
        (Kind::Text, Some("date")) => "date",
        (Kind::Text, _) => "text",
        (Kind::Integer, _) => "integer",
        (Kind::Number, _) => "number",
        (Kind::Boolean, _) => "boolean",
        _ => return None,
    };
    Some((kind, false))
}

/// What an attribute stands for in every system, and whether a new value alone is no change.
fn meaning(bare: &str) -> (Option<&'static str>, bool) {
    let known = match bare {
        "email" | "mail" | "emailaddress" => "email",
        "firstname" | "givenname" => "given_name",
        "lastname" | "familyname" | "surname" => "family_name",
        "employeenumber" | "employeeid" => "employee_number",
        "department" => "department",
        "title" | "jobtitle" => "title",
        "created" | "createdat" | "createddate" => "created",
        "lastlogin" | "lastloginat" | "lastloggedinat" | "lastsignedinat" => return (Some("last_login"), true),
        "updated" | "updatedat" | "lastmodified" | "modifiedat" | "lastseenat" | "lastactiveat" => return (None, true),
        _ => return (None, false),
    };
    (Some(known), false)
}
