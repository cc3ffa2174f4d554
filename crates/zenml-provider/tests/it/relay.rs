//! A proxy that holds responses back until the test releases them: the server has done the work, and the provider
//! does not know it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Stops when it is dropped, and closes all connections.
pub(crate) struct Relay {
    url: String,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    rule: Mutex<Option<Rule>>,
    /// How many responses are held back; `None` after they are released.
    held: watch::Sender<Option<usize>>,
}

/// The requests whose responses are held back.
struct Rule {
    method: &'static str,
    path: &'static str,
    /// How many of them still pass.
    passing: usize,
}

impl Relay {
    /// Creates a relay to the server with this address.
    pub(crate) async fn to(server: &str) -> Self {
        let (host, path) = server.strip_prefix("http://").unwrap().split_once('/').map_or_else(
            || (server.trim_start_matches("http://"), String::new()),
            |(host, path)| (host, format!("/{path}")),
        );
        let upstream: SocketAddr = host.parse().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}{path}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let mut serving = JoinSet::new();
        let of_connections = Arc::clone(&shared);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(carry(client, upstream, Arc::clone(&of_connections)));
            }
        });
        Self { url, shared, _serving: serving }
    }

    /// Returns the address of the relay, which replaces the server's.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Holds back the responses to requests with this method and this part of the path, except the first ones.
    pub(crate) fn hold(&self, method: &'static str, path: &'static str, passing: usize) {
        self.shared.held.send_replace(Some(0));
        *self.shared.rule.lock().unwrap() = Some(Rule { method, path, passing });
    }

    /// Returns how many responses are held back. The server has completed all of these requests.
    pub(crate) fn held(&self) -> usize {
        self.shared.held.borrow().unwrap_or_default()
    }

    /// Releases the responses that are held back, and all later ones.
    pub(crate) fn release(&self) {
        *self.shared.rule.lock().unwrap() = None;
        self.shared.held.send_replace(None);
    }
}

impl Shared {
    /// Returns whether the response to these bytes is held back. Only the first bytes of a request look like one.
    fn catches(&self, sent: &[u8]) -> bool {
        let mut rule = self.rule.lock().unwrap();
        let Some(rule) = rule.as_mut() else { return false };
        let line = String::from_utf8_lossy(sent);
        let mut words = line.lines().next().unwrap_or_default().split(' ');
        if words.next() != Some(rule.method) || !words.next().is_some_and(|path| path.contains(rule.path)) {
            return false;
        }
        let passes = rule.passing > 0;
        rule.passing = rule.passing.saturating_sub(1);
        !passes
    }

    async fn keep_back(&self) {
        let mut held = self.held.subscribe();
        self.held.send_if_modified(|held| held.as_mut().map(|held| *held += 1).is_some());
        // The sender lives in `self`, so waiting cannot fail.
        let _ = held.wait_for(Option::is_none).await;
    }
}

/// Serves one connection, on which each request waits for the previous response.
async fn carry(mut client: TcpStream, upstream: SocketAddr, shared: Arc<Shared>) {
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    let (mut sent, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut is_caught = false;
    loop {
        let written = tokio::select! {
            read = client.read(&mut sent) => match read {
                Ok(0) | Err(_) => return,
                Ok(length) => {
                    is_caught |= shared.catches(&sent[..length]);
                    server.write_all(&sent[..length]).await
                }
            },
            read = server.read(&mut answered) => match read {
                Ok(0) | Err(_) => return,
                Ok(length) => {
                    if std::mem::take(&mut is_caught) {
                        shared.keep_back().await;
                    }
                    client.write_all(&answered[..length]).await
                }
            },
        };
        if written.is_err() {
            return;
        }
    }
}
