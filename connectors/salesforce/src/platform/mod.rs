//! What Salesforce ends, and when: API versions, ways to sign in, kinds of apps.

mod dates;
pub(crate) mod step;

pub(crate) use dates::{CONNECTED_APPS, Release, SOAP_LOGIN, Support, support};
