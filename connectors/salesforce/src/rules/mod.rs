//! What an auditor of a Salesforce org asks about beside what fits every source: one rule in each file.

mod api_version;
mod group_not_current;
mod unused_app;
