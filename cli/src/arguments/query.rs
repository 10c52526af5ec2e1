//! `accounts`, `account`, `entitlements`, `entitlement`, `diff` and `export`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Arguments of `accounts`.
#[derive(Args, Debug)]
pub(crate) struct AccountsArguments {
    /// The source
    pub(crate) name: String,
    /// Only accounts for which this holds, for example: Email like "%@acme.example" and not enabled
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) condition: Option<String>,
    /// Only accounts that hold this entitlement
    #[arg(long, value_name = "TYPE/ID")]
    pub(crate) holding: Option<String>,
    /// The columns of the table, for example: name,Email,Department; JSON has all of them
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) columns: Vec<String>,
    /// At most this many [default on a terminal: 50, else all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
}

/// Arguments of `account`.
#[derive(Args, Debug)]
pub(crate) struct AccountArguments {
    /// The source
    pub(crate) name: String,
    /// The account's id or name
    pub(crate) id: String,
}

/// Arguments of `entitlements`.
#[derive(Args, Debug)]
pub(crate) struct EntitlementsArguments {
    /// The source
    pub(crate) name: String,
    /// Only this type
    #[arg(long = "type", value_name = "TYPE", help = "Only this type, for example: permission_set")]
    pub(crate) entitlement_type: Option<String>,
}

/// Arguments of `entitlement`.
#[derive(Args, Debug)]
pub(crate) struct EntitlementArguments {
    /// The source
    pub(crate) name: String,
    /// The entitlement, as `connector entitlements` lists it
    #[arg(value_name = "TYPE/ID")]
    pub(crate) entitlement: String,
    /// At most this many holders [default on a terminal: 50, else all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
}

/// Arguments of `diff`.
#[derive(Args, Debug)]
pub(crate) struct DiffArguments {
    /// The source
    pub(crate) name: String,
    /// What changed after this run [default: the run before --to]
    #[arg(long, value_name = "RUN")]
    pub(crate) from: Option<String>,
    /// What changed up to this run [default: the last run]
    #[arg(long, value_name = "RUN")]
    pub(crate) to: Option<String>,
}

/// Arguments of `export`.
#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    /// The source
    pub(crate) name: String,
    /// What to export
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(help = "What to export: accounts, entitlements or assignments")]
    pub(crate) what: ExportWhat,
    /// How to write it
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "How to write it: ndjson or csv")]
    pub(crate) format: ExportFormat,
    /// The file to write [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}

/// What to export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportWhat {
    /// The accounts.
    #[default]
    Accounts,
    /// The entitlements.
    Entitlements,
    /// Who holds what.
    Assignments,
}

/// How to write an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One JSON object a line.
    #[default]
    Ndjson,
    /// Comma-separated values with a header line.
    Csv,
}
