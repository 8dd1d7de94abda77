// Role: where the lines of callbacks go on each platform, and what it can show.
// The only file of callbacks/ that looks at the platform; it must not format.

/** A stream such as `process.stderr`, as far as it is needed here. */
export interface TextStream {
  /** Writes text as it is. */
  write(text: string): unknown;
  /** Whether it is a terminal whose lines can be written anew. */
  readonly isTTY?: boolean;
  /** The width of the terminal in characters. */
  readonly columns?: number;
}

interface ProcessLike {
  readonly stderr?: TextStream;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: string;
}

function platformProcess(): ProcessLike | undefined {
  return (globalThis as { process?: ProcessLike }).process;
}

/** Whether this is a notebook on Deno's kernel: it shows what the console says, not what stderr gets. */
function isNotebook(): boolean {
  try {
    return (globalThis as { Deno?: { jupyter?: unknown } }).Deno?.jupyter !== undefined;
  } catch {
    // Outside of notebooks, asking may be an error.
    return false;
  }
}

/**
 * Where text goes without a stream of the user's: stderr, or the console in browsers, workers and
 * notebooks.
 */
export function defaultStream(): TextStream {
  const stderr = platformProcess()?.stderr;
  if (typeof stderr?.write === "function" && !isNotebook()) return stderr;
  return { write: (text) => console.info(text.replace(/\n$/, "")) };
}

/** Writes a line where {@link defaultStream} says. */
export function printLine(text: string): void {
  defaultStream().write(`${text}\n`);
}

/** Whether lines of this stream can be written anew; logs of automatic builds keep every character. */
export function canRewrite(stream: TextStream): boolean {
  const { TERM, CI = "" } = platformProcess()?.env ?? {};
  return stream.isTTY === true && TERM !== "dumb" && /^(|0|false)$/.test(CI);
}

/** Whether the terminal shows more than ASCII. */
export function showsUnicode(): boolean {
  const { env = {}, platform } = platformProcess() ?? {};
  if (platform === "win32") return env.WT_SESSION !== undefined || env.TERM_PROGRAM === "vscode";
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || "");
}
