//! One authenticated HTTP client for connectors, and the auth strategies.
//!
//! A connector builds a request and reads the response. It never loops:
//!
//! ```no_run
//! # async fn page(context: &connector_core::Context, base_url: &url::Url) -> connector_core::Result<()> {
//! use connector_http::{Client, Reach};
//!
//! let client = Client::open(context, Reach::base(base_url).and_hosts(["files.acme.example"]))?;
//! let people: Vec<serde_json::Value> = client.get("/people").query(&[("limit", "100")]).read().await?;
//! # drop(people); Ok(()) }
//! ```
//!
//! The [`Client`] signs in when it needs to, shares the credential among concurrent requests, and signs in again after a
//! 401. It repeats requests that are safe to repeat, follows `Retry-After`, keeps the source's `requests_per_second`, and
//! treats a response that was cut off as an error. It sends credentials only to the host of the base URL (or of the token
//! URL) and to hosts that the connector's [`Reach`] allows. It uses plain http only on this machine, and it does not follow
//! redirects.
//!
//! These auth strategies register themselves: `jwt_bearer`, `client_credentials`, `private_key_jwt`, `bearer`, `basic`,
//! `api_key` and `none`, see [`grants`]. A connector's registration lists the strategies that it accepts.

mod answer;
mod body;
mod client;
mod client_certificate;
mod clock_skew;
mod faults;
pub mod grants;
mod hosts;
mod login;
mod pace;
mod parts;
mod path;
mod proxies;
mod reach;
mod redirect;
mod request;
mod response;
mod secret_header;
mod session;
mod tape;
mod tokens;
mod transport;

pub use client::Client;
pub use parts::Parts;
pub use path::{path, path_segment};
pub use proxies::ProxyVariables;
pub use reach::Reach;
pub use request::Request;
pub use response::{Reaction, Response};

pub use reqwest::{Method, header};
