//! The process that speaks with SoftHSM.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const CONFIGURATION: &str = "SOFTHSM2_CONF";
const INSIDE: &str = "CONNECTOR_TEST_INSIDE_SOFTHSM";

/// Where distributions and people put the module.
const PLACES: &[&str] = &[
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

/// SoftHSM, installed and with an empty folder for tokens.
#[derive(Debug)]
pub struct SoftHsm {
    module: PathBuf,
}

impl SoftHsm {
    /// Gives SoftHSM inside of a process that was started for the test `name`, its full name. In the process that calls it
    /// first, runs that one to its end and gives `None`. Tests that call it are ignored unless somebody asks for them.
    ///
    /// `mechanisms` is SoftHSM's own `slots.mechanisms`: `ALL`, or a list of what is left out behind a `-`.
    ///
    /// # Panics
    ///
    /// When the test fails inside, and without SoftHSM.
    pub fn enter(name: &str, mechanisms: &str) -> Option<Self> {
        let module = PLACES.iter().map(PathBuf::from).find(|path| path.is_file());
        let module = module.expect("SoftHSM is installed (package softhsm2)");
        if env::var_os(INSIDE).is_some() {
            return Some(Self { module });
        }
        let folder = TempDir::new().expect("there is a temporary folder");
        let tokens = folder.path().join("tokens");
        fs::create_dir(&tokens).expect("the folder is ours");
        let configuration = folder.path().join("softhsm2.conf");
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.mechanisms = {mechanisms}\n",
            tokens.display()
        );
        fs::write(&configuration, text).expect("the folder is ours");
        let status = Command::new(env::current_exe().expect("a running test has a file"))
            .args(["--exact", name, "--include-ignored", "--nocapture"])
            .env(CONFIGURATION, configuration)
            .env(INSIDE, "1")
            .status()
            .expect("a running test can be started again");
        assert!(status.success(), "in its own process: {status}");
        None
    }

    /// The file of the module.
    pub fn module(&self) -> &Path {
        &self.module
    }
}
