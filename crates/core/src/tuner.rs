//! Finds out whether a program is faster with helping threads or without them, again and again.
//!
//! What sharing gains cannot be known beforehand: it depends on how far apart the processors are, and
//! on what else they do. Results are the same either way, so a program may be tried both ways in turns
//! of two milliseconds, and then runs for a while as was faster.

/// How the blocks of a trial run: with helpers or without. The faster of two counts, as something else
/// may come between.
const BLOCKS: [bool; 4] = [true, false, false, true];

/// Milliseconds of a block, at least.
const BLOCK: f64 = 2.0;
/// Runs of a block, at least, and at most.
const RUNS: (u32, u32) = (2, 64);
/// Runs before the first trial: the runtime's compiler is at work.
const FIRST_REST: u32 = 24;
/// Milliseconds between trials, about: at first, and at most. Each rest is twice as long as the one
/// before, as what is measured first is code that is not compiled well yet.
const REST: (f64, f64) = (25.0, 400.0);
/// Runs between trials, at least, so that trials cost little also where runs are long, and at most.
const RESTS: (u32, u32) = (128, 100_000);
/// Runs between a trial that says something new and the next one, which must say the same.
const DOUBT: u32 = 16;

/// What a program is measured by.
pub trait Watch {
    /// Milliseconds since some time.
    fn now(&self) -> f64;
    /// How many kernels were shared so far.
    fn jobs(&self) -> u32;
    /// Says whether kernels may be shared.
    fn allow(&self, shared: bool);
}

/// The choice for one program.
pub struct Tuner {
    shared: bool,
    /// Whether the last trial said something else.
    doubted: bool,
    /// Runs until the next trial, and milliseconds between trials.
    rest: u32,
    pause: f64,
    trial: Option<Trial>,
}

struct Trial {
    batch: usize,
    block: usize,
    /// Runs of this block that were measured; `None` before the one that is not, as it comes after
    /// a change.
    done: Option<u32>,
    /// Runs of a block, known after the first.
    runs: u32,
    jobs: u32,
    /// Milliseconds of each block.
    spent: [f64; BLOCKS.len()],
}

impl Default for Tuner {
    fn default() -> Self {
        Self {
            shared: true,
            doubted: false,
            rest: FIRST_REST,
            pause: REST.0,
            trial: None,
        }
    }
}

impl Tuner {
    /// Runs a program over a batch of that many rows.
    pub fn run<T>(&mut self, watch: &impl Watch, batch: usize, work: impl FnOnce() -> T) -> T {
        if self
            .trial
            .as_ref()
            .is_some_and(|trial| trial.batch != batch)
        {
            self.trial = None;
            self.rest = RESTS.0;
        }
        let Some(trial) = &mut self.trial else {
            watch.allow(self.shared);
            if self.rest == 0 {
                self.trial = Some(Trial::new(batch, watch.jobs()));
            } else {
                self.rest -= 1;
            }
            return work();
        };
        watch.allow(BLOCKS[trial.block]);
        let Some(done) = &mut trial.done else {
            trial.done = Some(0);
            return work();
        };
        let start = watch.now();
        let result = work();
        *done += 1;
        trial.spent[trial.block] += watch.now() - start;
        if trial.ends_block() {
            self.next_block(watch);
        }
        result
    }

    fn next_block(&mut self, watch: &impl Watch) {
        let Some(trial) = &mut self.trial else { return };
        let runs = trial.done.unwrap_or(0);
        if trial.block == 0 {
            trial.runs = runs;
            if watch.jobs() == trial.jobs {
                // Too small for it: both ways are one.
                self.trial = None;
                self.rest = RESTS.1;
                return;
            }
        }
        trial.block += 1;
        if trial.block < BLOCKS.len() {
            let goes_on = BLOCKS[trial.block] == BLOCKS[trial.block - 1];
            trial.done = goes_on.then_some(0);
            return;
        }
        let fastest = |shared: bool| {
            let blocks = BLOCKS.iter().zip(trial.spent);
            blocks
                .filter(|(&how, _)| how == shared)
                .fold(f64::INFINITY, |least, (_, spent)| least.min(spent))
        };
        let (shared, alone) = (fastest(true), fastest(false));
        let runs = trial.runs;
        self.trial = None;
        let is_new = (shared <= alone) != self.shared;
        if is_new && !self.doubted {
            self.doubted = true;
            self.rest = DOUBT;
            return;
        }
        self.doubted = false;
        self.shared = shared <= alone;
        let mean = shared.min(alone) / f64::from(runs);
        self.rest = ((self.pause / mean.max(1e-6)) as u32).clamp(RESTS.0, RESTS.1);
        self.pause = REST.1.min(2.0 * self.pause);
    }
}

impl Trial {
    fn new(batch: usize, jobs: u32) -> Self {
        Self {
            batch,
            block: 0,
            done: None,
            runs: 0,
            jobs,
            spent: [0.0; BLOCKS.len()],
        }
    }

    fn ends_block(&self) -> bool {
        let done = self.done.unwrap_or(0);
        if self.block > 0 {
            return done >= self.runs;
        }
        done >= RUNS.1 || done >= RUNS.0 && self.spent[0] >= BLOCK
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A machine by whose clock a run takes as long as it says.
    struct Machine {
        time: Cell<f64>,
        jobs: Cell<u32>,
        allowed: Cell<bool>,
        with: Cell<f64>,
        without: Cell<f64>,
        never_shares: bool,
    }

    impl Watch for Machine {
        fn now(&self) -> f64 {
            self.time.get()
        }
        fn jobs(&self) -> u32 {
            self.jobs.get()
        }
        fn allow(&self, shared: bool) {
            self.allowed.set(shared);
        }
    }

    impl Machine {
        fn new(with: f64, without: f64) -> Self {
            Self {
                time: Cell::new(0.0),
                jobs: Cell::new(0),
                allowed: Cell::new(true),
                with: Cell::new(with),
                without: Cell::new(without),
                never_shares: false,
            }
        }

        /// How many of `runs` runs were shared.
        fn shared(&self, tuner: &mut Tuner, runs: u32, batch: usize) -> u32 {
            let mut shared = 0;
            for _ in 0..runs {
                tuner.run(self, batch, || {
                    let allowed = self.allowed.get();
                    shared += u32::from(allowed);
                    self.jobs
                        .set(self.jobs.get() + u32::from(allowed && !self.never_shares));
                    let took = if allowed { &self.with } else { &self.without };
                    self.time.set(self.time.get() + took.get());
                });
            }
            shared
        }
    }

    #[test]
    fn what_gains_is_shared_but_for_trials() {
        let machine = Machine::new(0.5, 0.9);
        let shared = machine.shared(&mut Tuner::default(), 10_000, 32);
        assert!((9_500..10_000).contains(&shared), "{shared}");
    }

    #[test]
    fn what_loses_is_not_but_for_trials() {
        let machine = Machine::new(1.6, 0.9);
        let shared = machine.shared(&mut Tuner::default(), 10_000, 32);
        assert!((24..500).contains(&shared), "{shared}");
    }

    #[test]
    fn a_machine_that_changes_is_noticed() {
        let machine = Machine::new(0.5, 0.9);
        let mut tuner = Tuner::default();
        machine.shared(&mut tuner, 2_000, 32);
        assert!(tuner.shared);
        machine.with.set(1.5);
        machine.shared(&mut tuner, 2_000, 32);
        assert!(!tuner.shared);
        machine.with.set(0.5);
        machine.shared(&mut tuner, 2_000, 32);
        assert!(tuner.shared);
    }

    #[test]
    fn work_that_is_never_shared_is_hardly_tried() {
        let machine = Machine {
            never_shares: true,
            ..Machine::new(0.004, 0.004)
        };
        let mut tuner = Tuner::default();
        assert_eq!(machine.shared(&mut tuner, 50_000, 16), 50_000);
    }

    #[test]
    fn one_thing_that_comes_between_does_not_count() {
        let machine = Machine::new(0.5, 0.9);
        let mut tuner = Tuner::default();
        for at in 0..200 {
            machine.shared(&mut tuner, 1, 32);
            if at % 60 == 27 {
                machine.with.set(9.0);
                machine.shared(&mut tuner, 1, 32);
                machine.with.set(0.5);
            }
        }
        assert!(tuner.shared);
    }

    #[test]
    fn what_one_trial_says_must_be_said_twice() {
        let machine = Machine::new(0.5, 0.9);
        let mut tuner = Tuner::default();
        machine.shared(&mut tuner, FIRST_REST + 1, 32);
        assert!(tuner.trial.is_some());
        machine.with.set(9.0);
        while tuner.trial.is_some() {
            machine.shared(&mut tuner, 1, 32);
        }
        assert!(tuner.shared && tuner.doubted);
        machine.with.set(0.5);
        machine.shared(&mut tuner, 200, 32);
        assert!(tuner.shared && !tuner.doubted);
    }

    #[test]
    fn batches_of_another_size_are_not_compared() {
        let machine = Machine::new(0.5, 0.9);
        let mut tuner = Tuner::default();
        for _ in 0..500 {
            machine.shared(&mut tuner, 3, 32);
            machine.without.set(0.01);
            machine.shared(&mut tuner, 1, 2);
            machine.without.set(0.9);
        }
        assert!(tuner.shared);
    }
}
