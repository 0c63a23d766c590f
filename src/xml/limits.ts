/** Bounds on the shape of a document; its size in bytes is bounded before it comes here. */
export interface XmlLimits {
  /** Levels of elements; the root is on level 1. */
  readonly maxDepth: number;
  /** Elements in the whole document. */
  readonly maxElements: number;
  /** Attributes on one element, namespace declarations included. */
  readonly maxAttributes: number;
  /** Characters of a namespace name. It is written once and compared and copied wherever its prefix stands. */
  readonly maxNamespaceName: number;
}

export const defaultXmlLimits: XmlLimits = {
  maxDepth: 64,
  maxElements: 20_000,
  maxAttributes: 256,
  maxNamespaceName: 1000,
};
