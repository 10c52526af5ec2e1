//! `accounts`, `account`, `entitlements`, `entitlement`, `diff` and `export`.

use super::completes::Completes;
use super::list::ListArguments;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Which assignments to list.
#[derive(Args, Debug)]
pub(crate) struct BreadthArguments {
    /// Also list assignments through other entitlements, with the path
    #[arg(long)]
    pub(crate) effective: bool,
    /// Also list assignments that are expired, inactive or scheduled
    #[arg(long)]
    pub(crate) all_states: bool,
}

/// Arguments of `accounts`.
#[derive(Args, Debug)]
pub(crate) struct AccountsArguments {
    /// Source name
    #[arg(add = Completes::Sources)]
    pub(crate) name: String,
    /// Show only accounts that match, for example: Email like "%@acme.example" and not enabled
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) condition: Option<String>,
    /// Show only accounts that hold this entitlement
    #[arg(long, value_name = "TYPE/ID")]
    #[arg(add = Completes::Entitlements)]
    pub(crate) holding: Option<String>,
    /// Show only accounts that were removed from the source
    #[arg(long, conflicts_with = "holding")]
    pub(crate) removed: bool,
    /// Show at most N accounts [default: 50 on a terminal, otherwise all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) list: ListArguments,
    #[command(flatten)]
    pub(crate) breadth: BreadthArguments,
}

/// Arguments of `account`.
#[derive(Args, Debug)]
pub(crate) struct AccountArguments {
    /// Source name
    #[arg(add = Completes::Sources)]
    pub(crate) name: String,
    /// Account id or name; the beginning of an id is enough
    #[arg(add = Completes::Accounts)]
    pub(crate) id: String,
    /// Show at most N events of the history, the newest ones [default: 50 on a terminal, otherwise all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Also ask the source what its audit trail says about the account
    #[arg(long)]
    #[arg(help = "Also ask the source's own audit trail what was done to the account in this time")]
    pub(crate) who: bool,
    #[command(flatten)]
    pub(crate) breadth: BreadthArguments,
}

/// Arguments of `entitlements`.
#[derive(Args, Debug)]
pub(crate) struct EntitlementsArguments {
    /// Source name
    #[arg(add = Completes::Sources)]
    pub(crate) name: String,
    /// Show only this type
    #[arg(long = "type", value_name = "TYPE", help = "Show only this type, for example: permission_set")]
    pub(crate) entitlement_type: Option<String>,
    #[command(flatten)]
    pub(crate) list: ListArguments,
}

/// Arguments of `entitlement`.
#[derive(Args, Debug)]
pub(crate) struct EntitlementArguments {
    /// Source name
    #[arg(add = Completes::Sources)]
    pub(crate) name: String,
    /// Entitlement, as in the list of `connector entitlements`
    #[arg(value_name = "TYPE/ID")]
    #[arg(add = Completes::Entitlements)]
    pub(crate) entitlement: String,
    /// Show at most N holders [default: 50 on a terminal, otherwise all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) list: ListArguments,
    #[command(flatten)]
    pub(crate) breadth: BreadthArguments,
}

/// Arguments of `diff`.
#[derive(Args, Debug)]
pub(crate) struct DiffArguments {
    /// Source name
    #[arg(add = Completes::Sources)]
    pub(crate) name: String,
    /// Show changes after this run [default: the run before --to]
    #[arg(long, value_name = "RUN")]
    #[arg(add = Completes::Runs)]
    pub(crate) from: Option<String>,
    /// Show changes up to this run [default: the last run]
    #[arg(long, value_name = "RUN")]
    #[arg(add = Completes::Runs)]
    pub(crate) to: Option<String>,
    /// Also ask the source who made each change
    #[arg(long)]
    #[arg(help = "Also ask the source's own audit trail who made each change")]
    pub(crate) who: bool,
    #[command(flatten)]
    pub(crate) list: ListArguments,
}

/// Arguments of `export`.
#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    /// Source name
    #[arg(add = Completes::Sources)]
    pub(crate) name: String,
    /// What to export
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(help = "What to export: accounts, entitlements or assignments")]
    pub(crate) what: ExportWhat,
    /// Output format
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help = "Output format: ndjson, csv or parquet"
    )]
    pub(crate) format: ExportFormat,
    /// Output file, or `-` for stdout [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Replace any existing file, except the project's own
    #[arg(long, requires = "to")]
    pub(crate) force: bool,
    /// In CSV, leave values that a spreadsheet takes for formulas as they are
    #[arg(long)]
    pub(crate) keep_formulas: bool,
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

/// The format of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One JSON object per line.
    #[default]
    Ndjson,
    /// Comma-separated values with a header line.
    Csv,
    /// Columns for programs; where the program was built with it.
    Parquet,
}
