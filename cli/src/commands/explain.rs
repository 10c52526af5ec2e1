//! `connector explain CODE`.

use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{STRONG, fields, paint};
use connector_core::registry::ConnectorRegistration;
use connector_core::{Error, ErrorKind, nearest};
use serde::Serialize;

/// One meaning of a code: the same code can come from several places.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Meaning {
    code: String,
    /// What uses the code: `connector`, or the name of a connector.
    source: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    exit_code: u8,
}

pub(crate) fn run(invocation: &Invocation, code: &str) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let connectors: Vec<_> = project.catalog().connectors().iter().map(|one| &*one.registration).collect();
    let meanings = meanings(&connectors, code);
    if meanings.is_empty() {
        return Err(unknown(&connectors, code).into());
    }
    if printer.is_json() {
        printer.json(&meanings)?;
        return Ok(Exit::Success);
    }
    for (index, meaning) in meanings.iter().enumerate() {
        if index > 0 {
            printer.result("\n")?;
        }
        printer.result_line(format!("{} ({})", paint(STRONG, &meaning.code), meaning.source))?;
        let pairs = [
            ("  meaning", meaning.message.clone().unwrap_or_default()),
            ("  kind", meaning.kind.to_owned()),
            ("  what to do", meaning.help.clone().unwrap_or_default()),
            ("  exit code", meaning.exit_code.to_string()),
        ];
        printer.result(fields(&pairs, printer.prose_width()))?;
    }
    Ok(Exit::Success)
}

/// Everything that is known about a code, in any case of its letters.
fn meanings(connectors: &[&ConnectorRegistration], code: &str) -> Vec<Meaning> {
    let kind = ErrorKind::ALL.iter().find(|kind| kind.name().eq_ignore_ascii_case(code));
    let mut found: Vec<Meaning> = kind.map(|kind| of_kind(*kind)).into_iter().collect();
    for connector in connectors {
        let of = |kind: ErrorKind, message: Option<&str>, help: String| Meaning {
            code: code.to_owned(),
            source: connector.name.to_string(),
            kind: kind.name(),
            message: message.map(str::to_owned),
            help: Some(help),
            exit_code: Exit::of(kind).code(),
        };
        let rows = connector.provider.token_errors.iter().filter(|row| row.code.eq_ignore_ascii_case(code));
        found.extend(rows.map(|row| of(row.kind, Some(row.cause), row.cure.to_owned())));
        found.extend((connector.provider.explain)(code).map(|known| of(known.kind, None, known.cure)));
    }
    found
}

fn of_kind(kind: ErrorKind) -> Meaning {
    Meaning {
        code: kind.name().to_owned(),
        source: "connector".to_owned(),
        kind: kind.name(),
        message: Some(kind.description().to_owned()),
        help: cure(kind).map(str::to_owned),
        exit_code: Exit::of(kind).code(),
    }
}

/// What helps against most errors of a kind. The error itself knows more.
fn cure(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Definition => "run `connector validate`: it shows every problem with its line, its column and a fix",
        ErrorKind::Secret => {
            "check the `…_ref` in the message: that the file, variable or program exists and can be read"
        }
        ErrorKind::Auth => "run `connector test NAME`: the step that fails shows what the source refuses",
        ErrorKind::Permission => {
            "give the service account the permission in the message; `connector test NAME` lists all of them"
        }
        ErrorKind::NotFound => "check the spelling; `connector aggregate NAME` reads what is new in the source",
        ErrorKind::AlreadyExists => "choose another name, or change what exists",
        ErrorKind::Invalid => "correct the value in the message",
        ErrorKind::Conflict => "run the command again when the other change has ended",
        ErrorKind::RateLimited => {
            "run the command again later, or lower `http.requests_per_second` or `aggregation.concurrency`"
        }
        ErrorKind::Quota => "free or buy more of what is used up, or wait until the quota starts again",
        ErrorKind::Unavailable => {
            "check the network, the proxy and the URL in the message, or wait until the source is back"
        }
        ErrorKind::Timeout => "raise `http.timeout`, or run the command again when the source is less busy",
        ErrorKind::Protocol => "check whether a proxy or a maintenance page answers instead of the source",
        ErrorKind::Expired => "run the command again: it starts from a position that the source still has",
        ErrorKind::Unsupported => "`connector connectors show NAME` lists what the connector can do",
        ErrorKind::Guard => "read what the guard stopped. Only if it is right, follow the hint in the message",
        ErrorKind::Cancelled => "run the command again: it continues where it stopped",
        ErrorKind::Internal => "if a full disk or a damaged store is not the cause, report it with the output of `-vv`",
        _ => return None,
    })
}

fn unknown(connectors: &[&ConnectorRegistration], code: &str) -> Error {
    let kinds = ErrorKind::ALL.iter().map(|kind| kind.name());
    let codes = connectors.iter().flat_map(|one| one.provider.token_errors).map(|row| row.code);
    let lower = code.to_lowercase();
    let help = match nearest(&lower, kinds.chain(codes)) {
        Some(guess) => format!("did you mean `{guess}`?"),
        None => "name the kind of an error, such as `rate_limited`, or an error code of a source".to_owned(),
    };
    Error::new(ErrorKind::NotFound, format!("no connector in this program knows the code `{code}`")).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_core::registry;

    #[test]
    fn every_kind_of_error_has_a_meaning_and_a_cure() {
        for kind in ErrorKind::ALL {
            let meaning = &meanings(&[], kind.name())[0];
            assert!(meaning.message.as_ref().is_some_and(|text| text.ends_with('.')), "{meaning:?}");
            assert!(meaning.help.is_some(), "{meaning:?}");
        }
    }

    #[test]
    fn an_unknown_code_names_the_nearest_one() {
        assert!(meanings(&[], "rate_limit").is_empty());
        assert_eq!(unknown(&[], "rate_limit").help(), Some("did you mean `rate_limited`?"));
    }

    #[cfg(feature = "salesforce")]
    #[test]
    fn codes_of_a_provider_are_known_in_any_case() {
        for code in ["UNABLE_TO_LOCK_ROW", "unable_to_lock_row", "REQUIRED_FIELD_MISSING"] {
            let found = meanings(&registry::connectors(), code);
            assert_eq!((found.len(), found[0].source.as_str()), (1, "salesforce"), "{code}");
            assert!(!found[0].help.as_ref().unwrap().contains('{'), "{found:?}");
        }
        assert!(meanings(&registry::connectors(), "invalid_grant").len() > 5, "one for each cause");
    }
}
