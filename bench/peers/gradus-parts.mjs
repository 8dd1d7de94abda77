// Parts of a training step on the engine of gradus alone: elementwise functions and updates; and the
// plain copy that elementwise work is held against.
import { normalization } from "../formulas.mjs";
import { checksum, uniform } from "../inputs.mjs";
import { comparedSteps, decaySteps, firstSize, rate, vanishedSize } from "../suites/optimizer.mjs";
import { GraphWriter } from "../wire.mjs";

/** A program with a variable that is trained by `mean(f(variable))`, or without an update. */
function makeTrainer({ engine, floats }, count, { rule, hyperparameters = [], slots = [], loss }) {
  const variable = () => engine.createVariable(Uint32Array.of(count));
  const w = variable();
  const slotIds = slots.map(variable);
  const graph = new GraphWriter();
  const learningRate = graph.input("learningRate", "float32", []);
  graph.train({
    ...{ loss: graph.mean(loss(graph, graph.variable(w))), learningRate, rule, hyperparameters },
    trainables: [{ id: w, slots: slotIds }],
  });
  const program = engine.compile(graph.finish(), 1);
  let step = 0;
  return {
    /** @param {number} value */
    setRate: (value) => {
      floats(engine.inputPtr(program, graph.inputs.indexOf("learningRate")), 1)[0] = value;
    },
    input: (/** @type {string} */ name) =>
      floats(engine.inputPtr(program, graph.inputs.indexOf(name)), count),
    weights: () => floats(engine.variablePtr(w), count),
    slots: () => slotIds.map((id) => floats(engine.variablePtr(id), count)),
    run() {
      step += 1;
      engine.run(program, 1, step, 0, 0, 0, 0);
    },
    release() {
      engine.freeProgram(program);
      for (const id of [w, ...slotIds]) engine.freeVariable(id);
    },
  };
}

export function elementwise(raw, { op, count, backward, isBinary, reach }) {
  return backward ? forwardAndBackward(raw, op, count) : forward(raw, op, count, isBinary, reach);
}

function forward({ engine, floats }, op, count, isBinary, reach = 4) {
  const graph = new GraphWriter();
  const { name: norm, channels, epsilon } = normalization;
  const x = graph.input("x", "float32", op === norm ? [count / channels, channels] : [count]);
  const y = isBinary ? graph.input("y", "float32", [count]) : undefined;
  const name = op === "multiply" ? "mul" : op;
  const unary = () => (op === norm ? graph.batchNorm(x, epsilon) : graph.unary(name, x));
  graph.output("z", y === undefined ? unary() : graph.binary(name, x, y));
  const program = engine.compile(graph.finish(), 1);
  const work = () => engine.run(program, 1, 1, 0, 0, 0, 0);
  const values = { x: uniform(count, 5, -reach, reach), y: uniform(count, 6, -reach, reach) };
  const enter = () => {
    for (const [i, input] of graph.inputs.entries()) {
      floats(engine.inputPtr(program, i), count).set(values[input]);
    }
  };
  enter();
  work();
  const check = { checksum: checksum(floats(engine.outputPtr(program, 0), count), 1, count) };
  return { work, enter, check, release: () => engine.freeProgram(program) };
}

/**
 * A training step with the function, less one without. With a rate of `count`, the first moves
 * every weight by the slope.
 */
function forwardAndBackward(raw, op, count) {
  const f = makeTrainer(raw, count, { rule: "sgd", loss: (graph, w) => graph.unary(op, w) });
  const without = makeTrainer(raw, count, { rule: "sgd", loss: (_graph, w) => w });
  const x = uniform(count, 5, -4, 4);
  f.weights().set(x);
  f.setRate(count);
  f.run();
  const slopes = Float64Array.from(f.weights(), (after, i) => x[i] - after);
  f.weights().set(x);
  f.setRate(0);
  without.setRate(0);
  return {
    work: f.run,
    baseline: without.run,
    check: { checksum: checksum(slopes, 1, count) },
    release() {
      f.release();
      without.release();
    },
  };
}

/** As many bytes read and written as the case does, by the runtime's own copy. */
export function copy({ floats, engine }, { flops: bytes }) {
  const length = bytes / 8;
  const variable = () => engine.createVariable(Uint32Array.of(length));
  const [from, to] = [variable(), variable()];
  const source = () => floats(engine.variablePtr(from), length);
  const target = () => floats(engine.variablePtr(to), length);
  source().fill(1);
  const [a, b] = [source(), target()];
  return {
    work: () => b.set(a),
    release: () => [from, to].map((id) => engine.freeVariable(id)),
  };
}

/** What rules take and keep, as the engine wants it. */
const rules = {
  sgd: {},
  momentum: { hyperparameters: [0.9], slots: ["momentum"] },
  nesterov: { hyperparameters: [0.9], slots: ["momentum"] },
  adam: { hyperparameters: [0.9, 0.999, 1e-7], slots: ["momentum", "velocity"] },
  adamW: { hyperparameters: [0.9, 0.999, 1e-7], slots: ["momentum", "velocity"] },
  adamax: { hyperparameters: [0.9, 0.999, 1e-7], slots: ["momentum", "norm"] },
  adagrad: { hyperparameters: [1e-7], slots: ["accumulator"] },
  rmsprop: { hyperparameters: [0.9, 1e-7], slots: ["velocity"] },
  adadelta: { hyperparameters: [0.95, 1e-7], slots: ["grad", "delta"] },
  lion: { hyperparameters: [0.9, 0.99], slots: ["momentum"] },
};

/**
 * An update whose gradient is an input: `mean(w * g)` has the gradient `g / count`. What that product
 * takes is taken off as the time of another one.
 */
export function optimizer(raw, { rule, vanished, count }) {
  const trainer = makeTrainer(raw, count, {
    ...{ rule, ...rules[rule] },
    loss: (graph, w) => graph.binary("mul", w, graph.input("g", "float32", [count])),
  });
  const product = forward(raw, "multiply", count, true);
  const [w, g] = [uniform(count, 7), uniform(count, 8)];
  trainer.setRate(rate);
  const gradients = (/** @type {number} */ size) =>
    trainer.input("g").set(g.map((value) => value * count * size));
  trainer.weights().set(w);
  if (rule === "adagrad") trainer.slots()[0].fill(0.1);
  gradients(vanished ? firstSize : 1);
  for (let step = 0; step < (vanished ? 1 : comparedSteps); step += 1) trainer.run();
  const check = { checksum: checksum(trainer.weights(), 1, count) };
  if (vanished) {
    gradients(vanishedSize);
    for (let step = 0; step < decaySteps; step += 1) trainer.run();
  }
  return {
    work: trainer.run,
    enter() {
      trainer.setRate(rate);
      gradients(vanished ? vanishedSize : 1);
    },
    baseline: product.work,
    check,
    release() {
      trainer.release();
      product.release();
    },
  };
}
