//! Checks the parts of a description, and collects every fault.

use crate::expression::{BodyTemplate, Expression, Names, QueryTemplate, Scope, Template, escaped};
use connector_core::SettingsFault;
use serde_json::Value;
use std::collections::BTreeMap;

/// Collects faults.
pub(super) struct Compiler<'a> {
    pub(super) faults: Vec<SettingsFault>,
    pub(super) params: Option<&'a [String]>,
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

    pub(super) fn body(&mut self, body: &Value, names: Known, pointer: &str) -> BodyTemplate {
        let scope = Scope { names, settings: self.params };
        BodyTemplate::parse(body, scope, pointer, &mut self.faults)
    }

    /// A JSON pointer.
    pub(super) fn pointer(&mut self, text: &str, pointer: &str) -> String {
        if !text.is_empty() && !text.starts_with('/') {
            let slashed = text.trim_start_matches("$.").replace('.', "/");
            self.add(pointer, "this is not a JSON pointer", format!("write `/{slashed}`"));
        }
        text.to_owned()
    }

    pub(super) fn headers(&mut self, headers: &BTreeMap<String, String>) -> Vec<(String, Template)> {
        let mut all = Vec::new();
        for (name, value) in headers {
            let place = format!("/headers/{}", escaped(name));
            let is_name =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            if !is_name || !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                self.add(&place, "this is not a header", "write a name like `Accept` and plain text");
            } else if name.eq_ignore_ascii_case("authorization") {
                self.add(&place, "the sign-in does not belong here", "write it under `auth:`, with a `grant_type`");
            }
            all.push((name.clone(), self.template(value, super::scopes::NOTHING, &place)));
        }
        all
    }
}
