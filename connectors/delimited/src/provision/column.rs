//! Grants and revokes in a column of the accounts.

use super::file::Rewritten;
use super::line::{Line, Writing};
use crate::error;
use crate::layout::Layout;
use crate::lists::names_of;
use crate::names::{Names, named};
use crate::settings::{ColumnSettings, Merge};
use connector_core::{EntitlementRef, Error, Outcome, Result};
use std::sync::Arc;

/// The column that names entitlements of a type.
struct Column<'a> {
    place: usize,
    split: Option<&'a str>,
    names: Option<Arc<Names>>,
}

impl<'a> Column<'a> {
    fn of(layout: &'a Layout, writing: &Writing<'_>, entitlement: &EntitlementRef) -> Result<Self> {
        let of = layout.type_named(&entitlement.entitlement_type).ok_or_else(error::stopped)?;
        let Some(ColumnSettings { column, split }) = &of.column else {
            return Err(Error::unsupported(format!("no file says who holds `{}`", of.name)));
        };
        let place = writing.columns.find(&format!("accounts.entitlements.{}", of.name), column)?;
        Ok(Self { place, split: split.as_deref(), names: names_of(layout, of)? })
    }

    /// The values in a row, each with the id that it names.
    fn values(&self, writing: &Writing<'_>, line: &Line) -> Vec<(String, String)> {
        let text = writing.text(line, self.place).unwrap_or_default();
        let named = named(self.names.as_ref(), &text, self.split);
        named.into_iter().map(|(value, id)| (value.to_owned(), id)).collect()
    }
}

/// Whether a plan can name this entitlement.
pub(super) fn check(names: Option<&Arc<Names>>, entitlement: &EntitlementRef, separator: Option<&str>) -> Result<()> {
    let id = &entitlement.id;
    if names.is_some_and(|names| !names.has(id)) {
        return Err(Error::not_found(format!("the list of entitlements has no `{entitlement}`")));
    }
    if id.is_empty()
        || separator.is_some_and(|separator| id.contains(separator))
        || (separator.is_some() && id.trim() != id)
    {
        return Err(Error::invalid("the id of this entitlement can't be in a list of several"));
    }
    Ok(())
}

pub(super) fn grant(
    layout: &Layout,
    rewritten: &mut Rewritten,
    account: &str,
    lines: &[Line],
    entitlement: &EntitlementRef,
) -> Result<Outcome> {
    let writing = rewritten.writing(None);
    let column = Column::of(layout, &writing, entitlement)?;
    check(column.names.as_ref(), entitlement, column.split)?;
    let held: Vec<_> = lines.iter().map(|line| column.values(&writing, line)).collect();
    if held.iter().flatten().any(|(_, id)| *id == entitlement.id) {
        return Ok(Outcome::unchanged("already holds it"));
    }
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Err(error::stopped()) };
    let text = writing.text(first, column.place);
    let with = |line: &Line, text: &str| {
        let mut values = line.values.clone();
        values[column.place] = writing.bytes(Some(text))?;
        Ok::<_, Error>(values)
    };
    match (text, column.split) {
        (None, _) => {
            let values = with(first, &entitlement.id)?;
            rewritten.replace(first, &values)?;
        }
        (Some(text), Some(separator)) => {
            let values = with(first, &format!("{text}{separator}{}", entitlement.id))?;
            rewritten.replace(first, &values)?;
        }
        (Some(_), None) if layout.settings.merge != Merge::None => {
            let values = with(last, &entitlement.id)?;
            rewritten.add(Some(last), &values)?;
        }
        (Some(_), None) => {
            let other = held.iter().flatten().next().map_or("", |(_, id)| id.as_str());
            return Err(Error::invalid(format!("the account holds `{other}`, and its row has room for one"))
                .with_help("revoke that one first"));
        }
    }
    Ok(Outcome::applied(account))
}

pub(super) fn revoke(
    layout: &Layout,
    rewritten: &mut Rewritten,
    account: &str,
    lines: &[Line],
    entitlement: &EntitlementRef,
) -> Result<Outcome> {
    let writing = rewritten.writing(None);
    let column = Column::of(layout, &writing, entitlement)?;
    let (mut replaced, mut removed) = (Vec::new(), Vec::new());
    let mut left = lines.len();
    for line in lines {
        let held = column.values(&writing, line);
        if held.iter().all(|(_, id)| *id != entitlement.id) {
            continue;
        }
        let kept: Vec<_> = held.into_iter().filter(|(_, id)| *id != entitlement.id).map(|(value, _)| value).collect();
        let others = |line: &Line| {
            line.values
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != column.place)
                .map(|(_, value)| value.clone())
                .collect::<Vec<_>>()
        };
        // A row that says nothing else is the assignment.
        if kept.is_empty()
            && left > 1
            && lines.iter().any(|other| other.text != line.text && others(other) == others(line))
        {
            left -= 1;
            removed.push(line.clone());
            continue;
        }
        let text = kept.join(column.split.unwrap_or_default());
        let mut values = line.values.clone();
        values[column.place] = writing.bytes(Some(text.as_str()).filter(|text| !text.is_empty()))?;
        replaced.push((line, values));
    }
    if replaced.is_empty() && removed.is_empty() {
        return Ok(Outcome::unchanged("does not hold it"));
    }
    rewritten.remove(&removed)?;
    for (line, values) in replaced {
        rewritten.replace(line, &values)?;
    }
    Ok(Outcome::applied(account))
}
