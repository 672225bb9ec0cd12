//! Time by the processor's counter, which takes a third of the time that asking the operating system takes.
//!
//! Small objectives are evaluated in microseconds, and each of their evaluations is timed twice. So between two looks at the system's
//! clock, at most [`HORIZON`] apart, time goes on with the counter, whose rate is known from earlier looks. Processors without a
//! counter of constant rate, and systems where it is not readable, do with the system's clock.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The longest time, in seconds, that is told by the counter alone.
const HORIZON: f64 = 0.01;
/// From looks that lie so far apart, in seconds, the rate is known to one in a thousand.
const FAR_APART: f64 = 0.001;
/// By how much two measurements of the rate may differ. Where they differ by more, the counter or the system was asleep.
const ALLOWED: f64 = 0.01;

/// Seconds since an instant, never less than those told before.
#[derive(Clone, Debug)]
pub(super) struct Ticks {
    origin: Instant,
    anchor: Cell<Anchor>,
}

/// The last look at the system's clock.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    ticks: u64,
    /// Seconds since the origin.
    seconds: f64,
    seconds_per_tick: f64,
    /// How many ticks after it the system's clock is looked at again; none as long as the rate is unknown.
    horizon: u64,
}

impl Ticks {
    /// Time from now on.
    pub fn start() -> Self {
        let (origin, ticks) = look();
        Ticks { origin, anchor: Cell::new(Anchor::new(ticks, 0.0, rate())) }
    }

    /// Seconds since the start.
    #[inline]
    pub fn seconds(&self) -> f64 {
        let anchor = self.anchor.get();
        let passed = counter::read().wrapping_sub(anchor.ticks);
        if passed < anchor.horizon {
            return anchor.seconds + passed as f64 * anchor.seconds_per_tick;
        }
        self.look_again(anchor)
    }

    #[cold]
    fn look_again(&self, before: Anchor) -> f64 {
        let (now, ticks) = look();
        let seconds = now.duration_since(self.origin).as_secs_f64();
        let elapsed = seconds - before.seconds;
        if elapsed < FAR_APART {
            return seconds.max(before.seconds);
        }
        // The rate may have been a little too fast.
        let seconds = seconds.max(before.seconds + before.horizon as f64 * before.seconds_per_tick);
        let rate = learn(elapsed, ticks.wrapping_sub(before.ticks));
        self.anchor.set(Anchor::new(ticks, seconds, rate));
        seconds
    }
}

impl Anchor {
    fn new(ticks: u64, seconds: f64, seconds_per_tick: Option<f64>) -> Self {
        let seconds_per_tick = seconds_per_tick.unwrap_or(0.0);
        let horizon = if seconds_per_tick > 0.0 { (HORIZON / seconds_per_tick) as u64 } else { 0 };
        Anchor { ticks, seconds, seconds_per_tick, horizon }
    }
}

/// The bits of the length of a tick in seconds, of all runs; 0 as long as it is unknown.
static RATE: AtomicU64 = AtomicU64::new(0);

fn rate() -> Option<f64> {
    Some(f64::from_bits(RATE.load(Ordering::Relaxed))).filter(|rate| *rate > 0.0)
}

/// Take in how many ticks have passed in some time, and return the length of a tick, unless that contradicts what was known.
fn learn(seconds: f64, ticks: u64) -> Option<f64> {
    if !counter::is_constant() {
        return None;
    }
    let measured = seconds / ticks as f64;
    let agrees = |known: f64| (measured / known - 1.0).abs() <= ALLOWED;
    let measured = (measured > 0.0 && rate().is_none_or(agrees)).then_some(measured);
    RATE.store(measured.map_or(0, f64::to_bits), Ordering::Relaxed);
    measured
}

/// The system's clock and the counter at the same time: what comes between the two readings is kept out.
fn look() -> (Instant, u64) {
    /// Two readings of the counter around one of the clock are hardly ever so far apart.
    const NEAR: u64 = 1000;
    let reading = || {
        let before = counter::read();
        (Instant::now(), before, counter::read().wrapping_sub(before))
    };
    let mut best = reading();
    for _ in 0..3 {
        if best.2 <= NEAR {
            break;
        }
        let next = reading();
        if next.2 < best.2 {
            best = next;
        }
    }
    (best.0, best.1.wrapping_add(best.2 / 2))
}

/// The counter of ticks.
#[cfg(target_arch = "x86_64")]
mod counter {
    use std::arch::x86_64::{__cpuid, _rdtsc};
    use std::sync::OnceLock;

    #[inline]
    pub fn read() -> u64 {
        // SAFETY: every x86-64 processor has it; a system that forbids it is of no use to any measurement of time.
        unsafe { _rdtsc() }
    }

    /// Whether the processor says that the counter goes on at the same rate whatever it does ("invariant TSC").
    pub fn is_constant() -> bool {
        static CONSTANT: OnceLock<bool> = OnceLock::new();
        const POWER_MANAGEMENT: u32 = 0x8000_0007;
        *CONSTANT.get_or_init(|| {
            __cpuid(0x8000_0000).eax >= POWER_MANAGEMENT
                && __cpuid(POWER_MANAGEMENT).edx & (1 << 8) != 0
        })
    }
}

/// Elsewhere the system's clock is quick enough.
#[cfg(not(target_arch = "x86_64"))]
mod counter {
    pub fn read() -> u64 {
        0
    }

    pub fn is_constant() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn time_agrees_with_the_clock_of_the_system_and_never_goes_back() {
        let (clock, ticks) = (Instant::now(), Ticks::start());
        let mut last = 0.0;
        while clock.elapsed() < Duration::from_millis(60) {
            let before = clock.elapsed().as_secs_f64();
            let seconds = ticks.seconds();
            let after = clock.elapsed().as_secs_f64();
            assert!(seconds >= last, "{seconds} after {last}");
            // Looks may be some hundred ticks off, and the rate one in a thousand.
            assert!(
                seconds <= after + 2e-5 && seconds >= before - 2e-5,
                "{before} {seconds} {after}"
            );
            last = seconds;
        }
    }

    #[test]
    fn a_long_silence_is_told_by_the_clock_of_the_system() {
        let ticks = Ticks::start();
        let early = ticks.seconds();
        std::thread::sleep(Duration::from_millis(30));
        let late = ticks.clone().seconds();
        assert!(late - early >= 0.03, "{early} {late}");
    }
}
