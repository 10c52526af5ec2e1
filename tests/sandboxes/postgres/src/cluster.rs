//! A server in a temporary folder.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};
use tempfile::TempDir;

/// A server of its own, on a free port of this machine. It ends with this.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    owner: Option<(u32, u32)>,
    port: u16,
}

impl Cluster {
    /// Starts one that lets the user `postgres` in without a password.
    ///
    /// Fails if PostgreSQL is not installed: on Debian, `apt-get install postgresql` does that.
    pub fn start() -> io::Result<Self> {
        Self::start_with("local all all trust\nhost all all 127.0.0.1/32 trust\n", "")
    }

    /// Starts one with these rules of `pg_hba.conf` and lines of `postgresql.conf`. The files that those name can be written into
    /// the folder by `prepare`.
    pub fn start_with(rules: &str, settings: &str) -> io::Result<Self> {
        Self::start_prepared(rules, settings, |_| Ok(()))
    }

    /// The same; `prepare` gets the folder of the server before it starts.
    pub fn start_prepared(
        rules: &str,
        settings: &str,
        prepare: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (programs, owner) = (programs()?, owner()?);
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let cluster = Self { folder, programs, owner, port };
        cluster.give(cluster.folder.path())?;
        let data = cluster.data();
        cluster.run(
            "initdb",
            &["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--pgdata"],
            &data,
        )?;
        fs::write(data.join("pg_hba.conf"), rules)?;
        prepare(&data)?;
        for entry in fs::read_dir(&data)? {
            cluster.give(&entry?.path())?;
        }
        let socket = cluster.folder.path().display();
        let own = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{socket}'\nmax_connections = 300\n\
             shared_buffers = 256MB\nfsync = off\n{settings}\n"
        );
        fs::write(data.join("postgresql.auto.conf"), own)?;
        cluster.give(&data.join("postgresql.auto.conf"))?;
        let log = cluster.folder.path().join("log");
        cluster.run("pg_ctl", &["start", "--wait", "--silent", "--log", &log.to_string_lossy(), "--pgdata"], &data)?;
        Ok(cluster)
    }

    /// The URL of a database, as the user `postgres`.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// From now on, these are the rules of `pg_hba.conf`.
    pub fn set_rules(&self, rules: &str) -> io::Result<()> {
        let file = self.data().join("pg_hba.conf");
        fs::write(&file, rules)?;
        self.give(&file)?;
        self.run("pg_ctl", &["reload", "--silent", "--pgdata"], &self.data())
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once, as a crash would, and starts it again.
    pub fn crash(&self) -> io::Result<()> {
        self.run(
            "pg_ctl",
            &["restart", "--mode=immediate", "--wait", "--silent", "--log", "/dev/null", "--pgdata"],
            &self.data(),
        )
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn give(&self, path: &Path) -> io::Result<()> {
        if let Some((user, group)) = self.owner {
            chown(path, Some(user), Some(group))?;
        }
        let mode = path.metadata()?.permissions().mode();
        fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))
    }

    fn run(&self, program: &str, arguments: &[&str], data: &Path) -> io::Result<()> {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).arg(data).current_dir(self.folder.path()).env("LC_ALL", "C");
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        let done = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status()?;
        if done.success() {
            return Ok(());
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        Err(io::Error::other(format!("{program} failed: {done}\n{log}")))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Its folder goes in any case.
        let _ = self.run("pg_ctl", &["stop", "--mode=immediate", "--silent", "--pgdata"], &self.data());
    }
}

/// The folder with the programs of the newest version.
fn programs() -> io::Result<PathBuf> {
    let on_path = env::var_os("PATH").into_iter().flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
    let mut folders: Vec<PathBuf> = on_path.filter(|folder| folder.join("initdb").is_file()).collect();
    let mut packaged: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    packaged.sort();
    folders.extend(packaged.into_iter().rev());
    folders.into_iter().next().ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "PostgreSQL is not installed: run `apt-get install postgresql`")
    })
}

/// Whom the server runs as; `None` for whoever runs the tests. It refuses to run as root.
fn owner() -> io::Result<Option<(u32, u32)>> {
    let id = |kind: &str, user: &str| -> io::Result<u32> {
        let answer = Command::new("id").args([OsStr::new(kind), OsStr::new(user)]).output()?;
        let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        text.parse().map_err(|_| io::Error::other(format!("there is no user `{user}`")))
    };
    let own = String::from_utf8_lossy(&Command::new("id").arg("-u").output()?.stdout).trim().to_owned();
    if own != "0" {
        return Ok(None);
    }
    Ok(Some((id("-u", "postgres")?, id("-g", "postgres")?)))
}
