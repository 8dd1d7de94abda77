// The same in a page: leaves what the cases gave, or the error, where the test looks for it.
import * as gradus from "gradus";
import { runCases } from "./cases.mjs";

const options = JSON.parse(new URLSearchParams(location.search).get("init") ?? "{}");
globalThis.result = runCases(gradus, options).catch((error) => ({ error: String(error) }));
