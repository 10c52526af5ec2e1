//! Logs, on stderr.

use crate::arguments::{GlobalArguments, LogFormat};
use std::env;
use std::fmt::Write as _;
use std::io;
use tracing_subscriber::EnvFilter;

/// Whether anything is logged.
pub(crate) fn is_wanted(global: &GlobalArguments) -> bool {
    global.verbose > 0 || env::var_os("RUST_LOG").is_some() || global.log_format == LogFormat::Json
}

/// Starts logging, when it is wanted.
pub(crate) fn start(global: &GlobalArguments) {
    if !is_wanted(global) {
        return;
    }
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(levels(global.verbose)));
    // At trace level, this crate logs complete HTTP/2 frames, headers included.
    let filter = match "h2=info".parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // A second start within one process keeps the first.
    let _ = match global.log_format {
        LogFormat::Text => builder.with_ansi(false).with_target(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// Each `-v` raises the level of our own crates; other crates only log warnings.
fn levels(verbose: u8) -> String {
    let own = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let crates = ["connector_cli", "connector_core", "connector_engine", "connector_http", "connector_keys"];
    let mut text = String::from("warn");
    for name in crates {
        _ = write!(text, ",{name}={own}");
    }
    for registration in connector_core::registry::connectors() {
        _ = write!(text, ",connector_{}={own}", registration.name);
    }
    text
}
