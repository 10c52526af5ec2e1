//! Checks a description and compiles it. One pass finds every fault.

use super::accounts::{self, Accounts};
use super::assignments::{self, Block};
use super::entitlements::{self, Type};
use super::operations::{self, Operations};
use super::scopes;
use crate::expression::{Expression, Names, QueryTemplate, Scope, Template, Vars};
use crate::settings::{ErrorSettings, Kind, Settings, Where};
use connector_core::SettingsFault;
use serde_json::Value;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use url::Url;

/// A system, ready to be asked.
#[derive(Debug)]
pub(crate) struct System {
    /// The settings of a source of a connector file; otherwise an empty object.
    pub(crate) params: Value,
    base: Template,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) test: Option<Test>,
    pub(crate) accounts: Accounts,
    pub(crate) types: Vec<Type>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) operations: Operations,
    pub(crate) problems: Vec<Problem>,
    pub(crate) limits: Limits,
}

/// A request that shows that the API answers.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) path: Template,
    pub(crate) query: QueryTemplate,
    pub(crate) expect: Option<Expression>,
    pub(crate) instance: Option<Expression>,
}

/// A row of the error table.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: Option<u16>,
    pub(crate) when: Option<Expression>,
    pub(crate) on: Option<Where>,
    pub(crate) kind: Kind,
    pub(crate) cure: Option<String>,
}

/// How many requests the API accepts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) concurrent: Option<NonZeroU32>,
    pub(crate) per_minute: Option<NonZeroU32>,
    pub(crate) wait_header: Option<String>,
}

impl System {
    /// The names that every expression can use.
    pub(crate) fn vars(&self) -> Vars<'_> {
        Vars::default().with("settings", &self.params)
    }

    /// The base URL; the error says what is wrong with it.
    pub(crate) fn base_url(&self) -> Result<Url, String> {
        let text = self.base.url(&self.vars()).map_err(|undone| undone.to_string())?;
        let url = Url::parse(&text).map_err(|fault| format!("`{text}` is not a URL: {fault}"))?;
        if !url.has_host() || !["http", "https"].contains(&url.scheme()) || !url.username().is_empty() {
            return Err(format!("`{text}` is not the URL of a web server"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it has a query or a fragment".to_owned());
        }
        Ok(url)
    }

    pub(crate) fn type_named(&self, name: &str) -> Option<&Type> {
        self.types.iter().find(|one| one.name == name)
    }
}

/// Checks the description. `params` are the names of the settings that a connector file defines.
pub(crate) fn compile(settings: &Settings, params: Option<&[String]>) -> Result<System, Vec<SettingsFault>> {
    let mut compiler = Compiler { faults: Vec::new(), params };
    let system = System {
        params: Value::Object(serde_json::Map::new()),
        base: compiler.template(&settings.base_url, scopes::NOTHING, "/base_url"),
        headers: compiler.headers(&settings.headers),
        test: settings.test.as_ref().map(|test| Test {
            path: compiler.path(&test.get, scopes::NOTHING, "/test/get"),
            query: compiler.query(&test.query, scopes::NOTHING, "/test/query"),
            expect: compiler.optional(test.expect.as_deref(), scopes::BODY, "/test/expect"),
            instance: compiler.optional(test.instance.as_deref(), scopes::BODY, "/test/instance"),
        }),
        accounts: accounts::compile(&mut compiler, &settings.accounts),
        types: entitlements::compile(&mut compiler, &settings.entitlements),
        blocks: assignments::compile(&mut compiler, settings),
        operations: operations::compile(&mut compiler, settings),
        problems: compiler.problems(&settings.errors),
        limits: settings.limits.as_ref().map_or_else(Limits::default, |limits| Limits {
            concurrent: limits.concurrent,
            per_minute: limits.per_minute,
            wait_header: limits.wait_header.clone(),
        }),
    };
    if compiler.faults.is_empty()
        && params.is_none()
        && let Err(why) = system.base_url()
    {
        compiler.add("/base_url", why, "write it like `https://api.acme.example/v2`");
    }
    if compiler.faults.is_empty() { Ok(system) } else { Err(compiler.faults) }
}

/// Collects faults.
pub(super) struct Compiler<'a> {
    pub(super) faults: Vec<SettingsFault>,
    params: Option<&'a [String]>,
}

type Known = &'static [(&'static str, Names)];

impl Compiler<'_> {
    fn scope(&self, names: Known) -> Scope<'_> {
        Scope { names, settings: self.params }
    }

    pub(super) fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(SettingsFault::new(pointer, message).with_help(help));
    }

    pub(super) fn expression(&mut self, text: &str, names: Known, pointer: &str) -> Expression {
        let parsed = Expression::parse(text, self.scope(names), pointer, 0);
        parsed.unwrap_or_else(|fault| {
            self.faults.push(fault);
            Expression::broken()
        })
    }

    pub(super) fn optional(&mut self, text: Option<&str>, names: Known, pointer: &str) -> Option<Expression> {
        text.map(|text| self.expression(text, names, pointer))
    }

    pub(super) fn template(&mut self, text: &str, names: Known, pointer: &str) -> Template {
        let parsed = Template::parse(text, self.scope(names), pointer);
        parsed.unwrap_or_else(|fault| {
            self.faults.push(fault);
            Template::broken()
        })
    }

    /// A path below the base URL.
    pub(super) fn path(&mut self, text: &str, names: Known, pointer: &str) -> Template {
        if !text.starts_with('/') {
            let help = if text.contains("://") {
                "write the path alone; the host stands in `base_url`".to_owned()
            } else {
                format!("write `/{text}`")
            };
            self.add(pointer, "a path begins with `/`", help);
        }
        if let Some(at) = text.find(['?', '#']) {
            let fault = SettingsFault::new(pointer, "a path has no query").at(at..text.len());
            self.faults.push(fault.with_help("write the parameters under `query`"));
        }
        self.template(text, names, pointer)
    }

    pub(super) fn query(&mut self, query: &BTreeMap<String, Value>, names: Known, pointer: &str) -> QueryTemplate {
        let scope = Scope { names, settings: self.params };
        QueryTemplate::parse(query, scope, pointer, &mut self.faults)
    }

    pub(super) fn body(&mut self, body: &Value, names: Known, pointer: &str) -> crate::expression::BodyTemplate {
        let scope = Scope { names, settings: self.params };
        crate::expression::BodyTemplate::parse(body, scope, pointer, &mut self.faults)
    }

    /// A JSON pointer.
    pub(super) fn pointer(&mut self, text: &str, pointer: &str) -> String {
        if !text.is_empty() && !text.starts_with('/') {
            let slashed = text.trim_start_matches("$.").replace('.', "/");
            self.add(pointer, "this is not a JSON pointer", format!("write `/{slashed}`"));
        }
        text.to_owned()
    }

    fn headers(&mut self, headers: &BTreeMap<String, String>) -> Vec<(String, String)> {
        for (name, value) in headers {
            let place = format!("/headers/{}", crate::expression::escaped(name));
            let is_name =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            if !is_name || !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                self.add(place, "this is not a header", "write a name like `Accept` and plain text");
            } else if name.eq_ignore_ascii_case("authorization") {
                self.add(place, "the sign-in does not belong here", "write it under `auth:`, with a `grant_type`");
            }
        }
        headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn problems(&mut self, rows: &[ErrorSettings]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let when = self.optional(row.when.as_deref(), scopes::RESPONSE, &format!("/errors/{at}/when"));
            if row.status.is_none() && when.is_none() {
                self.add(format!("/errors/{at}"), "this row fits every response", "add `status`, `when` or both");
            }
            problems.push(Problem { status: row.status, when, on: row.on, kind: row.kind, cure: row.cure.clone() });
        }
        problems
    }
}
