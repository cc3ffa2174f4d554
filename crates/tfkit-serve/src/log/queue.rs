//! Lines on their way to a reader that may be slow, or may not read at all.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Maximum size of the lines that wait, in bytes. Further lines are left out.
const LONGEST: usize = 8 << 20;
/// How many lines were left out, for the reader.
type Missed = fn(usize) -> Vec<u8>;

/// A queue of lines, which a thread of its own writes.
///
/// A pipe whose reader does not read blocks its writer. Only the thread of the queue waits then, and no call does.
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// Size of `lines`, in bytes.
    size: usize,
    /// Lines that were left out after the last one in `lines`.
    missed: usize,
    /// Whether a line was taken and is not written yet.
    writing: bool,
}

impl Queue {
    /// Creates a queue that writes to `sink`, and `missed` lines in place of those that did not fit. Write errors are
    /// ignored: nobody reads then.
    pub(super) fn new(mut sink: impl Write + Send + 'static, missed: Missed) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let queue = Self(Arc::clone(&shared));
        std::thread::Builder::new().name("log".into()).spawn(move || {
            loop {
                let line = shared.take(missed);
                let _ = sink.write_all(&line);
            }
        })?;
        Ok(queue)
    }

    /// Adds a line.
    pub(super) fn add(&self, line: &[u8]) {
        let mut state = self.0.lock();
        // The count of those that are missing takes a place as well, so it precedes what follows them.
        if state.missed > 0 || state.size + line.len() > LONGEST {
            state.missed += 1;
            return;
        }
        state.size += line.len();
        state.lines.push_back(line.to_vec());
        self.0.changed.notify_all();
    }

    /// Waits until every line is written, for this time at most.
    pub(super) fn flush(&self, longest: Duration) {
        let state = self.0.lock();
        let waiting = |state: &mut State| state.writing || !state.lines.is_empty() || state.missed > 0;
        drop(self.0.changed.wait_timeout_while(state, longest, waiting));
    }
}

impl Shared {
    /// Waits for the next line, and takes it. The previous one is written.
    fn take(&self, missed: Missed) -> Vec<u8> {
        let mut state = self.lock();
        state.writing = false;
        self.changed.notify_all();
        loop {
            if let Some(line) = state.lines.pop_front() {
                state.size -= line.len();
                state.writing = true;
                return line;
            }
            if state.missed > 0 {
                state.writing = true;
                return missed(std::mem::take(&mut state.missed));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// A pipe that holds nothing: each write waits until somebody reads.
    struct Pipe(SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(std::io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn queue() -> (Queue, Receiver<Vec<u8>>) {
        let (sender, reader) = sync_channel(0);
        let missed: Missed = |count| format!("{count} missed").into_bytes();
        (Queue::new(Pipe(sender), missed).unwrap(), reader)
    }

    #[test]
    fn nobody_waits_for_a_reader_that_does_not_read_and_it_learns_what_is_missing() {
        let (queue, reader) = queue();
        let long = vec![b'x'; LONGEST / 4];
        for _ in 0..8 {
            queue.add(&long);
        }
        queue.flush(Duration::ZERO);
        let mut read = vec![];
        let missed = loop {
            let line = reader.recv().unwrap();
            if line.ends_with(b"missed") {
                break String::from_utf8(line).unwrap();
            }
            assert_eq!(line, long);
            read.push(line);
        };
        // The thread may have taken the first one before the queue was full.
        assert!([4, 5].contains(&read.len()), "{}", read.len());
        assert_eq!(missed, format!("{} missed", 8 - read.len()));
        queue.add(b"next");
        assert_eq!(reader.recv().unwrap(), b"next");
        queue.flush(Duration::from_secs(20));
    }

    #[test]
    fn lines_keep_their_order_and_a_flush_waits_for_the_last_one() {
        let (queue, reader) = queue();
        let read = std::thread::spawn(move || reader.iter().take(100).collect::<Vec<_>>());
        let lines: Vec<Vec<u8>> = (0..100).map(|number| format!("line {number}").into_bytes()).collect();
        for line in &lines {
            queue.add(line);
        }
        queue.flush(Duration::from_secs(20));
        assert!(queue.0.lock().lines.is_empty());
        assert_eq!(read.join().unwrap(), lines);
    }
}
