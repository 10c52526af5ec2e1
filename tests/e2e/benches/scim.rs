//! How long reading a SCIM server takes, beside the floor: the same pages fetched bare, 4 at once. And how long a REST API takes that
//! serves the same pages.
//!
//! `cargo bench -p connector-e2e --bench scim` measures 100,000 users and 1,000 groups, with 50 ms for each page. After `--`, the number
//! of users and `latency=MS` can follow. The marks: SCIM at most 1.3 times the floor, REST at most 1.2 times SCIM, and a call for each
//! page and four more. The figures of one machine are for comparing with each other, not with another machine's.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise and prints its figures"
)]

#[allow(dead_code, reason = "no org is asked")]
#[path = "peers/process.rs"]
mod process;

use connector_e2e::Binary;
use process::finished;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

/// The most rows that the server gives.
const CAP: usize = 200;
/// Groups, and members of each.
const GROUPS: usize = 1_000;
const MEMBERS: usize = 50;

#[tokio::main]
async fn main() {
    let (mut users, mut latency) = (100_000, 50);
    for argument in std::env::args().skip(1) {
        match argument.strip_prefix("latency=") {
            Some(text) => latency = text.parse().unwrap(),
            None => users = argument.parse().unwrap_or(users),
        }
    }
    let server = Arc::new(Server::new(users, Duration::from_millis(latency)));
    let address = server.clone().start();
    let pages = users.div_ceil(CAP) + GROUPS.div_ceil(CAP);
    println!("{users} users, {GROUPS} groups of {MEMBERS}, {pages} pages, {latency} ms for each");
    let bare = bare(&address, users).await;
    let scim = "connector: scim\nauth: {grant_type: bearer, token_ref: \"env:BENCH_TOKEN\"}\n\
                settings: {base_url: \"BASE\", page_size: 200}\n";
    let rest = "connector: rest\nauth: {grant_type: bearer, token_ref: \"env:BENCH_TOKEN\"}\nsettings:\n  base_url: \"BASE\"\n  \
                accounts:\n    get: /Users\n    query: {count: 200}\n    items: /Resources\n    \
                page: {offset: {as: startIndex, first: 1}, end: {total: /totalResults}}\n    \
                map: {id: item.id, name: item.userName, enabled: item.active, attributes: {title: item.title, \
                mail: \"item.emails | map(attribute='value') | first\"}}\n  entitlements:\n    group:\n      get: /Groups\n      \
                query: {count: 200}\n      items: /Resources\n      \
                page: {offset: {as: startIndex, first: 1}, end: {total: /totalResults}}\n      \
                map: {id: item.id, name: item.displayName}\n  assignments:\n    - embedded: group\n      items: /members\n      \
                map: {account: item.value}\n";
    println!("            |       wall |  calls | peak memory | ratio");
    println!("bare        | {:>8}ms | {:>6} |             |", bare.as_millis(), server.taken());
    let scim = aggregate(&server, &address, scim).await;
    show("scim", &scim, bare, 1.3);
    println!("              at most {} calls", pages + 4);
    let rest = aggregate(&server, &address, rest).await;
    show("rest", &rest, scim.0, 1.2);
}

/// Time, calls and the peak of the memory in KiB.
type Figures = (Duration, u64, u64);

fn show(name: &str, (time, calls, peak): &Figures, floor: Duration, mark: f64) {
    let ratio = time.as_secs_f64() / floor.as_secs_f64();
    let peak = peak / 1024;
    println!("{name:<11} | {:>8}ms | {calls:>6} | {peak:>7} MiB | {ratio:>4.2}x of {mark}", time.as_millis());
}

/// A full read into a new store, by a process of its own.
async fn aggregate(server: &Server, address: &SocketAddr, source: &str) -> Figures {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(BINARY.run(folder.path(), &["init"]).code, Some(0));
    let source = source.replace("BASE", &format!("http://{address}/v2")) + "http: {allow_insecure_loopback: true}\n";
    write(&folder.path().join("sources/bench.yaml"), &source);
    server.taken();
    let mut command = BINARY.command(folder.path(), &["aggregate", "bench", "--output", "json"]);
    command.env("BENCH_TOKEN", "made-up-token");
    let (_, figures) = finished(&mut command).await;
    (figures.time, server.taken(), figures.peak_kib.unwrap_or_default())
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

/// The same pages, four at once.
async fn bare(address: &SocketAddr, users: usize) -> Duration {
    let client = reqwest::Client::new();
    let page = |kind: &str, start: usize| format!("http://{address}/v2/{kind}?startIndex={start}&count={CAP}");
    let urls = (1..=users).step_by(CAP).map(|start| page("Users", start));
    let urls: Vec<_> = urls.chain((1..=GROUPS).step_by(CAP).map(|start| page("Groups", start))).collect();
    let urls = Arc::new(urls);
    let next = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let workers = (0..4).map(|_| {
        let (client, urls, next) = (client.clone(), urls.clone(), next.clone());
        tokio::spawn(async move {
            while let Some(url) = urls.get(usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap()) {
                let response = client.get(url).send().await.unwrap();
                assert!(!response.bytes().await.unwrap().is_empty());
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    started.elapsed()
}

/// Users and groups, each written once.
struct Server {
    users: Vec<String>,
    groups: Vec<String>,
    latency: Duration,
    calls: AtomicU64,
}

impl Server {
    fn new(users: usize, latency: Duration) -> Self {
        let user = |n: usize| {
            format!(
                "{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"id\":\"u{n:07}\",\"userName\":\"p{n}@acme.example\",\
                 \"active\":{},\"title\":\"Title {}\",\"name\":{{\"givenName\":\"First\",\"familyName\":\"Last {n}\"}},\
                 \"emails\":[{{\"value\":\"p{n}@acme.example\",\"primary\":true}}],\"meta\":{{\"resourceType\":\"User\"}}}}",
                !n.is_multiple_of(17),
                n % 97
            )
        };
        let group = |n: usize| {
            let members: Vec<_> = (0..MEMBERS)
                .map(|m| format!("{{\"value\":\"u{:07}\",\"type\":\"User\"}}", (n * 31 + m * 7) % users))
                .collect();
            format!("{{\"id\":\"g{n:05}\",\"displayName\":\"Group {n}\",\"members\":[{}]}}", members.join(","))
        };
        let calls = AtomicU64::new(0);
        Self { users: (0..users).map(user).collect(), groups: (0..GROUPS).map(group).collect(), latency, calls }
    }

    /// The calls since the last time.
    fn taken(&self) -> u64 {
        self.calls.swap(0, Ordering::Relaxed)
    }

    fn start(self: Arc<Self>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = self.clone();
                thread::spawn(move || server.serve(stream));
            }
        });
        address
    }

    fn serve(&self, mut stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        let mut first = String::new();
        while lines.read_line(&mut first).unwrap_or(0) > 0 {
            let mut line = String::new();
            while lines.read_line(&mut line).unwrap_or(0) > 2 {
                line.clear();
            }
            self.calls.fetch_add(1, Ordering::Relaxed);
            thread::sleep(self.latency);
            let body = self.answer(&first);
            let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
            let body = body.unwrap_or_else(|| "{}".to_owned());
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: application/scim+json\r\ncontent-length: {length}\r\n\r\n");
            if stream.write_all((head + &body).as_bytes()).is_err() {
                return;
            }
            first.clear();
        }
    }

    fn answer(&self, line: &str) -> Option<String> {
        let target = line.split(' ').nth(1)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let number = |name: &str| {
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse::<usize>().ok())
        };
        let rows = match path {
            "/v2/Users" => &self.users,
            "/v2/Groups" => &self.groups,
            _ => return None,
        };
        let start = number("startIndex").unwrap_or(1).max(1) - 1;
        let end = (start + number("count").unwrap_or(CAP).min(CAP)).min(rows.len());
        let shown = rows.get(start..end).unwrap_or_default();
        let mut body = String::with_capacity(shown.iter().map(String::len).sum::<usize>() + 200);
        write!(body, "{{\"totalResults\":{},\"itemsPerPage\":{},\"Resources\":[", rows.len(), shown.len()).unwrap();
        body.push_str(&shown.join(","));
        body.push_str("]}");
        Some(body)
    }
}
