//! One authenticated HTTP client for connectors, and the ways to sign in.
//!
//! A connector says what to ask and how to read the answer; it never loops:
//!
//! ```no_run
//! # async fn page(context: &connector_core::Context, base_url: &url::Url) -> connector_core::Result<()> {
//! use connector_http::{Client, Reach};
//!
//! let client = Client::open(context, Reach::base(base_url).and_hosts(["files.acme.example"]))?;
//! let people: Vec<serde_json::Value> = client.get("/people").query(&[("limit", "100")]).send().await?.json()?;
//! # drop(people); Ok(()) }
//! ```
//!
//! The [`Client`] signs in when it must, keeps the credential for all who ask at the same time, signs in once more after a
//! 401, repeats what is safe to repeat, obeys `Retry-After`, keeps the source's `requests_per_second`, and treats a cut
//! answer as an error. Credentials go only to the host of the base URL (or of the token URL) and to hosts that the
//! connector's [`Reach`] allows; plain http stays on this machine; redirects are not followed.
//!
//! The ways to sign in register themselves: `jwt_bearer`, `client_credentials`, `private_key_jwt`, `bearer`, `basic`,
//! `api_key` and `none`, see [`grants`]. A connector names those that it accepts in its registration.

mod body;
mod client;
mod clock_skew;
mod faults;
pub mod grants;
mod hosts;
mod login;
mod pace;
mod reach;
mod request;
mod response;
mod session;
mod tokens;
mod transport;

pub use client::Client;
pub use reach::Reach;
pub use request::Request;
pub use response::{Response, Verdict};

pub use reqwest::{Method, header};
