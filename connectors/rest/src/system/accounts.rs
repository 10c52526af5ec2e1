//! Accounts, compiled.

use super::compiler::Compiler;
use super::lists::{self, List};
use super::scopes;
use crate::expression::{BodyTemplate, Expression, QueryTemplate, Template, escaped};
use crate::settings::{
    AccountsSettings, AttributeForm, AttributeSettings, FindSettings, ListSettings, Meaning, MissingValue, OneSettings,
    SinceSettings, TimeFormat, ValueType, WritableWhen,
};
use connector_core::{AttributeMeaning, AttributeSchema, AttributeType, Writable};
use std::collections::BTreeMap;
use std::time::Duration;

/// The list of accounts, and what becomes what.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(crate) list: List,
    pub(crate) id: Expression,
    pub(crate) name: Option<Expression>,
    pub(crate) display_name: Option<Expression>,
    pub(crate) enabled: Option<Expression>,
    pub(crate) locked: Option<Expression>,
    pub(crate) kind: Option<Expression>,
    pub(crate) owner: Option<Expression>,
    pub(crate) alias: Option<Expression>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) one: Option<One>,
    pub(crate) detail: bool,
    pub(crate) find: Option<Find>,
    pub(crate) since: Option<Since>,
}

/// An attribute.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) from: Expression,
    pub(crate) schema: AttributeSchema,
    pub(crate) hidden_if_missing: bool,
    /// Where a create or update sends it.
    pub(crate) write: String,
}

/// The request for one account.
#[derive(Debug)]
pub(crate) struct One {
    pub(crate) path: Template,
    pub(crate) query: QueryTemplate,
    pub(crate) at: String,
    pub(crate) absent: Vec<u16>,
}

/// The request that finds an account by its name.
#[derive(Debug)]
pub(crate) struct Find {
    pub(crate) path: Template,
    /// Of a search by POST.
    pub(crate) body: Option<BodyTemplate>,
    pub(crate) query: QueryTemplate,
    pub(crate) items: String,
    pub(crate) absent: Vec<u16>,
}

/// How the list shows only what changed.
#[derive(Debug)]
pub(crate) struct Since {
    pub(crate) parameter: String,
    pub(crate) value: Option<Template>,
    pub(crate) field: Expression,
    /// Whether an item is an account that no longer exists.
    pub(crate) gone: Option<Expression>,
    pub(crate) overlap: Duration,
    pub(crate) format: TimeFormat,
}

pub(super) fn compile(compiler: &mut Compiler<'_>, accounts: &AccountsSettings) -> Accounts {
    let names = if accounts.split.is_some() { scopes::PART } else { scopes::NOTHING };
    let mut list = lists::compile(compiler, &accounts.list(), "/accounts", names, scopes::ITEM);
    if let Some(split) = &accounts.split {
        list.split = Some(split.format);
        check_split(compiler, accounts, &list);
    }
    if list.body.is_some() && accounts.since.is_some() {
        let help = "remove `since`: then every run reads all accounts";
        compiler.add("/accounts/since", "a list that is asked for by POST can't show only what changed", help);
    }
    if accounts.detail && accounts.one.is_none() {
        compiler.add("/accounts/detail", "`one` is missing", "add `one: {get: \"/users/{id}\"}`");
    }
    let map = &accounts.map;
    let mut item = |text: Option<&String>, name: &str| {
        compiler.optional(text.map(String::as_str), scopes::ITEM, &format!("/accounts/map/{name}"))
    };
    let (name, display_name) = (item(map.name.as_ref(), "name"), item(map.display_name.as_ref(), "display_name"));
    let (enabled, locked) = (item(map.enabled.as_ref(), "enabled"), item(map.locked.as_ref(), "locked"));
    let (kind, owner, alias) =
        (item(map.kind.as_ref(), "kind"), item(map.owner.as_ref(), "owner"), item(map.alias.as_ref(), "alias"));
    Accounts {
        list,
        id: compiler.expression(&map.id, scopes::ITEM, "/accounts/map/id"),
        name,
        display_name,
        enabled,
        locked,
        kind,
        owner,
        alias,
        attributes: attributes(compiler, &map.attributes, "/accounts/map/attributes"),
        one: accounts.one.as_ref().map(|one| self::one(compiler, one)),
        detail: accounts.detail,
        find: accounts.find.as_ref().map(|find| self::find(compiler, find)),
        since: accounts.since.as_ref().map(|since| self::since(compiler, since)),
    }
}

/// What a list that is read in parts needs.
fn check_split(compiler: &mut Compiler<'_>, accounts: &AccountsSettings, list: &List) {
    let place = "/accounts/split";
    if list.max_items.is_none() {
        compiler.add(place, "`max_items` is missing", "add the number of items after which the API stops");
    }
    if !list.has_total() {
        let help = "add `total` to `page`: where a page says how many items the list has";
        compiler.add(place, "nothing says how long the list is", help);
    }
    if accounts.since.is_some() {
        compiler.add(place, "`since` and `split` exclude each other", "remove one of them");
    }
    for name in ["from", "to"] {
        if compiler.faults.is_empty() && !list.expressions().any(|one| one.uses(name)) {
            compiler.add(
                place,
                format!("the list does not use `{{{name}}}`"),
                format!("write `{{{name}}}` into `query`"),
            );
        }
    }
}

fn one(compiler: &mut Compiler<'_>, one: &OneSettings) -> One {
    let path = compiler.path(&one.get, scopes::ID, "/accounts/one/get");
    let query = compiler.query(&one.query, scopes::ID, "/accounts/one/query");
    if !path.uses("id") && !query.expressions().any(|one| one.uses("id")) && compiler.faults.is_empty() {
        compiler.add("/accounts/one/get", "nothing says which account", "add `{id}` to the path");
    }
    One {
        path,
        query,
        at: one.at.as_deref().map(|at| compiler.pointer(at, "/accounts/one/at")).unwrap_or_default(),
        absent: one.absent.clone().unwrap_or_else(|| vec![404]),
    }
}

fn find(compiler: &mut Compiler<'_>, find: &FindSettings) -> Find {
    let list = ListSettings {
        get: find.get.as_deref(),
        post: find.post.as_deref(),
        body: find.body.as_ref(),
        query: &find.query,
        items: None,
        page: None,
        keep: None,
        max_items: None,
    };
    let (path, body) = lists::request(compiler, &list, "/accounts/find", scopes::NAME);
    let query = compiler.query(&find.query, scopes::NAME, "/accounts/find/query");
    let names_it = path.uses("name")
        || query.expressions().any(|one| one.uses("name"))
        || body.as_ref().is_some_and(|body| body.uses("name"));
    if !names_it && compiler.faults.is_empty() {
        compiler.add(
            "/accounts/find",
            "nothing says which account",
            "add `{name}` to the path, to `query` or to `body`",
        );
    }
    let items = find.items.as_deref().map(|items| compiler.pointer(items, "/accounts/find/items"));
    Find { path, body, query, items: items.unwrap_or_default(), absent: find.absent.clone().unwrap_or_default() }
}

fn since(compiler: &mut Compiler<'_>, since: &SinceSettings) -> Since {
    Since {
        parameter: since.query.clone(),
        value: since.value.as_ref().map(|text| compiler.template(text, scopes::SINCE, "/accounts/since/value")),
        field: compiler.expression(&since.field, scopes::ITEM, "/accounts/since/field"),
        gone: compiler.optional(since.gone.as_deref(), scopes::ITEM, "/accounts/since/gone"),
        overlap: since.overlap.duration(),
        format: since.format,
    }
}

/// The attributes of accounts or entitlements.
pub(super) fn attributes(
    compiler: &mut Compiler<'_>,
    attributes: &BTreeMap<String, AttributeForm>,
    place: &str,
) -> Vec<Attribute> {
    let mut all = Vec::new();
    for (name, form) in attributes {
        let place = format!("{place}/{}", escaped(name));
        let (settings, pointer) = match form {
            AttributeForm::Expression(text) => {
                (&AttributeSettings { from: text.clone(), ..AttributeSettings::default() }, place.clone())
            }
            AttributeForm::Settings(settings) => (&**settings, format!("{place}/from")),
        };
        let from = compiler.expression(&settings.from, scopes::ITEM, &pointer);
        let write = match &settings.write {
            Some(write) => compiler.pointer(write, &format!("{place}/write")),
            None => format!("/{}", escaped(name)),
        };
        all.push(Attribute {
            from,
            schema: schema(name, settings),
            hidden_if_missing: settings.missing == MissingValue::Hidden,
            write,
        });
    }
    all
}

fn schema(name: &str, settings: &AttributeSettings) -> AttributeSchema {
    let kind = match settings.kind {
        ValueType::Text => AttributeType::String,
        ValueType::Boolean => AttributeType::Boolean,
        ValueType::Integer => AttributeType::Integer,
        ValueType::Number => AttributeType::Number,
        ValueType::DateTime => AttributeType::DateTime,
        ValueType::Date => AttributeType::Date,
        ValueType::Reference | ValueType::Account => AttributeType::Reference,
        ValueType::Json => AttributeType::Json,
    };
    let mut schema = AttributeSchema::new(name, kind).described(settings.description.clone());
    schema.of_account = settings.kind == ValueType::Account;
    schema.multi = settings.list;
    schema.required = settings.required;
    schema.quiet = settings.quiet;
    schema.writable = match settings.writable {
        WritableWhen::Never => Writable::Never,
        WritableWhen::OnCreate => Writable::OnCreate,
        WritableWhen::Always => Writable::Always,
    };
    schema.meaning = settings.meaning.map(|meaning| match meaning {
        Meaning::LoginName => AttributeMeaning::LoginName,
        Meaning::Email => AttributeMeaning::Email,
        Meaning::GivenName => AttributeMeaning::GivenName,
        Meaning::FamilyName => AttributeMeaning::FamilyName,
        Meaning::EmployeeNumber => AttributeMeaning::EmployeeNumber,
        Meaning::Department => AttributeMeaning::Department,
        Meaning::Title => AttributeMeaning::Title,
        Meaning::Manager => AttributeMeaning::Manager,
        Meaning::Created => AttributeMeaning::Created,
        Meaning::LastLogin => AttributeMeaning::LastLogin,
        Meaning::PasswordChanged => AttributeMeaning::PasswordChanged,
    });
    schema
}
