// The same in an edge worker: answers each request with what the cases gave, or the error.
import * as gradus from "gradus";
import { runCases } from "./cases.mjs";

const answer = () => runCases(gradus, {}).catch((error) => ({ error: String(error) }));

export default { fetch: async () => Response.json(await answer()) };
