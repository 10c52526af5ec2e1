//! `sandbox`.

use clap::{Args, Subcommand};
use connector_core::TimeSpan;
use connector_sandbox_salesforce::Fault;
use std::path::PathBuf;

/// The simulated systems.
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// A simulated Salesforce org over HTTPS, until Ctrl-C
    Salesforce(SalesforceArguments),
}

/// Arguments of `sandbox salesforce`.
#[derive(Args, Debug)]
pub(crate) struct SalesforceArguments {
    /// How many users the org has
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub(crate) users: u64,
    /// The port of the login host, the instance takes the next one [default: free ones]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1024..=65_534))]
    pub(crate) port: Option<u16>,
    /// How long each answer waits, for example 200ms
    #[arg(long, value_name = "TIME", value_parser = time_span)]
    pub(crate) latency: Option<TimeSpan>,
    /// How long a new certificate takes to be accepted, for example 30s
    #[arg(long, value_name = "TIME", value_parser = time_span)]
    pub(crate) propagation: Option<TimeSpan>,
    /// What goes wrong, for example 503:5; an unknown name lists them all. May be given again
    #[arg(long = "fault", value_name = "FAULT", value_parser = fault)]
    pub(crate) faults: Vec<Fault>,
    /// Write what is needed to connect into this project folder: sources/NAME.yaml, key, certificate and CA
    #[arg(long, value_name = "DIR")]
    pub(crate) write_project: Option<PathBuf>,
    /// The name of the source that --write-project writes
    #[arg(long, default_value = "salesforce", value_name = "NAME", requires = "write_project")]
    pub(crate) source_name: String,
}

fn time_span(text: &str) -> Result<TimeSpan, String> {
    text.parse()
}

fn fault(text: &str) -> Result<Fault, String> {
    text.parse().map_err(|error: connector_core::Error| match error.help() {
        Some(help) => format!("{error}\n  help: {help}"),
        None => error.to_string(),
    })
}
