//! The pages of a job's results: where the org lists them, the next ones are fetched at the same time.

use super::columns::Column;
use super::results::{Due, Fetch, Further, Pages};
use super::sheet::Sheet;
use super::transport::version;
use crate::api::record::odd;
use crate::api::rest::Rest;
use crate::error;
use connector_core::{Error, Result, Retry};
use connector_http::Parts;
use serde::Deserialize;
use std::collections::VecDeque;

/// The first version of the API that lists the pages of a result.
const FIRST_WITH_LIST: u32 = 58;

/// How many records to ask for at once where the org does not list the pages.
const RECORDS_PER_PAGE: &str = "10000";

/// How many pages are requested ahead. What arrives of them waits in the network.
const AHEAD: usize = 2;

impl Pages {
    /// The pages from `locator` on.
    pub(super) async fn open(rest: &Rest, object: &'static str, job: &str, locator: Option<&str>) -> Result<Self> {
        let path = rest.path(&format!("jobs/query/{job}")).await?;
        let mut pages = Self { path, object, due: VecDeque::new(), further: Further::None, sheet: None, parts: None };
        let is_listed = version(rest.version().await?) >= FIRST_WITH_LIST;
        if !is_listed || !pages.find_in_list(rest, locator).await? {
            pages.due = VecDeque::from([Due::new(locator.map(str::to_owned))]);
            pages.further = Further::Named;
        }
        Ok(pages)
    }

    /// Lists the pages up to the one with this locator. False if the org does not list it.
    async fn find_in_list(&mut self, rest: &Rest, locator: Option<&str>) -> Result<bool> {
        match self.list(rest, None).await {
            Err(refused) if error::is_lost_job(&refused) => {
                tracing::debug!(error = %refused, "the org does not list the pages of a result");
                return Ok(false);
            }
            listed => listed?,
        }
        let Some(locator) = locator else { return Ok(!self.due.is_empty()) };
        loop {
            if let Some(place) = self.due.iter().position(|due| due.locator.as_deref() == Some(locator)) {
                self.due.drain(..place);
                return Ok(true);
            }
            self.due.clear();
            match std::mem::replace(&mut self.further, Further::None) {
                Further::Listed(next) => self.list(rest, Some(&next)).await?,
                _ => return Ok(false),
            }
        }
    }

    /// Asks for the next pages of the list.
    async fn list(&mut self, rest: &Rest, from: Option<&str>) -> Result<()> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Listed {
            result_pages: Vec<Listing>,
            // The guide has both names.
            #[serde(default, alias = "nextRecordUrl")]
            next_records_url: Option<String>,
            done: bool,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Listing {
            #[serde(alias = "resultLink")]
            result_url: String,
        }
        let doing = format!("listing the results for `{}`", self.object);
        let request = rest.client.get(&format!("{}/resultPages", self.path));
        let request = match from {
            Some(locator) => request.query(&[("locator", locator)]),
            None => request,
        };
        let listed: Listed =
            rest.ask(request, &doing).await?.json().map_err(|fault| fault.with_context("step", doing))?;
        for page in listed.result_pages {
            self.due.push_back(Due::new(locator_of(&page.result_url)));
        }
        self.further = match (listed.done, listed.next_records_url.as_deref().and_then(locator_of)) {
            (true, _) => Further::None,
            (false, Some(next)) if from != Some(&next) => Further::Listed(next),
            (false, _) => {
                return Err(odd(self.object, "says that more pages follow, but does not say where"));
            }
        };
        Ok(())
    }

    /// The page to read. The next ones are requested.
    pub(super) async fn sheet(&mut self, rest: &Rest) -> Result<&mut Sheet> {
        if self.sheet.is_none() {
            let mut due = self.due.pop_front().ok_or_else(|| Error::internal("there is no further page of results"))?;
            let mut fetch = due.fetched.take().unwrap_or_else(|| self.fetch(rest, due.locator.as_deref()));
            let (response, mut parts) =
                (&mut fetch.0).await.map_err(|_| Error::internal("a request was dropped"))??;
            let response = rest.answered(response, &format!("reading the results for `{}`", self.object))?;
            let Some(next) = response.header("sforce-locator") else {
                return Err(self.without_locator(parts.as_mut()).await);
            };
            if matches!(self.further, Further::Named) {
                if next == "null" {
                    self.further = Further::None;
                } else {
                    self.due.push_back(Due::new(Some(next.to_owned())));
                }
            }
            let promised = response.header("sforce-numberofrecords").and_then(|number| number.parse().ok());
            self.sheet = Some(Sheet::new(promised));
            self.parts = parts;
            self.fetch_ahead(rest).await?;
        }
        self.sheet.as_mut().ok_or_else(|| Error::internal("there is no page of results"))
    }

    /// The error for a response that does not say whether more pages follow. Salesforce sends empty ones under load.
    async fn without_locator(&self, parts: Option<&mut Parts>) -> Error {
        let first = match parts {
            Some(parts) => parts.next().await,
            None => Ok(None),
        };
        match first {
            Ok(None) => odd(self.object, "is empty").with_retry(Retry::After(error::A_MOMENT)),
            Ok(Some(_)) => odd(self.object, "does not say whether more pages follow"),
            Err(error) => error,
        }
    }

    /// Reads the next part of the page, with its header if that arrived.
    pub(super) async fn more(&mut self, columns: &[Column<'_>]) -> Result<()> {
        let Some(sheet) = &mut self.sheet else { return Ok(()) };
        let part = match &mut self.parts {
            Some(parts) => parts.next().await?,
            None => None,
        };
        if let Some(part) = part {
            sheet.push(self.object, &part)?;
        } else {
            self.parts = None;
            sheet.end(self.object)?;
        }
        sheet.read_header(self.object, columns)
    }

    async fn fetch_ahead(&mut self, rest: &Rest) -> Result<()> {
        while self.due.len() < AHEAD
            && let Further::Listed(next) = &self.further
        {
            let next = next.clone();
            self.list(rest, Some(&next)).await?;
        }
        for place in 0..AHEAD.min(self.due.len()) {
            if self.due[place].fetched.is_none() {
                self.due[place].fetched = Some(self.fetch(rest, self.due[place].locator.as_deref()));
            }
        }
        Ok(())
    }

    fn fetch(&self, rest: &Rest, locator: Option<&str>) -> Fetch {
        let mut request = rest.client.get(&format!("{}/results", self.path)).header("Accept", "text/csv");
        if let Some(locator) = locator {
            request = request.query(&[("locator", locator)]);
        }
        if matches!(self.further, Further::Named) {
            request = request.query(&[("maxRecords", RECORDS_PER_PAGE)]);
        }
        Fetch(tokio::spawn(request.stream()))
    }
}

/// The locator in a URL of results.
fn locator_of(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "locator")
        .map(|(_, value)| value.into_owned())
}
