// The same in a service worker, without a bundler: import maps do not reach workers.
import * as gradus from "/node_modules/gradus/dist/index.js";
import { runCases } from "./cases.mjs";

addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (!event.request.url.endsWith("/answer")) return;
  const answer = runCases(gradus, {}).catch((error) => ({ error: String(error) }));
  event.respondWith(answer.then((results) => Response.json(results)));
});
