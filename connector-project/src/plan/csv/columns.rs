//! The columns of a CSV plan.

use super::super::words::{meant_key, meant_verb};
use crate::document::{Fault, is_secret_name};
use connector_core::{OperationKind, nearest};
use std::collections::HashSet;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Operation,
    /// The account, or the name of a new one.
    Account,
    Entitlement,
    /// When the grant ends.
    Until,
    PasswordRef,
    Reset,
    /// Who takes over.
    TransferTo,
    /// Values of the attribute with this name.
    Attribute(String),
    /// A column without a name. Spreadsheets write such columns; its cells must be empty.
    Nameless,
    /// A column that already has a problem in the header.
    Unknown(String),
}

const NAMES: &[(&str, Column)] = &[
    ("operation", Column::Operation),
    ("account", Column::Account),
    ("name", Column::Account),
    ("entitlement", Column::Entitlement),
    ("until", Column::Until),
    ("password_ref", Column::PasswordRef),
    ("reset", Column::Reset),
    ("transfer_to", Column::TransferTo),
];

const ATTRIBUTE: &str = "attributes.";

impl Column {
    fn named(name: &str) -> Self {
        if let Some((_, column)) = NAMES.iter().find(|(known, _)| *known == name) {
            return column.clone();
        }
        if name.is_empty() {
            return Self::Nameless;
        }
        match name.strip_prefix(ATTRIBUTE).filter(|attribute| !attribute.is_empty()) {
            Some(attribute) => Self::Attribute(attribute.to_owned()),
            None => Self::Unknown(name.to_owned()),
        }
    }

    /// The name of a column whose cells are secrets. A plan must not have one.
    pub(super) fn secret_name(&self) -> Option<&str> {
        match self {
            Self::Attribute(name) | Self::Unknown(name) if is_secret_name(name) => Some(name),
            _ => None,
        }
    }

    /// Whether its cells may contain a secret by mistake.
    pub(super) fn is_delicate(&self) -> bool {
        let unknown_ref = matches!(self, Self::Unknown(name) if name.ends_with("_ref") || name.ends_with("ref"));
        self.secret_name().is_some() || *self == Self::PasswordRef || unknown_ref
    }
}

/// The columns of a header, and its faults, each with the index of the column.
pub(super) fn columns<'a>(header: impl Iterator<Item = &'a str>) -> (Vec<Column>, Vec<(usize, Fault)>) {
    let names: Vec<_> = header.map(str::trim).collect();
    let columns: Vec<_> = names.iter().map(|name| Column::named(name)).collect();
    let mut faults = Vec::new();
    if !columns.contains(&Column::Operation)
        && let Some(kind) = names.first().and_then(|first| OperationKind::from_name(first))
    {
        faults.push((0, no_header(kind)));
        return (columns, faults);
    }
    let mut seen = HashSet::new();
    for (index, column) in columns.iter().enumerate() {
        match column {
            Column::Unknown(name) => faults.push((index, unknown(name, &columns))),
            Column::Attribute(name) if !seen.insert(format!("{ATTRIBUTE}{name}")) => {
                faults.push((index, twice(names[index])));
            }
            Column::Nameless | Column::Attribute(_) => {}
            fixed if !seen.insert(format!("{fixed:?}")) => faults.push((index, twice(names[index]))),
            _ => {}
        }
    }
    for (wanted, name) in [(Column::Operation, "operation"), (Column::Account, "account")] {
        let meant = |column: &Column| matches!(column, Column::Unknown(other) if meant(other) == Some(name));
        if !columns.contains(&wanted) && !columns.iter().any(meant) {
            faults.push((0, missing(name)));
        }
    }
    (columns, faults)
}

/// The column that another name probably means.
fn meant(name: &str) -> Option<&'static str> {
    let names: Vec<_> = NAMES.iter().map(|(known, _)| *known).filter(|known| *known != "name").collect();
    match name.to_lowercase().as_str() {
        "op" | "kind" | "action" | "verb" | "type" => Some("operation"),
        _ if is_secret_name(name) => None,
        _ => meant_key(name, &names),
    }
}

fn unknown(name: &str, columns: &[Column]) -> Fault {
    let attributes = columns.iter().filter_map(|column| match column {
        Column::Attribute(name) => Some(name.as_str()),
        _ => None,
    });
    let prefix = name.split_once('.').map(|(prefix, _)| prefix);
    let help = match meant(name) {
        _ if is_secret_name(name) => {
            "a plan must not contain secrets: remove the column, and use `password_ref` to reference a new password"
                .to_owned()
        }
        Some(guess) => format!("did you mean `{guess}`?"),
        None if prefix.is_some_and(|prefix| prefix == "set" || nearest(prefix, ["attributes"]).is_some()) => {
            "name the column of an attribute `attributes.NAME`".to_owned()
        }
        None if nearest(name, attributes).is_some() => format!("write `{ATTRIBUTE}{name}`"),
        None => format!("if it is an attribute of the account, write `{ATTRIBUTE}{name}`"),
    };
    Fault {
        rule: "unknown_column",
        title: format!("unknown column `{name}`"),
        detail:
            "known columns: operation, account, entitlement, until, password_ref, reset, transfer_to, attributes.NAME"
                .to_owned(),
        help: Some(help),
        secret: false,
    }
}

fn twice(name: &str) -> Fault {
    Fault {
        rule: "duplicate_column",
        title: format!("duplicate column `{name}`"),
        detail: match name {
            "name" => "`name` and `account` are the same column".to_owned(),
            _ => "the file already has this column".to_owned(),
        },
        help: Some("remove one of them".to_owned()),
        secret: false,
    }
}

fn missing(name: &str) -> Fault {
    Fault {
        rule: "missing_column",
        title: format!("the column `{name}` is missing"),
        detail: "this is the header".to_owned(),
        help: Some("name the columns in the first line, such as `operation,account,entitlement`".to_owned()),
        secret: false,
    }
}

/// The fault of a file without a header: its first line is an operation.
fn no_header(kind: OperationKind) -> Fault {
    Fault {
        rule: "missing_header",
        title: "the first line does not name the columns".to_owned(),
        detail: format!("`{}` is an operation", kind.name()),
        help: Some("add a line such as `operation,account,entitlement` above it".to_owned()),
        secret: false,
    }
}

/// The verb in a cell: as written, or the one that it probably means.
pub(super) fn verb(cell: &str, with_entitlement: bool) -> Result<OperationKind, Option<OperationKind>> {
    OperationKind::from_name(cell).ok_or_else(|| meant_verb(cell, with_entitlement))
}
