//! `store`.

use clap::Subcommand;

/// Commands on the store.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Check that the file and its tables are sound; changes nothing
    Check,
}
