// The same with the form of the package that is a single file.
import * as gradus from "gradus/inline";
import { runCases } from "./cases.mjs";

console.log(JSON.stringify(await runCases(gradus, {})));
