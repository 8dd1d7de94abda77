// The order of measuring: all subjects of a case take turns, A B C A B C, so that a noisy
// machine is noisy for all of them; all samples are kept.

/** @typedef {import("./subjects.mjs").OpenSubject} OpenSubject */

/**
 * @typedef {object} Effort
 * @property {boolean} quick
 * @property {number} rounds samples per subject
 * @property {number} sampleMs a sample repeats its work at least this long
 * @property {number} warmMs
 */

/** @type {Record<"full" | "quick", Effort>} */
export const efforts = {
  full: { quick: false, rounds: 21, sampleMs: 40, warmMs: 300 },
  quick: { quick: true, rounds: 7, sampleMs: 20, warmMs: 100 },
};

/** Samples of a subject whose single call takes far longer than a sample should. */
const slowRounds = 3;

/**
 * @typedef {object} Result
 * @property {string} suite
 * @property {string} case
 * @property {string} subject
 * @property {string} build
 * @property {number} threads
 * @property {number} median
 * @property {string} unit
 * @property {number[]} samples in the order they were taken
 */

/** @typedef {{ subject: string, case: string, text: string }} Note who was not measured, and why */

/** @param {number[]} numbers */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Measures one case of a suite.
 * @param {any} suite
 * @param {any} work the case
 * @param {OpenSubject[]} subjects
 * @param {Effort} effort
 * @returns {Promise<{ results: Result[], notes: Note[] }>}
 */
export async function measureCase(suite, work, subjects, effort) {
  /** @type {Note[]} */
  const notes = [];
  const expected = suite.expected?.(work);
  const rounds = suite.rounds?.(effort) ?? effort.rounds;
  const taking = subjects.filter(
    ({ about }) => about.suites.includes(suite.name) && !about.skips?.(work, effort),
  );

  /**
   * Lets a subject do something; when it fails, that is noted and it takes no further part.
   * @template T
   * @param {OpenSubject} subject
   * @param {() => Promise<T>} action
   * @returns {Promise<T | undefined>}
   */
  const attempt = async (subject, action) => {
    try {
      return await action();
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      notes.push({ subject: subject.about.id, case: work.name, text: message });
      return undefined;
    }
  };

  let runners = [];
  for (const subject of taking) {
    const ready = await attempt(subject, async () => {
      await subject.start();
      const { check, flops = work.flops } = await subject.ask("prepare", { work });
      const wrong = check && suite.verify(work, expected, check);
      if (wrong) throw new Error(`not measured: ${wrong}`);
      const { secondsPerCall } = await subject.ask("warm", {
        milliseconds: effort.warmMs,
      });
      const slow = secondsPerCall * 1e3 > 5 * effort.sampleMs;
      return { flops, every: slow ? Math.ceil(rounds / slowRounds) : 1 };
    });
    if (ready) runners.push({ ...ready, subject, samples: /** @type {number[]} */ ([]) });
  }

  for (let round = 0; round < rounds; round += 1) {
    for (const runner of runners) {
      const { subject, flops, every, samples } = runner;
      if (round % every !== 0) continue;
      const milliseconds = effort.sampleMs;
      const sample = await attempt(subject, () => subject.ask("sample", { milliseconds }));
      if (sample) samples.push(sample.value ?? suite.toUnit({ flops }, sample.seconds));
      else runners = runners.filter((other) => other !== runner);
    }
  }

  const results = runners.map(({ subject, samples }) => ({
    suite: suite.name,
    case: work.name,
    subject: subject.about.subject,
    build: subject.about.build,
    threads: subject.about.threads,
    median: median(samples),
    unit: suite.unit,
    samples,
  }));
  return { results, notes };
}
