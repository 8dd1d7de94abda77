// Pages of a site without a bundler.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where a page is. */
export interface Page {
  /** The folder that is served. */
  readonly root: string;
  /** The page in it, with its query. */
  readonly page: string;
}

/** What says to a browser where the package is. */
export function importMap(form: "index" | "inline"): string {
  const name = form === "index" ? "gradus" : "gradus/inline";
  const imports = { [name]: `/node_modules/gradus/dist/${form}.js` };
  return `<script type="importmap">${JSON.stringify({ imports })}</script>`;
}

/** A page of one module script. */
export function bare(root: string, program: string, head = ""): Page {
  const script = `<script type="module" src="/${program}"></script>`;
  writeFileSync(join(root, "index.html"), `<!doctype html>${head}${script}`);
  return { root, page: "index.html" };
}
