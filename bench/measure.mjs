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

/** Calls shorter than this are mostly JavaScript, which takes longer to be compiled: seconds, ms. */
const short = { call: 20e-6, warmMs: 300 };

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
 * Cases that are measured by themselves, and those that are measured in turns with the one before
 * them (`inTurns`): what is compared lies side by side.
 * @param {any[]} cases
 * @returns {any[][]}
 */
export function groupsOf(cases) {
  /** @type {any[][]} */
  const groups = [];
  for (const work of cases) {
    if (work.inTurns && groups.length > 0) groups[groups.length - 1].push(work);
    else groups.push([work]);
  }
  return groups;
}

/**
 * Measures a case of a suite, or several in turns.
 * @param {any} suite
 * @param {any[]} works the cases
 * @param {OpenSubject[]} subjects
 * @param {Effort} effort
 * @returns {Promise<{ results: Result[], notes: Note[] }>}
 */
export async function measureCases(suite, works, subjects, effort) {
  /** @type {Note[]} */
  const notes = [];
  const expected = works.map((work) => suite.expected?.(work));
  const rounds = suite.rounds?.(effort) ?? effort.rounds;

  /**
   * Lets a subject do something; when it fails, that is noted and it takes no further part.
   * @template T
   * @param {OpenSubject} subject
   * @param {any} work
   * @param {() => Promise<T>} action
   * @returns {Promise<T | undefined>}
   */
  const attempt = async (subject, work, action) => {
    try {
      return await action();
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      notes.push({ subject: subject.about.id, case: work.name, text: message });
      return undefined;
    }
  };

  let runners = [];
  for (const subject of subjects.filter(({ about }) => about.suites.includes(suite.name))) {
    const taking = works.filter((work) => !subject.about.skips?.(work, effort));
    for (const [slot, work] of taking.entries()) {
      const ready = await attempt(subject, work, async () => {
        await subject.start();
        const { check, flops = work.flops } = await subject.ask("prepare", { work, slot });
        const wrong = check && suite.verify(work, expected[works.indexOf(work)], check);
        if (wrong) throw new Error(`not measured: ${wrong}`);
        let { secondsPerCall } = await subject.ask("warm", { slot, milliseconds: effort.warmMs });
        if (secondsPerCall < short.call && effort.warmMs < short.warmMs) {
          const milliseconds = short.warmMs - effort.warmMs;
          ({ secondsPerCall } = await subject.ask("warm", { slot, milliseconds }));
        }
        const slow = secondsPerCall * 1e3 > 5 * effort.sampleMs;
        return { flops, every: slow ? Math.ceil(rounds / slowRounds) : 1 };
      });
      if (!ready) {
        // With its process everything is gone that was prepared in it.
        runners = runners.filter((other) => other.subject !== subject);
        break;
      }
      runners.push({ ...ready, subject, slot, work, samples: /** @type {number[]} */ ([]) });
    }
  }

  for (let round = 0; round < rounds; round += 1) {
    for (const runner of runners) {
      const { subject, slot, work, flops, every, samples } = runner;
      if (round % every !== 0 || !runners.includes(runner)) continue;
      const milliseconds = effort.sampleMs;
      const sample = await attempt(subject, work, () =>
        subject.ask("sample", { slot, milliseconds }),
      );
      if (sample) samples.push(sample.value ?? suite.toUnit({ ...work, flops }, sample.seconds));
      else runners = runners.filter((other) => other.subject !== subject);
    }
  }

  const results = runners.map(({ subject, work, samples }) => ({
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
