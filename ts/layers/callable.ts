// Objects that are functions as well: layers and models are called on tensors, as in Keras.

interface Connecting {
  connect(given: unknown): unknown;
}

class CallableObject {
  constructor() {
    // One argument only: what else array.map and its like pass is not meant for `connect`.
    const self = (given: unknown): unknown => (self as unknown as Connecting).connect(given);
    // The function's own name and length would hide those of the class.
    Reflect.deleteProperty(self, "name");
    Reflect.deleteProperty(self, "length");
    // biome-ignore lint/correctness/noConstructorReturn: the only way to a callable object
    return Object.setPrototypeOf(self, new.target.prototype);
  }
}

/** A base class: calling an object of a class that extends it calls its method `connect`. */
export const Callable: unknown = CallableObject;
