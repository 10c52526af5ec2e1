//! Finds a few accounts: reads the files, and keeps those that are wanted.

use super::mapping::Mapping;
use super::pages::{Group, each_group};
use crate::files::DataFile;
use crate::layout::Layout;
use crate::members::{held_by, holdings};
use crate::rows::{Columns, Place, Row};
use crate::settings::Merge;
use connector_core::{Account, Concern, Holder, Page, Result, SourceChange};
use csv::ByteRecord;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// For each of `wanted`, in order, the accounts with that id, name or alias.
pub(crate) fn find(layout: &Layout, wanted: &[String], concern: &Concern) -> Result<Vec<Vec<Account>>> {
    let texts: HashSet<&str> = wanted.iter().map(String::as_str).collect();
    let mut found = accounts(layout, &texts)?;
    let mut of_types: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    for entitlement in &concern.entitlements {
        of_types.entry(&entitlement.entitlement_type).or_default().insert(&entitlement.id);
    }
    for (of, ids) in of_types {
        let Some(of) = layout.type_named(of) else { continue };
        holdings(layout, of, &ids, &mut found)?;
    }
    let mut by_text: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, account) in found.iter().enumerate() {
        let texts: HashSet<&str> =
            [&account.id, &account.name].into_iter().chain(&account.alias).map(|text| &**text).collect();
        for text in texts {
            by_text.entry(text).or_default().push(number);
        }
    }
    let of = |text: &String| {
        let numbers = by_text.get(text.as_str()).into_iter().flatten();
        let all: Vec<&Account> = numbers.map(|number| &found[*number]).collect();
        // An id names one thing, whatever else is called so.
        match all.iter().find(|account| account.id == *text) {
            Some(account) => vec![(*account).clone()],
            None => all.into_iter().cloned().collect(),
        }
    };
    Ok(wanted.iter().map(of).collect())
}

/// These accounts, given by id, with everything that they hold.
pub(crate) fn read_again(layout: &Layout, ids: &[String]) -> Result<Page<SourceChange>> {
    let wanted: HashSet<&str> = ids.iter().map(String::as_str).collect();
    let mut found = accounts(layout, &wanted)?;
    found.retain(|account| wanted.contains(account.id.as_str()));
    let mut held: Vec<Vec<_>> = found.iter().map(|_| Vec::new()).collect();
    for (number, assignment) in held_by(layout, &found)? {
        held[number].push(assignment);
    }
    let changes = found.into_iter().zip(held).flat_map(|(account, held)| {
        let holder = Holder::account(account.id.clone());
        [SourceChange::Account(account), SourceChange::AllOf(holder, held)]
    });
    Ok(Page::last(changes.collect()))
}

/// The accounts that have one of these texts as id, name or alias.
fn accounts(layout: &Layout, wanted: &HashSet<&str>) -> Result<Vec<Account>> {
    if layout.settings.merge == Merge::Anywhere {
        return merged(layout, wanted);
    }
    let mut found = Vec::new();
    each_group(layout, |mapping, group| {
        if matches(mapping, group.rows, wanted)? {
            found.push(mapping.account(group.rows)?);
        }
        Ok(())
    })?;
    Ok(found)
}

fn matches(mapping: &Mapping, rows: &[Row<'_>], wanted: &HashSet<&str>) -> Result<bool> {
    for row in rows {
        for column in [Some(mapping.id), Some(mapping.name), mapping.alias].into_iter().flatten() {
            if row.text(column)?.is_some_and(|text| wanted.contains(&*text)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// A row and the file that it is in.
type Kept = (ByteRecord, Place, DataFile, Arc<Columns>);

/// The same if the rows of an account can be anywhere: the first read finds the ids, the second one all of their rows.
fn merged(layout: &Layout, wanted: &HashSet<&str>) -> Result<Vec<Account>> {
    let mut ids: HashSet<String> = HashSet::new();
    each_group(layout, |mapping, Group { rows, .. }| {
        if matches(mapping, rows, wanted)? {
            ids.insert(rows[0].some_text(mapping.id, "no id")?.into_owned());
        }
        Ok(())
    })?;
    let mut kept: BTreeMap<String, Vec<Kept>> = BTreeMap::new();
    each_group(layout, |mapping, Group { file, columns, rows }| {
        let id = rows[0].some_text(mapping.id, "no id")?;
        if ids.contains(&*id) {
            let row = (rows[0].record.clone(), rows[0].place, file.clone(), columns.clone());
            kept.entry(id.into_owned()).or_default().push(row);
        }
        Ok(())
    })?;
    let accounts = kept.values().map(|kept| {
        let rows = kept.iter().map(|(record, place, file, columns)| Row {
            record,
            place: *place,
            table: &layout.accounts,
            file,
            columns,
        });
        Mapping::new(layout, &kept[0].3)?.account(&rows.collect::<Vec<_>>())
    });
    accounts.collect()
}
