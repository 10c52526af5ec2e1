//! Files that others publish are what `assets/LOCK` says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use openssl::sha::sha256;
use std::fs;
use std::path::Path;

#[test]
fn what_others_published_is_checked_in_byte_for_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let lock = fs::read_to_string(folder.join("LOCK")).unwrap();
    let own = ["LOCK", "console.css", "console.js", "icon.svg"];
    let mut locked: Vec<&str> = Vec::new();
    for line in lock.lines().filter(|line| !line.starts_with('#')) {
        let [name, package, _, hash] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert!(package.contains('@'), "{line}");
        let found = openssl::bn::BigNum::from_slice(&sha256(&fs::read(folder.join(name)).unwrap())).unwrap();
        let found = format!("{:0>64}", found.to_hex_str().unwrap().to_lowercase());
        assert_eq!(found, hash, "{name}");
        locked.push(name);
    }
    for file in fs::read_dir(&folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(own.contains(&name.as_str()) || locked.contains(&name.as_str()), "{name} is in no list");
    }
}
