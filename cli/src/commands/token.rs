//! `connector token`.

use crate::arguments::{ListArguments, OutputFormat, TokenCommand, TokenNewArguments};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{DIM, Datum, List, ListColumn, Tone, columns_help as columns_help_of, day, paint};
use connector_core::Error;
use connector_server::{Token, Tokens};
use jiff::Timestamp;
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, command: &TokenCommand) -> Result<Exit, Stop> {
    match command {
        TokenCommand::New(arguments) => create(invocation, arguments)?,
        TokenCommand::List(arguments) => list(invocation, arguments)?,
        TokenCommand::Revoke { id } => revoke(invocation, id)?,
    }
    Ok(Exit::Success)
}

fn create(invocation: &Invocation, arguments: &TokenNewArguments) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let tokens = Tokens::open(&invocation.access_beside(&invocation.project()?)?)?;
    let new = tokens.create(&arguments.name, arguments.role, arguments.expires.duration(), Timestamp::now())?;
    if printer.is_json() {
        return printer.json(&json!({
            "id": new.token.id,
            "name": new.token.name,
            "role": new.token.role,
            "expires_at": new.token.expires_at,
            "token": new.secret,
        }));
    }
    printer.result(format!("{}\n", new.secret))?;
    printer.note(format!("The token is shown only this time. It works until {}.", day(new.token.expires_at)));
    Ok(())
}

fn list(invocation: &Invocation, arguments: &ListArguments) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let list = List::new(columns(), arguments)?;
    let tokens = Tokens::open_existing(&invocation.access_beside(&invocation.project()?)?)?;
    let tokens = tokens.map(|tokens| tokens.list()).transpose()?.unwrap_or_default();
    if tokens.is_empty() && printer.format() == OutputFormat::Human {
        printer.result(format!("{}\n", paint(DIM, "this project has no tokens yet")))?;
        printer.next(&[("connector token new NAME", "create a token")]);
        return Ok(());
    }
    list.print(printer, tokens)
}

fn revoke(invocation: &Invocation, id: &str) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let tokens = Tokens::open_existing(&invocation.access_beside(&invocation.project()?)?)?;
    let missing = || Error::not_found("this project has no tokens").with_help("`connector token new` creates one");
    let token = tokens.ok_or_else(missing)?.revoke(id, Timestamp::now())?;
    if printer.is_json() {
        return printer.json(&token);
    }
    printer.note(format!("The token `{}` no longer works", token.name));
    Ok(())
}

pub(crate) fn columns_help() -> String {
    columns_help_of(&columns())
}

fn columns() -> Vec<ListColumn<Token>> {
    let state = |token: &Token| {
        let (word, tone) = match (token.revoked_at, token.works(Timestamp::now())) {
            (Some(_), _) => ("revoked", Tone::Bad),
            (None, false) => ("expired", Tone::Warn),
            (None, true) => ("works", Tone::Good),
        };
        Datum::text(word).toned(tone)
    };
    vec![
        ListColumn::new("id", |token: &Token| Datum::text(&token.id)),
        ListColumn::new("name", |token: &Token| Datum::text(&token.name)).looks(|look| look.wrapping().rank(1)),
        ListColumn::new("role", |token: &Token| Datum::text(token.role.name())).looks(|look| look.rank(5)),
        ListColumn::new("state", state),
        ListColumn::new("created_at", |token: &Token| Datum::moment(token.created_at))
            .looks(|look| look.titled("created").rank(3)),
        ListColumn::new("expires_at", |token: &Token| Datum::moment(token.expires_at))
            .looks(|look| look.titled("expires").rank(2)),
        ListColumn::new("used_at", |token: &Token| Datum::moment(token.used_at))
            .looks(|look| look.titled("used").rank(4)),
    ]
}
