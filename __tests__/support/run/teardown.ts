export { removeSynthesizedStacks as default } from "../synthesized-stacks";
