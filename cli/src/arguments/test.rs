//! `test`.

use super::completes::Completes;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `test`.
#[derive(Args, Debug)]
pub(crate) struct TestArguments {
    /// Source name, or path of its file
    #[arg(add = Completes::Sources)]
    pub(crate) name: String,
    /// Write what the source answers into a new folder, without secrets
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    pub(crate) record: Option<PathBuf>,
    /// Take the answers from such a folder; nothing is sent
    #[arg(long, value_name = "DIR")]
    pub(crate) replay: Option<PathBuf>,
}
