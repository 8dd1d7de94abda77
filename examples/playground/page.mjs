// Role: the page: what the parts say to each other and to people.
import { loadMnist, side } from "./mnist.mjs";
import { glance, makeNetwork, train } from "./network.mjs";
import { Paper } from "./paper.mjs";
import { Plot } from "./plot.mjs";
import { lookOften, samples } from "./uncertainty.mjs";

const at = (id) => document.getElementById(id);
/** With spaces that do not break. */
const percent = (share) => {
  return `${(100 * share).toFixed(share > 0.995 || share < 0.1 ? 1 : 0)}\u00a0%`;
};

const settings = at("settings");
const verdict = at("verdict");
const plots = {
  loss: new Plot(at("loss"), "loss", (value, step = 0.01) => value.toFixed(step < 0.1 ? 2 : 1)),
  accuracy: new Plot(
    at("accuracy"),
    "accuracy",
    (value, step = 0.001) => `${(100 * value).toFixed(step < 0.01 ? 1 : 0)} %`,
    1,
  ),
};

let mnist = null;
let network = null;
let running = null;

function tell(text, isWrong = false) {
  const status = at("status");
  status.textContent = text;
  status.classList.toggle("wrong", isWrong);
}

// --- 3. What it reads ---------------------------------------------------------------------------

const rows = Array.from({ length: 10 }, (_, digit) => {
  const row = at("digits").insertRow();
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = `${digit}`;
  row.append(name);
  const bar = document.createElement("div");
  bar.className = "bar";
  bar.ariaHidden = "true";
  const mean = document.createElement("div");
  mean.className = "mean";
  const spread = document.createElement("div");
  spread.className = "spread";
  bar.append(mean, spread);
  row.insertCell().append(bar);
  const text = row.insertCell();
  text.textContent = "–";
  return { row, mean, spread, text };
});

function showNothing(words) {
  verdict.textContent = words;
  for (const { row, mean, spread, text } of rows) {
    row.className = "";
    mean.style.width = "0";
    spread.style.width = "0";
    text.textContent = "–";
  }
  at("entropy").textContent = "–";
  at("information").textContent = "–";
}

function showReading({ mean, std, entropy, information }) {
  const best = mean.indexOf(Math.max(...mean));
  for (const [digit, { row, mean: bar, spread, text }] of rows.entries()) {
    const share = mean[digit];
    row.className = digit === best ? "best" : "";
    bar.style.width = `${100 * share}%`;
    const deviation = std?.[digit] ?? 0;
    spread.style.left = `${100 * Math.max(0, share - deviation)}%`;
    spread.style.width = `${100 * (Math.min(1, share + deviation) - Math.max(0, share - deviation))}%`;
    text.textContent = std ? `${percent(share)}\u00a0±\u00a0${percent(deviation)}` : percent(share);
  }
  const sure =
    mean[best] > 0.95 ? "and is sure" : mean[best] > 0.7 ? "but is not sure" : "but is guessing";
  verdict.textContent = `It reads a ${best}, ${sure}: ${rows[best].text.textContent}.`;
  at("entropy").textContent = std
    ? `${entropy.toFixed(2)} of ${Math.log(10).toFixed(2)} nats`
    : "–";
  at("information").textContent = std ? `${information.toFixed(2)} nats` : "–";
}

/** Asks once more when something was drawn meanwhile. */
let asked = false;
let answering = false;
async function ask() {
  asked = true;
  if (answering) return;
  answering = true;
  try {
    while (asked) {
      asked = false;
      const image = paper.image();
      if (!image) showNothing(network ? "Draw a digit." : "Train first, then draw.");
      else if (!network) showNothing("Train first: the network is asked then.");
      // Where it trains it is asked by training, see `train`.
      else if (!running) {
        const once = network.dropout === 0;
        showReading(await (once ? glance(network.model, image) : lookOften(network.model, image)));
      }
    }
  } finally {
    answering = false;
  }
}

// --- 2. Draw ------------------------------------------------------------------------------------

const paper = new Paper(at("paper"), ask, (words) => {
  at("pen").textContent = words;
});
at("clear").addEventListener("click", () => paper.clear());
at("sample").addEventListener("click", () => {
  const { images, labels, count } = mnist.test;
  const number = Math.floor(Math.random() * count);
  paper.paint(images.subarray(number * side * side, (number + 1) * side * side));
  at("pen").textContent = `Test image ${number}, a ${labels[number]}.`;
});

// --- 1. Train -----------------------------------------------------------------------------------

const slider = at("dropout");
slider.addEventListener("input", () => {
  at("dropout-value").textContent = slider.value;
});

function setRunning(control) {
  running = control;
  at("choices").disabled = control !== null;
  at("train").disabled = control !== null;
  at("stop").disabled = control === null;
}

/** Looks at the drawing now and then while training goes on. */
function glanceAtDrawing(model) {
  const image = paper.image();
  if (!image || answering) return;
  answering = true;
  glance(model, image)
    .then(showReading, () => {})
    .finally(() => {
      answering = false;
      // Whoever asked meanwhile, at the end of training too, still waits.
      if (asked) ask();
    });
}

settings.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(settings);
  const number = (name) => Number(form.get(name));
  const options = {
    images: number("images"),
    epochs: number("epochs"),
    optimizer: form.get("optimizer"),
    rate: number("rate"),
    width: number("width"),
    dropout: number("dropout"),
  };
  const control = new AbortController();
  setRunning(control);
  at("stop").focus();
  const start = performance.now();
  const progress = at("progress");
  progress.value = 0;
  plots.loss.reset(options.epochs);
  plots.accuracy.reset(options.epochs);
  tell("Starting …");
  try {
    const model = makeNetwork(options);
    network = { model, dropout: options.dropout };
    let said = "";
    await train(model, mnist, options, control.signal, {
      progress(epochs, { loss, accuracy }) {
        plots.loss.add(epochs, loss);
        plots.accuracy.add(epochs, accuracy);
        progress.value = epochs / options.epochs;
      },
      // Once for each epoch, so that a screen reader can follow.
      tested(epochs, { valLoss, valAccuracy }) {
        plots.loss.addTest(epochs, valLoss);
        plots.accuracy.addTest(epochs, valAccuracy);
        said = `${percent(valAccuracy)} of the test images are read right after ${epochs} of ${options.epochs} epochs.`;
        tell(said);
      },
      idle: () => glanceAtDrawing(model),
    });
    tell(`${said} Trained in ${((performance.now() - start) / 1000).toFixed(1)} s.`);
  } catch (error) {
    if (control.signal.aborted) tell("Stopped; the network stays as it is.");
    else tell(`${error instanceof Error ? error.message : error}`, true);
  }
  const isWaiting = document.activeElement === at("stop");
  setRunning(null);
  if (isWaiting) at("train").focus();
  await ask();
});

at("stop").addEventListener("click", () => running?.abort());

// --- Start --------------------------------------------------------------------------------------

for (const plot of Object.values(plots)) plot.reset(5);
showNothing("Train first, then draw.");
try {
  mnist = await loadMnist();
  at("train").disabled = false;
  at("sample").disabled = false;
  tell(
    `Ready: ${mnist.train.count.toLocaleString("en")} images to train with, ${samples} looks at each drawing.`,
  );
} catch (error) {
  tell(`The images cannot be loaded: ${error instanceof Error ? error.message : error}`, true);
}
