// A second checkout of the sources as they are here, elsewhere on this machine.
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inRoot, root } from "../../../scripts/toolchain/paths.mjs";
import { run } from "../../../scripts/toolchain/run.mjs";

/** What a build needs and does not make: installed tools, not results. */
const shared = ["node_modules", join(".tools", "cargo"), join(".tools", "sysroot")];

/** The last commit with what was changed since; nothing that was built. */
export async function secondCheckout(): Promise<string> {
  const folder = join(mkdtempSync(join(tmpdir(), "gradus-checkout-")), "elsewhere");
  await run("git", ["clone", "--quiet", "--no-hardlinks", root, folder]);
  // A link is not the folder that .gitignore names.
  appendFileSync(join(folder, ".git", "info", "exclude"), "/node_modules\n");
  const names = ["-z", "--name-only", "HEAD"];
  const changed = await run("git", ["diff", ...names]);
  const added = await run("git", ["ls-files", "-z", "--others", "--exclude-standard"]);
  for (const path of `${changed}${added}`.split("\0").filter((name) => name !== "")) {
    const to = join(folder, path);
    if (existsSync(inRoot(path))) cpSync(inRoot(path), to);
    else rmSync(to, { force: true });
  }
  for (const path of shared) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    if (existsSync(inRoot(path))) symlinkSync(inRoot(path), join(folder, path));
  }
  return folder;
}

/** Removes it. */
export function removeCheckout(folder: string): void {
  rmSync(dirname(folder), { recursive: true, force: true });
}
