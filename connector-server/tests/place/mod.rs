//! A project with a source, served on loopback, and a client that sends whatever a test wants.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_delimited as _;
use connector_engine::aggregate::{Options, RunStatus, Wanted, run_as_due};
use connector_engine::store::Store;
use connector_http as _;
use connector_project::source::Project;
use connector_scim as _;
use connector_server::{Listen, Role, Server, Tokens};
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// No test waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What an evil source calls its people.
pub const HOSTILE: [[&str; 3]; 6] = [
    ["1", "<script>alert(1)</script>", "</title><img src=x onerror=alert(2)>"],
    ["2", "\"><svg onload=alert(3)>", "Robert'); DROP TABLE accounts;--"],
    ["3", "admin\u{202e}gnp.exe\u{200b}", "a\u{7}b\u{1b}[31m"],
    ["../../etc/passwd", "dots", "Dots"],
    ["x?y#z%2f&where=1", "address", "Address"],
    ["محمد/é", "محمد", "{{ 7*7 }} {% raw %}"],
];

pub struct Place {
    folder: TempDir,
    pub project: Project,
    pub store: PathBuf,
}

impl Place {
    /// An empty project.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sources")).unwrap();
        let project = Project::at(folder.path());
        let store = project.store_place().unwrap().file().unwrap().to_owned();
        Self { folder, project, store }
    }

    /// A project with the source `people`, read twice, and a file that is broken.
    pub async fn with_people() -> Self {
        let place = Self::empty();
        place.write(
            "sources/people.yaml",
            "connector: delimited\ndescription: <b>people</b>\nsettings:\n  complete: {quiet_for: 1ms, at_least: 1}\n  accounts:\n    file: people.csv\n    id: no\n    name: login\n    display_name: full\n    entitlements: {role: {column: roles, split: \"|\"}}\n",
        );
        place.write("sources/broken.yaml", "connector: delimted\n");
        place.write_people(250, "Sales");
        place.aggregate().await;
        place.write_people(251, "Finance");
        place.aggregate().await;
        place
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    pub fn write_people(&self, number: usize, department: &str) {
        let mut text = String::from("no,login,full,department,roles\n");
        for [id, login, full] in HOSTILE {
            let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
            let (id, login, full) = (quoted(id), quoted(login), quoted(full));
            writeln!(text, "{id},{login},{full},{department},<i>boss</i>|staff").unwrap();
        }
        for one in 0..number {
            writeln!(text, "p{one:05},user{one},User {one},Legal,staff").unwrap();
        }
        self.write("people.csv", &text);
        // The connector waits until nobody writes the file any more.
        std::thread::sleep(Duration::from_millis(20));
    }

    /// Adds the source `staff`, read once: a file that plans can change. `more` are lines of its definition.
    pub async fn add_staff(&self, more: &str) {
        self.write(
            "sources/staff.yaml",
            &format!(
                "connector: delimited\n{more}settings:\n  complete: {{at_least: 1}}\n  writable: true\n  accounts:\n    file: staff.csv\n    id: no\n    name: login\n    enabled: {{column: status, is: [A], is_not: [T]}}\n  entitlements:\n    role: {{title: Role, file: roles.csv, id: code, name: name, holders: {{file: members.csv, account: no, entitlement: role}}}}\n"
            ),
        );
        let mut text = String::from("no,login,status,department\n");
        let mut members = String::from("no,role\n");
        for (number, [_, login, _]) in HOSTILE.iter().enumerate() {
            writeln!(text, "h{number},\"{}\",T,Sales", login.replace('"', "\"\"")).unwrap();
            write!(members, "h{number},boss\nh{number},payroll\n").unwrap();
        }
        for number in 0..40 {
            let status = if number % 10 == 0 { "T" } else { "A" };
            writeln!(text, "s{number:02},staff{number},{status},Legal").unwrap();
            writeln!(members, "s{number:02},payroll").unwrap();
        }
        self.write("staff.csv", &text);
        self.write("members.csv", &members);
        self.write("roles.csv", "code,name\nboss,<i>boss</i>\npayroll,Payroll\nbadge,Badge\n");
        std::thread::sleep(Duration::from_millis(20));
        self.aggregate_source("staff").await;
    }

    /// A token of this role.
    pub fn token(&self, name: &str, role: Role) -> String {
        let tokens = Tokens::open(&self.store).unwrap();
        tokens.create(name, role, Duration::from_hours(24), jiff::Timestamp::now()).unwrap().secret
    }

    pub async fn aggregate(&self) {
        self.aggregate_source("people").await;
    }

    pub async fn aggregate_source(&self, name: &str) {
        let source = self.project.load(name).unwrap().open(&self.project).unwrap();
        let store = Store::open(&self.store).unwrap();
        let stop = CancellationToken::new();
        let report = run_as_due(&store, &source, Wanted::Full, Options::default(), |_| (), stop).await.unwrap();
        assert_eq!(report.status, RunStatus::Succeeded, "{:?}", report.error);
    }

    /// Serves it.
    pub fn serve(&self) -> Served {
        let stop = CancellationToken::new();
        let server =
            Server::bind(&self.project, self.store.clone().into(), &self.store, Listen::default(), stop.clone())
                .unwrap();
        let (address, link) = (server.address(), server.sign_in_link());
        let links = Arc::new(Mutex::new(vec![link]));
        let told = links.clone();
        let task = tokio::spawn(server.serve(move |link| told.lock().unwrap().push(link.to_owned())));
        Served { address, links, stop, task, cookie: None }
    }

    /// Serves it to somebody who is signed in.
    pub async fn open(&self) -> Served {
        let mut served = self.serve();
        let cookie = served.sign_in(&[]).await;
        served.cookie = Some(cookie);
        served
    }
}

pub struct Served {
    pub address: SocketAddr,
    pub links: Arc<Mutex<Vec<String>>>,
    pub stop: CancellationToken,
    pub task: JoinHandle<connector_core::Result<()>>,
    pub cookie: Option<String>,
}

impl Served {
    /// The path of the newest link.
    pub fn newest_link(&self) -> String {
        let links = self.links.lock().unwrap();
        links.last().unwrap().split_once(&self.address.to_string()).unwrap().1.to_owned()
    }

    /// Signs in; returns the cookie.
    pub async fn sign_in(&self, headers: &[(&str, &str)]) -> String {
        let answer = self.ask("GET", &self.newest_link(), headers, "").await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.body);
        let cookie = answer.header("set-cookie").unwrap();
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
            "{cookie}"
        );
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Sends the form to sign in with a token.
    pub async fn sign_in_with(&self, token: &str) -> Answer {
        let own = format!("http://{}", self.address);
        let form = [("Origin", own.as_str()), ("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", "a=b")];
        self.ask("POST", "/sign-in", &form, &format!("token={}", encoded(token))).await
    }

    /// Signs in with a token of this role; returns the cookie.
    pub async fn cookie_of(&self, place: &Place, name: &str, role: Role) -> String {
        let token = place.token(name, role);
        let answer = self.sign_in_with(&token).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }

    /// Sends a form of a page of the console.
    pub async fn press(&self, cookie: &str, path: &str, form: &str) -> Answer {
        let own = format!("http://{}", self.address);
        let headers =
            [("Origin", own.as_str()), ("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", cookie)];
        self.ask("POST", path, &headers, form).await
    }

    /// Reads a page as somebody.
    pub async fn see(&self, cookie: &str, path: &str) -> Answer {
        self.ask("GET", path, &[("Cookie", cookie)], "").await
    }

    /// Reads a page as somebody until it shows a text.
    pub async fn shows(&self, cookie: &str, path: &str, wanted: &str) -> String {
        let mut page = String::new();
        for _ in 0..200 {
            page = self.see(cookie, path).await.body;
            if page.contains(wanted) {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} never shows {wanted}: {page}");
    }

    /// Reads a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    /// Sends a request with the cookie, if somebody is signed in.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            write!(head, "Host: {}\r\n", self.address).unwrap();
        }
        if let Some(cookie) = self.cookie.as_ref().filter(|_| !headers.iter().any(|(name, _)| *name == "Cookie")) {
            write!(head, "Cookie: {cookie}\r\n").unwrap();
        }
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        self.send(format!("{head}\r\n{body}").as_bytes()).await
    }

    /// Sends these bytes, and reads until the server closes the connection.
    pub async fn send(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A server that refuses a long request need not read it.
        let _ = stream.write_all(bytes).await;
        let mut read = Vec::new();
        let all =
            tokio::time::timeout(PATIENCE, stream.read_to_end(&mut read)).await.expect("the server answers in time");
        if read.is_empty() {
            all.unwrap();
        }
        Answer::parse(&read)
    }
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let body = if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            unchunked(body)
        } else {
            body.to_owned()
        };
        Self { status, head: head.to_owned(), body }
    }

    pub fn header(&self, wanted: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case(wanted)))
            .map(|(_, value)| value)
    }
}

fn unchunked(body: &str) -> String {
    let (mut rest, mut whole) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        if size == 0 || after.len() < size {
            break;
        }
        whole += &after[..size];
        rest = after[size..].trim_start_matches("\r\n");
    }
    whole
}

/// The addresses of all links of a page.
pub fn links(page: &str) -> Vec<String> {
    let parts = page.split("href=\"").skip(1);
    parts.filter_map(|part| part.split('"').next()).map(|link| link.replace("&#38;", "&")).collect()
}

/// A text in an address.
pub fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
