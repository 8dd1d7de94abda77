// A page that asks a service worker.
const { serviceWorker } = navigator;
const controlled = new Promise((resolve) => {
  serviceWorker.addEventListener("controllerchange", resolve, { once: true });
});
globalThis.result = serviceWorker
  .register("/service-worker.mjs", { type: "module" })
  .then(() => controlled)
  .then(() => fetch("/answer"))
  .then((response) => response.json())
  .catch((error) => ({ error: String(error) }));
