// The same in a page with the form of the package that is a single file.
import * as gradus from "gradus/inline";
import { runCases } from "./cases.mjs";

globalThis.result = runCases(gradus, {}).catch((error) => ({ error: String(error) }));
