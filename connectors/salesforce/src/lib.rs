//! Connector for Salesforce: users, profiles, roles, permission sets, groups and licences
