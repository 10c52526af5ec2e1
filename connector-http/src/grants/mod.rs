//! The auth strategies, one file each. Each registers itself.

pub mod api_key;
mod app_key;
mod assertion;
pub mod basic;
pub mod bearer;
pub mod client_credentials;
pub mod jwt_bearer;
pub mod none;
pub mod private_key_jwt;
mod secret_value;
mod signed_login;
mod token_answer;
mod token_errors;
