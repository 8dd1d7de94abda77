// Role: Monte-Carlo dropout by hand, for the playground's own network, from its weights: what
// `mcPredict` of gradus does in one call for any model, where there is one.

/** One layer: inputs of a list times a kernel, plus a bias. */
function dense(inputs, kernel, bias) {
  const outputs = Float64Array.from(bias);
  const width = outputs.length;
  inputs.forEach((input, row) => {
    if (input === 0) return;
    for (let i = 0; i < width; i++) outputs[i] += input * kernel[row * width + i];
  });
  return outputs;
}

const rectified = (values) => values.map((value) => Math.max(0, value));
const dropped = (values, rate) =>
  values.map((value) => (Math.random() < rate ? 0 : value / (1 - rate)));

function softmax(values) {
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

const entropyOf = (shares) => shares.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);

/** The same as `lookOften` gives. */
export function sampleByHand(model, rate, image, samples) {
  const weights = model.getWeights();
  const [first, second, third] = ["dense", "dense_1", "dense_2"].map((name) => [
    weights[`${name}/kernel`].data,
    weights[`${name}/bias`].data,
  ]);
  const scaled = Float64Array.from(image, (value) => value / 255);
  const before = rectified(dense(scaled, ...first));
  const looks = Array.from({ length: samples }, () => {
    const hidden = rectified(dense(dropped(before, rate), ...second));
    return softmax(dense(dropped(hidden, rate), ...third));
  });
  const digits = [...looks[0].keys()];
  const average = (of) => looks.reduce((sum, look) => sum + of(look), 0) / samples;
  const mean = digits.map((digit) => average((look) => look[digit]));
  const std = digits.map((digit) => Math.sqrt(average((look) => (look[digit] - mean[digit]) ** 2)));
  const entropy = entropyOf(mean);
  return { mean, std, entropy, information: Math.max(0, entropy - average(entropyOf)) };
}
