//! Faults between the connector and its source never shorten a list, pass, or end with an error that shows no secret.

use super::{Kept, Need, Trial, Tried};
use crate::fault::Fault;
use crate::proxy::Proxy;
use crate::reading::{self, Line};
use crate::stage::Stage;
use crate::subject::Subject;
use connector_core::{Connector, Cursor, Error, ErrorKind, OperationKind, TestReport};
use std::collections::BTreeSet;
use std::time::Duration;

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "no_fault_in_between_changes_a_list",
        need: Need::Proxy,
        run: |subject| Box::pin(no_fault_changes_a_list(subject)),
    },
    Trial {
        name: "a_fault_that_passes_is_survived",
        need: Need::Proxy,
        run: |subject| Box::pin(passing_faults_are_survived(subject)),
    },
    Trial {
        name: "a_fault_that_stays_ends_with_its_kind",
        need: Need::Proxy,
        run: |subject| Box::pin(lasting_faults_end(subject)),
    },
    Trial {
        name: "an_error_shows_no_secret",
        need: Need::ProxyAndSecrets,
        run: |subject| Box::pin(errors_show_no_secret(subject)),
    },
    Trial {
        name: "preparing_sends_no_write",
        need: Need::ProxyAndPreparation,
        run: |subject| Box::pin(preparing_sends_no_write(subject)),
    },
];

/// How long a read with a fault may take.
const LONGEST: Duration = Duration::from_secs(40);
/// A connector that asks more often than this while the source is out of service never ends.
const MOST_REQUESTS: usize = 200;
/// At how many requests of a read each fault is tried.
const PLACES: usize = 3;

/// A whole read, and the first error that it met. After an error, the page is read again, as the next job does.
struct Read {
    lines: Vec<Line>,
    error: Option<Error>,
    /// How many pages say that something is missing or hidden.
    gaps: usize,
}

/// Reads each list to its end. After an error, another connector goes on, and nothing disturbs the rest.
async fn whole(subject: &Subject<'_>, connector: Box<dyn Connector>, proxy: &Proxy) -> Result<Read, String> {
    let (mut lines, mut first, mut gaps) = (Vec::new(), None, 0);
    let next_job = subject.open()?;
    let others = reading::lists(next_job.as_ref());
    for (list, other) in reading::lists(connector.as_ref()).iter().zip(&others) {
        let mut left = vec![Cursor::start()];
        while let Some(cursor) = left.pop() {
            let page = match &first {
                None => match list.page_and_gaps(&cursor).await {
                    Err(error) => {
                        first = Some(error);
                        proxy.calm();
                        other.page_and_gaps(&cursor).await
                    }
                    page => page,
                },
                Some(_) => other.page_and_gaps(&cursor).await,
            };
            let (items, next, has_gaps) = page.map_err(|error| {
                let how = if first.is_some() { " after an error, although nothing disturbs it" } else { "" };
                format!("{} at {cursor:?}{how}: {error}", list.name())
            })?;
            lines.extend(items.into_iter().map(|item| format!("{}: {item}", list.name())));
            left.extend(next);
            gaps += usize::from(has_gaps);
        }
    }
    lines.sort_unstable();
    Ok(Read { lines, error: first, gaps })
}

/// A read without a fault, and how many requests it takes.
async fn undisturbed(subject: &Subject<'_>, proxy: &Proxy) -> Result<(Read, usize), String> {
    proxy.calm();
    let read = whole(subject, subject.open()?, proxy).await?;
    match &read.error {
        Some(error) => Err(format!("without a fault: {error}")),
        None if proxy.requests() == 0 => Err("no request of the connector comes through the proxy".to_owned()),
        None => Ok((read, proxy.requests())),
    }
}

/// Some of so many requests: the first, the last, and those between.
fn places(requests: usize) -> BTreeSet<usize> {
    (0..PLACES).map(|place| place * requests.saturating_sub(1) / (PLACES - 1)).collect()
}

async fn disturbed(subject: &Subject<'_>, proxy: &Proxy, fault: Fault, place: usize) -> Result<Read, String> {
    let connector = subject.open()?;
    proxy.disturb(fault, place..place + 1);
    let read = tokio::time::timeout(LONGEST, whole(subject, connector, proxy)).await;
    proxy.calm();
    read.map_err(|_| format!("{fault:?} at request {place}: the read did not end in 40 seconds"))?
        .map_err(|seen| format!("{fault:?} at request {place}: {seen}"))
}

fn difference(wanted: &[Line], read: &[Line]) -> Option<String> {
    if wanted == read {
        return None;
    }
    let lost = wanted.iter().find(|line| !read.contains(line)).map_or("nothing", String::as_str);
    let new = read.iter().find(|line| !wanted.contains(line)).map_or("nothing", String::as_str);
    Some(format!(
        "the read shows {} rows instead of {}; it lost {lost} and has {new} instead",
        read.len(),
        wanted.len()
    ))
}

async fn no_fault_changes_a_list(subject: &Subject<'_>) -> Tried {
    let Some(proxy) = subject.proxy() else { return Ok(Kept::NotUsed("a proxy")) };
    let (wanted, requests) = undisturbed(subject, proxy).await?;
    for fault in Fault::ALL {
        for place in places(requests) {
            let read = disturbed(subject, proxy, *fault, place).await?;
            // What the source refuses may be missing if the page says so.
            if read.gaps <= wanted.gaps
                && let Some(seen) = difference(&wanted.lines, &read.lines)
            {
                let how = read.error.map_or_else(|| "no error".to_owned(), |error| format!("the error `{error}`"));
                return Err(format!("{fault:?} at request {place} of {requests}, with {how}: {seen}"));
            }
        }
    }
    Ok(Kept::Promise)
}

async fn passing_faults_are_survived(subject: &Subject<'_>) -> Tried {
    let Some(proxy) = subject.proxy() else { return Ok(Kept::NotUsed("a proxy")) };
    let (_, requests) = undisturbed(subject, proxy).await?;
    for fault in Fault::PASSING {
        for place in places(requests) {
            if let Some(error) = disturbed(subject, proxy, *fault, place).await?.error {
                return Err(format!(
                    "{fault:?} at request {place} of {requests} is over when it is sent again: {error}"
                ));
            }
        }
    }
    Ok(Kept::Promise)
}

/// The error of a read while the source does this to each request.
async fn error_of(subject: &Subject<'_>, proxy: &Proxy, fault: Fault) -> Result<Error, String> {
    let connector = subject.open()?;
    proxy.disturb(fault, 0..usize::MAX);
    let first = Cursor::start();
    let too_many = async {
        while proxy.requests() <= MOST_REQUESTS {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let page = tokio::select! {
        page = tokio::time::timeout(LONGEST, connector.aggregate_accounts(&first)) => page,
        () = too_many => {
            return Err(format!("{fault:?}: the connector sent more than {MOST_REQUESTS} requests for one page"));
        }
    };
    proxy.calm();
    match page {
        Err(_) => Err(format!("{fault:?}: the first page did not end in 40 seconds")),
        Ok(Ok(page)) => Err(format!("{fault:?} each time, but the first page has {} accounts", page.items().len())),
        Ok(Err(error)) => Ok(error),
    }
}

async fn lasting_faults_end(subject: &Subject<'_>) -> Tried {
    let Some(proxy) = subject.proxy() else { return Ok(Kept::NotUsed("a proxy")) };
    for (fault, wanted) in [
        (Fault::Status(503), &[ErrorKind::Unavailable][..]),
        (Fault::Status(401), &[ErrorKind::Auth]),
        (Fault::Status(429), &[ErrorKind::RateLimited, ErrorKind::Quota]),
        (Fault::Status(403), &[ErrorKind::Permission, ErrorKind::Auth]),
        (Fault::Html, &[ErrorKind::Protocol, ErrorKind::Auth, ErrorKind::Unavailable]),
        (Fault::Reset, &[ErrorKind::Unavailable]),
    ] {
        let error = error_of(subject, proxy, fault).await?;
        if !wanted.contains(&error.kind()) {
            return Err(format!("{fault:?} is an error of kind {}: {error}", error.kind()));
        }
        if error.help().is_none_or(str::is_empty) {
            return Err(format!("{fault:?}: the error has no help: {error}"));
        }
    }
    Ok(Kept::Promise)
}

/// The forms in which a secret can be in a text.
fn forms(secret: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let encoded = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    vec![secret.to_owned(), STANDARD.encode(secret), URL_SAFE_NO_PAD.encode(secret), encoded]
}

async fn errors_show_no_secret(subject: &Subject<'_>) -> Tried {
    let Some(proxy) = subject.proxy() else { return Ok(Kept::NotUsed("a proxy")) };
    let forms: Vec<_> = subject.secrets().iter().flat_map(|secret| forms(secret)).collect();
    let shows = |text: &str| forms.iter().any(|form| text.contains(form.as_str()));
    for status in [400, 401, 403, 404, 500] {
        let fault = Fault::Status(status);
        let error = error_of(subject, proxy, fault).await?;
        if shows(&format!("{error} {error:?} {error:#?}")) {
            return Err(format!("the error of {fault:?} shows a secret that the source sent back"));
        }
        let connector = subject.open()?;
        proxy.disturb(fault, 0..usize::MAX);
        let mut report = TestReport::new();
        connector.test_connection(&mut report).await;
        proxy.calm();
        if shows(&format!("{report:?}")) {
            return Err(format!("the connection test with {fault:?} shows a secret that the source sent back"));
        }
    }
    Ok(Kept::Promise)
}

async fn preparing_sends_no_write(subject: &Subject<'_>) -> Tried {
    let Some(proxy) = subject.proxy() else { return Ok(Kept::NotUsed("a proxy")) };
    let connector = subject.open()?;
    let stage = Stage::set(subject, connector.as_ref(), "unsent").await?;
    proxy.calm();
    // The kit has no other account that could take over.
    for kind in connector.schema().operations.into_iter().filter(|kind| *kind != OperationKind::Transfer) {
        stage.prepare(kind).await?;
        if proxy.writes() > 0 {
            return Err(format!("preparing {} sent {} requests that write", kind.name(), proxy.writes()));
        }
    }
    Ok(Kept::Promise)
}
