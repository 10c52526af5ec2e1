//! Keys and certificates on the command line: made, brought, shown and watched, with no other program at hand.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_keys::{Certificate, CertificateAuthority, CertificateRequest, PrivateKey};
use jiff::{Timestamp, ToSpan};
use openssl::pkcs12::Pkcs12;
use openssl::pkey::PKey;
use openssl::x509::X509;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const PASSWORD: &str = "marked-password-7f3a";

/// A command with nothing on its PATH: no `openssl` either.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connector"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.env("PATH", folder.join("no-programs")).env("KEY_PASSWORD", PASSWORD).env("WRONG", "marked-wrong");
    for name in ["RUST_LOG", "NO_COLOR", "COLUMNS", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What it wrote to stdout; it must have ended with `code`, and must not have shown a password.
#[track_caller]
fn ran(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = run(folder, arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {out}{err}");
    assert!(!out.contains("marked") && !err.contains("marked"), "{arguments:?}: {out}{err}");
    assert!(!out.contains('\u{fffd}') && !out.contains("[32m"), "no color where nobody sees it: {out}");
    (out, err)
}

#[track_caller]
fn json(folder: &Path, arguments: &[&str], code: i32) -> Value {
    let (out, _) = ran(folder, &[arguments, &["--output", "json"]].concat(), code);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
}

fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    ran(folder.path(), &["init"], 0);
    folder
}

fn secrets(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("secrets")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn key_in(folder: &Path, name: &str, password: Option<&str>) -> PrivateKey {
    let pem = fs::read_to_string(folder.join("secrets").join(name)).unwrap();
    PrivateKey::from_pem(&SecretString::from(pem), password.map(SecretString::from).as_ref()).unwrap()
}

/// A source whose certificate of `days` was made that many days ago, with the key beside it.
fn source(folder: &Path, name: &str, days: u32, made_days_ago: i32, more: &str) {
    let key = PrivateKey::generate(2048).unwrap();
    // An hour more, so that the number of whole days does not hang on the second.
    let made = Timestamp::now() - (24 * made_days_ago + 1).hours();
    let request = CertificateRequest { subject_cn: name.to_owned(), organization: None, days };
    let certificate = Certificate::self_signed(&key, &request, made).unwrap();
    write_secret(folder, &format!("{name}.key"), key.to_pkcs8_pem(None).unwrap().expose_secret());
    write_secret(folder, &format!("{name}.crt"), certificate.to_pem());
    write_source(folder, name, &format!("  certificate_ref: file:secrets/{name}.crt\n{more}"));
}

fn write_source(folder: &Path, name: &str, more: &str) {
    let text = format!(
        "# How {name} signs in.\nconnector: salesforce\nauth:\n  grant_type: jwt_bearer\n  token_url: https://localhost:1/token\n  issuer: a # the app\n  \
         subject: b\n  audience: https://c\n  key_ref: file:secrets/{name}.key\n{more}"
    );
    fs::write(folder.join(format!("sources/{name}.yaml")), text).unwrap();
}

fn write_secret(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let file = folder.join("secrets").join(name);
    fs::write(&file, content).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_new_key_is_for_its_owner_alone_and_is_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("sources")).unwrap();
    let (out, err) = ran(folder, &["cert", "new", "prod", "--common-name", "Acme IGA", "--days", "90"], 0);
    assert_eq!((mode(&folder.join("secrets")), mode(&folder.join("secrets/prod.key"))), (0o700, 0o600));
    assert_eq!(secrets(folder), ["prod.crt", "prod.key"]);
    assert!(out.contains("CN=Acme IGA") && out.contains("secrets/prod.crt"), "{out}");
    for part in [
        "External Client App",
        "1. Setup",
        "upload secrets/prod.crt",
        "Connected App",
        "key_ref: file:secrets/prod.key",
    ] {
        assert!(err.contains(part), "{part}: {err}");
    }
    assert!(err.find("External Client App").unwrap() < err.find("Connected App").unwrap());
    for line in fs::read_to_string(folder.join("secrets/prod.key")).unwrap().lines() {
        assert!(line.starts_with('-') || !out.contains(line) && !err.contains(line));
    }
    let large = json(folder, &["cert", "new", "large", "--bits", "4096"], 0);
    assert_eq!((&large["encrypted"], &large["key"]), (&false.into(), &"secrets/large.key".into()));
    assert_eq!(key_in(folder, "large.key", None).describe(), "RSA 4096");
}

#[test]
fn no_file_is_ever_written_over() {
    for present in ["prod.key", "prod.crt", "prod.csr"] {
        let folder = project();
        let folder = folder.path();
        write_secret(folder, present, "mine");
        for more in [&[][..], &["--csr"]] {
            let (_, err) = ran(folder, &[&["cert", "new", "prod"], more].concat(), 1);
            assert!(err.contains(present) && err.contains("help: "), "{err}");
            assert_eq!(secrets(folder), [present]);
            assert_eq!(fs::read_to_string(folder.join("secrets").join(present)).unwrap(), "mine");
        }
    }
    for name in ["../prod", "a/b", ".hidden", "", "-x"] {
        let folder = project();
        ran(folder.path(), &["cert", "new", "--", name], 2);
        assert!(secrets(folder.path()).is_empty());
    }
}

/// The limit on the size of files stands for a disk that is full.
#[test]
fn a_write_that_is_cut_leaves_nothing() {
    let folder = project();
    let folder = folder.path();
    for (arguments, limit) in [("cert new prod", 0), ("cert new prod", 1), ("cert new prod --bits 4096", 3)] {
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" {arguments}");
        let output = Command::new("/bin/sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_connector")])
            .current_dir(folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("secrets/prod."), "{}", text(&output.stderr));
        assert!(secrets(folder).is_empty(), "{:?}", secrets(folder));
    }
}

#[test]
fn a_password_comes_from_a_ref_or_a_terminal_and_never_from_an_argument() {
    let folder = project();
    let folder = folder.path();
    ran(folder, &["cert", "new", "prod", "--key-password-ref", "env:KEY_PASSWORD"], 0);
    let pem = fs::read_to_string(folder.join("secrets/prod.key")).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    key_in(folder, "prod.key", Some(PASSWORD));
    for (arguments, part) in [
        (&["--encrypt"][..], "--key-password-ref"),
        (&["--key-password-ref", "hunter2"], "not a secret ref"),
        (&["--key-password-ref", "env:SURELY_NOT_SET"], "SURELY_NOT_SET"),
    ] {
        let (_, err) = ran(folder, &[&["cert", "new", "other"], arguments].concat(), 2);
        assert!(err.contains(part) && !err.contains("hunter2"), "{err}");
    }
    assert_eq!(secrets(folder), ["prod.crt", "prod.key"]);
}

#[test]
fn the_new_files_are_named_in_a_source_and_its_comments_stay() {
    let folder = project();
    let folder = folder.path();
    write_source(folder, "prod", "# the end\n");
    let arguments = ["cert", "new", "prod-2027", "--key-password-ref", "env:KEY_PASSWORD", "--write-source", "prod"];
    ran(folder, &arguments, 0);
    let text = fs::read_to_string(folder.join("sources/prod.yaml")).unwrap();
    assert!(text.starts_with("# How prod signs in.\n") && text.contains("issuer: a # the app\n"), "{text}");
    assert!(
        text.ends_with(
            "  key_ref: file:secrets/prod-2027.key\n  key_password_ref: env:KEY_PASSWORD\n  \
             certificate_ref: file:secrets/prod-2027.crt\n# the end\n"
        ),
        "{text}"
    );
    ran(folder, &["validate"], 0);
    assert_eq!(json(folder, &["cert", "check"], 0)[0]["fits_key"], true);
    ran(folder, &["cert", "new", "prod-2028", "--write-source", "prod"], 0);
    let text = fs::read_to_string(folder.join("sources/prod.yaml")).unwrap();
    assert!(text.contains("prod-2028.key") && !text.contains("key_password_ref"), "{text}");
    let (_, err) = ran(folder, &["cert", "new", "prod-2029", "--write-source", "nothing"], 2);
    assert!(err.contains("key_ref: file:secrets/prod-2029.key") && err.contains("`nothing`"), "{err}");
}

#[test]
fn a_certificate_of_an_authority_comes_to_the_key_of_its_request() {
    let folder = project();
    let folder = folder.path();
    let asked = json(folder, &["cert", "new", "prod", "--csr", "--organization", "Acme"], 0);
    assert_eq!(asked["csr"], "secrets/prod.csr");
    let (key, now) = (key_in(folder, "prod.key", None), Timestamp::now());
    let authority = CertificateAuthority::generate("Acme authority", now).unwrap();
    let other = PrivateKey::generate(2048).unwrap();
    let foreign = authority.issue_server(&["other"], &other, now).unwrap();
    fs::write(folder.join("foreign.crt"), foreign.to_pem()).unwrap();
    let (_, err) = ran(folder, &["cert", "import", "prod", "foreign.crt"], 2);
    assert!(err.contains("does not match the private key"), "{err}");
    let ended = authority.issue_server(&["ended"], &key, now - (24 * 400).hours()).unwrap();
    fs::write(folder.join("ended.crt"), ended.to_pem()).unwrap();
    assert!(ran(folder, &["cert", "import", "prod", "ended.crt"], 2).1.contains("expired on"));
    assert_eq!(secrets(folder), ["prod.csr", "prod.key"]);

    let issued = authority.issue_server(&["prod.acme.example"], &key, now).unwrap();
    fs::write(folder.join("bundle.pem"), format!("{}{}", authority.certificate().to_pem(), issued.to_pem())).unwrap();
    let (out, err) = ran(folder, &["cert", "import", "prod", "bundle.pem"], 0);
    assert!(out.contains("CN=Acme authority") && out.contains("1 issuer certificate"), "{out}");
    assert!(err.contains("upload secrets/prod.crt"), "{err}");
    let brought = fs::read_to_string(folder.join("secrets/prod.crt")).unwrap();
    assert_eq!(brought, issued.to_pem(), "the leaf alone is what Salesforce takes");
    assert_eq!(mode(&folder.join("secrets/prod.crt")), 0o600);
    ran(folder, &["cert", "import", "prod", "bundle.pem"], 1);

    let shown = json(folder, &["cert", "show", "bundle.pem"], 0);
    assert_eq!((&shown["chain"]["certificates"], &shown["chain"]["sound"]), (&2.into(), &false.into()));
    let der = X509::from_pem(issued.to_pem().as_bytes()).unwrap().to_der().unwrap();
    fs::write(folder.join("issued.der"), der).unwrap();
    let (_, err) = ran(folder, &["cert", "import", "fresh", "issued.der"], 1);
    assert!(err.contains("connector cert new fresh --csr"), "{err}");
    fs::rename(folder.join("secrets/prod.key"), folder.join("secrets/fresh.key")).unwrap();
    ran(folder, &["cert", "import", "fresh", "issued.der"], 0);
}

#[test]
fn a_pkcs12_file_becomes_a_key_and_a_certificate() {
    let folder = project();
    let folder = folder.path();
    let key = PrivateKey::generate(2048).unwrap();
    let request = CertificateRequest { subject_cn: "svc".to_owned(), organization: None, days: 90 };
    let certificate = Certificate::self_signed(&key, &request, Timestamp::now()).unwrap();
    let pkey = PKey::private_key_from_pem(key.to_pkcs8_pem(None).unwrap().expose_secret().as_bytes()).unwrap();
    let x509 = X509::from_pem(certificate.to_pem().as_bytes()).unwrap();
    let file = |password| Pkcs12::builder().pkey(&pkey).cert(&x509).build2(password).unwrap().to_der().unwrap();
    fs::write(folder.join("svc.p12"), file(PASSWORD)).unwrap();

    let (_, err) = ran(folder, &["cert", "import", "prod", "svc.p12"], 2);
    assert!(err.contains("--password-ref"), "{err}");
    let (_, err) = ran(folder, &["cert", "import", "prod", "svc.p12", "--password-ref", "env:WRONG"], 2);
    assert!(err.contains("password of the PKCS#12 file is wrong"), "{err}");
    assert!(secrets(folder).is_empty());

    let password = ["--password-ref", "env:KEY_PASSWORD"];
    let plain = json(folder, &[&["cert", "import", "plain", "svc.p12"], &password[..]].concat(), 0);
    assert_eq!((&plain["encrypted"], &plain["sha256"]), (&false.into(), &certificate.sha256().into()));
    assert!(certificate.fits(&key_in(folder, "plain.key", None)));
    assert_eq!(mode(&folder.join("secrets/plain.key")), 0o600);
    let sealed = [&["cert", "import", "sealed", "svc.p12", "--key-password-ref", "env:KEY_PASSWORD"], &password[..]];
    assert_eq!(json(folder, &sealed.concat(), 0)["encrypted"], true);
    assert!(certificate.fits(&key_in(folder, "sealed.key", Some(PASSWORD))));
    ran(folder, &[&["cert", "import", "plain", "svc.p12"], &password[..]].concat(), 1);

    fs::write(folder.join("open.p12"), file("")).unwrap();
    ran(folder, &["cert", "import", "open", "open.p12"], 0);
    write_secret(folder, "wrapped.key", file(PASSWORD));
    write_source(folder, "wrapped", "");
    let step = &json(folder, &["test", "wrapped"], 1)["steps"][1];
    assert!(step["help"].as_str().unwrap().contains("connector cert import"), "{step}");
}

#[test]
fn binary_files_serve_as_key_and_certificate_of_a_source() {
    let folder = project();
    let folder = folder.path();
    source(folder, "prod", 90, 0, "");
    let pem = |name: &str| fs::read(folder.join("secrets").join(name)).unwrap();
    let key = PKey::private_key_from_pem(&pem("prod.key")).unwrap().private_key_to_pkcs8().unwrap();
    let certificate = X509::from_pem(&pem("prod.crt")).unwrap().to_der().unwrap();
    write_secret(folder, "prod.key", key);
    write_secret(folder, "prod.crt", certificate);
    let checked = json(folder, &["cert", "check"], 0);
    assert_eq!((&checked[0]["fits_key"], &checked[0]["status"]), (&true.into(), &"ok".into()));
    assert_eq!(json(folder, &["source", "list"], 0)[0]["certificate"]["status"], "ok");
    assert_eq!(json(folder, &["cert", "show", "secrets/prod.crt"], 0)["fits_key"], true);
}

#[test]
fn a_certificate_is_shown_by_file_by_source_and_by_the_name_it_was_made_under() {
    let folder = project();
    let folder = folder.path();
    ran(folder, &["cert", "new", "prod"], 0);
    // The day may end between the two calls: the certificate is a moment old.
    let without_days = |mut shown: Value| {
        assert!([364, 365].map(Value::from).contains(&shown["days_left"].take()));
        shown
    };
    let by_name = without_days(json(folder, &["cert", "show", "prod"], 0));
    assert_eq!(without_days(json(folder, &["cert", "show", "secrets/prod.crt"], 0)), by_name);
    source(folder, "crm", 90, 0, "");
    let by_source = json(folder, &["cert", "show", "crm"], 0);
    for shown in [&by_name, &by_source] {
        assert_eq!((&shown["fits_key"], &shown["key"]), (&true.into(), &"RSA 2048".into()));
        assert_eq!(shown["issuer"], shown["subject"]);
        assert_eq!(shown["sha1"].as_str().unwrap().len(), 40);
        assert_eq!(shown["chain"]["sound"], true);
    }
    assert_eq!(by_source["days_left"], 89);
    let (out, _) = ran(folder, &["cert", "show", "crm"], 0);
    for part in ["self-signed", "SHA-1", "SHA-256", "89 days left", "matches key  yes"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    fs::copy(folder.join("secrets/prod.key"), folder.join("secrets/crm.key")).unwrap();
    assert_eq!(json(folder, &["cert", "show", "crm"], 0)["fits_key"], false);
    fs::remove_file(folder.join("secrets/crm.key")).unwrap();
    assert_eq!(json(folder, &["cert", "show", "crm"], 0)["fits_key"], Value::Null);
    ran(folder, &["cert", "show", "secrets/prod.key"], 2);
    ran(folder, &["cert", "show", "nothing"], 2);
}

#[test]
fn checking_says_how_each_certificate_stands_and_its_exit_code_whether_all_is_well() {
    let folder = project();
    let folder = folder.path();
    assert_eq!(json(folder, &["cert", "check"], 0), serde_json::json!([]));
    source(folder, "good", 90, 0, "");
    let checked = json(folder, &["cert", "check"], 0);
    let members: Vec<_> = checked[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["source", "subject", "not_after", "days_left", "fits_key", "sha256", "status"]);
    assert_eq!((&checked[0]["status"], &checked[0]["days_left"]), (&"ok".into(), &89.into()));
    assert_eq!(checked[0]["sha256"].as_str().unwrap().len(), 64);
    assert!(checked[0]["not_after"].as_str().unwrap().parse::<Timestamp>().is_ok());
    assert_eq!(json(folder, &["cert", "check", "--within", "90d"], 1)[0]["status"], "warning");

    source(folder, "ends", 30, 10, "");
    source(folder, "late", 90, 10, "  rotation: {before_expiry: 85d}\n");
    source(folder, "over", 30, 40, "");
    source(folder, "soon", 30, 10, "  rotation: {before_expiry: 5d}\n");
    source(folder, "swapped", 90, 0, "");
    fs::copy(folder.join("secrets/good.key"), folder.join("secrets/swapped.key")).unwrap();
    write_source(folder, "gone", "  certificate_ref: file:secrets/none.crt\n");
    write_source(folder, "bare", "");
    let checked = json(folder, &["cert", "check"], 1);
    let statuses: Vec<_> = checked
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["source"].as_str().unwrap(), one["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        statuses,
        [
            ("ends", "warning"),
            ("gone", "broken"),
            ("good", "ok"),
            ("late", "warning"),
            ("over", "expired"),
            ("soon", "ok"),
            ("swapped", "broken")
        ]
    );
    assert_eq!(checked[1]["not_after"], Value::Null);
    assert_eq!(checked[6]["fits_key"], false);
    let (out, err) = ran(folder, &["cert", "check"], 1);
    assert!(err.contains("bare: no `certificate_ref`") && err.contains("over-"), "{err}");
    assert!(out.contains("expired") && out.contains("CN=late"), "{out}");
    assert_eq!(json(folder, &["cert", "check", "good", "soon", "bare"], 0).as_array().unwrap().len(), 2);

    fs::write(folder.join("sources/bad.yaml"), "connector: salesforce\n").unwrap();
    assert_eq!(json(folder, &["cert", "check"], 2).as_array().unwrap().len(), 7, "the others are still checked");
    ran(folder, &["cert", "check", "nothing"], 2);
}

#[test]
fn a_key_that_can_not_be_used_makes_the_check_fail_but_a_password_that_is_not_at_hand_does_not() {
    let folder = project();
    let folder = folder.path();
    source(folder, "good", 90, 0, "  key_password_ref: env:NOT_SET_WHERE_CRON_RUNS\n");
    let checked = json(folder, &["cert", "check"], 0);
    assert_eq!((&checked[0]["status"], &checked[0]["fits_key"]), (&"ok".into(), &Value::Null));
    source(folder, "lost", 90, 0, "");
    fs::remove_file(folder.join("secrets/lost.key")).unwrap();
    let checked = json(folder, &["cert", "check", "lost"], 1);
    assert_eq!(checked[0]["status"], "broken");
}

#[test]
fn every_command_that_uses_a_source_warns_of_its_certificate() {
    let folder = project();
    let folder = folder.path();
    source(folder, "prod", 60, 0, "  rotation: {before_expiry: 90d}\n");
    let listed = json(folder, &["source", "list"], 0);
    assert_eq!(listed[0]["certificate"]["status"], "warning");
    let (_, err) = ran(folder, &["source", "list"], 0);
    assert!(err.contains("warning: prod: expires in 59 days"), "{err}");
    let tested = json(folder, &["test", "prod"], 1);
    let step = &tested["steps"][2];
    assert_eq!((&step["name"], &step["status"]), (&"certificate".into(), &"warning".into()));
    let report = json(folder, &["aggregate", "prod"], 3);
    let warnings = report["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{report}");
    assert!(warnings[0].as_str().unwrap().starts_with("certificate: expires in 59 days"), "{report}");
    let (_, err) = ran(folder, &["aggregate", "prod"], 3);
    assert_eq!(err.matches("expires in 59 days").count(), 1, "{err}");
}
