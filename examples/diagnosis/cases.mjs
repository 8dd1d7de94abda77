// Role: the gallery: nets that are made sick on purpose, what the diagnosis must name, and what
// cures them. Data, training and printing are elsewhere.
import { activation, adam, batchNormalization, dense, randomNormal, sequential, sgd } from "gradus";

/**
 * One net and how it is trained.
 * @typedef {object} Trial
 * @property {string} title
 * @property {() => import("gradus").Model} make gives a compiled model
 * @property {number} [inputScale] what the pixels, 0 to 1, are multiplied by; 1 by default
 */

/**
 * A sickness and what helps.
 * @typedef {object} Case
 * @property {readonly import("gradus").Sickness[]} sicknesses what must be named, perhaps among others
 * @property {Trial} sick
 * @property {readonly Trial[]} cures after which nothing may be sick
 */

const seed = 7;

/**
 * `depth` times the layers that `hidden` gives, then one unit for each digit.
 * @param {number} depth
 * @param {() => import("gradus").Layer[]} hidden
 * @param {import("gradus").Optimizer} optimizer
 * @param {import("gradus").Layer[]} [before]
 */
function net(depth, hidden, optimizer, before = []) {
  const model = sequential({
    inputShape: [784],
    seed,
    layers: [
      ...before,
      ...Array.from({ length: depth }, hidden).flat(),
      dense({ units: 10, activation: "softmax" }),
    ],
  });
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

/** @type {(units: number, name: import("gradus").ActivationName, kernelInitializer: import("gradus").InitializerLike) => () => import("gradus").Layer[]} */
const plain = (units, name, kernelInitializer) => () => [
  dense({ units, activation: name, kernelInitializer }),
];

/** @type {(units: number, name: import("gradus").ActivationName) => () => import("gradus").Layer[]} */
const normalised = (units, name) => () => [
  dense({ units, useBias: false }),
  batchNormalization({ momentum: 0.9 }),
  activation({ activation: name }),
];

/** @type {(stddev: number) => import("gradus").Initializer} */
const normal = (stddev) => randomNormal({ stddev });

/** @type {readonly Case[]} */
export const cases = [
  {
    sicknesses: ["vanishingGradients"],
    sick: {
      title: "20 x 10 sigmoid units, weights normal(1)",
      make: () => net(20, plain(10, "sigmoid", normal(1)), adam({ learningRate: 3e-3 })),
    },
    cures: [
      {
        title: "selu and lecunNormal",
        make: () => net(20, plain(10, "selu", "lecunNormal"), adam({ learningRate: 3e-3 })),
      },
      {
        title: "batch normalisation before each sigmoid",
        make: () => net(20, normalised(10, "sigmoid"), adam({ learningRate: 3e-3 })),
      },
    ],
  },
  {
    sicknesses: ["saturatedUnits"],
    sick: {
      title: "20 x 100 sigmoid units, weights normal(1)",
      make: () => net(20, plain(100, "sigmoid", normal(1)), sgd({ learningRate: 0.1 })),
    },
    cures: [
      {
        title: "batch normalisation before each sigmoid",
        make: () => net(20, normalised(100, "sigmoid"), adam()),
      },
      {
        title: "selu and lecunNormal",
        make: () => net(20, plain(100, "selu", "lecunNormal"), sgd({ learningRate: 0.01 })),
      },
    ],
  },
  {
    sicknesses: ["explodingGradients", "saturatedUnits"],
    sick: {
      title: "20 x 100 sigmoid units, weights far too large: normal(10)",
      make: () => net(20, plain(100, "sigmoid", normal(10)), adam()),
    },
    cures: [
      {
        title: "relu and heNormal",
        make: () => net(20, plain(100, "relu", "heNormal"), sgd({ learningRate: 0.01 })),
      },
    ],
  },
  {
    sicknesses: ["explodingGradients"],
    sick: {
      title: "20 x 100 relu units, weights far too large: normal(1)",
      make: () => net(20, plain(100, "relu", normal(1)), sgd({ learningRate: 0.01 })),
    },
    cures: [
      {
        title: "heNormal",
        make: () => net(20, plain(100, "relu", "heNormal"), sgd({ learningRate: 0.01 })),
      },
      {
        title: "batch normalisation before each relu",
        make: () => net(20, normalised(100, "relu"), sgd({ learningRate: 0.1 })),
      },
    ],
  },
  {
    sicknesses: ["learningRateTooHigh", "notFinite"],
    sick: {
      title: "20 x 100 relu units, heNormal, sgd with momentum at 0.3",
      make: () =>
        net(20, plain(100, "relu", "heNormal"), sgd({ learningRate: 0.3, momentum: 0.9 })),
    },
    cures: [
      {
        title: "the same with gradients clipped to a joint norm of 0.1",
        make: () =>
          net(
            20,
            plain(100, "relu", "heNormal"),
            sgd({ learningRate: 0.3, momentum: 0.9, globalClipNorm: 0.1 }),
          ),
      },
    ],
  },
  {
    sicknesses: ["deadUnits"],
    sick: {
      title: "3 x 100 relu units at too high a rate: sgd at 1",
      make: () => net(3, plain(100, "relu", "heNormal"), sgd({ learningRate: 1 })),
    },
    cures: [
      {
        title: "sgd at 0.1",
        make: () => net(3, plain(100, "relu", "heNormal"), sgd({ learningRate: 0.1 })),
      },
    ],
  },
  {
    sicknesses: ["learningRateTooHigh"],
    sick: {
      title: "3 x 100 tanh units, sgd at 5",
      make: () => net(3, plain(100, "tanh", "glorotUniform"), sgd({ learningRate: 5 })),
    },
    cures: [
      {
        title: "sgd at 0.1",
        make: () => net(3, plain(100, "tanh", "glorotUniform"), sgd({ learningRate: 0.1 })),
      },
    ],
  },
  {
    sicknesses: ["learningRateTooLow"],
    sick: {
      title: "2 x 100 relu units, sgd at 0.000001",
      make: () => net(2, plain(100, "relu", "heNormal"), sgd({ learningRate: 1e-6 })),
    },
    cures: [
      {
        title: "sgd at 0.1",
        make: () => net(2, plain(100, "relu", "heNormal"), sgd({ learningRate: 0.1 })),
      },
    ],
  },
  {
    sicknesses: ["unscaledInputs"],
    sick: {
      title: "2 x 100 relu units, pixels from 0 to 255",
      make: () => net(2, plain(100, "relu", "heNormal"), sgd({ learningRate: 0.1 })),
      inputScale: 255,
    },
    cures: [
      {
        title: "pixels from 0 to 1",
        make: () => net(2, plain(100, "relu", "heNormal"), sgd({ learningRate: 0.1 })),
      },
      {
        title: "batch normalisation of the inputs",
        make: () =>
          net(2, plain(100, "relu", "heNormal"), sgd({ learningRate: 0.1 }), [
            batchNormalization({ momentum: 0.9 }),
          ]),
        inputScale: 255,
      },
    ],
  },
];
