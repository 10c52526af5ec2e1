//! Finds a key in a token.

use super::fault::{failed, fault};
use super::uri::{Uri, encoded};
use connector_core::{Error, Result};
use connector_keys::PublicKey;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

/// The only private key that matches the URI, and its public key.
pub(super) fn key(session: &Session, uri: &Uri, token: &str) -> Result<(ObjectHandle, PublicKey)> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(uri.object.as_ref().map(|label| Attribute::Label(label.as_bytes().to_vec())));
    template.extend(uri.id.as_ref().map(|id| Attribute::Id(id.clone())));
    let key = match find(session, &template)?[..] {
        [key] => key,
        [] => return Err(missing(session, uri, token)?),
        ref several => {
            let names = names(session, several)?;
            return Err(fault(format!("the token `{token}` has several private keys {}", uri.key()))
                .with_help(format!("add `object` and `id` to select one; the keys are {names}")));
        }
    };
    match attribute(session, key, AttributeType::KeyType)? {
        Some(Attribute::KeyType(KeyType::RSA)) | None => {}
        Some(_) => {
            return Err(fault(format!(
                "the private key {} in the token `{token}` is not an RSA key, but RS256 needs one",
                uri.key()
            ))
            .with_help("create an RSA key with 2048 or 4096 bits in the token, and a certificate for it"));
        }
    }
    let public = public_half(session, key)?.ok_or_else(|| {
        fault(format!("the token `{token}` has no public key for the private key {}", uri.key()))
            .with_help("store the public key in the token too, with the same id and label")
    })?;
    Ok((key, public))
}

fn missing(session: &Session, uri: &Uri, token: &str) -> Result<Error> {
    let all = find(session, &[Attribute::Class(ObjectClass::PRIVATE_KEY)])?;
    let help = if all.is_empty() {
        "it contains no private key at all: create one with the tools of the token, for example `pkcs11-tool --keypairgen`".to_owned()
    } else {
        format!("check `object` and `id`; the keys are {}", names(session, &all)?)
    };
    Ok(fault(format!("the token `{token}` has no private key {}", uri.key())).with_help(help))
}

/// The private key has the modulus and the exponent. If it does not, the public key with the same id does.
fn public_half(session: &Session, key: ObjectHandle) -> Result<Option<PublicKey>> {
    if let Some(public) = numbers(session, key)? {
        return Ok(Some(public));
    }
    let Some(Attribute::Id(id)) = attribute(session, key, AttributeType::Id)? else { return Ok(None) };
    let beside = find(session, &[Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Id(id)])?;
    match beside.first() {
        Some(public) => numbers(session, *public),
        None => Ok(None),
    }
}

fn numbers(session: &Session, key: ObjectHandle) -> Result<Option<PublicKey>> {
    let modulus = attribute(session, key, AttributeType::Modulus)?;
    let exponent = attribute(session, key, AttributeType::PublicExponent)?;
    match (modulus, exponent) {
        (Some(Attribute::Modulus(modulus)), Some(Attribute::PublicExponent(exponent)))
            if !modulus.is_empty() && !exponent.is_empty() =>
        {
            PublicKey::from_rsa(&modulus, &exponent).map(Some)
        }
        _ => Ok(None),
    }
}

fn find(session: &Session, template: &[Attribute]) -> Result<Vec<ObjectHandle>> {
    session.find_objects(template).map_err(|cause| failed("looking for the key in the token", cause))
}

/// An attribute, if the token shows it.
fn attribute(session: &Session, object: ObjectHandle, which: AttributeType) -> Result<Option<Attribute>> {
    let found = session.get_attributes(object, &[which]);
    Ok(found.map_err(|cause| failed("reading the key's attributes from the token", cause))?.into_iter().next())
}

fn names(session: &Session, keys: &[ObjectHandle]) -> Result<String> {
    let mut names = Vec::new();
    for key in keys {
        let label = match attribute(session, *key, AttributeType::Label)? {
            Some(Attribute::Label(label)) => String::from_utf8_lossy(&label).into_owned(),
            _ => String::new(),
        };
        let id = match attribute(session, *key, AttributeType::Id)? {
            Some(Attribute::Id(id)) => encoded(&id),
            _ => String::new(),
        };
        names.push(format!("object={label};id={id}"));
    }
    Ok(format!("`{}`", names.join("`, `")))
}
