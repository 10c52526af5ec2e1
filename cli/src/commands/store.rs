//! `connector store`.

use crate::arguments::StoreCommand;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, place_of};
use crate::output::{BAD, Waiting, paint, plural, wrap};
use connector_core::{Error, ErrorKind};
use connector_engine::query::{self, Flaw};
use connector_engine::store::{self, CopiedTable, Place, Store};
use serde::Serialize;

/// The result for programs.
#[derive(Serialize)]
struct Checked<'a> {
    store: &'a Place,
    ok: bool,
    problems: &'a [Flaw],
}

pub(crate) fn run(invocation: &Invocation, command: &StoreCommand) -> Result<Exit, Stop> {
    match command {
        StoreCommand::Check => check(invocation),
        StoreCommand::Copy { from, to } => copy(invocation, from, to),
    }
}

/// The result of a copy for programs.
#[derive(Serialize)]
struct Copied<'a> {
    from: &'a Place,
    to: &'a Place,
    tables: &'a [CopiedTable],
}

fn copy(invocation: &Invocation, from: &str, to: &str) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let (source, target) = (place_of(&project, from)?, place_of(&project, to)?);
    let Some(source) = Store::open_existing(source)? else {
        return Err(Error::new(ErrorKind::NotFound, format!("the store `{from}` does not exist"))
            .with_help("name the store that has the history first, then the new one")
            .into());
    };
    let target = Store::open(target)?;
    let waiting = Waiting::begin(&invocation.printer, "Copying the store");
    let tables = store::copy(&source, &target)?;
    drop(waiting);
    let printer = &invocation.printer;
    if printer.is_json() {
        printer.json(&Copied { from: source.place(), to: target.place(), tables: &tables })?;
        return Ok(Exit::Success);
    }
    let rows = tables.iter().map(|table| table.rows).sum::<u64>();
    let (what, from, to) = (plural(rows, "row"), source.place(), target.place());
    printer.result_line(format!("`{to}` has the {what} of `{from}`: the counts and hashes of all tables agree"))?;
    printer.note(format!("To use it, write `store: {to}` in connector.yaml, or add `--store` to each command."));
    Ok(Exit::Success)
}

fn check(invocation: &Invocation) -> Result<Exit, Stop> {
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
    let help = if file.file().is_some() {
        "keep a copy of the file, because it has the history and the journal; if you move the file away, the next \
         aggregation creates a new store"
    } else {
        "keep a dump of the database, because it has the history and the journal"
    };
    printer.error(&Error::new(ErrorKind::Internal, message).with_help(help));
    Ok(exit)
}
