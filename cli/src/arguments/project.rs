//! `init` and `quickstart`.

use clap::Args;
use std::path::PathBuf;

/// Arguments of `init`.
#[derive(Args, Debug)]
pub(crate) struct InitArguments {
    /// The folder [default: the current one]
    pub(crate) dir: Option<PathBuf>,
}

/// Arguments of `quickstart`.
#[cfg(feature = "sandbox")]
#[derive(Args, Debug)]
pub(crate) struct QuickstartArguments {
    /// The folder to make the project in
    #[arg(default_value = "connector-quickstart")]
    pub(crate) dir: PathBuf,
}
