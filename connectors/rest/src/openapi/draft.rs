//! Writes the draft.

use super::document::Document;
use super::fields::{Attribute, attributes, entitlement_name, fields};
use super::holders::{Holders, Type, holders};
use super::lists::{List, lists, one};
use super::paging::paging;
use super::sign_in;
use super::text::{Lines, plain, quoted};
use super::words::{accounts_rank, bare, entitlements_rank, singular, snake, word_of};
use connector_core::{Error, Result, SourceDraft};
use serde_json::Value;
use std::cmp::Reverse;

/// More types than these are rarely what people want to govern.
const MOST_TYPES: usize = 5;

/// Other lists of accounts that a draft names.
const MOST_OTHERS: usize = 4;

/// Lists that an error names.
const MOST_NAMED: usize = 12;

/// Drafts the settings of a source.
pub(crate) fn draft(description: &Value) -> Result<SourceDraft> {
    check_version(description)?;
    let document = Document::new(description);
    let all = lists(&document);
    let accounts = accounts_of(&all).ok_or_else(|| no_accounts(&document, &all))?;
    let types = types_of(&document, &all, accounts);
    let mut draft = Draft { document: &document, lines: Lines::default(), report: SourceDraft::new("") };
    draft.head(&types, &all);
    draft.accounts(accounts);
    draft.others(&all, accounts);
    draft.entitlements(&types);
    draft.assignments(&all, accounts, &types);
    if document.is_too_much() {
        return Err(Error::definition("the description is nested too deeply or refers to itself too often")
            .with_help("describe the API by hand: `connector source new rest NAME`"));
    }
    draft
        .lines
        .comment(0, "What plans can change is not drafted: see `operations` in the documentation of this connector.");
    let mut report = sign_in::add(&document, draft.report);
    report.settings = draft.lines.into_text();
    Ok(report)
}

fn check_version(description: &Value) -> Result<()> {
    let help = "download the OpenAPI 3 description of the API, as JSON or YAML";
    if description.get("swagger").is_some() {
        return Err(Error::definition("this is a description in Swagger 2.0, and not in OpenAPI 3")
            .with_help("convert it to OpenAPI 3 first; most editors for API descriptions can"));
    }
    match description["openapi"].as_str() {
        Some(version) if version.starts_with("3.") => Ok(()),
        Some(version) => {
            Err(Error::definition(format!("this is OpenAPI {}, and only OpenAPI 3 can be read", plain(version)))
                .with_help(help))
        }
        None => Err(Error::definition("this is no OpenAPI description: it has no `openapi: 3.…`").with_help(help)),
    }
}

fn no_accounts(document: &Document<'_>, all: &[List<'_>]) -> Error {
    if document.is_too_much() {
        return Error::definition("the description is nested too deeply or refers to itself too often")
            .with_help("describe the API by hand: `connector source new rest NAME`");
    }
    let named: Vec<_> = all.iter().take(MOST_NAMED).map(|list| list.path).collect();
    let lists = match named.as_slice() {
        [] => "it has no GET request whose response holds a list".to_owned(),
        named if named.len() < all.len() => format!("some of its {} lists: {}", all.len(), named.join(", ")),
        named => format!("its lists: {}", named.join(", ")),
    };
    Error::definition("the description has no list that looks like accounts, such as `/users`")
        .with_help(format!("{lists}; without `--openapi`, `connector source new rest NAME` gives an example to change"))
}

/// The list that is likeliest the one of all accounts.
fn accounts_of<'d, 'a>(all: &'d [List<'a>]) -> Option<&'d List<'a>> {
    let ranked = all.iter().filter_map(|list| {
        let rank = accounts_rank(&bare(word_of(list.path)));
        let is_below_entitlement = list.path.split('/').any(|segment| entitlements_rank(&bare(segment)) > 0);
        (rank > 0 && !is_below_entitlement && !list.item.properties.is_empty()).then_some((rank, list))
    });
    ranked
        .min_by_key(|(rank, list)| (list.path.matches('{').count(), Reverse(*rank), list.path.len(), list.path))
        .map(|(_, list)| list)
}

/// The types of entitlements, the likeliest first.
fn types_of<'d, 'a>(document: &Document<'a>, all: &'d [List<'a>], accounts: &List<'a>) -> Vec<Type<'d, 'a>> {
    let parameters = accounts.path.matches('{').count();
    let mut ranked: Vec<_> = all
        .iter()
        .filter(|list| list.path.matches('{').count() <= parameters && !std::ptr::eq(*list, accounts))
        .map(|list| (entitlements_rank(&bare(word_of(list.path))), list))
        .filter(|(rank, list)| *rank > 0 && fields(document, &list.item, &singular(word_of(list.path))).id.is_some())
        .collect();
    ranked.sort_by_key(|(rank, list)| (Reverse(*rank), list.path.len(), list.path));
    let mut types: Vec<Type<'d, 'a>> = Vec::new();
    for (_, list) in ranked {
        let name = snake(&singular(word_of(list.path)));
        if types.len() < MOST_TYPES && types.iter().all(|known| known.name != name) {
            types.push(Type { name, list });
        }
    }
    types
}

struct Draft<'d, 'a> {
    document: &'d Document<'a>,
    lines: Lines,
    report: SourceDraft,
}

impl<'a> Draft<'_, 'a> {
    fn open(&mut self, key: &str, what: &str) {
        let report = std::mem::take(&mut self.report);
        self.report = report.with_open(format!("settings.{key}"), plain(what));
    }

    fn found(&mut self, what: &str) {
        let report = std::mem::take(&mut self.report);
        self.report = report.with_found(plain(what));
    }

    /// Lists that are those of one organization or project, where the one of everybody was taken.
    fn others(&mut self, all: &[List<'_>], accounts: &List<'_>) {
        let is_below = |path: &str| path.split('/').any(|segment| entitlements_rank(&bare(segment)) > 0);
        let mut others: Vec<&str> = all
            .iter()
            .filter(|list| !std::ptr::eq(*list, accounts) && !is_below(list.path))
            .filter(|list| list.path.matches('{').count() == accounts.path.matches('{').count() + 1)
            .filter(|list| accounts_rank(&bare(word_of(list.path))) > 0 && !list.item.properties.is_empty())
            .map(|list| list.path)
            .collect();
        others.sort_by_key(|path| (path.len(), *path));
        if others.is_empty() {
            return;
        }
        let shown = others.iter().take(MOST_OTHERS).map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
        self.open("accounts.get", &format!("accounts can also be the list of one part of the system: {shown}; if one of them is meant, write its path with the value, and take `entitlements` from below it"));
    }

    fn head(&mut self, types: &[Type<'_, '_>], all: &[List<'_>]) {
        let root = self.document.root();
        let title = root["info"]["title"].as_str().unwrap_or("an API");
        let version = root["info"]["version"].as_str().unwrap_or_default();
        self.lines.comment(
            0,
            &format!(
                "Drafted from the OpenAPI description of {}. Compare it with what the API returns.",
                plain(&format!("{title} {version}"))
            ),
        );
        let left_out = all.len().saturating_sub(types.len() + 1);
        if left_out > 0 {
            self.lines
                .comment(0, &format!("Lists in the description that are neither accounts nor types here: {left_out}."));
        }
        match base_url(root) {
            Ok(url) => self.lines.line(0, &format!("base_url: {}", quoted(&url))),
            Err(why) => {
                self.lines.comment(0, &format!("base_url: {why}"));
                self.open("base_url", &why);
            }
        }
        let whoami = ["/me", "/users/me", "/user", "/self", "/whoami", "/account", "/v1/me"];
        let paths = root["paths"].as_object();
        let is_get =
            |path: &&&str| paths.and_then(|paths| paths.get(**path)).is_some_and(|item| item.get("get").is_some());
        if let Some(path) = whoami.iter().find(is_get) {
            self.lines.line(0, &format!("test: {{get: {path}}}"));
        }
    }

    /// The lines of a list: its path, its query, its items, its pages.
    fn list(&mut self, indent: usize, key: &str, list: &List<'_>, path: &str) {
        self.lines.line(indent, &format!("get: {}", quoted(path)));
        let paging = paging(self.document, list);
        if !paging.query.is_empty() {
            let query: Vec<_> = paging.query.iter().map(|(name, value)| format!("{}: {value}", quoted(name))).collect();
            self.lines.line(indent, &format!("query: {{{}}}", query.join(", ")));
        }
        for name in &paging.unfilled {
            let what = format!("the API needs the parameter `{name}`, and the description has no value for it");
            self.lines.comment(indent, &format!("query: {what}"));
            self.open(&format!("{key}.query"), &what);
        }
        if !list.items.is_empty() {
            self.lines.line(indent, &format!("items: {}", quoted(&list.items)));
        }
        match &paging.page {
            Ok(page) => self.lines.line(indent, &format!("page: {page}")),
            Err(what) => {
                self.lines.comment(indent, &format!("page: {what}"));
                self.open(&format!("{key}.page"), what);
            }
        }
        for name in parameters_of(path) {
            let what = format!("write the value of the parameter `{{{name}}}` into the path");
            self.lines.comment(indent, &format!("get: {what}"));
            self.open(&format!("{key}.get"), &what);
        }
    }

    fn accounts(&mut self, list: &List<'a>) {
        self.found(&format!("GET {}: the accounts", list.path));
        self.lines.line(0, "accounts:");
        self.list(2, "accounts", list, list.path);
        let fields = fields(self.document, &list.item, &singular(word_of(list.path)));
        let attributes = attributes(self.document, &list.item, &fields);
        self.lines.line(2, "map:");
        if let Some(id) = &fields.id {
            self.lines.line(4, &format!("id: {}", quoted(id)));
        } else {
            let what = "no member is called like an id; write the one that never changes: `item.…`";
            self.lines.comment(4, &format!("id: {what}"));
            self.open("accounts.map.id", what);
        }
        let named = [
            ("name", &fields.name),
            ("display_name", &fields.display_name),
            ("enabled", &fields.enabled),
            ("locked", &fields.locked),
        ];
        for (key, value) in named {
            if let Some(value) = value {
                self.lines.line(4, &format!("{key}: {}", quoted(value)));
            }
        }
        if fields.enabled.is_none() {
            self.lines
                .comment(4, "enabled: the description does not show which accounts may be used. Without it, all may.");
        }
        self.attributes(4, &attributes);
        if let Some((path, at)) = one(self.document, list) {
            let own = path.rsplit('/').next().unwrap_or_default();
            let path = format!("{}{{id}}", path.strip_suffix(own).unwrap_or(path));
            let at = if at.is_empty() { String::new() } else { format!(", at: {}", quoted(&at)) };
            self.lines.line(2, &format!("one: {{get: {}{at}}}", quoted(&path)));
        }
    }

    fn attributes(&mut self, indent: usize, attributes: &[Attribute<'_>]) {
        if attributes.is_empty() {
            return;
        }
        self.lines.line(indent, "attributes:");
        for one in attributes {
            let mut more = Vec::new();
            if one.kind != "text" {
                more.push(format!("type: {}", one.kind));
            }
            if one.is_list {
                more.push("list: true".to_owned());
            }
            more.extend(one.meaning.map(|meaning| format!("meaning: {meaning}")));
            if one.is_quiet {
                more.push("quiet: true".to_owned());
            }
            let from = quoted(&one.from);
            let value = if more.is_empty() { from } else { format!("{{from: {from}, {}}}", more.join(", ")) };
            self.lines.line(indent + 2, &format!("{}: {value}", quoted(one.name)));
        }
    }

    fn entitlements(&mut self, types: &[Type<'_, 'a>]) {
        if types.is_empty() {
            self.lines.comment(0, "entitlements: the description has no list that looks like groups, teams or roles.");
            return;
        }
        self.lines.line(0, "entitlements:");
        for of in types {
            self.found(&format!("GET {}: the entitlements `{}`", of.list.path, of.name));
            self.lines.line(2, &format!("{}:", of.name));
            let title = of.name.replace('_', " ");
            let title = title.get(..1).map(|first| first.to_uppercase() + &title[1..]).unwrap_or_default();
            self.lines.line(4, &format!("title: {}", quoted(&title)));
            self.list(4, &format!("entitlements.{}", of.name), of.list, of.list.path);
            let fields = fields(self.document, &of.list.item, &of.name);
            let name = entitlement_name(self.document, &of.list.item);
            let map = [("id", fields.id), ("name", name), ("description", fields.description)];
            let map: Vec<_> =
                map.into_iter().filter_map(|(key, value)| Some(format!("{key}: {}", quoted(&value?)))).collect();
            self.lines.line(4, &format!("map: {{{}}}", map.join(", ")));
        }
    }

    fn assignments(&mut self, all: &[List<'a>], accounts: &List<'a>, types: &[Type<'_, 'a>]) {
        let found: Vec<_> = types.iter().map(|of| (of, holders(self.document, all, accounts, of))).collect();
        if found.iter().any(|(_, holders)| holders.is_some()) {
            self.lines.line(0, "assignments:");
        }
        let mut at = 0;
        for (of, holders) in found {
            let Some(holders) = holders else {
                let what = format!("the description does not show who holds a `{}`", of.name);
                self.lines.comment(0, &format!("assignments: {what}."));
                self.open("assignments", &what);
                continue;
            };
            let key = format!("assignments.{at}");
            at += 1;
            match holders {
                Holders::ForEach { list, account } => {
                    self.found(&format!("GET {}: who holds a `{}`", list.path, of.name));
                    self.lines.line(2, &format!("- for_each: {}", of.name));
                    let path = below(list.path, of.list.path);
                    self.list(4, &key, list, &path);
                    if let Some(account) = account {
                        self.lines.line(4, &format!("map: {{account: {}}}", quoted(&account)));
                    } else {
                        let what = "it is not clear which member is the id of the account: `map: {account: item.…}`";
                        self.lines.comment(4, what);
                        self.open(&format!("{key}.map"), what);
                    }
                }
                Holders::OfAccounts { list, entitlement } => {
                    self.found(&format!("GET {}: which `{}` an account holds", list.path, of.name));
                    self.lines.line(2, "- for_each: accounts");
                    let path = below(list.path, accounts.path);
                    self.list(4, &key, list, &path);
                    self.lines.line(4, &format!("map: {{entitlement: {{{}: {}}}}}", of.name, quoted(&entitlement)));
                }
                Holders::Inside { items, entitlement } => {
                    self.found(&format!("`{items}` of each account: which `{}` it holds", of.name));
                    self.lines.line(2, "- embedded: accounts");
                    self.lines.line(4, &format!("items: {}", quoted(&items)));
                    self.lines.line(4, &format!("map: {{entitlement: {{{}: {}}}}}", of.name, quoted(&entitlement)));
                }
            }
        }
    }
}

/// The path of a list below each parent: `/groups/{group_id}/users` is `/groups/{parent.id}/users`.
fn below(path: &str, parent: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    format!("{parent}/{{parent.id}}/{last}")
}

/// The parameters of a path that only the author can fill.
fn parameters_of(path: &str) -> impl Iterator<Item = &str> {
    let segments = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    segments.filter(|name| *name != "parent.id")
}

/// The address of the API, with the defaults of its variables.
fn base_url(root: &Value) -> std::result::Result<String, String> {
    let help = "write the address of the API, such as `https://api.acme.example/v2`";
    let server = &root["servers"][0];
    let Some(url) = server["url"].as_str() else { return Err(format!("the description names no server; {help}")) };
    let mut url = url.to_owned();
    for (name, variable) in server["variables"].as_object().into_iter().flatten().take(20) {
        if let Some(value) = variable["default"].as_str().filter(|value| !value.is_empty() && value.len() < 200) {
            url = url.replace(&format!("{{{name}}}"), value);
        }
    }
    let shown = plain(&url);
    if url.contains(['{', '}']) {
        return Err(format!("`{shown}` has variables; {help}"));
    }
    match url::Url::parse(&url) {
        Ok(parsed)
            if parsed.scheme() == "https"
                && parsed.has_host()
                && parsed.query().is_none()
                && parsed.username().is_empty() =>
        {
            Ok(url.trim_end_matches('/').to_owned())
        }
        Ok(parsed) if parsed.scheme() == "http" => Err(format!("`{shown}` is not encrypted; {help}")),
        _ => Err(format!("`{shown}` is no whole address; {help}")),
    }
}
