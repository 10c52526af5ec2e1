//! `serve`.

use clap::Args;
use connector_core::Error;
use connector_server::Listen;

/// Arguments of `serve`.
#[derive(Args, Debug)]
pub(crate) struct ServeArguments {
    /// Address of this machine to listen on, for example 127.0.0.1:8080 [default: a free port]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) listen: Option<Listen>,
    /// Don't aggregate sources when their schedules say so: `connector worker` or another scheduler does
    #[arg(long)]
    pub(crate) no_schedule: bool,
}

fn address(text: &str) -> Result<Listen, String> {
    text.parse().map_err(|error: Error| match error.help() {
        Some(help) => format!("{error}\n  help: {help}"),
        None => error.to_string(),
    })
}
