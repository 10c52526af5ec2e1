//! The lists of an API: GET requests whose response holds a list.

use super::document::{Document, Kind, Shape};
use super::words::{is_plain_segment, singular, word_of};
use serde_json::Value;

/// Members of a response that hold its list, in most APIs.
const HOLDERS: &[&str] = &[
    "data",
    "items",
    "results",
    "value",
    "values",
    "records",
    "content",
    "entries",
    "resources",
    "Resources",
    "elements",
    "list",
    "rows",
    "objects",
];

/// A list of the API.
#[derive(Debug)]
pub(super) struct List<'a> {
    pub(super) path: &'a str,
    pub(super) parameters: Vec<Parameter<'a>>,
    /// The JSON pointer of the items in the body.
    pub(super) items: String,
    pub(super) item: Shape<'a>,
    pub(super) body: Shape<'a>,
    /// The headers of the response.
    pub(super) headers: Vec<&'a str>,
}

/// A query parameter.
#[derive(Debug)]
pub(super) struct Parameter<'a> {
    pub(super) name: &'a str,
    pub(super) is_required: bool,
    /// What the description says about it.
    pub(super) text: &'a str,
    pub(super) shape: Shape<'a>,
}

/// All lists, in the order of the document.
pub(super) fn lists<'a>(document: &Document<'a>) -> Vec<List<'a>> {
    let paths = document.root()["paths"].as_object().into_iter().flatten();
    paths.filter_map(|(path, item)| list(document, path, item)).collect()
}

/// The path of the object of a list with one more parameter, such as `/users/{user_id}`, and where the response has it.
pub(super) fn one<'a>(document: &Document<'a>, list: &List<'a>) -> Option<(&'a str, String)> {
    let paths = document.root()["paths"].as_object()?;
    let (path, item) = paths.iter().find(|(path, _)| {
        path.strip_prefix(list.path).is_some_and(|rest| rest.starts_with("/{") && rest.matches('/').count() == 1)
            && is_plain(path)
    })?;
    let get = document.follow(item)?.get("get")?;
    let (schema, _) = response(document, get)?;
    let body = document.shape(schema);
    let is_object = |schema| document.shape(schema).kind == Kind::Object;
    let wanted = singular(word_of(list.path));
    let wrapped = body.properties.iter().find(|(name, schema)| {
        (*name == wanted || (body.properties.len() <= 2 && *name == "data")) && is_object(schema)
    });
    let at = wrapped.map(|(name, _)| format!("/{}", crate::expression::escaped(name))).unwrap_or_default();
    Some((path, at))
}

/// Whether a path has only plain segments and parameters, each in braces of its own.
fn is_plain(path: &str) -> bool {
    path.starts_with('/') && path.len() <= 300 && path[1..].split('/').all(is_plain_segment)
}

fn list<'a>(document: &Document<'a>, path: &'a str, item: &'a Value) -> Option<List<'a>> {
    if !is_plain(path) || path.ends_with('}') {
        return None;
    }
    let item = document.follow(item)?;
    let get = item.get("get")?;
    let (schema, headers) = response(document, get)?;
    let body = document.shape(schema);
    let (items, item_schema) = items_of(document, &body, word_of(path), 0)?;
    let mut parameters = Vec::new();
    for owner in [get, item] {
        for parameter in owner["parameters"].as_array().into_iter().flatten() {
            let Some(parameter) = document.follow(parameter) else { continue };
            let Some(name) = parameter["name"].as_str().filter(|_| parameter["in"] == "query") else { continue };
            if parameters.iter().all(|known: &Parameter<'_>| known.name != name) {
                let shape = document.shape(&parameter["schema"]);
                let text = parameter["description"].as_str().unwrap_or_default();
                parameters.push(Parameter { name, is_required: parameter["required"] == true, text, shape });
            }
        }
    }
    Some(List { path, parameters, items, item: document.shape(item_schema), body, headers })
}

/// The schema of the body of a successful response, and the names of its headers.
fn response<'a>(document: &Document<'a>, operation: &'a Value) -> Option<(&'a Value, Vec<&'a str>)> {
    let responses = operation["responses"].as_object()?;
    let found = ["200", "2XX", "2xx", "default"].into_iter().find_map(|status| responses.get(status))?;
    let found = document.follow(found)?;
    let headers = found["headers"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let (_, media) = found["content"].as_object()?.iter().find(|(name, _)| name.contains("json") || *name == "*/*")?;
    Some((media.get("schema")?, headers))
}

/// Where the list is in a body, and the schema of its items.
fn items_of<'a>(document: &Document<'a>, body: &Shape<'a>, word: &str, depth: usize) -> Option<(String, &'a Value)> {
    if body.kind == Kind::List {
        return body.items.map(|items| (String::new(), items));
    }
    let lists: Vec<_> = body
        .properties
        .iter()
        .filter_map(|(name, schema)| {
            let shape = document.shape(schema);
            shape.items.filter(|_| shape.kind == Kind::List).map(|items| (*name, items))
        })
        .collect();
    let called = |wanted: &str| lists.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let only = lists.first().filter(|_| lists.len() == 1);
    let found = called(word).or_else(|| HOLDERS.iter().find_map(|holder| called(holder))).or(only);
    if let Some((name, items)) = found {
        return Some((format!("/{}", crate::expression::escaped(name)), items));
    }
    if depth > 0 {
        return None;
    }
    // One level deeper: `/data/users`, `/_embedded/users`.
    let holders = body.properties.iter().filter(|(name, _)| HOLDERS.contains(name) || *name == "_embedded");
    let mut inner = holders.filter_map(|(name, schema)| {
        let (items, schema) = items_of(document, &document.shape(schema), word, depth + 1)?;
        Some((format!("/{}{items}", crate::expression::escaped(name)), schema))
    });
    inner.next()
}
