//! What of an item becomes what.

use super::subject::Subject;
use crate::api::undone;
use crate::expression::{Undone, Vars, named};
use crate::system::{Attribute, Block, Inner, Listed, Shape, System};
use connector_core::{
    Account, Assignment, AssignmentState, AttributeType, Attributes, AttributesBuilder, Entitlement, EntitlementRef,
    Error, Holder, Result,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

/// Times above this are in milliseconds since 1970.
const MILLISECONDS_BEGIN: i64 = 100_000_000_000;

/// An account, and the number of each attribute that its item lacks and that may be hidden.
pub(super) struct Mapped {
    pub(super) account: Account,
    pub(super) hidden: Vec<usize>,
}

/// The id of the account of an item that says that the account no longer exists.
pub(super) fn gone(system: &System, item: &Value) -> Result<Option<String>> {
    let Some(gone) = system.accounts.since.as_ref().and_then(|since| since.gone.as_ref()) else { return Ok(None) };
    let vars = system.vars().with("item", item);
    let read = || -> Result<Option<String>, Undone> {
        // A plain name that the item does not have says nothing.
        if gone.value(&vars)?.is_null() || !gone.truth(&vars)? {
            return Ok(None);
        }
        system.accounts.id.some_text(&vars).map(Some)
    };
    read().map_err(|fault| undone("an account", &fault))
}

/// The account of an item; `None` if it no longer exists, or `keep` leaves it out.
pub(super) fn account(system: &System, item: &Value) -> Result<Option<Mapped>> {
    let accounts = &system.accounts;
    let vars = system.vars().with("item", item);
    if gone(system, item)?.is_some() {
        return Ok(None);
    }
    if !kept(accounts.list.keep.as_ref(), &vars).map_err(|fault| undone("an account", &fault))? {
        return Ok(None);
    }
    let id = accounts.id.some_text(&vars).map_err(|fault| undone("an account", &fault))?;
    let what = format!("account {id}");
    let mapped = mapped_account(system, &vars, id).map_err(|fault| undone(&what, &fault))?;
    let mut account = mapped.account;
    for block in system.blocks.iter().filter(|block| block.is_of_record()) {
        let subject = Subject {
            id: account.id.clone(),
            name: account.name.clone(),
            alias: account.alias.clone(),
            ..Subject::default()
        };
        let subject = subject.with_members(item, &block.parent_members);
        for assignment in embedded(system, block, item, &subject)? {
            if !account.entitlements.contains(&assignment.entitlement) {
                account.entitlements.push(assignment.entitlement);
            }
        }
    }
    Ok(Some(Mapped { account, hidden: mapped.hidden }))
}

fn mapped_account(system: &System, vars: &Vars<'_>, id: String) -> Result<Mapped, Undone> {
    let accounts = &system.accounts;
    let name = match &accounts.name {
        Some(name) => name.some_text(vars)?,
        None => id.clone(),
    };
    let mut account = Account::new(id, name);
    let text = |one: &Option<crate::expression::Expression>| one.as_ref().map_or(Ok(None), |one| one.text(vars));
    account.display_name = text(&accounts.display_name)?;
    account.owner = text(&accounts.owner)?;
    account.alias = text(&accounts.alias)?;
    if let Some(enabled) = &accounts.enabled {
        account.enabled = enabled.truth(vars)?;
    }
    if let Some(locked) = &accounts.locked {
        account.locked = locked.truth(vars)?;
    }
    if let Some(kind) = text(&accounts.kind)? {
        account.kind = kind.parse().map_err(|_| Undone(format!("`{kind}` is not a kind of account")))?;
    }
    let hidden = accounts.attributes.iter().enumerate();
    let hidden = hidden.filter(|(_, one)| one.hidden_if_missing && one.from.is_missing(vars)).map(|(at, _)| at);
    let hidden = hidden.collect();
    account.attributes = attributes(&accounts.attributes, vars)?;
    Ok(Mapped { account, hidden })
}

/// Id, name and alias of an account, for requests about it; `None` if it no longer exists, or `keep` leaves it out.
pub(super) fn account_subject(system: &System, item: &Value) -> Result<Option<Subject>> {
    if gone(system, item)?.is_some() {
        return Ok(None);
    }
    let accounts = &system.accounts;
    let vars = system.vars().with("item", item);
    let read = || -> Result<Option<Subject>, Undone> {
        if !kept(accounts.list.keep.as_ref(), &vars)? {
            return Ok(None);
        }
        let id = accounts.id.some_text(&vars)?;
        let name = accounts.name.as_ref().map_or(Ok(None), |name| name.text(&vars))?;
        let alias = accounts.alias.as_ref().map_or(Ok(None), |alias| alias.text(&vars))?;
        Ok(Some(Subject { name: name.unwrap_or_else(|| id.clone()), id, alias, ..Subject::default() }))
    };
    read().map_err(|fault| undone("an account", &fault))
}

fn kept(keep: Option<&crate::expression::Expression>, vars: &Vars<'_>) -> Result<bool, Undone> {
    keep.map_or(Ok(true), |keep| keep.truth(vars))
}

fn attributes(all: &[Attribute], vars: &Vars<'_>) -> Result<Attributes, Undone> {
    let mut builder = AttributesBuilder::with_capacity(256);
    for one in all {
        let value = one.from.value(vars)?;
        if let Some(value) = typed(one, value)? {
            builder.push(&one.schema.name, &value).map_err(|error| Undone(error.to_string()))?;
        }
    }
    Ok(builder.build())
}

/// The value, if it has the type that the settings say; `None` for no value.
fn typed(attribute: &Attribute, value: Value) -> Result<Option<Value>, Undone> {
    let name = &attribute.schema.name;
    match value {
        Value::Null => Ok(None),
        Value::Array(values) if attribute.schema.multi => {
            let values: Vec<_> = values.into_iter().filter(|value| !value.is_null()).collect();
            match values.iter().find(|value| !fits(attribute.schema.attribute_type, value)) {
                Some(odd) => Err(mistyped(name, odd, "in its list")),
                None => Ok(Some(Value::Array(values))),
            }
        }
        Value::Array(_) if attribute.schema.attribute_type != AttributeType::Json => {
            Err(Undone(format!("attribute `{name}` is a list; write `list: true` beside `from`")))
        }
        value if attribute.schema.multi => Err(mistyped(name, &value, "instead of a list")),
        value if fits(attribute.schema.attribute_type, &value) => Ok(Some(value)),
        odd => Err(mistyped(name, &odd, "which is not its type; write another `type` beside `from`")),
    }
}

fn mistyped(name: &str, value: &Value, how: &str) -> Undone {
    Undone(format!("attribute `{name}` has {}, {how}", named(value)))
}

fn fits(kind: AttributeType, value: &Value) -> bool {
    match kind {
        AttributeType::Boolean => value.is_boolean(),
        AttributeType::Integer => value.is_i64() || value.is_u64(),
        AttributeType::Number => value.is_number(),
        AttributeType::Json => true,
        _ => value.is_string(),
    }
}

/// The entitlement of an item; `None` if `keep` leaves it out.
pub(super) fn entitlement(system: &System, of: &str, listed: &Listed, item: &Value) -> Result<Option<Entitlement>> {
    let vars = system.vars().with("item", item);
    let read = || -> Result<Option<Entitlement>, Undone> {
        if !kept(listed.list.keep.as_ref(), &vars)? {
            return Ok(None);
        }
        let id = listed.id.some_text(&vars)?;
        let text = |one: &Option<crate::expression::Expression>| one.as_ref().map_or(Ok(None), |one| one.text(&vars));
        let name = text(&listed.name)?.unwrap_or_else(|| id.clone());
        let mut entitlement = Entitlement::new(EntitlementRef::new(of.to_owned(), id), name);
        entitlement.description = text(&listed.description)?;
        entitlement.alias = text(&listed.alias)?;
        entitlement.attributes = attributes(&listed.attributes, &vars)?;
        Ok(Some(entitlement))
    };
    read().map_err(|fault| undone(&format!("an entitlement of type `{of}`"), &fault))
}

/// The assignments in a list inside of an item.
pub(super) fn embedded(system: &System, block: &Block, item: &Value, parent: &Subject) -> Result<Vec<Assignment>> {
    let (Shape::InAccounts(inner) | Shape::InType(_, inner)) = &block.shape else { return Ok(Vec::new()) };
    let inside = inner_items(inner, item, &parent.id)?;
    let mut assignments = Vec::new();
    for one in inside {
        assignments.extend(assignment(system, block, one, Some(parent))?);
    }
    Ok(assignments)
}

fn inner_items<'a>(inner: &Inner, item: &'a Value, id: &str) -> Result<&'a [Value]> {
    if inner.items.is_empty() {
        return Ok(std::slice::from_ref(item));
    }
    match item.pointer(&inner.items) {
        Some(Value::Array(items)) => Ok(items),
        None | Some(Value::Null) if inner.empty_if_missing => Ok(&[]),
        _ => Err(Error::protocol(format!("{id}: there is no list at `{}`", inner.items))
            .with_help("check `items`; if the API leaves out empty lists, write `missing: empty` beside it")),
    }
}

/// The assignment of an item; `None` if `keep` leaves it out.
pub(super) fn assignment(
    system: &System,
    block: &Block,
    item: &Value,
    parent: Option<&Subject>,
) -> Result<Option<Assignment>> {
    let mut vars = system.vars().with("item", item);
    if let Some(parent) = parent {
        vars = vars.with_own("parent", parent.json());
    }
    let what = parent.map_or_else(|| "an assignment".to_owned(), |parent| format!("an assignment of {}", parent.id));
    mapped_assignment(block, &vars, parent).map_err(|fault| undone(&what, &fault))
}

fn mapped_assignment(block: &Block, vars: &Vars<'_>, parent: Option<&Subject>) -> Result<Option<Assignment>, Undone> {
    if !kept(block.keep.as_ref(), vars)? {
        return Ok(None);
    }
    let of_type = |given: &Option<(String, crate::expression::Expression)>| match given {
        Some((of, id)) => Ok(Some(EntitlementRef::new(of.clone(), id.some_text(vars)?))),
        None => Ok(None),
    };
    let parent_id = || parent.map(|parent| parent.id.clone()).unwrap_or_default();
    let holder = match (&block.account, &block.alias, of_type(&block.holder)?) {
        (Some(account), _, _) => Holder::account(account.some_text(vars)?),
        (None, Some(alias), _) => Holder::alias(alias.some_text(vars)?),
        (None, None, Some(holder)) => Holder::Entitlement(holder),
        (None, None, None) => Holder::account(parent_id()),
    };
    let entitlement = match (of_type(&block.entitlement)?, &block.shape) {
        (Some(entitlement), _) => entitlement,
        (None, Shape::ForEachType(of, _) | Shape::InType(of, _)) => EntitlementRef::new(of.clone(), parent_id()),
        (None, _) => return Err(Undone("nothing says what is held".to_owned())),
    };
    let mut assignment = Assignment::new(holder, entitlement);
    if let Some(state) = &block.state {
        assignment.state = match state.value(vars)? {
            Value::Bool(true) => AssignmentState::Active,
            Value::Bool(false) => AssignmentState::Inactive,
            Value::String(text) => text.parse().map_err(|_| Undone(format!("`{text}` is not a state")))?,
            other => return Err(Undone(format!("`{state:?}` gives {} instead of a state", named(&other)))),
        };
    }
    if let Some(expires) = &block.expires {
        assignment.valid_until = moment(&expires.value(vars)?)?;
    }
    assignment.through = of_type(&block.through)?;
    let mut builder = AttributesBuilder::default();
    for (name, one) in &block.attributes {
        builder.push(name, &one.value(vars)?).map_err(|error| Undone(error.to_string()))?;
    }
    assignment.attributes = builder.build();
    Ok(Some(assignment))
}

/// A moment: a text as in RFC 3339, a day, or a number of seconds or milliseconds since 1970.
pub(super) fn moment(value: &Value) -> Result<Option<Timestamp>, Undone> {
    let odd = || Undone(format!("{} is not a time", named(value)));
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => {
            let day = || text.parse::<Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp());
            let colon = || offset_with_colon(text)?.parse::<Timestamp>().ok();
            let number = || moment(&text.parse::<i64>().ok()?.into()).ok()?;
            text.parse::<Timestamp>().ok().or_else(colon).or_else(day).or_else(number).map(Some).ok_or_else(odd)
        }
        Value::Number(number) => {
            let number = number.as_i64().ok_or_else(odd)?;
            let moment = if number >= MILLISECONDS_BEGIN {
                Timestamp::from_millisecond(number)
            } else {
                Timestamp::from_second(number)
            };
            moment.map(Some).map_err(|_| odd())
        }
        _ => Err(odd()),
    }
}

/// `…+0000` as `…+00:00`, which some APIs write.
fn offset_with_colon(text: &str) -> Option<String> {
    let at = text.len().checked_sub(5)?;
    let is_offset = text.is_char_boundary(at)
        && text[at..].starts_with(['+', '-'])
        && text[at + 1..].bytes().all(|byte| byte.is_ascii_digit());
    is_offset.then(|| format!("{}:{}", &text[..at + 3], &text[at + 3..]))
}
