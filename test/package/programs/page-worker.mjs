// The same in a web worker, which tells the page.
import * as gradus from "gradus";
import { runCases } from "./cases.mjs";

runCases(gradus, {}).then(postMessage, (error) => postMessage({ error: String(error) }));
