//! What every list has.

use clap::Args;

/// How to show a list.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ListArguments {
    /// Columns of the table or CSV, separated by commas (JSON and YAML always have all)
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) columns: Vec<String>,
    /// Sort by this column; -COLUMN sorts in descending order
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub(crate) sort: Option<String>,
}
