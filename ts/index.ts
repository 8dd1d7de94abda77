// The public API of gradus.
export {};
