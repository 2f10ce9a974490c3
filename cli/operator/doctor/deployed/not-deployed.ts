import { notChecked } from "../check";

/** Finding about an environment before its first deploy. */
export const NOT_DEPLOYED = notChecked("a deployed environment");
