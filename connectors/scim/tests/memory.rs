//! Promise: the memory of a read, a preview and a change does not grow with the members of a group. A process of its own, so that
//! its peak is that of these alone.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_core::{
    Change, Concern, Connector, Context, Cursor, EntitlementRef, HttpOptions, Operation, Outcome, registry,
};
use connector_scim as _;
use serde_json::json;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Members of the one group.
const MEMBERS: u32 = 150_000;

/// What the peak may grow by, in kB. The response has about 10 MB, and its assignments would take several times as much.
const MOST: u64 = 16 * 1024;

/// The member that the plan removes.
const GONE: u32 = 7;

/// Whether it was removed.
static REMOVED: AtomicBool = AtomicBool::new(false);

fn id(number: u32) -> String {
    format!("aaaaaaaa-bbbb-{number:012}")
}

/// Answers one connection: a group that is written while it is read.
fn answer(stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut out = BufWriter::new(stream);
    let mut first = String::new();
    while lines.read_line(&mut first).unwrap_or(0) > 0 {
        let mut line = String::new();
        let mut length = 0;
        while lines.read_line(&mut line).unwrap_or(0) > 2 {
            if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = text.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        lines.read_exact(&mut body).unwrap();
        let small = |out: &mut BufWriter<TcpStream>, status: &str, body: &str| {
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: application/scim+json\r\ncontent-length: {}", body.len());
            write!(out, "{head}\r\n\r\n{body}").and_then(|()| out.flush())
        };
        let written = if first.starts_with("PATCH") {
            let body = String::from_utf8(body).unwrap();
            assert!(body.contains(&format!("members[value eq \\\"{}\\\"]", id(GONE))), "{body}");
            REMOVED.store(true, Ordering::Relaxed);
            small(&mut out, "204 No Content", "")
        } else if first.contains("/Groups?") {
            group(&mut out, r#"{"totalResults":1,"Resources":["#, "]}")
        } else if first.contains("/Groups/g0") {
            group(&mut out, "", "")
        } else if first.contains("/Users/") {
            let id = first.split(['/', '?', ' ']).find(|part| part.starts_with("aaaa")).unwrap();
            small(&mut out, "200 OK", &format!(r#"{{"id":"{id}","userName":"{id}"}}"#))
        } else if first.contains("/Users?") {
            small(&mut out, "200 OK", r#"{"totalResults":1,"Resources":[{"id":"u0","userName":"u0"}]}"#)
        } else {
            small(&mut out, "404 Not Found", "{}")
        };
        if written.is_err() {
            return;
        }
        first.clear();
    }
}

fn group(out: &mut impl Write, before: &str, after: &str) -> std::io::Result<()> {
    out.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/scim+json\r\ntransfer-encoding: chunked\r\n\r\n")?;
    let mut chunk = |text: &str| write!(out, "{:x}\r\n{text}\r\n", text.len());
    chunk(&format!(r#"{before}{{"displayName":"All","members":["#))?;
    let mut text = String::new();
    for number in (0..MEMBERS).filter(|number| *number != GONE || !REMOVED.load(Ordering::Relaxed)) {
        let comma = if number == 0 { "" } else { "," };
        let id = id(number);
        write!(text, "{comma}{{\"value\":\"{id}\",\"type\":\"User\",\"display\":\"x\"}}").unwrap();
        if text.len() > 60_000 {
            chunk(&text)?;
            text.clear();
        }
    }
    text.push_str("],\"id\":\"g0\"}");
    text.push_str(after);
    chunk(&text)?;
    out.write_all(b"0\r\n\r\n")?;
    out.flush()
}

/// The most memory that this process has had, in kB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_huge_group_is_read_looked_up_and_changed_in_flat_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/scim/v2", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let http = HttpOptions { allow_insecure_loopback: true, ..HttpOptions::default() };
    let context = Context::new("acme", folder.path()).with_http(http);
    let connector = registry::connector("scim").unwrap().open(json!({"base_url": base}), &context).unwrap();
    connector.aggregate_accounts(&Cursor::start()).await.unwrap();
    let ability = connector.capabilities().entitlements().unwrap();
    let before = peak();
    let (mut left, mut read, mut last) = (vec![Cursor::start()], 0_u32, String::new());
    while let Some(cursor) = left.pop() {
        let (items, next) = ability.assignments(&cursor).await.unwrap().into_parts();
        for one in &items {
            let holder = one.holder.to_string();
            assert!(holder > last, "{holder} after {last}");
            last = holder;
        }
        read += u32::try_from(items.len()).unwrap();
        left.extend(next);
    }
    assert_eq!(read, MEMBERS);
    look_up_and_remove(&*connector).await;
    let grown = peak() - before;
    assert!(grown < MOST, "the peak grew by {grown} kB");
    println!("{read} members: the peak grew by {grown} kB from {before} kB");
}

/// What the preview of a plan and the plan do.
async fn look_up_and_remove(connector: &dyn Connector) {
    let group = EntitlementRef::new("group", "g0");
    let mut concern = Concern::default();
    concern.entitlements.insert(group.clone());
    let wanted = [id(GONE), id(MEMBERS + 1)];
    let found = connector.capabilities().accounts().unwrap().find_accounts(&wanted, &concern).await.unwrap();
    let held: Vec<_> = found.iter().map(|one| one[0].entitlements.contains(&group)).collect();
    assert_eq!(held, [true, false]);
    let revoke = Operation::new(id(GONE), Change::revoke(group));
    assert!(matches!(connector.provision(&revoke).await.unwrap(), Outcome::Applied { .. }));
    assert!(REMOVED.load(Ordering::Relaxed));
    assert!(matches!(connector.provision(&revoke).await.unwrap(), Outcome::Unchanged { .. }));
}
