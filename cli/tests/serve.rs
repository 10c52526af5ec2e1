//! The console as a process: its link, its end, and what it refuses.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;

use binary::{command, run, text};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{request}Host: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_printed_link_signs_in_once_a_new_one_follows_and_a_signal_ends_the_server() {
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        assert!(run(folder.path(), &["init", "here"]).status.success());
        let mut serve = command(&folder.path().join("here"), &["serve", "-o", "json"]);
        let mut process = serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut link = || {
            let told: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            told["sign_in"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned()
        };
        let first = link();
        let (address, path) = first.split_once('/').unwrap();
        let answer = ask(address, &format!("GET /{path} HTTP/1.1\r\n"));
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        let cookie = answer.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap();
        let home = ask(address, &format!("GET / HTTP/1.1\r\nCookie: {cookie}\r\n"));
        assert!(home.starts_with("HTTP/1.1 200") && home.contains("This project has no sources yet"), "{home}");
        assert_ne!(link(), first);
        assert!(
            std::process::Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success()
        );
        let output = process.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
}

#[test]
fn an_address_that_other_machines_reach_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["serve", "--listen", "0.0.0.0:0"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no TLS and no sign-in") && said.contains("ssh -L"), "{said}");
}

#[test]
fn a_port_that_is_taken_is_an_error_that_names_another_way() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let output = run(folder.path(), &["serve", "--listen", &taken.local_addr().unwrap().to_string()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("--listen"), "{said}");
}

#[test]
fn a_token_of_the_command_line_opens_the_api_until_it_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["init", "here"]).status.success());
    let here = folder.path().join("here");
    assert!(text(&run(&here, &["token", "list"]).stdout).contains("no tokens yet"));
    let new = run(&here, &["token", "new", "dashboard", "--expires", "1h", "-o", "json"]);
    let new: Value = serde_json::from_slice(&new.stdout).unwrap();
    let (id, secret) = (new["id"].as_str().unwrap(), new["token"].as_str().unwrap());
    let mut process =
        command(&here, &["serve", "-o", "json"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let told = BufReader::new(process.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    let address = told["sign_in"].as_str().unwrap().split('/').nth(2).unwrap().to_owned();
    let request = format!("GET /api/v1/sources HTTP/1.1\r\nAuthorization: Bearer {secret}\r\n");
    let answer = ask(&address, &request);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"items":[],"next":null}"#), "{answer}");
    let list = text(&run(&here, &["token", "list", "-o", "csv"]).stdout);
    assert!(list.contains("dashboard") && list.contains("viewer") && !list.contains(secret), "{list}");
    assert!(run(&here, &["token", "revoke", id]).status.success());
    let answer = ask(&address, &request);
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(run(&here, &["token", "revoke", "nothing"]).status.code(), Some(1));
    assert_eq!(run(&here, &["token", "new", "x", "--role", "admin"]).status.code(), Some(2));
    assert!(std::process::Command::new("kill").arg(process.id().to_string()).status().unwrap().success());
    assert_eq!(process.wait().unwrap().code(), Some(0));
}
