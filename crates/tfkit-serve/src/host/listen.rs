//! Listening for the host: on a socket file, or on a loopback port if socket files are not possible.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use super::environment::SocketPlace;

/// The address in the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A socket file.
    #[cfg_attr(not(unix), expect(dead_code, reason = "socket files are used only on Unix"))]
    Unix(PathBuf),
    /// A port on loopback.
    Tcp(SocketAddr),
}

impl Address {
    /// Returns the name of the network.
    pub(crate) fn network(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Tcp(address) => write!(f, "{address}"),
        }
    }
}

/// A connection over any transport.
pub(crate) type Stream = Box<dyn ReadWrite>;

/// Bytes in both directions.
pub(crate) trait ReadWrite: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ReadWrite for T {}

/// Accepts connections. Dropping it removes the socket file.
pub(crate) struct Listener {
    address: Address,
    socket: Socket,
}

enum Socket {
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    /// Listens on a new socket file, or on the first free port if that is not possible.
    pub(crate) async fn open(place: &SocketPlace, ports: RangeInclusive<u16>) -> io::Result<Self> {
        #[cfg(unix)]
        if let Some(listener) = unix::open(place)? {
            return Ok(listener);
        }
        let _ = place;
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for port in ports {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                Ok(socket) => {
                    let address = Address::Tcp(socket.local_addr()?);
                    return Ok(Self { address, socket: Socket::Tcp(socket) });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Returns its address.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Waits for the next connection. Cancel-safe.
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        match &self.socket {
            #[cfg(unix)]
            Socket::Unix(socket) => Ok(Box::new(socket.accept().await?.0)),
            Socket::Tcp(socket) => {
                let stream = socket.accept().await?.0;
                // Small responses must not wait for a full packet.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Address::Unix(path) = &self.address {
            remove(path);
        }
    }
}

/// Removes a socket file. It may already be gone.
fn remove(path: &Path) {
    let _ = std::fs::remove_file(path);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    use tokio::net::UnixListener;

    use super::{Address, Listener, Socket, SocketPlace, io, remove};

    /// Longest path that fits into a socket address on every Unix (104 bytes on some, with a final zero).
    const LONGEST_PATH: usize = 103;

    /// Listens on a new socket file; `None` if the path of the folder is too long, or if it does not support sockets.
    pub(super) fn open(place: &SocketPlace) -> io::Result<Option<Listener>> {
        let name = uuid::Uuid::new_v4().simple().to_string();
        let path = place.folder.join(format!("plugin-{}", &name[..16]));
        if path.as_os_str().as_bytes().len() > LONGEST_PATH {
            return Ok(None);
        }
        let Ok(socket) = UnixListener::bind(&path) else { return Ok(None) };
        let listener = Listener { address: Address::Unix(path.clone()), socket: Socket::Unix(socket) };
        // If this function fails later, dropping the listener removes its file.
        let mode = match &place.group {
            Some(group) => {
                std::os::unix::fs::chown(&path, None, Some(group_id(group)?))?;
                0o660
            }
            None => 0o600,
        };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))
            .inspect_err(|_| remove(&path))?;
        Ok(Some(listener))
    }

    /// Returns the number of a group, which is specified by number or by its name on this machine.
    fn group_id(group: &str) -> io::Result<u32> {
        if let Ok(id) = group.parse() {
            return Ok(id);
        }
        let groups = std::fs::read_to_string("/etc/group")?;
        find_group(&groups, group).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("PLUGIN_UNIX_SOCKET_GROUP is set to the group {group:?}, which is not in /etc/group"),
            )
        })
    }

    /// Finds the number of a group in the lines `name:password:number:members`.
    fn find_group(groups: &str, wanted: &str) -> Option<u32> {
        groups.lines().find_map(|line| {
            let mut columns = line.split(':');
            (columns.next() == Some(wanted)).then(|| columns.nth(1)?.parse().ok())?
        })
    }

    #[cfg(test)]
    mod tests {
        use std::os::unix::fs::MetadataExt;

        use super::*;

        #[test]
        fn groups_are_found_by_name() {
            let groups = "root:x:0:\nbroken\nplugin-users:x:1001:ada,grace\n";
            for (name, expected) in
                [("root", Some(0)), ("plugin-users", Some(1001)), ("broken", None), ("ada", None)]
            {
                assert_eq!(find_group(groups, name), expected, "{name}");
            }
        }

        #[tokio::test]
        async fn the_socket_file_is_private_and_is_removed_with_its_listener() {
            let folder = tempfile::tempdir().unwrap();
            let place = SocketPlace { folder: folder.path().to_owned(), group: None };
            let listener = open(&place).unwrap().unwrap();
            let Address::Unix(path) = listener.address().clone() else { panic!("not a socket file") };
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            drop(listener);
            assert!(!path.exists());
        }

        #[tokio::test]
        async fn a_group_may_connect_if_the_host_sets_one() {
            let folder = tempfile::tempdir().unwrap();
            let group = folder.path().metadata().unwrap().gid();
            let place = SocketPlace { folder: folder.path().to_owned(), group: Some(group.to_string()) };
            let listener = open(&place).unwrap().unwrap();
            let Address::Unix(path) = listener.address().clone() else { panic!("not a socket file") };
            let metadata = path.metadata().unwrap();
            assert_eq!((metadata.gid(), metadata.permissions().mode() & 0o777), (group, 0o660));

            let nobody = SocketPlace { group: Some("no such group".to_owned()), ..place };
            let error = open(&nobody).map(|_| ()).unwrap_err().to_string();
            assert!(
                error.contains("PLUGIN_UNIX_SOCKET_GROUP is set to the group \"no such group\""),
                "{error}"
            );
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "a socket file is left behind");
        }

        #[tokio::test]
        async fn a_path_that_is_too_long_falls_back_to_a_port() {
            let folder = std::env::temp_dir().join("x".repeat(LONGEST_PATH));
            let place = SocketPlace { folder, group: None };
            let listener = Listener::open(&place, 20_000..=25_000).await.unwrap();
            assert_eq!(listener.address().network(), "tcp");
        }
    }
}
