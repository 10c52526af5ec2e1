//! Changes accounts and what they hold: all operations of a batch in one rewriting of each file.
//!
//! A file is read whole first, so a broken one is never rewritten. Rows that no operation changes keep their bytes.

mod accounts;
mod column;
mod edits;
mod file;
mod line;
mod lock;
mod members;
mod plain;

use crate::error;
use crate::layout::Layout;
use connector_core::{Change, Error, Finding, Operation, OperationKind, Outcome, Result};
use std::path::Path;

/// Carries out operations of different accounts: one outcome each, in order.
pub(crate) fn carry_out(layout: &Layout, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
    let mut outcomes: Vec<Option<Result<Outcome>>> =
        operations.iter().map(|one| refused(layout, one).map(Err)).collect();
    let mut of_accounts = Vec::new();
    let mut of_types: Vec<Vec<usize>> = layout.types.iter().map(|_| Vec::new()).collect();
    for (number, operation) in operations.iter().enumerate().filter(|(number, _)| outcomes[*number].is_none()) {
        let held = operation.change.entitlement();
        let of = held.and_then(|held| layout.types.iter().position(|one| one.name == held.entitlement_type));
        match of {
            Some(of) if layout.types[of].holders.is_some() => of_types[of].push(number),
            _ => of_accounts.push(number),
        }
    }
    if !of_accounts.is_empty() {
        let wanted: Vec<_> = of_accounts.iter().map(|number| &operations[*number]).collect();
        for (number, outcome) in of_accounts.into_iter().zip(accounts::carry_out(layout, &wanted)?) {
            outcomes[number] = Some(outcome);
        }
    }
    for (of, numbers) in layout.types.iter().zip(of_types).filter(|(_, numbers)| !numbers.is_empty()) {
        let wanted: Vec<_> = numbers.iter().map(|number| &operations[*number]).collect();
        // Another file was rewritten: each operation has its own answer.
        let answers = match members::carry_out(layout, of, &wanted) {
            Ok(answers) => answers,
            Err(error) => wanted.iter().map(|_| Err(error.clone())).collect(),
        };
        for (number, outcome) in numbers.into_iter().zip(answers) {
            outcomes[number] = Some(outcome);
        }
    }
    Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(error::stopped()))).collect())
}

/// Why an operation can't be carried out, whatever is in the files.
fn refused(layout: &Layout, operation: &Operation) -> Option<Error> {
    let kind = operation.kind();
    if !crate::accounts::operations(layout).contains(&kind) {
        let error = Error::unsupported(format!("this source does not support `{}`", kind.name()));
        return Some(match kind {
            OperationKind::Lock | OperationKind::Unlock | OperationKind::SetPassword => error,
            _ if !layout.writable => error.with_help("set `writable: true` in the source"),
            OperationKind::Enable | OperationKind::Disable => {
                error.with_help("list the values of both states in `accounts.enabled`: `is` and `is_not`")
            }
            _ => error,
        });
    }
    match &operation.change {
        Change::Create { password: Some(_), .. } => {
            Some(Error::unsupported("a file has no passwords").with_help("leave `password_ref` out"))
        }
        Change::Grant { until: Some(_), .. } => Some(
            Error::unsupported("the files don't say when an account stops holding an entitlement")
                .with_help("leave `until` out"),
        ),
        change => match change.entitlement() {
            Some(held) if layout.type_named(&held.entitlement_type).is_none() => {
                Some(Error::not_found(format!("the settings name no entitlements `{}`", held.entitlement_type)))
            }
            _ => None,
        },
    }
}

/// Whether the files can be rewritten.
pub(crate) fn test(layout: &Layout) -> Result<Finding> {
    if !layout.writable {
        return Ok(Finding::passed("no plan may change the files"));
    }
    let tables = std::iter::once(&layout.accounts)
        .chain(layout.types.iter().filter_map(|one| one.holders.as_ref().map(|(_, table)| table)));
    let mut shown = Vec::new();
    for table in tables {
        let files = table.files(layout.now())?;
        if let Some(name) = table.new_rows.as_ref().filter(|name| files.iter().all(|file| file.shown != **name)) {
            return Err(error::no_file_for_new_rows(name));
        }
        for file in files {
            let folder = file.path.parent().unwrap_or(Path::new("."));
            tempfile::tempfile_in(folder).map_err(|cause| error::not_written(&file.shown, cause))?;
            shown.push(file.shown);
        }
    }
    Ok(Finding::passed(format!("plans may change {}", shown.join(", "))))
}
