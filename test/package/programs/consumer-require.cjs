// The same by require(), which newer versions of Node allow for ES modules.
const gradus = require("gradus");
const options = JSON.parse(process.argv[2] ?? "{}");
import("./cases.mjs").then(async ({ runCases }) => {
  console.log(JSON.stringify(await runCases(gradus, options)));
});
