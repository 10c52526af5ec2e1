//! Who may enter, and who may not: the tests of somebody with bad intentions.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod place;

use connector_server::{Listen, Role, Tokens};
use jiff::Timestamp;
use place::Place;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_shown_without_a_session_and_a_forged_one_is_none() {
    let place = Place::with_people().await;
    let served = place.serve();
    let name = format!("connector_{}", served.address.port());
    let forged = format!("{name}=AAAAAAAAAAAAAAAAAAAAAA");
    for path in ["/", "/sources/people", "/sources/people/accounts", "/runs", "/live", "/nothing", "/sign-out"] {
        for cookie in ["", "x=y", &forged, &format!("{name}=not an id")] {
            let answer = served.ask("GET", path, &[("Cookie", cookie)], "").await;
            assert!(matches!(answer.status, 401 | 405), "{path} {cookie}: {}", answer.status);
            assert!(!answer.body.contains("people") && !answer.body.contains("user1"), "{path}: {}", answer.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_signs_in_once_and_the_next_one_is_told() {
    let place = Place::empty();
    let served = place.serve();
    let first = served.newest_link();
    assert_eq!(served.ask("HEAD", &first, &[], "").await.status, 401, "who only looks at a link does not use it up");
    assert_eq!(served.ask("GET", "/sign-in", &[], "").await.status, 401);
    assert_eq!(served.ask("GET", "/sign-in?token=", &[], "").await.status, 401);
    let cookie = served.sign_in(&[]).await;
    assert_eq!(served.ask("GET", "/", &[("Cookie", &cookie)], "").await.status, 200);
    let again = served.ask("GET", &first, &[], "").await;
    assert!(again.status == 401 && again.header("set-cookie").is_none(), "{}", again.head);
    assert_ne!(served.newest_link(), first);
    served.sign_in(&[]).await;
    assert_eq!(served.links.lock().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_sign_in_makes_a_new_session_and_ends_the_one_from_before() {
    let place = Place::empty();
    let served = place.serve();
    let planted = served.sign_in(&[]).await;
    let own = served.sign_in(&[("Cookie", &planted)]).await;
    assert_ne!(planted, own);
    assert_eq!(served.ask("GET", "/", &[("Cookie", &planted)], "").await.status, 401);
    assert_eq!(served.ask("GET", "/", &[("Cookie", &own)], "").await.status, 200);
    let invented = format!("connector_{}=AAAAAAAAAAAAAAAAAAAAAA", served.address.port());
    assert_ne!(served.sign_in(&[("Cookie", &invented)]).await, invented);
    assert_eq!(served.ask("GET", "/", &[("Cookie", &invented)], "").await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_somebody_else_changes_nothing() {
    let place = Place::empty();
    let served = place.open().await;
    let own = format!("http://{}", served.address);
    for headers in [
        &[("Origin", "http://evil.example")][..],
        &[("Origin", "null")],
        &[("Origin", "http://127.0.0.1:1")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", own.as_str())],
    ] {
        let answer = served.ask("POST", "/sign-out", headers, "").await;
        assert!(answer.status == 403 && answer.body.contains("somebody else"), "{headers:?}: {}", answer.status);
        assert_eq!(served.get("/").await.status, 200, "{headers:?}: still signed in");
    }
    let answer = served.ask("POST", "/sign-out", &[("Sec-Fetch-Site", "same-origin"), ("Origin", &own)], "").await;
    assert_eq!(answer.status, 303);
    assert_eq!(served.get("/").await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_only_leads_to_this_machine_is_refused() {
    let place = Place::with_people().await;
    let served = place.open().await;
    let port = served.address.port();
    for host in
        ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", "127.0.0.1:1", "", "127.0.0.1.evil.example"]
    {
        let answer = served.ask("GET", "/", &[("Host", host)], "").await;
        assert!(matches!(answer.status, 400 | 421), "{host}: {}", answer.status);
        assert!(!answer.body.contains("people"), "{host}");
    }
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("LOCALHOST:{port}")] {
        assert_eq!(served.ask("GET", "/", &[("Host", &host)], "").await.status, 200, "{host}");
    }
    let absolute = format!("GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    assert_eq!(served.send(absolute.as_bytes()).await.status, 421);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_reaches_nothing_but_pages() {
    let place = Place::with_people().await;
    place.write("secret.yaml", "connector: delimited\nsettings: {password: hunter2}\n");
    let served = place.open().await;
    for path in [
        "/sources/..%2Fsecret.yaml",
        "/sources/..%2Fsecret",
        "/sources/%2Fetc%2Fpasswd",
        "/sources/secret.yaml",
        "/sources/people.yaml",
        "/sources/..%2F..%2Fsecret/accounts",
        "/sources/people%00",
        "/assets/..%2f..%2f/Cargo.toml",
        "/assets/0000/console.css",
        "/assets/..%2fconsole.css",
        "/runs/..%2F..%2Fetc",
        "/../../../../etc/passwd",
        "//etc/passwd",
        "/sources/%ff%fe",
    ] {
        let answer = served.get(path).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
        assert!(!answer.body.contains("hunter2") && !answer.body.contains("root:"), "{path}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let place = Place::empty();
    let served = place.open().await;
    let home = served.get("/").await;
    let style = place::links(&home.body).into_iter().find(|link| link.contains("console.css")).unwrap();
    for (path, host) in [("/", None), ("/nothing", None), (style.as_str(), None), ("/", Some("evil.example"))] {
        let headers: Vec<_> = host.iter().map(|host| ("Host", *host)).collect();
        let answer = served.ask("GET", path, &headers, "").await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        let cached = answer.header("cache-control").unwrap();
        assert_eq!(cached.contains("immutable"), path.starts_with("/assets/"), "{path}: {cached}");
        assert!(cached.contains("immutable") || cached == "no-store", "{path}: {cached}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_request_is_refused_and_the_server_goes_on() {
    let place = Place::empty();
    let served = place.open().await;
    let body = "x".repeat(1_000_000);
    assert_eq!(served.ask("POST", "/sign-out", &[], &body).await.status, 413);
    let long = format!("/sources/people/accounts?where={}", "a".repeat(200_000));
    let answer = served.get(&long).await;
    assert!(matches!(answer.status, 400..=499), "{}", answer.status);
    let many: Vec<_> = (0..300).map(|one| format!("X-Header-{one}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "1")).collect();
    assert!(matches!(served.ask("GET", "/", &many, "").await.status, 400..=499));
    assert_eq!(served.get("/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_byte_by_byte_is_cut_off_and_others_are_served() {
    let place = Place::empty();
    let served = place.open().await;
    let begun = Instant::now();
    let mut slow = TcpStream::connect(served.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
    assert_eq!(served.get("/").await.status, 200);
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(20), slow.read_to_end(&mut rest)).await;
    assert!(closed.is_ok() && begun.elapsed() > Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_is_told_of_a_run_and_does_not_hold_up_the_end() {
    let place = Place::with_people().await;
    let served = place.open().await;
    let mut page = TcpStream::connect(served.address).await.unwrap();
    let (address, cookie) = (served.address, served.cookie.clone().unwrap());
    let request = format!("GET /live HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n\r\n");
    page.write_all(request.as_bytes()).await.unwrap();
    let mut told = String::new();
    let mut read_until = async |wanted: &str| {
        let waited = tokio::time::timeout(Duration::from_secs(15), async {
            let mut part = [0; 1024];
            while !told.contains(wanted) {
                let length = page.read(&mut part).await.unwrap();
                assert!(length > 0, "the stream ended: {told}");
                told += &String::from_utf8_lossy(&part[..length]);
            }
        });
        assert!(waited.await.is_ok(), "no {wanted}: {told}");
    };
    read_until("event: ready").await;
    place.write_people(252, "Legal");
    place.aggregate().await;
    read_until("data: changed").await;
    let begun = Instant::now();
    served.stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), served.task).await;
    ended.expect("the server ends although a page is open").unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    let mut rest = Vec::new();
    page.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[test]
fn only_addresses_of_this_machine_are_listened_on() {
    for fine in ["127.0.0.1:0", "[::1]:8080", "127.1.2.3:80"] {
        assert!(fine.parse::<Listen>().is_ok(), "{fine}");
    }
    for refused in ["0.0.0.0:0", "[::]:8080", "192.168.1.7:80", "[::ffff:8.8.8.8]:80"] {
        let error = refused.parse::<Listen>().unwrap_err();
        assert!(error.message().contains("no TLS") && error.help().unwrap().contains("ssh -L"), "{refused}: {error:?}");
    }
    for typo in ["127.0.0.1", "localhost:80", "8080", ""] {
        assert!(typo.parse::<Listen>().unwrap_err().message().contains("not an address"), "{typo}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_signs_in_to_the_console_with_its_role_and_the_session_ends_with_it() {
    let place = Place::with_people().await;
    let served = place.serve();
    let (tokens, now) = (Tokens::open(&place.store).unwrap(), Timestamp::now());
    let day = Duration::from_hours(24);
    let viewer = tokens.create("jane <b>", Role::Viewer, day, now).unwrap();
    let operator = tokens.create("olga", Role::Operator, day, now).unwrap();
    for wrong in ["", "cnct_unknown", &viewer.secret[1..]] {
        let answer = served.sign_in_with(wrong).await;
        assert!(answer.status == 401 && answer.header("set-cookie").is_none(), "{wrong}: {}", answer.head);
    }
    let page = served.ask("GET", "/", &[], "").await.body;
    assert!(page.contains("action=\"/sign-in\"") && page.contains("type=\"password\""), "{page}");
    let own = format!("http://{}", served.address);
    let cookie = |answer: &place::Answer| answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let (jane, olga) = (served.sign_in_with(&viewer.secret).await, served.sign_in_with(&operator.secret).await);
    let (jane, olga) = (cookie(&jane), cookie(&olga));
    let page = served.ask("GET", "/sources/people", &[("Cookie", &jane)], "").await;
    assert!(page.body.contains("jane &#60;b&#62;") && !page.body.contains("Read now"), "{}", page.body);
    assert!(served.ask("GET", "/sources/people", &[("Cookie", &olga)], "").await.body.contains("Read now"));
    for path in ["/sources/people/aggregate", "/sources/people/test", "/sources/people/stop"] {
        let form = [("Cookie", jane.as_str()), ("Origin", &own), ("Content-Type", "application/x-www-form-urlencoded")];
        let refused = served.ask("POST", path, &form, "").await;
        assert!(refused.status == 403 && refused.body.contains("role"), "{path}: {}", refused.body);
    }
    let form = [("Cookie", olga.as_str()), ("Origin", &own), ("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(served.ask("POST", "/sources/people/test", &form, "").await.status, 303);
    tokens.revoke(&viewer.token.id, now).unwrap();
    assert_eq!(served.ask("GET", "/", &[("Cookie", &jane)], "").await.status, 401, "it ends at once");
    let foreign = [("Origin", "http://evil.example"), ("Content-Type", "application/x-www-form-urlencoded")];
    let planted = served.ask("POST", "/sign-in", &foreign, &format!("token={}", operator.secret)).await;
    assert!(planted.status == 403 && planted.header("set-cookie").is_none(), "nobody is signed in by a foreign page");
}
