//! The promises of the HTTP client to connectors and users, tested against servers on this machine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends there")]
#![allow(unreachable_pub, reason = "nothing is published from here")]

mod answers;
mod bodies;
mod client_certificate;
mod credentials;
mod dpop;
mod jwt_bearer;
mod moved;
mod other_bodies;
mod private_key_jwt;
mod proofs;
mod reach;
mod retries;
mod secrecy;
mod server;
mod sign_ins;
mod source;
mod streams;
mod tapes;
mod tokens;
