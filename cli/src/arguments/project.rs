//! `init` and `quickstart`.

use clap::Args;
use std::path::PathBuf;

/// Arguments of `init`.
#[derive(Args, Debug)]
pub(crate) struct InitArguments {
    /// Project folder [default: the current folder]
    pub(crate) dir: Option<PathBuf>,
}

/// Arguments of `quickstart`.
#[derive(Args, Debug)]
pub(crate) struct QuickstartArguments {
    /// Folder for the new project
    #[arg(default_value = "connector-quickstart")]
    pub(crate) dir: PathBuf,
    /// Connector to show [default: asks on a terminal, otherwise the first one]
    #[arg(long, value_name = "NAME")]
    pub(crate) connector: Option<String>,
}
