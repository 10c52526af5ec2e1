//! What is linked into this binary. A crate that nothing names is silently left out by the linker, so each connector
//! and each crate with auth strategies, secret resolvers or key stores has one line here.

#[cfg(feature = "delimited")]
use connector_delimited as _;
use connector_http as _;
#[cfg(feature = "rest")]
use connector_rest as _;
#[cfg(feature = "salesforce")]
use connector_salesforce as _;
#[cfg(feature = "scim")]
use connector_scim as _;
use connector_secrets as _;
