//! Proves the trials of faults: a correct connector passes, and each broken one is caught by the trial meant for it.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use async_trait::async_trait;
use connector_core::{
    Account, AccountSchema, AuthStrategy, Capabilities, Change, Connector, Context, Credential, Cursor, EntitlementRef,
    Error, ErrorKind, Exchange, Finding, HttpOptions, Operation, OperationKind, Outcome, Page, PrepareOperations,
    Prepared, Proposed, Result, TestReport, Token,
};
use connector_http::{Client, Method, Reach};
use connector_testkit::{Fixture, Proxy, Report, Subject, check_subject};
use futures_util::future::join_all;
use serde_json::{Map, json};
use std::sync::{Arc, Mutex};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const SECRET: &str = "made up & for this test";
const PEOPLE: usize = 7;
const PAGE: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// What is no JSON is an empty page.
    TakesAnythingForAPage,
    /// A page that is not found is the end.
    TakesNotFoundForTheEnd,
    /// Sends nothing again.
    GivesUpAtOnce,
    HidesTheKind,
    ShowsTheAnswer,
    WritesWhilePreparing,
    /// Asks as long as the source is out of service.
    AsksForEver,
    /// Asks again for each account of a page.
    AsksForEachAccount,
}

/// Reads people from a service, page by page.
#[derive(Debug)]
struct Directory {
    fault: Fault,
    client: Client,
    url: String,
}

impl Directory {
    async fn bare(&self, path: &str) -> std::result::Result<(u16, String), Error> {
        let failed = |error: reqwest::Error| Error::new(ErrorKind::Unavailable, error.to_string()).with_help("wait");
        let request = reqwest::Client::new()
            .get(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {SECRET}"));
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        Ok((status, answer.text().await.map_err(failed)?))
    }

    async fn names(&self, offset: usize) -> Result<Vec<String>> {
        let path = format!("/people?offset={offset}");
        match self.fault {
            Fault::GivesUpAtOnce | Fault::ShowsTheAnswer => {
                let (status, text) = self.bare(&path).await?;
                if status != 200 {
                    let message = if self.fault == Fault::ShowsTheAnswer { text } else { status.to_string() };
                    return Err(Error::new(ErrorKind::Unavailable, message).with_help("wait"));
                }
                serde_json::from_str(&text).map_err(|_| Error::new(ErrorKind::Protocol, "no JSON").with_help("wait"))
            }
            Fault::AsksForEver => loop {
                if let Ok((200, text)) = self.bare(&path).await {
                    return serde_json::from_str(&text).map_err(|_| Error::new(ErrorKind::Protocol, "no JSON"));
                }
            },
            _ => self.client.get(&path).send().await?.success()?.json(),
        }
    }
}

#[async_trait]
impl Connector for Directory {
    async fn test_connection(&self, report: &mut TestReport) {
        let api = async { self.names(0).await.map(|_| Finding::passed("there")) };
        report.step("api", api).await;
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        let offset = cursor.position::<usize>()?.unwrap_or(0);
        let names = match self.names(offset).await {
            Err(error) if self.fault == Fault::TakesNotFoundForTheEnd && error.kind() == ErrorKind::NotFound => {
                return Ok(Page::last(Vec::new()));
            }
            Err(error) if self.fault == Fault::TakesAnythingForAPage && error.kind() == ErrorKind::Protocol => {
                return Ok(Page::last(Vec::new()));
            }
            Err(error) if self.fault == Fault::HidesTheKind => {
                return Err(Error::new(ErrorKind::Internal, error.message().to_owned()));
            }
            names => names?,
        };
        if self.fault == Fault::AsksForEachAccount {
            for place in 0..names.len() {
                self.names(offset + place).await?;
            }
        }
        let end = offset + names.len();
        let accounts: Vec<_> = names.into_iter().map(|name| Account::new(format!("id-{name}"), name)).collect();
        Ok(if accounts.is_empty() { Page::last(accounts) } else { Page::then(accounts, Cursor::of(&end)?) })
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default().with_operations(vec![OperationKind::Create])
    }

    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        match &operation.change {
            Change::Create { name, .. } => {
                let answer = self.client.post_json("/people", &json!({ "name": name })).send().await?;
                if answer.status == 409 {
                    return Err(Error::new(ErrorKind::AlreadyExists, format!("`{name}` exists")));
                }
                answer.success()?;
                Ok(Outcome::applied(format!("id-{name}")))
            }
            other => Err(Error::unsupported(format!("no {}", other.kind().name()))),
        }
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::none().with_preparation(self)
    }
}

#[async_trait]
impl PrepareOperations for Directory {
    async fn prepare_operations(&self, proposed: &[Proposed]) -> Result<Vec<Result<Prepared>>> {
        let method = if self.fault == Fault::WritesWhilePreparing { Method::PUT } else { Method::GET };
        self.client.request(method, "/people?offset=0").send().await?;
        Ok(proposed.iter().map(|one| Ok(Prepared::step(one.operation.clone()))).collect())
    }
}

/// A token that does not change.
#[derive(Debug)]
struct Bearer;

#[async_trait]
impl AuthStrategy for Bearer {
    async fn credential(&self, _: &dyn Exchange) -> Result<Credential> {
        Ok(Credential::Bearer(Token::new(SECRET.into())))
    }

    async fn check(&self, _: &mut TestReport) {}
}

/// The service: a list of names in pages.
async fn service() -> MockServer {
    let server = MockServer::start().await;
    let names: Vec<String> = (0..PEOPLE).map(|number| format!("person{number}")).collect();
    let names = Arc::new(Mutex::new(names));
    let answer = move |request: &Request| {
        if request.method.as_str() == "POST" {
            let body: serde_json::Value = request.body_json().unwrap();
            let mut names = names.lock().unwrap();
            let name = body["name"].as_str().unwrap().to_owned();
            let is_new = !names.contains(&name);
            names.extend(is_new.then_some(name));
            return ResponseTemplate::new(if is_new { 201 } else { 409 }).set_body_json(json!({}));
        }
        let offset = request.url.query_pairs().find(|(name, _)| name == "offset");
        let offset: usize = offset.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        let names = names.lock().unwrap();
        ResponseTemplate::new(200).set_body_json(&names[offset.min(names.len())..names.len().min(offset + PAGE)])
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

async fn check(fault: Fault) -> Report {
    let server = service().await;
    let proxy = Proxy::start().unwrap();
    let url = proxy.before(&server.uri()).unwrap();
    let open = || {
        let http = HttpOptions { allow_insecure_loopback: true, ..HttpOptions::default() };
        let context = Context::new("directory", "/").with_http(http).with_auth(Arc::new(Bearer));
        let client = Client::open(&context, Reach::base(&url.parse().unwrap()))?;
        Ok(Box::new(Directory { fault, client, url: url.clone() }) as Box<dyn Connector>)
    };
    let fixture = Fixture {
        name: |word| format!("kit-{word}"),
        attributes: Map::new(),
        update: Map::new(),
        entitlement: EntitlementRef::new("none", "none"),
        unknown_id: None,
    };
    let subject = Subject::new(open).with_fixture(fixture).with_secret(SECRET).with_proxy(proxy);
    // The trials before have made accounts, and the last page is empty.
    check_subject(&subject.with_most_requests(PEOPLE + 3)).await
}

/// The trials of this file's subject that failed.
fn failed(report: &Report) -> Vec<&str> {
    let faults = ["no_fault", "a_fault", "an_error", "preparing_sends", "a_whole_read"];
    report.failed().into_iter().filter(|name| faults.iter().any(|fault| name.starts_with(fault))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correct_connector_passes_the_trials_of_faults() {
    let report = check(Fault::None).await;
    assert!(failed(&report).is_empty(), "{report}");
    assert!(!report.to_string().contains("needs a proxy"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_in_between_is_caught_by_the_matching_trial() {
    let faults = [
        (Fault::TakesAnythingForAPage, "no_fault_in_between_changes_a_list"),
        (Fault::TakesNotFoundForTheEnd, "no_fault_in_between_changes_a_list"),
        (Fault::GivesUpAtOnce, "a_fault_that_passes_is_survived"),
        (Fault::HidesTheKind, "a_fault_that_stays_ends_with_its_kind"),
        (Fault::AsksForEver, "a_fault_that_stays_ends_with_its_kind"),
        (Fault::ShowsTheAnswer, "an_error_shows_no_secret"),
        (Fault::WritesWhilePreparing, "preparing_sends_no_write"),
        (Fault::AsksForEachAccount, "a_whole_read_takes_no_more_requests_than_allowed"),
    ];
    let reports = join_all(faults.iter().map(|(fault, _)| check(*fault))).await;
    for ((fault, trial), report) in faults.iter().zip(reports) {
        assert!(failed(&report).contains(trial), "{fault:?} was not caught by {trial}:\n{report}");
    }
}
