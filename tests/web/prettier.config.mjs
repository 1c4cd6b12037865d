// How web/ and tests/web look, for Prettier; `./dev fmt` runs it. Templates are laid out by our plugin.
import * as htm from "./tools/prettier_htm.mjs";

export default { printWidth: 120, plugins: [htm] };
