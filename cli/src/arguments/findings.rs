//! `findings`.

use super::completes::Completes;
use super::list::ListArguments;
use clap::Args;
use connector_core::Severity;
use std::path::PathBuf;

/// Arguments of `findings`.
#[derive(Args, Debug)]
pub(crate) struct FindingsArguments {
    /// Source names [default: all sources]
    #[arg(value_name = "NAME")]
    #[arg(add = Completes::Sources)]
    pub(crate) names: Vec<String>,
    /// Show only findings of these rules
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    #[arg(help = "Show only findings of these rules, separated by commas")]
    pub(crate) rule: Vec<String>,
    /// Show only findings about this account
    #[arg(long, value_name = "ID")]
    #[arg(help = "Show only findings about this account, by its id or name")]
    pub(crate) account: Option<String>,
    /// Show only findings at least as bad
    #[arg(long, value_name = "SEVERITY", default_value = "low", value_parser = severity)]
    #[arg(help = "Show only findings at least this bad: info, low, medium, high or critical")]
    pub(crate) severity: Severity,
    /// Also show findings that findings.yaml accepts
    #[arg(long)]
    pub(crate) accepted: bool,
    /// Exit with 1 if a finding that nobody accepted is at least this bad
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    #[arg(help = "Exit with code 1 if a finding that is not accepted is at least this bad")]
    pub(crate) fail_on: Option<Severity>,
    /// Write all findings as SARIF to a file
    #[arg(long, value_name = "FILE")]
    #[arg(help = "Also write the findings as SARIF 2.1.0 to FILE; `-` writes only SARIF, to stdout")]
    pub(crate) sarif: Option<PathBuf>,
    /// List the rules instead
    #[arg(long, conflicts_with_all = ["account", "accepted", "fail_on", "sarif"])]
    #[arg(help = "List the rules, with the reason and the cure of each")]
    pub(crate) rules: bool,
    /// Show at most N findings [default: 50 on a terminal, otherwise all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) list: ListArguments,
}

fn severity(text: &str) -> Result<Severity, String> {
    text.to_ascii_lowercase().parse().map_err(|_| {
        let names: Vec<_> = Severity::all().iter().map(|one| one.name()).collect();
        format!("write one of {}", names.join(", "))
    })
}
