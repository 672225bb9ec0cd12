//! What a log holds of a run, to be handed out once each.

use std::collections::HashMap;

use thalweg_log::{LogColumns, LoggedAnswers, LoggedFailure, Wanted, point_hash};

/// One answer of the objective at one point.
#[derive(Clone, Debug)]
pub(super) struct Logged {
    key: Key,
    numbers: Numbers,
    pub failure: Option<Box<LoggedFailure>>,
    /// How many values each nonlinear constraint has; at the start only.
    pub sizes: Vec<usize>,
    /// What the objective learnt about itself; at the start only.
    pub description: String,
    /// Numbers per kind of answer.
    pub widths: [usize; 4],
    is_final: bool,
}

/// The hash of a point, and what was wanted there.
type Key = (u64, u8);

#[derive(Clone, Debug)]
enum Numbers {
    One(f64),
    Many(Box<[f64]>),
}

impl Logged {
    pub fn numbers(&self) -> &[f64] {
        match &self.numbers {
            Numbers::One(number) => std::slice::from_ref(number),
            Numbers::Many(numbers) => numbers,
        }
    }
}

/// Things that are asked for in their order, most of the time.
#[derive(Debug)]
struct Once<T> {
    items: Vec<Option<(Key, T)>>,
    next: usize,
    /// The places of items by their keys, made when one is asked for out of order.
    places: Option<HashMap<Key, Vec<usize>>>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Once { items: Vec::new(), next: 0, places: None }
    }
}

impl<T> Once<T> {
    fn push(&mut self, key: Key, item: T) {
        self.items.push(Some((key, item)));
    }

    fn take(&mut self, key: Key) -> Option<T> {
        while self.items.get(self.next).is_some_and(Option::is_none) {
            self.next += 1;
        }
        if self.items.get(self.next)?.as_ref().is_some_and(|(own, _)| *own == key) {
            return self.items[self.next].take().map(|(_, item)| item);
        }
        let (items, next) = (&self.items, self.next);
        let places = self.places.get_or_insert_with(|| {
            let mut places: HashMap<Key, Vec<usize>> = HashMap::new();
            for (place, item) in items.iter().enumerate().skip(next).rev() {
                if let Some((key, _)) = item {
                    places.entry(*key).or_default().push(place);
                }
            }
            places
        });
        let of_key = places.get_mut(&key)?;
        while let Some(place) = of_key.pop() {
            if let Some((_, item)) = self.items[place].take() {
                return Some(item);
            }
        }
        None
    }
}

/// The answers and evaluations of a log.
#[derive(Debug, Default)]
pub(super) struct Tape {
    answers: Once<Logged>,
    /// How many answers of the algorithm's time are left.
    left: usize,
    /// When evaluations began and ended.
    times: Once<(f64, f64)>,
    /// The latest time that was handed out.
    pub now: f64,
    /// When the run ended, if it did.
    pub end: f64,
    /// Whether a point that is not there, although others are left, is a mistake.
    pub is_strict: bool,
    /// How many answers were handed out.
    pub handed_out: usize,
}

impl Tape {
    /// The tape of a log, in the order in which the objective answered.
    pub fn new(columns: &LogColumns, answers: Vec<LoggedAnswers>) -> Self {
        let mut tape = Tape::default();
        let mut answers = answers.into_iter().peekable();
        for (i, params) in columns.rows().enumerate() {
            while let Some(early) = answers.next_if(|answer| answer.after < columns.ids[i]) {
                tape.push(early);
            }
            let hash = point_hash(params);
            if columns.is_answer[i] {
                let key = (hash, Wanted::OUTPUTS.0);
                let numbers = Numbers::One(columns.fun[i]);
                let (failure, sizes, widths) = (None, Vec::new(), [1, 0, 0, 0]);
                tape.left += 1;
                let (description, is_final) = (String::new(), false);
                let answer = Logged { key, numbers, failure, sizes, description, widths, is_final };
                tape.answers.push(key, answer);
            }
            tape.times.push((hash, columns.task[i]), (columns.start[i], columns.stop[i]));
        }
        answers.for_each(|late| tape.push(late));
        tape
    }

    fn push(&mut self, logged: LoggedAnswers) {
        let batch = logged.batch;
        let is_final = batch.wanted.contains(Wanted::FINAL);
        for (i, &hash) in batch.keys.iter().enumerate() {
            let key = if batch.wanted.contains(Wanted::START) {
                (hash, Wanted::START.0)
            } else {
                (hash, batch.wanted.without(Wanted::FINAL).0)
            };
            let numbers = match batch.of_point(i) {
                [number] => Numbers::One(*number),
                numbers => Numbers::Many(numbers.into()),
            };
            let failure = batch.failures.iter().find(|failure| failure.index == i);
            let failure = failure.cloned().map(Box::new);
            let (sizes, widths) = (batch.sizes.clone(), batch.widths);
            let description = batch.description.clone();
            self.left += usize::from(!is_final);
            let answer = Logged { key, numbers, failure, sizes, description, widths, is_final };
            self.answers.push(key, answer);
        }
    }

    /// Whether answers are left.
    pub fn is_open(&self) -> bool {
        self.left > 0
    }

    /// How many answers are left.
    pub fn left(&self) -> usize {
        self.left
    }

    /// The answer at a point.
    pub fn answer(&mut self, point: &[f64], wanted: Wanted) -> Option<Logged> {
        let answer = self.answers.take((point_hash(point), wanted.0))?;
        self.left -= usize::from(!answer.is_final);
        self.handed_out += 1;
        debug_assert_eq!(answer.key.1, wanted.0);
        Some(answer)
    }

    /// When an evaluation began and ended.
    pub fn times(&mut self, params: &[f64], task: u8) -> Option<(f64, f64)> {
        let times = self.times.take((point_hash(params), task))?;
        self.now = self.now.max(times.1);
        Some(times)
    }
}
