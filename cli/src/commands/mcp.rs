//! `connector mcp`.

use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;

pub(crate) fn run(invocation: &Invocation) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.store_place(&project)?;
    let stop = invocation.interrupt().token();
    if printer.is_terminal() {
        printer
            .note("An assistant starts this command and speaks with it on standard input and output; Ctrl-D ends it.");
    }
    invocation.block_on(connector_mcp::serve(&project, store, stop))??;
    Ok(Exit::Success)
}
