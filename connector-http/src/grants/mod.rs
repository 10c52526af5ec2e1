//! The OAuth grant types, one file each. Each registers itself as an auth strategy.

mod assertion;
pub mod client_credentials;
pub mod jwt_bearer;
mod token_answer;
mod token_errors;
