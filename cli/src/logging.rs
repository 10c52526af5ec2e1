//! Logs, on stderr.

use crate::arguments::{GlobalArguments, LogFormat};
use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io;
use tracing_subscriber::EnvFilter;

/// Whether anything is logged.
pub(crate) fn is_wanted(global: &GlobalArguments) -> bool {
    global.verbose > 0 || env::var_os("RUST_LOG").is_some() || global.log_format == LogFormat::Json
}

/// Starts logging, when it is wanted. Returns a warning if `RUST_LOG` can't be used.
pub(crate) fn start(global: &GlobalArguments) -> Option<String> {
    if !is_wanted(global) {
        return None;
    }
    let (filter, unusable) = filter(env::var_os("RUST_LOG"), global.verbose);
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
    unusable
}

/// What is logged, as `RUST_LOG` or else the number of `-v` says, and a warning if `RUST_LOG` can't be used.
fn filter(wanted: Option<OsString>, verbose: u8) -> (EnvFilter, Option<String>) {
    let usual = || EnvFilter::new(levels(verbose));
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return (usual(), None) };
    let parsed = match wanted.to_str() {
        Some(text) => EnvFilter::try_new(text).map_err(|fault| fault.to_string()),
        None => Err("it is not UTF-8".to_owned()),
    };
    match parsed {
        Ok(filter) => (filter, None),
        Err(fault) => {
            let help = "write a level or `CRATE=LEVEL`, for example `RUST_LOG=connector_http=debug`";
            (usual(), Some(format!("`RUST_LOG` is ignored: {fault}; {help}")))
        }
    }
}

/// Our own crates, apart from the connectors.
const CRATES: [&str; 16] = [
    "connector_cli",
    "connector_core",
    "connector_engine",
    "connector_files",
    "connector_filter",
    "connector_http",
    "connector_keys",
    "connector_mcp",
    "connector_project",
    "connector_queue",
    "connector_secrets",
    "connector_server",
    "connector_sql",
    "connector_store",
    "connector_tables",
    "connector_text",
];

/// Each `-v` raises the level of our own crates; other crates only log warnings.
fn levels(verbose: u8) -> String {
    let own = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let mut text = String::from("warn");
    for name in CRATES {
        _ = write!(text, ",{name}={own}");
    }
    for registration in connector_core::registry::connectors() {
        _ = write!(text, ",connector_{}={own}", registration.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_ours_has_a_level() {
        let workspace = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).unwrap();
        let members = workspace.split("members = [").nth(1).unwrap().split(']').next().unwrap();
        let own: Vec<_> = members.split('"').filter(|name| name.starts_with("connector-")).collect();
        assert!(own.len() >= 8, "{own:?}");
        for name in own.into_iter().chain(["connector-cli"]) {
            let level = format!(",{}=debug", name.replace('-', "_"));
            assert!(levels(2).contains(&level), "{level}: {}", levels(2));
        }
    }

    #[test]
    fn a_level_that_cannot_be_read_is_named_and_not_ignored_silently() {
        let (_, warning) = filter(Some("garbage=[".into()), 0);
        assert!(warning.is_some_and(|warning| warning.contains("`RUST_LOG` is ignored") && warning.contains("LEVEL")));
        for fine in [None, Some(OsString::new()), Some("debug".into()), Some("connector_http=trace,warn".into())] {
            assert_eq!(filter(fine.clone(), 0).1, None, "{fine:?}");
        }
    }
}
