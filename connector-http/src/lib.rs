//! One authenticated HTTP client for connectors, and the OAuth grant types.
//!
//! A connector says what to ask and how to read the answer; it never loops:
//!
//! ```no_run
//! # async fn page(context: &connector_core::Context) -> connector_core::Result<()> {
//! let client = connector_http::Client::open(context, |_, _| false)?;
//! let answer = client.get("/v2/people").send().await?;
//! # Ok(()) }
//! ```
//!
//! The [`Client`] signs in when it must, keeps the token for all who ask at the same time, signs in once more after a
//! 401, repeats what is safe to repeat, obeys `Retry-After`, and treats a cut answer as an error. Credentials go only
//! to the host of the token URL and to hosts that the connector's [`AllowedHosts`] names; plain http stays on this
//! machine; redirects are not followed.
//!
//! The grant types register themselves: `jwt_bearer` and `client_credentials`, see [`grants`].

mod body;
mod client;
mod clock_skew;
mod faults;
pub mod grants;
mod hosts;
mod login;
mod pace;
mod request;
mod response;
mod session;
mod tokens;
mod transport;

pub use client::Client;
pub use hosts::AllowedHosts;
pub use request::Request;
pub use response::{Response, Verdict};

pub use reqwest::header;
