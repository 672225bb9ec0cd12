//! Waits until the disk has what SQLite gave to the system, at a moment of our own choice.

use std::ffi::c_int;
use std::ptr::{from_mut, null_mut};

use rusqlite::{Connection, ffi};

/// A file of a connection.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Main,
    WriteAheadLog,
}

/// Wait until the disk has all that was written to a file. It has to be the connection's own handle: to open the file here and
/// close it again would take the locks of the whole process (<https://www.sqlite.org/howtocorrupt.html>, 2.2).
///
/// # Errors
/// The disk refuses, or the connection has no such file open.
pub(crate) fn sync(connection: &Connection, part: Part) -> rusqlite::Result<()> {
    let code = match part {
        Part::Main => ffi::SQLITE_FCNTL_FILE_POINTER,
        Part::WriteAheadLog => ffi::SQLITE_FCNTL_JOURNAL_POINTER,
    };
    let mut file: *mut ffi::sqlite3_file = null_mut();
    // SAFETY: the handle is open as long as `connection` is, which only this thread uses. SQLite writes one pointer to `file`: to a
    // file that it owns and that stays open during this call, or null.
    // (<https://www.sqlite.org/c3ref/c_fcntl_begin_atomic_write.html>)
    let result = unsafe {
        let target = from_mut(&mut file).cast();
        let found = ffi::sqlite3_file_control(connection.handle(), c"main".as_ptr(), code, target);
        match file.as_ref().and_then(|file| file.pMethods.as_ref()).and_then(|own| own.xSync) {
            Some(sync) if found == ffi::SQLITE_OK => sync(file, ffi::SQLITE_SYNC_NORMAL as c_int),
            _ => ffi::SQLITE_MISUSE,
        }
    };
    match result {
        ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_open_are_brought_onto_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("own.db")).unwrap();
        assert!(sync(&connection, Part::WriteAheadLog).is_err(), "there is none yet");
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.execute_batch("CREATE TABLE numbers (x)").unwrap();
        for part in [Part::Main, Part::WriteAheadLog] {
            assert_eq!(sync(&connection, part), Ok(()));
        }
    }
}
