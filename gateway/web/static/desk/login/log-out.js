// The end of a session.
import { call, failure, setCsrf } from "../shared/api.js";
import { session } from "../shared/state.js";

const UNAUTHORIZED = 401; // it had ended before

/**
 * Leaves nothing on the page. What the log-in page then has to say: "" or, where the server could not be told, a code;
 * the session's cookie, which no page can delete, is good for as long as before then.
 */
export async function logOut() {
  const untold = await call("DELETE session").then(
    () => false,
    (problem) => failure(problem).status !== UNAUTHORIZED,
  );
  setCsrf("");
  location.hash = "";
  session.value = null;
  return untold ? "log_out_untold" : "";
}
