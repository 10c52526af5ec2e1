//! The auth strategies, one file each. Each registers itself under its grant type.
//!
//! A source names a strategy in its `auth:` block. A test can open one by hand:
//!
//! ```
//! use connector_core::registry::AuthSettings;
//! use connector_core::Context;
//! use connector_http::grants::bearer;
//!
//! let block = serde_json::json!({"token_ref": "env:ACME_TOKEN"});
//! let settings: bearer::Settings = serde_json::from_value(block)?;
//! let strategy = settings.open(&Context::new("acme", "."))?;
//! assert!(strategy.signing_key().is_none(), "a fixed token needs no key");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod api_key;
mod app_key;
mod assertion;
pub mod basic;
pub mod bearer;
pub mod client_credentials;
mod dpop;
pub mod jwt_bearer;
pub mod none;
pub mod private_key_jwt;
mod secret_value;
mod signed_login;
mod token_errors;
mod token_response;
