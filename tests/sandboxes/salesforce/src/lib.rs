//! A simulated Salesforce org on loopback
