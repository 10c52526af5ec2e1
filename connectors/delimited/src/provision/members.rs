//! Grants and revokes in a file with members.

use super::column::check;
use super::file::Rewritten;
use super::line::Line;
use crate::accounts::find;
use crate::error;
use crate::layout::{Layout, TypeLayout};
use crate::lists::names_of;
use crate::members::HolderMapping;
use crate::names::{Names, named};
use connector_core::{Account, Change, Concern, EntitlementRef, Error, Operation, Outcome, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// All of them in one rewriting.
pub(super) fn carry_out(layout: &Layout, of: &TypeLayout, operations: &[&Operation]) -> Result<Vec<Result<Outcome>>> {
    let Some((settings, table)) = &of.holders else { return Err(error::stopped()) };
    let names = names_of(layout, of)?;
    let ids: Vec<String> = operations.iter().map(|one| one.account.clone()).collect();
    let accounts: HashMap<String, Account> = find(layout, &ids, &Concern::default())?
        .into_iter()
        .flatten()
        .map(|account| (account.id.clone(), account))
        .collect();
    let mut lines: HashMap<String, Vec<Line>> = HashMap::new();
    let mut known: Option<(HolderMapping<'_>, HashMap<String, String>)> = None;
    let mut rewritten = Rewritten::read(layout, table, None, |rows, origin| {
        if known.is_none() {
            let mapping = HolderMapping::new(of, settings, &rows.columns)?;
            let pairs = accounts.values().filter_map(|one| Some((mapping.name_of(one)?.to_owned(), one.id.clone())));
            let by_name = pairs.collect();
            known = Some((mapping, by_name));
        }
        let Some((mapping, by_name)) = &known else { return Ok(()) };
        if let Some(text) = rows.row().text(mapping.holder)?
            && let Some(id) = by_name.get(&*text)
        {
            lines.entry(id.clone()).or_default().push(Line::of(rows, origin)?);
        }
        Ok(())
    })?;
    let columns = rewritten.columns.clone();
    let members =
        Members { mapping: HolderMapping::new(of, settings, &columns)?, names, split: settings.split.as_deref() };
    let mut told = Vec::new();
    for operation in operations {
        let before = rewritten.changes();
        let outcome = if let Some(account) = accounts.get(&operation.account) {
            let lines = lines.get(&account.id).map_or(&[][..], Vec::as_slice);
            members.carry_out(&mut rewritten, account, lines, &operation.change)
        } else {
            let accounts = layout.accounts.pattern.text();
            Err(Error::not_found(format!("`{accounts}` has no account with this id")))
        };
        told.push((outcome, rewritten.since(&before)));
    }
    rewritten.finish(told)
}

struct Members<'a> {
    mapping: HolderMapping<'a>,
    names: Option<Arc<Names>>,
    split: Option<&'a str>,
}

impl Members<'_> {
    fn carry_out(
        &self,
        rewritten: &mut Rewritten,
        account: &Account,
        lines: &[Line],
        change: &Change,
    ) -> Result<Outcome> {
        match change {
            Change::Grant { entitlement, .. } => self.grant(rewritten, account, lines, entitlement),
            Change::Revoke { entitlement, .. } => self.revoke(rewritten, account, lines, entitlement),
            _ => Err(error::stopped()),
        }
    }

    /// The values in a row, each with the id that it names.
    fn values(&self, rewritten: &Rewritten, line: &Line) -> Vec<(String, String)> {
        let writing = rewritten.writing(None);
        let text = writing.text(line, self.mapping.entitlement).unwrap_or_default();
        let named = named(self.names.as_ref(), &text, self.split);
        named.into_iter().map(|(value, id)| (value.to_owned(), id)).collect()
    }

    fn grant(
        &self,
        rewritten: &mut Rewritten,
        account: &Account,
        lines: &[Line],
        entitlement: &EntitlementRef,
    ) -> Result<Outcome> {
        check(self.names.as_ref(), entitlement, self.split)?;
        for line in lines {
            if self.values(rewritten, line).iter().any(|(_, id)| *id == entitlement.id) {
                return Ok(Outcome::unchanged("already holds it"));
            }
        }
        let Some(name) = self.mapping.name_of(account) else {
            return Err(Error::invalid("the account has no alias, and the file names members by it"));
        };
        let writing = rewritten.writing(None);
        let mut values = vec![writing.bytes(None)?; writing.columns.len()];
        values[self.mapping.holder] = writing.bytes(Some(name))?;
        values[self.mapping.entitlement] = writing.bytes(Some(&entitlement.id))?;
        rewritten.add(None, &values)?;
        Ok(Outcome::applied(&account.id))
    }

    fn revoke(
        &self,
        rewritten: &mut Rewritten,
        account: &Account,
        lines: &[Line],
        entitlement: &EntitlementRef,
    ) -> Result<Outcome> {
        let mut is_held = false;
        for line in lines {
            let held = self.values(rewritten, line);
            if held.iter().all(|(_, id)| *id != entitlement.id) {
                continue;
            }
            is_held = true;
            let kept: Vec<_> =
                held.into_iter().filter(|(_, id)| *id != entitlement.id).map(|(value, _)| value).collect();
            if kept.is_empty() {
                rewritten.remove(std::slice::from_ref(line))?;
                continue;
            }
            let mut values = line.values.clone();
            let text = kept.join(self.split.unwrap_or_default());
            values[self.mapping.entitlement] = rewritten.writing(None).bytes(Some(&text))?;
            rewritten.replace(line, &values)?;
        }
        Ok(if is_held { Outcome::applied(&account.id) } else { Outcome::unchanged("does not hold it") })
    }
}
