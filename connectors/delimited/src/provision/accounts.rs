//! Operations in the file of the accounts.

use super::column::{grant, revoke};
use super::file::Rewritten;
use super::line::Line;
use crate::accounts::{Mapping, unique};
use crate::effect::chosen;
use crate::error;
use crate::layout::Layout;
use connector_core::{Change, Error, ErrorKind, Operation, Outcome, Result};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// All of them in one rewriting.
pub(super) fn carry_out(layout: &Layout, operations: &[&Operation]) -> Result<Vec<Result<Outcome>>> {
    let wanted: HashSet<&str> = operations.iter().map(|one| one.account.as_str()).collect();
    let new: HashSet<String> = operations.iter().filter_map(|one| new_id(layout, one)).collect();
    let mut lines: HashMap<String, Vec<Line>> = HashMap::new();
    let mut mapping = None;
    let mut rewritten = Rewritten::read(layout, &layout.accounts, Some(&unique(layout)), |rows, origin| {
        let mapping = match &mapping {
            Some(mapping) => mapping,
            None => &*mapping.insert(Mapping::new(layout, &rows.columns)?),
        };
        let id = rows.row().some_text(mapping.id, "no id")?;
        if wanted.contains(&*id) || new.contains(&*id) {
            lines.entry(id.into_owned()).or_default().push(Line::of(rows, origin)?);
        }
        Ok(())
    })?;
    let mapping = match mapping {
        Some(mapping) => mapping,
        None => Mapping::new(layout, &rewritten.columns)?,
    };
    let mut told = Vec::new();
    for operation in operations {
        let before = rewritten.changes();
        let mut carrying = Carrying { layout, mapping: &mapping, rewritten: &mut rewritten, lines: &mut lines };
        let outcome = carrying.out(operation);
        told.push((outcome, rewritten.since(&before)));
    }
    rewritten.finish(told)
}

/// The id of the account that an operation creates.
fn new_id(layout: &Layout, operation: &Operation) -> Option<String> {
    let Change::Create { name, attributes, .. } = &operation.change else { return None };
    let settings = &layout.settings;
    if settings.name.as_ref().is_none_or(|column| *column == settings.id) {
        return Some(name.clone());
    }
    attributes.get(&settings.id).and_then(Value::as_str).map(str::to_owned)
}

/// Values of attributes with several ones.
type Values = BTreeMap<String, Vec<Value>>;

struct Carrying<'a> {
    layout: &'a Layout,
    mapping: &'a Mapping,
    rewritten: &'a mut Rewritten,
    lines: &'a mut HashMap<String, Vec<Line>>,
}

impl Carrying<'_> {
    fn out(&mut self, operation: &Operation) -> Result<Outcome> {
        let id = operation.account.as_str();
        if let Change::Create { name, attributes, .. } = &operation.change {
            return self.create(new_id(self.layout, operation), name, attributes);
        }
        let Some(lines) = self.lines.get(id).filter(|lines| !lines.is_empty()).cloned() else {
            if matches!(operation.change, Change::Delete) {
                return Ok(Outcome::unchanged("does not exist"));
            }
            return Err(Error::not_found(format!("`{}` has no account with this id", self.rewritten.shown())));
        };
        match &operation.change {
            Change::Update { set, add, remove, .. } => self.update(id, &lines, set, (add, remove)),
            Change::Enable => self.switch(id, &lines, true),
            Change::Disable => self.switch(id, &lines, false),
            Change::Delete => {
                self.rewritten.remove(&lines)?;
                self.lines.remove(id);
                Ok(Outcome::applied(id))
            }
            Change::Grant { entitlement, .. } => grant(self.layout, self.rewritten, id, &lines, entitlement),
            Change::Revoke { entitlement, .. } => revoke(self.layout, self.rewritten, id, &lines, entitlement),
            other => Err(Error::unsupported(format!("this source does not support `{}`", other.kind().name()))),
        }
    }

    fn create(&mut self, id: Option<String>, name: &str, attributes: &Map<String, Value>) -> Result<Outcome> {
        let settings = &self.layout.settings;
        let Some(id) = id.filter(|id| !id.trim().is_empty()) else {
            return Err(Error::invalid(format!("a new account needs an id in `{}`", settings.id))
                .with_help(format!("give it as the attribute `{}`", settings.id)));
        };
        if self.lines.contains_key(&id) {
            let message = format!("`{}` has an account with the id `{id}`", self.rewritten.shown());
            return Err(Error::new(ErrorKind::AlreadyExists, message));
        }
        let writing = self.rewritten.writing(None);
        let mut values = vec![writing.bytes(None)?; writing.columns.len()];
        values[self.mapping.id] = writing.bytes(Some(&id))?;
        values[self.mapping.name] = writing.bytes(Some(name))?;
        if let Some((column, value)) = settings.enabled.as_ref().and_then(|one| Some((&one.column, one.is.first()?))) {
            values[writing.columns.find("accounts.enabled", column)?] = writing.bytes(Some(value))?;
        }
        for (attribute, value) in attributes {
            let column = self.mapping.attributes.named(attribute)?;
            let text = column.written(value)?;
            if column.column == self.mapping.name && text.as_deref() != Some(name) {
                return Err(Error::invalid(format!("`{attribute}` is the name of the account, and differs from it")));
            }
            self.check_state(column.column, text.as_deref())?;
            values[column.column] = writing.bytes(text.as_deref())?;
        }
        self.rewritten.add(None, &values)?;
        // Another operation of the batch must not create it again.
        self.lines.insert(id.clone(), Vec::new());
        Ok(Outcome::applied(id))
    }

    fn update(
        &mut self,
        id: &str,
        lines: &[Line],
        set: &Map<String, Value>,
        (add, remove): (&Values, &Values),
    ) -> Result<Outcome> {
        let writing = self.rewritten.writing(None);
        let mut texts: BTreeMap<usize, Option<String>> = BTreeMap::new();
        for (name, value) in set {
            let column = self.mapping.attributes.named(name)?;
            let value = if value.is_null() { None } else { Some(value.clone()) };
            let present = column.present(lines.iter().filter_map(|line| writing.text(line, column.column)));
            if present != value {
                texts.insert(column.column, value.as_ref().map_or(Ok(None), |value| column.written(value))?);
            }
        }
        let names: HashSet<&String> = add.keys().chain(remove.keys()).collect();
        for name in names {
            let column = self.mapping.attributes.named(name)?;
            let present = column.present(lines.iter().filter_map(|line| writing.text(line, column.column)));
            let Some(Value::Array(before)) = present.or_else(|| Some(Value::Array(Vec::new()))) else {
                return Err(Error::invalid(format!("`{name}` has one value"))
                    .with_help("set it, or list it in `attributes.lists`"));
            };
            let (more, fewer) = (add.get(name).into_iter().flatten(), remove.get(name));
            let mut after = before.clone();
            after.retain(|value| fewer.is_none_or(|fewer| !fewer.contains(value)));
            for value in more {
                if !after.contains(value) {
                    after.push(value.clone());
                }
            }
            if after != before {
                texts.insert(column.column, column.written(&Value::Array(after))?);
            }
        }
        for (column, text) in &texts {
            self.check_state(*column, text.as_deref())?;
        }
        if texts.contains_key(&self.mapping.id) {
            return Err(Error::invalid("the id of an account never changes"));
        }
        if texts.is_empty() {
            return Ok(Outcome::unchanged("has these values already"));
        }
        if texts.get(&self.mapping.name).is_some_and(|name| name.as_ref().is_none_or(String::is_empty)) {
            return Err(Error::invalid("an account needs a name"));
        }
        self.write(id, lines, &texts)
    }

    /// Fails if the value says neither that the account is enabled nor that it is disabled: nobody could read the file again.
    fn check_state(&self, column: usize, text: Option<&str>) -> Result<()> {
        let Some(enabled) = &self.layout.settings.enabled else { return Ok(()) };
        if self.rewritten.writing(None).columns.find("accounts.enabled", &enabled.column)? != column {
            return Ok(());
        }
        let text = text.unwrap_or(&self.layout.accounts.format.null);
        if chosen(text, &enabled.is, &enabled.is_not).is_some() {
            return Ok(());
        }
        let message = format!("`{}` can't be `{text}`: `accounts.enabled` lists the values", enabled.column);
        Err(Error::invalid(message).with_help("use one of `is` or `is_not`, or add the value to one of them"))
    }

    fn switch(&mut self, id: &str, lines: &[Line], on: bool) -> Result<Outcome> {
        let Some(enabled) = &self.layout.settings.enabled else { return Err(error::stopped()) };
        let (wanted, other) = if on { (&enabled.is, "enabled") } else { (&enabled.is_not, "disabled") };
        let writing = self.rewritten.writing(None);
        let column = writing.columns.find("accounts.enabled", &enabled.column)?;
        let is_so = |line: &Line| {
            let text = writing.text(line, column).unwrap_or_else(|| self.layout.accounts.format.null.as_str().into());
            wanted.iter().any(|value| *value == text)
        };
        if lines.iter().all(is_so) {
            return Ok(Outcome::unchanged(format!("is already {other}")));
        }
        let value = wanted.first().cloned();
        let value = value.filter(|value| *value != self.layout.accounts.format.null);
        self.write(id, lines, &BTreeMap::from([(column, value)]))
    }

    /// Writes these texts into all rows of an account.
    fn write(&mut self, id: &str, lines: &[Line], texts: &BTreeMap<usize, Option<String>>) -> Result<Outcome> {
        for line in lines {
            let mut values = line.values.clone();
            for (column, text) in texts {
                values[*column] = self.rewritten.writing(None).bytes(text.as_deref())?;
            }
            if values != line.values {
                self.rewritten.replace(line, &values)?;
            }
        }
        Ok(Outcome::applied(id))
    }
}
