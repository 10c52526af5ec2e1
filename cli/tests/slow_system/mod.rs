//! A system on this machine that takes its time.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test stops at the first surprise")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many accounts a list has, and how many of them a page.
const ACCOUNTS: usize = 200;
const PAGE: usize = 10;

/// A system with lists of accounts, one for each name, page by page.
pub struct SlowSystem {
    address: SocketAddr,
    millis: Arc<AtomicU64>,
}

impl SlowSystem {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, millis) = (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
        let wait = millis.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let wait = wait.clone();
                std::thread::spawn(move || answer(&stream, &wait));
            }
        });
        Self { address, millis }
    }

    /// From now on, a page takes so long.
    pub fn answer_after(&self, pause: Duration) {
        self.millis.store(u64::try_from(pause.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// The file of a source that reads the list with this name.
    pub fn source(&self, list: &str) -> String {
        format!(
            "connector: rest
auth: {{grant_type: api_key, header: X-Api-Key, secret_ref: env:SLOW_KEY}}
http: {{allow_insecure_loopback: true}}
settings:
  base_url: http://{}/{list}
  test: {{get: /users}}
  accounts:
    get: /users
    items: /data
    page: {{cursor: {{from: /next, as: cursor}}, end: no_cursor}}
    map: {{id: item.id, name: item.login, attributes: {{mail: item.mail}}}}
  entitlements:
    role: {{title: Role, fixed: {{admin: Administrator, member: Member}}}}
  assignments:
    - embedded: accounts
      items: /roles
      map: {{entitlement: {{role: item}}}}
",
            self.address
        )
    }
}

fn answer(stream: &TcpStream, millis: &AtomicU64) {
    let mut lines = BufReader::new(stream).lines();
    let Some(Ok(first)) = lines.next() else { return };
    // The rest of the head; nothing here has a body.
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let list = target.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
    let from: usize = target.split("cursor=").nth(1).and_then(|rest| rest.split('&').next()?.parse().ok()).unwrap_or(0);
    std::thread::sleep(Duration::from_millis(millis.load(Ordering::Relaxed)));
    let mut items = Vec::new();
    for id in from..(from + PAGE).min(ACCOUNTS) {
        let roles = if id % 7 == 0 { r#"["admin","member"]"# } else { r#"["member"]"# };
        items.push(format!(
            r#"{{"id":"{list}-{id:04}","login":"{list}{id}","mail":"{id}@{list}.example","roles":{roles}}}"#
        ));
    }
    let mut body = format!(r#"{{"data":[{}]"#, items.join(","));
    if from + PAGE < ACCOUNTS {
        let _ = write!(body, r#","next":"{}""#, from + PAGE);
    }
    body.push('}');
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // Whoever asked may be killed.
    let _ = { stream }.write_all(format!("{head}{body}").as_bytes());
}
