//! Salesforce's APIs: requests, queries, and records page by page or by jobs.

pub(crate) mod bulk;
pub(crate) mod description;
pub(crate) mod groups;
pub(crate) mod hosts;
pub(crate) mod keyset;
pub(crate) mod ranges;
pub(crate) mod record;
pub(crate) mod rest;
pub(crate) mod rights;
pub(crate) mod shortfall;
pub(crate) mod soql;

pub(crate) use rest::Rest;
