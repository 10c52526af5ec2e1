//! PKCS#12 files (`.p12`, `.pfx`): a key and its certificates in one.

use crate::certificate::Certificate;
use crate::chain::Chain;
use crate::legacy::{self, says};
use crate::mended::mended;
use crate::pem;
use crate::pkcs12_keys::{self, Bag};
use crate::private_key::PrivateKey;
use connector_core::{Error, ErrorKind, Result};
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// A private key and its certificate, with the issuers.
#[derive(Clone, Debug)]
pub struct KeyAndChain {
    /// The key.
    pub key: PrivateKey,
    /// The certificate of the key, then its issuers.
    pub chain: Chain,
}

impl KeyAndChain {
    /// Opens a PKCS#12 file in the text form of [`pem_from_der`](crate::pem_from_der).
    ///
    /// `name` chooses one of several keys, see [`key_names`](Self::key_names).
    ///
    /// Fails with kind `secret` if the password is missing or wrong, if the file is damaged or encrypted with a cipher that
    /// OpenSSL no longer supports, or if it has no usable key or no certificate of that key. Fails with kind `definition` if
    /// it has several keys and `name` is not one of them.
    pub fn from_pkcs12(text: &SecretString, password: Option<&SecretString>, name: Option<&str>) -> Result<Self> {
        let password = password.map_or("", ExposeSecret::expose_secret);
        let der = der_of(text)?;
        let bags = pkcs12_keys::keys(&der);
        let chosen = chosen(&bags, name)?;
        let opened = Pkcs12::from_der(&der).map_err(|stack| damaged().with_cause(stack)).and_then(|file| {
            // A C string ends there.
            if password.contains('\0') {
                return Err(fault("the password of the PKCS#12 file contains a NUL character"));
            }
            legacy::with_old_ciphers(|| file.parse2(password)).map_err(|stack| {
                if legacy::is_missing_cipher(&stack) {
                    return fault("the PKCS#12 file is encrypted with a cipher that OpenSSL no longer supports")
                        .with_help(
                            "convert it on a machine that can still read it: `openssl pkcs12 -legacy -in OLD \
                             -nodes | openssl pkcs12 -export -out NEW`",
                        );
                }
                if says(&stack, "mac verify failure") || says(&stack, "cipherfinal error") {
                    return wrong_password(password.is_empty());
                }
                damaged().with_cause(stack)
            })
        })?;
        let key = match chosen {
            Some(bag) => Some(own_key(bag, password)?),
            None => opened.pkey,
        };
        let Some(key) = key else {
            return Err(
                fault("the PKCS#12 file contains no private key").with_help("export it again, with its private key")
            );
        };
        let key = PrivateKey::checked(key)?;
        let all = opened.cert.into_iter().chain(opened.ca.into_iter().flatten());
        let chain = Chain::for_key(all.map(Certificate::wrap).collect(), &key)?;
        Ok(Self { key, chain })
    }

    /// The names of the keys, in order. A key without a name, or with that of another one, has its number: `#2`.
    pub fn key_names(text: &SecretString) -> Vec<String> {
        der_of(text).map(|der| names(&pkcs12_keys::keys(&der))).unwrap_or_default()
    }

    /// Whether this text of [`pem_from_der`](crate::pem_from_der) is a PKCS#12 file.
    pub fn is_pkcs12(text: &SecretString) -> bool {
        pem::blocks(&mended(text.expose_secret())).iter().any(|block| block.label == "PKCS12")
    }
}

fn names(bags: &[Bag<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(bags.len());
    for (index, bag) in bags.iter().enumerate() {
        let own = bag.name.clone().filter(|name| !name.is_empty() && !names.contains(name));
        names.push(own.unwrap_or_else(|| format!("#{}", index + 1)));
    }
    names
}

/// The key of that name. `None` if the file has only one, which needs no name.
fn chosen<'a>(bags: &'a [Bag<'a>], name: Option<&str>) -> Result<Option<&'a Bag<'a>>> {
    let names = names(bags);
    let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let error = |message: String| Error::new(ErrorKind::Definition, message);
    match (name, bags) {
        (None, [] | [_]) => Ok(None),
        (None, several) => Err(error(format!("the PKCS#12 file contains {} private keys: {listed}", several.len()))
            .with_help("choose one of them with `--key-name NAME`")),
        (Some(name), bags) => match names.iter().position(|known| known == name) {
            Some(at) => Ok(bags.get(at)),
            None if bags.is_empty() => Ok(None),
            None => Err(error(format!("the PKCS#12 file contains no key `{name}`"))
                .with_help(format!("its keys are: {listed}"))),
        },
    }
}

fn own_key(bag: &Bag<'_>, password: &str) -> Result<PKey<Private>> {
    let opened = if bag.encrypted {
        legacy::with_old_ciphers(|| PKey::private_key_from_pkcs8_passphrase(bag.der, password.as_bytes()))
    } else {
        PKey::private_key_from_pkcs8(bag.der)
    };
    opened.map_err(|stack| damaged().with_cause(stack))
}

fn der_of(text: &SecretString) -> Result<Zeroizing<Vec<u8>>> {
    let text = mended(text.expose_secret());
    let blocks = pem::blocks(&text);
    let block = blocks.iter().find(|block| block.label == "PKCS12").ok_or_else(damaged)?;
    let base64: String = block.text.lines().filter(|line| !line.starts_with('-')).collect();
    let der = openssl::base64::decode_block(&base64).map_err(|stack| damaged().with_cause(stack))?;
    Ok(Zeroizing::new(der))
}

fn wrong_password(none_given: bool) -> Error {
    if none_given {
        return fault("the PKCS#12 file has a password, but none was given")
            .with_help("pass its password as a secret ref with `--password-ref`, for example `env:P12_PASSWORD`");
    }
    fault("the password of the PKCS#12 file is wrong").with_help("ask the person who created the file for its password")
}

fn damaged() -> Error {
    fault("the PKCS#12 file is damaged and can't be read").with_help("export it again, or copy it again as binary")
}

fn fault(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Secret, message)
}
