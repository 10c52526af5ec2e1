//! `connector serve`.

use crate::arguments::ServeArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::Printer;
use connector_server::Server;
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, arguments: &ServeArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.store_place(&project)?;
    let listen = arguments.listen.unwrap_or_default();
    let stop = invocation.interrupt().token();
    let server = Server::bind(&project, store, &invocation.access_beside(&project)?, listen, stop)?;
    let server = if arguments.no_schedule { server.without_clock() } else { server };
    if !printer.is_json() {
        printer.note(format!(
            "The console of `{}` is running. Open this link to sign in; it works once:",
            project.folder().display()
        ));
    }
    show(printer, &server.sign_in_link())?;
    if !printer.is_json() {
        printer.note("Press Ctrl-C to stop.");
    }
    let printer = printer.clone();
    let next = move |link: &str| {
        if !printer.is_json() {
            printer.note("\nSomebody signed in. For another browser:");
        }
        // Who closed the output wants no more links.
        let _ = show(&printer, link);
    };
    invocation.block_on(server.serve(next))??;
    // To stop is the only end of this command.
    Ok(Exit::Success)
}

fn show(printer: &Printer, link: &str) -> Result<(), Stop> {
    if printer.is_json() {
        printer.json(&json!({"sign_in": link}))?;
    } else {
        printer.result(format!("\n  {link}\n\n"))?;
    }
    printer.flush()
}
