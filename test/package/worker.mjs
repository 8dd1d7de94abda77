// The same in an edge worker: answers each request with what the cases gave.
import * as gradus from "gradus";
import { runCases } from "./cases.mjs";

export default {
  fetch: async () => Response.json(await runCases(gradus, {})),
};
