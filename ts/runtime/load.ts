// Finds, loads and starts the engine, once. It chooses the build; it must not know models.
import { checkNumber, checkOneOf, checkOptions, fail, GradusError } from "../errors.js";
import { type Build, Engine, loadGlue, loadGlueNow, sharesMemory, threaded } from "./bindings.js";
import { Core } from "./core.js";
import { fileOf, otherForm, packagedBuilds, packagedThreads, packagedWasm } from "./packaged.js";
import { isResponse, processors, readBytes, readBytesNow } from "./platform.js";

/** Options of `init`. */
export interface InitOptions {
  /**
   * Which build of the engine: `"relaxed"` is fastest (fused multiply-add), `"strict"` gives the
   * same bits in every JavaScript engine, `"auto"` takes relaxed where it runs. Default: `"auto"`.
   */
  simd?: "auto" | Build;
  /**
   * How many threads work together: a whole number from 1 to 64, or `"auto"` for one per processor,
   * at most 8. Results do not depend on it. More than 1 needs workers and shared memory, and in a
   * page isolation from other origins; where that is missing one thread works, and `runtimeInfo`
   * says why. `fit` in a worker of its own works with one. Default: 1.
   */
  threads?: number | "auto";
  /**
   * The engine itself, for places where gradus cannot find it: a compiled module, its bytes, or
   * the address of a copy of `gradus/gradus-strict.wasm` or `gradus/gradus-relaxed.wasm`.
   * Default: the file beside this library.
   */
  wasm?: WebAssembly.Module | BufferSource | URL | string;
}

/** Options of `initSync`. */
export interface InitSyncOptions {
  /** The engine as a compiled module or as bytes of `gradus/gradus-strict.wasm` or `-relaxed`. */
  wasm: WebAssembly.Module | BufferSource;
}

/** What `runtimeInfo` tells. */
export interface RuntimeInfo {
  /** The file the engine came from; `"given"` when it was handed to `init`; null before `init`. */
  readonly build: `gradus-${"" | "threads-" | "infer-"}${Build}.wasm` | "given" | null;
  /** The instructions it uses; null when that is not known. */
  readonly simd: Build | null;
  /** How many threads work. */
  readonly threads: number;
  /** Why it is this build, and why threads that were asked for are not there. */
  readonly why: string;
}

const optionNames = threaded ? ["simd", "threads", "wasm"] : ["simd", "wasm"];

/** A module of one function that uses i8x16.relaxed_swizzle: valid where relaxed-simd is. */
const relaxedProbe = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
]);

const notLoaded: RuntimeInfo = { build: null, simd: null, threads: 1, why: "not loaded yet" };

/** A module of one function that uses i8x16.splat: valid where SIMD is. */
const simdProbe = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 8, 1, 6, 0, 65, 1, 253, 15, 11],
]);

let core: Core | null = null;
let compiled: WebAssembly.Module | null = null;
let info = notLoaded;
let loading: Promise<void> | null = null;
let askedThreads = 1;

/**
 * Loads the engine. `fit`, `evaluate` and `predict` do it themselves where it is needed; calling
 * it first takes the loading out of the first call and chooses the build. Calling it again is
 * free; asking for another build or number of threads than the loaded one is an error.
 *
 * @example
 * await init({ threads: "auto" });
 */
export async function init(options: InitOptions = {}): Promise<void> {
  checkOptions("init", options, optionNames);
  const { simd = "auto", threads } = options;
  checkOneOf("init: simd", simd, ["auto", "relaxed", "strict"] as const);
  if (threaded && threads !== undefined && threads !== "auto") {
    checkNumber("init", "threads", threads, { min: 1, max: mostThreads, integer: true });
  }
  // Only one may load; who comes later takes what is there then.
  while (loading) await loading.catch(() => {});
  if (!core) {
    loading = load(simd, threadsOf(threads), options.wasm);
    try {
      await loading;
    } finally {
      loading = null;
    }
  }
  checkSame(simd, threads);
}

/**
 * Loads the engine without waiting, from a compiled module or bytes: for workers that get the
 * module handed, or in front of code that cannot wait. Browsers refuse large bytes on the main
 * thread; use `init` there.
 *
 * @example
 * import module from "gradus/gradus-strict.wasm"; // in a Cloudflare worker
 * initSync({ wasm: module });
 */
export function initSync(options: InitSyncOptions): void {
  checkOptions("initSync", options, ["wasm"]);
  if (core) return;
  checkWasm("initSync", options.wasm);
  startNow("initSync", options.wasm, { build: "given", simd: null, why: "handed to initSync" });
}

/** Tells which build of the engine runs, with how many threads, and why. */
export function runtimeInfo(): RuntimeInfo {
  return info;
}

/** The engine for a call that cannot wait; loads it where files can be read at once. */
export function readyCore(where: string): Core {
  if (core) return core;
  const [build, why] = choose("auto");
  const packaged = packagedWasm(build);
  const wasm = packaged instanceof URL ? readUrlNow(where, packaged) : packaged;
  if (!wasm || loading) {
    return fail(where, {
      expected: "the engine to be loaded",
      received: "a call before that",
      hint: "Write `await init()` first.",
    });
  }
  return startNow(where, wasm, { build: fileOf(build), simd: build, why });
}

/** The engine where it is loaded already. */
export function coreNow(): Core | null {
  return core;
}

/** The engine for a call that can wait. */
export async function loadedCore(): Promise<Core> {
  if (!core) await init();
  return core as Core;
}

/** What the engine was made of, for workers that make one of their own. */
export function loadedModule(): WebAssembly.Module {
  return compiled as WebAssembly.Module;
}

/** Most threads that `init` takes. */
const mostThreads = 64;
/** Most threads of `"auto"`: products of usual sizes do not give more of them enough to do. */
const mostAutoThreads = 8;

function threadsOf(threads: InitOptions["threads"]): number {
  if (!threaded) return 1;
  return threads === "auto" ? Math.min(processors(), mostAutoThreads) : (threads ?? 1);
}

const noThreads = "this form of the package has none";

async function load(
  simd: "auto" | Build,
  threads: number,
  wasm: InitOptions["wasm"],
): Promise<void> {
  let lacking: string | null = null;
  if (threaded && threads > 1) lacking = packagedThreads ? packagedThreads.obstacle() : noThreads;
  if (wasm !== undefined) {
    const source = typeof wasm === "string" || wasm instanceof URL ? await readUrl(wasm) : wasm;
    checkWasm("init", source);
    const module = await compile(source);
    if (threaded && threads > 1 && !sharesMemory(module))
      lacking ??= "the engine handed over shares no memory";
    const asked = simd === "auto" ? null : simd;
    await start(module, { build: "given", simd: asked, why: "handed to init" }, threads, lacking);
  } else {
    const [build, why] = choose(simd);
    const shared = threads > 1 && lacking === null ? packagedThreads?.wasm(build) : undefined;
    const packaged = shared ?? packagedWasm(build) ?? withoutAddress();
    const module = await compile(packaged instanceof URL ? await readUrl(packaged) : packaged);
    const file = shared ? (`gradus-threads-${build}.wasm` as const) : fileOf(build);
    await start(module, { build: file, simd: build, why }, threads, lacking);
  }
  askedThreads = threads;
}

function choose(asked: "auto" | Build): [Build, string] {
  checkEngine();
  const canRelax = WebAssembly.validate(relaxedProbe);
  if (asked === "auto") {
    const [fastest] = packagedBuilds;
    if (fastest === "strict") return [fastest, "the one this form of the package carries"];
    return canRelax
      ? ["relaxed", "the fastest this JavaScript engine runs"]
      : ["strict", "this JavaScript engine has no relaxed-simd"];
  }
  if (!packagedBuilds.includes(asked)) {
    return fail("init: simd", {
      expected: `"auto" or ${packagedBuilds.map((build) => `"${build}"`).join(", ")}`,
      received: `"${asked}", which this form of the package does not carry`,
      hint: `Hand it over: init({ wasm }), with gradus/${fileOf(asked)}.`,
    });
  }
  if (asked === "relaxed" && !canRelax) {
    return fail("init: simd", {
      expected: 'a JavaScript engine with relaxed-simd for "relaxed"',
      received: "one without",
      hint: 'Use "auto", or a newer engine: Node 22, Chrome 114.',
    });
  }
  return [asked, "asked for"];
}

/** Refuses engines that cannot run any build. */
function checkEngine(): void {
  if (typeof WebAssembly === "undefined") {
    fail("init", {
      expected: "a JavaScript engine with WebAssembly",
      received: "one without, or with WebAssembly switched off",
      hint: "Some hardened browsers (lockdown modes) switch it off; allow it for this site.",
    });
  }
  if (!WebAssembly.validate(simdProbe)) {
    fail("init", {
      expected: "a JavaScript engine with WebAssembly SIMD",
      received: "one without",
      hint: "Use a newer one: Node 20, Chrome 91, Firefox 89, Safari 16.4.",
    });
  }
}

const serveHint =
  "serve the .wasm files of the package beside its JavaScript, or hand one over as the option wasm" +
  `${otherForm}.`;

/** Bundles that are scripts (CommonJS, IIFE) do not know where they lie. */
function withoutAddress(): never {
  return fail("init", {
    expected: "gradus to know its own address",
    received: "no import.meta.url",
    hint: `Bundle into ES modules, or hand the engine over: init({ wasm })${otherForm}.`,
  });
}

function unreadable(where: string, url: URL | string, received: unknown, hint = serveHint): never {
  return fail(where, { expected: `the engine at ${url}`, received: String(received), hint });
}

async function readUrl(address: URL | string): Promise<Uint8Array<ArrayBuffer> | Response> {
  const url = new URL(address, globalThis.location?.href);
  const found = await readBytes(url).catch((error: unknown) => unreadable("init", url, error));
  const isThere = !isResponse(found) || found.ok;
  return isThere ? found : unreadable("init", url, `status ${found.status}`);
}

function readUrlNow(where: string, url: URL): Uint8Array<ArrayBuffer> | undefined {
  try {
    return readBytesNow(url);
  } catch (error) {
    return unreadable(where, url, error);
  }
}

async function compile(
  source: WebAssembly.Module | BufferSource | Response,
): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  const isStream = isResponse(source) && source.headers.get("content-type") === "application/wasm";
  try {
    if (isStream) return await WebAssembly.compileStreaming(source);
    // Servers that do not know the type of .wasm files are borne with.
    const bytes = isResponse(source) ? await source.arrayBuffer() : source;
    if (isResponse(source)) checkMagic(source.url, bytes as ArrayBuffer);
    return await WebAssembly.compile(bytes);
  } catch (error) {
    return error instanceof GradusError ? Promise.reject(error) : notStarted("init", error);
  }
}

/** Servers of single-page sites answer with a page where a file is missing. */
function checkMagic(url: string, bytes: ArrayBuffer): void {
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  if (first === 0 && second === "a".charCodeAt(0)) return;
  const received =
    first === "<".charCodeAt(0) ? "a web page" : `${bytes.byteLength} bytes of something else`;
  // Before Vite 8 its development server moves the JavaScript of packages, but not their files.
  const exclude = "with Vite write optimizeDeps: { exclude: ['gradus'] }; else ";
  const moved = url.includes("/.vite/") ? exclude : "";
  unreadable("init", url, received, `The file is missing there: ${moved}${serveHint}`);
}

function checkWasm(where: string, wasm: unknown): void {
  const fits =
    wasm instanceof WebAssembly.Module ||
    wasm instanceof ArrayBuffer ||
    ArrayBuffer.isView(wasm) ||
    isResponse(wasm);
  if (fits) return;
  fail(`${where}: wasm`, { expected: "a WebAssembly.Module or bytes", received: typeof wasm });
}

/** What JavaScript engines say when they refuse, what they want to say with it, and the cure. */
const refusals: readonly [RegExp, string, string][] = [
  [
    /unsafe-eval|Content.Security.Policy|\bCSP\b/i,
    "leave to run WebAssembly",
    "Add 'wasm-unsafe-eval' to script-src of the page's Content-Security-Policy.",
  ],
  [
    /disallowed by embedder/i,
    "leave to compile WebAssembly",
    "Edge workers run only modules that are imported: bundle with the condition workerd or " +
      `edge-light, or import gradus/${fileOf("strict")} and write init({ wasm }).`,
  ],
  [
    /out of memory|allocate/i,
    "memory for the engine",
    "Give up other WebAssembly modules of this page or process, or allow it more memory.",
  ],
];

/** Says why the engine did not start. */
function notStarted(where: string, error: unknown): never {
  const received = String(error);
  const [, expected, hint] = refusals.find(([said]) => said.test(received)) ?? [
    null,
    "a .wasm file of gradus",
    "Take it from the same version of the package as the JavaScript.",
  ];
  return fail(where, { expected, received, hint });
}

type How = Omit<RuntimeInfo, "threads">;

/** Starts the engine and, unless something is lacking, the workers that help it. */
async function start(
  module: WebAssembly.Module,
  how: How,
  threads: number,
  lacking: string | null,
): Promise<void> {
  const { memory } = await loadGlue(module).catch((error: unknown) => notStarted("init", error));
  const begun = new Core(new Engine(), memory);
  let helping = 0;
  let failure = lacking;
  if (threads > 1 && packagedThreads && lacking === null) {
    const lost = (reason: string) => begun.lose(reason);
    ({ helping, failure } = await packagedThreads.start(threads - 1, { module, memory }, lost));
  }
  const missing = `; ${helping > 0 ? "fewer" : "no"} threads: ${failure}`;
  begin(module, begun, { ...how, threads: 1 + helping, why: how.why + (failure ? missing : "") });
}

function startNow(where: string, wasm: WebAssembly.Module | BufferSource, how: How): Core {
  try {
    const module = wasm instanceof WebAssembly.Module ? wasm : new WebAssembly.Module(wasm);
    const { memory } = loadGlueNow(module);
    return begin(module, new Core(new Engine(), memory), { ...how, threads: 1 });
  } catch (error) {
    return notStarted(where, error);
  }
}

function begin(module: WebAssembly.Module, begun: Core, found: RuntimeInfo): Core {
  compiled = module;
  core = begun;
  info = found;
  return begun;
}

function checkSame(simd: "auto" | Build, threads: InitOptions["threads"]): void {
  const hint = "Call init with what you want before anything else of gradus.";
  if (simd !== "auto" && info.simd !== simd) {
    fail("init: simd", {
      expected: `"${info.simd ?? "auto"}", the build that is loaded`,
      received: `"${simd}"`,
      hint,
    });
  }
  if (threaded && threads !== undefined && threadsOf(threads) !== askedThreads) {
    fail("init: threads", {
      expected: `${askedThreads}, as the engine was loaded`,
      received: String(threads),
      hint,
    });
  }
}
