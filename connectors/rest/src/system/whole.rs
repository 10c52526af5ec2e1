//! A description as a whole, checked and compiled. One pass finds every fault.

use super::accounts::{self, Accounts};
use super::assignments::{self, Block};
use super::compiler::Compiler;
use super::entitlements::{self, Type};
use super::grants;
use super::operations::{self, Operations};
use super::scopes;
use crate::expression::{Expression, QueryTemplate, Template, Vars};
use crate::settings::{ErrorSettings, Kind, Settings, Where};
use connector_core::SettingsFault;
use serde_json::Value;
use std::num::NonZeroU32;
use url::Url;

/// A system, ready to be asked.
#[derive(Debug)]
pub(crate) struct System {
    /// The settings of a source of a connector file; otherwise an empty object.
    pub(crate) params: Value,
    base: Template,
    pub(crate) headers: Vec<(String, Template)>,
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
    let system = described(&mut compiler, settings);
    if compiler.faults.is_empty()
        && params.is_none()
        && let Err(why) = system.base_url()
    {
        compiler.add("/base_url", why, "write it like `https://api.acme.example/v2`");
    }
    if compiler.faults.is_empty() { Ok(system) } else { Err(compiler.faults) }
}

fn described(compiler: &mut Compiler<'_>, settings: &Settings) -> System {
    let test = settings.test.as_ref().map(|test| Test {
        path: compiler.path(&test.get, scopes::NOTHING, "/test/get"),
        query: compiler.query(&test.query, scopes::NOTHING, "/test/query"),
        expect: compiler.optional(test.expect.as_deref(), scopes::BODY, "/test/expect"),
        instance: compiler.optional(test.instance.as_deref(), scopes::BODY, "/test/instance"),
    });
    let accounts = accounts::compile(compiler, &settings.accounts);
    let types = entitlements::compile(compiler, &settings.entitlements);
    let blocks = assignments::compile(compiler, settings);
    let operations = operations::compile(compiler, settings);
    let operations = grants::compile(compiler, settings, &blocks, operations);
    System {
        params: Value::Object(serde_json::Map::new()),
        base: compiler.template(&settings.base_url, scopes::NOTHING, "/base_url"),
        headers: compiler.headers(&settings.headers),
        test,
        accounts,
        types,
        blocks,
        operations,
        problems: problems(compiler, &settings.errors),
        limits: settings.limits.as_ref().map_or_else(Limits::default, |limits| Limits {
            concurrent: limits.concurrent,
            per_minute: limits.per_minute,
            wait_header: limits.wait_header.clone(),
        }),
    }
}

fn problems(compiler: &mut Compiler<'_>, rows: &[ErrorSettings]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let when = compiler.optional(row.when.as_deref(), scopes::RESPONSE, &format!("/errors/{at}/when"));
        if row.status.is_none() && when.is_none() {
            compiler.add(format!("/errors/{at}"), "this row fits every response", "add `status`, `when` or both");
        }
        problems.push(Problem { status: row.status, when, on: row.on, kind: row.kind, cure: row.cure.clone() });
    }
    problems
}
