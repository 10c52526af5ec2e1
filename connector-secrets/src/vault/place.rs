//! The path of a secret in Vault.

use percent_encoding::percent_decode_str;
use std::fmt;
use std::str::FromStr;

const FORM: &str = "write the mount of the key-value engine, the path of the secret and the field: `vault:secret/connector/acme#client_secret`";

/// `MOUNT/PATH#FIELD`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) mount: String,
    pub(super) path: String,
    pub(super) field: String,
}

impl Place {
    /// The segments after `/v1/`. Version 2 of the engine requires `data` between the mount and the path.
    pub(super) fn segments(&self) -> impl Iterator<Item = &str> {
        self.mount.split('/').chain(["data"]).chain(self.path.split('/'))
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, field) = text.rsplit_once('#').ok_or(FORM)?;
        let (mount, path) = path.split_once('/').ok_or(FORM)?;
        // The name of a mount can contain slashes. Users write them as `%2F`, because `/` ends the mount.
        let mount = percent_decode_str(mount).decode_utf8().map_err(|_| FORM)?.into_owned();
        let is_sound = |path: &str| path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        if !is_sound(&mount) || !is_sound(path) || field.is_empty() {
            return Err(FORM.to_owned());
        }
        if let Some(path) = path.strip_prefix("data/") {
            return Err(format!("remove `data/`, because Connector adds it: `vault:{mount}/{path}#{field}`"));
        }
        Ok(Self { mount, path: path.to_owned(), field: field.to_owned() })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.mount, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_mount_path_and_field() {
        let place: Place = "secret/connector/sales force#client#secret".parse().unwrap();
        assert_eq!(place.segments().collect::<Vec<_>>(), ["secret", "data", "connector", "sales force#client"]);
        assert_eq!(place.field, "secret");
        let place: Place = "team%2Fkv/app#key".parse().unwrap();
        assert_eq!(place.segments().collect::<Vec<_>>(), ["team", "kv", "data", "app"]);
    }

    #[test]
    fn a_place_with_a_missing_part_or_dots_is_refused() {
        for text in ["secret", "secret/app", "secret#key", "/app#key", "secret/app#", "secret/../sys/seal#a", "a//b#c"]
        {
            assert!(text.parse::<Place>().is_err_and(|error| error.contains("mount")), "{text}");
        }
        assert!("secret/data/app#key".parse::<Place>().is_err_and(|error| error.contains("`vault:secret/app#key`")));
    }
}
