//! The part of PKCS#11 URIs (RFC 7512) that names private keys.

use percent_encoding::percent_decode_str;
use std::path::PathBuf;
use std::str::FromStr;

/// The attributes that select a token and a key in it. An absent attribute matches everything.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Uri {
    pub(super) module: PathBuf,
    pub(super) token: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) manufacturer: Option<String>,
    pub(super) model: Option<String>,
    pub(super) object: Option<String>,
    pub(super) id: Option<Vec<u8>>,
}

impl Uri {
    /// The name of the key from the URI, for messages.
    pub(super) fn key(&self) -> String {
        match (&self.object, &self.id) {
            (Some(object), None) => format!("`{object}`"),
            (Some(object), Some(id)) => format!("`{object}` with id={}", encoded(id)),
            (None, Some(id)) => format!("with id={}", encoded(id)),
            (None, None) => "with any name".to_owned(),
        }
    }
}

/// An id as URIs write it: `%01%A7`.
pub(super) fn encoded(id: &[u8]) -> String {
    id.iter().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"))
}

impl FromStr for Uri {
    type Err = String;

    /// The error quotes only names, because a value may be a PIN.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let mut uri = Self::default();
        for (name, value) in path.split(';').filter(|part| !part.is_empty()).map(attribute) {
            let value = bytes(value)?;
            match name {
                "token" => uri.token = Some(words(name, value)?),
                "serial" => uri.serial = Some(words(name, value)?),
                "manufacturer" => uri.manufacturer = Some(words(name, value)?),
                "model" => uri.model = Some(words(name, value)?),
                "object" => uri.object = Some(words(name, value)?),
                "id" => uri.id = Some(value),
                "type" if value == b"private" => {}
                "type" => return Err("set `type` to `private`, or remove it: the ref must name a private key".into()),
                "module-path" | "pin-value" | "pin-source" => {
                    return Err(format!("move `{name}` after a `?`: it must follow the attributes that name the key"));
                }
                _ => {
                    return Err(format!(
                        "unknown attribute `{name}`; the known ones are `token`, `serial`, `manufacturer`, `model`, `object` and `id`"
                    ));
                }
            }
        }
        for (name, value) in query.split('&').filter(|part| !part.is_empty()).map(attribute) {
            match name {
                "module-path" => uri.module = words(name, bytes(value)?)?.into(),
                "pin-value" => return Err(
                    "a ref must not contain a PIN: remove `pin-value`, and reference the PIN with `key_password_ref`"
                        .into(),
                ),
                "pin-source" => return Err("remove `pin-source`, and reference the PIN with `key_password_ref`".into()),
                _ => return Err(format!("unknown attribute `{name}`: only `module-path` can follow the `?`")),
            }
        }
        if uri.module.as_os_str().is_empty() {
            return Err("add the path of the PKCS#11 module: `?module-path=/usr/lib/softhsm/libsofthsm2.so`".into());
        }
        // Loading a module runs it, so no folder that somebody is in may decide which one it is.
        if uri.module.is_relative() {
            return Err("write the absolute path of the PKCS#11 module after `module-path=`, beginning with `/`".into());
        }
        Ok(uri)
    }
}

fn attribute(part: &str) -> (&str, &str) {
    part.split_once('=').unwrap_or((part, ""))
}

fn bytes(value: &str) -> Result<Vec<u8>, String> {
    let mut rest = value;
    while let Some((_, behind)) = rest.split_once('%') {
        if behind.len() < 2 || !behind.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit) {
            return Err("write two hex digits after each `%`; write a literal `%` as `%25`".into());
        }
        rest = &behind[2..];
    }
    Ok(percent_decode_str(value).collect())
}

fn words(name: &str, value: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(value).ok().filter(|text| !text.is_empty());
    text.ok_or_else(|| format!("`{name}` is empty or not text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Uri, String> {
        text.parse()
    }

    #[test]
    fn a_uri_from_other_tools_is_parsed() {
        let uri = parse(
            "model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=5f3d;token=identity%20governance;id=%01%a7;\
             object=sales;type=private?module-path=/usr/lib/softhsm/libsofthsm2.so",
        )
        .unwrap();
        assert_eq!(uri.token.as_deref(), Some("identity governance"));
        assert_eq!((uri.object.as_deref(), uri.id.as_deref()), (Some("sales"), Some(&[1, 0xa7][..])));
        assert_eq!(uri.module, PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"));
        assert_eq!(uri.key(), "`sales` with id=%01%A7");
    }

    #[test]
    fn a_pin_is_refused_and_never_shown() {
        let error = parse("token=a;object=b?module-path=/m.so&pin-value=8642").unwrap_err();
        assert!(error.contains("key_password_ref") && !error.contains("8642"), "{error}");
        assert!(parse("token=a;pin-value=8642?module-path=/m.so").is_err_and(|error| !error.contains("8642")));
    }

    #[test]
    fn unknown_attributes_are_named() {
        for (text, part) in [
            ("token=a;object=b", "module-path"),
            ("token=a;object=b?module-name=softhsm2", "`module-name`"),
            ("token=a;label=b?module-path=/m.so", "`label`"),
            ("token=a;type=cert?module-path=/m.so", "`private`"),
            ("token=a;id=%1?module-path=/m.so", "hex digits"),
            ("token=?module-path=/m.so", "`token` is empty"),
            ("token=a;module-path=/m.so", "after a `?`"),
        ] {
            assert!(parse(text).is_err_and(|error| error.contains(part)), "{text}");
        }
    }
}
