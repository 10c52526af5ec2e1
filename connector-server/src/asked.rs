//! The fields of an address, and what a program sends. What is wrong with one is said with its name.

use crate::failure::Failure;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use connector_core::Error;
use serde::de::DeserializeOwned;

/// The fields behind `?` of an address.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(fields)| Self(fields)).map_err(|rejection| Failure::from(fault(&rejection)))
    }
}

fn fault(rejection: &QueryRejection) -> Error {
    let text = rejection.body_text();
    // The text is `Failed to deserialize query string: FIELD: REASON`; what concerns no field has only a reason.
    let why = text.split_once(": ").map_or(text.as_str(), |(_, why)| why);
    let said = match why.split_once(": ") {
        Some((field, why)) if field.chars().all(|c| c.is_alphanumeric() || c == '_') => format!("`{field}`: {why}"),
        _ => why.to_owned(),
    };
    Error::invalid(said).with_help("check the fields behind `?` in the address")
}

/// The JSON that somebody sends.
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let Json(value) = Json::<T>::from_request(request, state).await.map_err(|rejection| {
            let text = rejection.body_text();
            let why = text.split_once(": ").map_or(text.as_str(), |(_, why)| why);
            Failure::of_body(
                rejection.status(),
                Error::invalid(format!("the body can't be read: {why}"))
                    .with_help("compare it with `/api/v1/openapi.json`"),
            )
        })?;
        Ok(Self(value))
    }
}
