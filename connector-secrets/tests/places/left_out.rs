//! A place that was left out says which feature brings it.

use connector_core::registry::{scheme_left_out, secret_resolver};

#[test]
fn a_place_that_was_left_out_says_which_feature_brings_it() {
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
