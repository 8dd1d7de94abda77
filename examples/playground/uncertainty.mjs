// Role: how sure a network is: it looks many times, each time with other units dropped
// (Monte-Carlo dropout, Gal & Ghahramani 2016, https://arxiv.org/abs/1506.02142).
import { mcPredict } from "./gradus/index.js";

/** How often it looks. */
export const samples = 50;

/**
 * What the looks at one image say: `mean` and `std` of the probability of each digit, and in nats
 * the entropy of the mean and the mutual information (what the looks disagree about).
 */
export async function lookOften(model, image) {
  const { mean, std, predictiveEntropy, mutualInformation } = await mcPredict(model, image, {
    samples,
  });
  return {
    mean: [...mean.data],
    std: [...std.data],
    entropy: predictiveEntropy.data[0],
    information: mutualInformation.data[0],
  };
}
