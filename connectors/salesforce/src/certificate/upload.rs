//! How an administrator uploads a certificate in Setup.

use connector_core::{CertificateUpload, UploadWay};

/// External Client Apps first: new orgs have nothing else.
pub(crate) static UPLOAD: CertificateUpload = CertificateUpload::new(
    &[
        UploadWay::new(
            "External Client App",
            &[
                "Setup → External Client App Manager → your app → Settings → Edit → OAuth Settings. If you have no app, create one: New External Client App → Enable OAuth.",
                "Tick Enable JWT Bearer Flow, upload FILE, and save.",
                "Policies → OAuth Policies: set Permitted Users to \"Admin approved users are pre-authorized\" and select a permission set of the integration user.",
                "Settings → OAuth Settings → Consumer Key and Secret: copy the consumer key to `issuer` in the source file.",
            ],
        ),
        UploadWay::new(
            "Connected App (only if you already have one)",
            &[
                "Setup → App Manager → the arrow next to your app → Edit.",
                "Tick Use digital signatures, choose FILE, and save.",
                "Manage → Edit Policies: set Permitted Users as above, then select the permission set.",
            ],
        ),
    ],
    "Salesforce takes two to ten minutes to accept the certificate.",
);
