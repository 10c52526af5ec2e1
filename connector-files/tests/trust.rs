//! Whose files are read, and where new ones land.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_files::{Folder, NewFile, Reason, Role, keep_private, make_private, read, trust_folder};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

/// `nobody` on most systems. Only root can give a file away, so the tests with another owner do nothing elsewhere; CI runs
/// them as root.
const OTHER: u32 = 65534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

fn written(folder: &Path, name: &str, mode: u32) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::write(&path, "text").unwrap();
    set_mode(&path, mode);
    path
}

fn refused(path: &Path, role: Role) -> Reason {
    let refusal = read(path, role, 100).unwrap_err();
    assert!(
        refusal.message.contains(&*path.file_name().unwrap().to_string_lossy()) || refusal.reason == Reason::Shared
    );
    assert!(refusal.help.is_some(), "{refusal}");
    refusal.reason
}

#[test]
fn a_file_that_says_what_to_do_is_refused_if_others_can_change_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "source.yaml", 0o644);
    assert_eq!(read(&path, Role::Instructions, 100).unwrap(), b"text");
    for mode in [0o646, 0o666, 0o602] {
        set_mode(&path, mode);
        assert_eq!(refused(&path, Role::Instructions), Reason::Shared, "{mode:o}");
        assert!(read(&path, Role::Public, 100).is_ok(), "a certificate is public");
    }
}

#[test]
fn data_may_come_from_another_user_but_not_through_a_link_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "people.csv", 0o666);
    assert_eq!(read(&path, Role::Data, 100).unwrap(), b"text");
    let link = folder.path().join("link.csv");
    symlink(&path, &link).unwrap();
    assert!(read(&link, Role::Data, 100).is_ok(), "a link of a trusted user");
    assert_eq!(refused(folder.path(), Role::Data), Reason::IsFolder);
    if is_root() {
        chown(&path, Some(OTHER), Some(OTHER)).unwrap();
        assert!(read(&path, Role::Data, 100).is_ok(), "an export of another user");
        std::os::unix::fs::lchown(&link, Some(OTHER), Some(OTHER)).unwrap();
        assert_eq!(refused(&link, Role::Data), Reason::Link);
    }
}

#[test]
fn a_folder_that_the_user_named_may_be_shared() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "source.yaml", 0o666);
    assert_eq!(refused(&path, Role::Instructions), Reason::Shared);
    trust_folder(folder.path());
    assert!(read(&path, Role::Instructions, 100).is_ok());
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(refused(&written(elsewhere.path(), "source.yaml", 0o666), Role::Instructions), Reason::Shared);
}

#[test]
fn a_file_of_another_user_is_refused_and_the_message_names_the_owner() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (role, mode) in [(Role::Instructions, 0o644), (Role::Secret, 0o600)] {
        let path = written(folder.path(), "file", mode);
        chown(&path, Some(OTHER), Some(OTHER)).unwrap();
        let refusal = read(&path, role, 100).unwrap_err();
        assert_eq!(refusal.reason, Reason::Owner, "{refusal}");
        assert!(refusal.message.contains("nobody") || refusal.message.contains("65534"), "{refusal}");
    }
    chown(folder.path(), Some(OTHER), Some(OTHER)).unwrap();
    trust_folder(folder.path());
    assert!(read(&folder.path().join("file"), Role::Secret, 100).is_ok(), "the user named the folder of that owner");
}

#[test]
fn a_secret_in_a_folder_that_others_can_change_is_refused_unless_only_owners_can_exchange_files_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "key", 0o600);
    set_mode(folder.path(), 0o777);
    assert_eq!(refused(&path, Role::Secret), Reason::Shared);
    set_mode(folder.path(), 0o1777);
    assert!(read(&path, Role::Secret, 100).is_ok());
}

#[test]
fn a_link_in_a_project_may_lead_within_it_but_not_out_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let sources = folder.path().join("project/sources");
    fs::create_dir_all(sources.join("..data")).unwrap();
    written(&sources.join("..data"), "a.yaml", 0o644);
    written(&folder.path().join("project"), "b.yaml", 0o644);
    written(folder.path(), "outside", 0o644);
    for (name, target) in [("a.yaml", "..data/a.yaml"), ("b.yaml", "../b.yaml")] {
        symlink(target, sources.join(name)).unwrap();
        assert!(read(&sources.join(name), Role::Instructions, 100).is_ok(), "{name}");
    }
    symlink("../../outside", sources.join("c.yaml")).unwrap();
    assert_eq!(refused(&sources.join("c.yaml"), Role::Instructions), Reason::Link);
    assert!(read(&sources.join("c.yaml"), Role::Public, 100).is_ok());
}

#[test]
fn devices_and_files_beyond_the_limit_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    for role in [Role::Instructions, Role::Secret, Role::Public] {
        assert_eq!(refused(Path::new("/dev/zero"), role), Reason::NotRegular);
        assert_eq!(refused(folder.path(), role), Reason::IsFolder);
        assert_eq!(refused(&folder.path().join("nothing"), role), Reason::Missing);
    }
    let path = written(folder.path(), "large", 0o600);
    fs::write(&path, vec![b'x'; 101]).unwrap();
    assert_eq!(refused(&path, Role::Secret), Reason::TooLarge);
}

#[test]
fn no_command_in_a_help_text_does_more_than_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "a;touch OWNED", 0o644);
    let help = read(&path, Role::Secret, 100).unwrap_err().help.unwrap();
    assert!(help.contains("a;touch OWNED'`") && help.contains("chmod 600 '"), "{help}");
    let system = read(Path::new("/etc/passwd"), Role::Secret, 1 << 20).unwrap_err().help.unwrap();
    assert!(!system.contains("/etc/passwd"), "nobody changes the mode of a system file: {system}");
}

#[test]
fn a_private_folder_is_closed_to_others_and_never_made_behind_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("project/secrets");
    assert!(make_private(&secrets).unwrap());
    assert_eq!(mode(&secrets), 0o700);
    set_mode(&secrets, 0o777);
    assert!(!make_private(&secrets).unwrap());
    assert_eq!(mode(&secrets), 0o700);
    set_mode(&secrets, 0o500);
    make_private(&secrets).unwrap();
    assert_eq!(mode(&secrets), 0o500, "a folder that was made read-only stays so");

    let target = folder.path().join("target");
    fs::create_dir(&target).unwrap();
    set_mode(&target, 0o755);
    symlink(&target, folder.path().join("link")).unwrap();
    assert_eq!(make_private(&folder.path().join("link")).unwrap_err().reason, Reason::Link);
    assert_eq!(mode(&target), 0o755);
}

#[test]
fn a_private_file_is_made_and_mended_and_another_users_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    keep_private(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    set_mode(&path, 0o644);
    keep_private(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    if is_root() {
        chown(&path, Some(OTHER), None).unwrap();
        assert_eq!(keep_private(&path).unwrap_err().reason, Reason::Owner);
        chown(&path, Some(0), None).unwrap();
        chown(folder.path(), Some(OTHER), None).unwrap();
        assert_eq!(keep_private(&path).unwrap_err().reason, Reason::Owner, "whoever owns the folder can exchange it");
    }
}

#[test]
fn a_lock_file_behind_a_link_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let precious = written(folder.path(), "precious", 0o600);
    fs::create_dir(folder.path().join("locks")).unwrap();
    symlink(&precious, folder.path().join("locks/a.lock")).unwrap();
    let locks = Folder::open_own(&folder.path().join("locks")).unwrap();
    assert!(locks.private_file("a.lock".as_ref()).is_err());
    assert_eq!(fs::read_to_string(precious).unwrap(), "text");
}

#[test]
fn the_owner_of_a_new_file_changes_by_the_open_file_and_not_by_a_path() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let key = written(&theirs, "app.key", 0o640);
    chown(&key, Some(OTHER), Some(OTHER)).unwrap();
    let rootfile = written(folder.path(), "rootfile", 0o600);

    let new = NewFile::beside(&theirs.join("app.key.next")).unwrap();
    // The owner of the folder exchanges the new file for a link before it gets its owner.
    let hidden = fs::read_dir(&theirs).unwrap().flatten().map(|entry| entry.path());
    let hidden = hidden.into_iter().find(|path| path != &key).unwrap();
    fs::rename(&hidden, theirs.join("aside")).unwrap();
    symlink(&rootfile, &hidden).unwrap();
    let new = new.like(&key).unwrap().with_text("the new key").unwrap();
    new.replace().unwrap();

    assert_eq!((rootfile.metadata().unwrap().uid(), mode(&rootfile)), (0, 0o600));
    assert_eq!(fs::read_to_string(&rootfile).unwrap(), "text");
    let aside = theirs.join("aside").metadata().unwrap();
    assert_eq!((aside.uid(), aside.gid(), aside.mode() & 0o777), (OTHER, OTHER, 0o640));
}

#[test]
fn a_new_file_works_in_the_folder_that_was_opened_wherever_its_path_leads_later() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    fs::create_dir(&first).unwrap();
    fs::create_dir(&second).unwrap();
    written(&second, "app.key", 0o600);
    let new = NewFile::beside(&first.join("app.key")).unwrap().with_text("new").unwrap();
    fs::rename(&first, folder.path().join("moved")).unwrap();
    symlink(&second, &first).unwrap();
    new.replace().unwrap();
    assert_eq!(fs::read_to_string(second.join("app.key")).unwrap(), "text");
    assert_eq!(fs::read_to_string(folder.path().join("moved/app.key")).unwrap(), "new");
}

#[test]
fn what_a_killed_process_left_behind_goes_with_the_next_new_file_and_what_is_being_written_stays() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), ".new-0123456789abcdef", 0o600);
    written(folder.path(), ".newer", 0o600);
    let mut first = NewFile::beside(&folder.path().join("a")).unwrap();
    first.write_all(b"half").unwrap();
    let second = NewFile::beside(&folder.path().join("b")).unwrap();
    let names = || {
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names().len(), 3, "{:?}", names());
    second.create().unwrap();
    first.create().unwrap();
    assert_eq!(names(), [".newer", "a", "b"]);
    assert_eq!(mode(&folder.path().join("a")), 0o600);
}

#[test]
fn a_new_file_that_is_given_up_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(NewFile::beside(&folder.path().join("a")).unwrap().with_text("half").unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    written(folder.path(), "a", 0o600);
    let taken = NewFile::beside(&folder.path().join("a")).unwrap().with_text("new").unwrap();
    assert_eq!(taken.create().unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
