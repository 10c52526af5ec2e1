//! Counts by a reference field: `SELECT GroupId, COUNT(Id) FROM GroupMember GROUP BY GroupId`.

use std::sync::{Arc, PoisonError};

use super::ast::{Item, Select};
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
}

/// Resolves the names of an aggregate query; `None` for any other query.
pub(super) fn bind(scope: Scope<'_>, select: &Select) -> Result<Option<Grouped>, SoqlError> {
    let counts = select.items.iter().any(|item| matches!(item, Item::CountOf { .. }));
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
    let Some((known, field)) = field.filter(|(known, _)| matches!(known.kind, Kind::Id | Kind::Reference)) else {
        let message = format!("field '{}' can not be grouped in a query call", group.text);
        return Err(SoqlError::at("MALFORMED_QUERY", scope.statement, group.position, &message));
    };
    let mut columns = Vec::new();
    let mut unnamed = 0;
    for item in &select.items {
        columns.push(match item {
            Item::Field(name) if scope.path(name)? == path => Column::Key(known.name),
            Item::Field(name) => {
                let message = format!("Field must be grouped or aggregated: {}", name.text);
                return Err(SoqlError::at("MALFORMED_QUERY", scope.statement, name.position, &message));
            }
            Item::CountOf { field, alias } => {
                scope.path(field)?;
                Column::Count(alias.clone().unwrap_or_else(|| {
                    unnamed += 1;
                    format!("expr{}", unnamed - 1)
                }))
            }
            Item::Count | Item::Fields(_) | Item::Children(_) => {
                return Err(SoqlError::malformed("only grouped fields and counts can be selected with GROUP BY"));
            }
        });
    }
    Ok(Some(Grouped { field, columns }))
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
            };
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            value.write(&mut out);
        }
        out.push(b'}');
    }
    Ok((out, groups.len()))
}
