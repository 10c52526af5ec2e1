//! `connector preview-attributes NAME --account ACCOUNT`.

use super::accounts::plain;
use crate::arguments::PreviewAttributesArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{STRONG, fields, paint};
use connector_core::{Account, Error, ErrorKind};
use connector_engine::aggregate;
use connector_project::derive::Derivations;
use serde_json::{Value, json};

pub(crate) fn run(invocation: &Invocation, arguments: &PreviewAttributesArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let source = project.load(&arguments.name)?;
    let derivations = source.derivations()?;
    if derivations.is_empty() {
        return Err(Error::new(ErrorKind::Definition, format!("the file of `{}` derives no attributes", source.name))
            .with_help("write an `attributes:` block, for example `attributes: {mail: {from: Email, then: [lower]}}`")
            .into());
    }
    let opened = source.open(&project)?;
    let found = invocation.block_on(aggregate::look_up(&opened, &arguments.accounts))??;
    let mut all_found = true;
    for (asked, accounts) in arguments.accounts.iter().zip(&found) {
        if accounts.is_empty() {
            invocation.printer.warning(&format!("the source shows no account `{asked}`"));
            all_found = false;
        }
    }
    for (number, account) in found.iter().flatten().enumerate() {
        show(invocation, &derivations, account, number > 0)?;
    }
    Ok(if all_found { Exit::Success } else { Exit::Failure })
}

fn show(invocation: &Invocation, derivations: &Derivations, account: &Account, follows: bool) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let values = derivations.values(account)?;
    if printer.is_json() {
        return printer.json(&json!({"id": account.id, "name": account.name, "attributes": values}));
    }
    let blank = if follows { "\n" } else { "" };
    printer.result(format!("{blank}{}\n", paint(STRONG, &account.name)))?;
    let shown = |value: &Value| if value.is_null() { "–".to_owned() } else { plain(&value.to_string()) };
    let pairs: Vec<_> = values.iter().map(|(name, value)| (*name, shown(value))).collect();
    printer.result(fields(&pairs, printer.prose_width()))
}
