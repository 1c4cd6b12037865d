// Preact, its hooks and htm under one name. Text that comes from elsewhere only ever becomes text nodes: nothing here sets markup.
import { h, Fragment, render } from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export const html = htm.bind(h);
export { Fragment, render };
export { useCallback, useEffect, useErrorBoundary, useId, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
