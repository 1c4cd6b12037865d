// A form that the node may refuse: what is typed, which field is wrong, whether the request is under way.
import { useState } from "./html.js";
import { useAction } from "./parts.js";

/**
 * `send` asks the node with what is typed and says what was done; what it throws is shown at its field, or below the
 * form.
 */
export function useForm(initial, send) {
  const [form, set] = useState(initial);
  const [problem, set_problem] = useState(null);
  const [busy, run] = useAction();
  const put = (name) => (value) => set({ ...form, [name]: value });
  const submit = (event) => {
    event.preventDefault();
    run(async () => {
      try {
        await send();
      } catch (refused) {
        set_problem(refused);
      }
    });
  };
  const wrong = (name) => (problem?.field === name ? problem.message : "");
  /** For the next entry. */
  const clear = () => {
    set(initial);
    set_problem(null);
  };
  return { form, put, problem, wrong, busy, submit, clear };
}
