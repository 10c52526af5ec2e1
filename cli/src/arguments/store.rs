//! `store`.

use clap::Subcommand;

/// Commands on the store.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Check that the store and its tables are sound; changes nothing
    Check,
    /// Copy a store with its whole history, and prove that the copy is the same
    Copy {
        #[arg(help = "Store to copy: a path or postgres://USER@HOST/DATABASE")]
        from: String,
        #[arg(help = "Store to create: a path or the URL of an empty database")]
        to: String,
    },
}
