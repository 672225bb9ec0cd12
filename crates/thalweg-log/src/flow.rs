//! How what was committed gets from the write-ahead log into the file, and when anybody waits for the disk on the way.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::disk::{self, Part};
use crate::mover::{Mover, Order};
use crate::options::{Durability, LogOptions};
use crate::store::beside;

/// After so many bytes the write-ahead log is moved into the file by whoever commits, where there is no thread for it.
const WAL_BYTES: i64 = 32 << 20;
/// The same where nobody waits for the disk at that. What is written over again and again stays in the processor's cache, while a
/// write-ahead log that grows costs the system more than all the rest of a row.
const WAL_BYTES_RELAXED: i64 = 1 << 20;
/// A file that is as young as this was not written to the disk yet by the system, either.
const YOUNG: Duration = Duration::from_secs(1);

/// Who waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// Nobody, ever.
    Never,
    /// Nobody so far: the file is young, there is nothing yet that a crash of the machine could spoil.
    Later,
    /// A thread, in the order that SQLite needs, so that a crash of the machine costs the last transactions at most.
    Always,
}

/// The way from a commit to the disk.
pub(crate) struct Flow {
    care: Care,
    mover: Option<Mover>,
    created_at: Option<Instant>,
    page: i64,
}

impl Flow {
    /// For a file that is open, and that was created here if it `is_new`.
    pub fn new(options: &LogOptions, is_new: bool, page: i64) -> Self {
        let is_strict = options.durability == Durability::Strict;
        let care = match options.durability {
            Durability::Unsafe => Care::Never,
            // Only the thread that commits in groups sees by itself that the file is no longer young.
            Durability::Grouped if is_new => Care::Later,
            Durability::Grouped | Durability::Strict => Care::Always,
        };
        let mover = (care != Care::Never).then(|| Mover::new(&options.path, is_strict));
        Flow { care, mover, created_at: is_new.then(Instant::now), page }
    }

    /// Whether the file was created here.
    pub fn is_new(&self) -> bool {
        self.created_at.is_some()
    }

    /// To be called outside of a transaction, before the first one that counts.
    pub fn begin(&self, connection: &Connection) -> rusqlite::Result<()> {
        if !self.is_new() && self.care == Care::Always {
            // Whoever wrote to the file before may have left it to the system when the disk gets it.
            sync_all(connection);
        }
        self.set_pragmas(connection)
    }

    fn set_pragmas(&self, connection: &Connection) -> rusqlite::Result<()> {
        let (synchronous, wal_bytes) = match self.care {
            Care::Never | Care::Later => ("OFF", WAL_BYTES_RELAXED),
            Care::Always if self.mover.is_some() => ("NORMAL", 0),
            Care::Always => ("NORMAL", WAL_BYTES),
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "wal_autocheckpoint", wal_bytes / self.page.max(512))
    }

    /// So many bytes were committed: see to it that the write-ahead log does not grow for ever. What goes wrong here is no fault of
    /// what was committed.
    pub fn committed(&mut self, connection: &Connection, bytes: usize) {
        self.look_at_clock(connection);
        let order = if self.care == Care::Always { Order::Move } else { Order::Sync };
        if self.mover.as_mut().is_some_and(|mover| mover.committed(bytes, order).is_err()) {
            self.mover = None;
            let _ = self.set_pragmas(connection);
        }
    }

    /// Once the file is no longer young, what it and its write-ahead log hold is brought onto the disk, and everything that comes
    /// later is in order.
    pub fn look_at_clock(&mut self, connection: &Connection) {
        let is_young = self.created_at.is_some_and(|begin| begin.elapsed() < YOUNG);
        if self.care == Care::Later && !is_young && connection.is_autocommit() {
            self.care = Care::Always;
            sync_all(connection);
            let _ = self.set_pragmas(connection);
        }
    }

    /// To be called before the connection is closed; says whether the disk has to be waited for after that. The file of a short
    /// run, of which the disk has nothing so far, is waited for once, when it is whole, and not for the write-ahead log and the file.
    pub fn close(&mut self, connection: &Connection) -> bool {
        let is_young = self.created_at.is_some_and(|begin| begin.elapsed() < YOUNG);
        let is_moved = self.mover.as_ref().is_none_or(Mover::has_begun);
        // The connection is closed after that of the thread, and therefore moves the rest of the write-ahead log.
        self.mover = None;
        match self.care {
            Care::Never => false,
            Care::Later => true,
            Care::Always if is_young && !is_moved => {
                connection.pragma_update(None, "synchronous", "OFF").is_ok()
            }
            Care::Always => false,
        }
    }
}

/// Wait until the disk has a log as it is. If it refuses, it is going to refuse what comes later, which is told.
fn sync_all(connection: &Connection) {
    for part in [Part::WriteAheadLog, Part::Main] {
        let _ = disk::sync(connection, part);
    }
}

/// A file that the disk is waited for when this is dropped, if that is due: after the connection was closed.
pub(crate) struct SyncedLast {
    pub path: PathBuf,
    pub is_due: bool,
}

impl Drop for SyncedLast {
    fn drop(&mut self) {
        // Somebody else has the file open where the write-ahead log is still there: he is going to move it. To open the file
        // here and close it again would take his locks (<https://www.sqlite.org/howtocorrupt.html>, 2.2).
        if self.is_due && !beside(&self.path, "-wal").exists() {
            let file = fs::OpenOptions::new().append(true).open(&self.path);
            let _ = file.and_then(|file| file.sync_all());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::IfExists;
    use crate::store::{ProblemHeader, Store};

    /// The pragmas "synchronous" and "wal_autocheckpoint".
    fn pragmas(connection: &Connection) -> [i64; 2] {
        ["synchronous", "wal_autocheckpoint"]
            .map(|name| connection.pragma_query_value(None, name, |row| row.get(0)).unwrap())
    }

    #[test]
    fn the_disk_is_waited_for_once_a_file_is_no_longer_young() {
        let folder = tempfile::tempdir().unwrap();
        let options = LogOptions::new(folder.path().join("log.db"));
        let mut store = Store::open(&options, 2, false).unwrap();
        store.begin(&ProblemHeader::default()).unwrap();
        let (flow, connection) = store.parts();
        assert_eq!(pragmas(connection), [0, WAL_BYTES_RELAXED / 4096]);
        flow.look_at_clock(connection);
        assert_eq!(pragmas(connection)[0], 0, "it is still young");
        flow.created_at = Instant::now().checked_sub(2 * YOUNG);
        connection.execute_batch("BEGIN").unwrap();
        flow.look_at_clock(connection);
        assert_eq!(pragmas(connection)[0], 0, "nothing changes within a transaction");
        connection.execute_batch("COMMIT").unwrap();
        flow.look_at_clock(connection);
        assert_eq!(pragmas(connection), [1, 0], "another thread moves the write-ahead log");
    }

    #[test]
    fn who_waits_for_the_disk_depends_on_durability_and_age() {
        let folder = tempfile::tempdir().unwrap();
        let expected =
            [(Durability::Grouped, 0, 1), (Durability::Strict, 1, 1), (Durability::Unsafe, 0, 0)];
        for (durability, new, old) in expected {
            let path = folder.path().join(format!("{durability:?}.db"));
            let if_exists = IfExists::Extend;
            let options = LogOptions { durability, if_exists, ..LogOptions::new(path) };
            for synchronous in [new, old] {
                let mut store = Store::open(&options, 2, false).unwrap();
                store.begin(&ProblemHeader::default()).unwrap();
                assert_eq!(pragmas(store.parts().1)[0], synchronous, "{durability:?}");
            }
        }
    }
}
