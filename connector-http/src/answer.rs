//! Answers with success. Their errors name the request and what the source says.

use crate::request::Request;
use crate::response::Response;
use connector_core::{Error, ErrorKind, Happened, Result, Retry};
use serde::de::DeserializeOwned;

/// An answer with success, and what was asked.
pub(crate) struct Answer {
    pub(crate) response: Response,
    /// The request for people.
    what: String,
}

impl Answer {
    /// The answer, or the error that the source or its status says.
    pub(crate) async fn to(request: Request) -> Result<Self> {
        let (what, is_change) = (request.what(), request.is_change());
        let (refusal, message) = (request.session().refusal, request.session().message);
        let response = request.send().await?;
        let said =
            message.and_then(|place| response.message(place)).map(|said| format!(": {said}")).unwrap_or_default();
        // A gateway gives such an answer for a change that the source may have carried out.
        let is_unsure = is_change && matches!(response.status, 408 | 500..=599);
        let unsure = |error: Error| match error.happened() {
            Happened::No if is_unsure => error.with_happened(Happened::Unknown).with_retry(Retry::No),
            _ => error,
        };
        if let Some(error) = refusal(&response) {
            let refused = format!("{what}: {}{said}", error.message());
            return Err(unsure(error.with_message(refused)));
        }
        let status = response.status;
        match response.success() {
            Ok(response) => Ok(Self { response, what }),
            Err(error) => Err(unsure(error.with_message(format!("{what} answered {status}{said}")))),
        }
    }

    /// Says in an error what was asked.
    pub(crate) fn named(&self, error: Error) -> Error {
        let message = format!("{}: {}", self.what, error.message());
        error.with_message(message)
    }

    /// Parses the body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.response.json().map_err(|error| self.named(error))
    }
}

impl Request {
    /// Sends the request and returns the response if it is a success. What the source says in its errors
    /// ([`Client::with_refusal`](crate::Client::with_refusal)) counts before the status ([`Response::success`]). The error names
    /// the request without its query, and repeats the source's own message if the client knows its place
    /// ([`Client::with_message`](crate::Client::with_message)).
    pub async fn answer(self) -> Result<Response> {
        Answer::to(self).await.map(|answer| answer.response)
    }

    /// Sends the request and reads the JSON of a successful response, see [`Request::answer`].
    pub async fn read<T: DeserializeOwned>(self) -> Result<T> {
        Answer::to(self).await?.json()
    }

    /// Reads something that may not be there: like [`Request::read`], but `None` where that fails with kind `not_found`.
    ///
    /// ```no_run
    /// # async fn person(client: &connector_http::Client) -> connector_core::Result<Option<serde_json::Value>> {
    /// client.get("/people/7").read_if_there().await
    /// # }
    /// ```
    pub async fn read_if_there<T: DeserializeOwned>(self) -> Result<Option<T>> {
        match Answer::to(self).await {
            Ok(answer) => answer.json().map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
