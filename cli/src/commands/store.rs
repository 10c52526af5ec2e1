//! `connector store check`.

use crate::arguments::StoreCommand;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{BAD, Waiting, paint, plural, wrap};
use connector_core::{Error, ErrorKind};
use connector_engine::query::{self, Flaw};
use connector_engine::store::Place;
use serde::Serialize;

/// The result for programs.
#[derive(Serialize)]
struct Checked<'a> {
    store: &'a Place,
    ok: bool,
    problems: &'a [Flaw],
}

pub(crate) fn run(invocation: &Invocation, command: &StoreCommand) -> Result<Exit, Stop> {
    let StoreCommand::Check = command;
    let project = invocation.project()?;
    let Some(store) = invocation.existing_store(&project)? else {
        let message = format!("the store `{}` does not exist", invocation.store_place(&project)?);
        return Err(Error::new(ErrorKind::NotFound, message)
            .with_help("the first `connector aggregate` creates it")
            .into());
    };
    let waiting = Waiting::begin(&invocation.printer, "Checking the store");
    let flaws = query::check(&store)?;
    drop(waiting);
    let exit = if flaws.is_empty() { Exit::Success } else { Exit::Failure };
    let printer = &invocation.printer;
    if printer.is_json() {
        printer.json(&Checked { store: store.place(), ok: flaws.is_empty(), problems: &flaws })?;
        return Ok(exit);
    }
    for flaw in &flaws {
        let lines = wrap(&flaw.message, printer.prose_width().saturating_sub(4)).join("\n    ");
        printer.result(format!("  {} {lines}\n", paint(BAD, "✗")))?;
    }
    let file = store.place();
    if flaws.is_empty() {
        printer.result_line(format!("`{file}` has no problems"))?;
        return Ok(exit);
    }
    printer.flush()?;
    printer.note_blank();
    let message = format!("`{file}` has {}", plural(flaws.len() as u64, "problem"));
    printer.error(&Error::new(ErrorKind::Internal, message).with_help(
        "keep a copy of the file, because it has the history and the journal; if you move the file away, the next \
         aggregation creates a new store",
    ));
    Ok(exit)
}
