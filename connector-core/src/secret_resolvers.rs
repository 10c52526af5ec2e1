//! The secret resolvers that are linked into this binary; part of the [registry](crate::registry).

use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretResolver;

/// A linked secret resolver. Created by [`register_secret_resolver!`](crate::register_secret_resolver).
#[derive(Debug)]
pub struct SecretResolverRegistration {
    /// The part of a secret ref before the first colon.
    pub scheme: &'static str,
    /// The whole ref, for people: `file:PATH`.
    pub form: &'static str,
    /// Where it looks, in one sentence.
    pub description: &'static str,
    /// Returns the resolver.
    pub resolver: fn() -> &'static dyn SecretResolver,
}

inventory::collect!(SecretResolverRegistration);

/// A scheme of refs that needs a feature this binary was built without. The crate
/// that has the feature submits one with [`inventory`].
#[derive(Debug)]
pub struct SchemeLeftOut {
    /// The part of a ref before the first colon.
    pub scheme: &'static str,
    /// The feature that adds it.
    pub feature: &'static str,
}

inventory::collect!(SchemeLeftOut);

/// The scheme of that name, if it was left out of this binary.
pub fn scheme_left_out(scheme: &str) -> Option<&'static SchemeLeftOut> {
    inventory::iter::<SchemeLeftOut>().find(|one| one.scheme == scheme)
}

impl SchemeLeftOut {
    /// How to fix it.
    pub fn cure(&self) -> String {
        format!("build a program with the feature: `cargo install connector-cli --features {}`", self.feature)
    }

    /// The error of kind `definition` for a ref of this scheme.
    pub fn error(&self) -> Error {
        let Self { scheme, feature } = self;
        Error::new(
            ErrorKind::Definition,
            format!("`{scheme}:` needs the feature `{feature}`, which is not built into this program"),
        )
        .with_help(self.cure())
    }
}

/// The linked secret resolvers by scheme.
pub fn secret_resolvers() -> Vec<&'static SecretResolverRegistration> {
    let mut all: Vec<_> = inventory::iter::<SecretResolverRegistration>().collect();
    all.sort_by_key(|registration| registration.scheme);
    all
}

/// The secret resolver of that scheme; otherwise an error of kind `definition` that lists the known ones.
pub fn secret_resolver(scheme: &str) -> Result<&'static SecretResolverRegistration> {
    let all = secret_resolvers();
    all.iter().copied().find(|registration| registration.scheme == scheme).ok_or_else(|| {
        if let Some(left_out) = scheme_left_out(scheme) {
            return left_out.error();
        }
        // The scheme itself is left out: a literal password with a colon in it ends up here.
        let forms: Vec<_> = all.iter().map(|registration| registration.form).collect();
        Error::new(ErrorKind::Definition, "this kind of secret ref is unknown")
            .with_help(format!("use one of {}", forms.join(", ")))
    })
}
