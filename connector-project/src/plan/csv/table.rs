//! Plans with one operation per row: CSV.

use super::super::intake::Intake;
use super::super::operation::{PlanOperation, typed};
use super::super::password;
use super::super::words::{
    SECRET_CURE, bad_end, created_twice, empty_set, end, entitlement, one_entitlement, password_choice, unknown_verb,
};
use super::super::yaml_json::unreadable;
use super::columns::{Column, columns, verb};
use super::rows::{Row, Rows};
use crate::document::{Fault, Unreadable, leaked_secrets, unseen};
use connector_core::OperationKind;
use serde_json::{Map, Value};
use std::io;
use std::ops::Range;
use std::path::Path;

pub(in super::super) fn read(path: &Path, intake: &mut Intake<'_>) {
    if let Err(cause) = read_rows(path, intake) {
        intake.problem(unreadable(Unreadable::because(path, &cause), path));
    }
}

fn read_rows(path: &Path, intake: &mut Intake<'_>) -> io::Result<()> {
    let mut rows = Rows::open(path)?;
    let Some(header) = rows.next(intake)? else { return Ok(()) };
    let (columns, faults) = columns(header.record.iter());
    let unusable = faults.iter().any(|(_, fault)| matches!(fault.rule, "missing_header" | "missing_column"))
        || !columns.contains(&Column::Operation)
        || !columns.contains(&Column::Account);
    intake.problems(header.problems(faults.into_iter().map(|(index, fault)| (header.cell(index), fault))));
    if unusable {
        return Ok(());
    }
    let mut secrets_reported = false;
    while let Some(row) = rows.next(intake)? {
        if row.record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let mut check = Check { row: &row, columns: &columns, commands: intake.commands, faults: Vec::new() };
        let operation = check.operation(intake, secrets_reported);
        let faults = check.faults;
        secrets_reported |= faults.iter().any(|(_, fault)| fault.rule == "secret_in_file");
        let operation = operation.filter(|_| faults.is_empty());
        if !faults.is_empty() {
            intake.problems(row.problems(faults));
        }
        intake.operation(operation);
    }
    Ok(())
}

/// Checks one row.
struct Check<'a> {
    row: &'a Row,
    columns: &'a [Column],
    /// Whether a ref may run a program.
    commands: bool,
    faults: Vec<(Range<usize>, Fault)>,
}

impl Check<'_> {
    /// The operation of the row. `secrets_reported`: whether an earlier row already reported a secret in this column.
    fn operation(&mut self, intake: &mut Intake<'_>, secrets_reported: bool) -> Option<PlanOperation> {
        if let Some(fault) = self.misshapen() {
            self.faults.push(fault);
            return None;
        }
        let kind = self.kind();
        let operation = kind.and_then(|kind| {
            self.check_unused(kind);
            self.of_kind(kind, intake)
        });
        if !secrets_reported || !self.faults.is_empty() {
            self.check_secrets();
        }
        operation
    }

    /// A row whose cells can't be separated reliably. Possible secrets in it are not shown.
    fn misshapen(&self) -> Option<(Range<usize>, Fault)> {
        let record = &self.row.record;
        let named = self.columns.iter().rposition(|column| *column != Column::Nameless).map_or(0, |last| last + 1);
        let too_many = record.iter().skip(self.columns.len()).any(|cell| !cell.is_empty());
        let (span, mut fault) = if let Some(stray) = self.row.stray() {
            stray
        } else if record.len() < named {
            (self.row.first_line(), short_row(record.len(), self.columns.len()))
        } else if too_many {
            (self.row.first_line(), long_row(record.len(), self.columns.len()))
        } else {
            return None;
        };
        if self.columns.iter().any(Column::is_delicate) {
            fault.secret = true;
            let end = self.row.cells.spans.last().map_or(span.end, |last| last.end);
            return Some((self.row.cell(0).start..end, fault));
        }
        Some((span, fault))
    }

    fn index(&self, column: &Column) -> Option<usize> {
        self.columns.iter().position(|one| one == column)
    }

    /// The trimmed text of a cell. It is empty if the file has no such column.
    fn text(&self, column: &Column) -> &str {
        self.index(column).and_then(|index| self.row.record.get(index)).unwrap_or_default().trim()
    }

    /// Reports a fault at the cell of a column. If the file has no such column, at the row's operation.
    fn add(&mut self, column: &Column, fault: Fault) {
        let index = self.index(column).or_else(|| self.index(&Column::Operation)).unwrap_or_default();
        let span = self.row.cell(index);
        let span = if span.is_empty() { self.row.first_line() } else { span };
        self.faults.push((span, fault));
    }

    fn kind(&mut self) -> Option<OperationKind> {
        let word = self.text(&Column::Operation).to_owned();
        if word.is_empty() {
            self.add(&Column::Operation, empty_cell("operation", "write an operation, such as `update`"));
            return None;
        }
        match verb(&word, !self.text(&Column::Entitlement).is_empty()) {
            Ok(kind) => Some(kind),
            Err(meant) => {
                self.add(&Column::Operation, unknown_verb(&word, meant));
                meant
            }
        }
    }

    /// Reports cells with values that the operation does not use.
    fn check_unused(&mut self, kind: OperationKind) {
        for (index, column) in self.columns.iter().enumerate() {
            if *column == Column::Nameless {
                if self.row.record.get(index).is_some_and(|cell| !cell.trim().is_empty()) {
                    self.faults.push((self.row.cell(index), nameless()));
                }
                continue;
            }
            let used = match column {
                Column::Operation | Column::Account | Column::Unknown(_) | Column::Nameless => true,
                Column::Entitlement => {
                    matches!(kind, OperationKind::Create | OperationKind::Grant | OperationKind::Revoke)
                }
                Column::Until => kind == OperationKind::Grant,
                Column::PasswordRef => matches!(kind, OperationKind::Create | OperationKind::SetPassword),
                Column::TransferTo => matches!(kind, OperationKind::Deprovision | OperationKind::Transfer),
                Column::Reset => kind == OperationKind::SetPassword,
                Column::Attribute(_) => matches!(kind, OperationKind::Create | OperationKind::Update),
            };
            let cell = self.row.record.get(index).unwrap_or_default().trim();
            let is_off = *column == Column::Reset && cell.eq_ignore_ascii_case("false");
            if !used && !cell.is_empty() && !is_off {
                let mut fault = not_used(kind);
                fault.secret = column.is_delicate();
                self.faults.push((self.row.cell(index), fault));
            }
        }
    }

    fn check_secrets(&mut self) {
        for (index, column) in self.columns.iter().enumerate() {
            let is_empty = self.row.record.get(index).is_none_or(|cell| cell.trim().is_empty());
            if let Some(name) = column.secret_name().filter(|_| !is_empty) {
                self.faults.push((self.row.cell(index), leaked_secrets::literal(name, SECRET_CURE.to_owned())));
            }
        }
    }

    fn of_kind(&mut self, kind: OperationKind, intake: &mut Intake<'_>) -> Option<PlanOperation> {
        let account = self.text(&Column::Account).to_owned();
        if account.is_empty() {
            self.add(&Column::Account, empty_cell("account", "write the id or name of the account"));
        }
        if let Some(fault) = unseen::fault("account", &account) {
            self.add(&Column::Account, fault);
        }
        let mut block = Map::from_iter([("account".to_owned(), Value::from(account.as_str()))]);
        if matches!(kind, OperationKind::Create | OperationKind::Update) {
            block.insert("attributes".to_owned(), self.values().into());
        }
        match kind {
            OperationKind::Create => {
                let span = self.row.cell(self.index(&Column::Account)?);
                let line = self.row.text.place(span).line;
                if let Some(before) = intake.created().add(&account, line).filter(|_| !account.is_empty()) {
                    self.add(&Column::Account, created_twice(before));
                }
                block.insert("entitlements".to_owned(), self.entitlements(kind).into());
                block.extend(self.reference());
            }
            OperationKind::Update if block["attributes"].as_object().is_some_and(Map::is_empty) => {
                self.add(&Column::Operation, empty_set());
            }
            OperationKind::Grant | OperationKind::Revoke => {
                block.extend(self.entitlements(kind).pop().map(|one| ("entitlement".to_owned(), one)));
                block.extend(self.until());
            }
            OperationKind::SetPassword => {
                self.check_password();
                block.extend(self.reference());
            }
            OperationKind::Deprovision => block.extend(self.heir().map(|heir| ("transfer_to".to_owned(), heir))),
            OperationKind::Transfer => match self.heir() {
                Some(heir) => _ = block.insert("to".to_owned(), heir),
                None => self.add(&Column::TransferTo, empty_cell("transfer_to", "write the account that takes over")),
            },
            _ => {}
        }
        // A missing value already has a report.
        if self.faults.is_empty() { typed(kind, block) } else { None }
    }

    /// The values of the row. An empty cell leaves the attribute alone, and `null` clears it.
    fn values(&self) -> Map<String, Value> {
        let cells = self.columns.iter().zip(self.row.record.iter());
        let value = |cell: &str| if cell == "null" { Value::Null } else { Value::from(cell) };
        cells
            .filter_map(|(column, cell)| match column {
                Column::Attribute(name) if !cell.is_empty() => Some((name.clone(), value(cell))),
                _ => None,
            })
            .collect()
    }

    fn entitlements(&mut self, kind: OperationKind) -> Vec<Value> {
        let cell = self.text(&Column::Entitlement).to_owned();
        let parts: Vec<_> = cell.split(';').map(str::trim).filter(|part| !part.is_empty()).collect();
        let several = kind == OperationKind::Create;
        if cell.is_empty() && !several {
            self.add(&Column::Entitlement, empty_cell("entitlement", "write it as `TYPE/ID` or `TYPE/NAME`"));
            return Vec::new();
        }
        if !several && parts.len() > 1 && parts.iter().all(|part| entitlement(part).is_ok()) {
            self.add(&Column::Entitlement, one_entitlement(kind));
            return Vec::new();
        }
        let parts = if several { parts } else { vec![cell.as_str()] };
        let mut named = Vec::with_capacity(parts.len());
        for part in parts {
            match entitlement(part) {
                Ok(_) => named.push(Value::from(part)),
                Err(fault) => self.add(&Column::Entitlement, fault),
            }
        }
        named
    }

    fn heir(&self) -> Option<Value> {
        let text = self.text(&Column::TransferTo);
        (!text.is_empty()).then(|| Value::from(text))
    }

    fn until(&mut self) -> Option<(String, Value)> {
        let text = self.text(&Column::Until).to_owned();
        if !text.is_empty() && end(&text).is_none() {
            self.add(&Column::Until, bad_end());
        }
        (!text.is_empty()).then(|| ("until".to_owned(), Value::from(text)))
    }

    /// The row must have either a ref or a reset.
    fn check_password(&mut self) {
        let is_given = !self.text(&Column::PasswordRef).is_empty();
        let reset = self.text(&Column::Reset).to_lowercase();
        if !matches!(reset.as_str(), "" | "true" | "false") {
            self.add(&Column::Reset, bad_reset());
            return;
        }
        match (is_given, reset == "true") {
            (true, true) => self.add(&Column::Reset, password_choice(true)),
            (false, false) => self.add(&Column::Operation, password_choice(false)),
            _ => {}
        }
    }

    fn reference(&mut self) -> Option<(String, Value)> {
        let text = self.text(&Column::PasswordRef).to_owned();
        if let Some(fault) = password::fault(&text, self.commands).filter(|_| !text.is_empty()) {
            self.add(&Column::PasswordRef, fault);
        }
        (!text.is_empty()).then(|| ("password_ref".to_owned(), Value::from(text)))
    }
}

fn short_row(cells: usize, columns: usize) -> Fault {
    let title = format!("the row has {cells} cells, but the header has {columns} columns");
    Fault::new("row_length", &title, "too few cells", "use the same separator as the header, also around empty cells")
}

fn long_row(cells: usize, columns: usize) -> Fault {
    let title = format!("the row has {cells} cells, but the header has {columns} columns");
    Fault::new("row_length", &title, "too many cells", "put each cell that contains the separator in double quotes")
}

fn empty_cell(column: &str, help: &str) -> Fault {
    Fault::new("empty_cell", format!("`{column}` is empty"), &format!("each row needs `{column}`"), help)
}

fn nameless() -> Fault {
    Fault::new(
        "nameless_column",
        "this column has no name",
        "expected an empty cell",
        "name the column in the first line, or clear the cell",
    )
}

fn not_used(kind: OperationKind) -> Fault {
    Fault::new(
        "not_used",
        format!("`{}` does not use this column", kind.name()),
        "expected an empty cell",
        "clear the cell, or check that the row has the right operation",
    )
}

fn bad_reset() -> Fault {
    Fault::new(
        "not_allowed",
        "`reset` has an unknown value",
        "expected `true` or an empty cell",
        "write `true`, or leave the cell empty",
    )
}
