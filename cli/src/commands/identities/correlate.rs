//! `connector identities correlate`, and the correlation after runs.

use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{Column, Table, Waiting, count, plural, text_cell};
use connector_core::Error;
use connector_engine::identities::{self, Correlation, Totals, Wish};
use connector_engine::store::Store;
use connector_project::identities::IdentitySettings;
use connector_project::source::Project;

pub(super) fn run(
    invocation: &Invocation,
    project: &Project,
    settings: &IdentitySettings,
    preview: bool,
    accept_changes: bool,
) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    invocation.store_with(project, &settings.authority)?;
    let store = invocation.store(project)?;
    let waiting = Waiting::begin(printer, "Correlating accounts");
    let wish = Wish { preview, accept_changes };
    let correlation = identities::correlate(&store, settings, &project.sources()?, wish)?;
    drop(waiting);
    if printer.is_json() {
        printer.json(&correlation)?;
    } else {
        show(invocation, &correlation)?;
    }
    correlation.warnings.iter().for_each(|warning| printer.warning(warning));
    Ok(Exit::Success)
}

fn show(invocation: &Invocation, correlation: &Correlation) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let Totals { people, linked, confirmed, ambiguous, unmatched, refused, left_out } = correlation.now;
    let mut table =
        Table::new([Column::new("accounts"), Column::number("now"), Column::new("what that means").wrapping()]);
    let mut row = |name: &str, number: u64, what: &str| {
        table.row([text_cell(name), text_cell(count(number)), text_cell(what)]);
    };
    row("linked", linked, "they belong to a person");
    for tally in &correlation.rules {
        row(&format!("  {}", tally.rule), tally.links, "by this rule");
    }
    row("  confirmed", confirmed, "by hand");
    row("ambiguous", ambiguous, "several people, or one to confirm: `connector identities --ambiguous`");
    row("unmatched", unmatched, "nobody: `connector identities --unmatched`");
    row("refused", refused, "they belong to nobody, as somebody said");
    row("left out", left_out, "they belong to nobody, as `leave_out` says");
    printer.result(table.render(printer.table_width()))?;
    printer.remark(format!("\n{} people in {}; {}", count(people), correlation.authority, told(correlation)));
    Ok(())
}

/// `3 accounts linked, 1 link ended`, or that nothing changed.
fn told(correlation: &Correlation) -> String {
    let Correlation { linked, ended, moved, kept, .. } = correlation;
    let mut parts = Vec::new();
    let is = |number: u64| if number == 1 { "is" } else { "are" };
    if *linked > 0 {
        parts.push(format!("{} {} linked", plural(*linked, "account"), is(*linked)));
    }
    if *moved > 0 {
        parts.push(format!("{} {} linked to another person", plural(*moved, "account"), is(*moved)));
    }
    if *ended > 0 {
        parts.push(format!("{} ended", plural(*ended, "link")));
    }
    match (parts.is_empty(), kept) {
        (true, _) => "no link changed".to_owned(),
        (false, true) => parts.join(", "),
        (false, false) => format!("in a preview, {}; nothing was kept", parts.join(", ")),
    }
}

/// Correlates after runs. A fault is a warning: the runs are what the user asked for.
pub(in super::super) fn follow(invocation: &Invocation, project: &Project, store: &Store) {
    let printer = &invocation.printer;
    match identities::follow(store, project) {
        Ok(None) => {}
        Ok(Some(correlation)) => {
            if correlation.has_changed() {
                printer.remark(format!("\nIdentities: {}.", told(&correlation)));
            }
            correlation.warnings.iter().for_each(|warning| printer.warning(&format!("identities: {warning}")));
        }
        Err(error) => printer.warning(&format!("identities: {}", with_help(&error))),
    }
}

fn with_help(error: &Error) -> String {
    error.help().map_or_else(|| error.message().to_owned(), |help| format!("{}; {help}", error.message()))
}
