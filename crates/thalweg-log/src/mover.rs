//! Brings what was committed into the file and onto the disk while the run goes on, from a thread of its own: this waits for the
//! disk, and neither an evaluation nor a commit should wait for that.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::disk::{self, Part};

/// So many bytes are worth it: few enough that not much is left to wait for at the end of the run. With a transaction for each row
/// it is more, since the first of them after a move has to wait for the disk once.
const STEP_BYTES: usize = 1 << 20;
const STEP_BYTES_STRICT: usize = 4 << 20;
/// A write-ahead log with more bytes than these has to begin anew: to write over it takes the system half the time that it needs for
/// one that grows. It does so by itself when nothing was committed while it was moved; otherwise commits have to wait for the last
/// part of it.
const MOST_BYTES: i64 = 16 << 20;
/// How long a log that has to begin anew waits for readers of its old content.
const PATIENCE: Duration = Duration::from_millis(20);

/// What is to be done.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    /// Move the write-ahead log into the file, and wait for the disk before and after that
    /// (<https://www.sqlite.org/wal.html#ckpt>).
    Move,
    /// Wait until the disk has what was moved by others.
    Sync,
}

/// Does so for one file.
pub(crate) struct Mover {
    path: PathBuf,
    /// So many bytes are worth it.
    step: usize,
    /// Bytes that were written since the last order.
    written: usize,
    hand: Option<Hand>,
}

/// The thread, and what it waits for.
struct Hand {
    orders: SyncSender<Order>,
    thread: JoinHandle<()>,
}

impl Mover {
    pub fn new(path: &Path, strict: bool) -> Self {
        let step = if strict { STEP_BYTES_STRICT } else { STEP_BYTES };
        Mover { path: path.to_path_buf(), step, written: 0, hand: None }
    }

    /// So many bytes were committed: once there are enough of them, something is to be done.
    ///
    /// # Errors
    /// There is no thread, or it cannot open the file: somebody else has to do it.
    pub fn committed(&mut self, bytes: usize, order: Order) -> Result<(), Unavailable> {
        self.written += bytes;
        if self.written < self.step {
            return Ok(());
        }
        self.written = 0;
        if self.hand.is_none() {
            self.hand = Some(self.start().ok_or(Unavailable)?);
        }
        // Where an order waits already, it is for all that was written until the thread gets to it.
        if let Some(hand) = &self.hand {
            let _ = hand.orders.try_send(order);
        }
        Ok(())
    }

    /// Whether there was anything to do.
    pub fn has_begun(&self) -> bool {
        self.hand.is_some()
    }

    fn start(&self) -> Option<Hand> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).ok()?;
        connection.busy_timeout(PATIENCE).ok()?;
        connection.pragma_update(None, "synchronous", "NORMAL").ok()?;
        let (orders, received) = sync_channel(1);
        let body = move || follow(&connection, &received);
        let thread =
            std::thread::Builder::new().name("thalweg-log-mover".into()).spawn(body).ok()?;
        Some(Hand { orders, thread })
    }
}

/// There is nobody to do it in the background.
pub(crate) struct Unavailable;

/// The thread has the file open no longer: whoever closes it last moves what is left.
impl Drop for Mover {
    fn drop(&mut self) {
        if let Some(Hand { orders, thread }) = self.hand.take() {
            drop(orders);
            let _ = thread.join();
        }
    }
}

/// Do what is to be done. What does not work, on a full disk or beside another reader, is done the next time.
fn follow(connection: &Connection, orders: &Receiver<Order>) {
    while let Ok(order) = orders.recv() {
        match order {
            Order::Sync => {
                let _ = disk::sync(connection, Part::Main);
            }
            Order::Move => {
                if wal_bytes(connection, "PASSIVE").is_ok_and(|bytes| bytes > MOST_BYTES) {
                    let _ = wal_bytes(connection, "RESTART");
                }
            }
        }
    }
}

/// Move the write-ahead log, and say how long it was.
fn wal_bytes(connection: &Connection, mode: &str) -> rusqlite::Result<i64> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let pages: i64 = connection.query_row(&sql, [], |row| row.get(1))?;
    let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    Ok(pages * page)
}
