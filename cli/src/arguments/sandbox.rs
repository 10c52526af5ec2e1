//! `sandbox`.

use clap::{Args, Subcommand};
use connector_core::TimeSpan;
use connector_sandbox_salesforce::Fault;
use std::path::PathBuf;

/// The simulated systems.
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Run a simulated Salesforce org over HTTPS until Ctrl-C
    Salesforce(SalesforceArguments),
}

/// Arguments of `sandbox salesforce`.
#[derive(Args, Debug)]
pub(crate) struct SalesforceArguments {
    /// Number of users in the org
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub(crate) users: u64,
    /// Port of the login host; the API host uses the next port [default: free ports]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1024..=65_534))]
    pub(crate) port: Option<u16>,
    /// Delay of each response, for example 200ms
    #[arg(long, value_name = "TIME", value_parser = time_span)]
    pub(crate) latency: Option<TimeSpan>,
    /// Delay until the org accepts a new certificate, for example 30s
    #[arg(long, value_name = "TIME", value_parser = time_span)]
    pub(crate) propagation: Option<TimeSpan>,
    /// Fault to simulate, for example 503:5; repeatable (`--fault help` lists all faults)
    #[arg(long = "fault", value_name = "FAULT", value_parser = fault)]
    pub(crate) faults: Vec<Fault>,
    /// Write sources/NAME.yaml, key, certificate and CA into this project folder
    #[arg(long, value_name = "DIR")]
    pub(crate) write_project: Option<PathBuf>,
    /// Name of the source for --write-project
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
