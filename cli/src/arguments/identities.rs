//! `identities`.

use super::completes::Completes;
use super::list::ListArguments;
use super::query::BreadthArguments;
use clap::{Args, Subcommand};

/// Arguments of `identities`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct IdentitiesArguments {
    #[command(subcommand)]
    pub(crate) command: Option<IdentitiesCommand>,
    /// Show only people whose account at the authority matches, for example: Department = "Sales"
    #[arg(long = "where", value_name = "CONDITION", conflicts_with = "accounts")]
    pub(crate) condition: Option<String>,
    /// Show only people, or accounts, of this source
    #[arg(long, value_name = "NAME", help = "Show only people who have an account in this source, or its accounts")]
    #[arg(add = Completes::Sources)]
    pub(crate) source: Option<String>,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// Show at most N rows [default: 50 on a terminal, otherwise all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) list: ListArguments,
}

/// Which people or accounts to list.
#[derive(Args, Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
pub(crate) struct WhichArguments {
    /// Show only people who left
    #[arg(long, conflicts_with = "accounts")]
    pub(crate) left: bool,
    /// Show only people with several accounts in one source, and people who look like one
    #[arg(long, conflicts_with = "accounts")]
    pub(crate) duplicates: bool,
    /// List the accounts without a person who is there
    #[arg(long, group = "accounts")]
    pub(crate) orphans: bool,
    /// List the accounts that no rule finds a person for
    #[arg(long, group = "accounts")]
    pub(crate) unmatched: bool,
    /// List the accounts that may belong to several people, or whose person has to be confirmed
    #[arg(long, group = "accounts")]
    pub(crate) ambiguous: bool,
    /// List the accounts that belong to nobody, as connector.yaml or somebody says
    #[arg(long, group = "accounts")]
    pub(crate) left_out: bool,
}

/// Commands on people and their accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum IdentitiesCommand {
    /// Show one person: all accounts, what they hold, and how they were found
    Show {
        /// Id or name of the person, or one of their accounts as SOURCE/ACCOUNT
        person: String,
        #[command(flatten)]
        breadth: BreadthArguments,
    },
    /// Link accounts to people by the rules; `connector aggregate` does so after each run
    Correlate {
        /// Show what would change, and keep nothing
        #[arg(long)]
        preview: bool,
        /// End and move as many links as the rules say, whatever `change_threshold` is
        #[arg(long, conflicts_with = "preview")]
        accept_changes: bool,
    },
    /// Say which person an account belongs to; rules don't change it any more
    Confirm {
        #[command(flatten)]
        account: OneAccountArguments,
        /// Id or name of the person
        person: String,
        /// Why, for the history
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Say that an account does not belong to a person, or to nobody at all
    Refuse {
        #[command(flatten)]
        account: OneAccountArguments,
        /// Id or name of the person [default: everybody]
        person: Option<String>,
        /// Why, for the history
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Take back what was confirmed or refused about an account: rules decide again
    Release {
        #[command(flatten)]
        account: OneAccountArguments,
    },
}

/// An account of a source.
#[derive(Args, Debug)]
pub(crate) struct OneAccountArguments {
    /// Source name
    #[arg(add = Completes::Sources)]
    pub(crate) source: String,
    /// Account id or name; the beginning of an id is enough
    #[arg(add = Completes::Accounts)]
    pub(crate) account: String,
}
