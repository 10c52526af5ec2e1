//! The connection test: reads every file as an aggregation does.

use crate::accounts::{Mapping, each_group, unique};
use crate::entitlements;
use crate::error::counted;
use crate::files::{Compression, DataFile};
use crate::layout::Layout;
use crate::lists::verify_list;
use crate::members;
use crate::rows::{Verified, verify};
use crate::settings::Merge;
use connector_core::{Cursor, Finding, Result};
use std::os::unix::fs::MetadataExt;

/// The steps of a connection test.
pub(crate) static STEPS: &[&str] = &["files", "accounts", "entitlements", "members", "writing"];

pub(crate) fn run(layout: &Layout, step: &str) -> Result<Finding> {
    match step {
        "files" => files(layout),
        "accounts" => accounts(layout),
        "entitlements" => lists(layout),
        "members" => members_of(layout),
        _ => crate::provision::test(layout),
    }
}

/// Shows which files there are, and how old they are.
fn files(layout: &Layout) -> Result<Finding> {
    let now = layout.now().as_second();
    let files = layout.files()?;
    let shown: Vec<_> = files
        .iter()
        .map(|file| format!("{} ({}, {} old)", file.shown, size(file.size), age(now.saturating_sub(file.modified))))
        .collect();
    let detail = shown.join("; ");
    match files.iter().find(|file| others_can_write(file)) {
        Some(file) => Ok(Finding::warning(
            detail,
            format!("anybody on this machine can change `{}`: run `chmod o-w` on it, or move it", file.shown),
        )),
        None => Ok(Finding::passed(detail)),
    }
}

fn others_can_write(file: &DataFile) -> bool {
    file.path.metadata().is_ok_and(|metadata| metadata.mode() & 0o002 != 0)
}

fn accounts(layout: &Layout) -> Result<Finding> {
    let verified = verify(&layout.accounts, layout.now(), Some(&unique(layout)))?;
    if layout.settings.merge == Merge::Anywhere {
        // The rows of an account are known only when they are sorted.
        for file in &verified.files {
            Mapping::new(layout, &file.columns)?;
        }
    } else {
        each_group(layout, |mapping, group| mapping.account(group.rows).map(drop))?;
    }
    Ok(Finding::passed(shown(&verified, layout.accounts.format.encoding.name())))
}

fn lists(layout: &Layout) -> Result<Finding> {
    let mut details = Vec::new();
    for of in &layout.types {
        match &of.list {
            Some(table) => {
                let verified = verify_list(layout, of, table)?;
                entitlements::all_of_type(layout, of)?;
                details.push(format!("{}: {}", of.name, shown(&verified, table.format.encoding.name())));
            }
            None => {
                details.push(format!("{}: {} that are named", of.name, entitlements::all_of_type(layout, of)?.len()));
            }
        }
    }
    Ok(Finding::passed(if details.is_empty() { "the settings name none".to_owned() } else { details.join("; ") }))
}

fn members_of(layout: &Layout) -> Result<Finding> {
    let mut details = Vec::new();
    for of in &layout.types {
        let Some((_, table)) = &of.holders else { continue };
        let verified = verify(table, layout.now(), None)?;
        details.push(format!("{}: {}", of.name, shown(&verified, table.format.encoding.name())));
    }
    let mut left = vec![Cursor::start()];
    while let Some(cursor) = left.pop() {
        left.extend(members::assignments(layout, &cursor)?.into_parts().1);
    }
    Ok(Finding::passed(if details.is_empty() {
        "the settings name no files with members".to_owned()
    } else {
        details.join("; ")
    }))
}

/// What each file of a table contains.
fn shown(verified: &Verified, encoding: &str) -> String {
    let files = verified.files.iter().map(|one| {
        let packed = Compression::of(&one.file.shown).name().map(|name| format!(", {name}")).unwrap_or_default();
        let (rows, columns) = (counted(one.rows, "row"), counted(one.columns.len() as u64, "column"));
        format!("{} has {rows}, {columns}, {encoding}{packed}", one.file.shown)
    });
    files.collect::<Vec<_>>().join("; ")
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

fn age(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
