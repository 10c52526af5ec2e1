//! A token of SoftHSM in a temporary folder: a real PKCS#11 module without the hardware.
//!
//! SoftHSM reads where its tokens are from the environment when it is loaded, so a test that speaks with one runs in a
//! process of its own: [`SoftHsm::enter`] starts the test a second time, with the environment set.

#![allow(
    clippy::panic,
    clippy::print_stderr,
    reason = "a test stops at the first surprise and says why it was skipped"
)]

mod process;
mod token;

pub use process::SoftHsm;
pub use token::Token;
