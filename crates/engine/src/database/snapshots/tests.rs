use std::fs;
use std::path::Path;

use contracts::service;
use protocol::seal::SEAL_KEY_BYTES;

use super::*;
use crate::database::{Database, file_in};

const TABLES: &[&str] = &["CREATE TABLE thing (id TEXT PRIMARY KEY) STRICT"];
const NEWER: &[&str] = &[TABLES[0], "CREATE TABLE more (id TEXT PRIMARY KEY) STRICT"];

struct Disk {
    folder: tempfile::TempDir,
    snapshots: Snapshots,
}

impl Disk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = Arc::new(SealKeys::of_bytes([7; SEAL_KEY_BYTES]));
        let within = folder.path().join("order").join(FOLDER);
        Self { snapshots: Snapshots::new(within, service::ORDER, keys), folder }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("order")
    }

    fn open(&self) -> Database {
        Database::begin(&self.data(), service::ORDER, TABLES, &self.snapshots).unwrap()
    }

    /// Writes rows up to this one, each named by what it is of.
    fn write(&self, database: &mut Database, to: u64) {
        let written = database.transaction(|write| {
            let Position { sequence, mut chain } = outbox::head(&write.read())?;
            (sequence + 1..=to).try_for_each(|row| {
                chain = chain.next("b", "c", b"d");
                let sql = "INSERT INTO outbox VALUES (?1, 'a', 'b', 'c', CAST('d' AS BLOB), ?2)";
                write.execute(sql, (row, chain.to_bytes())).map(drop)?;
                write.execute("INSERT INTO thing VALUES (?1)", [row.to_string()]).map(drop)
            })
        });
        written.map_err(|error: StateError| error).unwrap();
    }

    fn snapshot(&self) {
        let draft = self.snapshots.draft(&file_in(&self.data(), service::ORDER)).unwrap();
        self.snapshots.keep(&draft).unwrap();
    }

    /// The database file alone is lost, and its log stays.
    fn lose(&self) {
        fs::remove_file(file_in(&self.data(), service::ORDER)).unwrap();
    }

    fn files(&self) -> Vec<std::path::PathBuf> {
        self.snapshots.all().into_iter().map(|(.., file)| file).collect()
    }
}

fn things(database: &Database) -> i64 {
    database.read().one("SELECT count(*) FROM thing", [], |row| row.get(0)).unwrap().unwrap()
}

fn edit(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_lost_database_begins_as_its_newest_snapshot() {
    let disk = Disk::new();
    let mut database = disk.open();
    for row in [10, 20, 30] {
        disk.write(&mut database, row);
        disk.snapshot();
    }
    disk.write(&mut database, 40);
    assert_eq!(
        rows_in(&disk.snapshots.folder, service::ORDER),
        [30, 20],
        "the newest two are kept"
    );
    drop(database);
    disk.lose();
    let database = disk.open();
    assert_eq!((things(&database), database.began_as_snapshot()), (30, Some(30)));
}

#[test]
fn a_log_that_was_left_behind_is_not_the_snapshots() {
    let disk = Disk::new();
    let mut database = disk.open();
    disk.write(&mut database, 10);
    disk.snapshot();
    disk.write(&mut database, 20);
    let log = disk.data().join("order.db-wal");
    let left = fs::read(&log).unwrap();
    drop(database);
    disk.lose();
    fs::write(&log, left).unwrap();
    assert_eq!(things(&disk.open()), 10);
}

#[test]
fn what_was_changed_or_sealed_by_another_is_left_out() {
    let disk = Disk::new();
    let mut database = disk.open();
    for row in [10, 20] {
        disk.write(&mut database, row);
        disk.snapshot();
    }
    drop(database);
    edit(&disk.files()[0]);
    disk.lose();
    let database = disk.open();
    assert_eq!(things(&database), 10, "the one before");
    drop(database);
    let keys = Arc::new(SealKeys::of_bytes([8; SEAL_KEY_BYTES]));
    let stranger = Snapshots { keys, ..disk.snapshots.clone() };
    disk.lose();
    let database = Database::begin(&disk.data(), service::ORDER, TABLES, &stranger).unwrap();
    assert_eq!(things(&database), 0);
}

#[test]
fn what_a_newer_build_or_another_service_wrote_is_left_out() {
    let disk = Disk::new();
    let data = disk.data();
    drop(Database::begin(&data, service::ORDER, NEWER, &disk.snapshots).unwrap());
    disk.snapshot();
    disk.lose();
    assert_eq!(things(&disk.open()), 0, "and it opens");
    let named = file_in(&data, service::PAYMENT);
    let snapshots = Snapshots { service: service::PAYMENT, ..disk.snapshots.clone() };
    assert_eq!(snapshots.begin(&named, NEWER), None, "it has none");
    for file in disk.files() {
        let name = file.file_name().unwrap().to_str().unwrap();
        fs::rename(&file, file.with_file_name(name.replace("order", "payment"))).unwrap();
    }
    assert_eq!((snapshots.newest(), snapshots.begin(&named, NEWER)), (0, None));
    assert!(!named.exists() && !named.with_extension("half").exists());
}

#[test]
fn a_database_that_is_there_is_not_replaced_and_a_folder_that_is_gone_is_not_made_again() {
    let disk = Disk::new();
    let mut database = disk.open();
    disk.write(&mut database, 10);
    disk.snapshot();
    disk.write(&mut database, 20);
    drop(database);
    assert_eq!(things(&disk.open()), 20);
    fs::remove_dir_all(disk.data()).unwrap();
    assert!(disk.snapshots.draft(&file_in(&disk.data(), service::ORDER)).is_err());
    assert!(!disk.data().exists());
}

#[test]
fn what_is_not_kept_takes_no_room() {
    let disk = Disk::new();
    let mut database = disk.open();
    disk.write(&mut database, 10);
    let names = || fs::read_dir(&disk.snapshots.folder).unwrap().count();
    let file = file_in(&disk.data(), service::ORDER);
    let draft = disk.snapshots.draft(&file).unwrap();
    assert_eq!((draft.head().sequence, names()), (10, 1));
    drop(draft);
    assert_eq!(names(), 0);
    assert!(disk.snapshots.draft(&file.with_extension("other")).is_err());
    assert_eq!(names(), 0);
}

#[test]
fn the_next_one_is_due_after_so_many_rows_and_later_after_a_part_of_all() {
    assert!(is_due(0, 50_000, ROWS_MIN) && !is_due(0, 49_999, ROWS_MIN));
    assert!(!is_due(1_000_000, 1_050_000, ROWS_MIN));
    assert!(is_due(1_000_000, 1_333_334, ROWS_MIN));
    assert!(!is_due(60_000, 50_000, ROWS_MIN), "a stream that was shorter");
}

#[test]
fn a_damaged_outbox_is_not_sealed() {
    let disk = Disk::new();
    let mut database = disk.open();
    disk.write(&mut database, 10);
    let changed = database.transaction(|write| {
        write.execute("UPDATE outbox SET payload = x'00' WHERE sequence = 7", []).map(drop)
    });
    changed.map_err(|error: StateError| error).unwrap();
    let error = disk.snapshots.draft(&file_in(&disk.data(), service::ORDER)).unwrap_err();
    assert!(error.to_string().contains('7'), "{error}");
    assert_eq!(fs::read_dir(&disk.snapshots.folder).unwrap().count(), 0);
}
