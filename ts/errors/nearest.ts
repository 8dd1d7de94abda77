// Role: guesses which known name somebody meant. It must not raise errors.

/** Letters and digits in lower case: "Adam_W", "adam-w" and "adamW" become one. */
function bare(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** The first letters of the words of a camelCase or snake_case name: "learningRate" -> "lr". */
function initials(name: string): string {
  const words = name.match(/[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g) ?? [];
  return words
    .map((word) => word[0])
    .join("")
    .toLowerCase();
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] as number) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}

/**
 * The known name that the writer of `name` probably meant.
 *
 * Case and separators do not count ("Adam_W" gives "adamW"); initials are
 * understood ("lr" gives "learningRate"); then a part of a longer name counts
 * ("cross_entropy"); then the smallest edit distance up to a third of the name.
 *
 * @param name what was written
 * @param known the names that exist
 * @returns the nearest one; undefined when nothing is near
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = bare(name);
  if (wanted === "") return undefined;
  const equal = known.find((candidate) => bare(candidate) === wanted);
  if (equal !== undefined) return equal;

  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestDistance = wanted.length > 2 ? limit + 1 : 0;
  for (const candidate of known) {
    const distance = editDistance(wanted, bare(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  // A slip of one letter is likelier than an abbreviation, an abbreviation likelier than more slips.
  if (bestDistance <= 1 && best !== undefined) return best;

  const short = known.find((candidate) => wanted.length > 1 && initials(candidate) === wanted);
  if (short !== undefined) return short;

  if (wanted.length >= 4) {
    const related = known
      .filter((candidate) => {
        const other = bare(candidate);
        const within = other.length >= 4 && wanted.includes(other);
        return within || other.includes(wanted) || (other.length >= 3 && wanted.startsWith(other));
      })
      .sort((a, b) => Math.abs(a.length - name.length) - Math.abs(b.length - name.length));
    if (related[0] !== undefined) return related[0];
  }
  return best;
}
