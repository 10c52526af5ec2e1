//! Servers that respond with exactly the given bytes, over plain TCP or TLS.

use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod, SslVerifyMode};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A server that sends each connection the next response of its script and closes it. After the script, it only closes.
pub struct Scripted {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Scripted {
    pub fn start(script: Vec<Vec<u8>>) -> Self {
        Self::serve(script, Some)
    }

    /// The same over TLS, with a certificate and key in PEM.
    pub fn start_tls(certificate: &str, key: &str, script: Vec<Vec<u8>>) -> Self {
        let acceptor = acceptor(certificate, key).build();
        Self::serve(script, move |stream| acceptor.accept(stream).ok())
    }

    /// The same for a server that accepts only clients with the certificate `client`.
    pub fn start_mutual(certificate: &str, key: &str, client: &str, script: Vec<Vec<u8>>) -> Self {
        let mut acceptor = acceptor(certificate, key);
        acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        let client = openssl::x509::X509::from_pem(client.as_bytes()).unwrap();
        acceptor.cert_store_mut().add_cert(client).unwrap();
        let acceptor = acceptor.build();
        Self::serve(script, move |stream| acceptor.accept(stream).ok())
    }

    fn serve<S: Read + Write>(
        script: Vec<Vec<u8>>,
        open: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        let (script, open) = (Arc::new(Mutex::new(script.into_iter())), Arc::new(open));
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                count.fetch_add(1, Ordering::SeqCst);
                // A client may open a connection and leave it idle. The other connections must not wait for it.
                let (script, open, log) = (script.clone(), open.clone(), log.clone());
                std::thread::spawn(move || {
                    let Some(mut stream) = open(stream) else { return };
                    let Some(request) = read_request(&mut stream) else { return };
                    log.lock().unwrap().push(request);
                    let answer = script.lock().unwrap().next();
                    if let Some(answer) = answer {
                        let _ = stream.write_all(&answer).and_then(|()| stream.flush());
                    }
                });
            }
        });
        Self { port, seen, connections }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How often a client connected.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The requests so far, each with head and body.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn acceptor(certificate: &str, key: &str) -> SslAcceptorBuilder {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    let certificate = openssl::x509::X509::from_pem(certificate.as_bytes()).unwrap();
    let key = openssl::pkey::PKey::private_key_from_pem(key.as_bytes()).unwrap();
    acceptor.set_certificate(&certificate).unwrap();
    acceptor.set_private_key(&key).unwrap();
    acceptor
}

fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.trim().parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(text);
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
    }
}

/// A complete response.
pub fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}
