//! Every entry survives its corpus and mutations of it. The fuzzer does the same for longer.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_entries::ENTRIES;
use connector_keys::{Certificate, CertificateRequest, PrivateKey};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use secrecy::ExposeSecret;
use std::fs;
use std::path::Path;

/// What parsers stumble over.
const PIECES: [&str; 24] = [
    "\0",
    "\u{feff}",
    "\u{202e}",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\\ud800",
    "\n",
    "\r\n",
    "\t",
    ": ",
    "- ",
    "&a ",
    "*a",
    "{",
    "[",
    "<a>",
    "]]>",
    "pin-value=",
    "-----BEGIN ",
    "1e999999",
    "é",
    ",",
];

#[derive(Clone, Debug)]
enum Mutation {
    Insert(usize, usize),
    Repeat(usize, usize, usize),
    Remove(usize, usize),
    Flip(usize, u8),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), 0..PIECES.len()).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        (any::<usize>(), 1..64_usize, 2..200_usize).prop_map(|(at, length, times)| Mutation::Repeat(at, length, times)),
        (any::<usize>(), 1..200_usize).prop_map(|(at, length)| Mutation::Remove(at, length)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Flip(at, byte)),
    ]
}

fn apply(mutation: &Mutation, bytes: &mut Vec<u8>) {
    let place = |at: usize| at % (bytes.len() + 1);
    match *mutation {
        Mutation::Insert(at, piece) => {
            let at = place(at);
            bytes.splice(at..at, PIECES[piece].bytes());
        }
        Mutation::Repeat(at, length, times) => {
            let at = place(at);
            let part = bytes[at..(at + length).min(bytes.len())].repeat(times);
            bytes.splice(at..at, part);
        }
        Mutation::Remove(at, length) => {
            let at = place(at);
            bytes.drain(at..(at + length).min(bytes.len()));
        }
        Mutation::Flip(at, byte) if !bytes.is_empty() => {
            let at = at % bytes.len();
            bytes[at] ^= byte;
        }
        Mutation::Flip(..) => {}
    }
}

/// The corpus of an entry. Keys are made now: none is checked in.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    if name == "key" {
        let key = PrivateKey::generate(2048).unwrap();
        let request = CertificateRequest { subject_cn: "a".to_owned(), organization: None, days: 9 };
        let certificate = Certificate::self_signed(&key, &request, Timestamp::UNIX_EPOCH).unwrap().to_pem();
        let pem = key.to_pkcs8_pem(None).unwrap().expose_secret().to_owned();
        return vec![format!("{pem}{certificate}").into_bytes(), pem.into_bytes(), certificate.into_bytes()];
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn every_entry_survives_its_corpus_and_mutations_of_it() {
    for (name, entry) in ENTRIES {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "{name} has no corpus");
        for bytes in &corpus {
            entry(bytes);
        }
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        let cases = (0..corpus.len(), proptest::collection::vec(mutation(), 1..6));
        let outcome = runner.run(&cases, |(file, mutations)| {
            let mut bytes = corpus[file].clone();
            for mutation in &mutations {
                apply(mutation, &mut bytes);
            }
            entry(&bytes);
            Ok(())
        });
        assert!(outcome.is_ok(), "{name}: {outcome:?}");
    }
}
