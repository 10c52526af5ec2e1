//! The rows that match a statement, found without a scan if its filter allows that.

use std::collections::HashSet;
use std::ops::Range;

use super::ast::Operator;
use super::bind::{Bound, OrderKey};
use super::filter::{Filter, Operand};
use super::path::{Leaf, Path};
use super::shape;
use crate::id::Id;
use crate::org::INTEGRATION;
use crate::org::object::Object;
use crate::org::schema;
use crate::org::state::State;
use crate::org::value::Value;
use crate::org::world::SETTLED;

/// The rows of a response, in its order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rows {
    Range(Range<u64>),
    List(Vec<u64>),
}

impl Rows {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Range(range) => range.end.saturating_sub(range.start),
            Self::List(list) => list.len() as u64,
        }
    }

    /// The row numbers in this range of the response.
    pub(crate) fn part(&self, from: u64, to: u64) -> Vec<u64> {
        match self {
            Self::Range(range) => (range.start + from..range.end.min(range.start + to)).collect(),
            Self::List(list) => {
                let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(list.len());
                list[place(from)..place(to)].to_vec()
            }
        }
    }
}

/// Where the rows can be, according to the filter.
struct Candidates {
    rows: Rows,
    /// Whether every candidate passes the filter.
    exact: bool,
}

/// The rows that match a statement.
pub(crate) fn rows(state: &State, bound: &Bound) -> Rows {
    if bound.object == Object::User && !state.rights.view_all_users {
        let rows = Rows::List(vec![INTEGRATION]);
        return run(state, bound, Candidates { rows, exact: bound.filter.is_none() });
    }
    if bound.object == Object::OauthToken && !bound.count && bound.grouped.is_none() {
        return tokens(state, bound);
    }
    run(state, bound, candidates(state, bound))
}

/// A real org gives so many rows of `OauthToken` and no more. Which of them a query leaves out depends on its conditions; here, a
/// condition on the id doesn't help, which is the worst that an org can do.
const MOST_TOKENS: usize = 2_500;

fn tokens(state: &State, bound: &Bound) -> Rows {
    let is_of_id = |condition: &Filter| matches!(condition, Filter::Compare { path, .. } if path.is_own(0));
    let filter = match &bound.filter {
        Some(Filter::All(list)) => Some(Filter::All(list.iter().filter(|one| !is_of_id(one)).cloned().collect())),
        Some(one) if is_of_id(one) => None,
        other => other.clone(),
    };
    let whole = Bound { filter, order: Vec::new(), limit: None, offset: 0, ..bound.clone() };
    let shown = run(state, &whole, candidates(state, &whole));
    let rows = Rows::List(shown.part(0, MOST_TOKENS as u64));
    run(state, bound, Candidates { rows, exact: bound.filter.is_none() })
}

/// The children of one parent that match a subquery.
pub(crate) fn children(state: &State, bound: &Bound, field: usize, parent: Id) -> Vec<u64> {
    let rows = state.of_holder(bound.object, field, parent).unwrap_or_else(|| {
        let table = state.table(bound.object);
        (0..table.end())
            .filter(|row| table.has(*row) && state.value(bound.object, *row, field) == Value::Id(parent))
            .collect()
    });
    let found = run(state, bound, Candidates { rows: Rows::List(rows), exact: bound.filter.is_none() });
    found.part(0, found.len())
}

/// The ids that match a semi-join's statement.
pub(crate) fn ids(state: &State, bound: &Bound) -> HashSet<Id> {
    let found = rows(state, bound);
    found
        .part(0, found.len())
        .into_iter()
        .filter_map(|row| shape::first_id(&bound.shape, state, (bound.object, row)))
        .collect()
}

fn run(state: &State, bound: &Bound, candidates: Candidates) -> Rows {
    let by_id = bound.order.first().map(|key| key.path.is_own(0).then_some(key.descending));
    let wanted = bound.limit.map_or(u64::MAX, |limit| limit.saturating_add(bound.offset));
    match by_id {
        // Without an order, or in id order, reading can stop when there are enough rows.
        None | Some(Some(false)) => forward(state, bound, candidates, wanted),
        Some(Some(true)) => {
            let found = matching(state, bound, candidates.rows, true, wanted);
            window(found, bound)
        }
        Some(None) => {
            let found = matching(state, bound, candidates.rows, false, u64::MAX);
            window(sorted(state, bound.object, &bound.order, found), bound)
        }
    }
}

fn forward(state: &State, bound: &Bound, candidates: Candidates, wanted: u64) -> Rows {
    match candidates.rows {
        Rows::Range(range) if candidates.exact && state.table(bound.object).is_whole() => {
            let start = range.end.min(range.start.saturating_add(bound.offset));
            Rows::Range(start..range.end.min(range.start.saturating_add(wanted)).max(start))
        }
        rows => window(matching(state, bound, rows, false, wanted), bound),
    }
}

/// The candidates that exist and match, from the front or from the back, until there are enough.
fn matching(state: &State, bound: &Bound, rows: Rows, backwards: bool, wanted: u64) -> Vec<u64> {
    let table = state.table(bound.object);
    let passes = |row: &u64| {
        table.has(*row) && bound.filter.as_ref().is_none_or(|filter| filter.passes(state, (bound.object, *row)))
    };
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    match (rows, backwards) {
        (Rows::Range(range), false) => range.filter(passes).take(wanted).collect(),
        (Rows::Range(range), true) => range.rev().filter(passes).take(wanted).collect(),
        (Rows::List(list), false) => list.into_iter().filter(passes).take(wanted).collect(),
        (Rows::List(list), true) => list.into_iter().rev().filter(passes).take(wanted).collect(),
    }
}

/// Applies OFFSET and LIMIT.
fn window(mut found: Vec<u64>, bound: &Bound) -> Rows {
    let offset = usize::try_from(bound.offset).unwrap_or(usize::MAX).min(found.len());
    found.drain(..offset);
    if let Some(limit) = bound.limit {
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Rows::List(found)
}

fn sorted(state: &State, object: Object, order: &[OrderKey], found: Vec<u64>) -> Vec<u64> {
    let mut keyed: Vec<(Vec<Value>, u64)> = found
        .into_iter()
        .map(|row| (order.iter().map(|key| key.path.value(state, (object, row))).collect(), row))
        .collect();
    keyed.sort_by(|(left, a), (right, b)| {
        let keys = order.iter().zip(left.iter().zip(right));
        let compared = keys.map(|(key, (left, right))| {
            let nulls = (*left == Value::Null, *right == Value::Null);
            match nulls {
                (true, false) | (false, true) => {
                    let order = left.order(right);
                    if key.nulls_last { order.reverse() } else { order }
                }
                _ if key.descending => right.order(left),
                _ => left.order(right),
            }
        });
        compared.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).then(a.cmp(b))
    });
    keyed.into_iter().map(|(_, row)| row).collect()
}

fn candidates(state: &State, bound: &Bound) -> Candidates {
    let end = state.table(bound.object).end();
    let mut range = 0..end;
    let conditions: &[Filter] = match &bound.filter {
        None => return Candidates { rows: Rows::Range(range), exact: true },
        Some(Filter::All(list)) => list,
        Some(one) => std::slice::from_ref(one),
    };
    let mut exact = true;
    if let Some(rows) = conditions.iter().find_map(|condition| recent(state, bound.object, condition)) {
        return Candidates { rows: Rows::List(rows), exact: false };
    }
    for condition in conditions {
        if let Some(rows) = looked_up(state, bound.object, condition) {
            return Candidates { rows: Rows::List(rows), exact: false };
        }
        match bounded(state, bound.object, end, condition) {
            Some(part) => range = range.start.max(part.start)..range.end.min(part.end),
            None => exact = false,
        }
    }
    if range.start > range.end {
        range = 0..0;
    }
    Candidates { rows: Rows::Range(range), exact }
}

/// The rows of a condition that names ids, or values of a field that is unique.
fn looked_up(state: &State, object: Object, condition: &Filter) -> Option<Vec<u64>> {
    match condition {
        Filter::Compare { path, operator: Operator::Equal, operand: Operand::Value(value) } => {
            with_value(state, object, own_field(path)?, value)
        }
        Filter::TextOneOf { path, negated: false, texts } => {
            let field = own_field(path)?;
            gathered(texts.iter().map(|text| with_value(state, object, field, text)))
        }
        Filter::IdOneOf { path, negated: false, ids } => {
            let field = own_field(path)?;
            gathered(ids.iter().map(|id| with_value(state, object, field, &Value::Id(*id))))
        }
        _ => None,
    }
}

/// The rows of a condition that only rows meet which were added or changed since the org was made: a real org has an index of
/// its time stamps. Generated rows have earlier stamps, and no end.
fn recent(state: &State, object: Object, condition: &Filter) -> Option<Vec<u64>> {
    is_recent(object, condition).then(|| state.table(object).touched())
}

fn is_recent(object: Object, condition: &Filter) -> bool {
    match condition {
        Filter::Any(list) => list.iter().all(|one| is_recent(object, one)),
        Filter::All(list) => list.iter().any(|one| is_recent(object, one)),
        Filter::Compare {
            path,
            operator: Operator::Greater | Operator::GreaterOrEqual,
            operand: Operand::Value(Value::DateTime(from)),
        } => {
            let name = own_field(path).map(|field| schema::fields(object)[field].name);
            let is_end = object == Object::PermissionSetAssignment && name == Some("ExpirationDate");
            is_end || (name == Some("SystemModstamp") && *from > SETTLED)
        }
        _ => false,
    }
}

/// The index of the record's own field that a path ends in.
fn own_field(path: &Path) -> Option<usize> {
    match path.leaf {
        Leaf::Field(_, field) if path.hops.is_empty() => Some(field),
        _ => None,
    }
}

fn with_value(state: &State, object: Object, field: usize, value: &Value) -> Option<Vec<u64>> {
    match value {
        Value::Id(id) if field == 0 => Some(state.find(object, *id).into_iter().collect()),
        Value::Id(id) => state.of_holder(object, field, *id),
        Value::Text(text) if object == Object::User => state.with_unique(field, text),
        _ => None,
    }
}

/// All rows of several lookups, in order, without duplicates; `None` if one of them needs a scan.
fn gathered(found: impl Iterator<Item = Option<Vec<u64>>>) -> Option<Vec<u64>> {
    let mut rows: Vec<u64> = found.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
    rows.sort_unstable();
    rows.dedup();
    Some(rows)
}

/// The rows of a condition that bounds the id.
fn bounded(state: &State, object: Object, end: u64, condition: &Filter) -> Option<Range<u64>> {
    let Filter::Compare { path, operator, operand: Operand::Value(Value::Id(id)) } = condition else { return None };
    if !path.is_own(0) {
        return None;
    }
    // Rows are in the order of their ids.
    let first = |after: bool| {
        let (mut low, mut high) = (0, end);
        while low < high {
            let middle = low + (high - low) / 2;
            let known = state.world.id(object, middle);
            if known < *id || (after && known == *id) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    };
    match operator {
        Operator::Greater => Some(first(true)..end),
        Operator::GreaterOrEqual => Some(first(false)..end),
        Operator::Less => Some(0..first(false)),
        Operator::LessOrEqual => Some(0..first(true)),
        _ => None,
    }
}
