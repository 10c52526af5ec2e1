//! Files with members: who holds what.

use crate::attributes::split;
use crate::effect;
use crate::error;
use crate::layout::{Layout, TypeLayout};
use crate::lists::names_of;
use crate::names::{Names, id_in};
use crate::rows::{self, Columns, Position, Row, Rows, VerifiedFile, verify};
use crate::settings::{ActiveSettings, HoldersSettings};
use connector_core::{Account, Assignment, AssignmentState, Cursor, EntitlementRef, Holder, Page, Result};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// One page of assignments. The first one reads the files to prove that they are complete.
pub(crate) fn assignments(layout: &Layout, cursor: &Cursor) -> Result<Page<Assignment>> {
    let Some(position) = cursor.position::<Position>()? else { return first(layout) };
    let of = layout.type_named(&position.of).ok_or_else(|| error::foreign(&position.of))?;
    let Some((settings, table)) = &of.holders else { return Err(error::foreign(&position.of)) };
    let names = names_of(layout, of)?;
    let mut mapping = None;
    let each = |rows: &[Row<'_>], items: &mut Vec<Assignment>| {
        let mapping = match &mapping {
            Some(mapping) => mapping,
            None => &*mapping.insert(HolderMapping::new(of, settings, rows[0].columns)?),
        };
        let holder = mapping.holder(&rows[0])?;
        let (state, valid_until) = (mapping.state(&rows[0])?, mapping.end(&rows[0])?);
        for id in mapping.entitlements(&rows[0], names.as_ref())? {
            let mut item = Assignment::new(holder.clone(), EntitlementRef::new(of.name.clone(), id));
            (item.state, item.valid_until) = (state, valid_until);
            items.push(item);
        }
        Ok(())
    };
    rows::page(&layout.parked, table, &position, each, None)
}

fn first(layout: &Layout) -> Result<Page<Assignment>> {
    let (mut next, mut estimate) = (Vec::new(), 0);
    for of in &layout.types {
        let Some((settings, table)) = &of.holders else { continue };
        let verified = verify(table, layout.now(), None)?;
        estimate += verified.rows();
        for file in &verified.files {
            let VerifiedFile { columns, .. } = file;
            HolderMapping::new(of, settings, columns)?;
            next.push(Cursor::of(&Position::first(&of.name, file))?);
        }
    }
    Ok(Page::fork(Vec::new(), next).with_estimate(estimate))
}

/// Which column of a file with members is what.
pub(crate) struct HolderMapping<'a> {
    pub(crate) holder: usize,
    by_alias: bool,
    pub(crate) entitlement: usize,
    split: Option<&'a str>,
    active: Option<(usize, &'a ActiveSettings)>,
    until: Option<(usize, Option<&'a str>)>,
}

impl<'a> HolderMapping<'a> {
    pub(crate) fn new(of: &TypeLayout, settings: &'a HoldersSettings, columns: &Columns) -> Result<Self> {
        let place = format!("entitlements.{}.holders", of.name);
        let (what, holder, by_alias) = match (&settings.account, &settings.alias) {
            (Some(column), _) => ("account", column.as_str(), false),
            (None, column) => ("alias", column.as_deref().unwrap_or_default(), true),
        };
        Ok(Self {
            holder: columns.find(&format!("{place}.{what}"), holder)?,
            by_alias,
            entitlement: columns.find(&format!("{place}.entitlement"), &settings.entitlement)?,
            split: settings.split.as_deref(),
            active: match &settings.active {
                Some(active) => Some((columns.find(&format!("{place}.active"), &active.column)?, active)),
                None => None,
            },
            until: match &settings.until {
                Some(until) => Some((columns.find(&format!("{place}.until"), &until.column)?, until.format.as_deref())),
                None => None,
            },
        })
    }

    fn state(&self, row: &Row<'_>) -> Result<AssignmentState> {
        let Some((column, active)) = self.active else { return Ok(AssignmentState::Active) };
        let found = row.text(column)?;
        let text = found.as_deref().unwrap_or(&row.table.format.null);
        match effect::chosen(text, &active.is, &active.is_not) {
            Some(true) => Ok(AssignmentState::Active),
            Some(false) => Ok(AssignmentState::Inactive),
            None => Err(row.fault(column, "the value is in neither list of `active`", "add it to `is` or `is_not`")),
        }
    }

    fn end(&self, row: &Row<'_>) -> Result<Option<Timestamp>> {
        let Some((column, format)) = self.until else { return Ok(None) };
        let Some(text) = row.text(column)?.filter(|text| !text.is_empty()) else { return Ok(None) };
        let end = effect::end(format, &text);
        let help = "compare `until.format` with the values of the column";
        end.map(Some).ok_or_else(|| row.fault(column, "this is no day or time", help))
    }

    fn holder(&self, row: &Row<'_>) -> Result<Holder> {
        let text = row.some_text(self.holder, "no account")?;
        Ok(if self.by_alias { Holder::alias(text) } else { Holder::account(text) })
    }

    /// The ids of the entitlements in a row, each once.
    pub(crate) fn entitlements(&self, row: &Row<'_>, names: Option<&Arc<Names>>) -> Result<Vec<String>> {
        let text = row.text(self.entitlement)?.unwrap_or_default();
        let mut ids = Vec::new();
        for value in split(&text, self.split) {
            let id = id_in(names, value, (*row, self.entitlement))?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        if ids.is_empty() {
            let help = "check the export: every row of members needs one";
            return Err(row.fault(self.entitlement, "no entitlement", help));
        }
        Ok(ids)
    }

    /// What an account is called in this file.
    pub(crate) fn name_of<'b>(&self, account: &'b Account) -> Option<&'b str> {
        if self.by_alias { account.alias.as_deref() } else { Some(&account.id) }
    }
}

/// Adds to accounts which of the entitlements with these ids they hold by the files with members.
pub(crate) fn holdings(
    layout: &Layout,
    of: &TypeLayout,
    wanted: &HashSet<&str>,
    accounts: &mut [Account],
) -> Result<()> {
    let Some((settings, table)) = &of.holders else { return Ok(()) };
    let names = names_of(layout, of)?;
    for file in table.files(layout.now())? {
        let mut rows = Rows::open(table, file)?;
        let columns = rows.columns.clone();
        let mapping = HolderMapping::new(of, settings, &columns)?;
        let texts = accounts.iter().enumerate();
        let by_name: HashMap<String, usize> =
            texts.filter_map(|(number, account)| Some((mapping.name_of(account)?.to_owned(), number))).collect();
        while rows.next()? {
            let row = rows.row();
            let Some(number) = row.text(mapping.holder)?.and_then(|text| by_name.get(&*text).copied()) else {
                continue;
            };
            let end = mapping.end(&row)?;
            if mapping.state(&row)? != AssignmentState::Active || end.is_some_and(|end| end <= layout.now()) {
                continue;
            }
            for id in mapping.entitlements(&row, names.as_ref())? {
                if wanted.contains(&*id) {
                    accounts[number].hold(EntitlementRef::new(of.name.clone(), id), end.into());
                }
            }
        }
    }
    Ok(())
}

/// Everything that accounts hold by the files with members, whether it has effect or not: the number of the account and the
/// assignment.
pub(crate) fn held_by(layout: &Layout, accounts: &[Account]) -> Result<Vec<(usize, Assignment)>> {
    let mut held = Vec::new();
    for of in &layout.types {
        let Some((settings, table)) = &of.holders else { continue };
        let names = names_of(layout, of)?;
        for file in table.files(layout.now())? {
            let mut rows = Rows::open(table, file)?;
            let columns = rows.columns.clone();
            let mapping = HolderMapping::new(of, settings, &columns)?;
            let texts = accounts.iter().enumerate();
            let by_name: HashMap<&str, usize> =
                texts.filter_map(|(number, account)| Some((mapping.name_of(account)?, number))).collect();
            while rows.next()? {
                let row = rows.row();
                let Some(number) = row.text(mapping.holder)?.and_then(|text| by_name.get(&*text).copied()) else {
                    continue;
                };
                let (state, valid_until) = (mapping.state(&row)?, mapping.end(&row)?);
                for id in mapping.entitlements(&row, names.as_ref())? {
                    let holder = Holder::account(accounts[number].id.clone());
                    let mut item = Assignment::new(holder, EntitlementRef::new(of.name.clone(), id));
                    (item.state, item.valid_until) = (state, valid_until);
                    held.push((number, item));
                }
            }
        }
    }
    Ok(held)
}
