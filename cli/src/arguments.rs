//! The grammar of the command line: types only.

mod aggregate;
mod certificate;
mod completes;
mod connectors;
mod findings;
mod identities;
mod list;
mod new;
mod project;
mod provision;
mod query;
#[cfg(feature = "sandbox")]
mod sandbox;
mod serve;
mod source;
mod store;
mod test;
mod token;

pub(crate) use aggregate::{
    AggregateArguments, LATEST, PreviewAttributesArguments, QueueArguments, QueueCommand, RefreshArguments, RunCommand,
    RunsArguments, WorkerArguments,
};
pub(crate) use certificate::{
    CertCheckArguments, CertCommand, CertImportArguments, CertNewArguments, CertRotateArguments, KeyFileArguments,
};
pub(crate) use completes::Completes;
pub(crate) use connectors::{ConnectorsArguments, ConnectorsCommand, SchemaArguments};
pub(crate) use findings::FindingsArguments;
pub(crate) use identities::{IdentitiesArguments, IdentitiesCommand, OneAccountArguments};
pub(crate) use list::ListArguments;
pub(crate) use new::{NewCommand, NewConnectorArguments};
pub(crate) use project::InitArguments;
pub(crate) use project::QuickstartArguments;
pub(crate) use provision::{OperationsArguments, ProvisionArguments};
pub(crate) use query::{
    AccountArguments, AccountsArguments, BreadthArguments, DiffArguments, EntitlementArguments, EntitlementsArguments,
    ExportArguments, ExportFormat, ExportWhat,
};
#[cfg(feature = "sandbox")]
pub(crate) use sandbox::{SalesforceArguments, SandboxCommand};
pub(crate) use serve::ServeArguments;
pub(crate) use source::{SourceCommand, SourceNewArguments};
pub(crate) use store::StoreCommand;
pub(crate) use test::TestArguments;
pub(crate) use token::{TokenCommand, TokenNewArguments};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "connector",
    version,
    about = ABOUT,
    after_help = EXIT_CODES,
    max_term_width = 100,
    propagate_version = false,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const ABOUT: &str = "\
Copies who has access to what into your own database, shows what changed, and applies reviewed plans.

A source is one system. Each source is a YAML file in the sources/ folder of a project.
New here? Run `connector quickstart` for a tour; you need no system of your own.";

const EXIT_CODES: &str = "\
Results go to stdout, everything else goes to stderr.
With --output json, stdout contains only the documented JSON.
An error is one line on stderr: {\"error\":{\"kind\",\"message\",\"help\"}}

Exit codes:
  0    success
  1    the command ran, and something failed
  2    wrong usage, or an invalid source or plan: nothing was sent
  3    the source could not be reached, or refused the credentials
  4    refused by a guard, such as the delete threshold or a changed preview
  130  stopped by Ctrl-C: progress is saved, run again to continue
  143  stopped by SIGTERM: progress is saved, run again to continue";

/// Options that work before or after the command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArguments {
    /// The project folder [default: the nearest parent folder with connector.yaml or sources/]
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    #[arg(long, global = true, value_name = "URL")]
    #[arg(help = "The store: a path, or postgres://USER@HOST/DATABASE [default: .connector/store.db in the project]")]
    pub(crate) store: Option<String>,
    /// The format of results
    #[arg(short, long, global = true, value_enum, default_value_t, value_name = "FORMAT", hide_possible_values = true)]
    #[arg(help = "Format of results: human (or table), json, yaml, or csv for lists")]
    pub(crate) output: OutputFormat,
    /// When to use color
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", hide_possible_values = true)]
    #[arg(help = "When to use color: auto, always or never")]
    pub(crate) color: ColorChoice,
    /// Write logs
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    #[arg(help = "Write logs (-vv for more); RUST_LOG sets levels in detail")]
    pub(crate) verbose: u8,
    /// Don't show progress and hints
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Don't show long results page by page
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
    /// The format of logs
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT", hide_possible_values = true)]
    #[arg(help = "Format of logs: text or json")]
    pub(crate) log_format: LogFormat,
}

/// The format of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    #[value(alias = "table")]
    Human,
    /// For programs.
    Json,
    /// The same documents as YAML.
    Yaml,
    /// The rows of a list.
    Csv,
}

/// When to use color.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The format of logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take a tour with a simulated or example system; you need no real one
    Quickstart(QuickstartArguments),
    /// Create an empty project folder
    Init(InitArguments),
    /// Create, list and show source files
    #[command(subcommand)]
    Source(SourceCommand),
    /// Check source files, plans and project settings, without using the network
    Validate {
        /// Source names, or paths of source files, connector files and plans; `-` is a plan on standard input [default: all sources]
        #[arg(value_name = "NAME")]
        #[arg(add = Completes::Sources)]
        names: Vec<String>,
    },
    /// Test the connection to a source, step by step
    Test(TestArguments),
    /// Read sources into the store; continues an unfinished run
    Aggregate(AggregateArguments),
    /// Aggregate sources whenever their schedule says so, and take jobs of a PostgreSQL store, until Ctrl-C
    Worker(WorkerArguments),
    /// List the workers of a PostgreSQL store
    Workers(ListArguments),
    /// List the jobs of the workers: waiting, running and failed ones
    Queue(QueueArguments),
    /// Print how the sources stand, for Prometheus
    Metrics,
    /// Read a few accounts, and what they hold, again now
    Refresh(RefreshArguments),
    /// Show what `attributes:` in the source's file gives for an account; stores nothing
    PreviewAttributes(PreviewAttributesArguments),
    /// List past and present runs
    Runs(RunsArguments),
    /// Show one run
    #[command(subcommand)]
    Run(RunCommand),
    /// List the accounts of a source
    Accounts(AccountsArguments),
    /// Show one account with its attributes, entitlements and history
    Account(AccountArguments),
    /// List the entitlements of a source
    Entitlements(EntitlementsArguments),
    /// Show one entitlement and who holds it
    Entitlement(EntitlementArguments),
    /// Show what changed between two runs
    Diff(DiffArguments),
    /// Find what an auditor would ask about: dangerous, unused and expired access
    Findings(FindingsArguments),
    /// List people with their accounts in all sources, and accounts without a person
    Identities(IdentitiesArguments),
    /// Export accounts, entitlements or assignments as NDJSON, CSV or Parquet
    Export(ExportArguments),
    /// Apply a plan to a source: preview, ask, apply
    Provision(ProvisionArguments),
    /// Show the project in a browser: a console on this machine
    Serve(ServeArguments),
    /// Let an assistant ask who has access to what: read-only tools of the Model Context Protocol
    Mcp,
    /// Create, list and revoke tokens for programs that use the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Show the provisioning journal: every operation and its outcome
    Operations(OperationsArguments),
    /// Create, check and rotate keys and certificates
    #[command(subcommand)]
    Cert(CertCommand),
    /// Check the store
    #[command(subcommand)]
    Store(StoreCommand),
    /// Find problems of this machine and project, without using the network
    Doctor,
    /// Explain the kind of an error or an error code of a source
    Explain {
        #[arg(help = "Kind of an error, such as rate_limited, or an error code, such as invalid_grant")]
        code: String,
    },
    /// List the connectors in this program, or show one
    Connectors(ConnectorsArguments),
    /// Create a connector of your own
    #[command(subcommand)]
    New(NewCommand),
    /// Print a JSON Schema
    Schema(SchemaArguments),
    #[cfg(feature = "sandbox")]
    /// Run a simulated system on your machine
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Write the man pages of all commands to a folder
    Man {
        /// The folder, such as ~/.local/share/man/man1
        dir: PathBuf,
    },
    /// Print a script for your shell that completes commands and names
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// Whether a terminal shows the result page by page.
    pub(crate) fn is_paged(&self) -> bool {
        let shows = matches!(
            self,
            Self::Account(_)
                | Self::Run(_)
                | Self::Schema(_)
                | Self::Connectors(_)
                | Self::Explain { .. }
                | Self::Source(SourceCommand::Show { .. })
                | Self::Identities(IdentitiesArguments { command: Some(IdentitiesCommand::Show { .. }), .. })
        );
        // `cert check` may ask for a password.
        shows || (self.is_list() && !matches!(self, Self::Cert(_)))
    }

    /// Whether the result has rows, which CSV needs.
    pub(crate) fn is_list(&self) -> bool {
        match self {
            Self::Runs(_)
            | Self::Workers(_)
            | Self::Accounts(_)
            | Self::Entitlements(_)
            | Self::Entitlement(_)
            | Self::Diff(_)
            | Self::Findings(_)
            | Self::Operations(_)
            | Self::Source(SourceCommand::List(_))
            | Self::Token(TokenCommand::List(_))
            | Self::Cert(CertCommand::Check(_)) => true,
            Self::Connectors(arguments) => arguments.command.is_none(),
            Self::Identities(arguments) => arguments.command.is_none(),
            Self::Queue(arguments) => arguments.command.is_none(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// A terminal would break a longer line in mid-sentence.
    #[test]
    fn the_exit_codes_fit_into_80_columns() {
        for line in EXIT_CODES.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn the_grammar_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn global_options_may_stand_before_or_after_the_command() {
        let before = ["connector", "-C", "here", "--output", "json", "--store", "sqlite:a.db", "test", "salesforce"];
        let after = ["connector", "test", "salesforce", "--store", "sqlite:a.db", "--output", "json", "-C", "here"];
        for typed in [before, after] {
            let global = Arguments::try_parse_from(typed).unwrap().global;
            assert_eq!(global.project, Some("here".into()));
            assert_eq!(global.output, OutputFormat::Json);
            assert_eq!(global.store.as_deref(), Some("sqlite:a.db"));
        }
    }

    #[test]
    fn contradicting_options_are_refused() {
        for typed in [
            &["connector", "aggregate", "a", "--full", "--delta"][..],
            &["connector", "-q", "-v", "validate"],
            &["connector", "aggregate"],
            &["connector", "cert", "new", "a", "--bits", "1024"],
            &["connector", "cert", "new", "a", "--encrypt", "--key-password-ref", "env:A"],
            &["connector", "cert", "new", "a", "--csr", "--write-source", "a"],
            &["connector", "cert", "import", "a"],
            &["connector", "cert", "check", "--within", "45"],
            &["connector", "source", "new", "salesforce", "a", "--set", "no value"],
            #[cfg(feature = "sandbox")]
            &["connector", "sandbox", "salesforce", "--fault", "nothing"],
        ] {
            assert_eq!(Arguments::try_parse_from(typed).unwrap_err().exit_code(), 2, "{typed:?}");
        }
    }
}
