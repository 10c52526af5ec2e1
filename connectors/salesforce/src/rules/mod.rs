//! What an auditor of a Salesforce org asks about beside what fits every source: one rule in each file.

mod api_version;
mod connected_app;
mod group_not_current;
mod unlisted_app;
mod unused_app;
