use contracts::service;
use protocol::Timestamp;

use super::*;

const TABLES: &[&str] = &["CREATE TABLE thing (id TEXT PRIMARY KEY) STRICT"];

fn open(folder: &Path) -> Result<Database, OpenError> {
    Database::open(folder, service::ORDER, TABLES)
}

#[test]
fn a_second_owner_is_refused_and_told_what_to_do() {
    let all = tempfile::tempdir().unwrap();
    let folder = all.path().join("order");
    let first = open(&folder).unwrap();
    let error = open(&folder).unwrap_err().to_string();
    assert!(error.contains("another process owns"), "{error}");
    drop(first);
    assert!(open(&folder).is_ok());
}

#[test]
fn a_folder_that_was_removed_under_the_open_file_is_noticed() {
    let all = tempfile::tempdir().unwrap();
    let folder = all.path().join("order");
    let database = open(&folder).unwrap();
    assert!(database.check_still_owner().is_ok());
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(matches!(database.check_still_owner(), Err(NotOwner::Replaced(_))));
    // The lock is beside the folder: it still keeps a second owner out.
    assert!(matches!(open(&folder), Err(OpenError::Owned(NotOwner::Locked(_)))));
}

#[test]
fn a_database_of_another_service_or_a_newer_version_is_refused() {
    let all = tempfile::tempdir().unwrap();
    let folder = all.path().join("data");
    drop(open(&folder).unwrap());
    std::fs::rename(folder.join("order.db"), folder.join("payment.db")).unwrap();
    let error = Database::open(&folder, service::PAYMENT, TABLES).unwrap_err().to_string();
    assert!(error.contains("belongs to the service \"order\""), "{error}");
    std::fs::rename(folder.join("payment.db"), folder.join("order.db")).unwrap();
    let error = Database::open(&folder, service::ORDER, &[]).unwrap_err().to_string();
    assert!(error.contains("newer build"), "{error}");
}

#[test]
fn commits_reach_the_disk_before_they_return() {
    let all = tempfile::tempdir().unwrap();
    let database = open(&all.path().join("order")).unwrap();
    let pragma = |name: &str| -> String {
        let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
        database.read().one(&sql, [], |row| row.get(0)).unwrap().unwrap()
    };
    assert_eq!(pragma("journal_mode"), "wal");
    assert_eq!(pragma("synchronous"), "2", "2 is FULL");
}

#[test]
fn a_read_cannot_write() {
    let database = Database::in_memory(service::ORDER, TABLES).unwrap();
    let sql = "INSERT INTO thing (id) VALUES ('x') RETURNING id";
    let written = database.read().one(sql, [], |row| row.get::<_, String>(0));
    assert!(matches!(written, Err(StateError::Contradiction(_))));
}

#[test]
fn readers_see_only_what_was_committed() {
    let all = tempfile::tempdir().unwrap();
    let folder = all.path().join("order");
    let mut database = open(&folder).unwrap();
    let pool = ReadPool::new(&file_in(&folder, service::ORDER));
    let count = || {
        pool.read(|state| state.one("SELECT count(*) FROM thing", [], |row| row.get::<_, u64>(0)))
            .unwrap()
            .unwrap()
    };
    let failed: Result<(), StateError> = database.transaction(|write| {
        write.execute("INSERT INTO thing (id) VALUES ('x')", [])?;
        Err(StateError::Contradiction("no".into()))
    });
    assert!(failed.is_err());
    assert_eq!(count(), 0);
    database.transaction(|write| write.execute("INSERT INTO thing (id) VALUES ('x')", [])).unwrap();
    assert_eq!(count(), 1);
}

#[test]
fn a_database_is_set_aside_whole_and_only_when_nobody_has_it_open() {
    let all = tempfile::tempdir().unwrap();
    let folder = all.path().join("order");
    let open_one = open(&folder).unwrap();
    assert!(matches!(Aside::of(&folder), Err(NotOwner::Locked(_))));
    drop(open_one);
    let aside = Aside::of(&folder).unwrap();
    assert!(open(&folder).is_err(), "it is held while it is looked at");
    let kept = aside.set_aside(Timestamp::from_micros(7)).unwrap();
    assert!(!folder.exists());
    let reads = ReadPool::new(&file_in(&kept, service::ORDER));
    let (owner, history) = reads.read(super::identity).unwrap();
    assert_eq!((owner.as_deref(), history), (Some("order"), None));
}

#[test]
fn a_copy_that_fails_is_not_left_behind_and_nobody_else_s_file_is_touched() {
    let all = tempfile::tempdir().unwrap();
    let folder = all.path().join("order");
    let mut database = open(&folder).unwrap();
    let written = database.transaction(|write| {
        let name = |nth: u32| format!("{nth}{}", "-".repeat(1_000));
        (0..200).try_for_each(|nth| {
            write.execute("INSERT INTO thing VALUES (?1)", [name(nth)]).map(drop)
        })
    });
    written.map_err(|error: StateError| error).unwrap();
    drop(database);
    let (whole, other) = (all.path().join("whole.db"), all.path().join("other"));
    open(&folder).unwrap().copy_to(&whole).unwrap();
    std::fs::write(&other, "somebody's").unwrap();
    assert!(open(&folder).unwrap().copy_to(&other).is_err());
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "somebody's");
    let file = folder.join("order.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 50 * PAGE_BYTES as usize;
    bytes[last..].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    let half = all.path().join("half.db");
    assert!(open(&folder).unwrap().copy_to(&half).is_err());
    assert!(!half.exists());
}
