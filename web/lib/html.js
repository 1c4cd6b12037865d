// Preact, its hooks and htm under one name. Text that comes from elsewhere only ever becomes text nodes: nothing here
// sets markup. What it shows cannot turn the text around it either (visible.js).
import { h, Fragment, render } from "../vendor/preact.js";
import htm from "../vendor/htm.js";
import { visible_child, visible_props } from "./visible.js";

const element = (type, props, ...children) => h(type, visible_props(props), ...children.map(visible_child));

export const html = htm.bind(element);
export { Fragment, render };
export {
  useCallback,
  useEffect,
  useErrorBoundary,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "../vendor/hooks.js";
