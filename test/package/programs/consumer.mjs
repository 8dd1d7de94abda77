// The program that every consumer runs: prints what the cases gave.
import * as gradus from "gradus";
import { runCases } from "./cases.mjs";

const options = JSON.parse(process.argv[2] ?? "{}");
console.log(JSON.stringify(await runCases(gradus, options)));
