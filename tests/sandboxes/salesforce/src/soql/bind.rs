//! A statement with its names resolved.

use super::ast::{FieldGroup, Item, Select};
use super::error::SoqlError;
use super::filter::{Filter, Scope};
use super::group::{self, Grouped};
use super::path::{Leaf, Path};
use super::shape::{Entry, Shape};
use crate::org::object::Object;
use crate::org::schema;
use crate::org::state::State;

/// The maximum `LIMIT` for `FIELDS(ALL)` and `FIELDS(CUSTOM)`.
const FIELDS_LIMIT: u64 = 200;
/// The maximum number of semi-joins in a statement.
const SEMI_JOINS: usize = 2;

/// A statement that is ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) object: Object,
    /// `SELECT COUNT()`: a number, no rows.
    pub(crate) count: bool,
    /// An aggregate query: counts, no rows.
    pub(crate) grouped: Option<Grouped>,
    pub(crate) shape: Shape,
    pub(crate) filter: Option<Filter>,
    pub(crate) order: Vec<OrderKey>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
}

/// One key of the order.
#[derive(Clone, Debug)]
pub(crate) struct OrderKey {
    pub(crate) path: Path,
    pub(crate) descending: bool,
    pub(crate) nulls_last: bool,
}

/// Resolves the names of a statement.
pub(crate) fn bind(state: &State, statement: &str, select: &Select) -> Result<Bound, SoqlError> {
    let object = object(state, statement, select)?;
    if select.filter.as_ref().is_some_and(|filter| semi_joins(filter) > SEMI_JOINS) {
        return Err(SoqlError::malformed("maximum 2 semi join sub-selects are allowed"));
    }
    bind_in(scope(state, statement, select, object, false), select)
}

/// Resolves the names of a semi-join's statement: one field, an id.
pub(crate) fn bind_inner(state: &State, statement: &str, select: &Select) -> Result<Bound, SoqlError> {
    let object = object(state, statement, select)?;
    let bound = bind_in(scope(state, statement, select, object, true), select)?;
    if bound.count || bound.shape.entries.len() != 1 {
        return Err(SoqlError::malformed("a semi join sub-select must select exactly one ID or reference field"));
    }
    Ok(bound)
}

fn semi_joins(condition: &super::ast::Condition) -> usize {
    use super::ast::Condition;
    match condition {
        Condition::And(list) | Condition::Or(list) => list.iter().map(semi_joins).sum(),
        Condition::Not(inner) => semi_joins(inner),
        Condition::SemiJoin { .. } => 1,
        Condition::Compare { .. } | Condition::In { .. } => 0,
    }
}

fn object(state: &State, statement: &str, select: &Select) -> Result<Object, SoqlError> {
    Object::named(&select.from.text)
        .filter(|object| state.sees(*object))
        .ok_or_else(|| SoqlError::no_object(statement, select.from.position, &select.from.text))
}

fn scope<'a>(state: &'a State, statement: &'a str, select: &'a Select, object: Object, inner: bool) -> Scope<'a> {
    Scope { state, statement, object, alias: select.alias.as_deref(), inner }
}

fn bind_in(scope: Scope<'_>, select: &Select) -> Result<Bound, SoqlError> {
    let count = select.items.contains(&Item::Count);
    if count && select.items.len() > 1 {
        return Err(SoqlError::malformed("COUNT() must be the only element in the SELECT list"));
    }
    let grouped = group::bind(scope, select)?;
    let shape = if count || grouped.is_some() { Shape::default() } else { shape(scope, select)? };
    let filter = select.filter.as_ref().map(|condition| Filter::bind(scope, condition)).transpose()?;
    let order = select
        .order
        .iter()
        .map(|order| {
            let path = scope.path(&order.field)?;
            Ok(OrderKey { path, descending: order.descending, nulls_last: order.nulls_last })
        })
        .collect::<Result<_, SoqlError>>()?;
    Ok(Bound {
        object: scope.object,
        count,
        grouped,
        shape,
        filter,
        order,
        limit: select.limit,
        offset: select.offset.unwrap_or(0),
    })
}

fn shape(scope: Scope<'_>, select: &Select) -> Result<Shape, SoqlError> {
    let mut shape = Shape::default();
    for item in &select.items {
        match item {
            Item::Field(name) => {
                let path = scope.path(name)?;
                if !shape.add(&path.hops, path.leaf) {
                    let message = format!("duplicate field selected: {}", name.text);
                    return Err(SoqlError { code: "INVALID_FIELD", message });
                }
            }
            Item::Fields(group) => add_group(scope, select, *group, &mut shape)?,
            Item::Children(inner) => {
                let (name, field, bound) = children(scope, inner)?;
                shape.entries.push(Entry::children(name, field, bound));
            }
            // A lone COUNT() has no shape, and with other items it was refused. An aggregate query has none either.
            Item::Count | Item::CountOf { .. } | Item::Distinct { .. } | Item::Extreme { .. } => {}
        }
    }
    Ok(shape)
}

fn add_group(scope: Scope<'_>, select: &Select, group: FieldGroup, shape: &mut Shape) -> Result<(), SoqlError> {
    if group != FieldGroup::Standard && select.limit.is_none_or(|limit| limit > FIELDS_LIMIT) {
        return Err(SoqlError::malformed("The SOQL FIELDS function must have a LIMIT of at most 200"));
    }
    for (place, field) in schema::fields(scope.object).iter().enumerate() {
        let wanted = match group {
            FieldGroup::All => true,
            FieldGroup::Standard => !field.custom(),
            FieldGroup::Custom => field.custom(),
        };
        if wanted && scope.state.sees_field(scope.object, place) {
            // The field is already in the group.
            shape.add(&[], Leaf::Field(scope.object, place));
        }
    }
    Ok(())
}

/// The relationship, the child's field that names the parent, and the child's statement.
fn children(scope: Scope<'_>, select: &Select) -> Result<(&'static str, usize, Bound), SoqlError> {
    let known = schema::CHILDREN
        .iter()
        .find(|known| {
            known.parent == scope.object
                && known.name.eq_ignore_ascii_case(&select.from.text)
                && scope.state.sees(known.object)
        })
        .ok_or_else(|| SoqlError::no_children(scope.statement, select.from.position, &select.from.text))?;
    let is_plain = |item: &Item| matches!(item, Item::Field(_) | Item::Fields(_));
    if !select.items.iter().all(is_plain) {
        return Err(SoqlError::malformed("only fields can be selected in a subquery here"));
    }
    let inner = Scope { object: known.object, alias: select.alias.as_deref(), ..scope };
    let bound = bind_in(inner, select)?;
    let field = schema::place(known.object, known.field).unwrap_or(0);
    Ok((known.name, field, bound))
}
