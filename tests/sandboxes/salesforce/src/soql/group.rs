//! Counts, smallest and largest values by a field: `SELECT GroupId, COUNT(Id) FROM GroupMember GROUP BY GroupId`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use super::ast::{Item, Name, Select};
use super::bind::{Bound, OrderKey};
use super::error::SoqlError;
use super::filter::{Filter, Scope};
use super::path::Leaf;
use super::rows::{self, Rows};
use crate::id::Id;
use crate::org::field::Kind;
use crate::org::object::Object;
use crate::org::schema;
use crate::org::state::{Counts, State};
use crate::org::value::Value;

/// No aggregate query answers more, and no cursor leads to the rest.
const MOST_GROUPS: usize = 2_000;
/// Counts are kept for so many statements.
const MOST_STATEMENTS: usize = 64;

/// What the rows of an aggregate query are.
#[derive(Clone, Debug)]
pub(crate) struct Grouped {
    /// The field that the rows are grouped by.
    field: usize,
    columns: Vec<Column>,
}

#[derive(Clone, Debug)]
enum Column {
    Key(&'static str),
    Count(String),
    /// How many different values of a field there are.
    Distinct(usize, String),
    /// The smallest or the largest value of a field.
    Extreme(usize, bool, String),
}

/// Resolves the names of an aggregate query; `None` for any other query.
pub(super) fn bind(scope: Scope<'_>, select: &Select) -> Result<Option<Grouped>, SoqlError> {
    let is_aggregate =
        |item: &Item| matches!(item, Item::CountOf { .. } | Item::Distinct { .. } | Item::Extreme { .. });
    let counts = select.items.iter().any(is_aggregate);
    let [group] = &select.groups[..] else {
        return match (counts, select.groups.is_empty()) {
            (false, true) => Ok(None),
            (_, empty) => {
                let missing = if empty { "a GROUP BY clause" } else { "a single field in GROUP BY" };
                Err(SoqlError::malformed(format!("the simulated org counts only with {missing}")))
            }
        };
    };
    let path = scope.path(group)?;
    let field = match path.leaf {
        Leaf::Field(object, field) if path.hops.is_empty() => Some((schema::fields(object)[field], field)),
        _ => None,
    };
    let Some((known, field)) = field.filter(|(known, _)| matches!(known.kind, Kind::Id | Kind::Reference | Kind::Text))
    else {
        let message = format!("field '{}' can not be grouped in a query call", group.text);
        return Err(SoqlError::at("MALFORMED_QUERY", scope.statement, group.position, &message));
    };
    let mut columns = Vec::new();
    let mut unnamed = 0;
    let mut name = |alias: &Option<String>| {
        alias.clone().unwrap_or_else(|| {
            unnamed += 1;
            format!("expr{}", unnamed - 1)
        })
    };
    for item in &select.items {
        columns.push(match item {
            Item::Field(name) if scope.path(name)? == path => Column::Key(known.name),
            Item::Field(name) => {
                let message = format!("Field must be grouped or aggregated: {}", name.text);
                return Err(SoqlError::at("MALFORMED_QUERY", scope.statement, name.position, &message));
            }
            Item::CountOf { field, alias } => {
                scope.path(field)?;
                Column::Count(name(alias))
            }
            Item::Distinct { field, alias } => Column::Distinct(own_field(scope, field)?, name(alias)),
            Item::Extreme { largest, field, alias } => Column::Extreme(own_field(scope, field)?, *largest, name(alias)),
            Item::Count | Item::Fields(_) | Item::Children(_) => {
                return Err(SoqlError::malformed("only grouped fields and counts can be selected with GROUP BY"));
            }
        });
    }
    Ok(Some(Grouped { field, columns }))
}

/// The index of a field of the object itself.
fn own_field(scope: Scope<'_>, name: &Name) -> Result<usize, SoqlError> {
    let path = scope.path(name)?;
    match path.leaf {
        Leaf::Field(_, field) if path.hops.is_empty() => Ok(field),
        _ => Err(SoqlError::malformed("the simulated org aggregates only fields of the object itself")),
    }
}

fn key(state: &State, bound: &Bound, grouped: &Grouped, row: u64) -> Option<Id> {
    state.value(bound.object, row, grouped.field).id()
}

/// Whether the rows that count depend only on their own values and on parents that are as they were made.
fn is_quick(state: &State, bound: &Bound) -> bool {
    fn paths_are_quick(state: &State, filter: &Filter) -> bool {
        match filter {
            Filter::All(list) | Filter::Any(list) => list.iter().all(|one| paths_are_quick(state, one)),
            Filter::Not(inner) => paths_are_quick(state, inner),
            Filter::Compare { path, .. } | Filter::OneOf { path, .. } | Filter::TextOneOf { path, .. } => {
                path.hops.iter().all(|hop| hop.object.is_some_and(|object| state.table(object).is_as_made()))
            }
            // It may come from a statement of its own.
            Filter::IdOneOf { .. } => false,
        }
    }
    bound.object != Object::User && bound.filter.as_ref().is_none_or(|filter| paths_are_quick(state, filter))
}

/// Counts what changed since the org was made, and adds it to what was there: a real org has indexes for that.
fn quick_counts(state: &State, statement: &str, bound: &Bound, grouped: &Grouped) -> Counts {
    let made = state.as_made();
    let passes = |state: &State, row: u64| {
        let filter = bound.filter.as_ref();
        state.table(bound.object).has(row) && filter.is_none_or(|filter| filter.passes(state, (bound.object, row)))
    };
    let generated = state.table(bound.object).generated;
    let known = state.counted.lock().unwrap_or_else(PoisonError::into_inner).get(statement).cloned();
    let base = known.unwrap_or_else(|| {
        let mut base = Counts::new();
        for row in (0..generated).filter(|row| passes(made, *row)) {
            *base.entry(key(made, bound, grouped, row)).or_default() += 1;
        }
        let base = Arc::new(base);
        let mut counted = state.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= MOST_STATEMENTS {
            counted.clear();
        }
        counted.insert(statement.to_owned(), base.clone());
        base
    });
    let mut counts = (*base).clone();
    for row in state.table(bound.object).unlike_made() {
        if passes(made, row)
            && let Some(count) = counts.get_mut(&key(made, bound, grouped, row))
        {
            *count -= 1;
        }
        if passes(state, row) {
            *counts.entry(key(state, bound, grouped, row)).or_default() += 1;
        }
    }
    for row in (generated..state.table(bound.object).end()).filter(|row| passes(state, *row)) {
        *counts.entry(key(state, bound, grouped, row)).or_default() += 1;
    }
    counts
}

/// The answer to an aggregate query: its records as JSON, and how many there are.
pub(crate) fn records(
    state: &State,
    statement: &str,
    bound: &Bound,
    grouped: &Grouped,
) -> Result<(Vec<u8>, usize), SoqlError> {
    let is_text = schema::fields(bound.object)[grouped.field].kind == Kind::Text;
    if is_text || grouped.columns.iter().any(|column| matches!(column, Column::Distinct(..) | Column::Extreme(..))) {
        return by_value(state, bound, grouped);
    }
    let counts = if is_quick(state, bound) {
        quick_counts(state, statement, bound, grouped)
    } else {
        let whole = Bound { order: Vec::new(), limit: None, offset: 0, ..bound.clone() };
        let found: Rows = rows::rows(state, &whole);
        let mut counts = Counts::new();
        for row in found.part(0, found.len()) {
            *counts.entry(key(state, bound, grouped, row)).or_default() += 1;
        }
        counts
    };
    let mut groups: Vec<(Option<Id>, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    groups.sort_unstable();
    if bound.order.first().is_some_and(|OrderKey { descending, .. }| *descending) {
        groups.reverse();
    }
    if let Some(limit) = bound.limit {
        groups.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    if groups.len() > MOST_GROUPS {
        let message =
            "aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch";
        return Err(SoqlError { code: "EXCEEDED_ID_LIMIT", message: message.to_owned() });
    }
    let mut out = Vec::with_capacity(groups.len() * 100);
    for (at, (key, count)) in groups.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"attributes\":{\"type\":\"AggregateResult\"}");
        for column in &grouped.columns {
            let (name, value) = match column {
                Column::Key(name) => (*name, Value::from(*key)),
                Column::Count(alias) => (alias.as_str(), Value::Int(i64::try_from(*count).unwrap_or(i64::MAX))),
                Column::Distinct(..) | Column::Extreme(..) => continue,
            };
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            value.write(&mut out);
        }
        out.push(b'}');
    }
    Ok((out, groups.len()))
}

/// The same, row by row: for texts, and for other values than counts.
fn by_value(state: &State, bound: &Bound, grouped: &Grouped) -> Result<(Vec<u8>, usize), SoqlError> {
    let whole = Bound { order: Vec::new(), limit: None, offset: 0, ..bound.clone() };
    let found = rows::rows(state, &whole);
    let mut groups: BTreeMap<Option<String>, (Value, Vec<u64>)> = BTreeMap::new();
    for row in found.part(0, found.len()) {
        let key = state.value(bound.object, row, grouped.field);
        groups.entry(key.text().map(str::to_owned)).or_insert_with(|| (key, Vec::new())).1.push(row);
    }
    let limit = bound.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    if groups.len().min(limit) > MOST_GROUPS {
        let message = "aggregate query does not support queryMore()".to_owned();
        return Err(SoqlError { code: "EXCEEDED_ID_LIMIT", message });
    }
    let mut out = Vec::new();
    for (at, (key, rows)) in groups.values().take(limit).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"attributes\":{\"type\":\"AggregateResult\"}");
        for column in &grouped.columns {
            let (name, value) = match column {
                Column::Key(name) => (*name, key.clone()),
                Column::Count(alias) => (alias.as_str(), Value::Int(i64::try_from(rows.len()).unwrap_or(i64::MAX))),
                Column::Distinct(field, alias) => {
                    let values = rows.iter().map(|row| state.value(bound.object, *row, *field));
                    let texts: BTreeSet<_> = values.filter_map(|value| value.text().map(str::to_owned)).collect();
                    (alias.as_str(), Value::Int(i64::try_from(texts.len()).unwrap_or(i64::MAX)))
                }
                Column::Extreme(field, largest, alias) => {
                    let values = rows.iter().map(|row| state.value(bound.object, *row, *field));
                    let mut values: Vec<_> = values.filter(|value| *value != Value::Null).collect();
                    values.sort_by(Value::order);
                    let value = if *largest { values.pop() } else { values.into_iter().next() };
                    (alias.as_str(), value.unwrap_or(Value::Null))
                }
            };
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            value.write(&mut out);
        }
        out.push(b'}');
    }
    Ok((out, groups.len().min(limit)))
}
