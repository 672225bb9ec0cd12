//! What waits to be written: notes in the order in which they were taken, and their bytes in one buffer that is used again and
//! again, so that whoever takes a note copies the numbers once and allocates nothing.

use std::ops::Range;

use thalweg_core::StepOutcome;

/// One thing to be written.
pub(crate) enum Note {
    Evaluation(Row),
    /// Bytes of the buffer: an [`crate::AnswerBatch`].
    Answer(Range<usize>),
    StepBegan(StepBegan),
    StepEnded(StepEnded),
}

/// One evaluation.
pub(crate) struct Row {
    pub step: u64,
    pub task: u8,
    pub batch: u64,
    /// Bytes of the buffer: little-endian numbers.
    pub params: Range<usize>,
    pub fun: Option<f64>,
    pub start: f64,
    pub stop: f64,
    /// Whether `fun` at `params` is all that the objective answered.
    pub is_answer: bool,
    /// What most evaluations have nothing of.
    pub words: Option<Box<Words>>,
}

/// What was said of an evaluation in words.
#[derive(Default)]
pub(crate) struct Words {
    pub exception: Option<String>,
    pub info: Option<String>,
}

impl Words {
    /// Nothing where there are no words.
    pub fn new(exception: Option<&str>, info: Option<String>) -> Option<Box<Words>> {
        let exception = exception.map(str::to_string);
        (exception.is_some() || info.is_some()).then(|| Box::new(Words { exception, info }))
    }

    fn bytes(&self) -> usize {
        [&self.exception, &self.info].into_iter().flatten().map(String::len).sum()
    }
}

/// A step began.
pub(crate) struct StepBegan {
    /// Its number in the run.
    pub number: u64,
    /// Whether it explores for starts.
    pub exploration: bool,
    /// Seconds since the start of the run.
    pub start: f64,
}

/// A step ended.
pub(crate) struct StepEnded {
    /// Its number in the run.
    pub number: u64,
    pub outcome: StepOutcome,
    /// The number of its iterations.
    pub n_iterations: u64,
    /// Seconds since the start of the run.
    pub stop: f64,
}

/// Notes that wait.
#[derive(Default)]
pub(crate) struct Notes {
    notes: Vec<Note>,
    /// The bytes that notes refer to.
    buffer: Vec<u8>,
    /// Bytes of words.
    words: usize,
    /// So many of the notes are dealt with.
    done: usize,
}

/// Room for more bytes than these is given back when nothing waits.
const KEPT_BYTES: usize = 4 << 20;
/// Room for more notes than these is given back when nothing waits.
const KEPT_NOTES: usize = 1 << 14;

impl Notes {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.notes.len() - self.done
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How much memory they take, more or less.
    pub fn bytes(&self) -> usize {
        self.buffer.len() + self.words + self.notes.len() * size_of::<Note>()
    }

    pub fn push(&mut self, note: Note) {
        if let Note::Evaluation(Row { words: Some(words), .. }) = &note {
            self.words += words.bytes();
        }
        self.notes.push(note);
    }

    /// Put numbers into the buffer.
    pub fn keep_numbers(&mut self, numbers: &[f64]) -> Range<usize> {
        let from = self.buffer.len();
        self.buffer.extend(numbers.iter().flat_map(|x| x.to_le_bytes()));
        from..self.buffer.len()
    }

    /// Put bytes into the buffer, which `write` appends to it.
    pub fn keep_bytes(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let from = self.buffer.len();
        write(&mut self.buffer);
        from..self.buffer.len()
    }

    /// Take over what waits in `other`, which is left empty but keeps its room.
    pub fn take_from(&mut self, other: &mut Notes) {
        if self.is_empty() {
            self.clear();
            return std::mem::swap(self, other);
        }
        let offset = self.buffer.len();
        self.buffer.extend_from_slice(&other.buffer);
        self.notes.extend(other.notes.drain(other.done..).map(|note| note.moved_by(offset)));
        self.words += other.words;
        other.clear();
    }

    /// The first notes that wait, at most `count` with not many more bytes than `bytes`, and the buffer.
    pub fn first(&self, count: usize, bytes: usize) -> (&[Note], &[u8]) {
        let waiting = &self.notes[self.done..];
        let mut left = bytes;
        let fit = waiting.iter().take(count).take_while(|note| {
            let goes_on = left > 0;
            left = left.saturating_sub(note.in_buffer());
            goes_on
        });
        let count = fit.count();
        (&waiting[..count], &self.buffer)
    }

    /// The first `count` notes that wait are dealt with.
    pub fn drop_first(&mut self, count: usize) {
        self.done += count;
        if self.is_empty() {
            self.clear();
        }
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        self.notes.clear();
        self.buffer.clear();
        (self.words, self.done) = (0, 0);
        if self.buffer.capacity() > KEPT_BYTES {
            self.buffer.shrink_to(KEPT_BYTES);
        }
        if self.notes.capacity() > KEPT_NOTES {
            self.notes.shrink_to(KEPT_NOTES);
        }
    }
}

impl Note {
    fn in_buffer(&self) -> usize {
        match self {
            Note::Evaluation(row) => row.params.len(),
            Note::Answer(bytes) => bytes.len(),
            Note::StepBegan(_) | Note::StepEnded(_) => 0,
        }
    }

    /// The same note where its bytes are `offset` further on.
    fn moved_by(mut self, offset: usize) -> Note {
        if let Note::Evaluation(Row { params: bytes, .. }) | Note::Answer(bytes) = &mut self {
            *bytes = bytes.start + offset..bytes.end + offset;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{Note, Notes};

    fn answer(notes: &mut Notes, bytes: &[u8]) {
        let kept = notes.keep_bytes(|buffer| buffer.extend_from_slice(bytes));
        notes.push(Note::Answer(kept));
    }

    fn waiting(notes: &Notes) -> Vec<Vec<u8>> {
        let (notes, buffer) = notes.first(usize::MAX, usize::MAX);
        let bytes = |note: &Note| match note {
            Note::Answer(bytes) => buffer[bytes.clone()].to_vec(),
            _ => panic!("no answer"),
        };
        notes.iter().map(bytes).collect()
    }

    #[test]
    fn notes_keep_their_bytes_and_their_order() {
        let (mut queue, mut backlog) = (Notes::default(), Notes::default());
        answer(&mut queue, b"ab");
        answer(&mut queue, b"c");
        backlog.take_from(&mut queue);
        assert!(queue.is_empty() && backlog.len() == 2);
        backlog.drop_first(1);
        answer(&mut queue, b"def");
        answer(&mut queue, b"");
        backlog.take_from(&mut queue);
        assert_eq!(waiting(&backlog), [&b"c"[..], b"def", b""]);
        assert_eq!(backlog.first(2, usize::MAX).0.len(), 2);
        assert_eq!(backlog.first(9, 1).0.len(), 1, "the bytes are enough after the first");
        backlog.drop_first(3);
        assert_eq!((backlog.len(), backlog.bytes()), (0, 0));
    }

    #[test]
    fn numbers_are_little_endian() {
        let mut notes = Notes::default();
        let kept = notes.keep_numbers(&[1.5, -2.0]);
        notes.push(Note::Answer(kept));
        assert_eq!(waiting(&notes), [[1.5_f64.to_le_bytes(), (-2.0_f64).to_le_bytes()].concat()]);
    }
}
