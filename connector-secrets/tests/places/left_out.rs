//! A ref that needs a missing feature is refused with the name of the feature.

use connector_core::registry::{scheme_left_out, secret_resolver};

#[test]
fn a_ref_that_needs_a_missing_feature_is_refused_with_its_name() {
    let built = [
        ("age", cfg!(feature = "age")),
        ("keyring", cfg!(feature = "keyring")),
        ("pkcs11", cfg!(feature = "pkcs11")),
        ("vault", cfg!(feature = "vault")),
    ];
    for (scheme, built) in built {
        assert_eq!(scheme_left_out(scheme).is_none(), built, "{scheme}");
        if !built {
            let error = secret_resolver(scheme).unwrap_err();
            assert!(error.help().unwrap().contains(&format!("--features {scheme}")), "{error}");
        }
    }
}
