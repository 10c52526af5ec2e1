//! The steps of the connection test that need the API.

use crate::api::{Api, Asked, undone};
use crate::read::{self, Mark};
use crate::settings::Where;
use crate::system::Test;
use connector_core::{Cursor, Error, Finding, Page, Result, TestReport};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

/// The steps of a connection test after the definition.
pub(crate) static STEPS: &[&str] = &["credential", "api", "accounts", "entitlements", "assignments"];

/// Adds the steps. Each list is read up to its first items, so that a mapping that does not fit is found here.
pub(crate) async fn run(api: &Api, mark: Mark, report: &mut TestReport) {
    api.client.test_access_token(report).await;
    report.step("api", asked(api)).await;
    report.step("accounts", accounts(api, mark)).await;
    if api.system.types.is_empty() {
        return;
    }
    report.step("entitlements", entitlements(api, mark)).await;
    report.step("assignments", assignments(api, mark)).await;
}

/// The body of the response to the test's request.
pub(crate) async fn answer(api: &Api, test: &Test) -> Result<Value> {
    let asked = Asked::new(&test.path, &test.query, &api.system.vars()).map_err(|fault| undone("`test`", &fault))?;
    api.get(&asked, Where::Test).await.map(|answer| answer.body)
}

async fn asked(api: &Api) -> Result<Finding> {
    let Some(test) = &api.system.test else {
        return Ok(Finding::passed("the settings name no request; the lists follow"));
    };
    let body = answer(api, test).await?;
    if let Some(expect) = &test.expect {
        let vars = api.system.vars().with("body", &body);
        let holds = expect.truth(&vars).map_err(|fault| undone("`test.expect`", &fault))?;
        if !holds {
            return Err(Error::protocol(format!("the response is not as `test.expect` says: `{expect:?}`"))
                .with_help("check the account of this source, and `test` in the settings"));
        }
    }
    Ok(Finding::passed("answers"))
}

/// The first items of a list.
struct First {
    count: usize,
    has_more: bool,
    /// Why the list may not be whole.
    doubt: Option<String>,
}

const HELP: &str = "check the path in the settings and the permissions of the source's account";

/// Reads pages until one has items, each only once.
async fn first_items<'a, T>(page: impl Fn(Cursor) -> BoxFuture<'a, Result<Page<T>>>) -> Result<First> {
    let mut left = vec![Cursor::start()];
    while let Some(cursor) = left.pop() {
        let read = page(cursor).await?;
        let doubt = read.incomplete().map(str::to_owned);
        let count = read.items().len();
        match doubt {
            Some(why) if count == 0 => return Err(Error::protocol(why).with_help(HELP)),
            doubt if count > 0 => {
                return Ok(First { count, has_more: !read.next().is_empty() || !left.is_empty(), doubt });
            }
            _ => left.extend(read.next().iter().rev().cloned()),
        }
    }
    Ok(First { count: 0, has_more: false, doubt: None })
}

fn shown(what: &str, found: First) -> Finding {
    let First { count, has_more, doubt } = found;
    if let Some(why) = doubt {
        let help = "until then, runs remove nothing that this list does not show";
        return Finding::warning(format!("{count} {what}; {why}"), help);
    }
    match (count, has_more) {
        (0, _) => {
            Finding::warning(format!("no {what}"), "check `items`, `keep` and the permissions of the source's account")
        }
        (count, true) => Finding::passed(format!("{count} {what} on the first page, and more follow")),
        (count, false) => Finding::passed(format!("{count} {what}")),
    }
}

async fn accounts(api: &Api, mark: Mark) -> Result<Finding> {
    first_items(|cursor| async move { read::accounts::page(api, mark, &cursor).await }.boxed())
        .await
        .map(|found| shown("accounts", found))
}

async fn entitlements(api: &Api, mark: Mark) -> Result<Finding> {
    first_items(|cursor| async move { read::entitlements::page(api, mark, &cursor).await }.boxed())
        .await
        .map(|found| shown("entitlements", found))
}

async fn assignments(api: &Api, mark: Mark) -> Result<Finding> {
    if api.system.blocks.iter().all(crate::system::Block::is_of_record) {
        return Ok(Finding::passed("the accounts name what they hold"));
    }
    first_items(|cursor| async move { read::assignments::page(api, mark, &cursor).await }.boxed())
        .await
        .map(|found| shown("assignments", found))
}
