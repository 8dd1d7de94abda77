// The same from a CommonJS program.
const options = JSON.parse(process.argv[2] ?? "{}");
Promise.all([import("gradus"), import("./cases.mjs")]).then(async ([gradus, { runCases }]) => {
  console.log(JSON.stringify(await runCases(gradus, options)));
});
