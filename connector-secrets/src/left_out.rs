//! The features that this build does not include.

macro_rules! left_out {
    ($($feature:literal),*) => {$(
        #[cfg(not(feature = $feature))]
        connector_core::inventory::submit! {
            connector_core::registry::SchemeLeftOut { scheme: $feature, feature: $feature }
        }
    )*};
}

left_out!("age", "keyring", "pkcs11", "vault");
