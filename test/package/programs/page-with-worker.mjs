// A page that leaves the work to a web worker; bundlers know this form.
const worker = new Worker(new URL("./page-worker.mjs", import.meta.url), { type: "module" });
globalThis.result = new Promise((resolve) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => resolve({ error: event.message });
});
