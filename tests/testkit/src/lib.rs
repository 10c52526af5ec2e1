//! Conformance trials for connectors, chosen by declared ability
