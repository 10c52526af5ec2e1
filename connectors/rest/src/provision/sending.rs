//! The request of an operation, with the values for it.

use crate::expression::Vars;
use crate::settings::Where;
use crate::system::{Request, System};
use serde_json::{Map, Value};

/// Attributes to send, by name.
pub(super) type Changed = Map<String, Value>;

/// A request, and the values for it.
pub(super) struct Sending<'a> {
    pub(super) request: &'a Request,
    pub(super) on: Where,
    pub(super) attributes: Changed,
    pub(super) account: &'a str,
    values: Vec<(&'static str, Value)>,
}

impl<'a> Sending<'a> {
    pub(super) fn new(request: &'a Request, on: Where, account: &'a str) -> Self {
        Self { request, on, attributes: Changed::new(), account, values: Vec::new() }
    }

    /// Adds a value for expressions.
    pub(super) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.values.push((name, value));
        self
    }

    /// Adds a value that an earlier request gave.
    pub(super) fn add(&mut self, name: &'static str, value: Value) {
        self.values.push((name, value));
    }

    /// The same values for another request.
    pub(super) fn for_request(&self, request: &'a Request) -> Self {
        let values = self.values.clone();
        Self { request, on: self.on, attributes: Changed::new(), account: self.account, values }
    }

    /// Adds attributes to put into the body.
    pub(super) fn with_attributes(mut self, attributes: Changed) -> Self {
        self.attributes = attributes;
        self
    }

    /// The request, for people.
    pub(super) fn name(&self, system: &System) -> String {
        let path = self.request.path.path(&self.vars(system)).unwrap_or_default();
        format!("{} {}", self.request.method, path.split('?').next().unwrap_or_default())
    }

    pub(super) fn vars<'v>(&'v self, system: &'v System) -> Vars<'v> {
        let all = self.values.iter();
        all.fold(system.vars(), |vars, (name, value)| vars.with(name, value))
    }
}
